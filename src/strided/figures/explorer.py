"""The window explorer: one output, where it lies, what it reads, and the formula with its indices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from strided import operators
from strided.figures import indexing
from strided.figures.cells import Position, position, sign, single, small_image
from strided.figures.grid import Box, Grid, cell_size, in_words, plain, with_legend
from strided.figures.indexing import Placement
from strided.figures.layout import PAGE_WIDTH, column, flow, label, row, table, titled
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
    output: Position = (0, 0, 0),
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
    scene = _scene(
        operator,
        x,
        weight,
        bias,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        output,
    )
    if answer is not None and answer.output.shape != scene.right.shape:
        raise ValueError(
            f"yours has shape {answer.output.shape}, the output has {scene.right.shape}"
        )
    reads = None if answer is None else answer.reads
    draw = {"average": _average, "subsampling": _subsampling, "convolution": _convolution}[operator]
    calculation, words = draw(scene, reads)
    windows, at, result = scene.windows, scene.at, float(scene.right[scene.at])
    channels = len(scene.image)
    formulas = [
        _formula("Printed: from 1, width first", indexing.printed(operator, windows, channels, at)),
        _formula("Coded: from 0, height first", indexing.coded(operator, windows, channels, at)),
    ]
    line = indexing.numpy(operator, windows, at, scene.divisor, result)
    numpy = label(f"In NumPy:  {line}", anchor="start")
    picture = _together(calculation, _maps(scene, answer), formulas, numpy)

    (h, w), (kh, kw), (dh, dw), (ph, pw) = (
        windows.size,
        windows.kernel,
        windows.stride,
        windows.padding,
    )
    setting = (
        f"{OPERATORS[operator]}, image {h} × {w}, window {kh} × {kw}, stride ({dh}, {dw}), "
        f"padding ({ph}, {pw}){', ceil mode' if ceil_mode else ''}: "
        f"{windows.outputs[0]} × {windows.outputs[1]} outputs."
    )
    said = f"{_name(at)} {equals(result)}, from {_where(windows, at)}.{_divided(scene)}"
    said += "" if answer is None else f" {_told(scene, answer)}"
    return with_legend(picture, _roles(scene, answer)).figure(
        f"{setting} {said} {words} Output map of channel {at[0]}: {in_words(scene.right[at[0]])}.",
        f"{setting} {said}",
        said,
    )


def _together(
    calculation: Canvas, maps: list[Canvas], formulas: list[Canvas], numpy: Canvas
) -> Canvas:
    """The output beside the calculation where it fits, else beside the formulas."""
    beside = row([calculation, *maps], gap=34)
    if beside.width <= PAGE_WIDTH:
        above = flow([calculation, *maps], gap=34)
        return column([above, flow(formulas, gap=30), numpy], gap=14)
    return column([calculation, flow([*maps, column([*formulas, numpy], gap=12)], gap=34)], gap=18)


def _steady(canvas: Canvas, width: float) -> Canvas:
    """Keep at least so much room, so that nothing moves when the number in it changes."""
    middle = (canvas.left + canvas.right) / 2
    canvas.reserve(middle - width / 2, canvas.top, width, canvas.height)
    return canvas


def _roles(scene: _Scene, answer: Answer | None) -> dict[str, str]:
    """What the legend names."""
    roles = {"window": "window", "output": "output"}
    if answer is not None and answer.reads is not None:
        roles |= {"window": "the window it should read", "second": "what yours reads"}
    if answer is not None and not _close(scene, answer).all():
        roles["differs"] = "differs"
    if scene.operator != "average":
        roles["weight"] = "weights"
    if any(scene.windows.padding):
        roles["padding"] = "padding (zeros)"
    if any(scene.windows.overhang):
        roles["beyond"] = "beyond: nothing to read"
    return roles


# ---------------------------------------------------------------- what is drawn


@dataclass(frozen=True)
class _Scene:
    """One output of an operator on one image, checked and computed.

    image: (C, H, W); weight and bias: as the operator has them, empty for the average; right: (K, out_H,
    out_W); at: the chosen output; divisor: the average's there, else 1.
    """

    operator: str
    image: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    windows: Placement
    right: np.ndarray
    at: Position
    divisor: int


def _scene(
    operator: str,
    x: ArrayLike | None,
    weight: ArrayLike | None,
    bias: ArrayLike | None,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int],
    padding: int | tuple[int, int],
    ceil_mode: bool,
    count_include_pad: bool,
    output: Position,
) -> _Scene:
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
    channels, height, width = image.shape
    shape: dict[str, tuple[int, ...]] = {
        "average": (0,),
        "subsampling": (channels,),
        "convolution": (1, channels, *kernel),
    }
    default = np.ones(shape[operator])
    weights = default if weight is None else numeric(weight, "weight", (default.ndim,))
    offsets = np.zeros(len(weights)) if bias is None else numeric(bias, "bias", (1,))
    if operator == "convolution" and weights.shape[2:] != kernel:
        raise ValueError(f"weight has shape {weights.shape}, but kernel_size is {kernel}")
    rows = output_size(height, kernel[0], step[0], pads[0], ceil_mode=ceil_mode)
    columns = output_size(width, kernel[1], step[1], pads[1], ceil_mode=ceil_mode)
    divisors = np.ones((rows, columns))
    if operator == "average":
        right = operators.avg_pool2d(image, kernel, step, pads, ceil_mode, count_include_pad)
        divisors = pooling_divisors(height, width, kernel, step, pads, ceil_mode, count_include_pad)
    elif operator == "subsampling":
        right = operators.subsample2d(image, weights, offsets, kernel, step)
    else:
        right = operators.conv2d(image, weights, offsets, step, pads)
    at = position(output, right.shape)
    windows = Placement((height, width), kernel, step, pads, (rows, columns))
    divisor = int(divisors[at[1:]])
    return _Scene(operator, image, weights, offsets, windows, right, at, divisor)


def _name(at: Position) -> str:
    return f"out[{at[0]}, {at[1]}, {at[2]}]"


# ---------------------------------------------------------------- the numbers read


def _input(scene: _Scene, c: int, reads: np.ndarray | None, cell: float) -> Canvas:
    """One input channel with its padding, what overhangs it, and the window on it."""
    windows = scene.windows
    grid = Grid(windows.size, cell)
    box = windows.box(*scene.at[1:])
    (ph, pw), (down, right) = windows.padding, windows.overhang
    h, w = windows.size
    grid.reserve(*grid.box((-ph, -pw, h + 2 * ph + down, w + 2 * pw + right)))
    grid.fill(box, "window")
    grid.beyond(windows.padding, windows.overhang)
    grid.padding(ph, pw, ph, pw)
    others = [] if reads is None else _boxes(reads[c])
    for other in others:
        grid.fill(other, "second")
    grid.numbers(scene.image[c])
    grid.outline(box, "window")
    for other in others:
        grid.outline(other, "second", inset=4)
    grid.indices(ph, pw)
    return titled(f"x[{c}]", grid)


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


def _numbers(scene: _Scene, c: int) -> np.ndarray:
    """The numbers under the window in one channel, (kH, kW); zeros outside the image."""
    top, left, _, _ = scene.windows.box(*scene.at[1:])
    rows, columns = scene.windows.inside(*scene.at[1:])
    found = np.zeros(scene.windows.kernel)
    inside = scene.image[c, rows, columns]
    found[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = inside
    return found


def _there(scene: _Scene) -> tuple[slice, slice]:
    """The part of a window that lies in the padded image: all but what overhangs it."""
    top, left, _, _ = scene.windows.box(*scene.at[1:])
    (h, w), (ph, pw) = scene.windows.size, scene.windows.padding
    return slice(0, h + ph - top), slice(0, w + pw - left)


def _total(scene: _Scene, cell: float) -> Canvas:
    number = single(float(scene.right[scene.at]), "output", cell + 8)
    return _steady(titled(_name(scene.at), number), 104)


def _convolution(scene: _Scene, reads: np.ndarray | None) -> tuple[Canvas, str]:
    """Every channel's window times its kernel, and the sum of the sums; and in words."""
    k = scene.at[0]
    kernels, bias = scene.weight[k], float(scene.bias[k])
    found = np.stack([_numbers(scene, c) for c in range(len(scene.image))])
    products = found * kernels
    sums = products.sum(axis=(1, 2))
    cell = cell_size(np.concatenate([scene.image.ravel(), kernels.ravel(), products.ravel()]))
    lines, parts, words = [], [], []
    for c, value in enumerate(sums):
        lines.append(
            [
                _input(scene, c, reads, cell),
                sign("×"),
                titled(f"weight[{k}, {c}]", plain(kernels[c], "weight", cell)),
                sign("="),
                titled("products", plain(products[c], "input", cell)),
                sign("Σ →"),
                _steady(titled("sum", single(value, "input", cell)), 48),
            ]
        )
        parts += [titled(f"sum, channel {c}", single(value, "input", cell)), sign("+")]
        words.append(
            f"Channel {c}: window {in_words(found[c])}; kernel {in_words(kernels[c])}; "
            f"sum of products {short(value)}."
        )
    parts += [titled(f"bias[{k}]", single(bias, "weight", cell)), sign("="), _total(scene, cell)]
    summed = " + ".join(short(value) for value in (*sums, bias))
    words.append(f"{summed} {equals(float(scene.right[scene.at]))}.")
    return column([table(lines), row(parts)], gap=14), " ".join(words)


