"""Lesson 04 where the tests of all lessons do not reach: what its explanations say."""

import numpy as np
import pytest

from autograder.hidden import subsampling as hidden
from strided import checks, operators
from strided.checks.core import WrongAnswer


def explanation(exercise: str, answer) -> str:
    """What the visible check says of a wrong answer."""
    with pytest.raises(WrongAnswer) as caught:
        getattr(checks, exercise)(answer)
    return str(caught.value)


def test_a_wrong_value_comes_with_its_window_and_its_arithmetic():
    def rectified(*args, **kwargs):
        return np.maximum(operators.subsample2d(*args, **kwargs), 0)

    said = explanation("subsample2d", rectified)
    assert "the first is out[0, 1, 0, 0]" in said and "x[0, 1, 0:2, 0:3]" in said
    assert "bias[1] + weight[1] * sum = -20 + -1 * 37 = -57" in said


def test_a_wrong_shape_comes_with_the_default_stride():
    def padded(x, *args, **kwargs):
        return operators.subsample2d(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), *args, **kwargs)

    said = explanation("subsample2d", padded)
    assert "with stride 1 as none is given" in said
    assert "height = floor((4 - 2) / 1) + 1 = 3" in said


def test_a_wrong_count_comes_with_what_is_to_be_counted():
    said = explanation("layer_counts", lambda layer: (7, 7))
    assert "6 maps of 14x14 outputs" in said and "4 numbers, and a bias" in said


def test_the_hidden_test_asks_for_the_layer_that_the_visible_check_leaves_out():
    def all_but_s4(layer: str) -> tuple[int, int]:
        known = {"S2": (12, 5880), "C3": (1516, 151600), "C5": (48120, 48120), "S4": (32, 1600)}
        if layer not in known:
            raise ValueError(layer)
        return known[layer]

    assert checks.layer_counts(all_but_s4)
    with pytest.raises(WrongAnswer, match="S4 is counted by S2's rule"):
        hidden.layer_counts(all_but_s4)
