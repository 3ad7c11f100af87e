"""One output number of average pooling, subsampling and convolution, in one visual language."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from strided.figures.grid import Grid, cell_size, in_words, plain, with_legend
from strided.figures.layout import column, label, row, table, titled
from strided.figures.settings import numeric, pair
from strided.figures.svg import Canvas, Figure, equals, short
from strided.geometry import integer, output_size

IMAGE = np.array(
    [
        [[1, 0, 2, 1, 3], [2, 1, 0, 4, 1], [0, 3, 1, 2, 2], [1, 1, 5, 0, 1]],
        [[2, 1, 1, 0, 2], [0, 2, 3, 1, 0], [1, 0, 2, 4, 3], [2, 2, 0, 1, 1]],
    ]
)
WEIGHT = np.array([[[[1, 2, 0], [0, -1, 3]], [[2, 0, 1], [1, 1, -2]]]])
POOLINGS = ("average", "subsampling")

Position = tuple[int, int, int]


def small_image(x: ArrayLike | None) -> np.ndarray:
    """Return `x`, (C, H, W), or an example of 2 x 4 x 5; ValueError where it is too large to be drawn."""
    image = numeric(IMAGE if x is None else x, "x", (3,))
    if max(image.shape[1:]) > 9 or image.shape[0] > 4:
        raise ValueError(
            f"x has shape {image.shape}: at most 4 channels of 9 x 9 fit beside their products"
        )
    return image


def position(output: Any, shape: tuple[int, ...]) -> Position:
    """Return `output` as (channel, row, column), or raise ValueError where `shape` has no such output."""
    if not isinstance(output, (tuple, list)) or len(output) != 3:
        raise ValueError(f"output is {output!r}: give (channel, row, column)")
    k, y, x = (integer(value, f"output[{axis}]", least=0) for axis, value in enumerate(output))
    if k >= shape[0] or y >= shape[1] or x >= shape[2]:
        raise ValueError(f"output {(k, y, x)} does not exist: the output has shape {shape}")
    return k, y, x


def _padded(image: np.ndarray, padding: tuple[int, int]) -> np.ndarray:
    ph, pw = padding
    return np.pad(image, ((0, 0), (ph, ph), (pw, pw)))


def _input(
    image: np.ndarray, box: tuple[int, int, int, int] | None, padding: tuple[int, int], cell: float
) -> Grid:
    """One input channel with the window on it, or hatched when no window reads it."""
    grid = Grid(image.shape, cell)
    ph, pw = padding
    if box:
        grid.fill(box, "window")
    else:
        grid.unread(np.ones(image.shape, dtype=bool))
    grid.padding(ph, pw, ph, pw)
    grid.numbers(image, faded=box is None)
    if box:
        grid.outline(box, "window")
    return grid


def single(value: float, role: str, cell: float) -> Grid:
    """One number in a cell of its own."""
    return plain(np.array([[value]]), role, max(cell, cell_size(np.array([value])) + 6))


def sign(text: str) -> Canvas:
    """What stands between grids: ×, =, Σ →."""
    return label(text, size=18)


def _total(value: float, k: int, y: int, x: int, cell: float) -> Canvas:
    return titled(f"out[{k}, {y}, {x}]", single(value, "output", cell + 8))


def convolution_cell(
    x: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    stride: int | tuple[int, int] = (1, 1),
    padding: int | tuple[int, int] = (0, 0),
    output: Position = (0, 1, 1),
) -> Figure:
    """Draw how a convolution makes one output.

    In every input channel: window x kernel = products, and their sum; then the sums and the bias.

    Args:
        x: (C, H, W), at most 4 channels of 9 x 9; a small 2 x 4 x 5 example when absent.
        weight: (K, C, kH, kW); an asymmetric 1 x 2 x 2 x 3 example when absent.
        bias: (K,), or None for none (1 in the example).
        stride: an int or (height, width); so is `padding`.
        padding: zeros around the image.
        output: (k, y, x), from 0.

    Raises:
        TypeError: a size is not an integer.
        ValueError: shapes do not fit each other or a page, or there is no such output.
    """
    image = small_image(x)
    kernels = numeric(WEIGHT if weight is None else weight, "weight", (4,))
    if weight is None and bias is None:
        bias = np.ones(1)
    (dh, dw), (ph, pw) = pair(stride, "stride", 1), pair(padding, "padding", 0, 3)
    out_channels, channels, kh, kw = kernels.shape
    if channels != image.shape[0]:
        raise ValueError(
            f"weight has shape {kernels.shape}, for {channels} input channels, "
            f"but x has shape {image.shape}"
        )
    shape = (
        out_channels,
        output_size(image.shape[1], kh, dh, ph),
        output_size(image.shape[2], kw, dw, pw),
    )
    k, row_index, column_index = position(output, shape)
    offsets = None if bias is None else numeric(bias, "bias", (1,))
    if offsets is not None and offsets.shape != (out_channels,):
        raise ValueError(
            f"bias has shape {offsets.shape}: weight {kernels.shape} wants ({out_channels},)"
        )

    top, left = row_index * dh - ph, column_index * dw - pw
    windows = _padded(image, (ph, pw))[:, top + ph : top + ph + kh, left + pw : left + pw + kw]
    products = windows * kernels[k]
    sums = products.sum(axis=(1, 2))
    cell = cell_size(np.concatenate([image.ravel(), kernels[k].ravel(), products.ravel()]))
    lines = []
    for c in range(channels):
        lines.append(
            [
                titled(f"x[{c}]", _input(image[c], (top, left, kh, kw), (ph, pw), cell)),
                sign("×"),
                titled(f"weight[{k}, {c}]", plain(kernels[k, c], "weight", cell)),
                sign("="),
                titled("products", plain(products[c], "input", cell)),
                sign("Σ →"),
                titled("sum", single(sums[c], "input", cell)),
            ]
        )
    total = float(sums.sum())
    parts: list[Canvas] = []
    for c in range(channels):
        parts += [sign("+")] if parts else []
        parts.append(titled(f"sum, channel {c}", single(sums[c], "input", cell)))
    if offsets is not None:
        total += float(offsets[k])
        parts += [sign("+"), titled(f"bias[{k}]", single(offsets[k], "weight", cell))]
    parts += [sign("="), _total(total, k, row_index, column_index, cell)]
    roles = ["window", "weight", "output"] + (["padding"] if ph or pw else [])
    picture = with_legend(column([table(lines), row(parts)], gap=20), roles)

    sentence = " + ".join(short(v) for v in sums)
    sentence += "" if offsets is None else f" + bias {short(offsets[k])}"
    words = [
        f"Channel {c}: window {in_words(windows[c])}; kernel {in_words(kernels[k, c])}; "
        f"products {in_words(products[c])}; sum {short(sums[c])}."
        for c in range(channels)
    ]
    alt = (
        f"Convolution, output out[{k}, {row_index}, {column_index}], "
        f"stride ({dh}, {dw}), padding ({ph}, {pw}). "
        f"{' '.join(words)} {sentence} {equals(total)}."
    )
    reads = channels * kh * kw
    return picture.figure(
        alt,
        f"Convolution: every input channel has its own kernel, and all of them meet in one number. "
        f"{sentence} {equals(total)}; one output reads {channels} × {kh} × {kw} = {reads} cells.",
    )


def pooling_cell(
    kind: str = "average",
    x: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    kernel_size: int | tuple[int, int] = (2, 3),
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = (0, 0),
    output: Position = (0, 1, 1),
) -> Figure:
    """Draw how average pooling, or Torch7's SubSampling, makes one output.

    In one channel: a window, its sum, times a factor, plus a bias.

    Args:
        kind: "average" (the factor is 1/(kH·kW), padding counted; no bias) or "subsampling".
        x: (C, H, W), at most 4 channels of 9 x 9; the example of `convolution_cell` when absent.
        weight: (C,), subsampling's one factor per channel; 1/2, 2, 1/2, … when absent.
        bias: (C,), subsampling's one bias per channel; 1, −1, 1, … when absent.
        kernel_size: an int or (height, width).
        stride: an int or (height, width); 1 when absent, so that the three operators read the same
            window.
        padding: zeros around the image; average pooling only, at most half the kernel.
        output: (k, y, x), from 0.

    Raises:
        TypeError: a size is not an integer.
        ValueError: shapes do not fit each other or a page, there is no such output, or a setting
            that the kind does not have.
    """
    if kind not in POOLINGS:
        raise ValueError(f"kind must be one of {POOLINGS}, got {kind!r}")
    image = small_image(x)
    channels = image.shape[0]
    kh, kw = pair(kernel_size, "kernel_size", 1)
    dh, dw = (1, 1) if stride is None else pair(stride, "stride", 1)
    ph, pw = pair(padding, "padding", 0, 3)
    if kind == "average" and (weight is not None or bias is not None):
        raise ValueError(
            'average pooling has no weight and no bias: leave them out, or kind="subsampling"'
        )
    if kind == "subsampling" and (ph or pw):
        raise ValueError(f"subsampling has no padding, got {(ph, pw)}")
    if ph > kh // 2 or pw > kw // 2:
        raise ValueError(f"padding must be at most half of kernel_size {(kh, kw)}, got {(ph, pw)}")
    shape = (
        channels,
        output_size(image.shape[1], kh, dh, ph),
        output_size(image.shape[2], kw, dw, pw),
    )
    k, row_index, column_index = position(output, shape)
    top, left = row_index * dh - ph, column_index * dw - pw
    window = _padded(image, (ph, pw))[k, top + ph : top + ph + kh, left + pw : left + pw + kw]
    total = window_sum = float(window.sum())
    cell = cell_size(image)

    def own(value: ArrayLike | None, name: str, example: tuple[float, float]) -> np.ndarray:
        values = np.resize(example, channels) if value is None else numeric(value, name, (1,))
        if values.shape != (channels,):
            raise ValueError(
                f"{name} has shape {values.shape}: x {image.shape} wants ({channels},)"
            )
        return values

    steps: list[Canvas] = [
        sign("→"),
        titled("window", plain(window, "window", cell)),
        sign("Σ →"),
        titled("sum", single(window_sum, "input", cell)),
        sign("×"),
    ]
    if kind == "average":
        total = window_sum / (kh * kw)
        factor = Grid((1, 1), cell=max(cell, 38))
        factor.words([[f"1/{kh * kw}"]])
        steps += [titled("1/(kH·kW)", factor)]
        sentence = f"{short(window_sum)} × 1/{kh * kw} {equals(total)}"
    else:
        gain, offset = own(weight, "weight", (0.5, 2))[k], own(bias, "bias", (1, -1))[k]
        total = window_sum * gain + offset
        steps += [
            titled(f"weight[{k}]", single(gain, "weight", cell)),
            sign("+"),
            titled(f"bias[{k}]", single(offset, "weight", cell)),
        ]
        sentence = (
            f"{short(window_sum)} × weight {short(gain)} + bias {short(offset)} {equals(total)}"
        )
    steps += [sign("="), _total(total, k, row_index, column_index, cell)]
    box = (top, left, kh, kw)
    lines = []
    for c in range(channels):
        grid = titled(f"x[{c}]", _input(image[c], box if c == k else None, (ph, pw), cell))
        lines.append(row([grid, *steps] if c == k else [grid], gap=10))
    roles = {"window": "window"}
    roles |= {"weight": "weights"} if kind == "subsampling" else {}
    roles |= {"output": "output"}
    roles |= {"padding": "padding (zeros)"} if ph or pw else {}
    roles |= {"unread": "not read by this output"} if channels > 1 else {}
    name = "Average pooling" if kind == "average" else "SubSampling"
    rule = (
        "the factor is fixed, and there is nothing to learn"
        if kind == "average"
        else "one weight and one bias for the whole channel are learnt"
    )
    alt = (
        f"{name}, output out[{k}, {row_index}, {column_index}], "
        f"stride ({dh}, {dw}), padding ({ph}, {pw}). "
        f"Window in channel {k}: {in_words(window)}. Sum {sentence}."
    )
    alt += f" The other {channels - 1} of {channels} channels are not read." if channels > 1 else ""
    return with_legend(column(lines, gap=20), roles).figure(
        alt, f"{name}: one channel in, the same channel out; {rule}. {sentence}."
    )


def flip(weight: ArrayLike | None = None) -> Figure:
    """Draw a kernel and its 180° flip: cross-correlation against convolution.

    Networks compute the first and call it the second.

    Args:
        weight: (kH, kW), at most 6 x 6; 1 2 3; 4 5 6 when absent.

    Raises:
        ValueError: not a 2-D array of numbers, or too large.
    """
    kernel = numeric([[1, 2, 3], [4, 5, 6]] if weight is None else weight, "weight", (2,))
    if max(kernel.shape) > 6:
        raise ValueError(f"weight has shape {kernel.shape}: at most 6 x 6 can be drawn")
    turned = kernel[::-1, ::-1]
    r, c = np.indices(kernel.shape)
    window = np.asarray((2 * r + 3 * c + 1) % 5)
    cell = cell_size(
        np.concatenate([kernel.ravel(), (window * kernel).ravel(), (window * turned).ravel()])
    )
    lines, sums = [], []
    for name, note, used in (
        ("cross-correlation", "as it is", kernel),
        ("convolution", "turned by 180°", turned),
    ):
        products = window * used
        sums.append(float(products.sum()))
        lines.append(
            [
                titled("window", plain(window, "window", cell)),
                sign("×"),
                titled(name, plain(used, "weight", cell), note),
                sign("="),
                titled("products", plain(products, "input", cell)),
                sign("Σ →"),
                titled("output", single(sums[-1], "output", cell + 8)),
            ]
        )
    symmetric = bool((turned == kernel).all())
    verdict = (
        "This kernel is its own flip: nothing tells the two apart."
        if symmetric
        else f"The same window gives {short(sums[0])} and {short(sums[1])}."
    )
    alt = (
        f"Kernel {in_words(kernel)}; turned by 180° {in_words(turned)}; window {in_words(window)}. "
        f"Cross-correlation gives {short(sums[0])}, convolution {short(sums[1])}."
    )
    return with_legend(table(lines), ["window", "weight", "output"]).figure(
        alt,
        "Networks compute cross-correlation and call it convolution. Mathematics turns the "
        "kernel by 180° "
        f"first: last row first, last column first. {verdict}",
    )
