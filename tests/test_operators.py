"""The operators against torch, against the formulas, and against each other."""

import tracemalloc

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from arrays import LAYOUTS, laid_out, normal
from hypothesis import event, given, settings
from hypothesis import strategies as st

from strided import formulas
from strided.operators import avg_pool2d, conv2d, subsample2d

REFUSED = (ValueError, TypeError)
SEEDS = st.integers(0, 2**32 - 1)
SMALL = st.integers(1, 3)
PAIRS = st.tuples(SMALL, SMALL)

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")


def tensors(*arrays):
    return [None if array is None else torch.from_numpy(array) for array in arrays]


def close(got, expected, scale=None):
    """Equal type and shape, and values to a few rounding errors of the numbers that were summed."""
    assert type(got) is np.ndarray
    assert got.dtype == expected.dtype
    assert got.shape == expected.shape
    tolerance = {np.float32: 2e-6, np.float64: 1e-14}[got.dtype.type]
    size = max(1.0, float(np.max(np.abs(expected if scale is None else scale), initial=0)))
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * size)


@st.composite
def images(draw, kernel, channels=SMALL):
    """A shape in which at least one window fits, with or without a batch, which may be empty."""
    room = st.integers(0, 5)
    shape = (draw(channels), kernel[0] + draw(room), kernel[1] + draw(room))
    batch = draw(st.sampled_from([None, 0, 1, 2, 3]))
    return shape if batch is None else (batch, *shape)


@st.composite
def poolings(draw):
    kernel = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    pad = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    step = draw(st.none() | st.tuples(st.integers(1, 4), st.integers(1, 4)))
    divisor = draw(st.sampled_from([None, None, 1, 3, -2]))
    return kernel, step, pad, draw(st.booleans()), draw(st.booleans()), divisor


@settings(deadline=None, max_examples=300)
@given(st.data(), SEEDS, st.sampled_from([np.float64, np.float32]))
def test_avg_pool2d_is_torchs(data, seed, dtype):
    pooling = data.draw(poolings())
    (x,) = normal(seed, data.draw(images(pooling[0])), dtype=dtype)
    expected = F.avg_pool2d(torch.from_numpy(x), *pooling).numpy()
    close(avg_pool2d(x, *pooling), expected, np.abs(x) * x[..., 0, 0].size)


