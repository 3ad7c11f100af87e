"""The recording array: what each output read, whatever way the function is written."""

import numpy as np
import pytest

from autograder.answers import answers
from autograder.mutants import defined
from strided import checks, formulas
from strided.tracing import trace

VIEW = np.lib.stride_tricks.sliding_window_view
X = np.arange(48.0).reshape(6, 8)


def hop(x):
    """Sums of 2x3 windows, only where step (3, 2) stops: loops into an array of zeros."""
    out = np.zeros((2, 3))
    for i in range(2):
        for j in range(3):
            for t in range(2):
                for s in range(3):
                    out[i, j] += x[3 * i + t, 2 * j + s]
    return out


def keep(x):
    """The same numbers: everything computed, then most of it thrown away."""
    return VIEW(x, (2, 3)).sum(axis=(2, 3))[::3, ::2]


def shifted(x):
    out = np.zeros((2, 3), dtype=np.float32)
    for t in range(2):
        for s in range(3):
            out += x[t : t + 4 : 3, s : s + 5 : 2]
    return out


def padded(x):
    around = np.pad(x, 1)[1:, 1:]
    return [
        [np.sum(around[3 * i : 3 * i + 2, 2 * j : 2 * j + 3]) for j in range(3)] for i in (0, 1)
    ]


def strided(x):
    x = np.ascontiguousarray(x, dtype=np.float32)
    (down, right) = x.strides
    steps = (3 * down, 2 * right, down, right)
    return np.lib.stride_tricks.as_strided(x, (2, 3, 2, 3), steps).mean((2, 3)) * 6


WAYS = {
    "loops": hop,
    "shifted": shifted,
    "padded": padded,
    "strided": strided,
    "slices": lambda x: [
        [x[3 * i : 3 * i + 2, 2 * j : 2 * j + 3].sum() for j in range(3)] for i in range(2)
    ],
    "einsum": lambda x: np.einsum("ijts,ts->ij", VIEW(x, (2, 3))[::3, ::2], np.ones((2, 3))),
    "tensordot": lambda x: np.tensordot(VIEW(x, (2, 3))[::3, ::2], np.ones((2, 3)), 2),
    "matmul": lambda x: VIEW(x, (2, 3))[::3, ::2].reshape(2, 3, 6) @ np.ones(6),
    "builtin": lambda x: [
        [sum(x[3 * i + t, 2 * j + s] for t in (0, 1) for s in (0, 1, 2)) for j in range(3)]
        for i in range(2)
    ],
}
WINDOW = {(t, s): 1 for t in (3, 4) for s in (2, 3, 4)}
COVERAGE = np.outer([1, 1, 0, 1, 1, 0], [1, 1, 2, 1, 2, 1, 1, 0])


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_write_it_reads_the_same(way):
    record = trace(WAYS[way], X)
    assert record.reads((1, 1)) == WINDOW
    np.testing.assert_array_equal(record.counts, COVERAGE)
    np.testing.assert_allclose(record.value, hop(X))
    assert record.work == 6 * 6


def test_computing_everything_and_keeping_some_reads_the_same_and_works_more():
    hopped, kept = trace(hop, X), trace(keep, X)
    np.testing.assert_array_equal(hopped.value, kept.value)
    for index in np.ndindex(2, 3):
        assert kept.reads(index) == hopped.reads(index)
    assert (hopped.work, kept.work) == (6 * 6, 30 * 6)
    assert kept.counts[0, 7] == 1 and hopped.counts[0, 7] == 0


def test_a_maximum_reads_its_whole_window():
    record = trace(lambda x: VIEW(x, (2, 3)).max(axis=(2, 3)), X)
    assert record.reads((3, 2)) == WINDOW


def test_a_choice_by_comparing_reads_the_winner_and_counts_the_rest():
    record = trace(lambda x: [max(x[0, 0], x[0, 1])], X)
    assert record.reads(0) == {(0, 1): 1} and record.counts[0, 0] == 1


