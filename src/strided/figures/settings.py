"""Check that what a figure is asked to draw fits a page; `strided.geometry` checks the rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from strided import geometry


def integer(value: Any, name: str, least: int, most: int) -> int:
    """Return `value` as an int between `least` and `most`, or raise TypeError or ValueError."""
    number = geometry.integer(value, name, least)
    if number > most:
        raise ValueError(f"{name} must be at most {most} to be drawn, got {number}")
    return number


def pair(value: Any, name: str, least: int, most: int = 12) -> tuple[int, int]:
    """Return `value`, an int or a pair, as `(height, width)` between `least` and `most`."""
    first, second = geometry.pair(value, name, least)
    return integer(first, f"{name}[0]", least, most), integer(second, f"{name}[1]", least, most)


def numeric(value: Any, name: str, dimensions: tuple[int, ...] = ()) -> np.ndarray:
    """Return `value` as a float64 array; `dimensions` are the numbers of axes that it may have.

    Raises:
        ValueError: `value` is ragged, not real numbers, empty or of another number of axes.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} is ragged: its rows must be equally long") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be an array of real numbers, got dtype {array.dtype}")
    if dimensions and array.ndim not in dimensions:
        wanted = " or ".join(f"{d}-D" for d in dimensions)
        raise ValueError(f"{name} must be {wanted}, got shape {array.shape}")
    if dimensions and array.size == 0:
        raise ValueError(f"{name} is empty, its shape is {array.shape}: there is nothing to draw")
    return array.astype(np.float64)
