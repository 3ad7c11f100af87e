"""The backward passes against torch's autograd, and as adjoints of the forward passes."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from arrays import LAYOUTS, laid_out, normal
from hypothesis import event, given, settings
from hypothesis import strategies as st

from strided.operators import (
    avg_pool2d,
    avg_pool2d_backward,
    conv2d,
    conv2d_backward,
    subsample2d,
    subsample2d_backward,
)

SEEDS = st.integers(0, 2**32 - 1)
SMALL = st.integers(1, 3)
PAIRS = st.tuples(SMALL, SMALL)
TYPES = st.sampled_from([np.float64, np.float32])

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")


def autograd(operator, u, *arrays):
    """Return torch's gradients of `<operator(*arrays), u>` with respect to each of the arrays."""
    leaves = [torch.tensor(array, requires_grad=True) for array in arrays]
    operator(*leaves).backward(torch.tensor(u))
    return [leaf.grad.numpy() for leaf in leaves]


def torch_subsample2d(x, weight, bias, kernel_size, stride=1):
    channels = len(weight)
    taps = weight[:, None, None, None].expand(channels, 1, *kernel_size)
    return F.conv2d(x, taps, bias, stride, groups=channels)


def close(got, expected, terms):
    """Equal type and shape; values to a few rounding errors of a sum of so many terms like these."""
    assert type(got) is np.ndarray
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    tolerance = {np.float32: 2e-6, np.float64: 1e-14}[got.dtype.type]
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * max(1, terms) * 25)


def adjoint(output, u, x, grad):
    """The identity `<A x, u> = <x, A* u>`."""
    np.testing.assert_allclose(np.sum(output * u), np.sum(x * grad), rtol=1e-10, atol=1e-10)


@st.composite
def images(draw, reach, channels=SMALL):
    """A shape in which at least one window fits; often none but that, often no batch or none."""
    room = st.sampled_from([0, 0, 1, 2, 3, 5])
    shape = (draw(channels), max(reach[0] + draw(room), 1), max(reach[1] + draw(room), 1))
    batch = draw(st.sampled_from([None, 0, 1, 2, 3]))
    return shape if batch is None else (batch, *shape)


@st.composite
def poolings(draw):
    kernel = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    pad = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    step = draw(st.none() | st.tuples(st.integers(1, 4), st.integers(1, 4)))
    divisor = draw(st.sampled_from([None, None, 1, 3, -2]))
    reach = tuple(k - 2 * p for k, p in zip(kernel, pad, strict=True))
    return draw(images(reach)), (
        kernel,
        step,
        pad,
        draw(st.booleans()),
        draw(st.booleans()),
        divisor,
    )


@settings(deadline=None, max_examples=300)
@given(poolings(), SEEDS, TYPES)
def test_avg_pool2d_backward_is_torchs(pooling, seed, dtype):
    shape, arguments = pooling
    (x,) = normal(seed, shape, dtype=dtype)
    output = avg_pool2d(x, *arguments)
    event("one pixel" if output.shape[-2:] == (1, 1) else "more")
    (u,) = normal(seed + 1, output.shape, dtype=dtype)
    (expected,) = autograd(lambda x: F.avg_pool2d(x, *arguments), u, x)
    got = avg_pool2d_backward(u, shape, *arguments)
    close(got, expected, output.shape[-2] * output.shape[-1])
    if dtype is np.float64:
        adjoint(output, u, x, got)


@st.composite
def subsamplings(draw):
    kernel = draw(PAIRS)
    return draw(images(kernel)), kernel, draw(PAIRS)


@settings(deadline=None, max_examples=200)
@given(subsamplings(), SEEDS, TYPES)
def test_subsample2d_backward_is_torchs(subsampling, seed, dtype):
    shape, *arguments = subsampling
    x, gain, offset = normal(seed, shape, shape[-3], shape[-3], dtype=dtype)
    output = subsample2d(x, gain, offset, *arguments)
    (u,) = normal(seed + 1, output.shape, dtype=dtype)
    expected = autograd(lambda *leaves: torch_subsample2d(*leaves, *arguments), u, x, gain, offset)
    got = subsample2d_backward(u, x, gain, *arguments)
    for ours, theirs in zip(got, expected, strict=True):
        close(ours, theirs, output.size * 9)
    if dtype is np.float64:
        linear = subsample2d(x, gain, 0 * offset, *arguments)
        adjoint(linear, u, x, got[0])
        adjoint(linear, u, gain, got[1])
        adjoint(output - linear, u, offset, got[2])


