"""Windows are counted here a second time, by listing them, and a third time by torch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from strided.geometry import (
    CONVENTIONS,
    PADDING_WORDS,
    both_ends,
    clip,
    input_sizes,
    integer,
    lost_border,
    output_size,
    pair,
    pooling_divisors,
    pooling_size,
    same_padding,
    same_padding_tensorflow,
    window,
)

SIZES = st.integers(1, 12)
KERNELS = st.integers(1, 5)
STRIDES = st.integers(1, 5)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, (3, 3)),
        ((2, 5), (2, 5)),
        ([2, 5], (2, 5)),
        (np.int32(4), (4, 4)),
        ((np.int64(1), 2), (1, 2)),
        (np.array([6, 7]), (6, 7)),
    ],
)
def test_pair_reads_ints_and_pairs(value, expected):
    got = pair(value, "stride")
    assert got == expected
    assert [type(number) for number in got] == [int, int]


@pytest.mark.parametrize(
    "value", [True, 2.0, None, "22", (1, 2.0), (False, 1), np.True_, np.array(3.0), {1, 2}, 2j]
)
def test_pair_refuses_what_is_not_an_integer(value):
    with pytest.raises(TypeError, match="stride"):
        pair(value, "stride")


@pytest.mark.parametrize("value", [(), (1,), (1, 2, 3)])
def test_pair_refuses_other_lengths(value):
    with pytest.raises(ValueError, match=r"stride .*height, width"):
        pair(value, "stride")


@pytest.mark.parametrize(
    ("value", "message"),
    [(0, "stride must be at least 1, got 0"), ((1, -2), r"stride\[1\] .* at least 1, got -2")],
)
def test_pair_names_the_number_that_is_too_small(value, message):
    with pytest.raises(ValueError, match=message):
        pair(value, "stride", least=1)


def test_integer_says_what_it_got():
    assert integer(np.uint8(7), "groups") == 7
    with pytest.raises(TypeError, match=r"groups must be an int, got 1\.5 \(float\)"):
        integer(1.5, "groups")


def count_windows(n, kernel, stride, padding, dilation, ceil_mode, guard):
    """Lay window after window, as a person would."""
    reach = dilation * (kernel - 1) + 1
    count = 0
    while True:
        start = count * stride - padding
        if ceil_mode:
            unread = start - stride + reach < n + padding
            guarded = guard == "always" or padding > 0
            fits = unread and (count == 0 or start < n or not guarded)
        else:
            fits = start + reach <= n + padding
        if not fits:
            return count
        count += 1


@settings(deadline=None)
@given(
    SIZES,
    KERNELS,
    STRIDES,
    st.integers(0, 4),
    st.integers(1, 3),
    st.booleans(),
    st.sampled_from(["always", "padded"]),
)
def test_output_size_counts_the_windows(n, kernel, stride, padding, dilation, ceil_mode, guard):
    # The frameworks drop one window at most, which is enough as far as they allow padding.
    assume(not ceil_mode or padding <= kernel)
    expected = count_windows(n, kernel, stride, padding, dilation, ceil_mode, guard)
    arguments = (n, kernel, stride, padding, dilation, ceil_mode, guard)
    if expected == 0:
        with pytest.raises(ValueError, match=f"kernel {kernel} .*n={n}.*no window fits"):
            output_size(*arguments)
    else:
        assert output_size(*arguments) == expected


@settings(deadline=None)
@given(SIZES, KERNELS, STRIDES, st.integers(0, 3), st.integers(1, 3), st.booleans())
def test_output_size_is_what_torch_returns(n, kernel, stride, padding, dilation, ceil_mode):
    assume(padding <= kernel // 2)
    arguments = ((1, kernel), (1, stride), (0, padding), (1, dilation), ceil_mode)
    try:
        expected = F.max_pool2d(torch.zeros(1, 1, n), *arguments).shape[-1]
    except RuntimeError:
        with pytest.raises(ValueError, match="no window fits"):
            output_size(n, kernel, stride, padding, dilation, ceil_mode)
    else:
        assert output_size(n, kernel, stride, padding, dilation, ceil_mode) == expected


@pytest.mark.parametrize(
    ("n", "kernel", "stride", "torch7", "pytorch"), [(6, 1, 4, 3, 2), (5, 1, 3, 3, 2)]
)
def test_the_two_guards_differ_without_padding(n, kernel, stride, torch7, pytorch):
    assert output_size(n, kernel, stride, ceil_mode=True, guard="padded") == torch7
    assert output_size(n, kernel, stride, ceil_mode=True) == pytorch


@pytest.mark.parametrize(
    ("name", "value"),
    [("n", -1), ("kernel", 0), ("stride", 0), ("stride", -1), ("padding", -1), ("dilation", 0)],
)
def test_output_size_refuses_sizes_out_of_range(name, value):
    arguments = {"n": 5, "kernel": 2} | {name: value}
    with pytest.raises(ValueError, match=f"{name} must be at least .*, got {value}"):
        output_size(**arguments)


def test_output_size_refuses_floats_and_unknown_guards():
    with pytest.raises(TypeError, match="stride"):
        output_size(5, 2, 1.0)
    with pytest.raises(ValueError, match="guard .*'never'"):
        output_size(5, 2, guard="never")


def test_windows_start_in_the_padding_and_overhang():
    assert window(0, 3, 2, 1) == (-1, 2)
    assert window(2, 3, 2, 1) == (3, 6)
    assert window(1, 3, stride=2, dilation=2) == (2, 7)
    assert clip(-1, 2, 5) == (0, 2)
    assert clip(3, 6, 5) == (3, 5)
    assert clip(6, 8, 5) == (5, 5)
    assert clip(-4, -1, 5) == (0, 0)


@settings(deadline=None)
@given(st.integers(1, 10), KERNELS, STRIDES, st.integers(0, 3), st.integers(1, 3))
def test_a_window_reads_what_a_strided_convolution_reads(n, kernel, stride, padding, dilation):
    assume(n + 2 * padding >= dilation * (kernel - 1) + 1)
    pixels = torch.arange(1.0, n + 1, dtype=torch.float64)[None, None]
    taps = torch.ones(1, 1, kernel, dtype=torch.float64)
    sums = F.conv1d(pixels, taps, None, stride, padding, dilation)[0, 0].tolist()
    for index, expected in enumerate(sums):
        start, stop = window(index, kernel, stride, padding, dilation)
        assert sum(i + 1 for i in range(start, stop, dilation) if 0 <= i < n) == expected


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@settings(deadline=None)
@given(st.integers(1, 8), KERNELS, st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_same_padding_is_torchs(n, kernel, dilation, seed):
    rng = np.random.default_rng(seed)
    pixels = torch.from_numpy(rng.normal(size=(1, 1, n)))
    taps = torch.from_numpy(rng.normal(size=(1, 1, kernel)))
    explicit = F.conv1d(F.pad(pixels, same_padding(kernel, dilation)), taps, dilation=dilation)
    same = F.conv1d(pixels, taps, padding="same", dilation=dilation)
    assert explicit.shape == same.shape
    assert torch.allclose(explicit, same, rtol=0, atol=1e-12)


def test_the_odd_pixel_goes_to_the_end():
    assert same_padding(4) == (1, 2)
    assert same_padding(2, dilation=3) == (1, 2)
    assert same_padding_tensorflow(6, 3, 2) == (0, 1)


def test_tensorflow_and_pytorch_read_different_pixels_at_stride_2():
    pixels = torch.arange(1.0, 7.0)[None, None]
    taps = torch.ones(1, 1, 3)
    tensorflow = F.conv1d(F.pad(pixels, same_padding_tensorflow(6, 3, 2)), taps, stride=2)
    assert tensorflow.flatten().tolist() == [6, 12, 11]
    assert F.conv1d(pixels, taps, stride=2, padding=1).flatten().tolist() == [3, 9, 15]


@settings(deadline=None)
@given(SIZES, KERNELS, STRIDES)
def test_tensorflows_same_pads_no_more_than_it_must(n, kernel, stride):
    before, after = same_padding_tensorflow(n, kernel, stride)
    assert output_size(n + before + after, kernel, stride) == -(-n // stride)
    assert after - before in (0, 1)
    if before + after:
        total = n + before + after
        assert total == kernel or output_size(total - 1, kernel, stride) < -(-n // stride)


@settings(deadline=None)
@given(SIZES, KERNELS, STRIDES, st.integers(0, 4), st.integers(0, 4))
def test_pads_that_differ_are_an_image_that_is_longer(n, kernel, stride, before, after):
    assume(n + before + after >= kernel)
    longer = output_size(n + before + after, kernel, stride)
    assert output_size(n, kernel, stride, (before, after)) == longer


def test_pads_that_differ_are_guarded_by_the_first():
    # Windows start at -1 and 3. A third would start at 7, which is a pixel of 8 but not of 7.
    assert output_size(7, 3, 4, (1, 0), ceil_mode=True) == 2
    assert output_size(8, 3, 4, (1, 0), ceil_mode=True) == 3
    # They start at -2 and 2; the third would start at 6, in the padding after 5 or 6 pixels.
    assert output_size(5, 3, 4, (2, 3), ceil_mode=True) == 2
    assert output_size(6, 3, 4, (2, 2), ceil_mode=True) == 2
    assert output_size(7, 3, 4, (2, 1), ceil_mode=True) == 3


def test_padding_is_read_as_both_ends():
    assert both_ends(2) == (2, 2)
    assert both_ends((1, np.int64(0))) == (1, 0)
    with pytest.raises(ValueError, match=r"padding must be .*before, after.*\(1, 2, 3\)"):
        both_ends((1, 2, 3))
    with pytest.raises(ValueError, match=r"padding\[1\] must be at least 0, got -1"):
        both_ends((1, -1))
    with pytest.raises(TypeError, match="padding must be an int, got 'SAME'"):
        output_size(5, 3, padding="SAME")


@settings(deadline=None)
@given(SIZES, KERNELS, STRIDES, st.integers(0, 5), st.integers(0, 5))
def test_the_lost_border_is_what_no_window_reads(n, kernel, stride, before, after):
    assume(n + before + after >= kernel)
    read = set()
    start = -before
    while start + kernel <= n + after:
        read |= set(range(start, start + kernel))
        start += stride
    lost = 0
    while lost < n and n - 1 - lost not in read:
        lost += 1
    assert lost_border(n, kernel, stride, (before, after)) == lost
    if before == after < kernel:
        assert lost == max((n + 2 * before - kernel) % stride - before, 0)


@settings(deadline=None)
@given(st.integers(1, 6), KERNELS, STRIDES, st.integers(0, 4))
def test_input_sizes_are_all_that_give_so_many(out, kernel, stride, padding):
    sizes = [
        n
        for n in range(1, 60)
        if n + 2 * padding >= kernel and output_size(n, kernel, stride, padding) == out
    ]
    assert list(input_sizes(out, kernel, stride, padding)) == sizes


@settings(deadline=None)
@given(st.integers(1, 6), KERNELS, STRIDES)
def test_input_sizes_are_what_torch_can_transpose_to(out, kernel, stride):
    x, weight = torch.zeros(1, 1, out), torch.zeros(1, 1, kernel)
    sizes = [
        F.conv_transpose1d(x, weight, stride=stride, output_padding=more).shape[-1]
        for more in range(stride)
    ]
    assert list(input_sizes(out, kernel, stride)) == sizes


@pytest.mark.parametrize("count", [lost_border, input_sizes])
def test_borders_and_input_sizes_refuse_sizes_out_of_range(count):
    with pytest.raises(ValueError, match="stride must be at least 1, got 0"):
        count(5, 2, 0)
    with pytest.raises(ValueError, match="kernel must be at least 1, got 0"):
        count(5, 0)
    with pytest.raises(TypeError, match="kernel must be an int"):
        count(5, 2.0)
    with pytest.raises(ValueError, match="padding must be at least 0, got -1"):
        count(5, 2, 1, -1)


def test_a_kernel_larger_than_the_image_has_no_border():
    with pytest.raises(ValueError, match="kernel 6 .*n=4.*no window fits"):
        lost_border(4, 6)
    with pytest.raises(ValueError, match="out must be at least 1, got 0"):
        input_sizes(0, 2)


def test_seven_and_eight_pixels_give_three():
    assert input_sizes(3, 3, 2) == range(7, 9)
    assert [lost_border(n, 3, 2) for n in (7, 8)] == [0, 1]


def count_framework_windows(convention, n, kernel, stride, padding, ceil_mode):
    """Lay a framework's windows one by one."""
    if isinstance(padding, str):
        if padding == "VALID":
            return sum(start + kernel <= n for start in range(0, n, stride))
        return len(range(0, n, stride))
    ceil_mode = ceil_mode or convention == "caffe"
    guard = "padded" if convention in ("caffe", "torch7") else "always"
    return count_windows(n, kernel, stride, padding, 1, ceil_mode, guard)


