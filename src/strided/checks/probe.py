"""What one output of an answer seems to read, found by nudging its input a little at a time.

An operator of this course is affine in its array: an output is a constant plus weighted inputs. Where
an answer behaves that way, a few dozen calls tell which inputs, with which weights; where it does not,
or where time runs out, nothing is said.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from strided.checks.core import block, indent, index_text, together, wrap
from strided.indices import even_span

SECONDS = 0.15  # a check cell answers in less than 0.3 s, whatever the answer costs
FAR = 50  # how many nudges a large one is
LISTED = 4  # inputs that are listed one by one where they make no box
PRECISION = 1e-5  # an answer may be written in float32
DROWNED = 1e3  # an output so many times as large as what moves it says nothing of what moves it
ALIKE = 1e-3  # weights that differ by less, relatively, count as one


@dataclass(frozen=True)
class Affine:
    """One output as an affine function of an array: `offset` plus the `weights` of some inputs."""

    weights: dict[tuple[int, ...], float]
    offset: float

    def where(self, shape: tuple[int, ...]) -> np.ndarray:
        """The entries that are read, as booleans of the array's shape."""
        read = np.zeros(shape, dtype=bool)
        for index in self.weights:
            read[index] = True
        return read

    def text(self, name: str) -> str:
        """Say which entries of the array `name` are read, and with which weights."""
        if not self.weights:
            return wrap(f"yours does not seem to read {name} at all")
        numbers = np.array(list(self.weights.values()))
        alike = np.ptp(numbers) <= ALIKE * np.abs(numbers).max()
        axes = [sorted(set(axis)) for axis in zip(*self.weights, strict=True)]
        slices, size = [even_span(axis) for axis in axes], math.prod(map(len, axes))
        box, below = all(slices) and len(numbers) > size / 2, ""
        if box:
            where = together(f"{name}[{', '.join(slices)}]")
            some = f"{len(numbers)} of the {size} entries of " if len(numbers) < size else ""
            said = f"yours seems to read {some}{where}"
        else:
            first = [together(index_text(name, i)) for i in list(self.weights)[:LISTED]]
            more = len(numbers) - len(first)
            said = f"yours seems to read {', '.join(first)}"
            said += f" and {more} more of its entries" if more else ""
        if alike and len(numbers) > 1:
            said += f", each times {_number(numbers[0])}"
        elif alike and abs(numbers[0] - 1) > ALIKE:
            said += f" times {_number(numbers[0])}"
        elif box and sum(len(axis) > 1 for axis in axes) <= 2:
            below = "\n" + indent(f"with the weights\n{block(self._weights(axes))}")
        said += f", and to add {_number(self.offset)}" if self.offset else ""
        return wrap(said) + below

    def _weights(self, axes: list[list[int]]) -> np.ndarray:
        """The weights of a box as an array, rounded to what an answer's precision leaves of them."""
        box = np.array([self.weights.get(index, 0.0) for index in itertools.product(*axes)])
        digits = 3 - int(np.floor(np.log10(np.abs(box).max())))
        return np.round(box, digits).reshape([len(axis) for axis in axes if len(axis) > 1])


def _number(value: float) -> str:
    """A number as one would write it: 12, 0.25, or 1/6 where decimals do not end."""
    fraction = Fraction(value).limit_denominator(100)
    for exact in (float(round(value)), float(f"{value:.3g}"), fraction):
        if abs(exact - value) <= ALIKE / 10 * abs(value):
            return f"{exact:g}" if isinstance(exact, float) else str(exact)
    return f"{value:.4g}"


class _Unclear(Exception):
    """The answer is no affine function of the array, or the time is up."""


def probe(answer: Callable[[np.ndarray], float], x: np.ndarray) -> Affine | None:
    """How one output depends on an array around the array's own values.

    Args:
        answer: from an array to the output in question; it may print, and may raise.
        x: `(...)`, the array to nudge; it is not changed.

    Returns:
        The reading, or None where the answer raises, gives other numbers when asked again, is not
        affine, gives numbers that are not finite or so large that they hide it, or takes more than
        `SECONDS`.
    """
    stop = time.perf_counter() + SECONDS
    if x.dtype.kind not in "iuf":
        return None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return _probe(answer, x, stop)
    except Exception:
        return None