def test_copies_constants_and_several_results_are_told():
    record = trace(lambda x: (x[::2], x.sum(axis=0) * 2 + 1, np.ones(2)), X)
    assert record.reads((0, 1, 4)) == {(2, 4): 1}
    assert len(record.reads((1, 0))) == 6 and record.reads((2, 0)) == {}
    with pytest.raises(IndexError, match="2 indices"):
        record.reads((0, 1))


def test_what_is_multiplied_by_zero_is_read_and_not_made_of():
    record = trace(lambda x: x @ np.eye(8)[:, :2] + 0 * x[:, :2], X)
    assert record.reads((3, 1)) == {(3, 1): 1}
    assert record.counts[3, 5] == 2


def test_random_numbers_are_plain_ones():
    rng = np.random.default_rng(0)  # seed 0; compiled code that writes into what np.empty makes

    def noisy(x):
        return x[:2] + 0 * rng.random((2, 1)) + 0 * np.random.default_rng(1).normal(size=(2, 1))

    assert trace(noisy, X).reads((1, 2)) == {(1, 2): 1}
    assert np.empty(2).dtype == np.float64 and rng.random(2).dtype == np.float64


def test_signs_and_comparisons_are_followed():
    record = trace(lambda x: np.where(x > 3, -x, abs(x)) + (x > 3).sum() * 1.0, X)
    assert record.reads((0, 0)) == {(0, 0): 1}
    assert trace(lambda x: [-x[0, 0], abs(-x[0, 1])], X).reads(1) == {(0, 1): 1}


def test_the_formulas_and_nearly_all_styles_of_answers_are_followed():
    x, weight = np.ones((2, 5, 7)), np.ones((3, 2, 2, 3))
    record = trace(formulas.conv2d, x, weight, np.zeros(3), (1, 1))
    assert record.work == record.value.size * 2 * 2 * 3
    followed = refused = 0
    for lesson, exercise in (("03_average_pooling", "avg_pool2d"), ("05_convolution", "conv2d")):
        call = getattr(checks, exercise).cases[1]
        for (id, style), text in answers(lesson).items():
            if id != exercise or style.startswith("slip:"):
                continue
            try:
                record = trace(defined(text, id), *call.args, **call.kwargs)
            except TypeError:
                refused += 1
            else:
                followed += 1
                # A product with a matrix mostly of zeros reads the zeros' partners too.
                assert set(record.reads((0, 0, 0, 0))) >= {(0, 0, 0, 0)}, style
    assert followed >= 9 and refused <= 1


@pytest.mark.parametrize(
    "function",
    [
        lambda x: [float(value) for value in x[0]],
        lambda x: x.astype(int),
        lambda x: np.fft.fft2(x).real,
        lambda x: np.divmod(x, 2)[0],
        lambda x: OUTSIDE.__setitem__(0, x[0, 0]) or OUTSIDE,
    ],
)
def test_what_is_not_followed_is_refused(function):
    with pytest.raises(TypeError, match="tracing cannot follow"):
        trace(function, X)


OUTSIDE = np.zeros(1)


def test_a_function_that_runs_differently_when_traced_is_refused():
    calls = iter(range(10))
    with pytest.raises(TypeError, match="other numbers"):
        trace(lambda x: x * (1 + next(calls)), X)


def test_the_first_array_is_traced_and_what_raises_untraced_raises_as_it_is():
    assert trace(lambda f, x: f(x), np.negative, X).counts.shape == X.shape
    with pytest.raises(TypeError, match="needs an array"):
        trace(len, "no array")
    with pytest.raises(ZeroDivisionError):
        trace(lambda x: 1 / 0, X)


def test_numpy_is_as_it_was_afterwards_and_the_input_unchanged():
    before, x = (np.zeros, np.asarray, np.full_like), X.copy()

    def spoil(x):
        x += 1
        raise ValueError

    with pytest.raises(ValueError):
        trace(spoil, x)
    with pytest.raises(TypeError, match="cannot follow"):
        trace(lambda x: spoil(x) if x.dtype == object else x, x)
    assert (np.zeros, np.asarray, np.full_like) == before
    np.testing.assert_array_equal(x, X)
