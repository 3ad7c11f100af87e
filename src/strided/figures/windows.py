"""Windows over one image: hop or keep, and the formula as written against the formula as coded."""

from __future__ import annotations

import string

import numpy as np

from strided.figures.grid import Grid, cell_size, with_legend
from strided.figures.layout import column, flow, label, row, titled
from strided.figures.settings import integer, pair
from strided.figures.svg import Canvas, Figure, counted, short
from strided.geometry import output_size


def _window_sums(image: np.ndarray, kernel: tuple[int, int]) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(image, kernel).sum(axis=(2, 3))


def hop_or_keep(
    height: int = 6,
    width: int = 8,
    kernel_size: int | tuple[int, int] = (2, 3),
    stride: int | tuple[int, int] = (2, 3),
) -> Figure:
    """Draw stride twice: the window hops; or every output is computed and every stride-th one kept.

    The operator is a convolution with a kernel of ones, so that each output is the sum of its
    window. The same letters and numbers stand on both sides. What the second way throws away is
    crossed out and counted.

    Args:
        height: rows of the image, at most 12.
        width: columns of the image, at most 12.
        kernel_size: window, an int or (height, width).
        stride: an int or (height, width).

    Raises:
        TypeError: a setting is not an integer.
        ValueError: a setting is out of range, or the window is larger than the image.
    """
    h, w = integer(height, "height", 1, 12), integer(width, "width", 1, 12)
    kernel, (dh, dw) = pair(kernel_size, "kernel_size", 1), pair(stride, "stride", 1)
    kh, kw = kernel
    rows, columns = output_size(h, kh, dh), output_size(w, kw, dw)
    r, c = np.indices((h, w))
    image = (3 * r + 5 * c + r * c) % 10
    dense = _window_sums(image, kernel)
    kept = dense[::dh, ::dw]
    letters = string.ascii_uppercase if kept.size <= 26 else ""
    cell = max(38.0, cell_size(dense) + 10)

    starts = [(y, x) for y in range(rows) for x in range(columns)]
    read = np.zeros((h, w), dtype=bool)
    for y, x in starts:
        read[y * dh : y * dh + kh, x * dw : x * dw + kw] = True
    hop = Grid((h, w), cell, lettered=bool(letters))
    for y, x in starts:
        hop.fill((y * dh, x * dw, kh, kw), "window")
    hop.unread(~read)
    hop.numbers(image)
    for i, (y, x) in enumerate(starts):
        # Windows that overlap keep lines of their own.
        hop.outline((y * dh, x * dw, kh, kw), "window", inset=2 + 2 * ((y + x) % 2))
        hop.corner(y * dh, x * dw, letters[i : i + 1])

    keep = Grid(dense.shape, cell, lettered=bool(letters))
    chosen = np.zeros(dense.shape, dtype=bool)
    chosen[::dh, ::dw] = True
    for y, x in np.argwhere(chosen):
        keep.fill((int(y), int(x), 1, 1), "output")
    keep.numbers(dense, chosen)
    keep.thrown(~chosen)
    keep.numbers(dense, ~chosen, faded=True)
    for i, (y, x) in enumerate(np.argwhere(chosen)):
        keep.outline((int(y), int(x), 1, 1), "output", inset=2)
        keep.corner(int(y), int(x), letters[i : i + 1])

    def result() -> Grid:
        grid = Grid((rows, columns), cell, lettered=bool(letters))
        grid.fill((0, 0, rows, columns), "output")
        grid.numbers(kept)
        grid.outline((0, 0, rows, columns), "output")
        if letters:
            for i, (y, x) in enumerate(starts):
                grid.corner(y, x, letters[i])
        return grid

    def side(title: str, note: str, top: Grid, outputs: int) -> Canvas:
        work = (
            f"{counted(outputs, 'output')} computed,\n{counted(outputs * area, 'multiplication')}"
        )
        low = column([label(work, size=12, faint=True), label("↓", size=22), result()], 6, "centre")
        return column([titled(title, top, note), low], gap=8, align="centre")

    computed, saved = dense.size, kept.size
    area = kh * kw
    picture = flow(
        [
            side("Hop", f"stride ({dh}, {dw})", hop, saved),
            side("Keep", f"stride 1, then keep every ({dh}, {dw})", keep, computed),
        ],
        gap=56,
    )
    roles = ["window", "output"]
    roles += ["thrown"] if computed > saved else []
    roles += [] if read.all() else ["unread"]
    thrown = computed - saved
    count = (
        f"Both ways give the same {counted(saved, 'number') if saved > 1 else 'number'}. "
        f"Hopping computes {counted(saved, 'output')} with "
        f"{counted(saved * area, 'multiplication')}; computing everywhere takes "
        f"{counted(computed, 'output')} and {counted(computed * area, 'multiplication')}, "
        f"and throws {thrown} of {computed} outputs away"
        f" ({short(round(100 * thrown / computed))} %)."
    )
    missed = int((~read).sum())
    unread = (
        f" {missed} of {counted(h * w, 'input cell')} {'is' if missed == 1 else 'are'} "
        "never read by a hopping window."
        if missed
        else ""
    )
    alt = (
        f"Left: a {kh} × {kw} window hops over a {h} × {w} image with stride ({dh}, {dw}) and gives "
        f"{rows} × {columns} outputs. Right: the dense {dense.shape[0]} × {dense.shape[1]} result, "
        f"all but {saved} cells crossed out. The outputs on both sides: "
        f"{'; '.join(' '.join(short(v) for v in line) for line in kept)}. {count}{unread}"
    )
    return with_legend(picture, roles).figure(
        alt,
        f"Each output is the sum of its window (a {kh} × {kw} kernel of ones). {count}{unread}",
        f"{computed - saved} of {computed} outputs are thrown away.{unread}",
    )


