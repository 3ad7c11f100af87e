"""The manifest: what it may leave out, and what it is told of."""

import re

import pytest

from autograder.__main__ import main
from strided import manifest
from strided.manifest import ManifestError, parse

LESSON = """
[[lesson]]
name = "10_sums"
title = "Add numbers"
minutes = 5

[[lesson.exercise]]
id = "total"
points = 1
minutes = 5
hints = ["What is 1 + 1?"]

[[lesson.prediction]]
id = "two"
answer = [2, 3]
why = "Count."

[[lesson.quiz]]
question = "Which?"
choices = ["this", "that"]
answer = "this"
why = "Look."

[[lesson.manual]]
id = "essay"
points = 2
minutes = 9
rubric = ["one point", "another"]
"""


def without(key: str, table: str = "[[lesson]]") -> str:
    """The lesson's section without a key of one of its tables."""
    before, head, after = LESSON.partition(table)
    return before + head + re.sub(rf"^{key} = .*\n", "", after, count=1, flags=re.M)


def test_a_section_is_read_whole():
    lesson = parse(LESSON)["10_sums"]
    assert (lesson.title, lesson.minutes, lesson.module, lesson.points) == (
        "Add numbers",
        5,
        "sums",
        3,
    )
    assert lesson.exercises == (manifest.Exercise("total", 1, 5, ("What is 1 + 1?",)),)
    assert lesson.predictions == (manifest.Prediction("two", [2, 3], "Count."),)
    assert lesson.quiz == (manifest.Question("Which?", ("this", "that"), "this", "Look."),)
    assert lesson.manual == (manifest.Manual("essay", 2, 9, ("one point", "another")),)


def test_tables_may_be_left_out():
    lesson = parse(LESSON.partition("[[lesson.exercise]]")[0])["10_sums"]
    assert (lesson.exercises, lesson.manual, lesson.predictions, lesson.quiz) == ((), (), (), ())


@pytest.mark.parametrize(
    "text, words",
    [
        (without("name"), "lesson 1 needs the key 'name'"),
        (without("title"), "10_sums needs the key 'title'"),
        (without("minutes"), "10_sums needs the key 'minutes'"),
        (without("hints", "[[lesson.exercise]]"), "exercise 1 of 10_sums needs the key 'hints'"),
        (without("id", "[[lesson.prediction]]"), "prediction 1 of 10_sums needs the key 'id'"),
        (without("why", "[[lesson.quiz]]"), "quiz 1 of 10_sums needs the key 'why'"),
        (without("rubric", "[[lesson.manual]]"), "manual 1 of 10_sums needs the key 'rubric'"),
        (LESSON.replace("10_sums", "10_try"), "'10_try', but 'try' is a keyword"),
        (LESSON.replace("10_sums", "sums"), "'sums'; a name is two digits"),
        (LESSON.replace("10_sums", "10_more sums"), "'10_more sums'; a name is two digits"),
        (LESSON.replace("10_sums", "1_sums"), "'1_sums'; a name is two digits"),
        (LESSON.replace("id = ", "id "), "lessons.toml is no TOML: "),
    ],
)
def test_a_faulty_section_is_told_in_a_sentence(text, words):
    with pytest.raises(ManifestError) as caught:
        parse(text)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_every_command_says_what_is_wrong_with_the_manifest(monkeypatch, capsys):
    monkeypatch.setattr(manifest, "exercises", lambda: parse(without("title")))
    assert main(["mutants"]) == 2
    assert capsys.readouterr().err == "lessons.toml: 10_sums needs the key 'title'.\n"


def test_the_lesson_of_an_exercise():
    assert manifest.lesson_of("conv2d").name == "05_convolution"
    with pytest.raises(ValueError, match="no exercise 'conv'"):
        manifest.lesson_of("conv")
