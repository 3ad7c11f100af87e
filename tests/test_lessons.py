"""The course itself: every lesson's solution, stub, check, hidden test, slips and answers agree."""

import dataclasses
import re
from importlib import import_module

import pytest

from autograder import build
from autograder.answers import answers
from autograder.mutants import defined, examined, judged
from strided import checks, manifest, slips
from strided.checks.core import WrongAnswer

LESSONS = manifest.lessons()
EXERCISES = [
    pytest.param(lesson, exercise, id=f"{lesson.name}-{exercise.id}")
    for lesson in LESSONS.values()
    for exercise in lesson.exercises
]
SLIPS = [
    pytest.param(lesson, slip, id=f"{lesson.name}-{slip.exercise}-{slip.id}")
    for lesson in LESSONS.values()
    for exercise in lesson.exercises
    for slip in slips.bank(exercise.id).values()
]
ANSWERS = [
    pytest.param(lesson, exercise, style, id=f"{lesson.name}-{exercise}-{style}")
    for lesson in LESSONS.values()
    for exercise, style in answers(lesson.name)
]


def hidden_test(lesson, slip):
    """The hidden test of a slip's exercise, or None where the visible check is the whole test."""
    return getattr(import_module(f"autograder.hidden.{lesson.module}"), slip.exercise, None)


def grade(lesson, exercise: str, answer) -> None:
    """Run the whole test cell of an exercise, hidden half included, on an answer."""
    notebook = build.read_lesson(lesson)
    source = next(cell.source for cell in notebook.cells if cell.id == f"test_{exercise}")
    exec(source, {exercise: answer, "checks": checks})


def solution(lesson, exercise: str):
    """The reference answer in the lesson's own text, which may call those of earlier exercises."""
    cells = build.read_lesson(lesson).cells
    ids = [cell.id for cell in cells]
    earlier = [e.id for e in lesson.exercises if ids.index(e.id) <= ids.index(exercise)]
    return defined("\n\n".join(cell.source for cell in cells if cell.id in earlier), exercise)


@pytest.mark.parametrize("lesson, exercise", EXERCISES)
def test_the_solution_is_right_and_its_check_says_so(lesson, exercise, capsys):
    grade(lesson, exercise.id, solution(lesson, exercise.id))
    said = capsys.readouterr().out.splitlines()
    assert any(line.startswith(f"{exercise.id}: all ") for line in said), said


@pytest.mark.parametrize("lesson, exercise, style", ANSWERS)
def test_an_answer_is_judged_as_its_style_says(lesson, exercise, style):
    answer = defined(answers(lesson.name)[exercise, style], exercise)
    if not style.startswith("slip:"):
        grade(lesson, exercise, answer)
        return
    with pytest.raises(WrongAnswer) as caught:
        grade(lesson, exercise, answer)
    assert caught.value.slip == style.removeprefix("slip:")


@pytest.mark.parametrize("lesson, exercise", EXERCISES)
def test_a_function_has_five_right_answers_and_data_one(lesson, exercise):
    styles = {
        style: text
        for (id, style), text in answers(lesson.name).items()
        if id == exercise.id and not style.startswith("slip:")
    }
    made = [defined(text, exercise.id) for text in styles.values()]
    # Data that is right has one form.
    assert len(made) >= (5 if callable(made[0]) else 1), f"only {list(styles)}"


@pytest.mark.parametrize("lesson, slip", SLIPS)
def test_a_slip_is_rejected_and_named_by_the_visible_check(lesson, slip):
    points = manifest.exercises()[slip.exercise].points
    verdict = examined(getattr(checks, slip.exercise), slip, points)
    assert not verdict.accepted, "it passes"
    message = verdict.text
    assert verdict.slip == slip.id, message
    assert " ".join(slip.advice.split()) in " ".join(message.split())
    assert all(len(line) < 80 for line in message.splitlines()), message


@pytest.mark.parametrize("lesson, slip", [p for p in SLIPS if hidden_test(*p.values)])
def test_a_slip_is_rejected_by_the_hidden_test(lesson, slip):
    points = manifest.exercises()[slip.exercise].points
    verdict = judged(hidden_test(lesson, slip), slip.function, points)
    assert not verdict.accepted, "it passes"


