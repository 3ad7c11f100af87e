"""The visible checks: `checks.ID` is the check of the exercise ID, from its lesson's module."""

from importlib import import_module
from typing import Any

from strided import manifest


def __getattr__(name: str) -> Any:
    for lesson in manifest.lessons().values():
        if any(name == exercise.id for exercise in lesson.exercises):
            return getattr(import_module(f"strided.checks.{lesson.module}"), name)
    raise AttributeError(f"module 'strided.checks' has no check {name!r}")
