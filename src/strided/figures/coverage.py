"""The way back: how many windows read a pixel, what they send it, and which tests can see it."""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from strided import operators
from strided.figures.grid import STROKES, Grid, cell_size, in_words, with_legend
from strided.figures.layout import column, flow, label, row, table, titled, wrap
from strided.figures.settings import integer, numeric, pair
from strided.figures.svg import Canvas, Figure, short
from strided.geometry import coverage, output_size, window

ROWS = ((3, 2), (2, 2), (4, 2), (2, 3))
"""Kernel and stride along one axis: uneven, even, even but for the ends, and with gaps."""

SUM_LOSS = (
    "cotangent_ignored",
    "grad_output_turned",
    "grad_output_averaged",
    "grad_output_channels_reversed",
    "grad_output_of_the_first_image",
)
"""Slips of conv2d_backward that are right wherever every number of grad_output is the same."""


def coverage_rows(n: int = 9, settings: Sequence[tuple[int, int]] = ROWS) -> Figure:
    """Draw one row of pixels for each setting, its windows below it, and how many read each pixel.

    Args:
        n: pixels of the row, at most 16.
        settings: pairs (kernel, stride), at most 6.

    Raises:
        TypeError: a setting is not an integer.
        ValueError: a setting is out of range, or a kernel is larger than the row.
    """
    n = integer(n, "n", 1, 16)
    if not 1 <= len(settings) <= 6:
        raise ValueError(f"settings must be 1 to 6 pairs (kernel, stride), got {len(settings)}")
    panels, words, unread = [], [], False
    for setting in settings:
        kernel, stride = pair(setting, "(kernel, stride)", 1)
        counts = coverage(n, kernel, stride)
        grid = Grid((1, n), cell=28)
        grid.shade(counts[None], max(4, counts.max()))
        grid.unread(counts[None] == 0)
        grid.numbers(counts[None])
        lines = -(-kernel // stride)  # so many windows overlap at most
        for i in range(output_size(n, kernel, stride)):
            start, stop = window(i, kernel, stride)
            y = 34.0 + 9 * (i % lines)
            grid.rect(start * 28 + 2, y, (stop - start) * 28 - 4, 6, f'fill="none" {_BAR}')
        panels.append(titled(f"kernel {kernel}, stride {stride}", grid, align="left"))
        words.append(f"Kernel {kernel}, stride {stride}: {' '.join(map(str, counts))}.")
        unread |= bool((counts == 0).any())
    picture = flow(panels, gap=44)
    if unread:
        picture = with_legend(picture, ["unread"])
    return picture.figure(
        f"How many windows read each of {n} pixels in a row. {' '.join(words)}",
        "Each bar is a window. The number in a pixel is how many windows read it.",
        " ".join(words),
    )


_BAR = STROKES["window"].replace("2.6", "1.8")


def coverage_map(
    height: int = 7,
    width: int = 10,
    kernel_size: int | tuple[int, int] = 3,
    stride: int | tuple[int, int] = 2,
    padding: int | tuple[int, int] = 0,
) -> Figure:
    """Draw how many windows read each pixel of an image, and each row and each column.

    Args:
        height: rows of the image, at most 16.
        width: columns of the image, at most 24.
        kernel_size: window, an int or (height, width).
        stride: pixels from one window to the next, an int or (height, width).
        padding: an int or (height, width).

    Raises:
        TypeError: a setting is not an integer.
        ValueError: a setting is out of range, or no window fits.
    """
    size = integer(height, "height", 1, 16), integer(width, "width", 1, 24)
    kernel, step = pair(kernel_size, "kernel_size", 1), pair(stride, "stride", 1)
    pads = pair(padding, "padding", 0)
    rows, columns = map(coverage, size, kernel, step, pads)
    counts = np.outer(rows, columns)
    grid = Grid(size, cell=28)
    grid.shade(counts, counts.max())
    grid.unread(counts == 0)
    grid.numbers(counts)
    # The counts of one axis alone stand outside, where indices stand elsewhere.
    grid.texts([((c + 0.5) * 28, -11.0, str(v)) for c, v in enumerate(columns)], size=12, bold=True)
    grid.texts([(-12.0, (r + 0.5) * 28, str(v)) for r, v in enumerate(rows)], size=12, bold=True)
    unread = int((counts == 0).sum())
    picture = with_legend(grid, ["unread"]) if unread else grid
    setting = (
        f"{size[0]} × {size[1]} pixels, window {kernel[0]} × {kernel[1]}, "
        f"stride ({step[0]}, {step[1]}), padding ({pads[0]}, {pads[1]})"
    )
    border = f" {unread} of {counts.size} pixels are read by no window." if unread else ""
    return picture.figure(
        f"How many windows read each pixel: {setting}. Along the rows: "
        f"{' '.join(map(str, rows))}. Along the columns: {' '.join(map(str, columns))}. "
        f"The image: {in_words(counts)}.{border}",
        f"How many windows read each pixel: {setting}. A pixel's count is its row's (left) times "
        f"its column's (above).{border}",
        f"Along the rows {' '.join(map(str, rows))}, along the columns {' '.join(map(str, columns))}.",
    )


GRAD_OUTPUT = ((1, 3, 2), (4, -2, 5))


def spread_back(
    grad_output: ArrayLike = GRAD_OUTPUT,
    kernel_size: int | tuple[int, int] = (2, 3),
    stride: int | tuple[int, int] = (1, 2),
    pixel: tuple[int, int] = (1, 2),
    size: tuple[int, int] | None = None,
) -> Figure:
    """Draw the backward pass of a window sum, and follow what one pixel receives.

    Every output's gradient is added to each pixel of its window. In a live demo, a click on a pixel
    makes the settings `row` and `column`.

    Args:
        grad_output: (out_H, out_W), at most 26 numbers.
        kernel_size: window, an int or (height, width).
        stride: pixels from one window to the next, an int or (height, width).
        pixel: row and column of the pixel to follow.
        size: of the image, (height, width). When absent, as far as the windows reach, and one
            pixel more along each axis where the stride leaves room for it.

    Raises:
        TypeError: a setting is not an integer.
        ValueError: a setting is out of range, or the image has not as many windows.
    """
    upstream = numeric(grad_output, "grad_output", (2,))
    if upstream.size > 26:
        raise ValueError(f"grad_output must have at most 26 numbers, got {upstream.size}")
    kernel, step = pair(kernel_size, "kernel_size", 1), pair(stride, "stride", 1)
    reach = [(n - 1) * d + k for n, d, k in zip(upstream.shape, step, kernel, strict=True)]
    least = tuple(n + (d > 1) for n, d in zip(reach, step, strict=True))
    h, w = pair(least if size is None else size, "size", 1, 16)
    if tuple(map(output_size, (h, w), kernel, step)) != upstream.shape:
        raise ValueError(
            f"a {h} x {w} image has not the {upstream.shape} windows of grad_output, "
            f"with kernel_size={kernel} and stride={step}"
        )
    r, c = pair(pixel, "pixel", 0, 15)
    if r >= h or c >= w:
        raise ValueError(f"pixel {(r, c)} lies outside the {h} x {w} image")
    ones = np.ones((1, 1, *kernel))
    received = operators.conv2d_backward(upstream[None], np.zeros((1, h, w)), ones, step)[0][0]
    counts = np.outer(coverage(h, kernel[0], step[0]), coverage(w, kernel[1], step[1]))
    readers = [
        (int(y), int(x))
        for y, x in np.ndindex(upstream.shape)
        if 0 <= r - y * step[0] < kernel[0] and 0 <= c - x * step[1] < kernel[1]
    ]
    cell = max(38.0, cell_size(np.append(upstream, received)) + 10)

    above = Grid(upstream.shape, cell, lettered=True)
    above.fill((0, 0, *upstream.shape), "output")
    above.numbers(upstream)
    below = Grid((h, w), cell, lettered=True)
    for y, x in readers:
        below.fill((y * step[0], x * step[1], *kernel), "window")
    below.unread(counts == 0)
    below.numbers(received)
    for i, (y, x) in enumerate(readers):
        top, left = y * step[0], x * step[1]
        below.outline((top, left, *kernel), "window", inset=2 + 2 * ((y + x) % 2))
        above.outline((y, x, 1, 1), "output", inset=2)
        for grid, where in ((above, (y, x)), (below, (top, left))):
            grid.corner(*where, string.ascii_uppercase[i])
    below.outline((r, c, 1, 1), "second", inset=6)
    for y, x in np.ndindex(h, w):
        below.click(*below.box((y, x, 1, 1)), {"row": y, "column": x})

    picture = row(
        [
            titled("Gradients of the outputs", above, "grad_output"),
            label("→", size=22),
            titled("Gradients of the pixels", below, "each window receives its output's number"),
        ],
        gap=26,
    )
    roles = {"output": "read the followed pixel", "window": "their windows"} if readers else {}
    roles |= {"second": "the followed pixel"}
    roles |= {"unread": "never read"} if (counts == 0).any() else {}
    if readers:
        *others, last = [f"out[{y}, {x}]" for y, x in readers]
        who = f"{', '.join(others)} and {last}" if others else last
        terms = [short(upstream[place]) for place in readers]
        total = " + ".join(f"({t})" if t.startswith("−") else t for t in terms)
        total = f"{total} = {short(received[r, c])}" if len(terms) > 1 else terms[0]
        story = f"Pixel [{r}, {c}] was read by {who}, so it receives {total}."
    else:
        story = f"Pixel [{r}, {c}] was read by no window, so it receives 0."
    setting = f"window {kernel[0]} × {kernel[1]}, stride ({step[0]}, {step[1]})"
    return with_legend(picture, roles).figure(
        f"The backward pass of a sum over each window, {setting}. grad_output: "
        f"{in_words(upstream)}. What the {h} × {w} pixels receive: {in_words(received)}. {story}",
        f"The backward pass of a sum over each window, {setting}. {story} "
        "What several windows send to one pixel adds up.",
        story,
    )


_X = np.arange(30.0).reshape(2, 1, 3, 5) * 7 % 11 - 3
_WEIGHT = np.array([[[[1.0, 2], [3, -1]]], [[[2.0, 0], [1, 4]]]])
_COTANGENT = np.array(
    [[[[1.0, 2], [3, 6]], [[0, -2], [5, 1]]], [[[4.0, -1], [2, 3]], [[-3, 1], [0, 6]]]]
)


def sum_loss_test(slips: Sequence[str] = SUM_LOSS) -> Figure:
    """Draw what two tests see of wrong convolution gradients, one row for each slip.

    The first test is `out.sum().backward()`: every number of grad_output is 1. The second one sends
    different numbers. Two images of one channel, two kernels of 2 × 2, stride (1, 2).

    Args:
        slips: ids of slips of conv2d_backward, at most 8.

    Raises:
        ValueError: an unknown slip, none, or too many.
    """
    from strided.slips import bank  # what only draws coverage need not load the bank

    known = bank("conv2d_backward")
    for id in slips:
        if id not in known:
            raise ValueError(f"conv2d_backward has no slip {id!r}; it has {', '.join(known)}")
    if not 1 <= len(slips) <= 8:
        raise ValueError(f"slips must be 1 to 8 ids, got {len(slips)}")
    cotangents = {"ones": np.ones(_COTANGENT.shape), "different numbers": _COTANGENT}

    def gradients(function, name: str) -> tuple[np.ndarray, ...]:
        return function(cotangents[name].copy(), _X.copy(), _WEIGHT.copy(), stride=(1, 2))

    right = {name: gradients(operators.conv2d_backward, name) for name in cotangents}
    total = sum(gradient.size for gradient in right["ones"])
    both = np.stack([of[0] for of in right.values()])
    ends = both.max(), min(both.min(), 0)
    cell = 32.0

    def words(text: str) -> Canvas:
        canvas = label(wrap(text, 190), anchor="start")
        canvas.reserve(0, canvas.top, 190, canvas.height)
        return canvas

    def drawn(gradient: np.ndarray, expected: np.ndarray) -> Grid:
        grid = Grid(gradient.shape, cell)
        grid.shade(gradient, *ends)
        grid.numbers(gradient)
        grid.differs(~np.isclose(gradient, expected))
        return grid

    head = [words("backward pass"), *(label(f"grad_output: {name}", bold=True) for name in right)]
    lines: list[list[Canvas]] = [head]
    first = [right[name][0][1, 0] for name in right]
    lines.append([words("the right one"), *(drawn(gradient, gradient) for gradient in first)])
    passed, told = dict.fromkeys(right, 0), []
    for id in slips:
        cells, counts = [], []
        for name, expected in right.items():
            got = gradients(known[id].function, name)
            wrong = sum(int((~np.isclose(g, e)).sum()) for g, e in zip(got, expected, strict=True))
            passed[name] += wrong == 0
            verdict = f"{wrong} of {total} differ: {'caught' if wrong else 'passes'}"
            grid = drawn(got[0][1, 0], expected[0][1, 0])
            cells.append(column([grid, label(verdict, size=12)], 5, "centre", axis_of=0))
            counts.append(f"{verdict} with {name}")
        lines.append([words(known[id].gives), *cells])
        told.append(f"{known[id].gives}: {', '.join(counts)}.")
    verdicts = "; ".join(f"with {name}, {n} of {len(slips)} pass" for name, n in passed.items())
    picture = with_legend(
        table(lines, gap=28, line_gap=16), {"differs": "differs from the right one"}
    )
    return picture.figure(
        f"Wrong gradients of a convolution under two tests: {verdicts}. "
        f"The right gradient of the second image, for ones: {in_words(first[0])}; "
        f"for different numbers: {in_words(first[1])}. {' '.join(told)}",
        f"Wrong backward passes of a convolution under two tests: {verdicts}. Drawn is the "
        f"gradient of the second image; the counts are over all three gradients, {total} numbers.",
    )
