"""What a check cell runs: cases, comparison, explanation.

A `Check` holds small cases of one exercise, calls the student's answer on them, and explains the first
difference in the order in which one looks for it: raised, returned None, type, shape, values, inputs
changed. Where a slip gives the same results on every case, the explanation ends with its name.
"""

import contextlib
import copy
import inspect
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from numbers import Number
from typing import Any, Literal, TypeGuard

import numpy as np

from strided import manifest
from strided.slips import core as slips

WIDTH = 78  # nbgrader's Validate dialogue cuts longer lines
TOLERANCE = 1e-4  # relative to the largest expected value: answers in float32 are right answers


class WrongAnswer(AssertionError):
    """A check's verdict on a wrong answer; the message is the explanation, complete as text.

    status: the word that grades.csv uses for it: failed, blank or error.
    slip: id of the recognised slip, several joined by `|` if nothing tells them apart, or "".
    """

    def __init__(self, message: str, status: str = "failed", slip: str = ""):
        super().__init__(message)
        self.status = status
        self.slip = slip

    def _render_traceback_(self) -> list[str]:
        # IPython shows these lines in place of a traceback through the check's own code.
        return [str(self)]


@dataclass(frozen=True)
class Case:
    """One call of the student's function.

    raises: the exception type that the call must raise, if it must; mentions: words of its message.
    """

    args: tuple
    kwargs: dict = field(default_factory=dict)
    raises: type[Exception] | None = None
    mentions: tuple[str, ...] = ()


def case(*args: Any, **kwargs: Any) -> Case:
    """Write a case as the call it makes: `case(x, weight, stride=(2, 1))`."""
    return Case(args, kwargs)


@dataclass(frozen=True)
class Outcome:
    """What one call did: its value or its exception, and its arguments afterwards."""

    value: Any
    error: Exception | None
    arguments: tuple


def run(function: Callable, call: Case) -> Outcome:
    """Call a function on fresh copies of a case's arguments and keep what happened."""
    args, kwargs = copy.deepcopy((call.args, call.kwargs))
    try:
        # Stock nbgrader gives no points to a cell that writes to stderr, even for a warning.
        with contextlib.redirect_stderr(sys.stdout):
            value = function(*args, **kwargs)
    except Exception as error:
        return Outcome(None, error, (args, kwargs))
    return Outcome(value, None, (args, kwargs))


# ---------------------------------------------------------------- comparing


def is_array(value: object) -> TypeGuard[np.ndarray]:
    """Whether a value is compared as an array: it has a shape and at least one axis."""
    return isinstance(value, np.ndarray) and value.ndim > 0


def as_array(value: object) -> np.ndarray | None:
    """The value as a numeric array, or None where it is none (ragged lists, text, objects)."""
    try:
        array = np.asarray(value)
    except Exception:
        return None
    if array.dtype.kind == "O":  # numbers one by one, as np.vectorize may leave them
        if not all(isinstance(value, Number) for value in array.flat):
            return None
        try:
            array = array.astype(float)
        except Exception:
            return None
    return array if array.dtype.kind in "biufc" else None


