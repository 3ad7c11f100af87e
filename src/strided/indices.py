"""Indices as one types them: slices, and the entries of an array that a mask marks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LISTED = 4  # entries that are listed one by one where they make no block


def span(start: int, stop: int, step: int = 1) -> str:
    """A slice as it is typed: `0:3`, `1:7:2`."""
    return f"{start}:{stop}" if step == 1 else f"{start}:{stop}:{step}"


def even_span(places: Sequence[int]) -> str:
    """Evenly spaced places, in order, as they are typed in an index; empty where they are not even."""
    if len(places) == 1:
        return str(places[0])
    first, step = places[0], places[1] - places[0]
    even = list(places) == list(range(first, places[-1] + 1, step))
    return span(first, places[-1] + 1, step) if even else ""


def entries(name: str, where: np.ndarray) -> str:
    """The marked entries of an array: `x[0, 2:5, 4:7]` where they make a block, else the first ones."""
    found = np.argwhere(where)
    if not len(found):
        return f"nothing of {name}"
    axes = [sorted(set(axis)) for axis in found.T.tolist()]
    slices = [even_span(axis) for axis in axes]
    if all(slices) and len(found) == np.prod([len(axis) for axis in axes]):
        return f"{name}[{', '.join(slices)}]"
    listed = ", ".join(f"{name}{index}" for index in found[:LISTED].tolist())
    more = len(found) - LISTED
    return f"{listed} and {more} more of its entries" if more > 0 else listed
