"""When a submission was handed in: a class run reads nbgrader's timestamp.txt as nbgrader itself does."""

from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from here import Here
from nbgrader.api import Gradebook
from test_grade import nbgrader

from autograder import grade, intake, sample
from autograder.amend import find_the_schema_version_here
from autograder.classroom import Class
from autograder.notebooks import released
from bench import grading
from strided import manifest

LESSON = manifest.lessons()["05_convolution"]
DUE = "2026-03-01 12:00:00 UTC"
TIMES = {
    "early": "2026-02-28 09:30:00.250000 UTC\n",
    "late": "2026-03-01 12:00:01 UTC",
    "berlin": "2026-03-01 12:30:00 Europe/Berlin",
    "offset": "2026-03-01T13:30:00+0300",
    "empty": "",
    "none": None,
}
LATE = '\nc.LateSubmissionPlugin.penalty_method = "zero"\n'


def hand_in(folder: Path) -> None:
    right = next(story for story in sample.students() if story.id == "loops")
    notebook, _ = sample.submission(right, LESSON)
    for student, text in TIMES.items():
        place = folder / "submitted" / student / LESSON.name
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{LESSON.name}.ipynb")
        if text is not None:
            (place / "timestamp.txt").write_text(text)


def recorded(folder: Path) -> dict[str, tuple]:
    """By student: when it was handed in, by how many seconds late, the penalty and the score."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "strided") as gradebook:
        return {
            submission.student_id: (
                submission.timestamp,
                submission.total_seconds_late,
                submission.notebooks[0].late_submission_penalty,
                submission.score,
            )
            for submission in gradebook.assignment_submissions(LESSON.name)
        }


def due(folder: Path) -> None:
    find_the_schema_version_here()
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "strided") as gradebook:
        gradebook.update_or_create_assignment(LESSON.name, duedate=DUE)


def run(room: Class, trusted: bool) -> int:
    """Grade; how many submissions there were to grade."""

    class Told(grade.Watcher):
        def plan(self, todo, unchanged):
            self.todo = todo

    told = Told()
    grade.grade(grade.Wanted([LESSON.name], room, trusted=trusted), Here(), told)
    return told.todo


def test_times_and_penalties_are_those_of_stock_nbgrader(tmp_path, trusted):
    stock, ours = tmp_path / "stock", tmp_path / "ours"
    for folder in (stock, ours):
        hand_in(folder)
        due(folder)
    (stock / "nbgrader_config.py").write_text(grading.settings(stock) + LATE)
    (ours / "nbgrader_config.py").write_text("c = get_config()" + LATE)
    nbgrader(stock, "generate_assignment", LESSON.name)
    nbgrader(stock, "autograde", LESSON.name)
    run(Class(ours), trusted)
    got = recorded(ours)
    assert got == recorded(stock)
    assert got["late"] == (datetime(2026, 3, 1, 12, 0, 1), 1, LESSON.points, LESSON.points)
    assert got["early"][1:3] == (0, None) and got["berlin"][1] == 0
    assert got["none"][0] is None and got["empty"][0] is None

    place = ours / "submitted" / "early" / LESSON.name / "timestamp.txt"
    place.write_text("2026-03-02 00:00:00 UTC")
    assert run(Class(ours), trusted) == 1
    assert recorded(ours)["early"][1:3] == (12 * 3600, LESSON.points)


@pytest.mark.parametrize(
    "content",
    [
        b"yesterday evening",
        b"",
        b"\xff\xfe",
        b"9" * 90,
        b"9" * 10_000,
        b"2026-03-01 12:00:00 /etc/passwd",
        b"0001-01-01 00:00:00 +9999999",
        b"0001-01-01T00:00:00+2300",
        b"2026-03-01 12:00:00 UTC; DROP TABLE",
    ],
)
def test_a_bad_time_is_one_remark(tmp_path, content):
    nbformat.write(released(LESSON.name), tmp_path / f"{LESSON.name}.ipynb")
    (tmp_path / "timestamp.txt").write_bytes(content)
    handed = intake.collect(tmp_path, LESSON.name)
    assert handed.status == "" and handed.when is None
    assert len(handed.remarks) == 1 and "timestamp.txt holds no time" in handed.remarks[0]


def test_a_time_that_is_a_link_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").write_text("2026-03-01 12:00:00 UTC")
    folder = tmp_path / "folder"
    folder.mkdir()
    nbformat.write(released(LESSON.name), folder / f"{LESSON.name}.ipynb")
    (folder / "timestamp.txt").symlink_to(tmp_path / "elsewhere")
    handed = intake.collect(folder, LESSON.name)
    assert handed.when is None and len(handed.remarks) == 1
