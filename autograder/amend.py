"""What nbgrader 0.9.6 does over and over, done once: small replacements that change no result."""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any

import jsonschema
import nbgrader.api
from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SolutionCell,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.dbutil import ALEMBIC_DIR
from nbgrader.nbgraderformat import common
from nbgrader.preprocessors import latesubmissions, saveautogrades
from sqlalchemy.exc import SAWarning
from sqlalchemy.orm import Session, scoped_session, sessionmaker


@cache
def check_a_schema_once() -> None:
    """nbgrader checks the schema of its metadata, and the same metadata, for every cell of every notebook."""

    @lru_cache(maxsize=1000)
    def valid(instance: str, schema: str) -> None:
        jsonschema.validate(json.loads(instance), json.loads(schema))

    def validate(instance: Any, schema: dict[str, Any]) -> None:
        valid(json.dumps(instance), json.dumps(schema))

    _put(common, "jsonschema", SimpleNamespace(validate=validate))


@cache
def find_the_schema_version_here() -> None:
    """nbgrader starts `alembic`, from the path, to learn a new gradebook's schema version."""

    def version() -> str:
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        config = Config()
        config.set_main_option("script_location", ALEMBIC_DIR)
        return str(ScriptDirectory.from_config(config).get_current_head())

    _put(nbgrader.api, "get_alembic_version", version)


class _Held(Session):
    """A session whose commits wait for the end of the transaction around them."""

    def commit(self) -> None:
        """Wait."""


class OneGradebook(Gradebook):
    """A gradebook that stays open, and that nbgrader's steps share: one transaction a submission.

    It writes within transactions only. In one, a grade and a comment are looked up once.
    """

    db: scoped_session

    def __init__(self, db_url: str, course_id: str):
        # nbgrader adds to its sessions in an order that SQLAlchemy 2 remarks on.
        warnings.filterwarnings("ignore", category=SAWarning)
        find_the_schema_version_here()
        super().__init__(db_url, course_id)
        self.db.remove()
        self.db = scoped_session(sessionmaker(class_=_Held, bind=self.engine))
        self._found: dict[tuple[Any, ...], dict[str, Any]] | None = None  # within a transaction

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that happens inside is recorded, or none of it; nbgrader's steps use this gradebook."""

        def shared(*_: Any) -> Gradebook:
            return self

        with (
            _replaced(saveautogrades, "Gradebook", shared),
            _replaced(latesubmissions, "Gradebook", shared),
        ):
            self._found = {}
            try:
                yield
                Session.commit(self.db())
            finally:
                self._found = None
                self.db.remove()

    def find_grade(self, grade_cell: str, *where: str) -> Grade:
        """One of a submission's grades; all of them are looked up with the first, as nbgrader asks for each."""
        found = self._all(Grade, GradeCell, *where).get(grade_cell)
        return found or super().find_grade(grade_cell, *where)

    def find_comment(self, solution_cell: str, *where: str) -> Comment:
        """One of a submission's comments, likewise."""
        found = self._all(Comment, SolutionCell, *where).get(solution_cell)
        return found or super().find_comment(solution_cell, *where)

    def _all(
        self, kind: Any, cell: Any, notebook: str, assignment: str, student: str
    ) -> dict[str, Any]:
        """A submission's grades or comments by the names of their cells; none outside a transaction."""
        if self._found is None:
            return {}
        place = kind, notebook, assignment, student
        if place not in self._found:
            rows = (
                self.db.query(cell.name, kind)
                .join(cell, cell.id == kind.cell_id)
                .join(SubmittedNotebook, SubmittedNotebook.id == kind.notebook_id)
                .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
                .join(
                    SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id
                )
                .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
                .filter(
                    Notebook.name == notebook,
                    Assignment.name == assignment,
                    SubmittedAssignment.student_id == student,
                )
            )
            self._found[place] = dict(rows.all())
        return self._found[place]

    def __exit__(self, *exception: object) -> None:
        """Stay open: a step that leaves the gradebook must not close it for the next."""


def _put(module: Any, name: str, value: Any) -> Any:
    """Put something in the place of what a module has under a name, which it must have; the old one."""
    old = getattr(module, name)
    setattr(module, name, value)
    return old


@contextmanager
def _replaced(module: Any, name: str, value: Any) -> Iterator[None]:
    old = _put(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, old)
