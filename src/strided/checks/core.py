"""What a check cell runs: cases, comparison, explanation.

A `Check` holds small cases of one exercise, calls the student's answer on them, and explains the first
difference in the order in which one looks for it: raised, returned None, type, shape, values, inputs
changed. Where a slip gives the same results on every case, the explanation ends with its name; where
none does, with what the first wrong output seems to read.
"""

import contextlib
import copy
import inspect
import math
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Number
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

import numpy as np

from strided import display, manifest
from strided.indices import span as span
from strided.slips import core as slips

if TYPE_CHECKING:
    from strided.checks.probe import Affine
    from strided.figures import Figure

LONGEST = 500  # characters of an exception's text
WIDTH = 78  # nbgrader's Validate dialogue cuts longer lines
CUT = 200  # characters of a value that are shown
LARGE = 1e15  # from here on, a number is written with an exponent
TOLERANCE = 1e-4  # relative to the largest expected value: answers in float32 are right answers


class WrongAnswer(AssertionError):
    """A check's verdict on a wrong answer; the message is the explanation, complete as text.

    status: the word that grades.csv uses for it: failed, blank or error.
    slip: id of the recognised slip, several joined by `|` if nothing tells them apart, or "".
    cases: a sentence on how many of the check's cases are right, or "".
    draw: what draws `figure`, if there is anything to draw.
    """

    def __init__(
        self,
        message: str,
        status: str = "failed",
        slip: str = "",
        draw: Callable[[], "Figure | None"] | None = None,
        cases: str = "",
    ):
        super().__init__(message)
        self.status = status
        self.slip = slip
        self.cases = cases
        self._draw = draw

    @cached_property
    def figure(self) -> "Figure | None":
        """The failed case, its target and the answer's result side by side; None without arrays.

        It is drawn when it is first asked for, from what the check already knows: the answer is not
        called again. Hidden tests have none: their numbers stay hidden.
        """
        try:
            return self._draw() if self._draw else None
        except Exception:  # whatever an answer returned, the explanation stands without a picture
            return None

    def _render_traceback_(self) -> list[str]:
        # IPython shows these lines in place of a traceback through the check's own code.
        return [text for text in (str(self), self.cases) if text]


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
    error: Exception | SystemExit | None
    arguments: tuple


def run(function: Callable, call: Case) -> Outcome:
    """Call a function on fresh copies of a case's arguments and keep what happened."""
    args, kwargs = copy.deepcopy((call.args, call.kwargs))
    try:
        # Stock nbgrader gives no points to a cell that writes to stderr, even for a warning.
        with contextlib.redirect_stderr(sys.stdout):
            value = function(*args, **kwargs)
    except (Exception, SystemExit) as error:  # a notebook's kernel lets SystemExit pass in silence
        return Outcome(None, error, (args, kwargs))
    return Outcome(value, None, (args, kwargs))


# ---------------------------------------------------------------- comparing


def is_array(value: object) -> TypeGuard[np.ndarray]:
    """Whether a value is compared as an array: it has a shape and at least one axis."""
    return isinstance(value, np.ndarray) and value.ndim > 0


def are_arrays(value: object) -> TypeGuard[list[np.ndarray]]:
    """Whether a value is a list of arrays."""
    return isinstance(value, list) and bool(value) and all(map(is_array, value))


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
    kind = np.result_type(got, expected, float)  # booleans cannot be subtracted, and int64 wraps
    got, expected = got.astype(kind), expected.astype(kind)
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
        if is_array(got) and len(got) == len(expected):
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
        array = as_array(got)
        if array is None or array.shape != (len(expected),):
            return False
        return array.tolist() == list(expected)
    return isinstance(got, type(expected)) and bool(got == expected)


def same_outcome(one: Outcome, other: Outcome) -> bool:
    """Whether two calls did the same: same value or both an exception, same arguments left behind."""
    if one.error is not None or other.error is not None:
        return one.error is not None and other.error is not None
    return _equal(one.value, other.value) and same(one.arguments[0], other.arguments[0])


def _equal(one: object, other: object) -> bool:
    # A slip may return what is not even of the right kind; then either side may be the odd one.
    swapped = isinstance(one, np.ndarray) and not isinstance(other, np.ndarray)
    try:
        return same(other, one) if swapped else same(one, other)
    except TypeError:  # an array of texts, dates or objects
        return False


# ---------------------------------------------------------------- writing


