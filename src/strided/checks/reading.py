"""What every output of a function reads of one array: traced, or else found by changing its entries."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np

from strided.checks.core import is_array
from strided.checks.probe import impulses
from strided.tracing import trace

SECONDS = 0.5  # for changing one entry after the other
MOST = 400  # entries of an array whose readers are looked for
PAIRS = 100_000  # outputs times entries


def place_of_array(args: tuple) -> int | None:
    """Which of the arguments is read: the first array among them."""
    return next((n for n, value in enumerate(args) if is_array(value)), None)


def reads(function: Callable, *args: Any, **kwargs: Any) -> tuple[np.ndarray, ...] | None:
    """Find what each output of a function reads of the first array among its positional arguments.

    In the other arrays of floats, zeros become ones, so that a weight of 0 does not hide the pixel that
    it multiplies. What the function prints is dropped.

    Args:
        function: from arrays to an array, or to a tuple of arrays. It is called three times where
            `tracing.trace` follows it, else once more for each entry of the array.
        args, kwargs: what to call it with; they are copied.

    Returns:
        For each result booleans of the result's shape and then the array's: `found[0][i, j]` says which
        entries output (i, j) reads. None where the function raises, the arrays are large, or changing
        entry after entry is too slow.
    """
    place = place_of_array(args)
    if place is None or args[place].size > MOST:
        return None
    rest = [a if n == place else _without_zeros(a) for n, a in enumerate(args)]
    named = {name: _without_zeros(value) for name, value in kwargs.items()}

    def results(x: np.ndarray) -> tuple[np.ndarray, ...]:
        value = function(*rest[:place], x, *rest[place + 1 :], **named)
        return value if isinstance(value, tuple) else (value,)

    def too_many(found: tuple) -> bool:
        return sum(np.size(part) for part in found) * args[place].size > PAIRS

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            if too_many(results(args[place].copy())):
                return None
        except (Exception, SystemExit):
            return None
        found = _traced(results, args[place])
        return impulses(results, args[place], SECONDS) if found is None else found


def _without_zeros(value: Any) -> Any:
    if is_array(value) and value.dtype.kind == "f":
        return np.where(value == 0, 1, value)
    return value


def _traced(results: Callable, x: np.ndarray) -> tuple[np.ndarray, ...] | None:
    """What `trace` finds, or None where it cannot follow."""
    try:
        record = trace(results, x)
    except (Exception, SystemExit):
        return None
    found = []
    for number, part in enumerate(record.value):
        where = np.zeros(part.shape + x.shape, dtype=bool)
        for index in np.ndindex(part.shape):
            for entry in record.reads((number, *index)):
                where[index + entry] = True
        found.append(where)
    return tuple(found)
