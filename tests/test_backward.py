"""Lesson 07 beyond what holds for every lesson: messages, worked numbers, predictions."""

import numpy as np
import pytest

from strided import checks, geometry, manifest, operators, slips
from strided.checks.core import WrongAnswer

ASSIGNED = """\
avg_pool2d_backward(grad_output 1x1x4x3, x_shape=(1, 1, 5, 8),
    kernel_size=(2, 3), stride=(1, 2))
  23 of 40 outputs differ; the first is grad_input[0, 0, 0, 2]
  got 1, expected -3
  x[0, 0, 0, 2] was read by out[0, 0, 0, 0] and out[0, 0, 0, 1]:
    grad_output[0, 0, 0, 0] / 6 = -24 / 6 = -4
    grad_output[0, 0, 0, 1] / 6 = 6 / 6 = 1
  all of them added up: -3
  Your output is exactly what assigning gradients where windows overlap (`=`
  for `+=`) gives.
  The last window to come by overwrites what the others sent. Add to what is
  there: `+=`."""

UNREAD = "no window reads x[0, 0, 0, 7]: it must be 0"


def explanation(exercise: str, answer) -> str:
    with pytest.raises(WrongAnswer) as caught:
        getattr(checks, exercise)(answer)
    return str(caught.value)


def test_a_wrong_gradient_is_explained():
    slip = slips.bank("avg_pool2d_backward")["assigned_not_added"]
    assert explanation("avg_pool2d_backward", slip.function) == ASSIGNED


@pytest.mark.parametrize("exercise", ["avg_pool2d_backward", "subsample2d_backward"])
def test_an_unread_pixel_is_explained(exercise):
    slip = slips.bank(exercise)["unread_border_filled"]
    assert UNREAD in explanation(exercise, slip.function)


def test_the_numbers_of_a_shared_weight_are_shown_for_every_image():
    slip = slips.bank("subsample2d_backward")["first_image_only"]
    message = explanation("subsample2d_backward", slip.function)
    call = checks.subsample2d_backward.cases[3]
    grad_output, x = call.args[:2]
    sums = operators.subsample2d(x, np.ones(2), np.zeros(2), (2, 3), (3, 2))
    parts = (grad_output * sums)[:, 0].sum(axis=(1, 2)).astype(int)
    assert f"and add up: {parts[0]} + {parts[1]} = {parts.sum()}" in message
    assert message.count("the windows' sums times grad_output[") == 2


@pytest.mark.parametrize("name", ["conv2d_backward", "subsample2d_backward"])
@pytest.mark.parametrize("part", [0, 1, 2])
def test_what_is_said_to_add_up_does(name, part):
    """Every explanation ends with the number that was expected."""
    check = getattr(checks, name)
    for call in check.cases:
        right = check.reference(*call.args, **call.kwargs)[part]
        for index in list(np.ndindex(right.shape))[:: max(1, right.size // 12)]:
            text = check.reads(call, (part, *index))
            last = text.splitlines()[-1].rstrip()
            if "no window reads" in text:
                assert right[index] == 0
            else:
                assert float(last.split()[-1]) == pytest.approx(right[index], rel=1e-4)


def test_a_mistake_without_a_name_gets_no_name():
    def subtracted(grad_output, x, weight, stride=1, padding=0):
        grads = operators.conv2d_backward(grad_output, x, weight, stride, padding)
        return grads[0], -grads[1], grads[2]

    message = explanation("conv2d_backward", subtracted)
    assert "weight[0, 0, 0, 0] met one pixel for each output:" in message
    assert "Your output is exactly what" not in message


def test_the_lesson_works_its_example_rightly():
    assert geometry.coverage(5, 3, 2, 1).tolist() == [1, 2, 1, 2, 1]
    assert geometry.output_size(7, 3, 2) == geometry.output_size(8, 3, 2) == 3


def test_the_predictions_are_what_happens():
    answers = {p.id: p.answer for p in manifest.lessons()["07_backward"].predictions}
    assert answers["row_coverage"] == geometry.coverage(7, 4, 2).tolist()
    row = np.array([4.0, 6, 2, 8]).reshape(1, 1, 4)
    shared = operators.avg_pool2d_backward(row, (1, 1, 5), (1, 2), 1)
    assert answers["pixel_gradient"] == shared[0, 0, 2]
    ones, x = np.ones((2, 1, 3, 4)), np.zeros((2, 1, 4, 6))
    bias = operators.subsample2d_backward(ones, x, np.ones(1), (2, 3))[2]
    assert answers["bias_gradient"] == bias[0]
    kernel, one = np.arange(6.0).reshape(1, 1, 2, 3), np.zeros((1, 1, 4, 5))
    one[0, 0, 1, 2] = 1
    back = operators.conv2d_backward(one, np.zeros((1, 1, 5, 7)), kernel)[0]
    assert np.array_equal(back[0, 0, 1:3, 2:5], kernel[0, 0])
    assert answers["backward_impulse"] == "as it is"
    even = [k for k in (3, 4, 5) if np.ptp(geometry.coverage(30, k, 2)[5:-5]) == 0]
    assert even == [answers["even_kernel"]]


def test_a_backward_pass_of_ones_passes_the_test_of_a_sum():
    ignoring = slips.bank("conv2d_backward")["cotangent_ignored"].function
    x, weight = checks.conv2d_backward.cases[1].args[1:]
    ones = np.ones(operators.conv2d(x, weight).shape)
    right = operators.conv2d_backward(ones, x, weight)
    assert all(map(np.array_equal, ignoring(ones, x, weight), right))
    answers = {p.id: p.answer for p in manifest.lessons()["07_backward"].predictions}
    assert answers["sum_loss"] == "yes"