def show(value: object) -> str:
    """A value in a few characters: numbers without trailing zeros, arrays by shape or content."""
    if isinstance(value, np.ndarray) and value.ndim:
        if value.size > 8 or value.ndim > 1:
            return "x".join(map(str, value.shape))
        return str([_number(v) for v in value.tolist()]).replace("'", "")
    if are_arrays(value):
        return f"[{', '.join(map(show, value))}]"
    if isinstance(value, float | np.floating):
        return str(_number(float(value)))
    if isinstance(value, np.ndarray | np.generic):
        return str(value.item())
    if inspect.isfunction(value):
        return value.__name__
    text = repr(value)
    return text if len(text) <= CUT else text[: CUT - 3] + "..."


def _number(value: object) -> object:
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < LARGE else float(f"{value:.6g}")
    return value


def show_apart(got: object, expected: object) -> tuple[str, str]:
    """Two values that are not the same, each in words that tell it from the other.

    As `show` writes them; where that reads the same, with all digits, with quotes, with the number of
    entries, or with the type.
    """
    got, expected = [
        value.item() if isinstance(value, np.ndarray | np.generic) and value.ndim == 0 else value
        for value in (got, expected)
    ]
    one, other = show(got), show(expected)
    if _read_the_same(one, other):
        one, other = repr(got), repr(expected)
        if len(one) > CUT or len(other) > CUT:
            one, other = show(got), show(expected)
    if _read_the_same(one, other):
        kinds = [type(value).__name__ for value in (got, expected)]
        if kinds[0] == kinds[1] and isinstance(got, tuple | list):
            kinds = [f"with {len(got)} entries", f"with {len(expected)}"]  # type: ignore[arg-type]
        one, other = f"{one} ({kinds[0]})", f"{other} ({kinds[1]})"
    return one, other


def _read_the_same(one: str, other: str) -> bool:
    try:
        return one == other or float(one) == float(other)
    except ValueError:
        return False


def indent(text: str, by: int = 2) -> str:
    """Every line moved right by some spaces."""
    return textwrap.indent(text, " " * by)


def wrap(text: str, first: str = "  ", rest: str = "  ") -> str:
    """A sentence wrapped to the width of a message, its lines indented by two."""
    filled = textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
    return filled.replace(_GLUE, " ")


_GLUE = "\N{NO-BREAK SPACE}"


def together(text: str) -> str:
    """A text that `wrap` leaves on one line, unless it is too long for one."""
    return text.replace(" ", _GLUE) if len(text) <= WIDTH - 10 else text


def hidden_failure(words: str) -> str:
    """What a failed hidden test says: a property in words."""
    return wrap(f"A hidden test failed: {words}.", first="")


def index_text(name: str, index: Sequence[int]) -> str:
    """An index as it is typed: `out[0, 1, 2]`."""
    return f"{name}[{', '.join(map(str, index))}]"


def block(array: np.ndarray) -> str:
    """A small array's numbers in rows, as in a window to be checked by hand."""
    whole = np.asarray(array)
    small = bool(
        np.all(np.abs(whole) < LARGE)
    )  # others fit no integer, and no line without exponents
    with np.printoptions(linewidth=WIDTH - 6, suppress=small, precision=4, threshold=60):
        if whole.dtype.kind == "f" and small and np.all(whole == np.round(whole)):
            whole = whole.astype(int)
        return indent(str(whole), 6)


def side_by_side(left: np.ndarray, right: np.ndarray) -> list[str]:
    """Two small arrays of as many rows, the left one times the right one."""
    one, other = block(left).splitlines(), block(right).splitlines()
    width = max(map(len, one))
    signs = ["  *" if row == 0 else "   " for row in range(len(one))]
    return [
        f"{a:<{width}}{sign}{b.removeprefix('    ')}"
        for a, sign, b in zip(one, signs, other, strict=True)
    ]


# ---------------------------------------------------------------- cases


def integers(*shape: int) -> np.ndarray:
    """Small whole numbers as floats, zeros and negative ones among them, in no simple order.

    No two of the windows that the lessons' cases use have one sum.
    """
    return np.arange(np.prod(shape)).reshape(shape) * 7 % 23 - 5.0


# ---------------------------------------------------------------- checking