def _average(scene: _Scene, reads: np.ndarray | None) -> tuple[Canvas, str]:
    """One channel's window, its sum, the divisor; and in words."""
    kh, kw = scene.windows.kernel
    whole = scene.divisor == kh * kw
    note = f"kH·kW = {kh}·{kw}" if whole else f"not kH·kW = {kh * kw}"
    factor = Grid((1, 1), cell=38)
    factor.words([[f"1/{scene.divisor}"]])
    head = _steady(titled("1/divisor", factor, note), 104)
    return _one_channel(scene, reads, [sign("×"), head], f"divisor {scene.divisor}, {note}")


def _subsampling(scene: _Scene, reads: np.ndarray | None) -> tuple[Canvas, str]:
    """One channel's window, its sum, the weight and the bias; and in words."""
    k = scene.at[0]
    weight, bias = float(scene.weight[k]), float(scene.bias[k])
    steps = [
        sign("×"),
        titled(f"weight[{k}]", single(weight, "weight", 28)),
        sign("+"),
        titled(f"bias[{k}]", single(bias, "weight", 28)),
    ]
    return _one_channel(scene, reads, steps, f"weight {short(weight)}, bias {short(bias)}")


def _one_channel(
    scene: _Scene, reads: np.ndarray | None, steps: list[Canvas], words: str
) -> tuple[Canvas, str]:
    """The chosen channel, its window and sum, and `steps` to the result; other channels that are read."""
    k = scene.at[0]
    found, there = _numbers(scene, k), np.zeros(scene.windows.kernel, dtype=bool)
    there[_there(scene)] = True
    total = float(found.sum())
    cell = cell_size(scene.image)
    window = Grid(found.shape, cell)
    window.fill((0, 0, *found.shape), "window")
    window.numbers(found, there)
    window.outline((0, 0, *found.shape), "window")
    line = [
        _input(scene, k, reads, cell),
        sign("→"),
        titled("window", window),
        sign("Σ →"),
        _steady(titled("sum", single(total, "input", cell)), 48),
        *steps,
        sign("="),
        _total(scene, cell),
    ]
    wrong = [
        _wrongly_read(scene.image[c], reads[c], c, cell)
        for c in range(0 if reads is None else len(scene.image))
        if reads is not None and c != k and reads[c].any()
    ]
    said = f"Window {in_words(found[_there(scene)])}; sum {short(total)}; {words}."
    return column([row(line, gap=10), *wrong], gap=14), said


