"""A question that a person grades: from the submission by way of formgrader's grade to the student's page."""

import copy

import nbformat
import pytest
from here import Here
from nbgrader.api import Gradebook

from autograder import grade
from autograder.classroom import Class
from autograder.notebooks import cells_by_id, released
from strided import manifest

LESSON = manifest.lessons()["06_channel_mixing"]
QUESTION = LESSON.manual[0]


class Told(grade.Watcher):
    """Remembers how many answers wait."""

    def waiting(self, number):
        self.number = number


@pytest.fixture
def room(tmp_path) -> Class:
    for student, answer in (("ada", "One is always a case of the other."), ("bob", "")):
        notebook = copy.deepcopy(released(LESSON.name))
        if answer:
            cells_by_id(notebook)[QUESTION.id].source = answer
        place = tmp_path / "submitted" / student / LESSON.name / f"{LESSON.name}.ipynb"
        place.parent.mkdir(parents=True)
        nbformat.write(notebook, place)
    return Class(tmp_path)


def run(room: Class, trusted: bool) -> tuple[dict, int]:
    told = Told()
    wanted = grade.Wanted([LESSON.name], room, trusted=trusted)
    rows = grade.grade(wanted, Here(), told)
    return {row.student_id: row for row in rows if row.exercise == QUESTION.id}, told.number


def test_an_answer_waits_is_read_and_its_grade_reaches_the_student(room, trusted):
    rows, waiting = run(room, trusted)
    assert waiting == 1 and set(rows) == {"bob"}
    assert (rows["bob"].score, rows["bob"].status) == (0, "blank")
    page = room.feedback("ada", LESSON.name)
    assert f"{QUESTION.points} more to be read" in page.read_text()
    notebook = nbformat.read(room.autograded("ada", LESSON.name), as_version=4)
    assert QUESTION.rubric[0] in cells_by_id(notebook)[f"rubric_{QUESTION.id}"].source

    with Gradebook(f"sqlite:///{room.folder / 'gradebook.db'}", "strided") as gradebook:
        place = (QUESTION.id, LESSON.name, LESSON.name, "ada")
        given, comment = gradebook.find_grade(*place), gradebook.find_comment(*place)
        assert given.needs_manual_grade
        given.manual_score, given.needs_manual_grade = 2, False  # as formgrader does
        comment.manual_comment = "Which weight?"
        gradebook.db.commit()
        assert not gradebook.find_submission(LESSON.name, "bob").needs_manual_grade

    rows, waiting = run(room, trusted)
    assert waiting == 0 and (rows["ada"].score, rows["ada"].status) == (2, "partial")
    text = page.read_text()
    assert "Which weight?" in text and "2 of 3" in text and "to be read" not in text
    assert QUESTION.rubric[0] not in text
