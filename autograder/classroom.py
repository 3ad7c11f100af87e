"""A class's folder: submissions go in; gradebook, graded notebooks, feedback and grades come out."""

import difflib
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from traitlets.config import Config

from autograder.config import nbgrader_config
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
    """A class's folder.

    db_url: the gradebook's address where it is not in the folder, as SQLAlchemy writes it.
    """

    folder: Path
    db_url: str = ""

    @property
    def submitted(self) -> Path:
        """One folder a student, in it one a lesson."""
        return self.folder / "submitted"

    def config(self) -> Config:
        """nbgrader's configuration for this class."""
        config = nbgrader_config(class_folder=self.folder)
        if self.db_url:
            config.CourseDirectory.db_url = self.db_url
        return config

    def autograded(self, student: str, lesson: str) -> Path:
        """The graded notebook of a submission."""
        return self.folder / "autograded" / student / lesson / f"{lesson}.ipynb"

    def feedback(self, student: str, lesson: str) -> Path:
        """The feedback page of a submission."""
        return self.folder / "feedback" / student / lesson / f"{lesson}.html"

    def students(self, only: list[str] | None = None) -> list[str]:
        """Everyone who has a folder among the submissions, or those named. Raises UserError for nobody."""
        if not self.folder.is_dir():
            raise UserError(f"There is no class folder {self.folder}.")
        if not self.submitted.is_dir():
            place = self.submitted / "<student>" / "<lesson>" / "<lesson>.ipynb"
            raise UserError(f"There are no submissions: put each one in {place}.")
        found = sorted(path.name for path in self.submitted.iterdir() if path.is_dir())
        found = [name for name in found if not name.startswith(".")]
        if not found:
            raise UserError(f"There are no submissions in {self.submitted}.")
        for name in only or []:
            if name not in found:
                near = did_you_mean(name, found)
                raise UserError(f"There is no student {name!r} in {self.submitted}.{near}")
        return [name for name in found if name in only] if only else found

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs out of this class's folder: there is one writer. Raises UserError."""
        with (self.folder / ".grading").open("w") as file:
            try:
                fcntl.flock(
                    file, fcntl.LOCK_EX | fcntl.LOCK_NB
                )  # ends with the process, however it ends
            except BlockingIOError:
                raise UserError(
                    f"Another run is grading {self.folder}; wait for its end."
                ) from None
            yield


def check_lessons(names: list[str]) -> list[manifest.Lesson]:
    """The lessons of these names, each once. Raises UserError for an unknown one."""
    lessons = manifest.lessons()
    for name in names:
        if name not in lessons:
            known = ", ".join(lessons)
            near = did_you_mean(name, list(lessons))
            raise UserError(f"There is no lesson {name!r}; the lessons are {known}.{near}")
    return [lessons[name] for name in dict.fromkeys(names)]


def did_you_mean(name: str, known: list[str]) -> str:
    """A question after the nearest known name, or ""."""
    near = difflib.get_close_matches(name, known, 1)
    return f" Did you mean {near[0]}?" if near else ""
