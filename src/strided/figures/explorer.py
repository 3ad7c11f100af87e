"""The window explorer: one output, where it lies, what it reads, and the formula with its indices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from strided import operators
from strided.figures import indexing
from strided.figures.cells import Output, position, sign, single, small_image
from strided.figures.grid import Box, Grid, cell_size, in_words, plain, with_legend
from strided.figures.indexing import Windows
from strided.figures.layout import column, flow, label, row, table, titled
from strided.figures.settings import numeric, pair
from strided.figures.svg import Canvas, Figure, equals, short
from strided.geometry import output_size, pooling_divisors

OPERATORS = {
    "average": "Average pooling",
    "subsampling": "SubSampling",
    "convolution": "Convolution",
}
"""Operator → its name in words."""


@dataclass(frozen=True)
class Answer:
    """What a student's function made of the same input.

    output: (K, out_H, out_W); reads: (C, H, W), true for what the chosen output read, None where nobody knows.
    """

    output: np.ndarray
    reads: np.ndarray | None


def window_explorer(
    operator: str = "convolution",
    x: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    kernel_size: int | tuple[int, int] = (2, 3),
    stride: int | tuple[int, int] = (1, 1),
    padding: int | tuple[int, int] = (0, 0),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    output: Output = (0, 0, 0),
    answer: Answer | None = None,
) -> Figure:
    """Draw one output: its window, the numbers read, the result's place, and the formula filled in.

    A click on an output makes the settings `row` and `column` where the figure is part of a live demo.

    Args:
        operator: "average", "subsampling" or "convolution".
        x: (C, H, W), at most 4 channels of 9 x 9; a small 2 x 4 x 5 example when absent.
        weight: (C,) for subsampling, (K, C, kH, kW) for a convolution; ones when absent.
        bias: (C,) or (K,); zeros when absent.
        kernel_size: an int or (height, width); so are `stride` and `padding`.
        stride: from window to window.
        padding: zeros around the image; none for subsampling, at most half the kernel for the average.
        ceil_mode: the average's last window may overhang.
        count_include_pad: the average's divisor counts padding.
        output: (channel, row, column), from 0.
        answer: a student's result, to stand beside the right one.

    Raises:
        TypeError: a size is not an integer.
        ValueError: a setting is out of range or is none of this operator's, or there is no such output.
    """
    if operator not in OPERATORS:
        raise ValueError(f"operator must be one of {list(OPERATORS)}, got {operator!r}")
    image = small_image(x)
    kernel = pair(kernel_size, "kernel_size", 1, 6)
    step, pads = pair(stride, "stride", 1, 9), pair(padding, "padding", 0, 3)
    if operator != "average" and ceil_mode:
        raise ValueError(f"{OPERATORS[operator]} has no ceil mode: it counts whole windows only")
    if operator == "subsampling" and any(pads):
        raise ValueError(f"SubSampling has no padding, got {pads}")
    if operator == "average" and (weight is not None or bias is not None):
        raise ValueError("average pooling has no weight and no bias: leave them out")
    size = (image.shape[1], image.shape[2])
    axes = zip(size, kernel, step, pads, strict=True)
    outputs = tuple(output_size(n, k, d, p, ceil_mode=ceil_mode) for n, k, d, p in axes)
    windows = Windows(size, kernel, step, pads, (outputs[0], outputs[1]))
    if operator == "average":
        divisors = pooling_divisors(*size, kernel, step, pads, ceil_mode, count_include_pad)
        right = operators.avg_pool2d(image, kernel, step, pads, ceil_mode, count_include_pad)
        weights = offsets = np.ones(0)
    else:
        divisors = np.ones(outputs)
        channels = image.shape[0]
        shape: tuple[int, ...] = (
            (1, channels, *kernel) if operator == "convolution" else (channels,)
        )
        weights = np.ones(shape) if weight is None else numeric(weight, "weight", (len(shape),))
        offsets = np.zeros(len(weights)) if bias is None else numeric(bias, "bias", (1,))
        if operator == "subsampling":
            right = operators.subsample2d(image, weights, offsets, kernel, step)
        else:
            right = operators.conv2d(image, weights, offsets, step, pads)
            if weights.shape[2:] != kernel:
                raise ValueError(f"weight has shape {weights.shape}: kernel_size is {kernel}")
    at = position(output, right.shape)
    if answer is not None and answer.output.shape != right.shape:
        raise ValueError(f"yours has shape {answer.output.shape}, the output has {right.shape}")

    reads = answer.reads if answer is not None else None
    divisor = int(divisors[at[1:]])
    if operator == "convolution":
        lines, words, result = _convolution(windows, image, weights, offsets, at, reads)
    elif operator == "subsampling":
        factors = (float(weights[at[0]]), float(offsets[at[0]]))
        lines, words, result = _subsampling(windows, image, *factors, at, reads)
    else:
        lines, words, result = _average(windows, image, divisor, at, reads)
    forms = [
        _formula(
            "Printed: from 1, width first", indexing.printed(operator, windows, len(image), at)
        ),
        _formula("Coded: from 0, height first", indexing.coded(operator, windows, len(image), at)),
    ]
    numpy = "In NumPy:  " + indexing.numpy(operator, windows, at, divisor, result)
    picture = column(
        [
            flow([lines, *_maps(right, answer, at)], gap=34),
            flow(forms, gap=30),
            label(numpy, anchor="start"),
        ],
        gap=14,
    )

    where = _where(windows, at)
    said = f"out[{at[0]}, {at[1]}, {at[2]}] {equals(result)}, from {where}."
    told = _told(answer, right, windows, operator, at) if answer is not None else ""
    roles = {"window": "window" if reads is None else "the window it should read"}
    roles |= {"second": "what yours reads"} if reads is not None else {}
    roles |= {"weight": "weights"} if operator != "average" else {}
    roles |= {"output": "output"}
    roles |= (
        {"differs": "differs"} if answer is not None and not _close(answer, right).all() else {}
    )
    roles |= {"padding": "padding (zeros)"} if any(pads) else {}
    roles |= {"beyond": "beyond: nothing to read"} if any(windows.overhang) else {}
    setting = (
        f"{OPERATORS[operator]}, image {size[0]} × {size[1]}, window {kernel[0]} × {kernel[1]}, "
        f"step ({step[0]}, {step[1]}), padding ({pads[0]}, {pads[1]})"
        f"{', ceil mode' if ceil_mode else ''}: {outputs[0]} × {outputs[1]} outputs."
    )
    all_of_it = f"The output map of channel {at[0]}: {in_words(right[at[0]])}."
    return with_legend(picture, roles).figure(
        f"{setting} {said} {words} {told} {all_of_it}".replace("  ", " "),
        f"{setting} {said} {told}".strip(),
        f"{said} {told}".strip(),
    )


# ---------------------------------------------------------------- the numbers read


def _input(
    windows: Windows, image: np.ndarray, at: Output, reads: np.ndarray | None, cell: float
) -> Grid:
    """One input channel with its padding, what overhangs it, and the window on it."""
    grid = Grid(image.shape, cell)
    box = windows.box(*at[1:])
    ph, pw = windows.padding
    grid.fill(box, "window")
    grid.beyond(windows.padding, windows.overhang)
    grid.padding(ph, pw, ph, pw)
    others = [] if reads is None else _boxes(reads)
    for other in others:
        grid.fill(other, "second")
    grid.numbers(image)
    grid.outline(box, "window")
    for other in others:
        grid.outline(other, "second", inset=4)
    grid.indices(ph, pw)
    return grid


def _boxes(where: np.ndarray) -> list[Box]:
    """The cells that are true: one box where they fill it, else the cells one by one."""
    cells = np.argwhere(where)
    if not len(cells):
        return []
    (top, left), (bottom, right) = cells.min(axis=0), cells.max(axis=0)
    box = (int(top), int(left), int(bottom - top + 1), int(right - left + 1))
    if box[2] * box[3] == len(cells):
        return [box]
    return [(int(r), int(c), 1, 1) for r, c in cells]


def _window(windows: Windows, image: np.ndarray, at: Output) -> np.ndarray:
    """The numbers under a window, (kH, kW); zeros outside the image."""
    top, left, _, _ = windows.box(*at[1:])
    rows, columns = windows.inside(*at[1:])
    found = np.zeros(windows.kernel)
    found[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = image[
        rows, columns
    ]
    return found


def _total(value: float, at: Output, cell: float) -> Canvas:
    return titled(f"out[{at[0]}, {at[1]}, {at[2]}]", single(value, "output", cell + 8))


def _channel(
    windows: Windows, image: np.ndarray, at: Output, reads: np.ndarray | None, c: int, cell: float
) -> Canvas:
    found = None if reads is None else reads[c]
    return titled(f"x[{c}]", _input(windows, image[c], at, found, cell))


def _convolution(
    windows: Windows,
    image: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    at: Output,
    reads: np.ndarray | None,
) -> tuple[Canvas, str, float]:
    """Every channel's window times its kernel, and the sum of the sums; in words; the result."""
    k = at[0]
    found = np.stack([_window(windows, channel, at) for channel in image])
    products = found * weight[k]
    sums = products.sum(axis=(1, 2))
    result = float(sums.sum() + bias[k])
    cell = cell_size(np.concatenate([image.ravel(), weight[k].ravel(), products.ravel()]))
    lines = [
        [
            _channel(windows, image, at, reads, c, cell),
            sign("×"),
            titled(f"weight[{k}, {c}]", plain(weight[k, c], "weight", cell)),
            sign("="),
            titled("products", plain(products[c], "input", cell)),
            sign("Σ →"),
            titled("sum", single(sums[c], "input", cell)),
        ]
        for c in range(len(image))
    ]
    parts: list[Canvas] = []
    for c, value in enumerate(sums):
        parts += [sign("+")] if c else []
        parts.append(titled(f"sum, channel {c}", single(value, "input", cell)))
    parts += [sign("+"), titled(f"bias[{k}]", single(bias[k], "weight", cell))]
    parts += [sign("="), _total(result, at, cell)]
    words = [
        f"Channel {c}: window {in_words(found[c])}; kernel {in_words(weight[k, c])}; "
        f"sum of products {short(sums[c])}."
        for c in range(len(image))
    ]
    summed = " + ".join(short(value) for value in (*sums, bias[k]))
    words.append(f"{summed} {equals(result)}.")
    return column([table(lines), row(parts)], gap=14), " ".join(words), result


