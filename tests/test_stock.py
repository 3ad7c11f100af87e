"""Stock nbgrader, without any step of ours, and the class run give honest students the same scores."""

import shutil

import here
import pytest
from here import Here

from autograder import doctor, grade, sample
from autograder.classroom import Class
from bench import grading
from strided import manifest

STORIES = {story.id: story for story in sample.students()}
EVERYWHERE = ["as-strided", "slip-01", "half-done"]
# In these lessons, every honest kind of student there is; elsewhere, one who is right, wrong, unfinished.
MORE = {
    "01_one_step_many_names": ["partly-right", "blank", "extra-cells", "warnings"],
    "05_convolution": [
        "slip-02",
        "blank",
        "extra-cells",
        "warnings",
        "exception",
        "returns-nothing",
    ],
    "09_porting_lab": ["slip-02"],
}


def hand_in(folder, lesson: manifest.Lesson) -> list[str]:
    """The honest students' notebooks of a lesson; their names."""
    students = EVERYWHERE + MORE.get(lesson.name, [])
    for student in students:
        notebook, _ = sample.submission(STORIES[student], lesson)
        here.hand_in(Class(folder), student, lesson.name, notebook)
    return students


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
