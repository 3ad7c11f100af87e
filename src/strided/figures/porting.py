"""Where three ways of padding put the windows of one layer: what a port of SAME has to look at."""

from __future__ import annotations

import numpy as np

from strided.figures.grid import Grid, with_legend
from strided.figures.layout import flow, titled
from strided.figures.settings import integer
from strided.figures.svg import Figure, short
from strided.geometry import output_size, same_padding_tensorflow


def same_windows(n: int = 6, kernel: int = 3, stride: int = 2) -> Figure:
    """Draw one axis under SAME, SAME_LOWER and symmetric padding, a line for each window.

    The pixels hold 1 to `n`, and each window is summed up. Symmetric padding is half the kernel,
    rounded down, on both sides, as one writes it in PyTorch, Torch7 and Caffe.

    Args:
        n: pixels along the axis, at most 10.
        kernel: taps of the window, at most 7.
        stride: pixels from one window's start to the next one's, at most 6.

    Raises:
        TypeError: a setting is not an integer.
        ValueError: a setting is out of range.
    """
    n, k = integer(n, "n", 1, 10), integer(kernel, "kernel", 1, 7)
    d = integer(stride, "stride", 1, 6)
    before, after = same_padding_tensorflow(n, k, d)
    ways = {
        "SAME, SAME_UPPER": ("TensorFlow, Keras, ONNX", before, after),
        "SAME_LOWER": ("ONNX", after, before),
        f"padding={k // 2}": ("PyTorch, Torch7, Caffe", k // 2, k // 2),
    }
    pixels = np.arange(1, n + 1)
    panels, words = [], []
    for way, (who, front, end) in ways.items():
        windows = output_size(n + front + end, k, d)
        grid = Grid((windows, n), cell=28)
        grid.padding(0, front, 0, end)
        sums = []
        for i in range(windows):
            start = i * d - front
            grid.fill((i, start, 1, k), "window")
            sums.append(int(pixels[max(start, 0) : max(start + k, 0)].sum()))
        lines = np.tile(pixels, (windows, 1))
        starts = d * np.arange(windows)[:, None] - front
        read = (np.arange(n) >= starts) & (np.arange(n) < starts + k)
        grid.numbers(lines, read)
        grid.numbers(lines, ~read, faded=True)
        for i in range(windows):
            grid.outline((i, i * d - front, 1, k), "window", inset=2)
        listed = ", ".join(map(str, sums))
        note = f"{who}\n{front} before, {end} after\nsums {listed}"
        panels.append(titled(way, grid, note, align="left"))
        words.append(
            f"{way} ({who}), {front} before and {end} after: windows start at "
            f"{', '.join(short(i * d - front) for i in range(windows))}, sums {listed}."
        )
    picture = with_legend(flow(panels, gap=44), ["window", "padding"])
    setting = f"{n} pixels, kernel {k}, stride {d}"
    return picture.figure(
        f"The windows of one axis under three paddings, {setting}. {' '.join(words)}",
        f"One axis, {setting}: a line for each window, and the sum of what it reads. "
        "SAME adds only what its windows lack, and puts the odd pixel at the end.",
    )
