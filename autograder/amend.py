"""What nbgrader 0.9.6 does over and over, done once: small replacements that change no result."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any

import jsonschema
import nbgrader.api
from alembic.config import Config
from alembic.script import ScriptDirectory
from nbgrader.api import Gradebook
from nbgrader.dbutil import ALEMBIC_DIR
from nbgrader.nbgraderformat import common
from nbgrader.preprocessors import latesubmissions, saveautogrades
from sqlalchemy.exc import SAWarning
from sqlalchemy.orm import Session, scoped_session, sessionmaker


@cache
def check_a_schema_once() -> None:
    """nbgrader checks the schema of its metadata, not only the metadata, for every cell of a notebook."""
    validators: dict[str, Any] = {}

    def validate(instance: Any, schema: dict[str, Any]) -> None:
        title = str(schema)
        if title not in validators:
            kind = jsonschema.validators.validator_for(schema)
            kind.check_schema(schema)
            validators[title] = kind(schema)
        error = jsonschema.exceptions.best_match(validators[title].iter_errors(instance))
        if error is not None:
            raise error

    _put(common, "jsonschema", SimpleNamespace(validate=validate))


@cache
def find_the_schema_version_here() -> None:
    """nbgrader starts `alembic`, from the path, to learn a new gradebook's schema version."""

    def version() -> str:
        config = Config()
        config.set_main_option("script_location", ALEMBIC_DIR)
        return str(ScriptDirectory.from_config(config).get_current_head())

    _put(nbgrader.api, "get_alembic_version", version)


class _Held(Session):
    """A session whose commits wait for the end of the transaction around them."""

    def commit(self) -> None:
        self.flush()


class OneGradebook(Gradebook):
    """A gradebook that stays open, and that nbgrader's steps share: one transaction a submission."""

    db: scoped_session

    def __init__(self, db_url: str, course_id: str):
        # nbgrader adds to its sessions in an order that SQLAlchemy 2 remarks on.
        warnings.filterwarnings("ignore", category=SAWarning)
        find_the_schema_version_here()
        super().__init__(db_url, course_id)
        self.db.remove()
        self.db = scoped_session(sessionmaker(class_=_Held, bind=self.engine))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that happens inside is recorded, or none of it; nbgrader's steps use this gradebook."""

        def shared(*_: Any) -> Gradebook:
            return self

        with (
            _replaced(saveautogrades, "Gradebook", shared),
            _replaced(latesubmissions, "Gradebook", shared),
        ):
            try:
                yield
                Session.commit(self.db())
            finally:
                self.db.remove()

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