OPERATORS = {"avg_pool2d", "subsample2d", "conv2d", "conv2d_groups"}
OPERATORS |= {"avg_pool2d_backward", "subsample2d_backward", "conv2d_backward"}


@pytest.mark.parametrize("lesson, exercise", EXERCISES)
def test_there_are_enough_slips(lesson, exercise):
    least = 12 if exercise.id in OPERATORS else 4
    count = len(slips.bank(exercise.id))
    assert count >= least, f"{exercise.id} has {count} slips and needs {least}"


def test_the_bank_is_large():
    least = 120  # what the course promises; there are more
    assert sum(len(slips.bank(exercise)) for exercise in manifest.exercises()) >= least


def missing(lesson: manifest.Lesson, notebook) -> list[str]:
    """What a lesson's text and its section of the manifest lack, in a few words each."""
    text = "\n".join(cell.source for cell in notebook.cells)
    wanted = ["**What you'll do.**", "**What you'll learn.**", "**What you need.**"]
    wanted += [f"About {lesson.minutes} minutes"]
    lacking = [words for words in wanted if words not in notebook.cells[0].source]
    lacking += [h for h in ("## Take away", "## Sources") if not re.search(f"^{h}", text, re.M)]
    calls = [f'predict("{prediction.id}"' for prediction in lesson.predictions]
    lacking += [call for call in [*calls, f'wrap_up("{lesson.name}")'] if call not in text]
    lacking += [f"hints of {e.id}" for e in lesson.exercises if not e.hints or not all(e.hints)]
    lacking += [] if lesson.predictions else ["a prediction"]
    lacking += [] if lesson.quiz else ["a quiz"]
    for question in lesson.quiz:
        if question.answer not in question.choices or not question.why:
            lacking.append(f"an answer to {question.question!r}")
    return lacking


@pytest.mark.parametrize("lesson", [pytest.param(v, id=k) for k, v in LESSONS.items()])
def test_the_text_is_whole(lesson):
    assert missing(lesson, build.read_lesson(lesson)) == []


def test_what_is_missing_is_seen():
    lesson = LESSONS["05_convolution"]
    notebook = build.read_lesson(lesson)
    first = dataclasses.replace(lesson.exercises[0], hints=("",))
    unanswered = dataclasses.replace(lesson.quiz[0], answer="none of these")
    for poorer, words in (
        (dataclasses.replace(lesson, exercises=(first,)), f"hints of {first.id}"),
        (dataclasses.replace(lesson, quiz=()), "a quiz"),
        (dataclasses.replace(lesson, quiz=(unanswered,)), "an answer to"),
        (dataclasses.replace(lesson, predictions=()), "a prediction"),
        (dataclasses.replace(lesson, minutes=7), "About 7 minutes"),
    ):
        assert [words in lack for lack in missing(poorer, notebook)] == [True]
    del notebook.cells[-1]
    assert missing(lesson, notebook) == ["## Sources"]


def test_a_slip_that_is_right_or_goes_by_another_name_is_seen():
    lesson = LESSONS["05_convolution"]
    right = slips.Slip("conv2d", "harmless", "nothing", "Nothing.", checks.conv2d.reference)
    with pytest.raises(AssertionError, match="it passes"):
        test_a_slip_is_rejected_and_named_by_the_visible_check(lesson, right)
    with pytest.raises(AssertionError, match="it passes"):
        test_a_slip_is_rejected_by_the_hidden_test(lesson, right)
    known = slips.bank("conv2d")["flipped_kernel"]
    with pytest.raises(AssertionError, match="flipped kernel"):
        test_a_slip_is_rejected_and_named_by_the_visible_check(
            lesson, dataclasses.replace(known, id="renamed")
        )


@pytest.mark.parametrize("lesson", [pytest.param(v, id=k) for k, v in LESSONS.items()])
def test_cells_are_short_and_quiet(lesson):
    for cell in build.read_lesson(lesson).cells:
        if cell.cell_type != "code":
            continue
        assert len(cell.source.splitlines()) <= 40, cell.id
        if cell.id.startswith("test_"):
            assert not build.ends_in_expression(cell.source), cell.id
