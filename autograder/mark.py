"""One submission, marked: from the file that was handed in to the executed notebook and its feedback page.

It needs the course and no gradebook, so it can be done on any machine that has this package. The steps
are nbgrader's, from the configuration, up to the one that saves scores; `record` goes on from there.
"""

import copy
import json
import platform
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import nbformat
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from autograder import amend, feedback, intake, notebooks
from autograder.config import nbgrader_config
from autograder.intake import Handed
from autograder.paths import UserError
from autograder.sandbox import NoSandbox
from strided import manifest

GRADEBOOKS = (".OverwriteCells", ".OverwriteKernelspec")  # steps that read the gradebook


@dataclass(frozen=True)
class Submission:
    """What crosses to a worker.

    course: the digest of the lesson as the instructor has it; settings: those of `ExecuteLesson`.
    """

    student: str
    lesson: str
    handed: Handed
    course: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Marked:
    """What comes back: the executed notebook as JSON, and the page for the student."""

    notebook: str
    page: str


def mark(submission: Submission) -> Marked:
    """Mark a submission, whatever it is. Raises UserError for what only the instructor can mend."""
    lesson = manifest.lessons().get(submission.lesson)
    if lesson is None or notebooks.digest(lesson.name) != submission.course:
        raise UserError(
            f"The worker on {platform.node()} has another version of {submission.lesson}: "
            "install this very course there and run `make build`."
        )
    try:
        return _mark(submission, lesson)
    except NoSandbox as error:
        raise NoSandbox(
            f"Nothing more is graded, since student code cannot be shut in on {platform.node()}: {error}\n"
            "`autograder doctor` says more; --trust-submissions grades without a sandbox."
        ) from None
    except UserError:
        raise
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        text = f"It could not be graded: {type(error).__name__}: {reason}."
        return _mark(refused(submission, "invalid", text), lesson)


def refused(submission: Submission, status: str, reason: str) -> Submission:
    """The submission with nothing in it to grade, and the reason."""
    handed = replace(submission.handed, content=b"", status=status, reason=reason)
    return replace(submission, handed=handed)


def _mark(submission: Submission, lesson: manifest.Lesson) -> Marked:
    handed = submission.handed
    status, remarks, notebook = handed.status, list(handed.remarks), None
    resources: dict[str, Any] = {
        "unique_key": lesson.name,
        "nbgrader": {
            "student": submission.student,
            "assignment": lesson.name,
            "notebook": lesson.name,
        },
    }
    if not status:
        try:
            notebook = intake.read(handed.content)
        except ValueError as error:
            status = "invalid"
            handed = replace(handed, reason=f"The notebook cannot be read: {error}.")
    if notebook is None:
        from autograder.examiner import Verdict

        notebook = copy.deepcopy(notebooks.released(lesson.name))
        remarks.insert(0, handed.reason)
        resources["nbgrader"]["refused"] = Verdict(status, 0, text=handed.reason)
    for step in _steps(json.dumps(submission.settings, sort_keys=True)):
        notebook, resources = step(notebook, resources)
    notebook.metadata["strided"]["remarks"] = remarks + notebook.metadata["strided"]["remarks"]
    notebook.metadata["strided"]["refused"] = status
    nbformat.validate(notebook)
    page = feedback.page(notebook, submission.student, lesson)
    return Marked(json.dumps(notebook, ensure_ascii=False), page)


@cache
def _steps(settings: str) -> list:
    """The steps before the gradebook's, with these settings of `ExecuteLesson` (as JSON).

    `OverwriteCells` and `OverwriteKernelspec` take from the gradebook what `RestoreCells` takes
    from the lesson itself; here only that one runs.
    """
    amend.check_a_schema_once()
    config = nbgrader_config()
    config.ExecuteLesson.update(json.loads(settings))
    before, _ = split(config)
    return made(before, config)


def split(config: Config) -> tuple[list[str], list[str]]:
    """The names of a configuration's steps: those that need no gradebook, and from saving scores on."""
    sanitize = [_name(step) for step in config.Autograde.sanitize_preprocessors]
    autograde = [_name(step) for step in config.Autograde.autograde_preprocessors]
    saving = [name.endswith(".SaveAutoGrades") for name in autograde].index(True)
    before = [step for step in sanitize if not step.endswith(GRADEBOOKS)]
    return before + autograde[:saving], autograde[saving:]


def _name(step: str | type) -> str:
    return step if isinstance(step, str) else f"{step.__module__}.{step.__qualname__}"


def made(steps: list[str], config: Config) -> list:
    """The steps, configured; those that the configuration turns off are left out."""
    kinds = [import_item(name) for name in steps]
    return [step for step in (kind(config=config) for kind in kinds) if step.enabled]