def _probe(answer: Callable[[np.ndarray], float], x: np.ndarray, stop: float) -> Affine:
    nudges = _nudges(x)

    def change(entries: np.ndarray, times: int = 1) -> float:
        """By how much the output moves when these entries are nudged."""
        if time.perf_counter() > stop:
            raise _Unclear
        nudged = x.copy()
        nudged.flat[entries] += nudges[entries] * times
        moved = float(answer(nudged)) - rest
        if not math.isfinite(moved):
            raise _Unclear
        return moved

    everything = np.arange(x.size)
    rest = float(answer(x.copy()))
    if not np.isfinite(rest) or float(answer(x.copy())) != rest:
        raise _Unclear
    whole = change(everything)
    if abs(rest) > DROWNED * max(1.0, abs(whole)):
        raise _Unclear  # whatever the nudges did is lost in the rounding of so large a number
    little = PRECISION * max(1.0, abs(rest), abs(whole))
    found = {
        int(entry): moved / float(nudges[entry])
        for entry, moved in _movers(change, everything, whole, little)
    }
    # A maximum, say, may look affine to small nudges: ask again with large ones, up and down.
    alone = [np.array([entry]) for entry in found]
    for part in (everything, everything[::2], everything[1::3], *alone):
        for times in (-FAR, FAR) if len(part) > 1 else (-FAR,):
            expected = sum(found[i] * float(nudges[i]) * times for i in part.tolist() if i in found)
            if abs(change(part, times) - expected) > little * FAR:
                raise _Unclear
    offset = rest - sum(weight * float(x.flat[i]) for i, weight in found.items())
    weights = {
        tuple(map(int, np.unravel_index(i, x.shape))): weight for i, weight in sorted(found.items())
    }
    return Affine(weights, offset if abs(offset) > little * 10 else 0.0)


def _nudges(x: np.ndarray) -> np.ndarray:
    """An amount for each entry, no two alike, so that opposite weights do not cancel."""
    rng = np.random.default_rng(0)
    if x.dtype.kind in "iu":
        return rng.permutation(np.arange(x.size, dtype=x.dtype) + 17)
    return rng.uniform(1, 2, x.size).astype(x.dtype)


def _movers(
    change: Callable[[np.ndarray], float], entries: np.ndarray, moved: float, little: float
) -> Iterator[tuple[int, float]]:
    """The entries that move the output, each with how far: halve what moves it, drop the rest."""
    if abs(moved) <= little:
        return
    if len(entries) == 1:
        yield int(entries[0]), moved
        return
    one, other = np.array_split(entries, 2)
    of_one = change(one)
    yield from _movers(change, one, of_one, little)
    yield from _movers(change, other, moved - of_one, little)


def impulses(
    answer: Callable[[np.ndarray], tuple[np.ndarray, ...]], x: np.ndarray, seconds: float
) -> tuple[np.ndarray, ...] | None:
    """Which entries of an array move which entries of the results, by changing one entry at a time.

    Args:
        answer: from an array of x's shape and type to the results.
        x: whole or real numbers, of any shape; left as it is.
        seconds: after which it gives up.

    Returns:
        For each result booleans of the result's shape and then x's, or None where the answer is too
        slow, raises, or does not give the same twice.
    """
    stop = time.perf_counter() + seconds
    if x.dtype.kind not in "iuf":
        return None

    def again(changed: np.ndarray) -> list[np.ndarray]:
        return [np.asarray(part, dtype=float) for part in answer(changed)]

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            rest, twice = again(x.copy()), again(x.copy())
            if not all(map(np.array_equal, rest, twice)):
                return None
            moved = [np.zeros(part.shape + x.shape, dtype=bool) for part in rest]
            nudges = _nudges(x)
            entries = list(enumerate(np.ndindex(x.shape)))
            # A saturated output moves only far away: look there for those that nothing moved.
            for times in (1, -FAR * FAR, FAR * FAR):
                for entry, at in entries:
                    if time.perf_counter() > stop:
                        return None
                    nudged = x.copy()
                    nudged[at] += nudges[entry] * times
                    for where, before, after in zip(moved, rest, again(nudged), strict=True):
                        little = PRECISION * np.maximum(1.0, np.abs(before))
                        where[(..., *at)] |= np.abs(after - before) > little
                axes = tuple(range(-x.ndim, 0))
                if all(where.any(axis=axes).all() for where in moved):
                    break
    except (Exception, SystemExit):
        return None
    return tuple(moved)
