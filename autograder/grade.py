"""A class run: every submission of some lessons, from the submitted folder to the gradebook.

What was recorded stays: a submission that has not changed since it was graded is not graded again.
"""

import hashlib
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder import feedback, intake
from autograder.build import generate, nbgrader_config, stale
from autograder.examiner import Verdict
from autograder.execute import cells_by_id, released, trusted, verdict_of
from autograder.paths import UserError
from strided import manifest


@dataclass(frozen=True)
class Row:
    """One line of grades.csv: a student's result in one exercise or one question."""

    student_id: str
    lesson: str
    exercise: str
    score: float
    max_score: float
    status: str
    slip: str


@dataclass(frozen=True)
class Class:
    """A class's folder: submissions go in, gradebook, autograded notebooks, feedback and grades come out."""

    folder: Path

    @property
    def submitted(self) -> Path:
        """One folder a student, in it one a lesson."""
        return self.folder / "submitted"

    @property
    def gradebook(self) -> str:
        """The gradebook's address, as nbgrader's db_url."""
        return nbgrader_config(class_folder=self.folder).CourseDirectory.db_url

    def autograded(self, student: str, lesson: str) -> Path:
        """The graded notebook of a submission."""
        return self.folder / "autograded" / student / lesson / f"{lesson}.ipynb"

    def feedback(self, student: str, lesson: str) -> Path:
        """The feedback page of a submission."""
        return self.folder / "feedback" / student / lesson / f"{lesson}.html"

    def students(self) -> list[str]:
        """Everyone who has a folder among the submissions. Raises UserError where there is nobody."""
        if not self.folder.is_dir():
            raise UserError(f"There is no class folder {self.folder}.")
        if not self.submitted.is_dir():
            place = self.submitted / "<student>" / "<lesson>" / "<lesson>.ipynb"
            raise UserError(f"There are no submissions: put each one in {place}.")
        found = sorted(path.name for path in self.submitted.iterdir() if path.is_dir())
        found = [name for name in found if not name.startswith(".")]
        if not found:
            raise UserError(f"There are no submissions in {self.submitted}.")
        return found


def check_lessons(names: list[str]) -> list[manifest.Lesson]:
    """The lessons of these names. Raises UserError for an unknown one."""
    lessons = manifest.lessons()
    for name in names:
        if name not in lessons:
            known = ", ".join(lessons)
            raise UserError(f"There is no lesson {name!r}; the lessons are {known}.")
    return [lessons[name] for name in names]


def grade(
    names: list[str],
    folder: Path,
    trusted: bool = False,
    progress: Callable[[int, int, str], None] = lambda *_: None,
) -> Iterator[Row]:
    """Grade every submission of some lessons of a class, then yield the class's rows.

    trusted: do without the sandbox. progress: called before each submission with its number from 0,
    how many there are, and its name; and once more at the end. Raises UserError for what the
    instructor has to mend.
    """
    lessons = check_lessons(names)
    students = Class(folder).students()
    if stale():
        raise UserError("The notebooks are out of date: run `make build` first.")
    run = Run(folder)
    run.config.ExecuteLesson.trust_submissions = trusted
    for lesson in lessons:
        run.prepare(lesson)
    work = [(student, lesson) for lesson in lessons for student in students]
    for number, (student, lesson) in enumerate(work):
        progress(number, len(work), f"{student} {lesson.name}")
        run.grade(student, lesson)
    progress(len(work), len(work), "")
    yield from rows(folder)