def _average(
    windows: Windows, image: np.ndarray, divisor: int, at: Output, reads: np.ndarray | None
) -> tuple[Canvas, str, float]:
    """One channel's window, its sum, the divisor; in words; the result."""
    kh, kw = windows.kernel
    found = _window(windows, image[at[0]], at)
    total = float(found.sum())
    note = f"kH·kW = {kh}·{kw}" if divisor == kh * kw else f"not kH·kW = {kh * kw}"
    factor = Grid((1, 1), cell=38)
    factor.words([[f"1/{divisor}"]])
    steps = [sign("×"), titled("1/divisor", factor, note)]
    words = f"Window {in_words(found)}; sum {short(total)}; divisor {divisor}, {note}."
    return (
        _one_channel(windows, image, found, steps, total / divisor, at, reads),
        words,
        (total / divisor),
    )


def _subsampling(
    windows: Windows,
    image: np.ndarray,
    weight: float,
    bias: float,
    at: Output,
    reads: np.ndarray | None,
) -> tuple[Canvas, str, float]:
    """One channel's window, its sum, the weight and the bias; in words; the result."""
    k = at[0]
    found = _window(windows, image[k], at)
    result = float(found.sum()) * weight + bias
    steps = [
        sign("×"),
        titled(f"weight[{k}]", single(weight, "weight", 28)),
        sign("+"),
        titled(f"bias[{k}]", single(bias, "weight", 28)),
    ]
    words = (
        f"Window {in_words(found)}; sum {short(found.sum())}, times weight {short(weight)}, "
        f"plus bias {short(bias)}."
    )
    return _one_channel(windows, image, found, steps, result, at, reads), words, result