def differing(got: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Boolean array: where two arrays of one shape differ by more than the tolerance."""
    got, expected = got + 0, expected + 0  # booleans cannot be subtracted
    finite = np.abs(expected[np.isfinite(expected)])
    scale = max(1.0, float(finite.max())) if finite.size else 1.0
    with np.errstate(all="ignore"):
        same = np.abs(got - expected) <= TOLERANCE * scale
        return ~(same | (got == expected) | (np.isnan(got) & np.isnan(expected)))


def same(got: object, expected: object) -> bool:
    """Whether a result is right: tuples may be lists, float32 may be float64, 2.0 may be 2."""
    if is_array(expected):
        array = as_array(got)
        return (
            array is not None
            and array.shape == expected.shape
            and not differing(array, expected).any()
        )
    if isinstance(expected, tuple | list):
        if isinstance(got, np.ndarray):
            got = got.tolist()
        return (
            isinstance(got, tuple | list)
            and len(got) == len(expected)
            and all(same(g, e) for g, e in zip(got, expected, strict=True))
        )
    if isinstance(expected, dict):
        return (
            isinstance(got, dict)
            and set(got) == set(expected)
            and all(same(got[key], expected[key]) for key in expected)
        )
    if isinstance(expected, bool | np.bool_ | int | float | complex | np.number):
        array = as_array(got)
        if array is None or array.ndim > 0:
            return False
        if isinstance(expected, int | np.integer):  # a count is right or wrong
            return bool(array == expected)
        return not differing(array[None], np.asarray([expected])).any()
    if isinstance(expected, range):
        return isinstance(got, range | list | tuple | np.ndarray) and list(got) == list(expected)
    return isinstance(got, type(expected)) and bool(got == expected)


def same_outcome(one: Outcome, other: Outcome) -> bool:
    """Whether two calls did the same: same value or both an exception, same arguments left behind."""
    if one.error is not None or other.error is not None:
        return one.error is not None and other.error is not None
    return _equal(one.value, other.value) and same(one.arguments[0], other.arguments[0])


def _equal(one: object, other: object) -> bool:
    # A slip may return what is not even of the right kind; then either side may be the odd one.
    if isinstance(other, np.ndarray) or not isinstance(one, np.ndarray):
        return same(one, other)
    return same(other, one)


# ---------------------------------------------------------------- writing


def show(value: object) -> str:
    """A value in a few characters: numbers without trailing zeros, arrays by shape or content."""
    if isinstance(value, np.ndarray) and value.ndim:
        if value.size > 8 or value.ndim > 1:
            return "x".join(map(str, value.shape))
        return str([_number(v) for v in value.tolist()]).replace("'", "")
    if isinstance(value, float | np.floating):
        return str(_number(float(value)))
    if isinstance(value, np.ndarray | np.number):
        return str(value.item())
    if inspect.isfunction(value):
        return value.__name__
    text = repr(value)
    return text if len(text) <= 200 else text[:197] + "..."


def _number(value: object) -> object:
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else float(f"{value:.6g}")
    return value


def indent(text: str, by: int = 2) -> str:
    """Every line moved right by some spaces."""
    return textwrap.indent(text, " " * by)


def wrap(text: str) -> str:
    """A sentence wrapped to the width of a message, indented by two."""
    return textwrap.fill(
        text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )


def index_text(name: str, index: Sequence[int]) -> str:
    """An index as it is typed: `out[0, 1, 2]`."""
    return f"{name}[{', '.join(map(str, index))}]"


def span(start: int, stop: int, step: int = 1) -> str:
    """A slice as it is typed: `0:3`, `1:7:2`."""
    return f"{start}:{stop}" if step == 1 else f"{start}:{stop}:{step}"


def block(array: np.ndarray) -> str:
    """A small array's numbers in rows, as in a window to be checked by hand."""
    with np.printoptions(linewidth=WIDTH - 6, suppress=True, precision=4, threshold=60):
        whole = np.asarray(array)
        if whole.dtype.kind == "f" and np.all(whole == np.round(whole)):
            whole = whole.astype(int)
        return indent(str(whole), 6)


# ---------------------------------------------------------------- checking


@dataclass(frozen=True)
class Check:
    """The visible check of one exercise: call it with the student's function.

    exercise: the exercise's id, which is the name of the student's function.
    reference: a right implementation, called on the same cases.
    arguments: the function's parameter names in order, as the stub has them.
    cases: small calls; integers that can be done by hand, rectangular everywhere.
    shape: from a case to a sentence that derives the result's shape (only for arrays).
    reads: from a case and an index of the output to the lines that say what that output must read;
        where the function returns several results, the index begins with the result's number.
    parts: names of the results, where the function returns several.
    about: from a case to lines that every explanation of a wrong result ends with: what it is made of.
    """

    exercise: str
    reference: Callable
    arguments: tuple[str, ...]
    cases: tuple[Case, ...]
    shape: Callable[[Case], str] | None = None
    reads: Callable[[Case, tuple[int, ...]], str] | None = None
    parts: tuple[str, ...] = ()
    about: Callable[[Case], str] | None = None

    def __call__(self, function: Callable) -> Literal[True]:
        """Pass with a line that says so, or raise a WrongAnswer that explains.

        Raises TypeError where the answer is no function at all.
        """
        self.judge(function, self.cases)
        print(f"{self.exercise}: all {len(self.cases)} cases are right.")
        return True

    def judge(
        self,
        function: Callable,
        cases: Sequence[Case],
        reference: Callable | None = None,
        words: str = "",
    ) -> None:
        """Compare an answer with a reference on some cases; raise a WrongAnswer at a difference.

        With `words`, a property described in words, the explanation is only that: a hidden test
        tells neither its numbers nor its code.
        """
        if not callable(function):
            raise WrongAnswer(
                f"{self.exercise} is {show(function)}, not a function.\n"
                f"  Define it with `def {self.exercise}(...)` and run that cell again.",
                status="error",
            )
        reference = reference or self.reference
        outcomes: list[Outcome] = []
        problem: tuple[int, str, str] | None = None
        for number, call in enumerate(cases):
            outcome = run(function, call)
            outcomes.append(outcome)
            if isinstance(outcome.error, NotImplementedError):
                raise WrongAnswer(
                    f"{self.exercise} is not written yet: replace `raise NotImplementedError()`\n"
                    "  with your answer, run that cell, then run this one again.",
                    status="blank",
                )
            if problem is None:
                status, text = self._problem(outcome, call, reference)
                if status:
                    problem = (number, status, text)
        if problem is None:
            return
        number, status, text = problem
        found = self._recognise(outcomes, cases, reference)
        head = (
            f"A hidden test failed: {words}." if words else self._call(cases[number]) + "\n" + text
        )
        raise WrongAnswer(
            "\n".join([head, *_named(found)]),
            status="failed" if found else status,  # a known mistake, even where it raises
            slip="|".join(s.id for s in found),
        )

    def _problem(self, outcome: Outcome, call: Case, reference: Callable) -> tuple[str, str]:
        """Status and explanation of what is wrong with one call; both empty if nothing is."""
        if call.raises is not None:
            return self._missing_error(outcome, call)
        if outcome.error is not None:
            return "error", _raised(outcome.error)
        if outcome.value is None:
            return "failed", "  it returned None: does your function end with `return ...`?"
        expected = reference(*copy.deepcopy(call.args), **copy.deepcopy(call.kwargs))
        text = self._difference(outcome.value, expected, call)
        if text:
            return "failed", text + ("\n" + indent(self.about(call)) if self.about else "")
        changed = _changed(call, outcome, self.arguments)
        if changed:
            return "failed", (
                f"  the result is right, but your function changed its input {changed}.\n"
                "  Work on a copy: whoever called you still needs theirs."
            )
        return "", ""

    def _missing_error(self, outcome: Outcome, call: Case) -> tuple[str, str]:
        assert call.raises is not None
        wanted = f"  expected a {call.raises.__name__}"
        if call.mentions:
            wanted += " whose message mentions " + " and ".join(map(repr, call.mentions))
        if outcome.error is None:
            return "failed", f"{wanted},\n  but it returned {show(outcome.value)}"
        if not isinstance(outcome.error, call.raises):
            return "failed", f"{wanted},\n{_raised(outcome.error)}"
        missing = [word for word in call.mentions if word not in str(outcome.error)]
        if missing:
            return "failed", f"{wanted},\n  but it says: {outcome.error}"
        return "", ""

    def _difference(self, got: object, expected: object, call: Case) -> str:
        if self.parts and isinstance(expected, tuple):
            if is_array(got):
                got = list(got)  # results of one shape may come stacked
            if not isinstance(got, tuple | list) or len(got) != len(expected):
                return f"  it must return {len(expected)} results: ({', '.join(self.parts)})"
            for n, (name, g, e) in enumerate(zip(self.parts, got, expected, strict=True)):
                if is_array(e):
                    text = self._of_array(g, e, call, name, (n,))
                else:
                    text = _of_value(g, e, name)
                if text:
                    return text
            return ""
        if is_array(expected):
            return self._of_array(got, expected, call, "out")
        return _of_value(got, expected, "")

    def _of_array(
        self,
        got: object,
        expected: np.ndarray,
        call: Case,
        name: str,
        part: tuple[int, ...] = (),
    ) -> str:
        array = as_array(got)
        if array is None:
            return f"  {name} must be an array of numbers; yours is a {type(got).__name__}"
        if array.shape != expected.shape:
            lines = [f"  {name} has shape {array.shape}, expected {expected.shape}"]
            if self.shape:
                lines.append(indent(self.shape(call)))
            return "\n".join(lines)
        wrong = differing(array, expected)
        if not wrong.any():
            return ""
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        lines = [
            f"  {int(wrong.sum())} of {wrong.size} outputs differ; "
            f"the first is {index_text(name, index)}",
            f"  got {show(array[index])}, expected {show(expected[index])}",
        ]
        if self.reads:
            lines.append(indent(self.reads(call, part + index)))
        return "\n".join(lines)

    def _recognise(
        self, outcomes: Sequence[Outcome], cases: Sequence[Case], reference: Callable
    ) -> list[slips.Slip]:
        """The slips that do on every case what the answer did."""
        from strided.slips import bank  # the bank imports the operators: only a wrong answer pays

        return [
            slip
            for slip in bank(self.exercise).values()
            if all(
                same_outcome(outcome, run(slip.function, call))
                for outcome, call in zip(outcomes, cases, strict=True)
            )
        ]

    def _call(self, call: Case) -> str:
        """The call as one reads it: `conv2d(x 1x1x7x7, weight 1x1x3x3, stride=2)`."""
        named = [*zip(self.arguments, call.args, strict=False), *call.kwargs.items()]
        words = [
            f"{name} {show(value)}" if is_array(value) else f"{name}={show(value)}"
            for name, value in named
        ]
        line = f"{self.exercise}({', '.join(words)})"
        return textwrap.fill(line, WIDTH, subsequent_indent="    ", break_long_words=False)

    def target(self):
        """A picture of the first case and the result it must give, before you write anything."""
        from strided import figures

        named = self._inputs() | self._targets()
        return figures.arrays(named, caption=self._call(self.cases[0]))

    def yours(self, function: Callable):
        """The target picture with your result beside it, differing outputs marked."""
        from strided import figures

        named = self._inputs() | self._targets()
        value = run(function, self.cases[0]).value
        several = bool(self.parts) and (isinstance(value, tuple | list) or is_array(value))
        marks = {}
        for (title, target), part in zip(
            self._targets().items(), value if several else [value], strict=False
        ):
            array = as_array(part)
            if array is not None and 0 < array.ndim <= 4:
                mine = "yours" if title == "target" else title.replace("target", "your", 1)
                named[mine] = array.real  # a Fourier transform leaves an imaginary part
                if array.shape == target.shape:
                    marks[mine] = differing(array, target)
        return figures.arrays(named, marks=marks, caption=self._call(self.cases[0]))

    def _inputs(self) -> dict[str, np.ndarray]:
        return {
            name: value
            for name, value in zip(self.arguments, self.cases[0].args, strict=False)
            if is_array(value) and value.ndim >= 2
        }

    def _targets(self) -> dict[str, np.ndarray]:
        first = self.cases[0]
        result = self.reference(*first.args, **first.kwargs)
        if not self.parts:
            return {"target": np.asarray(result)}
        return {
            f"target {name}": np.asarray(part)
            for name, part in zip(self.parts, result, strict=True)
        }


def _raised(error: Exception) -> str:
    return wrap(f"it raised {type(error).__name__}: {error}")


def _of_value(got: object, expected: object, name: str) -> str:
    if same(got, expected):
        return ""
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in [*expected, *got]:
            if key not in got:
                return f"  the key {key!r} is missing"
            if key not in expected:
                return f"  the key {key!r} does not belong there"
            if not same(got[key], expected[key]):
                return f"  at {key!r}: got {show(got[key])}, expected {show(expected[key])}"
    if isinstance(expected, tuple) and isinstance(got, tuple | list) and len(got) == len(expected):
        for g, e in zip(got, expected, strict=True):
            if isinstance(e, dict) and not same(g, e):
                return _of_value(g, e, name)
    prefix = f"{name}: " if name else ""
    return f"{wrap(f'{prefix}got {show(got)},')}\n{wrap(f'expected {show(expected)}')}"


def _changed(call: Case, outcome: Outcome, arguments: tuple[str, ...]) -> str:
    """Name of the first argument that the call changed, or ""."""
    args, kwargs = outcome.arguments
    for name, before, after in zip(arguments, call.args, args, strict=False):
        if not same(after, before):
            return name
    for name, before in call.kwargs.items():
        if not same(kwargs[name], before):
            return name
    return ""


def _named(found: list[slips.Slip]) -> list[str]:
    """The lines that name a recognised slip and say what to do about it."""
    if not found:
        return []
    if len(found) == 1:
        return [wrap(f"Your output is exactly what {found[0].gives} gives."), wrap(found[0].advice)]
    either = " or ".join(slip.gives for slip in found)
    return [wrap(f"Your output is exactly what either {either} gives.")] + [
        wrap(slip.advice) for slip in found
    ]


# ---------------------------------------------------------------- partial credit


class Award(float):
    """Points for part of an exercise; shown, it is the plain number that nbgrader reads."""

    slip: str = ""

    def __repr__(self) -> str:
        return f"{float(self):g}"


def award(exercise: str, share: float, slip: str = "") -> None:
    """Report a share of an exercise's points, from 0 to 1, and the slip that cost the rest.

    nbgrader takes the number that a test cell displays as its score; the display hook shows it
    wherever the cell is run: in a notebook, under nbgrader, in the autograder. A test cell may award
    once, after everything in it that can fail.
    """
    points = Award(round(manifest.exercises()[exercise].points * share, 2))
    points.slip = slip
    sys.displayhook(points)