@dataclass(frozen=True)
class Fault:
    """What is wrong with one call.

    status: the word that grades.csv uses for it.
    text: the explanation, without the name of a slip.
    advice: what to do about it, for where no slip is recognised that says so better.
    """

    status: str
    text: str
    advice: str = ""


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
    parts: names of the results, where the function returns several; a function from a case to the
        names, where their number depends on the case.
    result: what an explanation calls a single array result.
    about: from a case to lines that every explanation of a wrong result ends with: what it is made of.
    """

    exercise: str
    reference: Callable
    arguments: tuple[str, ...]
    cases: tuple[Case, ...]
    shape: Callable[[Case], str] | None = None
    reads: Callable[[Case, tuple[int, ...]], str] | None = None
    parts: tuple[str, ...] | Callable[[Case], tuple[str, ...]] = ()
    result: str = "out"
    about: Callable[[Case], str] | None = None

    def __call__(self, function: Callable) -> Literal[True]:
        """Pass with a line that says so, or raise a WrongAnswer that explains.

        The line begins with the exercise's id and "all", by which `strided.progress` knows it. A
        notebook shows the figure of a WrongAnswer first.
        """
        try:
            self.judge(function, self.cases)
        except WrongAnswer as wrong:
            if display.in_notebook() and wrong.figure is not None:
                display.show(wrong.figure)
            raise
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
            raise not_a_function(self.exercise, function)
        reference = reference or self.reference
        function = self.adapted(function)
        outcomes: list[Outcome] = []
        problem: tuple[int, Fault] | None = None
        right = 0
        for number, call in enumerate(cases):
            outcome = run(function, call)
            outcomes.append(outcome)
            if problem is None:
                fault = self._problem(outcome, call, reference)
                if fault:
                    problem = (number, fault)
                right += not fault
            else:  # the verdict stands; whatever comparing runs into, this case is not a right one
                with contextlib.suppress(Exception):
                    right += not self._problem(outcome, call, reference)
        if problem is None:
            return
        if all(isinstance(outcome.error, NotImplementedError) for outcome in outcomes):
            raise not_written(self.exercise)
        number, fault = problem
        call, outcome, reading = cases[number], outcomes[number], None
        found = self._recognise(outcomes, cases, reference)
        if words:
            lines = [hidden_failure(words), _coarse(outcome.value)]
        else:
            lines = [self._call(call), fault.text]
        if found:
            lines += _named(found)
        elif not words:
            reading, of = self._read(function, outcome, call)
            lines += [fault.advice, _coarse(outcome.value), reading.text(of) if reading else ""]

        def draw() -> "Figure | None":
            if not found:
                return self.drawn(call, outcome, reference, reading, None)
            # It did on every case what the answer did, and gives the same picture whoever made it.
            like = found[0].function
            return self.drawn(call, run(self.adapted(like), call), reference, reading, like)

        raise WrongAnswer(
            "\n".join(line for line in lines if line),
            status="failed" if found else fault.status,  # a known mistake, even where it raises
            slip="|".join(s.id for s in found),
            draw=None if words else draw,
            cases="" if words else _how_many(right, len(cases)),
        )

    def drawn(
        self,
        call: Case,
        outcome: Outcome,
        reference: Callable,
        reading: "Affine | None",
        like: Callable | None,
    ) -> "Figure | None":
        """The picture of a wrong result; see `picture.wrong_result`."""
        from strided.checks import picture

        return picture.wrong_result(self, call, outcome, reference, reading, like)

    def adapted(self, answer: Callable) -> Callable:
        """What a case calls: the answer itself, unless a check looks at what becomes of its result."""
        return answer

    def _problem(self, outcome: Outcome, call: Case, reference: Callable) -> Fault | None:
        """What is wrong with one call, or None."""
        if call.raises is not None:
            return _missing_error(outcome, call)
        if outcome.error is not None:
            return Fault("error", _raised(outcome.error))
        if outcome.value is None:
            return Fault("failed", "  it returned None: does your function end with `return ...`?")
        expected = reference(*copy.deepcopy(call.args), **copy.deepcopy(call.kwargs))
        text = self._difference(outcome.value, expected, call)
        if text:
            about = "\n" + indent(self.about(call)) if self.about else ""
            return Fault("failed", text + about)
        changed = _changed(call, outcome, self.arguments)
        if changed:
            return Fault(
                "failed",
                f"  the result is right, but your function changed its input {changed}.",
                advice="  Work on a copy: whoever called you still needs theirs.",
            )
        return None

    def _read(
        self, function: Callable, outcome: Outcome, call: Case
    ) -> "tuple[Affine | None, str]":
        """What the first wrong output seems to read of the first array, if found; the array's name."""
        from strided.checks.probe import probe  # only a wrong answer pays for it

        if call.raises is not None or outcome.error is not None:
            return None, ""
        expected = self.reference(*copy.deepcopy(call.args), **copy.deepcopy(call.kwargs))
        index = self.first_wrong(outcome.value, expected)
        place = next((n for n, value in enumerate(call.args) if is_array(value)), None)
        if index is None or place is None:
            return None, ""

        def answer(x: np.ndarray) -> float:
            again = replace(call, args=(*call.args[:place], x, *call.args[place + 1 :]))
            value, at = run(function, again).value, index
            if self.parts:
                value, at = value[index[0]], index[1:]
            number = np.asarray(value)[at]
            # An imaginary part is no rounding error here, and no weight of real numbers tells of it.
            return math.nan if abs(np.imag(number)) > TOLERANCE else float(np.real(number))

        return probe(answer, call.args[place]), self.arguments[place]

    def first_wrong(self, got: object, expected: object) -> tuple[int, ...] | None:
        """Index of the first wrong number of an array result; with several, its part's number first."""
        pairs = [(got, expected)]
        if self.parts and isinstance(expected, tuple | list):
            pairs = list(zip(self.results(got, expected) or [], expected, strict=False))
        for part, (g, e) in enumerate(pairs):
            if same(g, e):
                continue
            array = as_array(g)
            if array is None or not is_array(e) or array.shape != e.shape:
                return None
            index = tuple(int(i) for i in np.argwhere(differing(array, e))[0])
            return (part, *index) if self.parts else index
        return None

    def results(self, got: object, expected: tuple | list) -> list | None:
        """An answer's several results, which may come stacked in one array; None if it has others."""
        if is_array(got) and got.ndim == 1 + max(np.ndim(part) for part in expected):
            got = list(got)
        if isinstance(got, tuple | list) and len(got) == len(expected):
            return list(got)
        return None

    def _difference(self, got: object, expected: object, call: Case) -> str:
        names = self.names(call)
        if names and isinstance(expected, tuple | list):
            results = self.results(got, expected)
            if results is None:
                wanted = f"it must return {len(expected)} results: ({', '.join(names)}),"
                return f"{wrap(wanted)}\n{wrap(f'but it returned {_kind(got)}')}"
            for n, (name, g, e) in enumerate(zip(names, results, expected, strict=True)):
                if is_array(e):
                    text = self._of_array(g, e, call, name, (n,))
                else:
                    text = _of_value(g, e, name)
                if text:
                    return text
            return ""
        if is_array(expected):
            return self._of_array(got, expected, call, self.result)
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
            return wrap(f"{name} must be an array of numbers; yours is {_kind(got)}")
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
            "  got {}, expected {}".format(*show_apart(array[index], expected[index])),
        ]
        if self.reads:
            lines.append(indent(self.reads(call, part + index)))
        return "\n".join(lines)

    def names(self, call: Case) -> tuple[str, ...]:
        """Names of the results, where the function returns several."""
        return self.parts(call) if callable(self.parts) else self.parts

    def _recognise(
        self, outcomes: Sequence[Outcome], cases: Sequence[Case], reference: Callable
    ) -> list[slips.Slip]:
        """The slips that do on every case what the answer did."""
        from strided.slips import bank  # the bank imports the operators: only a wrong answer pays

        return [
            slip
            for slip in bank(self.exercise).values()
            if all(
                same_outcome(outcome, run(self.adapted(slip.function), call))
                for outcome, call in zip(outcomes, cases, strict=True)
            )
        ]

    def _call(self, call: Case) -> str:
        """The call as one reads it: `conv2d(x 1x1x7x7, weight 1x1x3x3, stride=2)`."""
        named = [*zip(self.arguments, call.args, strict=False), *call.kwargs.items()]
        words = [
            together(f"{name} {show(value)}" if is_array(value) else f"{name}={show(value)}")
            for name, value in named
        ]
        return wrap(f"{self.exercise}({', '.join(words)})", first="", rest="    ")

    def described(self, call: Case) -> str:
        """The call as a sentence of a caption."""
        return " ".join(self._call(call).split())

    def target(self) -> "Figure":
        """A picture of the first case and the result it must give, before you write anything."""
        from strided.checks import picture

        return picture.target(self, self.cases[0])

    def yours(self, function: Callable) -> "Figure":
        """The target picture with your result beside it, differing outputs marked.

        Click an output, or move with the arrow keys, to see what it must read and what yours reads.
        """
        from strided.checks import picture

        return picture.yours(self, self.cases[0], function)