@st.composite
def convolutions(draw):
    """Shapes of input and weight, and the other arguments."""
    kernel, gap = draw(st.tuples(st.integers(1, 4), st.integers(1, 3))), draw(PAIRS)
    groups = draw(SMALL)
    inputs, outputs = groups * draw(SMALL), groups * draw(SMALL)
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, gap, strict=True))
    padding = draw(
        st.tuples(st.integers(0, 3), st.integers(0, 3)) | st.sampled_from(["same", "valid"])
    )
    if not isinstance(padding, str):
        reach = tuple(r - 2 * p for r, p in zip(reach, padding, strict=True))
    shape = draw(images(reach, st.just(inputs)))
    step = (1, 1) if padding == "same" else draw(PAIRS)
    return shape, (outputs, inputs // groups, *kernel), (step, padding, gap, groups)


@settings(deadline=None, max_examples=300)
@given(convolutions(), SEEDS, TYPES)
def test_conv2d_backward_is_torchs(convolution, seed, dtype):
    *shapes, arguments = convolution
    x, w, b = normal(seed, *shapes, shapes[1][0], dtype=dtype)
    output = conv2d(x, w, None, *arguments)
    (u,) = normal(seed + 1, output.shape, dtype=dtype)
    expected = autograd(lambda *leaves: F.conv2d(*leaves, *arguments), u, x, w, b)
    got = conv2d_backward(u, x, w, *arguments)
    for ours, theirs in zip(got, expected, strict=True):
        close(ours, theirs, output.size * w[0].size)
    if dtype is np.float64:
        adjoint(output, u, x, got[0])
        adjoint(output, u, w, got[1])


def test_overlaps_add():
    ones = np.ones((1, 1, 2))
    assert avg_pool2d_backward(ones, (1, 1, 5), (1, 3), 2).tolist() == [
        [[1 / 3, 1 / 3, 2 / 3, 1 / 3, 1 / 3]]
    ]
    grad, _, _ = subsample2d_backward(ones, np.zeros((1, 1, 5)), [2], (1, 3), 2)
    assert grad.tolist() == [[[2, 2, 4, 2, 2]]]
    grad, _, _ = conv2d_backward(ones, np.zeros((1, 1, 5)), [[[[1, 2, 3]]]], 2)
    assert grad.tolist() == [[[1, 2, 4, 2, 3]]]


def test_what_no_window_reads_gets_exactly_zero():
    u, x, w = normal(1, (2, 3, 2, 2), (2, 3, 6, 7), (3, 3, 2, 2))
    # Windows of 2x2 every 3 pixels read rows and columns 0, 1, 3 and 4 of 6x7.
    read = np.zeros((6, 7), bool)
    read[np.ix_([0, 1, 3, 4], [0, 1, 3, 4])] = True
    for grad in (
        avg_pool2d_backward(u, x.shape, 2, 3),
        subsample2d_backward(u, x, np.ones(3), 2, 3)[0],
        conv2d_backward(u, x, w, 3)[0],
    ):
        assert (grad[..., read] != 0).all()
        assert (grad[..., ~read] == 0).all()


def test_what_no_window_reads_does_not_matter():
    u, x, gain, w = normal(2, (1, 2, 2, 2), (1, 2, 6, 6), (2,), (2, 2, 2, 2))
    clean = x.copy()
    x[..., 2, :], x[..., :, 5] = np.nan, np.inf
    for operator, weight in ((subsample2d_backward, gain), (conv2d_backward, w)):
        arguments = (2, 3) if operator is subsample2d_backward else (3,)
        got = operator(u, x, weight, *arguments)
        for ours, expected in zip(got, operator(u, clean, weight, *arguments), strict=True):
            np.testing.assert_array_equal(ours, expected)


def test_padding_takes_its_share():
    # The one window's mean counts 4 taps, of which the image holds one.
    assert avg_pool2d_backward([[[8]]], (1, 1, 1), 2, 2, 1).tolist() == [[[2]]]
    assert avg_pool2d_backward([[[8]]], (1, 1, 1), 2, 2, 1, False, False).tolist() == [[[8]]]


def test_conv2d_backward_in_several_blocks_is_torchs(monkeypatch):
    x, w, b = normal(3, (7, 4, 9, 8), (6, 2, 3, 2), (6,))
    arguments = ((2, 1), (1, 0), 1, 2)
    (u,) = normal(4, conv2d(x, w, None, *arguments).shape)
    expected = autograd(lambda *leaves: F.conv2d(*leaves, *arguments), u, x, w, b)
    for block in (1, 5000, 50000):
        monkeypatch.setattr("strided.operators.windows.COLUMN_BYTES", block)
        for ours, theirs in zip(conv2d_backward(u, x, w, *arguments), expected, strict=True):
            close(ours, theirs, 100)


def test_an_input_without_channels_gives_empty_gradients():
    x, w = np.zeros((2, 0, 5, 5)), np.zeros((3, 0, 3, 3))
    grads = conv2d_backward(conv2d(x, w), x, w)
    assert [grad.shape for grad in grads] == [x.shape, w.shape, (3,)]
    assert not grads[2].any()


def test_an_empty_batch_may_have_images_without_rows():
    x, w = np.zeros((0, 1, 0, 5)), np.ones((2, 1, 3, 3))
    grads = conv2d_backward(conv2d(x, w, padding=2), x, w, 1, 2)
    assert [grad.shape for grad in grads] == [x.shape, w.shape, (2,)]
    assert not grads[1].any() and not grads[2].any()


def test_an_input_shape_may_be_any_sequence_of_integers():
    (u,) = normal(12, (2, 3, 2, 2))
    expected = avg_pool2d_backward(u, (2, 3, 4, 5), 2)
    for shape in ([2, 3, 4, 5], np.array([2, 3, 4, 5]), torch.Size([2, 3, 4, 5])):
        np.testing.assert_array_equal(avg_pool2d_backward(u, shape, 2), expected)


def test_absent_strides():
    u, v, x = normal(5, (1, 3, 3), (1, 5, 7), (1, 6, 9))
    one = np.ones(1)
    np.testing.assert_array_equal(
        avg_pool2d_backward(u, (1, 6, 9), (2, 3)), avg_pool2d_backward(u, (1, 6, 9), (2, 3), (2, 3))
    )
    for ours, expected in zip(
        subsample2d_backward(v, x, one, (2, 3)),
        subsample2d_backward(v, x, one, (2, 3), 1),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, expected)


X = np.ones((2, 3, 4, 5))
W = np.ones((6, 3, 2, 2))
ONE = np.ones(3)
U = np.ones((2, 3, 2, 2))
V = np.ones((2, 3, 3, 4))
Z = np.ones((2, 6, 3, 4))


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (
            lambda: avg_pool2d_backward(V, X.shape, 2),
            ValueError,
            ["grad_output", "(2, 3, 3, 4)", "(2, 3, 2, 2)", "(2, 3, 4, 5)"],
        ),
        (lambda: avg_pool2d_backward(U[0], X.shape, 2), ValueError, ["grad_output", "(3, 2, 2)"]),
        (lambda: avg_pool2d_backward(U > 0, X.shape, 2), TypeError, ["grad_output", "bool"]),
        (lambda: avg_pool2d_backward([[[1, 2], [3]]], (1, 2, 2), 1), ValueError, ["grad_output"]),
        (lambda: avg_pool2d_backward(U, 5, 2), TypeError, ["input_shape", "5 (int)"]),
        (lambda: avg_pool2d_backward(U, (2, 3, 4.0, 5), 2), TypeError, ["input_shape[2]", "4.0"]),
        (lambda: avg_pool2d_backward(U, (2, 3, -4, 5), 2), ValueError, ["input_shape[2]", "-4"]),
        (lambda: avg_pool2d_backward(U, (4, 5), 2), ValueError, ["input_shape", "(4, 5)"]),
        (lambda: avg_pool2d_backward(U, (2, 0, 4, 5), 2), ValueError, ["(2, 0, 4, 5)"]),
        (lambda: avg_pool2d_backward(U, X.shape, 5), ValueError, ["kernel_size=(5, 5)", "n=4"]),
        (lambda: avg_pool2d_backward(U, X.shape, 2, 0), ValueError, ["stride", "got 0"]),
        (lambda: avg_pool2d_backward(U, X.shape, 2, 1, 2), ValueError, ["padding", "(2, 2)"]),
        (lambda: avg_pool2d_backward(U, X.shape, 2, 2, 0, 1), TypeError, ["ceil_mode", "1"]),
        (
            lambda: avg_pool2d_backward(U, X.shape, 2, 2, 0, False, 0),
            TypeError,
            ["count_include_pad", "0"],
        ),
        (
            lambda: avg_pool2d_backward(U, X.shape, 2, divisor_override=0),
            ValueError,
            ["divisor_override", "0"],
        ),
        (
            lambda: subsample2d_backward(U, X, ONE, 2),
            ValueError,
            ["grad_output", "(2, 3, 2, 2)", "(2, 3, 3, 4)", "(2, 3, 4, 5)"],
        ),
        (lambda: subsample2d_backward(V, X, ONE[:2], 2), ValueError, ["weight", "(2,)"]),
        (lambda: subsample2d_backward(V, X, ONE, 5), ValueError, ["kernel_size=(5, 5)"]),
        (lambda: subsample2d_backward(V, X, ONE, 2, None), TypeError, ["stride", "None"]),
        (
            lambda: subsample2d_backward(V.astype("f"), X, ONE, 2),
            TypeError,
            ["grad_output", "float32", "float64"],
        ),
        (lambda: subsample2d_backward(V, X, ONE.astype("f"), 2), TypeError, ["weight", "float32"]),
        (lambda: subsample2d_backward(V, X[0, 0], ONE, 2), ValueError, ["input", "(4, 5)"]),
        (
            lambda: conv2d_backward(V, X, W),
            ValueError,
            ["grad_output", "(2, 3, 3, 4)", "(2, 6, 3, 4)", "(2, 3, 4, 5)"],
        ),
        (lambda: conv2d_backward(Z, X, W, 2), ValueError, ["grad_output", "(2, 6, 2, 2)"]),
        (lambda: conv2d_backward(Z[0], X, W), ValueError, ["grad_output", "(6, 3, 4)"]),
        (lambda: conv2d_backward(Z, X[:, :2], W), ValueError, ["(2, 2, 4, 5)", "(6, 3, 2, 2)"]),
        (lambda: conv2d_backward(Z, X, W, groups=4), ValueError, ["groups=4", "(6, 3, 2, 2)"]),
        (lambda: conv2d_backward(Z, X, W, groups=0), ValueError, ["groups", "got 0"]),
        (lambda: conv2d_backward(Z, X, W, dilation=5), ValueError, ["dilation", "(6, 3, 2, 2)"]),
        (lambda: conv2d_backward(Z, X, W, padding="SAME"), ValueError, ["padding", "'SAME'"]),
        (lambda: conv2d_backward(Z, X, W, 2, "same"), ValueError, ["'same'", "stride=(2, 2)"]),
        (lambda: conv2d_backward(Z.astype("f"), X, W), TypeError, ["grad_output", "float32"]),
        (lambda: conv2d_backward(Z, X, W.astype("f")), TypeError, ["weight", "float32"]),
        (lambda: conv2d_backward(Z, X[:, :, :0], W), ValueError, ["input", "(2, 3, 0, 5)"]),
        (lambda: conv2d_backward(Z, X, W[0]), ValueError, ["weight", "(3, 2, 2)"]),
    ],
)
def test_errors_name_the_argument_its_value_and_the_shapes(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


# Inputs of every make.


def every_call(x, pooled, small, u, v, z, gain, w):
    shape = (2, 4, 4, 5)
    return [
        avg_pool2d_backward(pooled, shape, (2, 1), (1, 2), (1, 0), True, False),
        avg_pool2d_backward(small, shape, (4, 5)),
        *subsample2d_backward(u, x, gain, (2, 3), (2, 1)),
        *conv2d_backward(v, x, w, (2, 1), (0, 1), 1, 2),
        *conv2d_backward(z, x, w, padding="same", groups=2),
    ]


SHAPES = (
    (2, 4, 4, 5),
    (2, 4, 5, 3),
    (2, 4, 1, 1),
    (2, 4, 2, 3),
    (2, 6, 2, 6),
    (2, 6, 4, 5),
    (4,),
    (6, 2, 1, 2),
)


def test_inputs_are_never_changed():
    arrays = normal(7, *SHAPES)
    before = [array.copy() for array in arrays]
    for grad in every_call(*arrays):
        grad[...] = 99.0
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("make", LAYOUTS)
def test_any_layout_gives_the_same(make):
    arrays, plain = laid_out(make, normal(8, *SHAPES))
    for got, expected in zip(every_call(*arrays), every_call(*plain), strict=True):
        close(got, expected, 20)


def test_lists_and_integers_are_computed_in_float64():
    arrays = [np.round(array * 4) for array in normal(9, *SHAPES)]
    expected = every_call(*arrays)
    for kind in (lambda a: a.tolist(), lambda a: a.astype(np.int16)):
        for got, value in zip(every_call(*map(kind, arrays)), expected, strict=True):
            close(got, value, 200)


def test_float32_is_kept():
    for grad in every_call(*normal(10, *SHAPES, dtype=np.float32)):
        assert grad.dtype == np.float32


def test_one_image_has_the_gradients_of_a_batch_of_one():
    x, u, gain, w = normal(11, (1, 4, 4, 5), (1, 4, 3, 4), (4,), (4, 4, 2, 2))
    batch = avg_pool2d_backward(u, x.shape, 2, 1)
    np.testing.assert_array_equal(avg_pool2d_backward(u[0], x[0].shape, 2, 1), batch[0])
    for one, all in (
        (subsample2d_backward(u[0], x[0], gain, 2), subsample2d_backward(u, x, gain, 2)),
        (conv2d_backward(u[0], x[0], w), conv2d_backward(u, x, w)),
    ):
        np.testing.assert_array_equal(one[0], all[0][0])
        np.testing.assert_array_equal(one[1], all[1])
        np.testing.assert_array_equal(one[2], all[2])
