"""One axis as a ruler of pixels: where windows stand, what the end loses, and for which sizes."""

from __future__ import annotations

import numpy as np

from strided.figures.divisors import FRAMEWORKS
from strided.figures.grid import CROSS, Grid, with_legend
from strided.figures.layout import PAGE_WIDTH
from strided.figures.settings import integer
from strided.figures.svg import Figure, short
from strided.geometry import (
    Padding,
    both_ends,
    framework_axis,
    lost_border,
    output_size,
    window,
)

MOST_COLUMNS = 34
"""Pixels, padding and overhang that fit a page at a size at which their numbers can be read."""


def ruler(
    n: int = 8,
    kernel: int = 3,
    stride: int = 2,
    padding: Padding = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    convention: str = "pytorch",
) -> Figure:
    """Draw the windows along one axis, each on a line of its own, below the pixels they read.

    Pixels that no window reads are hatched. A window that would come next, but sticks out or is
    dropped by ceil mode's guard, is crossed out.

    Args:
        n: pixels along the axis, at most 24.
        kernel: taps of the window.
        stride: pixels from one window's start to the next one's.
        padding: zeros on each side, or `(before, after)`; at most 6.
        dilation: pixels from one tap to the next.
        ceil_mode: let a last window overhang, where the framework leaves that to you: Caffe always
            does, TensorFlow never.
        convention: the framework that counts, one of `strided.geometry.CONVENTIONS`. To TensorFlow,
            0 pixels of padding stand for VALID and all else for SAME.

    Raises:
        TypeError: a setting is not an integer.
        ValueError: a setting is out of range, no window fits, the convention is unknown, or all of
            it does not fit a page.
    """
    n = integer(n, "n", 1, 24)
    given = both_ends(padding)
    for end_padding in given:
        integer(end_padding, "padding", 0, 6)
    windows, (before, after) = framework_axis(
        convention, n, kernel, stride, given, ceil_mode, any(given), dilation
    )
    ceil_mode = convention == "caffe" or (ceil_mode and convention != "tensorflow")
    taps = [range(*window(i, kernel, stride, before, dilation), dilation) for i in range(windows)]
    after_last = range(*window(windows, kernel, stride, before, dilation), dilation)
    read = {position for window_taps in taps for position in window_taps}
    end = n + after
    dropped = ceil_mode and taps[-1][-1] < end - 1
    left_over = not ceil_mode and taps[-1][-1] < end - 1
    next_one = [after_last] if dropped or left_over else []

    right = max(end, *(w[-1] + 1 for w in taps + next_one))
    columns = before + right + 3
    if columns > MOST_COLUMNS:
        raise ValueError(
            f"the ruler would be {columns} cells wide, with padding, overhang and outputs: "
            f"at most {MOST_COLUMNS} can be drawn"
        )
    grid = Grid((1, n), cell=min(34, (PAGE_WIDTH - 20) // columns))
    unread = [pixel for pixel in range(n) if pixel not in read]
    grid.unread(np.array([[pixel in unread for pixel in range(n)]]))
    grid.padding(0, before, 0, after)
    grid.numbers(np.arange(n)[None])
    for line, window_taps in enumerate(taps, 2):
        _draw_window(grid, line, window_taps, end)
        _draw_output(grid, line, right + 1, line - 2)
    for window_taps in next_one:
        _cross_out(grid, windows + 2, window_taps)

    overhangs = taps[-1][-1] >= end
    roles = {"window": "window", "output": "output, and its number"}
    roles |= {"padding": "padding (zeros)"} if before or after else {}
    roles |= {"second": "overhang"} if overhangs else {}
    roles |= {"unread": "never read"} if unread else {}
    roles |= {"thrown": "dropped" if dropped else "does not fit"} if next_one else {}
    told = _in_words(taps, unread, next_one, end, dropped)
    pads = f"padding {before} before and {after} after" if before or after else "no padding"
    every = f", a tap every {dilation} pixels" if dilation > 1 else ""
    alt = (
        f"A row of {n} pixels, 0 to {n - 1}, with {pads}; windows of {kernel} pixels{every}, "
        f"stride {stride}{', ceil mode' if ceil_mode else ''}. {told}"
    )
    counted = _formula(n, kernel, stride, (before, after), dilation, ceil_mode, windows)
    caption = f"{counted} {_consequence(unread, next_one)}"
    if convention != "pytorch":
        alt, caption = (
            f"As {FRAMEWORKS[convention]} counts: {alt}",
            f"{FRAMEWORKS[convention]}: {caption}",
        )
    return with_legend(grid, roles).figure(alt, caption)


def _draw_window(grid: Grid, line: int, taps: range, end: int) -> None:
    """Draw a window's taps on a line; those at `end` or beyond it overhang."""
    inside = [tap for tap in taps if tap < end]
    beyond = [tap for tap in taps if tap >= end]
    for role, positions in (("second", beyond), ("window", inside)):
        for position in positions:
            grid.fill((line, position, 1, 1), role)
        if taps.step > 1:
            for position in positions:
                grid.outline((line, position, 1, 1), role, inset=2)
        elif positions:
            grid.outline((line, positions[0], 1, len(positions)), role, inset=2)


def _draw_output(grid: Grid, line: int, column: int, number: int) -> None:
    grid.fill((line, column, 1, 1), "output")
    grid.outline((line, column, 1, 1), "output", inset=2)
    x, y, wide, tall = grid.box((line, column, 1, 1))
    grid.text(x + wide / 2, y + tall / 2, str(number))
    grid.text(x - wide / 2, y + tall / 2, "→")


def _cross_out(grid: Grid, line: int, taps: range) -> None:
    segments = []
    for position in taps:
        x, y, w, h = grid.box((line, position, 1, 1), inset=6)
        segments += [(x, y, x + w, y + h), (x, y + h, x + w, y)]
    grid.lines(segments, CROSS)


def _span(taps: range) -> str:
    """The positions of a window: `2 to 4`, or `0, 2, 4`; those before the image are negative."""
    if taps.step > 1 and len(taps) > 1:
        return ", ".join(map(short, taps))
    return short(taps[0]) if len(taps) == 1 else f"{short(taps[0])} to {short(taps[-1])}"


def _pixels(pixels: list[int]) -> str:
    """`Pixel 7 is`, or `Pixels 6, 7 are`."""
    if len(pixels) == 1:
        return f"Pixel {pixels[0]} is"
    return f"Pixels {', '.join(map(str, pixels))} are"


def _in_words(
    taps: list[range], unread: list[int], next_one: list[range], end: int, dropped: bool
) -> str:
    """What the picture shows, window by window."""
    words = [f"Output {i} reads {_span(window_taps)}." for i, window_taps in enumerate(taps)]
    words.append(f"{_pixels(unread)} never read." if unread else "Every pixel is read.")
    if taps[-1][-1] >= end:
        words.append(f"The last window overhangs: what there is ends with {end - 1}.")
    for following in next_one:
        if dropped:
            words.append(
                f"Crossed out: one more window would start at {following[0]}, where no pixel is "
                "left, and is dropped."
            )
        else:
            words.append(
                f"Crossed out: one more window would need {_span(following)}, but what there is "
                f"ends with {end - 1}."
            )
    return " ".join(words)


def _formula(
    n: int,
    kernel: int,
    stride: int,
    pads: tuple[int, int],
    dilation: int,
    ceil_mode: bool,
    windows: int,
) -> str:
    """The number of windows, derived: `⌊(8 − 3)/2⌋ + 1 = ⌊2.5⌋ + 1 = 3 windows.`."""
    reach = dilation * (kernel - 1) + 1
    plus = f" + {pads[0]} + {pads[1]}" if any(pads) else ""
    room = n + sum(pads) - reach
    opening, closing = "⌈⌉" if ceil_mode else "⌊⌋"
    inside = f"{opening}({n}{plus} − {reach})/{stride}{closing}"
    quotient = f"{opening}{short(round(room / stride, 3))}{closing}"
    steps = -(-room // stride) if ceil_mode else room // stride
    text = f"{inside} + 1 = {quotient} + 1 = {steps + 1} {_windows(steps + 1)}"
    return f"{text}." if windows == steps + 1 else f"{text}, of which {windows} stay."


def _windows(count: int) -> str:
    return "window" if count == 1 else "windows"


def _consequence(unread: list[int], next_one: list[range]) -> str:
    """What the windows make of the image, in a sentence."""
    if unread:
        return f"{_pixels(unread)} never read."
    if next_one:
        return "Every pixel is read all the same."
    return "Every pixel is read."


def size_map(kernel: int = 3, padding: int = 0, largest: int = 16, strides: int = 5) -> Figure:
    """Draw how many outputs each image size and stride give, and what they lose, in floor mode.

    Hatched: the pairs that some notes call "invalid", because the stride does not divide.

    Args:
        kernel: taps of the window.
        padding: zeros on each side.
        largest: the largest image, at most 16 pixels more than the smallest one that a window fits.
        strides: the largest stride, at most 8; the smallest is 1.

    Raises:
        TypeError: a setting is not an integer.
        ValueError: a setting is out of range, or the window does not fit the largest image.
    """
    kernel, padding = integer(kernel, "kernel", 1, 24), integer(padding, "padding", 0, 12)
    least = max(kernel - 2 * padding, 1)
    largest = integer(largest, "largest", least, least + 16)
    strides = integer(strides, "strides", 1, 8)
    sizes, steps = range(least, largest + 1), range(1, strides + 1)
    outputs = np.array([[output_size(n, kernel, s, padding) for n in sizes] for s in steps])
    lost = np.array([[lost_border(n, kernel, s, padding) for n in sizes] for s in steps])
    uneven = np.array([[(n + 2 * padding - kernel) % s > 0 for n in sizes] for s in steps])

    grid = Grid(outputs.shape, cell=38, lettered=True)
    grid.unread(uneven)
    grid.numbers(outputs)
    for r, c in np.argwhere(uneven):
        x, y, *_ = grid.box((int(r), int(c), 1, 1))
        grid.text(x + 11, y + 9, f"−{lost[r, c]}" if lost[r, c] else "0", size=10, bold=True)
    heads = [((i + 0.5) * grid.wide, -12.0, str(n)) for i, n in enumerate(sizes)]
    heads += [(-14.0, (i + 0.5) * grid.tall, str(s)) for i, s in enumerate(steps)]
    grid.texts(heads, bold=True)
    grid.text(0, -32, "pixels n →", size=12, anchor="start")
    grid.text(-30, grid.tall * strides / 2, "stride ↓", size=12, anchor="end")

    pads = f" and padding {padding} on each side" if padding else ""
    lines = [
        f"Stride {s}: {_list(outputs[i])} outputs, losing {_list(lost[i])} pixels."
        for i, s in enumerate(steps)
    ]
    note = (
        f"Of {uneven.size} pairs, {int(uneven.sum())} leave a remainder, and every one of them has "
        f"a number of outputs; {int((lost > 0).sum())} lose pixels."
    )
    alt = (
        f"A table of outputs for windows of {kernel} pixels{pads}: {least} to {largest} pixels "
        f"across, strides 1 to {strides} down. {' '.join(lines)} {note}"
    )
    caption = (
        f"Outputs of windows of {kernel} pixels{pads}. The small number counts the pixels at the "
        f"end that no window reads. {note}"
    )
    return with_legend(grid, {"unread": "the stride does not divide"}).figure(alt, caption)


def _list(numbers: np.ndarray) -> str:
    return " ".join(map(str, numbers.tolist()))