def not_a_function(exercise: str, answer: object, define: str = "(...)") -> WrongAnswer:
    """The verdict on an answer that cannot be called; `define` follows its name in a definition."""
    return WrongAnswer(
        wrap(f"{exercise} is {show(answer)}, not a function.", first="")
        + f"\n  Define it with `def {exercise}{define}` and run that cell again.",
        status="error",
    )


def not_written(exercise: str, answer: str = "answer") -> WrongAnswer:
    """The verdict on a stub; `answer` says in a word what is to be in its place."""
    return WrongAnswer(
        f"{exercise} is not written yet: replace `raise NotImplementedError()`\n"
        f"  with your {answer}, run that cell, then run this one again.",
        status="blank",
    )


def _coarse(value: object) -> str:
    """A sentence on a result with too few digits for a test, or ""."""
    parts = value if isinstance(value, tuple | list) else [value]
    if not any(getattr(part, "dtype", None) == np.float16 for part in parts):
        return ""
    return wrap("Your result is in float16, which keeps three digits: use float32 or float64.")


def _how_many(right: int, cases: int) -> str:
    """A sentence on how many cases are right, of which at least one is not."""
    if cases == 1:
        return ""
    if not right:
        return f"None of the {cases} cases is right; the first one is shown."
    verb = "is" if right == 1 else "are"
    return f"{right} of the {cases} cases {verb} right; the first wrong one is shown."


