"""Phases: perfect reconstruction, strides taken apart, blur, and shifts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strided import operators, phase

sizes, strides = st.integers(1, 9), st.tuples(st.integers(1, 4), st.integers(1, 4))


def image(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).normal(size=shape)


def stripes(height: int, width: int) -> np.ndarray:
    return np.resize([1.0, -1.0], (height, width))


# ---------------------------------------------------------------- parts


def test_parts_go_in_reading_order_of_their_phases():
    x = 10 * np.arange(3)[:, None] + np.arange(5)
    parts = phase.polyphase_split(x, (2, 3))
    assert [part.tolist() for part in parts] == [
        [[0, 3], [20, 23]],
        [[1, 4], [21, 24]],
        [[2], [22]],
        [[10, 13]],
        [[11, 14]],
        [[12]],
    ]
    assert all(np.shares_memory(part, x) for part in parts)


@given(height=sizes, width=sizes, stride=strides, leading=st.lists(st.integers(1, 3), max_size=2))
def test_merging_the_parts_gives_back_the_image(height, width, stride, leading):
    x = image(*leading, height, width)
    parts = phase.polyphase_split(x, stride)
    assert sum(part.size for part in parts) == x.size
    np.testing.assert_array_equal(phase.polyphase_merge(parts, stride), x)


def test_merging_keeps_the_type_and_copies():
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    merged = phase.polyphase_merge(phase.polyphase_split(x, 2), 2)
    assert merged.dtype == np.float32 and not np.shares_memory(merged, x)


def test_space_to_depth_stacks_the_parts_and_fills_up_with_zeros():
    x = image(2, 3, 5, 8)
    deep = phase.space_to_depth(x, (2, 3))
    assert deep.shape == (2, 18, 3, 3)
    for n, part in enumerate(phase.polyphase_split(x, (2, 3))):
        rows, columns = part.shape[2:]
        stacked = deep[:, 3 * n : 3 * n + 3]
        np.testing.assert_array_equal(stacked[..., :rows, :columns], part)
        assert np.abs(stacked).sum() == pytest.approx(np.abs(part).sum())


# ---------------------------------------------------------------- strided convolution


@given(
    size=st.tuples(sizes, sizes),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=strides,
)
def test_a_stride_taken_apart_is_the_stride(size, kernel, stride):
    kernel = tuple(np.minimum(kernel, size))
    x, weight = image(2, 3, *size), image(2, 3, *kernel)
    np.testing.assert_allclose(
        phase.conv2d_polyphase(x, weight, stride),
        operators.conv2d(x, weight, stride=stride),
        atol=1e-12,
    )


@given(size=st.tuples(st.integers(6, 12), st.integers(6, 12)), stride=strides)
def test_noble_identity(size, stride):
    """Keeping, then filtering, is filtering with taps stride pixels apart, then keeping."""
    x, weight = image(1, 2, *size), image(3, 2, 2, 2)
    np.testing.assert_allclose(
        operators.conv2d(phase.keep_every(x, stride), weight),
        phase.keep_every(operators.conv2d(x, weight, dilation=stride), stride),
        atol=1e-12,
    )


# ---------------------------------------------------------------- blur


def test_blur_by_hand():
    row = np.array([[8, 0, 4, 0]])
    np.testing.assert_array_equal(phase.blur_subsample(row, 1), [[4, 3, 2, 3]])
    np.testing.assert_array_equal(phase.blur_subsample(row, (1, 2)), [[4, 2]])


def test_blur_is_a_depthwise_strided_convolution():
    x = image(2, 3, 5, 7)
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    weight = np.repeat(kernel[None, None], 3, axis=0)
    around = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="wrap")
    np.testing.assert_allclose(
        phase.blur_subsample(x, (2, 3)),
        operators.conv2d(around, weight, stride=(2, 3), groups=3),
        atol=1e-12,
    )


def test_blur_keeps_float32_and_turns_integers_into_floats():
    assert phase.blur_subsample(np.zeros((2, 2), np.float32), 2).dtype == np.float32
    assert phase.blur_subsample(np.array([[1, 2], [3, 4]]), 2).tolist() == [[2.5]]


def test_an_average_is_a_case_of_decimation():
    x = image(2, 6, 8)
    np.testing.assert_allclose(
        phase.decimate(x, (0.5, 0.5), 2), operators.avg_pool2d(x, 2, 2), atol=1e-12
    )


@pytest.mark.parametrize("shift", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "way, size",
    [("keep every 2nd", 1), ("average, k = 3", 1 / 3), ("average, k = 2", 0), ("[1, 2, 1] / 4", 0)],
)
def test_what_is_left_of_stripes(way, size, shift):
    upright = np.roll(stripes(4, 8), shift, axis=1)
    expected = np.full((2, 4), size * (-1) ** shift)
    np.testing.assert_allclose(phase.HALVINGS[way](upright), expected, atol=1e-15)
    np.testing.assert_allclose(phase.HALVINGS[way](upright.T), expected.T, atol=1e-15)


def test_nothing_at_all_is_left_by_the_binomial_kernel():
    assert not phase.blur_subsample(stripes(4, 8), 2).any()


# ---------------------------------------------------------------- shifts


@given(
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    steps=st.tuples(st.integers(-3, 3), st.integers(-3, 3)),
)
def test_shifts_by_multiples_of_the_stride_move_along(stride, steps):
    x = image(2, 6 * stride[0], 4 * stride[1])
    shift = tuple(n * s for n, s in zip(steps, stride, strict=True))
    for f in (phase.keep_every, phase.blur_subsample):
        assert phase.shift_consistency(lambda y, f=f: f(y, stride), x, shift, stride) < 1e-12


@pytest.mark.parametrize("way", phase.HALVINGS)
@pytest.mark.parametrize("shift", [(0, 1), (1, 0), (-1, 2), (3, 3)])
def test_other_shifts_do_not(way, shift):
    assert phase.shift_consistency(phase.HALVINGS[way], image(3, 8, 6), shift, 2) > 0.1


def test_shifts_by_hand():
    """Down and to the right is positive, and the output's shift is rounded down."""

    def kept(x):
        return phase.keep_every(x, (1, 2))

    row = np.array([[5.0, 1.0, 7.0, 2.0]])
    found = [phase.shift_consistency(kept, row, (0, shift), (1, 2)) for shift in (2, 1, -1)]
    assert found == [0, 6, 6]
    first = phase.shift_consistency(lambda x: x * [[1, 0, 0, 0]], row, (0, 1), 1)
    assert first == 5  # rolled, 2 is first; the 5 that was first is second


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: phase.polyphase_split([1, 2], 2), ValueError, "x must have at least two axes"),
        (lambda: phase.polyphase_split(np.zeros((2, 2)), 0), ValueError, "stride must be at least"),
        (lambda: phase.polyphase_split(np.zeros((2, 2)), 2.0), TypeError, "stride must be an int"),
        (lambda: phase.polyphase_merge([np.zeros((1, 1))] * 3, 2), ValueError, "makes 4 parts"),
        (
            lambda: phase.polyphase_merge([np.zeros((2, 2)), np.zeros((2, 4))], (1, 2)),
            ValueError,
            r"parts\[0\] has shape \(2, 2\); in an image of shape \(2, 6\)",
        ),
        (lambda: phase.polyphase_merge([0, 0], (1, 2)), ValueError, r"parts\[0\] must have at"),
        (lambda: phase.space_to_depth(np.zeros((2, 2)), 2), ValueError, "at least three axes"),
        (
            lambda: phase.conv2d_polyphase(np.zeros((1, 2, 2)), np.zeros((1, 1, 3, 1)), 2),
            ValueError,
            "no window fits",
        ),
        (lambda: phase.decimate(np.zeros((2, 2)), (), 2), ValueError, "taps is empty"),
        (
            lambda: phase.shift_consistency(np.array, np.zeros((2, 2)), 0.5, 2),
            TypeError,
            "shift must be an int",
        ),
    ],
)
def test_bad_arguments_are_refused_in_words(call, error, says):
    with pytest.raises(error, match=says):
        call()
