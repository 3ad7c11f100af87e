"""Keep every n-th row and column of an array, from a chosen first one: the phase."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from strided.geometry import pair

Size = int | tuple[int, int]


def keep_every(y: ArrayLike, stride: Size, phase: Size = 0) -> np.ndarray:
    """Keep the rows and columns `phase`, `phase + stride`, `phase + 2*stride`, and so on.

    Signal processing calls this the compressor. It filters nothing; see any text on decimation.

    Args:
        y: `(..., H, W)`; axes before the last two stay as they are.
        stride: from one kept row or column to the next, an int or `(height, width)`.
        phase: first row and column kept, an int or `(height, width)`.

    Returns:
        `(..., ceil((H - phase_h) / stride_h), ceil((W - phase_w) / stride_w))`, a view of `y` where
        `y` is an array; without rows or columns where the phase lies beyond the last one.

    Raises:
        TypeError: a size is not an int.
        ValueError: a stride is smaller than 1, a phase is negative, or `y` has fewer than two axes.
    """
    array = np.asarray(y)
    if array.ndim < 2:
        raise ValueError(f"y must have at least two axes, (..., H, W), got shape {array.shape}")
    (step_h, step_w), (first_h, first_w) = pair(stride, "stride", 1), pair(phase, "phase", 0)
    return array[..., first_h::step_h, first_w::step_w]