def _raised(error: BaseException, but: str = "") -> str:
    if type(error).__name__ == "SystemExit":  # in the autograder, an exception of that name
        return wrap(f"{but}it called exit(), which ends the program: end with `return ...` instead")
    text = str(error)
    text = text if len(text) <= LONGEST else text[:LONGEST] + " …"
    return wrap(f"{but}it raised {type(error).__name__}{f': {text}' if text else ''}")


def _kind(value: object) -> str:
    """What a value is, in a few words."""
    if is_array(value):
        numbers = "" if value.dtype.kind in "biufc" else f" of {value.dtype}"
        return f"one array{numbers} of shape {value.shape}"
    if isinstance(value, tuple | list):
        values = "value" if len(value) == 1 else "values"
        return f"{len(value)} {values}, as a {type(value).__name__}"
    return f"one {type(value).__name__}"


def _missing_error(outcome: Outcome, call: Case) -> Fault | None:
    """What is wrong with a call that must raise, or None."""
    assert call.raises is not None
    name = call.raises.__name__
    wanted = f"expected {'an' if name[0] in 'AEIOU' else 'a'} {name}"
    if call.mentions:
        wanted += " whose message mentions " + " and ".join(map(repr, call.mentions))
    if outcome.error is None:
        but = wrap(f"but it returned {show(outcome.value)}")
    elif not isinstance(outcome.error, call.raises):
        but = _raised(outcome.error, "but ")
    elif any(word not in str(outcome.error) for word in call.mentions):
        but = wrap(f"but it says: {outcome.error}")
    else:
        return None
    return Fault("failed", f"{wrap(wanted + ',')}\n{but}")


def _of_value(got: object, expected: object, name: str) -> str:
    if same(got, expected):
        return ""
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in [*expected, *got]:
            if key not in got:
                return f"  the key {show(key)} is missing"
            if key not in expected:
                return f"  the key {show(key)} does not belong there"
            if not same(got[key], expected[key]):
                one, other = show_apart(got[key], expected[key])
                return wrap(f"at {show(key)}: got {one}, expected {other}")
    prefix = f"{name}: " if name else ""
    if (
        isinstance(expected, tuple | list)
        and isinstance(got, tuple | list)
        and len(got) == len(expected)
    ):
        long = len(repr(expected)) > CUT or len(repr(got)) > CUT
        for n, (g, e) in enumerate(zip(got, expected, strict=True)):
            if isinstance(expected, tuple) and isinstance(e, dict) and not same(g, e):
                return _of_value(g, e, name)
            if long and not same(g, e):  # what is cut off may be what differs
                return _of_value(g, e, f"{prefix}entry {n}")
    one, other = show_apart(got, expected)
    return f"{wrap(f'{prefix}got {one},')}\n{wrap(f'expected {other}')}"


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
        wrap(f"If it is {slip.gives}: {slip.advice}") for slip in found
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
