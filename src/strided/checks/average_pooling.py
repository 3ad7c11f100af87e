"""The checks of lesson 03: the printed index, the divisors, average pooling."""

from typing import NamedTuple

import numpy as np

from strided import geometry, operators
from strided.checks.core import Case, Check, block, case, integers, show, span


def printed_index(i: int, j: int, k: int, s: int, t: int, dW: int, dH: int) -> tuple[int, int, int]:
    """Translate what Torch7's printed formula reads to NumPy's (channel, row, column).

    i, j, k, s and t count from 1; i and s run along the width, j and t along the height.
    """
    return k - 1, dH * (j - 1) + t - 1, dW * (i - 1) + s - 1


torch_to_numpy_index = Check(
    exercise="torch_to_numpy_index",
    reference=printed_index,
    arguments=("i", "j", "k", "s", "t", "dW", "dH"),
    cases=(
        case(1, 1, 1, 1, 1, 3, 2),
        case(2, 3, 1, 1, 2, 3, 2),
        case(4, 2, 3, 3, 1, 1, 4),
    ),
    parts=("channel", "row", "column"),
)


# ---------------------------------------------------------------- windows in words


class Axis(NamedTuple):
    """One axis of a pooling: its name, its pixels, and the settings along it."""

    name: str
    size: int
    kernel: int
    stride: int
    padding: int

    def window(self, index: int) -> tuple[int, int]:
        """First row or column of the window behind an output, and the first one after it."""
        return geometry.window(index, self.kernel, self.stride, self.padding)

    def reach(self, include: bool) -> tuple[int, int]:
        """The rows or columns that count: those of the image, or of the image and its padding."""
        return (-self.padding, self.size + self.padding) if include else (0, self.size)

    def counted(self, index: int, include: bool) -> int:
        """How many taps of a window count in the divisor."""
        (start, stop), (first, end) = self.window(index), self.reach(include)
        return min(stop, end) - max(start, first)

    def outputs(self, ceil: bool) -> str:
        """Derive the number of outputs, in a line; in two where the last window is dropped."""
        _, n, k, d, p = self
        steps = -(-(n + 2 * p - k) // d) if ceil else (n + 2 * p - k) // d
        rounding = "ceil" if ceil else "floor"
        text = f"{self.name} = {rounding}(({n} + 2*{p} - {k}) / {d}) + 1 = {steps + 1}"
        size = geometry.output_size(n, k, d, p, ceil_mode=ceil)
        if size == steps + 1:
            return text
        return (
            f"{text}, but the last window would start\n"
            f"  at {steps * d - p}, beyond the last pixel {n - 1}: it is dropped, {size} remain"
        )


def _arguments(call: Case, names: tuple[str, ...]) -> dict:
    return dict(zip(names, call.args, strict=False)) | call.kwargs


def _axes(size: tuple[int, int], arguments: dict) -> tuple[Axis, Axis]:
    kernel = geometry.pair(arguments["kernel_size"], "kernel_size")
    stride = arguments.get("stride")
    step = kernel if stride is None else geometry.pair(stride, "stride")
    pad = geometry.pair(arguments.get("padding", 0), "padding")
    rows, columns = zip(("height", "width"), size, kernel, step, pad, strict=True)
    return Axis(*rows), Axis(*columns)


def _start(rows: Axis, columns: Axis) -> str:
    padded = rows.padding or columns.padding
    return "(start = index * stride - padding)" if padded else "(start = index * stride)"


# ---------------------------------------------------------------- the divisors

_DIVISOR_ARGUMENTS = (
    "height",
    "width",
    "kernel_size",
    "stride",
    "padding",
    "ceil_mode",
    "count_include_pad",
)


def divisor_map_shape(call: Case) -> str:
    """Derive the map's height and width from a case."""
    named = _arguments(call, _DIVISOR_ARGUMENTS)
    axes = _axes((named["height"], named["width"]), named)
    return "\n".join(axis.outputs(named["ceil_mode"]) for axis in axes)


def divisor_map_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say which window one divisor belongs to, and which of its taps count."""
    named = _arguments(call, _DIVISOR_ARGUMENTS)
    rows, columns = _axes((named["height"], named["width"]), named)
    include = named["count_include_pad"]
    i, j = index
    where = "the image and its padding" if include else "the image alone"
    return "\n".join(
        [
            f"its window is rows {span(*rows.window(i))}, columns {span(*columns.window(j))}"
            f"   {_start(rows, columns)}",
            f"what counts is {where}: rows {span(*rows.reach(include))}, "
            f"columns {span(*columns.reach(include))}",
            f"so {rows.counted(i, include)} of {rows.kernel} rows and "
            f"{columns.counted(j, include)} of {columns.kernel} columns count",
        ]
    )


divisor_map = Check(
    exercise="divisor_map",
    reference=geometry.pooling_divisors,
    arguments=_DIVISOR_ARGUMENTS,
    cases=(
        case(5, 7, (3, 2), (3, 2), (1, 0), True, True),
        case(5, 7, (2, 2), (2, 2), (1, 0), False, False),
        case(6, 8, (4, 3), (2, 3), (2, 1), True, True),
        case(7, 6, (3, 4), (1, 3), (1, 2), True, False),
        case(6, 7, (1, 2), (4, 3), (0, 0), True, True),
        case(6, 9, 3, 2, 1, False, True),
    ),
    shape=divisor_map_shape,
    reads=divisor_map_reads,
)


# ---------------------------------------------------------------- average pooling

_POOLING_ARGUMENTS = (
    "x",
    "kernel_size",
    "stride",
    "padding",
    "ceil_mode",
    "count_include_pad",
)


def avg_pool2d_shape(call: Case) -> str:
    """Derive the output's height and width from a case."""
    named = _arguments(call, _POOLING_ARGUMENTS)
    axes = _axes(named["x"].shape[-2:], named)
    lines = ["as many images and channels as x, and"]
    if named.get("stride") is None:
        lines = [f"as many images and channels as x, stride = kernel_size = {_size(axes)}, and"]
    return "\n".join(lines + [axis.outputs(named.get("ceil_mode", False)) for axis in axes])


def _size(axes: tuple[Axis, Axis]) -> str:
    return show(tuple(axis.kernel for axis in axes))


def avg_pool2d_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say which window one output must read, show its numbers, and what divides their sum."""
    named = _arguments(call, _POOLING_ARGUMENTS)
    x, include = named["x"], named.get("count_include_pad", True)
    rows, columns = _axes(x.shape[-2:], named)
    *image, i, j = index
    windows = rows.window(i), columns.window(j)
    inside = geometry.clip(*windows[0], rows.size), geometry.clip(*windows[1], columns.size)
    pixels = x[(*image, *(slice(*ends) for ends in inside))]
    leading = "".join(f"{n}, " for n in image)
    whole, part = (f"x[{leading}{span(*a)}, {span(*b)}]" for a, b in (windows, inside))
    lines = [f"it must read {whole}   {_start(rows, columns)}"]
    if whole != part:
        lines.append(f"of which {part} is in the image")
    counted = rows.counted(i, include), columns.counted(j, include)
    total = f"sum {show(pixels.sum())}, divided by {counted[0] * counted[1]}"
    taps = f"{rows.kernel} x {columns.kernel} taps"
    if counted == (rows.kernel, columns.kernel):
        total += f", its {taps}"
    else:
        where = "the image or its padding" if include else "the image"
        total += f": {counted[0]} x {counted[1]} of its {taps} lie in {where}"
    return "\n".join([*lines, block(pixels), total])


avg_pool2d = Check(
    exercise="avg_pool2d",
    reference=operators.avg_pool2d,
    arguments=_POOLING_ARGUMENTS,
    cases=(
        case(np.arange(35.0).reshape(1, 1, 5, 7), (2, 3)),
        case(integers(1, 2, 6, 8), (3, 2), stride=(1, 3)),
        case(integers(1, 2, 5, 7), (3, 2), padding=(1, 0), ceil_mode=True),
        case(integers(2, 2, 5, 7), (2, 2), padding=(1, 0), count_include_pad=False),
        case(integers(1, 2, 6, 7), (1, 2), stride=(4, 3), ceil_mode=True),
        case(integers(2, 2, 7, 5), (3, 4), (2, 3), (1, 2), True, False),
        case(integers(1, 2, 6, 5).astype(int), 3, stride=2, padding=1),
    ),
    shape=avg_pool2d_shape,
    reads=avg_pool2d_reads,
)
