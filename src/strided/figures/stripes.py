"""What keeping every second pixel does: stripes, phases, and a stride as a convolution of parts."""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np

from strided.figures.grid import Grid, cell_size, in_words, legend, plain, with_legend
from strided.figures.grids import pixel_map, scale_bar
from strided.figures.layout import column, flow, label, row, table, titled
from strided.figures.settings import integer, pair
from strided.figures.svg import Canvas, Figure, counted, equals, short
from strided.geometry import output_size
from strided.operators import conv2d
from strided.phase import HALVINGS, polyphase_split

BAR = 'fill="currentColor" fill-opacity=".45"'
LINE = 'stroke="currentColor" stroke-opacity=".6"'
FOLD = 'stroke="currentColor" stroke-opacity=".6" stroke-dasharray="4 3"'


def waves_across(width: int, waves: int, shift: int) -> np.ndarray:
    """Return a row of `width` pixels with so many waves across, moved right by `shift` pixels.

    As many waves as half the width make stripes of one pixel: 1, -1, 1, -1, ...
    """
    return np.cos(2 * np.pi * waves * (np.arange(width) - shift) / width)


def amplitudes(line: np.ndarray) -> np.ndarray:
    """Return the amplitude of every wave in a row of an even number of pixels: none to half of it."""
    sizes = 2 * np.abs(np.fft.rfft(line)) / len(line)
    sizes[[0, -1]] /= 2
    return sizes