def _one_channel(
    windows: Windows,
    image: np.ndarray,
    found: np.ndarray,
    steps: list[Canvas],
    result: float,
    at: Output,
    reads: np.ndarray | None,
) -> Canvas:
    """The chosen channel, and another one where the answer reads it; then the way to the result."""
    cell = cell_size(image)
    line = [
        _channel(windows, image, at, reads, at[0], cell),
        sign("→"),
        titled("window", plain(found, "window", cell)),
        sign("Σ →"),
        titled("sum", single(float(found.sum()), "input", cell)),
        *steps,
        sign("="),
        _total(result, at, cell),
    ]
    others = (
        [] if reads is None else [c for c in range(len(image)) if c != at[0] and reads[c].any()]
    )
    wrong = [_other(windows, image, reads, c, cell) for c in others]
    return column([row(line, gap=10), *wrong], gap=14)


def _other(
    windows: Windows, image: np.ndarray, reads: np.ndarray | None, c: int, cell: float
) -> Canvas:
    """A channel that the answer reads and should not."""
    grid = Grid(image[c].shape, cell)
    boxes = [] if reads is None else _boxes(reads[c])
    for box in boxes:
        grid.fill(box, "second")
    grid.numbers(image[c])
    for box in boxes:
        grid.outline(box, "second", inset=4)
    grid.indices()
    return titled(f"x[{c}]", grid, "not to be read here")


