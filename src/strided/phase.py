"""Which pixels a stride keeps, and what becomes of the others: phases, and smoothing before a step.

Images are `(..., H, W)`. Functions that smooth or shift take an image to be periodic: beyond the
last row or column comes the first. Then nothing special happens at a border, and an image can be
shifted without losing a pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from strided import operators
from strided.geometry import integer, output_size, pair

Size = int | tuple[int, int]

BINOMIAL = (0.25, 0.5, 0.25)
"""The fixed kernel of `blur_subsample`: 1, 2, 1, divided by their sum."""


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
    array = _image(y, "y")
    (step_h, step_w), (first_h, first_w) = pair(stride, "stride", 1), pair(phase, "phase", 0)
    return array[..., first_h::step_h, first_w::step_w]


def polyphase_split(x: ArrayLike, stride: Size) -> list[np.ndarray]:
    """Deal the rows and columns of an image out to `stride_h * stride_w` parts, one a phase.

    Part `p * stride_w + q` is `keep_every(x, stride, (p, q))`. Every pixel is in exactly one part.
    Where the stride does not divide, the parts of later phases are one row or column smaller:
    nothing is padded, so that `polyphase_merge` can give back exactly the image.

    Args:
        x: `(..., H, W)`.
        stride: an int or `(height, width)`.

    Returns:
        A flat list of views, phases in reading order: (0, 0), (0, 1), ... A phase beyond the last
        row or column has a part without rows or columns.

    Raises:
        TypeError, ValueError: as `keep_every`.
    """
    image, (rows, columns) = _image(x, "x"), pair(stride, "stride", 1)
    return [keep_every(image, (rows, columns), phase) for phase in np.ndindex(rows, columns)]


def polyphase_merge(parts: Sequence[ArrayLike], stride: Size) -> np.ndarray:
    """Interleave the parts of `polyphase_split` into the image that they came from.

    Args:
        parts: `stride_h * stride_w` arrays, phases in reading order; their sizes together say the
            image's.
        stride: an int or `(height, width)`.

    Returns:
        A new array `(..., H, W)`.

    Raises:
        TypeError: a size is not an int.
        ValueError: too few or too many parts, or sizes that no image's parts have.
    """
    rows, columns = pair(stride, "stride", 1)
    arrays = [_image(part, f"parts[{n}]") for n, part in enumerate(parts)]
    if len(arrays) != rows * columns:
        raise ValueError(
            f"stride=({rows}, {columns}) makes {rows * columns} parts, got {len(arrays)}"
        )
    height = sum(part.shape[-2] for part in arrays[::columns])
    width = sum(part.shape[-1] for part in arrays[:columns])
    merged = np.empty((*arrays[0].shape[:-2], height, width), np.result_type(*arrays))
    places = polyphase_split(merged, (rows, columns))
    for n, (place, part) in enumerate(zip(places, arrays, strict=True)):
        if place.shape != part.shape:
            raise ValueError(
                f"parts[{n}] has shape {part.shape}; in an image of shape {merged.shape}, with "
                f"stride=({rows}, {columns}), it has {place.shape}"
            )
        place[...] = part
    return merged


def space_to_depth(x: ArrayLike, stride: Size) -> np.ndarray:
    """Stack the parts of `polyphase_split` as channels, with zeros where a part is smaller.

    Channel `(p * stride_w + q) * C + c` holds phase `(p, q)` of channel `c`.

    Args:
        x: `(..., C, H, W)`.
        stride: an int or `(height, width)`.

    Returns:
        `(..., stride_h * stride_w * C, ceil(H / stride_h), ceil(W / stride_w))`.

    Raises:
        TypeError: a size is not an int.
        ValueError: a stride is smaller than 1, or `x` has fewer than three axes.
    """
    steps, array = pair(stride, "stride", 1), np.asarray(x)
    if array.ndim < 3:
        raise ValueError(f"x must have at least three axes, (..., C, H, W), got {array.shape}")
    missing = [(0, -n % step) for n, step in zip(array.shape[-2:], steps, strict=True)]
    whole = np.pad(array, [(0, 0)] * (array.ndim - 2) + missing)
    return np.concatenate(polyphase_split(whole, steps), axis=-3)


def conv2d_polyphase(x: ArrayLike, weight: ArrayLike, stride: Size) -> np.ndarray:
    """Convolve with a stride by a convolution at stride 1, of more channels with smaller kernels.

    Each phase of the kernel meets the same phase of the image, and the results are added up (Kong
    & Lucey 2017). The result is `operators.conv2d(x, weight, stride=stride)`.

    Args:
        x: `(N, C, H, W)` or `(C, H, W)`.
        weight: `(K, C, kH, kW)`.
        stride: an int or `(height, width)`.

    Returns:
        `(N, K, out_H, out_W)` or `(K, out_H, out_W)`.

    Raises:
        TypeError, ValueError: as `operators.conv2d`.
    """
    steps, image, kernels = pair(stride, "stride", 1), np.asarray(x), np.asarray(weight)
    rows, columns = (
        output_size(n, k, step)
        for n, k, step in zip(image.shape[-2:], kernels.shape[-2:], steps, strict=True)
    )
    dense = operators.conv2d(space_to_depth(image, steps), space_to_depth(kernels, steps))
    return dense[..., :rows, :columns]


def decimate(x: ArrayLike, taps: Sequence[float], stride: Size, first: int = 0) -> np.ndarray:
    """Smooth the rows and columns of a periodic image, then keep every stride-th: low-pass, compress.

    Output `i` weighs the pixels `i * stride + first + t` with `taps[t]`, along both axes, whatever
    the stride.

    Args:
        x: `(..., H, W)`.
        taps: a few weights, the same for rows and columns.
        stride: an int or `(height, width)`.
        first: where the first tap lies, seen from the pixel that is kept.

    Returns:
        `(..., ceil(H / stride_h), ceil(W / stride_w))`; float32 stays, integers become float64.

    Raises:
        TypeError, ValueError: as `keep_every`; ValueError where there are no taps.
    """
    smooth, start = _image(x, "x"), integer(first, "first")
    if not len(taps):
        raise ValueError("taps is empty: give at least one weight")
    for axis in (-2, -1):
        moved = (float(tap) * np.roll(smooth, -start - t, axis) for t, tap in enumerate(taps))
        smooth = np.add.reduce(list(moved))
    return keep_every(smooth, stride)


def blur_subsample(x: ArrayLike, stride: Size) -> np.ndarray:
    """Blur every channel with [1, 2, 1] / 4 along both axes, then keep every stride-th pixel.

    That is a depthwise strided convolution with a fixed binomial kernel, as in BlurPool (Zhang
    2019). The kernel is centred on the pixel that is kept, it is the same for every stride, and
    the image is periodic: the neighbour to the left of column 0 is the last column.

    Args:
        x: `(..., H, W)`.
        stride: an int or `(height, width)`.

    Returns:
        `(..., ceil(H / stride_h), ceil(W / stride_w))`; float32 stays, integers become float64.

    Raises:
        TypeError, ValueError: as `keep_every`.
    """
    return decimate(x, BINOMIAL, stride, first=-1)


def shift_consistency(
    f: Callable[[np.ndarray], ArrayLike], x: ArrayLike, shift: Size, stride: Size
) -> float:
    """Measure how far a strided operator is from moving along with its input.

    Compares `f` of the shifted image with the shifted `f` of the image. Images are periodic, as
    `np.roll` moves them: what leaves on one side enters on the other. The output is shifted by
    `shift // stride`, rounded down where the stride does not divide.

    Args:
        f: an operator with this stride, from `(..., H, W)` to `(..., H', W')`.
        x: `(..., H, W)`. Height and width should be multiples of the stride: the seam of another
            periodic image breaks the steps.
        shift: pixels down and to the right, an int or `(height, width)`; negative ones move up
            and to the left.
        stride: the stride of `f`, an int or `(height, width)`.

    Returns:
        The largest absolute difference: 0 where `f` moves along.

    Raises:
        TypeError: a size is not an int.
        ValueError: a stride is smaller than 1, or `x` has fewer than two axes.
    """
    image, pixels, steps = _image(x, "x"), pair(shift, "shift"), pair(stride, "stride", 1)
    along = tuple(p // s for p, s in zip(pixels, steps, strict=True))
    of_moved = np.asarray(f(np.roll(image, pixels, axis=(-2, -1))))
    moved = np.roll(np.asarray(f(image)), along, axis=(-2, -1))
    return float(np.abs(of_moved - moved).max())


HALVINGS: dict[str, Callable[[ArrayLike], np.ndarray]] = {
    "keep every 2nd": lambda x: keep_every(x, 2),
    "average, k = 3": lambda x: decimate(x, (1 / 3, 1 / 3, 1 / 3), 2),
    "average, k = 2": lambda x: decimate(x, (1 / 2, 1 / 2), 2),
    "[1, 2, 1] / 4": lambda x: blur_subsample(x, 2),
}
"""Four ways to halve a periodic image, by name. An average's window starts at the pixel kept."""


def _image(value: ArrayLike, name: str) -> np.ndarray:
    array = np.asarray(value)
    if array.ndim < 2:
        raise ValueError(
            f"{name} must have at least two axes, (..., H, W), got shape {array.shape}"
        )
    return array