def one_pixel_shift(
    shifts: int | Sequence[int] = (0, 1),
    way: str = "keep every 2nd",
    waves: int = 8,
    width: int = 16,
) -> Figure:
    """Draw a striped image that moves by single pixels, what halving makes of it, and both spectra.

    The image is periodic and has the same wave in every row. Its spectrum has one bar for each
    number of waves across the image. Half as many pixels can hold half as many waves: the upper
    half of the spectrum, hatched, is folded over onto the lower one.

    Args:
        shifts: pixels to the right, one or a few: a line of the figure each.
        way: a name in `strided.phase.HALVINGS`.
        waves: waves across the image, from 0 to half the width.
        width: columns of the image, a multiple of 4 from 8 to 32.

    Raises:
        TypeError: a number is not an int.
        ValueError: an unknown way, more than six shifts or none, or a number out of range.
    """
    if way not in HALVINGS:
        raise ValueError(f"way must be one of {', '.join(map(repr, HALVINGS))}, got {way!r}")
    w = integer(width, "width", 8, 32)
    if w % 4:
        raise ValueError(f"width must be a multiple of 4, got {w}")
    count = integer(waves, "waves", 0, w // 2)
    moved = [integer(s, "shifts", -w, w) for s in _several(shifts)]
    lines: list[list[Canvas]] = []
    words, results = [], []
    pixel = 160 / w
    for n, shift in enumerate(moved):
        image = np.tile(waves_across(w, count, shift), (4, 1))
        halved = HALVINGS[way](image)
        before, after = amplitudes(image[0]), amplitudes(halved[0])
        heads = ("image", "halved", "spectrum", "folded spectrum")
        notes = (f"shift {short(shift)}", _range(halved), "", "")
        pictures = (
            pixel_map(image, -1, 1, pixel, True),
            pixel_map(halved, -1, 1, 2 * pixel, True),
            _spectrum(before, folded=count > w // 4, fold=True),
            _spectrum(after, folded=count > w // 4, fold=False),
        )
        lines.append(
            [
                titled(head if n == 0 else "", picture, note)
                for head, picture, note in zip(heads, pictures, notes, strict=True)
            ]
        )
        results.append(f"Shift {short(shift)}: the halved image is {_range(halved)}.")
        words.append(
            f"Shift {short(shift)}: the image's first row begins {_first(image[0])}; the halved "
            f"one {_first(halved[0])} ({_range(halved)}), with {_highest(after)}."
        )
    named = "stripes of one pixel" if 2 * count == w else "a wave"
    fold = (
        f" Folded over, {counted(count, 'wave')} become {w // 2 - count}."
        if count > w // 4
        else f" {counted(count, 'wave')} still fit."
    )
    rule = (
        f"{w // 2} pixels hold at most {w // 4} waves: the hatched half of the spectrum is folded "
        f"at {w // 4} onto the other.{fold}"
    )
    picture = column([table(lines, 24, 14), scale_bar(-1, 1, True)], gap=14)
    return picture.figure(
        f"An image of {named}, {counted(count, 'wave')} across {w} columns, halved by “{way}” after each of "
        f"{len(moved)} shifts. {' '.join(words)} {rule}",
        f"Halved by “{way}”; each line moves the image to the right. {rule} "
        "Dark blue −1, grey 0, light yellow 1.",
        " ".join(results),
    )


def stripes_halved(shifts: int | Sequence[int] = (0, 1), width: int = 8) -> Figure:
    """Draw what four ways of halving make of stripes one pixel wide, for each shift of the stripes.

    Args:
        shifts: pixels to the right, one or a few: a column of the figure each.
        width: pixels in a row, an even number from 4 to 12.

    Raises:
        TypeError: a number is not an int.
        ValueError: more than six shifts or none, or a number out of range.
    """
    w = integer(width, "width", 4, 12)
    if w % 2:
        raise ValueError(f"width must be even, or stripes do not close to a ring, got {w}")
    moved = [integer(s, "shifts", -w, w) for s in _several(shifts)]
    rows = [waves_across(w, w // 2, shift)[None] for shift in moved]
    cell = max(cell_size(HALVINGS[way](line)) for way in HALVINGS for line in rows)
    cells = max(cell + 4, 34)

    def drawn(values: np.ndarray, role: str) -> Grid:
        values = np.where(np.abs(values) < 1e-12, 0, values)
        grid = Grid(values.shape, cells)
        if role == "output":
            grid.fill((0, 0, 1, grid.columns), role)
        grid.shade(values, high=2, low=-2)
        grid.numbers(values)
        if role == "output":
            grid.outline((0, 0, 1, grid.columns), role)
        return grid

    head = [
        titled(f"shift {short(shift)}", drawn(line, "input"))
        for shift, line in zip(moved, rows, strict=True)
    ]
    lines: list[list[Canvas]] = [[label("stripes", bold=True), *head]]
    words = []
    for way, halve in HALVINGS.items():
        results = [halve(line) for line in rows]
        lines.append([label(way, bold=True), *(drawn(r, "output") for r in results)])
        found = ", ".join(
            f"{_range(result)} at shift {short(shift)}"
            for shift, result in zip(moved, results, strict=True)
        )
        words.append(f"{way}: {found}.")
    text = " ".join(words)
    picture = with_legend(table(lines, 24, 14), ["input", "output"])
    return picture.figure(
        f"A row of {w} pixels, {_first(rows[0][0])}, and what four ways of halving it give. {text}",
        f"Four ways of halving, each at stride 2. {text}",
    )


def polyphase_parts(
    height: int = 5, width: int = 7, stride: int | tuple[int, int] = (2, 3)
) -> Figure:
    """Draw an image and its polyphase parts: every pixel has the letter of the part it goes to.

    Args:
        height: rows of the image, at most 10.
        width: columns of the image, at most 10.
        stride: an int or (height, width), at most 4.

    Raises:
        TypeError: a setting is not an integer.
        ValueError: a setting is out of range, or the stride is larger than the image.
    """
    h, w = integer(height, "height", 1, 10), integer(width, "width", 1, 10)
    rows, columns = pair(stride, "stride", 1, 4)
    if rows > h or columns > w:
        raise ValueError(f"stride ({rows}, {columns}) must fit into the {h} x {w} image")
    image = 10 * np.arange(h)[:, None] + np.arange(w)
    letters = string.ascii_uppercase
    first = np.zeros((h, w), dtype=bool)
    first[::rows, ::columns] = True
    whole = Grid((h, w), 38, lettered=True)
    for r, c in np.argwhere(first):
        whole.fill((int(r), int(c), 1, 1), "output")
    whole.words(_digits(image))
    for r, c in np.argwhere(first):
        whole.outline((int(r), int(c), 1, 1), "output", inset=2)
    for r, c in np.ndindex(h, w):
        whole.corner(r, c, letters[(r % rows) * columns + c % columns])
    panels, words = [], []
    for n, part in enumerate(polyphase_split(image, (rows, columns))):
        p, q = divmod(n, columns)
        grid = Grid(part.shape, 38, lettered=True)
        if n == 0:
            grid.fill((0, 0, *part.shape), "output")
        grid.words(_digits(part))
        if n == 0:
            grid.outline((0, 0, *part.shape), "output")
        for r, c in np.ndindex(*part.shape):
            grid.corner(r, c, letters[n])
        size = f"{part.shape[0]} × {part.shape[1]}"
        panels.append(titled(f"parts[{n}]", grid, f"phase ({p}, {q}), {size}"))
        words.append(f"parts[{n}], {letters[n]}, phase ({p}, {q}), {size}: {_in_digits(part)}.")
    parts = table([panels[i : i + columns] for i in range(0, len(panels), columns)], 20, 18)
    picture = flow([titled("image", whole, f"{h} × {w}"), parts], gap=44)
    shares = f"A stride of ({rows}, {columns}) makes {rows * columns} parts"
    return with_legend(picture, {"output": "what a stride keeps: phase (0, 0)"}).figure(
        f"An image of {h} × {w} cells, each with its row and column as digits, and its parts. "
        f"{shares}. {' '.join(words)}",
        f"The digits in a cell are its row and its column, the letter its part. {shares}; together "
        f"they hold each of the {h * w} pixels once.",
    )


def stride_by_parts(
    height: int = 6,
    width: int = 7,
    kernel_size: int | tuple[int, int] = 3,
    stride: int | tuple[int, int] = 2,
    output: tuple[int, int] = (1, 2),
) -> Figure:
    """Draw one output of a strided convolution, and the same number from parts at stride 1.

    Image and kernel are dealt out to the same phases (space-to-depth). At stride 1, the window of
    output (i, j) starts at (i, j) in every part, and what the parts give is added up.

    Args:
        height: rows of the image, at most 9.
        width: columns of the image, at most 9.
        kernel_size: an int or (height, width), at most 4.
        stride: an int or (height, width), at most 3.
        output: the output drawn, (row, column).

    Raises:
        TypeError: a setting is not an integer.
        ValueError: a setting is out of range, no window fits, or there is no such output.
    """
    h, w = integer(height, "height", 1, 9), integer(width, "width", 1, 9)
    kernel, steps = pair(kernel_size, "kernel_size", 1, 4), pair(stride, "stride", 1, 3)
    (kh, kw), (sh, sw) = kernel, steps
    rows, columns = output_size(h, kh, sh), output_size(w, kw, sw)
    i, j = pair(output, "output", 0)
    if i >= rows or j >= columns:
        raise ValueError(f"output is ({i}, {j}), but there are only {rows} x {columns} outputs")
    r, c = np.indices((h, w))
    image = (3 * r + 5 * c + r * c) % 10
    weight = (np.arange(kh * kw).reshape(kernel) * 2 + 1) % 5 - 1

    def windowed(values: np.ndarray, box: tuple[int, int, int, int]) -> Grid:
        grid = Grid(values.shape, 26)
        if box[2] and box[3]:
            grid.fill(box, "window")
        grid.numbers(values)
        if box[2] and box[3]:
            grid.outline(box, "window", inset=1.5)
        return grid

    box = (i * sh, j * sw, kh, kw)
    total = int(conv2d(image[None], weight[None, None], stride=steps)[0, i, j])
    left = column(
        [
            titled("image", windowed(image, box), f"window at ({i * sh}, {j * sw})"),
            titled("kernel", plain(weight, "weight", 26)),
            label(f"sum of products {equals(total)}", size=13, bold=True),
        ],
        14,
        "centre",
    )
    panels, sums, words = [], [], []
    pairs = zip(polyphase_split(image, steps), polyphase_split(weight, steps), strict=True)
    for n, (part, taps) in enumerate(pairs):
        a, b = taps.shape
        window = part[i : i + a, j : j + b]
        value = int((window * taps).sum())
        grid = windowed(part, (i, j, a, b))
        if taps.size:
            small = row([label("×"), plain(taps, "weight", 26), label(f"{equals(value)}")], 8)
            words.append(
                f"parts[{n}], a {a} × {b} kernel: {in_words(window)} times {in_words(taps)} "
                f"is {short(value)}."
            )
            sums.append(value)
        else:
            small = label("no tap: never read", faint=True)
            words.append(f"parts[{n}], no tap: never read.")
        panels.append(titled(f"parts[{n}]", column([grid, small], 8, "centre")))
    added = " + ".join(short(v) if v >= 0 else f"({short(v)})" for v in sums)
    right = column(
        [
            label(f"each window at ({i}, {j})", size=12, faint=True),
            table([panels[k : k + sw] for k in range(0, len(panels), sw)], 30, 14),
            label(f"{added} = {short(total)}", bold=True),
        ],
        14,
        "centre",
    )
    picture = flow(
        [titled(f"Stride ({sh}, {sw})", left), titled("Parts, at stride 1", right)], gap=50
    )
    read = f"The {kh * kw} products on the left are the same as those on the right"
    return column([picture, legend(["window", "weight"])], gap=18).figure(
        f"Left: a {kh} × {kw} kernel at stride ({sh}, {sw}) on a {h} × {w} image; the window of "
        f"output ({i}, {j}) starts at ({i * sh}, {j * sw}) and gives {short(total)}. Right: image "
        f"and kernel in {sh * sw} parts. {' '.join(words)} Together {added} = {short(total)}.",
        f"{read}: output ({i}, {j}) is {short(total)}. In every part the window moves by 1.",
    )


def _several(shifts: int | Sequence[int]) -> list[int]:
    found = [shifts] if isinstance(shifts, int | np.integer) else list(shifts)
    if not 1 <= len(found) <= 6:
        raise ValueError(f"shifts must be one to six numbers of pixels, got {shifts!r}")
    return found


def _spectrum(sizes: np.ndarray, folded: bool, fold: bool) -> Canvas:
    """Draw a bar for each number of waves; those above the fold, or from there, are hatched."""
    canvas = Canvas()
    tall, top = 56.0, len(sizes) - 1
    step = 150 / (top + 1)
    wide = 0.6 * step
    for k, size in enumerate(sizes):
        if size < 1e-9:
            continue
        bar = (k * step + (step - wide) / 2, tall * (1 - size), wide, tall * float(size))
        if folded:
            canvas.hatch([bar], LINE, step=4)
            canvas.rect(*bar, f'fill="none" {LINE}')
        else:
            canvas.boxes([bar], BAR)
    if fold:
        middle = (top / 2 + 0.5) * step
        canvas.lines([(middle, 0, middle, tall)], FOLD)
    canvas.lines([(0, tall, 150, tall)], LINE)
    ticks = (0, top // 2, top)
    canvas.texts([((k + 0.5) * step, tall + 10, short(k)) for k in ticks], size=11)
    canvas.reserve(0, 0, 150, tall)
    return canvas


def _highest(sizes: np.ndarray) -> str:
    if sizes.max() < 1e-9:
        return "no wave at all"
    k = int(sizes.argmax())
    return f"{counted(k, 'wave')} across" if k else "no wave, a flat image"


def _first(line: np.ndarray) -> str:
    return ", ".join(short(0 if abs(v) < 1e-9 else v) for v in line[:4]) + ", …"


def _range(values: np.ndarray) -> str:
    """Say the values of a halved image: one number, or from where to where."""
    low, high = (0.0 if abs(v) < 1e-12 else float(v) for v in (values.min(), values.max()))
    if high - low < 1e-9:
        return f"all {short(low)}"
    return f"from {short(low)} to {short(high)}"


def _digits(cells: np.ndarray) -> list[list[str]]:
    return [[f"{v:02}" for v in line] for line in cells.tolist()]


def _in_digits(cells: np.ndarray) -> str:
    return "; ".join(" ".join(line) for line in _digits(cells))
