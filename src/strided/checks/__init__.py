"""The visible checks: `checks.ID` is the check of the exercise ID, from its lesson's module."""

from importlib import import_module
from typing import Any

from strided import manifest


def __getattr__(name: str) -> Any:
    if name not in manifest.exercises():
        raise AttributeError(f"module 'strided.checks' has no check {name!r}")
    return getattr(import_module(f"strided.checks.{manifest.lesson_of(name).module}"), name)
