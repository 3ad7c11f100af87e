"""Imported first by every process of a class run: one thread each, and no second lost at the start."""

import os
import sys
from types import SimpleNamespace
from typing import Any, cast

from autograder.warm import ONE_THREAD

os.environ.update(ONE_THREAD)
modules = cast(dict[str, Any], sys.modules)

# jsonschema reads a grammar of web addresses for a second if it finds one. No notebook holds what it is for.
modules.setdefault("rfc3987_syntax", None)

# With itself, nbgrader imports what it adds to JupyterLab, and with that every one of its commands.
EXTENSIONS = ("assignment_list", "course_list", "formgrader", "validate_assignment")
if "nbgrader" not in modules:
    names = [f"nbgrader.server_extensions.{name}" for name in EXTENSIONS]
    modules.update((name, SimpleNamespace(load_jupyter_server_extension=None)) for name in names)
    try:
        import nbgrader  # noqa: F401
    finally:
        for name in names:
            del modules[name]  # whoever imports one of them later gets it