def as_written_as_coded(
    height: int = 6,
    width: int = 8,
    kernel_size: int | tuple[int, int] = (2, 3),
    stride: int | tuple[int, int] = (2, 3),
    output: tuple[int, int] = (2, 2),
) -> Figure:
    """Draw what the printed average-pooling formula seems to read, and what the code reads.

    Torch7's pages index `input[dW*(i-1)+s][dH*(j-1)+t][k]`: from 1, and width first. Whoever takes
    the first index for the row ("as written") reads another window than the code, which takes
    column `dW*(i-1)+s-1` and row `dH*(j-1)+t-1`, both from 0. The two windows are mirror images
    about the main diagonal.

    Cells hold two digits, their row and column from 0.

    Args:
        height: rows of the image, at most 10.
        width: columns of the image, at most 10.
        kernel_size: (kH, kW), or an int for both; so is `stride`, (dH, dW).
        stride: see `kernel_size`.
        output: the printed (i, j), from 1: i counts along the width.

    Raises:
        TypeError: a setting is not an integer.
        ValueError: a setting is out of range, no window fits, or there is no such output.
    """
    h, w = integer(height, "height", 1, 10), integer(width, "width", 1, 10)
    (kh, kw), (dh, dw) = pair(kernel_size, "kernel_size", 1), pair(stride, "stride", 1)
    rows, columns = output_size(h, kh, dh), output_size(w, kw, dw)
    i, j = pair(output, "output", 1)
    if i > columns or j > rows:
        raise ValueError(
            f"output is (i, j) = ({i}, {j}), but there are only "
            f"{columns} outputs along the width (i) and "
            f"{rows} along the height (j)"
        )
    coded = (dh * (j - 1), dw * (i - 1), kh, kw)
    written = (dw * (i - 1), dh * (j - 1), kw, kh)
    r, c = np.indices((h, w))

    grid = Grid((h, w), cell=34)
    beyond = max(0, written[0] + written[2] - h), max(0, written[1] + written[3] - w)
    grid.fill(coded, "window")
    grid.fill(written, "second")
    outside = [
        grid.box((y, x, 1, 1))
        for y in range(written[0], written[0] + written[2])
        for x in range(written[1], written[1] + written[3])
        if y >= h or x >= w
    ]
    grid.hatch(outside, 'stroke="currentColor" stroke-opacity=".6"', step=5)
    grid.words([[f"{a}{b}" for b in range(w)] for a in range(h)])
    grid.outline(coded, "window", inset=1.5)
    grid.outline(written, "second", inset=4)
    grid.indices()

    def agree(a: int, b: int) -> bool:
        return (kh, dh * (b - 1)) == (kw, dw * (a - 1))

    same = [(a, b) for a in range(1, columns + 1) for b in range(1, rows + 1) if agree(a, b)]
    total = rows * columns
    here = "the same window" if (i, j) in same else "different windows"
    if not same:
        where = f"The two readings agree at none of the {total} outputs"
        where += " (the window is not square)." if kh != kw else "."
    elif len(same) == total:
        where = f"The two readings agree at all {total} outputs."
    else:
        listed = ", ".join(map(str, same))
        where = f"The two readings agree at {len(same)} of {total} outputs (i, j): {listed}."

    def block(name: str, role: str, box: tuple[int, int, int, int], index: str) -> Canvas:
        y, x, a, b = box
        inside = (r >= y) & (r < y + a) & (c >= x) & (c < x + b)
        off = a * b - int(inside.sum())
        mean = (
            f"{off} of {a * b} cells are outside the image"
            if off
            else f"mean of these cells: {short((10 * r + c)[inside].mean())}"
        )
        swatch = Grid((1, 1), cell=20)
        swatch.fill((0, 0, 1, 1), role)
        swatch.outline((0, 0, 1, 1), role)
        head = row([swatch, label(name, size=14, bold=True, anchor="start")], gap=8)
        lines = f"{index}\nrows {y} to {y + a - 1}, columns {x} to {x + b - 1}, from 0\n{mean}"
        return column([head, label(lines, anchor="start")], gap=6)

    text = column(
        [
            label(
                f"output i = {i}, j = {j}\nkH, kW = {kh}, {kw};  dH, dW = {dh}, {dw}",
                anchor="start",
            ),
            block(
                "as written: first index = row",
                "second",
                written,
                "input[dW·(i−1)+s][dH·(j−1)+t][k]",
            ),
            block(
                "as coded: row first, from 0",
                "window",
                coded,
                "x[k, dH·y+t, dW·x+s], y = j−1, x = i−1",
            ),
        ],
        gap=18,
    )
    off_text = ""
    if any(beyond):
        off_text = " As written, the window runs off the image (hatched)."
    alt = (
        f"A {h} × {w} image, window kH, kW = {kh}, {kw}, stride dH, dW = {dh}, {dw}, "
        f"output i = {i}, j = {j}. "
        f"As written, dashed: rows {written[0]} to {written[0] + kw - 1}, columns {written[1]} to "
        f"{written[1] + kh - 1}. As coded, solid: "
        f"rows {coded[0]} to {coded[0] + kh - 1}, columns {coded[1]} "
        f"to {coded[1] + kw - 1}. At this output they read {here}.{off_text} {where}"
    )
    return row([grid, text], gap=36).figure(
        alt,
        "One printed formula, two readings. The digits in a cell are its row and its column. "
        "At this output "
        f"they read {here}.{off_text} {where}",
    )
