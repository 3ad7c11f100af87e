"""The comparison with PyTorch: what it says of right, unwritten, failing and misshapen answers."""

import re
import sys
import time
from html import escape

import numpy as np
import pytest

from strided import checks, compare, operators

EXERCISES = list(compare.COUNTERPARTS)


def largest_difference(shown) -> float:
    """The number that the comparison states."""
    return float(repr(shown).partition("Largest difference: ")[2].partition(",")[0])


@pytest.mark.parametrize("exercise", EXERCISES)
def test_right_answers_agree_with_torch(exercise):
    shown = compare.with_torch(exercise, getattr(checks, exercise).reference)
    assert largest_difference(shown) < 1e-12
    counterpart = compare.COUNTERPARTS[exercise]
    for called in (counterpart.yours, counterpart.torch):
        assert called in repr(shown) and escape(called) in shown._repr_html_()


# A wrong weight of these is multiplied by what a window holds.
WEIGHTS = ("average_as_subsampling", "as_conv_weight")


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if e not in WEIGHTS])
def test_a_wrong_value_shows_as_a_difference(exercise):
    def off_by_a_quarter(*args, **kwargs):
        result = getattr(checks, exercise).reference(*args, **kwargs)
        several = isinstance(result, tuple)
        parts = [np.array(part, dtype=float) for part in (result if several else [result])]
        for part in parts:
            part.flat[0] += 0.25
        return parts if several else parts[0]

    assert largest_difference(compare.with_torch(exercise, off_by_a_quarter)) == 0.25


def test_calls_of_rectangular_settings_tell_height_from_width():
    def swapped(x, weight, bias, stride, padding):
        return operators.conv2d(x, weight, bias, stride[::-1], padding)

    assert "shapes differ" in repr(compare.with_torch("conv2d", swapped))


def unwritten(*args, **kwargs):
    raise NotImplementedError


def misspelt(x, weight, bias, stride, padding):
    raise KeyError("<kernel>")


@pytest.mark.parametrize(
    "answer, words",
    [
        (unwritten, "conv2d is not written yet"),
        (misspelt, "raised KeyError: '<kernel>'"),
        (lambda *args, **kwargs: None, "NoneType"),
        (lambda *args, **kwargs: [[1.0], [2.0, 3.0]], "not an array of numbers"),
        (lambda *args, **kwargs: np.zeros((2, 3)), "shapes differ"),
    ],
)
def test_an_unfinished_answer_gets_words(answer, words):
    shown = compare.with_torch("conv2d", answer)
    assert words in repr(shown)
    assert "<kernel>" not in shown._repr_html_()
    assert "Largest difference" not in repr(shown)


def test_an_answer_may_print_warn_and_change_its_input(capsys):
    def rude(x, weight, bias, stride, padding):
        print("printed")
        print("warned", file=sys.stderr)
        out = operators.conv2d(x, weight, bias, stride, padding)
        x[:] = 0
        return out

    shown = compare.with_torch("conv2d", rude)
    printed = capsys.readouterr()
    assert largest_difference(shown) < 1e-12
    assert printed.out.count("printed") == 1 and printed.err == ""


def test_a_slow_answer_shows_its_time():
    def slow(x, weight, bias, stride, padding):
        time.sleep(0.02)
        return operators.conv2d(x, weight, bias, stride, padding)

    text = repr(compare.with_torch("conv2d", slow))
    yours = float(re.search(r"([\d.]+) ms", text)[1])
    assert yours >= 20


def test_without_torch_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "not installed" in repr(compare.with_torch("conv2d", operators.conv2d))


def test_an_exercise_without_counterpart_is_refused():
    with pytest.raises(ValueError, match="conv3d.* these have one: .*conv2d"):
        compare.with_torch("conv3d", operators.conv2d)
