"""What the checks of lesson 02 say is true, and its hidden oracles are the library's numbers."""

import re

import numpy as np
import pytest

from autograder.hidden import how_many_outputs as hidden
from strided import checks, geometry, slips
from strided.checks.core import WrongAnswer


def good(exercise: str) -> list:
    """The cases of a check that do not raise."""
    return [case for case in getattr(checks, exercise).cases if case.raises is None]


@pytest.mark.parametrize("case", good("output_size"))
def test_the_windows_told_are_as_many_as_counted(case):
    starts = re.search(r"start at ([-\d, ]+)", checks.output_size.about(case))[1].split(", ")
    assert len(starts) == checks.output_size.reference(*case.args, **case.kwargs)


@pytest.mark.parametrize("case", good("lost_border"))
def test_the_pixels_told_are_those_lost(case):
    left = re.search(r"x\[(\d+):(\d+)\] is left", checks.lost_border.about(case))
    lost = int(left[2]) - int(left[1]) if left else 0
    assert lost == checks.lost_border.reference(*case.args, **case.kwargs)


@pytest.mark.parametrize("case", good("input_sizes"))
def test_the_counts_told_are_those_of_the_sizes(case):
    sizes, counts = (
        [int(word) for word in line.split()[1:]]
        for line in checks.input_sizes.about(case).splitlines()
    )
    expected = list(checks.input_sizes.reference(*case.args, **case.kwargs))
    assert [n for n, count in zip(sizes, counts, strict=True) if count == case.args[0]] == expected
    assert set(sizes) > set(expected)


@pytest.mark.parametrize("case", good("same_padding"))
def test_the_total_told_is_what_is_added(case):
    told = re.search(r"so (\d+|nothing)", checks.same_padding.about(case))[1]
    assert int(told.replace("nothing", "0")) == sum(checks.same_padding.reference(*case.args))


def test_a_dropped_window_is_explained():
    with pytest.raises(WrongAnswer) as caught:
        checks.output_size(slips.bank("output_size")["never_guarded"].function)
    assert str(caught.value).startswith(
        """\
output_size(n=6, kernel=1, stride=4, ceil_mode=True)
  got 3,
  expected 2
  the image is the pixels 0 to 5; windows start at 0, 4
  one more would start at 8, where no pixel of the image is left,
  so PyTorch drops it
"""
    )


@pytest.mark.parametrize("sizes", [[[7, 8]], [7.5, 8.5], {7, 8}, 7, "range(7, 9)", [[7, 8], [9]]])
def test_what_is_no_list_of_the_sizes_is_explained(sizes):
    with pytest.raises(WrongAnswer, match=r"expected range\(7, 9\)"):
        checks.input_sizes(lambda *args, **kwargs: sizes)


@pytest.mark.parametrize("kind", hidden.KINDS, ids=lambda kind: kind.__name__)
def test_a_kind_of_windows_happens_and_is_counted_as_torch_counts(kind):
    rng = np.random.default_rng(0)
    drawn = [settings for settings in (hidden.random_windows(rng) for _ in range(400))]
    chosen = [settings for settings in drawn if kind(*settings)]
    assert 0 < len(chosen) < len(drawn)
    for settings in chosen:
        assert geometry.output_size(*settings) == hidden.torch_size(*settings), settings


def test_the_hidden_oracles_are_the_library_s_numbers():
    rng = np.random.default_rng(0)
    for _ in range(200):
        border, outputs, same = (
            draw(rng) for draw in (hidden.random_border, hidden.random_outputs, hidden.random_same)
        )
        assert hidden.unread_at_the_end(*border) == geometry.lost_border(*border), border
        assert hidden.sizes_found(*outputs) == geometry.input_sizes(*outputs), outputs
        assert hidden.least_padding(*same) == geometry.same_padding_tensorflow(*same), same
