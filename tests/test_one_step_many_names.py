"""Lesson 01 where the general tests do not reach: the answer that is data, and the phase."""

import re
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder import build
from strided import checks, compare, manifest, names, phase, slips
from strided.checks.core import WrongAnswer

RIGHT = {line: snippet.meaning for line, snippet in names.SNIPPETS.items()}
POINTS = manifest.exercises()["name_the_step"].points
LESSON = manifest.lessons()["01_one_step_many_names"]


def wrong_choices(id: str) -> dict[str, str]:
    """What a slip of `name_the_step` answers wrongly."""
    answers = slips.bank("name_the_step")[id].function
    return {line: choice for line, choice in answers.items() if RIGHT[line] != choice}


@pytest.fixture
def awards(monkeypatch):
    """What was displayed as a score."""
    shown: list = []
    monkeypatch.setattr(sys, "displayhook", shown.append)
    return shown


def test_all_right_displays_no_number(awards, capsys):
    assert checks.name_the_step(RIGHT) is True
    assert awards == []
    assert "all 12 answers are right" in capsys.readouterr().out


@pytest.mark.parametrize("line", names.SNIPPETS)
def test_one_wrong_line_costs_a_twelfth_and_says_why(awards, capsys, line):
    wrong = "keep" if RIGHT[line] == "memory" else "memory"
    assert checks.name_the_step(RIGHT | {line: wrong}) is True
    assert [float(a) for a in awards] == [round(POINTS * 11 / 12, 2)]
    said = capsys.readouterr().out
    assert "11 of 12" in said and line in said
    assert names.SNIPPETS[line].why in " ".join(said.split())
    assert all(len(text) < 80 for text in said.splitlines())


def test_all_wrong_gives_no_points(awards):
    wrong = {line: "enlarge" if word != "enlarge" else "keep" for line, word in RIGHT.items()}
    assert checks.name_the_step(wrong) is True
    assert [repr(a) for a in awards] == ["0"]


def test_a_line_left_open_costs_its_share_only(awards, capsys):
    first = next(iter(RIGHT))
    assert checks.name_the_step(RIGHT | {first: ...}) is True
    assert [float(a) for a in awards] == [round(POINTS * 11 / 12, 2)]
    said = capsys.readouterr().out
    assert "not answered yet" in said and names.SNIPPETS[first].why not in " ".join(said.split())


@pytest.mark.parametrize("id", slips.bank("name_the_step"))
def test_a_slip_is_recognised_by_its_choices(awards, capsys, id):
    slip = slips.bank("name_the_step")[id]
    assert wrong_choices(id) and set(slip.function.values()) <= set(names.MEANINGS)
    checks.name_the_step(slip.function)
    assert [a.slip for a in awards] == [id]
    assert slip.advice in " ".join(capsys.readouterr().out.split())


def test_two_slips_at_once_are_both_recognised(awards):
    both = ["deconvolution_shrinks", "memory_taken_for_window"]
    checks.name_the_step(RIGHT | wrong_choices(both[0]) | wrong_choices(both[1]))
    assert [a.slip for a in awards] == ["|".join(both)]


def test_half_a_slip_is_not_recognised(awards):
    checks.name_the_step(RIGHT | {"NumPy: x.strides": "window"})
    assert [a.slip for a in awards] == [""]


@pytest.mark.parametrize(
    "answers, status, words",
    [
        (dict.fromkeys(RIGHT, ...), "blank", "not answered yet"),
        (list(RIGHT.values()), "error", "must be a dict"),
        (..., "error", "must be a dict"),
        ({k: v for k, v in RIGHT.items() if k != "NumPy: x.strides"}, "failed", "no answer for"),
    ],
)
def test_what_cannot_be_marked_is_told_in_a_sentence(awards, answers, status, words):
    with pytest.raises(WrongAnswer) as caught:
        checks.name_the_step(answers)
    assert caught.value.status == status and words in str(caught.value)
    assert all(len(line) < 80 for line in str(caught.value).splitlines())
    assert awards == []


def test_the_released_cell_defines_twelve_open_answers():
    source = next(c.source for c in build.read_lesson(LESSON).cells if c.id == "name_the_step")
    stub = re.sub(r"### BEGIN.*", "raise NotImplementedError()", source, flags=re.S)
    released: dict = {}
    with pytest.raises(NotImplementedError):
        exec(stub, released)
    assert released["name_the_step"] == dict.fromkeys(RIGHT, ...)


# ---------------------------------------------------------------- phase and comparison

SIZES, PAIRS = st.integers(1, 12), st.tuples(st.integers(1, 4), st.integers(1, 4))
PHASES = st.tuples(st.integers(0, 5), st.integers(0, 5))


@given(SIZES, SIZES, PAIRS, PAIRS, PHASES, PHASES)
def test_keeping_twice_multiplies_strides_and_carries_phases(height, width, a, b, p, q):
    y = np.arange(2.0 * height * width).reshape(2, height, width)
    stride = (a[0] * b[0], a[1] * b[1])
    first = (p[0] + a[0] * q[0], p[1] + a[1] * q[1])
    twice = phase.keep_every(phase.keep_every(y, a, p), b, q)
    np.testing.assert_array_equal(twice, phase.keep_every(y, stride, first))


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ((np.zeros(3), 2), ValueError, "two axes"),
        ((np.zeros((3, 4)), (0, 1)), ValueError, r"stride\[0\] must be at least 1"),
        ((np.zeros((3, 4)), 2, (0, -1)), ValueError, r"phase\[1\] must be at least 0"),
        ((np.zeros((3, 4)), 1.5), TypeError, "stride"),
    ],
)
def test_bad_settings_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        phase.keep_every(*arguments)


@pytest.mark.parametrize("exercise", ["keep_every", "strided_from_dense"])
def test_both_have_a_counterpart_in_torch(exercise):
    shown = repr(compare.with_torch(exercise, getattr(checks, exercise).reference))
    assert float(shown.partition("Largest difference: ")[2].partition(",")[0]) < 1e-12


@pytest.mark.parametrize("answer", ["bytes", ["memory"], np.arange(3), 7])
def test_an_answer_that_is_no_choice_costs_its_own_line_only(awards, capsys, answer):
    assert checks.name_the_step(RIGHT | {"NumPy: x.strides": answer})
    assert float(awards[0]) == 2.75
    printed = capsys.readouterr().out
    assert "which is none of 'window', 'keep'" in " ".join(printed.split())
    assert all(len(line) < 80 for line in printed.splitlines())


def test_capitals_and_spaces_around_a_word_do_not_matter(awards):
    assert checks.name_the_step({line: f" {word.title()}" for line, word in RIGHT.items()})
    assert awards == []
