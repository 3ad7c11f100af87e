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
from autograder.notebooks import HIDDEN_BEGIN
from autograder.student import Ended, Student
from strided import checks
from strided.checks.core import Award, WrongAnswer, hidden_failure

torch.set_num_threads(1)  # the tests' arrays are small, and sessions need the other cores

TEXT = 20_000  # characters of a verdict's explanation
FIGURE = 200_000  # characters of its figure


@dataclass(frozen=True)
class Verdict:
    """What became of one exercise: a status, the points, the slip's id or "", and the explanation.

    figure: the visible check's picture of a wrong result, as HTML of the library's own making, or "".
    held: what the visible check says where a hidden test failed, or "".
    cases: how many of the visible check's cases are right, where it failed, or "".
    hidden: whether a hidden test ran to its end. Where one failed, `held` says so.
    """

    status: str
    score: float
    slip: str = ""
    text: str = ""
    figure: str = ""
    held: str = ""
    cases: str = ""
    hidden: bool = False


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

    A pass takes positive evidence: the test has run to its end, and raised and awarded nothing less. Of a
    failed hidden test only words are told: no figure, and no message of an exception, which could
    quote the test's numbers.
    """
    visible, _, hidden = source.partition(HIDDEN_BEGIN)
    awards: list[object] = []
    printed = io.StringIO()
    held = ""
    hook, sys.displayhook = sys.displayhook, awards.append
    started, spent = time.monotonic(), student.spent
    try:
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
            bounds.memory(),
            clock.limit(student.limits.cell),
        ):
            names = Names(student)
            exec(compile(visible, "<test cell>", "exec"), {}, names)
            if hidden:
                held = _short(printed.getvalue().strip()) or "The check in your notebook passes."
                exec(compile(hidden, "<hidden test>", "exec"), {}, names)
    except WrongAnswer as wrong:
        figure, cases = ("", "") if held else (_figure(wrong), wrong.cases)
        return Verdict(wrong.status, 0, wrong.slip, _short(str(wrong)), figure, held, cases)
    except Ended as ended:
        text = f"When the test called your function, {ended.reason}."
        return Verdict(ended.status, 0, text=text, held=held)
    except clock.TooLong:
        seconds = f"{student.limits.cell:g} seconds"
        text = f"The test worked longer than {seconds} with what your function returned."
        return Verdict("timeout", 0, text=text, held=held)
    except MemoryError:
        text = "What your function returned takes too much memory."
        return Verdict("memory", 0, text=text, held=held)
    except Exception as error:
        kind = type(error).__name__
        text = hidden_failure(f"it raised {kind}") if held else f"{kind}: {error}"
        if isinstance(error, NameError) and error.name:
            text = f"The name {error.name} is not defined in this notebook."
        return Verdict("error", 0, text=_short(text), held=held)
    finally:
        sys.displayhook = hook
        # The test's own time is the notebook's too: a thousand slow tests are as bad as one endless one.
        student.spent = spent + time.monotonic() - started
    text, seen = _short(printed.getvalue().strip()), bool(hidden)
    for award in awards:
        if isinstance(award, Award):
            score = min(max(float(award), 0.0), points)
            status = "passed" if score == points else "partial" if score else "failed"
            return Verdict(status, score, award.slip, text, hidden=seen)
    return Verdict("passed", points, text=text, hidden=seen)


_drawn: dict[tuple[str, str], str] = {}


def _figure(wrong: WrongAnswer) -> str:
    """The HTML of a verdict's figure, if it has one that is not too large.

    A recognised slip gives the same results, so the same figure, whoever made it: it is drawn once.
    """
    key = (wrong.slip, str(wrong))
    if wrong.slip and key in _drawn:
        return _drawn[key]
    html = _draw(wrong)
    if wrong.slip and html:
        _drawn[key] = html
    return html


def _draw(wrong: WrongAnswer) -> str:
    figure = None
    with contextlib.suppress(MemoryError), bounds.memory():
        figure = getattr(wrong, "figure", None)
    return figure.html if figure is not None and len(figure.html) <= FIGURE else ""


def _short(text: str) -> str:
    """A text for people: what a student's function put into it may be of any length."""
    return text if len(text) <= TEXT else text[:TEXT] + " …"