@st.composite
def convolutions(draw):
    """Shapes of input, weight and bias, and the other arguments."""
    kernel, gap = draw(st.tuples(st.integers(1, 4), st.integers(1, 3))), draw(PAIRS)
    groups = draw(SMALL)
    inputs, outputs = groups * draw(SMALL), groups * draw(SMALL)
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, gap, strict=True))
    shape = draw(images(reach, st.just(inputs)))
    padding = draw(
        st.tuples(st.integers(0, 3), st.integers(0, 3)) | st.sampled_from(["same", "valid"])
    )
    step = (1, 1) if padding == "same" else draw(PAIRS)
    bias = (outputs,) if draw(st.booleans()) else None
    return shape, (outputs, inputs // groups, *kernel), bias, (step, padding, gap, groups)


@settings(deadline=None, max_examples=300)
@given(convolutions(), SEEDS, st.sampled_from([np.float64, np.float32]))
def test_conv2d_is_torchs(convolution, seed, dtype):
    *shapes, arguments = convolution
    x, w, b = normal(seed, *(shape or () for shape in shapes), dtype=dtype)
    b = b if shapes[2] else None
    expected = F.conv2d(*tensors(x, w, b), *arguments).numpy()
    # The largest sum that a window could hold bounds its rounding error.
    scale = np.abs(w).max(initial=0) * w[0].size * np.abs(x).max(initial=0)
    close(conv2d(x, w, b, *arguments), expected, scale)


def test_conv2d_in_several_blocks_is_torchs(monkeypatch):
    x, w, b = normal(3, (7, 4, 9, 8), (6, 2, 3, 2), (6,))
    expected = F.conv2d(*tensors(x, w, b), (2, 1), (1, 0), 1, 2).numpy()
    whole = conv2d(x, w, b, (2, 1), (1, 0), 1, 2)
    close(whole, expected, 30)
    windows = 4 * 3 * 2 * expected[0, 0].size * x.itemsize
    for block in (1, 3 * windows):
        monkeypatch.setattr("strided.operators.windows.COLUMN_BYTES", block)
        close(conv2d(x, w, b, (2, 1), (1, 0), 1, 2), expected, 30)


def test_sums_in_several_blocks_are_the_same(monkeypatch):
    x, gain, offset = normal(12, (2, 3, 9, 7), (3,), (3,))
    calls = [
        lambda: avg_pool2d(x, (3, 2), (2, 3), (1, 1), True),
        lambda: subsample2d(x, gain, offset, (2, 3), (3, 2)),
    ]
    whole = [call() for call in calls]
    for block in (1, 2 * x[0, 0].nbytes):
        monkeypatch.setattr("strided.operators.windows.SUM_BYTES", block)
        for call, expected in zip(calls, whole, strict=True):
            np.testing.assert_array_equal(call(), expected)


def test_windows_of_one_row_do_not_warn_of_the_next():
    # Between rows and between images, infinity would meet minus infinity.
    x = np.zeros((2, 1, 2, 4))
    x[..., -1], x[..., 0] = np.inf, -np.inf
    pooled = avg_pool2d(x, (1, 2), 1)
    assert (pooled == [-np.inf, 0, np.inf]).all()


def test_conv2d_lays_out_a_block_at_a_time():
    x, w = normal(13, (1, 8, 250, 250), (1, 8, 5, 5))
    columns = 8 * 25 * 246 * 246 * x.itemsize
    tracemalloc.start()
    try:
        output = conv2d(x, w)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    close(output, F.conv2d(*tensors(x, w)).numpy(), 1000)
    assert peak < columns / 5


def test_one_pixel_outputs():
    x, w = normal(4, (2, 3, 7, 5), (4, 3, 7, 5))
    assert conv2d(x, w).shape == (2, 4, 1, 1)
    close(conv2d(x, w), F.conv2d(*tensors(x, w)).numpy(), 100)
    close(avg_pool2d(x, (7, 5)), x.mean(axis=(2, 3), keepdims=True))
    # One window that is smaller than the image, in the corner.
    close(avg_pool2d(x, (6, 4), 3), x[..., :6, :4].mean(axis=(2, 3), keepdims=True))
    # One window that starts in the padding.
    padded = avg_pool2d(x[..., :1, :1], 2, 2, 1)
    assert padded.shape == (2, 3, 1, 1)
    close(padded, x[..., :1, :1] / 4)


@settings(deadline=None, max_examples=60)
@given(PAIRS, PAIRS, SMALL, PAIRS, SEEDS)
def test_the_operators_are_the_formulas(kernel, step, channels, room, seed):
    shape = (channels, kernel[0] + room[0], kernel[1] + room[1])
    x, gain, offset, w, b = normal(
        seed, shape, (channels,), (channels,), (2, channels, *kernel), (2,)
    )
    close(avg_pool2d(x, kernel, step), formulas.avg_pool2d(x, kernel, step), 30)
    subsampled = formulas.subsample2d(x, gain, offset, kernel, step)
    close(subsample2d(x, gain, offset, kernel, step), subsampled, 60)
    convolved = formulas.conv2d(x, w, b, step, kernel)
    close(conv2d(x, w, b, step, kernel), convolved, 100)


@st.composite
def subsamplings(draw):
    kernel = draw(PAIRS)
    return draw(images(kernel)), kernel, draw(PAIRS)


@settings(deadline=None, max_examples=100)
@given(subsamplings(), SEEDS)
def test_average_is_a_subsampling_is_a_depthwise_convolution(subsampling, seed):
    shape, kernel, step = subsampling
    channels, taps = shape[-3], kernel[0] * kernel[1]
    x, gain, offset = normal(seed, shape, channels, channels)
    even, nothing = np.full(channels, 1 / taps), np.zeros(channels)
    close(subsample2d(x, even, nothing, kernel, step), avg_pool2d(x, kernel, step), 60)
    depthwise = np.broadcast_to(gain[:, None, None, None], (channels, 1, *kernel))
    expected = conv2d(x, depthwise, offset, step, groups=channels)
    close(subsample2d(x, gain, offset, kernel, step), expected, 100)


@settings(deadline=None, max_examples=100)
@given(subsamplings(), SEEDS)
def test_strided_is_dense_then_keep(subsampling, seed):
    shape, kernel, (dH, dW) = subsampling
    channels = shape[-3]
    x, gain, offset, w = normal(seed, shape, channels, channels, (2, channels, *kernel))
    for operator in (
        lambda step: avg_pool2d(x, kernel, step),
        lambda step: subsample2d(x, gain, offset, kernel, step),
        lambda step: conv2d(x, w, None, step, (2, 1)),
    ):
        close(operator((dH, dW)), operator(1)[..., ::dH, ::dW], 100)


def test_absent_strides():
    (x,) = normal(5, (1, 6, 9))
    one = np.ones(1)
    np.testing.assert_array_equal(avg_pool2d(x, (2, 3)), avg_pool2d(x, (2, 3), (2, 3)))
    np.testing.assert_array_equal(
        subsample2d(x, one, one, (2, 3)), subsample2d(x, one, one, (2, 3), 1)
    )
    assert subsample2d(x, one, one, (2, 3)).shape == (1, 5, 7)


def test_pairs_are_height_first():
    x, w = normal(6, (1, 9, 9), (1, 1, 2, 3))
    one = np.ones(1)
    assert avg_pool2d(x, (2, 3), (1, 4)).shape == (1, 8, 2)
    assert subsample2d(x, one, one, (2, 3), (1, 4)).shape == (1, 8, 2)
    assert conv2d(x, w, None, (1, 4), (1, 0), (3, 1)).shape == (1, 8, 2)


# What torch refuses, and only that. Sizes are drawn with bad ones among them.


def outcome(operator, kinds, *arguments):
    """Return what the operator returns, or the exception that says no."""
    try:
        return operator(*arguments)
    except kinds as error:
        return error


def agree(ours, theirs):
    refused = isinstance(theirs, Exception)
    event("refused" if refused else "accepted")
    assert isinstance(ours, Exception) == refused, (ours, theirs)
    if not refused:
        close(ours, theirs.numpy(), 200)


TORCH_REFUSED = (RuntimeError, TypeError, ValueError, IndexError)
BATCHES = st.sampled_from([(), (0,), (1,), (2,), (1, 2)])
SIDES = st.sampled_from([0, 1, 2, 4, 5, 6, 6, 7])


def mostly(good, *bad):
    """Draw from `good` seven times in eight, so that most configurations have one fault at most."""
    return st.integers(0, 7).flatmap(lambda i: st.sampled_from(bad) if i == 7 else good)


COUNTS = st.integers(1, 3)
STEPS = mostly(COUNTS | PAIRS, 0, -1, (0, 1), (1, 0), (1, -1), 1.0, True, (1, 1, 1), (1, 2.0), "a")
PADS = mostly(
    st.integers(0, 1) | st.tuples(st.integers(0, 1), st.integers(0, 1)),
    *(-1, (0, -1), 2, (2, 0), 3, (0, 3), 1.0, None, False, (0, 0, 0)),
)


@settings(deadline=None, max_examples=600)
@given(
    st.tuples(BATCHES, mostly(COUNTS, 0), SIDES, SIDES),
    mostly(COUNTS | PAIRS, 0, -1, (0, 2), (2, 0), 2.0, True, None, (2, 2, 2)),
    st.none() | STEPS,
    PADS,
    mostly(st.booleans(), 1, None, 0),
    mostly(st.booleans(), 1, None, 0),
    mostly(st.none() | st.integers(1, 3), 0, -1, 2.5, True),
)
def test_avg_pool2d_refuses_what_torch_refuses(
    shape, kernel, step, padding, ceil_mode, include, divisor
):
    batch, *image = shape
    x = np.random.default_rng(1).normal(size=(*batch, *image))
    arguments = (kernel, step, padding, ceil_mode, include, divisor)
    ours = outcome(avg_pool2d, REFUSED, x, *arguments)
    agree(ours, outcome(F.avg_pool2d, TORCH_REFUSED, torch.from_numpy(x), *arguments))


@settings(deadline=None, max_examples=800)
@given(
    st.tuples(BATCHES, SIDES, SIDES),
    st.tuples(
        st.tuples(mostly(COUNTS, 0), mostly(COUNTS, 0)), mostly(COUNTS, 0), mostly(COUNTS, 0)
    ),
    mostly(st.just(0), 1, -1),
    mostly(st.just("fits") | st.none(), "longer", "0d", "2d"),
    STEPS,
    mostly(PADS | st.sampled_from(["same", "valid"]), "SAME", "full", ""),
    STEPS,
    mostly(st.just(1) | COUNTS, 0, -1, 2.0, True),
)
def test_conv2d_refuses_what_torch_refuses(
    image, weight, channels_off, bias, step, padding, gap, groups
):
    batch, height, width = image
    (inner, multiple), kH, kW = weight
    per = abs(int(groups)) or 1
    rng = np.random.default_rng(2)
    x = rng.normal(size=(*batch, max(inner * per + channels_off, 0), height, width))
    w = rng.normal(size=(multiple * per, inner, kH, kW))
    outputs = len(w)
    b = {
        "fits": np.ones(outputs),
        "longer": np.ones(outputs + 1),
        "0d": np.ones(()),
        "2d": np.ones((outputs, 1)),
        None: None,
    }[bias]
    if not x.size:
        # With nothing to read, torch looks neither at the kernel's size nor at the dilation.
        w, gap = np.zeros((*w.shape[:2], kH or 1, kW or 1)), 1
    arguments = (step, padding, gap, groups)
    ours = outcome(conv2d, REFUSED, x, w, b, *arguments)
    agree(ours, outcome(F.conv2d, TORCH_REFUSED, *tensors(x, w, b), *arguments))


@pytest.mark.parametrize(
    ("shape", "weight", "groups"),
    [
        ((3, 5, 5), (2, 1, 3, 3), 2),
        ((2, 5, 5), (3, 1, 3, 3), 2),
        ((4, 5, 5), (2, 4, 3, 3), 2),
        ((1, 5, 5), (1, 3, 3), 1),
        ((5, 5), (1, 1, 3, 3), 1),
        ((1, 1, 5, 5), (0, 1, 3, 3), 1),
        ((1, 1, 0, 5), (1, 1, 1, 1), 1),
    ],
)
def test_conv2d_refuses_shapes_that_torch_refuses(shape, weight, groups):
    x, w = np.zeros(shape), np.zeros(weight)
    with pytest.raises(RuntimeError):
        F.conv2d(*tensors(x, w), groups=groups)
    with pytest.raises(ValueError, match="weight|input|groups"):
        conv2d(x, w, groups=groups)


def test_an_input_without_channels_gives_what_torch_gives():
    x, w = np.zeros((2, 0, 5, 5)), np.zeros((3, 0, 3, 3))
    assert conv2d(x, w).shape == tuple(F.conv2d(*tensors(x, w)).shape)
    assert conv2d(x[0], w, padding=1).shape == tuple(F.conv2d(*tensors(x[0], w), padding=1).shape)


def test_an_empty_batch_may_have_images_without_rows():
    x, w = np.zeros((0, 1, 0, 5)), np.zeros((2, 1, 3, 3))
    assert conv2d(x, w, padding=2).shape == tuple(F.conv2d(*tensors(x, w), padding=2).shape)


X = np.ones((2, 3, 4, 5))
W = np.ones((6, 3, 2, 2))
ONE = np.ones(3)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: avg_pool2d(X, 5), ValueError, ["(2, 3, 4, 5)", "kernel_size=(5, 5)", "n=4"]),
        (lambda: avg_pool2d(X, 2, 0), ValueError, ["stride", "got 0"]),
        (lambda: avg_pool2d(X, 2, 1, (0, 2)), ValueError, ["(2, 3, 4, 5)", "padding", "(0, 2)"]),
        (lambda: avg_pool2d(X, 2.5), TypeError, ["kernel_size", "2.5"]),
        (lambda: avg_pool2d(X, 2, 2, 0, 1), TypeError, ["ceil_mode", "1"]),
        (lambda: avg_pool2d(X, 2, 2, 0, False, 0), TypeError, ["count_include_pad", "0"]),
        (lambda: avg_pool2d(X, 2, divisor_override=0), ValueError, ["divisor_override", "0"]),
        (lambda: avg_pool2d(X[0, 0], 2), ValueError, ["input", "(4, 5)"]),
        (lambda: avg_pool2d(X[:, :0], 2), ValueError, ["input", "(2, 0, 4, 5)"]),
        (lambda: avg_pool2d([[[1, 2], [3]]], 1), ValueError, ["input", "rectangular"]),
        (lambda: avg_pool2d(X > 0, 2), TypeError, ["input", "bool"]),
        (lambda: avg_pool2d(X + 0j, 2), TypeError, ["input", "complex128"]),
        (lambda: avg_pool2d("abc", 2), TypeError, ["input", "<U3"]),
        (lambda: subsample2d(X, ONE[:2], ONE, 2), ValueError, ["weight", "(2,)", "(2, 3, 4, 5)"]),
        (lambda: subsample2d(X, ONE, 1.0, 2), ValueError, ["bias", "()", "(2, 3, 4, 5)"]),
        (lambda: subsample2d(X, ONE, ONE, 5), ValueError, ["(2, 3, 4, 5)", "kernel_size=(5, 5)"]),
        (lambda: subsample2d(X, ONE, ONE, 2, -1), ValueError, ["stride", "-1"]),
        (lambda: subsample2d(X, ONE, ONE, 2, None), TypeError, ["stride", "None"]),
        (lambda: subsample2d(X, ONE, np.ones(3, "f"), 2), TypeError, ["bias", "float32"]),
        (lambda: subsample2d(X[:, :0], [], [], 2), ValueError, ["input", "(2, 0, 4, 5)"]),
        (lambda: conv2d(X[:, :2], W), ValueError, ["(2, 2, 4, 5)", "(6, 3, 2, 2)"]),
        (lambda: conv2d(X, W, groups=4), ValueError, ["groups=4", "(6, 3, 2, 2)"]),
        (lambda: conv2d(X, W, groups=2), ValueError, ["groups=2", "(6, 3, 2, 2)", "(2, 3, 4, 5)"]),
        (lambda: conv2d(X, W, groups=0), ValueError, ["groups", "got 0"]),
        (lambda: conv2d(X, W, ONE), ValueError, ["bias", "(3,)", "(6, 3, 2, 2)"]),
        (
            lambda: conv2d(X, W, dilation=5),
            ValueError,
            ["dilation", "(2, 3, 4, 5)", "(6, 3, 2, 2)"],
        ),
        (lambda: conv2d(X, W, padding=-1), ValueError, ["padding", "-1"]),
        (lambda: conv2d(X, W, padding="SAME"), ValueError, ["padding", "'SAME'"]),
        (lambda: conv2d(X, W, None, 2, "same"), ValueError, ["padding='same'", "stride=(2, 2)"]),
        (lambda: conv2d(X, W.astype("f")), TypeError, ["weight", "float32", "float64"]),
        (lambda: conv2d(X[:, :, :0], W), ValueError, ["input", "(2, 3, 0, 5)"]),
        (lambda: conv2d(X, W[:, :, :, :0]), ValueError, ["weight", "(6, 3, 2, 0)"]),
        (lambda: conv2d(X, W[0]), ValueError, ["weight", "(3, 2, 2)"]),
    ],
)
def test_errors_name_the_argument_its_value_and_the_shapes(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


# Inputs of every make.


def every_call(x, gain, offset, w, b):
    return [
        avg_pool2d(x, (2, 1), (1, 2), (1, 0), True, False),
        avg_pool2d(x, 1),
        avg_pool2d(x, (4, 5)),
        subsample2d(x, gain, offset, (2, 3), (2, 1)),
        subsample2d(x, gain, offset, 1),
        conv2d(x, w, b, (2, 1), (0, 1)),
        conv2d(x, w),
        conv2d(x, w, b, padding="same"),
    ]


SHAPES = ((2, 3, 4, 5), (3,), (3,), (4, 3, 1, 2), (4,))


def test_inputs_are_never_changed():
    arrays = normal(7, *SHAPES)
    before = [array.copy() for array in arrays]
    for output in every_call(*arrays):
        output[...] = 99.0
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("make", LAYOUTS)
def test_any_layout_gives_the_same(make):
    arrays, plain = laid_out(make, normal(8, *SHAPES))
    for got, expected in zip(every_call(*arrays), every_call(*plain), strict=True):
        close(got, expected, 100)


def test_lists_and_integers_are_computed_in_float64():
    arrays = [np.round(array * 4) for array in normal(9, *SHAPES)]
    expected = every_call(*arrays)
    for kind in (
        lambda a: a.tolist(),
        lambda a: a.astype(int).tolist(),
        lambda a: a.astype(np.int16),
    ):
        for got, value in zip(every_call(*map(kind, arrays)), expected, strict=True):
            close(got, value, 200)
    assert avg_pool2d([[[1, 2], [3, 5]]], 2).tolist() == [[[2.75]]]


def test_float32_is_kept():
    for output in every_call(*normal(10, *SHAPES, dtype=np.float32)):
        assert output.dtype == np.float32


def test_calling_twice_gives_the_same():
    # The divisors are remembered; dividing by them must not change them.
    (x,) = normal(11, (2, 5, 5))
    first = avg_pool2d(x, 3, 2, 1, True, False)
    first *= 2
    np.testing.assert_array_equal(avg_pool2d(x, 3, 2, 1, True, False) * 2, first)
