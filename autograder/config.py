"""nbgrader's configuration for this course, for any course root and class folder."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from traitlets.config import Config, PyFileConfigLoader

from autograder.paths import ROOT, UserError

# The sections in which a class may have settings of its own.
OWN = ("ExecuteLesson", "AssignLatePenalties", "LateSubmissionPlugin")
# The first one's settings, and what their values are.
LIMITS: dict[str, Any] = {
    "cell_seconds": (int, float),
    "notebook_seconds": (int, float),
    "memory": int,
    "trust_submissions": bool,
}
MEMORY = 2**28  # bytes that a session takes by itself, with room for an answer
ALIKE = 0.85  # how alike two names are, from 0 to 1, of which one is the other misspelt


def nbgrader_config(root: Path = ROOT, class_folder: Path | None = None) -> Config:
    """The configuration in `nbgrader_config.py`, for another course root or class folder.

    A class may have settings of its own, those in OWN and the gradebook's `c.CourseDirectory.db_url`, in a file of
    this name in its folder; what else stands there is stock nbgrader's. Raises UserError where it cannot be read.
    """
    config = PyFileConfigLoader("nbgrader_config.py", path=str(Path(__file__).parent)).load_config()
    config.CourseDirectory.root = str(root)
    if class_folder is None:
        return config
    # nbgrader joins these to its root; an absolute path wins that join.
    for name in ("submitted", "autograded", "feedback", "solution"):
        config.CourseDirectory[f"{name}_directory"] = str(class_folder / name)
    usual = config.CourseDirectory.db_url
    config.CourseDirectory.db_url = f"sqlite:///{class_folder / 'gradebook.db'}"
    file = class_folder / "nbgrader_config.py"
    if file.is_file():
        own = _read(file)
        for section in OWN:
            config[section].merge(own[section])
        url = own.CourseDirectory.get("db_url", usual)
        if url != usual:  # as it is where the file begins with this course's own settings
            config.CourseDirectory.db_url = url
    return config


def _read(file: Path) -> Config:
    """A class's own file of settings."""
    try:
        own = PyFileConfigLoader(file.name, path=str(file.parent)).load_config()
    except Exception as error:  # the file is a program
        raise UserError(f"{file} cannot be read: {type(error).__name__}: {error}.") from None
    for name, value in own.ExecuteLesson.items():
        if name not in LIMITS:
            known = ", ".join(LIMITS)
            raise UserError(f"{file} sets c.ExecuteLesson.{name}; there are {known}.")
        kind = LIMITS[name]
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            raise UserError(f"{file} sets c.ExecuteLesson.{name} to {value!r}, which it cannot be.")
        least = MEMORY if name == "memory" else 0
        if kind is not bool and (value <= 0 or value < least):
            more = f"at least {least}, in bytes" if least else "more"
            raise UserError(f"{file} sets c.ExecuteLesson.{name} to {value!r}; it must be {more}.")
    for section in own:
        near = get_close_matches(section, OWN, 1, ALIKE)
        if near and section not in OWN:
            raise UserError(
                f"{file} sets c.{section}, which there is not. Did you mean c.{near[0]}?"
            )
    return own
