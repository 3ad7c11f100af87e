"""What a check says to a wrong answer: in order, complete as text, and never to a right one."""

import sys

import numpy as np
import pytest

from strided import checks, operators
from strided.checks.core import Award, Case, Check, WrongAnswer, award, case
from strided.slips import BANK
from strided.slips.core import Slip


def told(check, answer) -> WrongAnswer:
    """The verdict on a wrong answer."""
    with pytest.raises(WrongAnswer) as caught:
        check(answer)
    message = str(caught.value)
    assert all(len(line) < 80 for line in message.splitlines()), message
    return caught.value


def test_a_wrong_value_is_told_with_window_and_slip():
    def flipped(x, weight, bias=None, stride=1, padding=0):
        return operators.conv2d(x, weight[..., ::-1, ::-1], bias, stride, padding)

    wrong = told(checks.conv2d, flipped)
    lines = str(wrong).splitlines()
    assert lines[0].startswith("conv2d(x 1x1x5x7, weight 1x1x2x3")
    assert "outputs differ; the first is out[0, 0, 0, 0]" in lines[1]
    assert lines[2].startswith("  got ") and ", expected " in lines[2]
    assert "it must read x[0, :, 0:2, 0:3]" in lines[3]
    assert "flipped kernel" in lines[-3] + lines[-2]
    assert wrong.slip == "flipped_kernel" and wrong.status == "failed"


def test_a_wrong_shape_is_told_with_its_formula():
    def short(x, weight, bias=None, stride=1, padding=0):
        return operators.conv2d(x, weight, bias, stride, padding)[..., :-1]

    message = str(told(checks.conv2d, short))
    assert "out has shape (1, 1, 4, 4), expected (1, 1, 4, 5)" in message
    assert "width = floor((7 + 2*0 - 3) / 1) + 1 = 5" in message


def test_what_is_no_result_is_told_in_one_line():
    assert "returned None" in str(told(checks.conv2d, lambda *a, **k: None))
    assert "yours is a str" in str(told(checks.conv2d, lambda *a, **k: "12"))
    assert "not a function" in str(told(checks.conv2d, 12))


def test_an_unwritten_answer_is_blank_and_a_raising_one_an_error():
    def unwritten(*args, **kwargs):
        raise NotImplementedError()

    def raising(*args, **kwargs):
        return 1 / 0

    wrong = told(checks.conv2d, unwritten)
    assert wrong.status == "blank" and "not written yet" in str(wrong)
    wrong = told(checks.conv2d, raising)
    assert wrong.status == "error" and "ZeroDivisionError: division by zero" in str(wrong)


def test_a_changed_input_is_told_by_name():
    def spoiling(x, weight, bias=None, stride=1, padding=0):
        out = operators.conv2d(x, weight, bias, stride, padding)
        weight *= 2
        return out

    assert "changed its input weight" in str(told(checks.conv2d, spoiling))


@pytest.mark.parametrize(
    "dress",
    [
        lambda out: out.astype(np.float32),
        lambda out: out.tolist(),
        lambda out: tuple(out),
        np.asfortranarray,
        lambda out: out + 1e-7,
    ],
)
def test_a_right_answer_may_come_in_any_dress(dress):
    assert checks.conv2d(lambda *a, **k: dress(operators.conv2d(*a, **k))) is True


def test_right_answers_print_one_line_and_nothing_on_stderr(capfd):
    def warning(*args, **kwargs):
        print("careful", file=sys.stderr)
        return operators.conv2d(*args, **kwargs)

    checks.conv2d(warning)
    out, err = capfd.readouterr()
    assert out.splitlines()[-1].startswith("conv2d: all ") and err == ""


PAIRS = Check(
    "pairs",
    reference=lambda x: (x + 1, x * 2),
    arguments=("x",),
    parts=("more", "double"),
    cases=(case(np.array([[1.0, 2.0]])), Case(("no",), raises=ValueError, mentions=("no",))),
)


def test_parts_and_expected_errors_are_compared(monkeypatch):
    monkeypatch.setattr("strided.slips.bank", lambda exercise: {})

    def right(x):
        if isinstance(x, str):
            raise ValueError("no!")
        return [x + 1, x * 2]

    assert PAIRS(right) is True
    assert "2 results: (more, double)" in str(told(PAIRS, lambda x: x))
    assert "the first is double[0, 0]" in str(told(PAIRS, lambda x: (x + 1, x * 3)))

    def silent(x):
        return right(x) if not isinstance(x, str) else "no"

    assert "expected a ValueError whose message mentions 'no'" in str(told(PAIRS, silent))


def test_slips_that_nothing_tells_apart_are_told_as_either_or(monkeypatch):
    def doubled(x):
        return 2 * x

    twins = {
        id: Slip("square", id, gives=f"the {id} way", advice=f"Not {id}.", function=doubled)
        for id in ("first", "second")
    }
    monkeypatch.setattr("strided.slips.bank", lambda exercise: twins)
    square = Check("square", lambda x: x * x, ("x",), (case(np.array([[3.0]])),))
    wrong = told(square, lambda x: x + x)
    assert "exactly what either the first way or the second way gives" in str(wrong)
    assert wrong.slip == "first|second"


def test_an_award_shows_as_the_number_nbgrader_reads(monkeypatch):
    shown = []
    monkeypatch.setattr(sys, "displayhook", shown.append)
    award("conv2d", 0.5, "some_slip")
    assert isinstance(shown[0], Award) and shown[0].slip == "some_slip"
    assert float(repr(shown[0])) == float(shown[0]) > 0


def test_every_slip_of_the_bank_belongs_to_an_exercise_of_the_manifest():
    from strided import manifest

    assert set(BANK) <= set(manifest.exercises())


def test_a_count_is_right_or_wrong_and_never_nearly_right():
    from strided.checks.core import same

    assert same(151600.0, 151600) and same(np.int32(7), 7)
    assert not same(151615, 151600) and not same(12.001, 12)
    assert same(0.1 + 1e-7, 0.1)


def test_numbers_in_an_object_array_are_numbers_and_nothing_is_not():
    from strided.checks.core import as_array

    assert as_array(np.array([1, 2.5], dtype=object)).tolist() == [1, 2.5]
    assert as_array(None) is None and as_array([1, "a"]) is None and as_array([None]) is None