@settings(deadline=None)
@given(st.sampled_from(CONVENTIONS), SIZES, KERNELS, STRIDES, st.booleans(), st.data())
def test_every_framework_counts_its_windows(convention, n, kernel, stride, ceil_mode, data):
    words = st.sampled_from(PADDING_WORDS.get(convention, ("VALID",)))
    numbers = st.integers(0, kernel // 2)
    only_words, no_words = convention == "tensorflow", convention not in PADDING_WORDS
    padding = data.draw(words if only_words else numbers if no_words else words | numbers)
    arguments = (n, kernel, stride, padding, ceil_mode)
    expected = count_framework_windows(convention, *arguments)
    if expected == 0:
        with pytest.raises(ValueError, match="no window fits"):
            pooling_size(*arguments, convention)
        return
    assert pooling_size(*arguments, convention) == expected
    divisors = pooling_divisors(
        n, n, kernel, stride, padding, ceil_mode, None, convention=convention
    )
    assert divisors.shape == (expected, expected)


def test_the_default_step_is_the_framework_s():
    steps = {name: pooling_size(7, 3, convention=name) for name in CONVENTIONS}
    assert steps == {"pytorch": 2, "torch7": 5, "caffe": 5, "tensorflow": 2, "onnx": 5}


def test_the_frameworks_disagree_on_one_axis():
    sizes = {name: pooling_size(6, 1, 4, 0, True, name) for name in CONVENTIONS}
    assert sizes == {"pytorch": 2, "torch7": 3, "caffe": 3, "tensorflow": 2, "onnx": 2}
    assert pooling_size(224, 7, 2, 3) == pooling_size(224, 7, 2, 1, convention="tensorflow") == 112
    assert pooling_size(224, 7, 2, 3, convention="caffe") == 113


def test_same_lower_puts_the_odd_pixel_first():
    arguments = (6, 5, (3, 2), (2, 2))
    upper = pooling_divisors(*arguments, "SAME_UPPER", convention="onnx")
    lower = pooling_divisors(*arguments, "SAME_LOWER", convention="onnx")
    assert upper.tolist() == [[6, 6, 3], [6, 6, 3], [4, 4, 2]]
    assert lower.tolist() == [[2, 4, 4], [3, 6, 6], [3, 6, 6]]
    same = pooling_divisors(*arguments, "SAME", convention="tensorflow")
    assert same.tolist() == upper.tolist()
    counted = pooling_divisors(*arguments, "SAME_LOWER", False, True, "onnx")
    assert counted.tolist() == [[6] * 3] * 3


@pytest.mark.parametrize(
    ("convention", "word", "says"),
    [
        ("pytorch", "SAME", "a number for pytorch, got 'SAME'"),
        ("tensorflow", "SAME_UPPER", "a number or VALID or SAME for tensorflow"),
        ("onnx", "SAME", "a number or VALID or SAME_UPPER or SAME_LOWER for onnx"),
    ],
)
def test_a_framework_knows_its_own_words_only(convention, word, says):
    with pytest.raises(ValueError, match=says):
        pooling_size(5, 3, 2, word, convention=convention)
    with pytest.raises(ValueError, match=says):
        pooling_divisors(5, 5, 3, 2, word, convention=convention)
    with pytest.raises(ValueError, match="convention .*'theano'"):
        pooling_size(5, 3, convention="theano")


def test_tensorflow_returns_as_many_windows():
    tensorflow = pytest.importorskip("tensorflow")
    for n, kernel, stride in [(6, 3, 2), (7, 2, 3), (9, 4, 4), (5, 5, 1)]:
        for word in PADDING_WORDS["tensorflow"]:
            image = tensorflow.ones((1, 1, n, 1))
            pooled = tensorflow.nn.avg_pool2d(image, (1, kernel), (1, stride), word)
            counted = pooling_size(n, kernel, stride, word, convention="tensorflow")
            assert pooled.shape[2] == counted, (n, kernel, stride, word)


def count_taps(convention, sizes, kernels, strides, pads, ceil_mode, include):
    """Count, window by window and tap by tap, what a framework divides by."""
    ceil_mode = ceil_mode or convention == "caffe"
    include = include or convention == "caffe"
    starts, images = [], []
    for n, k, d, p in zip(sizes, kernels, strides, pads, strict=True):
        if convention == "tensorflow":
            before, after = same_padding_tensorflow(n, k, d) if any(pads) else (0, 0)
            windows = count_windows(n + before + after, k, d, 0, 1, False, "always")
            include = False
        else:
            before = p
            windows = count_windows(n, k, d, p, 1, ceil_mode, "padded")
            if convention in ("pytorch", "onnx") or any(pads):
                while windows > 1 and (windows - 1) * d - p >= n:
                    windows -= 1
        starts.append([y * d - before for y in range(windows)])
        images.append(range(-p, n + p) if include else range(n))
    return np.array(
        [
            [
                sum(y + t in images[0] for t in range(kernels[0]))
                * sum(x + s in images[1] for s in range(kernels[1]))
                for x in starts[1]
            ]
            for y in starts[0]
        ]
    )


PAIRS = st.tuples(KERNELS, KERNELS)


@settings(deadline=None)
@given(st.sampled_from(CONVENTIONS), st.tuples(SIZES, SIZES), PAIRS, PAIRS, st.data())
def test_divisors_are_counts_of_taps(convention, sizes, kernels, strides, data):
    # Half the kernel for PyTorch and Torch7, less than the kernel for Caffe and ONNX.
    most = [k - 1 if convention in ("caffe", "onnx") else k // 2 for k in kernels]
    pads = tuple(data.draw(st.integers(0, m), "padding") for m in most)
    ceil_mode, include = data.draw(st.booleans(), "ceil_mode"), data.draw(st.booleans(), "include")
    expected = count_taps(convention, sizes, kernels, strides, pads, ceil_mode, include)
    arguments = (*sizes, kernels, strides, pads, ceil_mode, include, convention)
    if expected.size == 0:
        with pytest.raises(ValueError, match="no window fits"):
            pooling_divisors(*arguments)
    else:
        got = pooling_divisors(*arguments)
        assert got.dtype.kind == "i"
        np.testing.assert_array_equal(got, expected)


@settings(deadline=None)
@given(st.tuples(SIZES, SIZES), PAIRS, PAIRS, st.booleans(), st.booleans(), st.data())
def test_pytorchs_divisors_are_what_torch_divides_by(
    sizes, kernels, strides, ceil_mode, include, data
):
    pads = tuple(data.draw(st.integers(0, k // 2), "padding") for k in kernels)
    arguments = (kernels, strides, pads, ceil_mode, include)
    ones = torch.ones(1, *sizes, dtype=torch.float64)
    try:
        averages = F.avg_pool2d(ones, *arguments)[0]
    except RuntimeError:
        with pytest.raises(ValueError, match="no window fits"):
            pooling_divisors(*sizes, *arguments)
    else:
        sums = F.avg_pool2d(ones, *arguments, divisor_override=1)[0]
        np.testing.assert_array_equal(
            pooling_divisors(*sizes, *arguments), np.rint((sums / averages).numpy())
        )


def test_each_framework_has_its_own_map():
    maps = {
        name: pooling_divisors(5, 4, (3, 2), (2, 2), (1, 0), True, None, name)
        for name in CONVENTIONS
    }
    assert maps["pytorch"].tolist() == [[6, 6], [6, 6], [6, 6]]
    assert maps["torch7"].tolist() == maps["caffe"].tolist() == maps["pytorch"].tolist()
    assert maps["onnx"].tolist() == [[4, 4], [6, 6], [4, 4]]
    assert maps["tensorflow"].tolist() == [[4, 4], [6, 6], [4, 4]]
    # One pixel more: the last window overhangs the padding, and the overhang never counts.
    assert pooling_divisors(6, 4, (3, 2), 2, (1, 0), True).tolist() == [[6, 6]] * 3 + [[4, 4]]


def test_caffe_leaves_no_choice():
    # The fourth row of windows overhangs: it holds one pixel and one of padding.
    caffe = pooling_divisors(6, 2, (3, 1), (2, 1), (1, 0), False, False, "caffe")
    assert caffe.tolist() == [[3, 3], [3, 3], [3, 3], [2, 2]]


def test_torch7_and_caffe_guard_only_when_padded_then_on_both_axes():
    for name in ("torch7", "caffe"):
        unpadded = pooling_divisors(6, 2, (1, 2), (4, 1), 0, True, True, name)
        assert unpadded.tolist() == [[2], [2], [0]]
        padded = pooling_divisors(6, 2, (1, 2), (4, 1), (0, 1), True, True, name)
        assert padded.tolist() == [[2, 2, 2], [2, 2, 2]]
    assert pooling_divisors(6, 2, (1, 2), (4, 1), 0, True).tolist() == [[2], [2]]


@pytest.mark.parametrize("name", ["pytorch", "torch7"])
def test_padding_beyond_half_the_kernel_is_refused(name):
    with pytest.raises(ValueError, match=r"padding .*\(1, 1\) .*\(3, 2\), got \(1, 2\)"):
        pooling_divisors(5, 5, (3, 2), 1, (1, 2), convention=name)
    assert pooling_divisors(5, 5, 3, 1, 2, convention="caffe").shape == (7, 7)


def test_divisors_refuse_bad_settings():
    with pytest.raises(ValueError, match="convention .*'theano'"):
        pooling_divisors(5, 5, 2, 2, convention="theano")
    with pytest.raises(ValueError, match="height must be at least 1, got 0"):
        pooling_divisors(0, 5, 2, 2)
    with pytest.raises(TypeError, match="kernel_size"):
        pooling_divisors(5, 5, 2.0, 2)
    with pytest.raises(ValueError, match="padding must be at most"):
        pooling_divisors(5, 5, 2, 2, 2, convention="onnx")
