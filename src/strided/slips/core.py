"""What a slip is, and how a wrong answer is matched with one.

A slip is a named wrong implementation of an exercise. The checks run it on the same cases as a
student's answer; where both give the same results everywhere, the answer's mistake has a name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Slip:
    """A named wrong implementation.

    exercise: id of the exercise it answers wrongly.
    id: the misconception's name, unique within the exercise: the `slip` column of grades.csv.
    gives: noun phrase that completes "Your output is exactly what … gives".
    advice: one or two sentences that tell the person who made it what to change, and why.
    function: the wrong implementation (or, for an exercise answered with data, the wrong data).
    """

    exercise: str
    id: str
    gives: str
    advice: str
    function: Any


BANK: dict[str, dict[str, Slip]] = {}
"""Every slip, by exercise and id, in the order of registration."""


def slip(exercise: str, id: str, *, gives: str, advice: str) -> Callable:
    """Decorate a wrong implementation: register it in the bank as a slip of `exercise`."""

    def register(function):
        add(Slip(exercise, id, gives, advice, function))
        return function

    return register


def add(slip: Slip) -> None:
    """Register a slip. Raises ValueError if the exercise already has one of that id."""
    bank = BANK.setdefault(slip.exercise, {})
    if slip.id in bank:
        raise ValueError(f"the exercise {slip.exercise!r} already has a slip {slip.id!r}")
    bank[slip.id] = slip
