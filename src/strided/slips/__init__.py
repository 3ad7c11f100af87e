"""The bank of named wrong implementations: one module a lesson."""

from importlib import import_module

from strided import manifest
from strided.slips.core import BANK, Slip

__all__ = ["Slip", "bank"]


def bank(exercise: str) -> dict[str, Slip]:
    """The slips of an exercise by id. Raises ValueError for an unknown exercise."""
    import_module(f"strided.slips.{manifest.lesson_of(exercise).module}")
    return BANK.get(exercise, {})
