"""Lesson 05 beyond what holds for every lesson: messages, worked numbers, predictions."""

import numpy as np
import pytest

from strided import checks, manifest, operators, slips
from strided.checks.core import WrongAnswer

FLIPPED_KERNEL = """\
conv2d(x 1x1x5x7, weight 1x1x2x3)
  20 of 20 outputs differ; the first is out[0, 0, 0, 0]
  got 59, expected 139
  it must read x[0, :, 0:2, 0:3]   (start = index * stride):
    channel 0, times weight[0, 0]
        [[0 1 2]   *  [[1 2 3]
         [7 8 9]]      [4 5 7]]
  and add up: 139
  Your output is exactly what a flipped kernel gives.
  That is convolution as signal processing defines it. Networks use
  cross-correlation: do not turn the kernel."""

PADDING_ALL_AFTER = """\
conv2d(x 1x2x5x4, weight 3x2x2x3, bias [10, -20, 30], stride=(2, 1),
    padding=(1, 2))
  53 of 54 outputs differ; the first is out[0, 0, 0, 0]
  got 170, expected -19
  where padded is x with padding (1, 2) on every side,
  it must read padded[0, :, 0:2, 0:3]   (start = index * stride):
    channel 0, times weight[0, 0]
        [[ 0  0  0]   *  [[1 2 3]
         [ 0  0 -5]]      [4 5 7]]
    channel 1, times weight[0, 1]
        [[ 0  0  0]   *  [[ 0 -1  2]
         [ 0  0 -3]]      [ 3  1 -2]]
  and add up: -35 + 6 + 10 (bias[0]) = -19
  Your output is exactly what all the padding below and on the right gives.
  Half of the zeros go before the image: copy x to padded[:, :, padH:padH + H,
  padW:padW + W], not to the corner."""

FLIPPED_ROWS_ONLY = """\
correlate_or_convolve(x 4x5, weight 2x3)
  9 of 9 outputs differ; the first is convolution[0, 0]
  got 73, expected 63
  it must read x[0:2, 0:3], times the kernel turned by half a turn:
        [[-5  2  9]   *  [[6 5 4]
         [ 7 14 -2]]      [3 2 1]]
  Your output is exactly what a kernel turned upside down but not left to
  right gives.
  Convolution reverses every axis of the kernel, its columns as well as its
  rows."""

RESHAPED = """\
weight_from_torch_formula(w 3x2x2x4)
  46 of 48 outputs differ; the first is out[0, 0, 0, 1]
  got 1, expected 16
  out channel k=0, in channel l=0, row t=0, column s=1 is printed as
  w[1, 0, 0, 0] = 16   (counted from 0)
  Your output is exactly what `reshape` gives.
  Reshape keeps the numbers in their order and only cuts them anew, so the
  weights land at wrong indices. Move the axes: `np.transpose`."""


@pytest.mark.parametrize(
    "exercise, slip, message",
    [
        ("conv2d", "flipped_kernel", FLIPPED_KERNEL),
        ("conv2d", "padding_all_after", PADDING_ALL_AFTER),
        ("correlate_or_convolve", "flipped_rows_only", FLIPPED_ROWS_ONLY),
        ("weight_from_torch_formula", "reshaped", RESHAPED),
    ],
)
def test_a_wrong_answer_is_explained(exercise, slip, message):
    with pytest.raises(WrongAnswer) as caught:
        getattr(checks, exercise)(slips.bank(exercise)[slip].function)
    assert str(caught.value) == message


def test_a_mistake_without_a_name_gets_no_name():
    def bias_subtracted(x, weight, bias=None, stride=1, padding=0):
        return operators.conv2d(x, weight, None if bias is None else -bias, stride, padding)

    with pytest.raises(WrongAnswer, match=r"110 \+ 61 \+ 10 \(bias\[0\]\) = 181\n") as caught:
        checks.conv2d(bias_subtracted)
    assert caught.value.slip == ""


def test_the_lesson_works_its_example_rightly():
    window, kernel = np.array([[0, 1, 2], [4, 5, 6]]), np.array([[1, 2, 3], [4, 5, 6]])
    results = checks.correlate_or_convolve.reference(window, kernel)
    assert [float(result.item()) for result in results] == [85, 41]


def test_the_predictions_are_what_happens():
    answers = {p.id: p.answer for p in manifest.lessons()["05_convolution"].predictions}
    kernel, impulse = np.arange(1, 7).reshape(2, 3), np.zeros((7, 7))
    impulse[3, 3] = 1
    around, _ = checks.correlate_or_convolve.reference(impulse, kernel)
    assert np.array_equal(around[2:4, 1:4], kernel[::-1, ::-1])
    assert answers["impulse_response"] == "turned"
    printed = np.zeros(answers["printed_weight_shape"])
    stored = checks.weight_from_torch_formula.reference(printed)
    assert stored.shape == (8, 3, 2, 5)
    assert answers["one_output_reads"] == np.zeros((5, 3, 4, 2))[0].size
    assert answers["full_convolution_parameters"] == np.zeros((64, 64, 2, 2)).size + 64
