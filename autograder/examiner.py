"""The examiner: runs an exercise's test cell and says what became of it.

It runs in the autograder's own process and never runs student code: the names that a test cell takes from the
student's notebook are looked up in the student's session, and functions come as proxies.
"""

import builtins
import contextlib
import io
import sys
import time
from dataclasses import dataclass
from typing import Any

import torch

from autograder import bounds, clock
from autograder.student import Ended, Student
from strided import checks
from strided.checks.core import Award, WrongAnswer

torch.set_num_threads(1)  # the tests' arrays are small, and sessions need the other cores

TEXT = 20_000  # characters of a verdict's explanation


@dataclass(frozen=True)
class Verdict:
    """What became of one exercise: a status, the points, the slip's id or "", and the explanation."""

    status: str
    score: float
    slip: str = ""
    text: str = ""


class Names(dict):
    """A test cell's names: its own, and the student's by way of their session."""

    def __init__(self, student: Student):
        super().__init__(checks=checks)
        self.student = student

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name):  # a student's own `len` or `print` is not the test's
            raise KeyError(name)
        return self.student.find(name)


def examine(source: str, points: float, student: Student) -> Verdict:
    """Run a test cell's source against a student's session.

    A pass takes positive evidence: the test has run to its end, and raised and awarded nothing less.
    """
    awards: list[object] = []
    printed = io.StringIO()
    hook, sys.displayhook = sys.displayhook, awards.append
    started, spent = time.monotonic(), student.spent
    try:
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
            bounds.memory(),
            clock.limit(student.limits.cell),
        ):
            exec(compile(source, "<test cell>", "exec"), {}, Names(student))
    except WrongAnswer as wrong:
        return Verdict(wrong.status, 0, wrong.slip, _short(str(wrong)))
    except Ended as ended:
        return Verdict(ended.status, 0, text=f"When the test called your function, {ended.reason}.")
    except clock.TooLong:
        seconds = f"{student.limits.cell:g} seconds"
        text = f"The test worked longer than {seconds} with what your function returned."
        return Verdict("timeout", 0, text=text)
    except MemoryError:
        return Verdict("memory", 0, text="What your function returned takes too much memory.")
    except NameError as error:
        unknown = f"The name {error.name} is not defined in this notebook."
        return Verdict("error", 0, text=unknown if error.name else _short(str(error)))
    except Exception as error:
        return Verdict("error", 0, text=_short(f"{type(error).__name__}: {error}"))
    finally:
        sys.displayhook = hook
        # The test's own time is the notebook's too: a thousand slow tests are as bad as one endless one.
        student.spent = spent + time.monotonic() - started
    text = _short(printed.getvalue().strip())
    for award in awards:
        if isinstance(award, Award):
            score = min(max(float(award), 0.0), points)
            status = "passed" if score == points else "partial" if score else "failed"
            return Verdict(status, score, award.slip, text)
    return Verdict("passed", points, text=text)


def _short(text: str) -> str:
    """A text for people: what a student's function put into it may be of any length."""
    return text if len(text) <= TEXT else text[:TEXT] + " …"
