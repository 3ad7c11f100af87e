"""The one writer: marked submissions into the gradebook, by nbgrader's own steps, and into the class's folder."""

import json
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    GradeCell,
    SolutionCell,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder import feedback
from autograder.amend import OneGradebook, check_a_schema_once
from autograder.build import generate, read_lesson
from autograder.classroom import Class
from autograder.feedback import Reading
from autograder.mark import Marked, Submission, made, split
from autograder.notebooks import solved
from autograder.paths import COURSE, UserError
from strided import manifest


class Score(NamedTuple):
    """What the gradebook says of one graded cell; manual is what a person gave, or None."""

    score: float
    max_score: float
    manual: float | None
    unread: bool


class Recorder:
    """A class's open gradebook. Usable as a context."""

    def __init__(self, room: Class):
        self.room = room
        self.config = room.config()
        self.url = str(self.config.CourseDirectory.db_url)
        check_a_schema_once()
        try:
            self.gradebook = OneGradebook(self.url, str(self.config.CourseDirectory.course_id))
        except (SQLAlchemyError, ImportError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise UserError(f"The gradebook cannot be opened: {reason}.") from None
        _, steps = split(self.config)
        self.steps = made(steps, self.config)

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *exception: object) -> None:
        self.gradebook.close()

    def prepare(self, lesson: manifest.Lesson) -> None:
        """Enter a lesson's cells and points, by nbgrader's own steps. Raises UserError if it is out of date."""
        with tempfile.TemporaryDirectory() as scratch:
            config = Config(self.config)
            config.CourseDirectory.release_directory = scratch
            fresh = read_lesson(lesson) == solved(lesson.name)
            if fresh:
                generate(lesson.name, config)
                place = Path(lesson.name) / f"{lesson.name}.ipynb"
                fresh = (Path(scratch) / place).read_bytes() == (COURSE / place).read_bytes()
        if not fresh:
            raise UserError("The notebooks are out of date: run `make build` first.")

    def record(self, submission: Submission, marked: Marked, fingerprint: str) -> None:
        """Record a submission completely; `fingerprint` later says that it is this one.

        Whenever the process ends, the submission is recorded, or it is not marked as done and the next
        run does it again, to the same result.
        """
        student, lesson = submission.student, submission.lesson
        notebook = nbformat.from_dict(json.loads(marked.notebook))
        notebook.metadata["strided"]["submission"] = fingerprint
        resources: dict[str, Any] = {
            "unique_key": lesson,
            "nbgrader": {
                "student": student,
                "assignment": lesson,
                "notebook": lesson,
                "db_url": self.url,
            },
        }
        done = self.room.autograded(student, lesson)
        done.unlink(missing_ok=True)
        with self.gradebook.transaction():
            self.gradebook.update_or_create_student(student)
            when = submission.handed.when
            known = {"timestamp": when} if when else {}
            self.gradebook.update_or_create_submission(lesson, student, **known)
            for step in self.steps:
                notebook, resources = step(notebook, resources)
        _write(self.room.feedback(student, lesson), marked.page)
        # Written last: this file says that the submission is graded and recorded.
        _write(done, json.dumps(notebook, ensure_ascii=False) + "\n")

    def scores(self, lesson: str) -> dict[str, dict[str, Score]]:
        """Every recorded student's scores in a lesson, by the cell's id."""
        db = self.gradebook.db
        query = (
            db.query(
                SubmittedAssignment.student_id,
                GradeCell.name,
                Grade.score,
                GradeCell.max_score,
                Grade.manual_score,
                Grade.needs_manual_grade,
            )
            .select_from(SubmittedAssignment)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
            .join(GradeCell, GradeCell.id == Grade.cell_id)
            .filter(Assignment.name == lesson)
        )
        found: dict[str, dict[str, Score]] = {}
        for student, name, *score in query.all():
            found.setdefault(student, {})[name] = Score(*score)
        db.remove()
        return found

    def show_readings(self, lesson: manifest.Lesson) -> int:
        """Write anew the pages of a lesson on which a person's grades are to appear; how many wait to be read.

        Among these are answers that were graded anew after a person had given points for an earlier one.
        """
        asked = {question.id for question in lesson.manual}
        scores, comments = self.scores(lesson.name), self._comments(lesson.name)
        touched = [
            student
            for student, theirs in scores.items()
            if student in comments
            or any(
                score.manual is not None or id in asked and not score.unread
                for id, score in theirs.items()
            )
        ]
        self._write_pages(lesson, touched, scores, comments)
        return sum(score.unread for theirs in scores.values() for score in theirs.values())

    def write_pages(self, lesson: manifest.Lesson, students: list[str]) -> list[Path]:
        """Write anew the pages of these students, from what is recorded; the pages of those who have any."""
        return self._write_pages(
            lesson, students, self.scores(lesson.name), self._comments(lesson.name)
        )

    def _write_pages(
        self,
        lesson: manifest.Lesson,
        students: list[str],
        scores: dict[str, dict[str, Score]],
        comments: dict[str, dict[str, str]],
    ) -> list[Path]:
        written = []
        for student in students:
            done = self.room.autograded(student, lesson.name)
            if student not in scores or not done.is_file():
                continue
            readings = _readings(lesson, scores[student], comments.get(student, {}))
            notebook = nbformat.from_dict(json.loads(done.read_text(encoding="utf-8")))
            path = self.room.feedback(student, lesson.name)
            _write(path, feedback.page(notebook, student, lesson, readings))
            written.append(path)
        return written

    def _comments(self, lesson: str) -> dict[str, dict[str, str]]:
        """What people said of a lesson's answers: by student, then by the cell's id."""
        db = self.gradebook.db
        query = (
            db.query(SubmittedAssignment.student_id, SolutionCell.name, Comment.manual_comment)
            .select_from(SubmittedAssignment)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Comment, Comment.notebook_id == SubmittedNotebook.id)
            .join(SolutionCell, SolutionCell.id == Comment.cell_id)
            .filter(Assignment.name == lesson, Comment.manual_comment.isnot(None))
        )
        found: dict[str, dict[str, str]] = {}
        for student, name, comment in query.all():
            if comment:
                found.setdefault(student, {})[name] = comment
        db.remove()
        return found


def _readings(
    lesson: manifest.Lesson, scores: dict[str, Score], comments: dict[str, str]
) -> dict[str, Reading]:
    """What a person gave and said, by exercise and question."""
    found = {}
    for exercise in lesson.exercises:
        score = scores.get(f"test_{exercise.id}")
        given = score.score if score and score.manual is not None else None
        comment = comments.get(exercise.id, "")
        if given is not None or comment:
            found[exercise.id] = Reading(given, comment)
    for question in lesson.manual:
        score = scores.get(question.id)
        if score and not score.unread:
            found[question.id] = Reading(score.score, comments.get(question.id, ""))
    return found


def _write(path: Path, text: str) -> None:
    """Write a file that appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".part")
    scratch.write_text(text, encoding="utf-8", errors="replace")  # a name may be no text
    scratch.replace(path)
