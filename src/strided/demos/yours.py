"""A student's function in a demo: what it gives and what it reads, or one sentence that says why not."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np

from strided.checks.reading import reads


def name_of(function: Callable) -> str:
    """What a function is called."""
    return getattr(function, "__name__", "function")


class Call:
    """One call of a student's function on one image, `x` of shape (C, H, W), given to it as a batch of one.

    args, kwargs: what the function takes after the image. What it prints is dropped.
    """

    def __init__(self, function: Callable, x: np.ndarray, args: tuple, kwargs: dict[str, Any]):
        self.function = function
        self.x = x[None]
        self.args, self.kwargs = args, kwargs
        self.output = self._checked()
        found = reads(function, self.x, *args, **kwargs)
        shape = (1, *self.output.shape, *self.x.shape)
        self._reads = found[0] if found and found[0].shape == shape else None

    def reads(self, output: tuple[int, int, int]) -> np.ndarray | None:
        """Which entries of `x` one output reads, as booleans (C, H, W); None where it cannot be found."""
        return None if self._reads is None else self._reads[(0, *output, 0)]

    def _checked(self) -> np.ndarray:
        """The function's output for the one image; ValueError with a sentence where it gives none."""
        name = name_of(self.function)
        try:
            args = [a.copy() if isinstance(a, np.ndarray) else a for a in self.args]
            with contextlib.redirect_stdout(io.StringIO()):
                value = self.function(self.x.copy(), *args, **self.kwargs)
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
