"""A class run: every submission of some lessons, from the submitted folder to the gradebook.

What was recorded stays: a submission that has not changed since it was graded is not graded again.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from traitlets.config import Config

from autograder import intake
from autograder.classroom import Class, Row, check_lessons
from autograder.config import OWN
from autograder.mark import Submission
from autograder.notebooks import cells_by_id, digest, verdict_of
from autograder.record import Recorder, Score
from autograder.workers import Workers
from strided import manifest


@dataclass(frozen=True)
class Wanted:
    """What a run is asked for.

    force: also what has not changed; students: only these, if any are named; trusted: do without the sandbox.
    """

    lessons: list[str]
    room: Class
    force: bool = False
    students: list[str] = field(default_factory=list)
    trusted: bool = False


class Watcher:
    """What a run tells of its progress; this one says nothing."""

    def plan(self, todo: int, unchanged: int) -> None:
        """So many submissions are to grade, so many are unchanged since they were graded."""

    def graded(self, student: str, lesson: str) -> None:
        """A submission was recorded."""

    def waiting(self, number: int) -> None:
        """So many answers wait for a person to read them."""


def grade(wanted: Wanted, workers: Workers, watcher: Watcher | None = None) -> list[Row]:
    """Grade a class's submissions and record them; the class's rows, graded before ones too.

    Raises UserError for what the instructor has to mend.
    """
    watcher = watcher or Watcher()
    lessons = check_lessons(wanted.lessons)
    room = wanted.room
    students = room.students(wanted.students)
    with room.alone(), Recorder(room) as recorder:
        for lesson in lessons:
            recorder.prepare(lesson)
        work = {
            (student, lesson.name): fingerprint
            for lesson in lessons
            for student, fingerprint in _changed(wanted, lesson, students, recorder)
        }
        watcher.plan(len(work), len(lessons) * len(students) - len(work))
        settings = dict(recorder.config.ExecuteLesson)
        if wanted.trusted:
            settings["trust_submissions"] = True
        submissions = (
            Submission(
                student,
                name,
                intake.collect(room.submitted / student / name, name),
                digest(name),
                settings,
            )
            for student, name in work
        )
        for submission, marked in workers.mark(submissions):
            recorder.record(submission, marked, work[submission.student, submission.lesson])
            watcher.graded(submission.student, submission.lesson)
        watcher.waiting(sum(recorder.show_readings(lesson) for lesson in lessons))
        return list(rows(recorder))


def _changed(
    wanted: Wanted, lesson: manifest.Lesson, students: list[str], recorder: Recorder
) -> Iterator[tuple[str, str]]:
    """The students whose submission is to be graded, with its fingerprint."""
    recorded = recorder.scores(lesson.name)
    for student in students:
        fingerprint = fingerprint_of(
            wanted.room.submitted / student / lesson.name, lesson.name, recorder.config
        )
        done = wanted.room.autograded(student, lesson.name)
        same = student in recorded and done.is_file() and _recorded(done) == fingerprint
        if wanted.force or not same:
            yield student, fingerprint


def fingerprint_of(folder: Path, lesson: str, config: Config) -> str:
    """What a grade depends on: the submitted file, the lesson's tests, and the class's settings."""
    settings = {name: dict(config[name]) for name in OWN}
    settings["ExecuteLesson"].pop("trust_submissions", None)  # it changes no grade
    sum = hashlib.sha256(digest(lesson).encode())
    sum.update(json.dumps(settings, sort_keys=True, default=str).encode())
    sum.update(intake.digest(folder, lesson))
    return sum.hexdigest()


def _recorded(path: Path) -> str:
    return _opened(path)["metadata"].get("strided", {}).get("submission", "")


def _opened(path: Path) -> dict[str, Any]:
    """A notebook that this grader wrote: nothing in it needs to be validated again."""
    return json.loads(path.read_text(encoding="utf-8"))


def rows(recorder: Recorder) -> Iterator[Row]:
    """Every graded row of a class: points from the gradebook, status and slip from the notebooks."""
    scores = {name: recorder.scores(name) for name in manifest.lessons()}
    for student in recorder.room.students():
        for lesson in manifest.lessons().values():
            path = recorder.room.autograded(student, lesson.name)
            if not path.is_file() or student not in scores[lesson.name]:
                continue
            theirs = scores[lesson.name][student]
            notebook = nbformat.from_dict(_opened(path))
            cells = cells_by_id(notebook)
            for exercise in lesson.exercises:
                name = f"test_{exercise.id}"
                if name not in cells or name not in theirs:
                    continue  # graded before the lesson had this exercise
                verdict = verdict_of(cells[name]) or {}
                status, slip = verdict.get("status", "invalid"), verdict.get("slip", "")
                score = theirs[name]
                yield Row(
                    student, lesson.name, exercise.id, score.score, score.max_score, status, slip
                )
            for question in lesson.manual:
                answer = theirs.get(question.id)
                if answer is None or answer.unread:
                    continue  # nobody has read it yet, so it has no score
                status = notebook.metadata["strided"]["refused"] or manual_status(answer)
                yield Row(
                    student, lesson.name, question.id, answer.score, answer.max_score, status, ""
                )


def manual_status(answer: Score) -> str:
    """The status of an answer that a person graded, or that was not given."""
    if answer.manual is None:
        return "blank"
    if answer.score == answer.max_score:
        return "passed"
    return "partial" if answer.score else "failed"