def _wrongly_read(image: np.ndarray, reads: np.ndarray, c: int, cell: float) -> Canvas:
    """A channel that the answer reads and should not."""
    grid = Grid(image.shape, cell)
    for box in _boxes(reads):
        grid.fill(box, "second")
    grid.numbers(image)
    for box in _boxes(reads):
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


def _maps(scene: _Scene, answer: Answer | None) -> list[Canvas]:
    """The chosen channel of the output, and the answer's beside it; a click chooses an output."""
    k, y, x = scene.at
    both = {"output": scene.right}
    if answer is not None:
        both = {"right": scene.right, "yours": answer.output}
    cell = cell_size(np.concatenate([values[k].ravel() for values in both.values()]))
    maps = []
    for name, values in both.items():
        grid = Grid(values.shape[1:], cell)
        grid.fill((y, x, 1, 1), "output")
        grid.numbers(values[k])
        grid.outline((y, x, 1, 1), "output", inset=1)
        if answer is not None and name == "yours":
            grid.differs(~_close(scene, answer)[k])
        grid.indices()
        for r, c in np.ndindex(values.shape[1:]):
            grid.click(*grid.box((r, c, 1, 1)), {"row": r, "column": c})
        maps.append(titled(f"{name}[{k}]", grid, f"{grid.rows} × {grid.columns}"))
    return maps


# ---------------------------------------------------------------- in words


def _where(windows: Placement, at: Position) -> str:
    """The window in words."""
    top, left, kh, kw = windows.box(*at[1:])
    return f"{_range('row', top, kh)}, {_range('column', left, kw)}"


def _range(name: str, first: int, count: int) -> str:
    text = f"{name} {first}" if count == 1 else f"{name}s {first} to {first + count - 1}"
    return text.replace("-", "−")


def _divided(scene: _Scene) -> str:
    """Why an average is not divided by the window's size; empty where it is."""
    (kh, kw), at = scene.windows.kernel, scene.at
    if scene.operator != "average" or scene.divisor == kh * kw:
        return ""
    rows, columns = _there(scene)
    overhangs = rows.stop < kh or columns.stop < kw
    why = "what overhangs does not count" if overhangs else "padding does not count"
    return f" {_name(at)} is divided by {scene.divisor}, not by {kh * kw}: {why}."


def _close(scene: _Scene, answer: Answer) -> np.ndarray:
    return np.isclose(answer.output, scene.right, rtol=1e-5, atol=1e-8)


def _told(scene: _Scene, answer: Answer) -> str:
    """What the answer gives and reads at the chosen output, and how many outputs differ."""
    close = _close(scene, answer)
    wrong = int((~close).sum())
    count = f"{wrong} of {close.size} outputs differ." if wrong else "All outputs agree."
    given = f"Yours gives {short(answer.output[scene.at])} here."
    if answer.reads is None:
        return f"{given} What it reads could not be found. {count}"
    should = np.zeros(answer.reads.shape, dtype=bool)
    channels = slice(None) if scene.operator == "convolution" else scene.at[0]
    should[(channels, *scene.windows.inside(*scene.at[1:]))] = True
    if (should == answer.reads).all():
        same = "It reads what it should"
        same += "." if close[scene.at] else ": what it does with the numbers differs."
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
