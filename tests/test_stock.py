"""Stock nbgrader, without any step of ours, and the class run give honest students the same scores."""

import shutil
from pathlib import Path

import nbformat
import pytest
from here import Here

from autograder import doctor, grade, sample
from autograder.classroom import Class
from bench import grading
from strided import manifest

# What stock nbgrader breaks on, loses, or scores otherwise by design; all the others are honest.
NOT_FOR_STOCK = {
    "broken-file": "the run ends in a traceback",
    "crash": "every score of the notebook is lost",
    "deleted-test": "it waits for a person for ever",
    "duplicated-cell": "the whole class run aborts",
    "endless-loop": "it waits for each call",
    "memory-hog": "on a machine with that much memory it scores",
    "no-notebook": "it is skipped",
    "renamed-notebook": "it is skipped",
    "stripped-metadata": "it waits for a person for ever",
}


def hand_in(folder: Path, lesson: manifest.Lesson) -> list[str]:
    """The honest notebooks of a lesson in the sample class, each once; the students' names."""
    seen: dict[str, str] = {}
    for story in sample.students():
        if story.id in NOT_FOR_STOCK:
            continue
        notebook, _ = sample.submission(story, lesson)
        seen.setdefault(nbformat.writes(notebook), story.id)
    for text, student in seen.items():
        place = folder / "submitted" / student / lesson.name
        place.mkdir(parents=True)
        (place / f"{lesson.name}.ipynb").write_text(text, encoding="utf-8")
    return list(seen.values())


def test_what_stock_is_not_asked_to_grade_is_in_the_sample_class():
    assert NOT_FOR_STOCK.keys() < {story.id for story in sample.students()}


def faults(stock: dict, ours: dict) -> list[str]:
    """Where two tables of scores differ."""
    return [
        f"{key}: stock gives {stock.get(key)}, the class run {ours.get(key)}"
        for key in sorted(stock.keys() | ours.keys())
        if stock.get(key) != ours.get(key)
    ]


@pytest.mark.skipif(bool(doctor.missing()), reason=doctor.missing())
@pytest.mark.parametrize("name", list(manifest.lessons()))
def test_stock_nbgrader_gives_honest_students_the_same_scores(tmp_path, name):
    lesson = manifest.lessons()[name]
    ours, stock = tmp_path / "ours", tmp_path / "stock"
    students = hand_in(stock, lesson)
    shutil.copytree(stock / "submitted", ours / "submitted")
    grading.stock(stock, name)
    list(grade.grade(grade.Wanted([name], Class(ours)), Here()))
    expected = grading.scores(stock, name)
    assert {student for student, _ in expected} == set(students)
    assert len({expected[key] for key in expected}) > 1  # points are given, and not given
    assert faults(expected, grading.scores(ours, name)) == []


def test_another_score_is_seen():
    stock = {("ada", "test_conv2d"): 3.0, ("bob", "test_conv2d"): 0.0}
    assert faults(stock, dict(stock)) == []
    assert len(faults(stock, stock | {("bob", "test_conv2d"): 1.0})) == 1
    assert len(faults(stock, {("ada", "test_conv2d"): 3.0})) == 1
