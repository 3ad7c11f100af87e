"""A student's function in a demo: what it gives and what it reads, or one sentence that says why not."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np

from strided.checks.probe import probe
from strided.tracing import Trace, trace

Index = tuple[int, ...]


def name_of(function: Callable) -> str:
    """What a function is called."""
    return getattr(function, "__name__", "function")


class Call:
    """One call of a student's function on one image, `x` of shape (C, H, W), given to it as a batch of one.

    args, kwargs: what the function takes after the image. What it prints is dropped.
    """

    def __init__(self, function: Callable, x: np.ndarray, args: tuple, kwargs: dict[str, Any]):
        self.x = x[None]
        self.function = function
        self.args, self.kwargs = args, kwargs
        self.output = self._checked()
        self._trace: Trace | None = self._traced()
        self._found: dict[Index, np.ndarray | None] = {}

    def reads(self, output: Index) -> np.ndarray | None:
        """Which entries of `x` one output reads, as booleans (C, H, W); None where it cannot be found."""
        if output not in self._found:
            self._found[output] = self._read(output)
        return self._found[output]

    def _run(self, x: np.ndarray) -> Any:
        args = [a.copy() if isinstance(a, np.ndarray) else a for a in self.args]
        with contextlib.redirect_stdout(io.StringIO()):
            return self.function(x, *args, **self.kwargs)

    def _checked(self) -> np.ndarray:
        """The function's output for the one image; ValueError with a sentence where it gives none."""
        name = name_of(self.function)
        try:
            value = self._run(self.x.copy())
        except NotImplementedError:
            raise ValueError(f"{name} is not written yet: it raises NotImplementedError.") from None
        except Exception as error:
            told = f"{type(error).__name__}: {error}".rstrip(": ")
            raise ValueError(f"{name} raised {told}.") from error
        if value is None:
            raise ValueError(f"{name} returned None: does it end in a return?")
        try:
            output = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            raise ValueError(
                f"{name} returned {type(value).__name__}, it must be an array of numbers."
            ) from None
        if output.ndim != 4 or len(output) != 1:
            raise ValueError(
                f"{name} returned shape {output.shape} for an image of shape {self.x.shape}: it must "
                "have four axes, (N, C, H, W), with N = 1."
            )
        return output[0]

    def _traced(self) -> Trace | None:
        try:
            return trace(self._run, self.x)
        except Exception:  # whatever a student's code does with numbers that record
            return None

    def _read(self, output: Index) -> np.ndarray | None:
        if self._trace is not None:
            entries = list(self._trace.reads((0, *output)))
        else:
            reading = probe(lambda x: np.asarray(self._run(x))[(0, *output)], self.x)
            if reading is None:
                return None
            entries = list(reading.weights)
        found = np.zeros(self.x.shape[1:], dtype=bool)
        for _, *entry in entries:
            found[tuple(entry)] = True
        return found