# ---------------------------------------------------------------- the formula, the output map


def _formula(title: str, lines: Sequence[str]) -> Canvas:
    """A formula under its title: two lines as it stands, two filled in, and what is read.

    As wide as it can become, so that nothing else moves when the indices change.
    """
    general, filled = "\n".join(lines[:2]), "\n".join(lines[2:])
    block = column(
        [
            label(title, bold=True, anchor="start"),
            label(general, size=12.5, anchor="start", faint=True),
            label(filled, size=12.5, anchor="start"),
        ],
        gap=5,
    )
    block.reserve(block.left, block.top, 390, block.height)
    return block


def _maps(right: np.ndarray, answer: Answer | None, at: Output) -> list[Canvas]:
    """The chosen channel of the output, and the answer's beside it; a click chooses an output."""
    k, y, x = at
    both = {"output": right} if answer is None else {"right": right, "yours": answer.output}
    cell = cell_size(np.concatenate([values[k].ravel() for values in both.values()]))
    maps = []
    for name, values in both.items():
        grid = Grid(values.shape[1:], cell)
        grid.fill((y, x, 1, 1), "output")
        grid.numbers(values[k])
        if answer is not None and name == "yours":
            grid.differs(~_close(answer, right)[k])
        grid.outline((y, x, 1, 1), "output", inset=1)
        grid.indices()
        for r, c in np.ndindex(values.shape[1:]):
            grid.click(*grid.box((r, c, 1, 1)), {"row": r, "column": c})
        maps.append(titled(f"{name}[{k}]", grid, f"{grid.rows} × {grid.columns}"))
    return maps


# ---------------------------------------------------------------- the answer, in words


def _close(answer: Answer, right: np.ndarray) -> np.ndarray:
    return np.isclose(answer.output, right, rtol=1e-5, atol=1e-8)


def _where(windows: Windows, at: Output) -> str:
    """The window in words, with what of it lies in the image."""
    top, left, kh, kw = windows.box(*at[1:])
    return f"{_range('row', top, kh)}, {_range('column', left, kw)}"


def _range(name: str, first: int, count: int) -> str:
    text = f"{name} {first}" if count == 1 else f"{name}s {first} to {first + count - 1}"
    return text.replace("-", "−")


def _told(answer: Answer, right: np.ndarray, windows: Windows, operator: str, at: Output) -> str:
    """What the answer gives and reads at the chosen output, and how many outputs differ."""
    close = _close(answer, right)
    wrong = int((~close).sum())
    count = f"{wrong} of {right.size} outputs differ." if wrong else "All outputs agree."
    given = f"Yours gives {short(answer.output[at])} here."
    if answer.reads is None:
        return f"{given} What it reads could not be found. {count}"
    should = np.zeros(answer.reads.shape, dtype=bool)
    channels = slice(None) if operator == "convolution" else at[0]
    should[(channels, *windows.inside(*at[1:]))] = True
    if (should == answer.reads).all():
        same = "It reads what it should"
        same += "." if close[at] else ": what it does with the numbers differs."
        return f"{given} {same} {count}"
    return f"{given} It should read {_cells(should)}; it reads {_cells(answer.reads)}. {count}"


def _cells(where: np.ndarray) -> str:
    """Entries of (C, H, W) in words: the same box of some channels, or how many."""
    used = [c for c in range(len(where)) if where[c].any()]
    if not used:
        return "nothing"
    boxes = _boxes(where[used[0]])
    if len(boxes) != 1 or any((where[c] != where[used[0]]).any() for c in used):
        return f"{int(where.sum())} entries that make no box"
    top, left, rows, columns = boxes[0]
    every = len(used) == len(where) and len(where) > 1
    channels = "every channel" if every else f"channel {', '.join(map(str, used))}"
    return f"{_range('row', top, rows)}, {_range('column', left, columns)} of {channels}"