class Run:
    """What one class run keeps at hand: the configuration and nbgrader's two chains of steps."""

    def __init__(self, folder: Path):
        # nbgrader makes a new gradebook by calling `alembic`, which stands beside this Python.
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        # nbgrader 0.9.6 adds to its sessions in an order that SQLAlchemy 2 remarks on.
        warnings.filterwarnings("ignore", category=SAWarning)
        self.room = Class(folder)
        self.config = nbgrader_config(class_folder=folder)
        self.config.Exporter.default_preprocessors = []
        chains = Autograde(config=self.config)
        self.sanitize = _chain(self.config, chains.sanitize_preprocessors)
        self.autograde = _chain(self.config, chains.autograde_preprocessors)

    def prepare(self, lesson: manifest.Lesson) -> None:
        """Enter a lesson's cells and points into the gradebook, by nbgrader's own steps."""
        with tempfile.TemporaryDirectory() as scratch:
            config = Config(self.config)
            config.CourseDirectory.release_directory = scratch
            generate(lesson.name, config)

    def grade(self, student: str, lesson: manifest.Lesson) -> None:
        """Grade one submission, unless this very submission was graded by these very tests.

        Whatever goes wrong with it costs nobody else: it is recorded as invalid, with the reason.
        """
        try:
            self._grade(student, lesson)
        except UserError:
            raise
        except Exception as error:
            reason = str(error).strip().partition("\n")[0]
            text = f"It could not be graded: {type(error).__name__}: {reason}."
            self._grade(student, lesson, intake.Refused("invalid", text))

    def _grade(
        self, student: str, lesson: manifest.Lesson, trouble: intake.Refused | None = None
    ) -> None:
        folder = self.room.submitted / student / lesson.name
        done = self.room.autograded(student, lesson.name)
        mark = fingerprint(folder, lesson.name)
        if done.is_file() and _mark_of(done) == mark:
            return
        resources: dict[str, Any] = {
            "unique_key": lesson.name,
            "nbgrader": {
                "student": student,
                "assignment": lesson.name,
                "notebook": lesson.name,
                "db_url": self.config.CourseDirectory.db_url,
            },
        }
        status = ""
        try:
            if trouble is not None:
                raise trouble
            notebook, remarks = intake.take(folder, lesson.name)
        except intake.Refused as refused:
            notebook, remarks = released(lesson.name), [str(refused)]
            status = refused.status
            resources["nbgrader"]["refused"] = Verdict(status, 0, text=str(refused))
        with Gradebook(self.config.CourseDirectory.db_url, "strided") as gradebook:
            gradebook.update_or_create_student(student)
            gradebook.update_or_create_submission(lesson.name, student)
        for chain in (self.sanitize, self.autograde):
            text, resources = chain.from_notebook_node(notebook, resources)
            notebook = nbformat.reads(text, as_version=4)
        notebook.metadata["strided"]["remarks"] = remarks + notebook.metadata["strided"]["remarks"]
        notebook.metadata["strided"]["submission"] = mark
        notebook.metadata["strided"]["refused"] = status
        page = self.room.feedback(student, lesson.name)
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(feedback.page(notebook, student, lesson), encoding="utf-8")
        # Written last: this file says that the submission is graded and recorded.
        done.parent.mkdir(parents=True, exist_ok=True)
        scratch = done.with_suffix(".part")
        nbformat.write(notebook, scratch)
        scratch.replace(done)


def _chain(config: Config, steps: list) -> NotebookExporter:
    exporter = NotebookExporter(config=config)
    exporter.log.setLevel("ERROR")
    for step in steps:
        exporter.register_preprocessor(step)
    return exporter


def fingerprint(folder: Path, lesson: str) -> str:
    """What a grade depends on: the submitted file and the lesson's tests."""
    digest = hashlib.sha256(nbformat.writes(trusted(lesson)).encode())
    digest.update(intake.digest(folder, lesson))
    return digest.hexdigest()


def _mark_of(path: Path) -> str:
    return nbformat.read(path, as_version=4).metadata.get("strided", {}).get("submission", "")


def rows(folder: Path) -> Iterator[Row]:
    """Every graded row of a class: points from the gradebook, status and slip from the notebooks."""
    room = Class(folder)
    with Gradebook(room.gradebook, "strided") as gradebook:
        for student in room.students():
            for lesson in manifest.lessons().values():
                path = room.autograded(student, lesson.name)
                if not path.is_file():
                    continue
                notebook = nbformat.read(path, as_version=4)
                cells = cells_by_id(notebook)
                record = gradebook.find_submission_notebook(lesson.name, lesson.name, student)
                grades = {grade.name: grade for grade in record.grades}
                for exercise in lesson.exercises:
                    name = f"test_{exercise.id}"
                    if name not in cells or name not in grades:
                        continue  # graded before the lesson had this exercise
                    verdict = verdict_of(cells[name]) or {}
                    yield Row(
                        student,
                        lesson.name,
                        exercise.id,
                        grades[name].score,
                        grades[name].max_score,
                        verdict.get("status", "invalid"),
                        verdict.get("slip", ""),
                    )
                for question in lesson.manual:
                    grade = grades.get(question.id)
                    if grade is None or grade.needs_manual_grade:
                        continue  # nobody has read it yet, so it has no score
                    status = notebook.metadata["strided"]["refused"] or manual_status(grade)
                    yield Row(
                        student,
                        lesson.name,
                        question.id,
                        grade.score,
                        grade.max_score,
                        status,
                        "",
                    )


def manual_status(grade: Any) -> str:
    """The status of an answer that a person graded, or that was not given."""
    if grade.manual_score is None:
        return "blank"
    if grade.score == grade.max_score:
        return "passed"
    return "partial" if grade.score else "failed"
