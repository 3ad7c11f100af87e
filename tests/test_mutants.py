"""`autograder mutants`: it says what the tests let through, and fails when they do."""

import os
import sys

import numpy as np
import pytest

from autograder import answers as written
from autograder import mutants
from autograder.__main__ import main
from strided import checks, names, slips
from strided.checks.core import Award
from strided.slips import BANK

LESSON = "04_subsampling"


@pytest.fixture
def extra(monkeypatch):
    """Register one more slip for the time of a test."""

    def register(exercise: str, id: str, function, advice: str = "Nothing.") -> None:
        slips.bank(exercise)
        more = slips.Slip(exercise, id, "nothing wrong", advice, function)
        monkeypatch.setitem(BANK, exercise, {**BANK[exercise], id: more})

    return register


@pytest.fixture
def style(monkeypatch):
    """Write one more answer for the time of a test."""

    def add(exercise: str, name: str, text: str) -> None:
        more = {**written.answers(LESSON), (exercise, name): text}
        monkeypatch.setattr(mutants, "answers", lambda lesson: more)

    return add


def test_every_slip_and_every_answer_of_an_exercise_is_counted(capsys):
    assert main(["mutants", "layer_counts"]) == 0
    out = capsys.readouterr().out
    count = str(len(slips.bank("layer_counts")))
    row = next(line for line in out.splitlines() if "layer_counts" in line and "[" not in line)
    assert [word for word in row.split() if word.isdigit()] == [count] * 4 + ["5", "5"]
    assert "faults" not in out


def test_a_slip_that_is_right_is_a_fault_of_both_tests(capsys, extra):
    extra("average_as_subsampling", "harmless", checks.average_as_subsampling.reference)
    assert main(["mutants", "average_as_subsampling"]) == 1
    out = capsys.readouterr().out
    assert "average_as_subsampling: the visible check accepts the slip harmless." in out
    assert "average_as_subsampling: the hidden test accepts the slip harmless." in out
    assert "2 faults; STRIDED_SEED=" in out


def test_a_slip_that_only_a_seed_could_tell_is_a_fault_of_the_hidden_test(capsys, extra):
    cases = checks.average_as_subsampling.cases

    def wrong_where_it_shows(channels, kernel_size):
        weight, bias = checks.average_as_subsampling.reference(channels, kernel_size)
        return weight, bias + any((channels, kernel_size) == case.args for case in cases)

    extra("average_as_subsampling", "only_here", wrong_where_it_shows)
    assert main(["mutants", "average_as_subsampling"]) == 1
    out = capsys.readouterr().out
    assert "the hidden test accepts the slip only_here" in out
    assert "visible check accepts" not in out


def test_slips_without_a_name_of_their_own_are_a_fault_where_they_are_many(capsys, extra):
    twin = next(iter(slips.bank("layer_counts").values()))
    extra("layer_counts", "twin", twin.function)
    assert main(["mutants", "layer_counts"]) == 1
    out = capsys.readouterr().out
    assert f"the slip twin is named {twin.id} or twin." in out
    assert "Fewer than 95% of the slips are named." in out


def test_a_rejected_right_answer_is_a_fault(capsys, style):
    style("layer_counts", "odd", "def layer_counts(layer):\n    return {}[layer]\n")
    assert main(["mutants", "layer_counts"]) == 1
    out = capsys.readouterr().out
    assert "layer_counts: the right answer odd is rejected:" in out and "[0, 0]" not in out
    assert "1 faults" in out


def test_an_exercise_answered_with_data_counts_too(capsys, extra):
    assert main(["mutants", "name_the_step"]) == 0
    assert "has none" in capsys.readouterr().out
    right = {line: s.meaning for line, s in names.SNIPPETS.items()}
    extra("name_the_step", "right", right)
    assert main(["mutants", "name_the_step"]) == 1


def test_an_unknown_exercise_is_told_in_a_sentence(capsys):
    assert main(["mutants", "conv"]) == 2
    assert "There is no exercise conv; the exercises are " in capsys.readouterr().err
    with pytest.raises(ValueError, match="no exercise 'conv'"):
        mutants.survey("conv", 1)


def test_exercises_are_surveyed_side_by_side():
    found = list(mutants.surveys(["layer_counts", "keep_every"], seed=3))
    assert sorted(survey.exercise for survey in found) == ["keep_every", "layer_counts"]
    assert all(survey.faults == () and survey.right >= 5 for survey in found)


@pytest.mark.parametrize(
    "source, exercise, error",
    [
        ("def conv2d(x, w): return operators.conv2d(x, w)", "conv2d", NameError),
        ("from strided import operators\ndef conv2d(x, w): return x", "conv2d", ImportError),
        ("def conv2d(x, w):\n    import strided.operators", "conv2d", ImportError),
        ("def conv2d(x, w):\n    import torch", "conv2d", ImportError),
        (
            "def blur_subsample(x, w): return operators.avg_pool2d(x, 2)",
            "blur_subsample",
            AttributeError,
        ),
        (
            "def blur_subsample(x, w): return operators.conv2d(x, w, stride=2)",
            "blur_subsample",
            ValueError,
        ),
    ],
)
def test_an_answer_gets_only_what_its_lesson_lends(source, exercise, error):
    x = np.ones((1, 1, 4, 4))
    with pytest.raises(error):
        mutants.defined(source, exercise)(x, x)


@pytest.mark.parametrize(
    "source",
    [
        "def blur_subsample(x, w): return operators.conv2d(x, w)",
        "def blur_subsample(x, w):\n    from strided import operators\n    return operators.conv2d(x, w)",
        "from strided.operators import conv2d\ndef blur_subsample(x, w): return conv2d(x, w)",
    ],
)
def test_an_answer_gets_what_its_lesson_lends(source):
    x = np.ones((1, 1, 4, 4))
    assert mutants.defined(source, "blur_subsample")(x, x) == 16


def test_the_seed_is_set_for_the_hidden_tests_only(monkeypatch):
    monkeypatch.delenv("STRIDED_SEED", raising=False)
    mutants.survey("layer_counts", seed=7)
    assert "STRIDED_SEED" not in os.environ
    monkeypatch.setenv("STRIDED_SEED", "5")
    mutants.survey("layer_counts", seed=7)
    assert os.environ["STRIDED_SEED"] == "5"


def test_part_of_the_points_is_a_rejection_and_advice_in_passing_counts():
    def part(answer):
        sys.displayhook(Award(1))

    def saying(answer):
        print("Mind the\n  gap.")

    slip = slips.Slip("x", "id", "a gap", "Mind the gap.", None)
    assert not mutants.judged(part, None, points=2).accepted
    assert mutants.judged(part, None, points=1).accepted
    assert mutants.examined(saying, slip, 1).slip == "id"
    assert mutants.judged(saying, None, 1).accepted
