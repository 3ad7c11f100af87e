"""Test the tests: every slip must be rejected and named, and every right answer accepted.

The slips are mutants of an exercise's answer: a test that lets one live does not test what it names. The
right answers are those of `autograder.answers`: to reject one of them is a grader's worst fault.
"""

import builtins
import contextlib
import functools
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograder.absent import ABSENT
from autograder.answers import answers
from autograder.lent import LENT
from strided import checks, manifest, slips
from strided.checks.core import Award, WrongAnswer

NAMED = 0.95  # the least share of slips that the visible checks must call by their name


@dataclass(frozen=True)
class Survey:
    """What an exercise's tests made of its slips and of its right answers.

    checked, hidden, named: how many slips the visible check rejects, the hidden test rejects, and the
        check calls by their name; `hidden` is None where the visible check is the whole test.
    right, accepted: how many right answers there are, and how many pass both.
    faults: a sentence for each slip that passes a test and each right answer that does not.
    unnamed: a sentence for each slip that is rejected without its name.
    """

    exercise: str
    slips: int
    checked: int
    hidden: int | None
    named: int
    right: int
    accepted: int
    faults: tuple[str, ...]
    unnamed: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What a test makes of an answer: whether it gets every point, the slip it names, what it says."""

    accepted: bool
    slip: str
    text: str


def judged(test: Callable, answer: Any, points: float) -> Verdict:
    """Run a test on an answer.

    A test rejects by raising, or by awarding less than all the points, as `autograder.examiner` has it.
    """
    shown: list[object] = []
    hook, sys.displayhook = sys.displayhook, shown.append
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            test(answer)
    except WrongAnswer as wrong:
        return Verdict(False, wrong.slip, str(wrong))
    except Exception as error:
        return Verdict(False, "", f"{type(error).__name__}: {error}")
    finally:
        sys.displayhook = hook
    lost = [award for award in shown if isinstance(award, Award) and award < points]
    return Verdict(not lost, lost[0].slip if lost else "", printed.getvalue())


def examined(check: Callable, slip: slips.Slip, points: float) -> Verdict:
    """A visible check's verdict on a slip; what it only says in passing counts.

    A check may leave the points to the hidden test: then it must at least give the slip's advice.
    """
    verdict = judged(check, slip.function, points)
    if verdict.accepted and " ".join(slip.advice.split()) in " ".join(verdict.text.split()):
        return Verdict(False, slip.id, verdict.text)
    return verdict


def defined(source: str, name: str) -> Any:
    """What a student's cell defines under an exercise's name, with what its lesson lends and no more."""
    modules: dict[str, SimpleNamespace] = {}
    for path, function in LENT.get(manifest.lesson_of(name).name, {}).items():
        module, _, attribute = path.rpartition(".")
        setattr(modules.setdefault(module, SimpleNamespace()), attribute, function)
    library = {"strided": SimpleNamespace(**modules)}
    library |= {f"strided.{module}": lent for module, lent in modules.items()}

    def import_(path: str, *rest: Any) -> Any:
        if path.partition(".")[0] not in ABSENT:
            return __import__(path, *rest)
        if path not in library:
            raise ImportError(f"{path} is not lent to {name}")
        return library[path]

    builtin = {**vars(builtins), "__import__": import_}
    namespace: dict[str, Any] = {"__builtins__": builtin, "np": np, **modules}
    exec(source, namespace)
    return namespace[name]


def survey(exercise: str, seed: int) -> Survey:
    """Run the tests of an exercise on its slips and on its right answers.

    Raises ValueError for an unknown exercise.
    """
    lesson = manifest.lesson_of(exercise)
    points = manifest.exercises()[exercise].points
    check = getattr(checks, exercise)
    hidden = getattr(import_module(f"autograder.hidden.{lesson.module}"), exercise, None)

    def whole(answer: Any) -> None:
        check(answer)
        if hidden:
            hidden(answer)

    bank, faults, unnamed = slips.bank(exercise), [], []
    checked = lived = named = accepted = 0
    with _seeded(seed):
        for slip in bank.values():
            seen = examined(check, slip, points)
            if seen.accepted:
                faults.append(f"{exercise}: the visible check accepts the slip {slip.id}.")
            elif seen.slip != slip.id:
                by = f"is named {seen.slip.replace('|', ' or ')}" if seen.slip else "is not named"
                unnamed.append(f"{exercise}: the slip {slip.id} {by}.")
            checked += not seen.accepted
            named += seen.slip == slip.id
            if hidden and judged(hidden, slip.function, points).accepted:
                lived += 1
                faults.append(f"{exercise}: the hidden test accepts the slip {slip.id}.")
        right = {
            style: text
            for (id, style), text in answers(lesson.name).items()
            if id == exercise and not style.startswith("slip:")
        }
        for style, text in right.items():
            verdict = judged(whole, defined(text, exercise), points)
            accepted += verdict.accepted
            if not verdict.accepted:
                said = f"{exercise}: the right answer {style} is rejected:\n{verdict.text}"
                faults.append(said.rstrip())
    return Survey(
        exercise,
        len(bank),
        checked,
        len(bank) - lived if hidden else None,
        named,
        len(right),
        accepted,
        tuple(faults),
        tuple(unnamed),
    )


def surveys(exercises: Sequence[str], seed: int, processes: int = 2) -> Iterator[Survey]:
    """Survey exercises as they come, in several processes where there are several exercises."""
    if len(exercises) == 1:
        yield survey(exercises[0], seed)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        work = functools.partial(survey, seed=seed)
        for done in as_completed([pool.submit(work, exercise) for exercise in exercises]):
            yield done.result()


def enough_named(found: Sequence[Survey]) -> bool:
    """Whether the visible checks name as many slips as they must."""
    return sum(s.named for s in found) >= NAMED * sum(s.slips for s in found)


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Have hidden tests draw from one seed, so that a run can be repeated."""
    before = os.environ.get("STRIDED_SEED")
    os.environ["STRIDED_SEED"] = str(seed)
    try:
        yield
    finally:
        if before is None:
            del os.environ["STRIDED_SEED"]
        else:
            os.environ["STRIDED_SEED"] = before
