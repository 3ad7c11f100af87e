"""Arrays as grids of numbers, and images as maps of pixels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from strided.figures.grid import LEGEND, LINES, Grid, cell_size, in_words, legend
from strided.figures.layout import column, flow, label, titled
from strided.figures.settings import numeric
from strided.figures.svg import DIVERGING, GREYS, Canvas, Figure, clean, short
from strided.indices import entries

NUMBERED = 12
"""A channel with more rows or columns than this is drawn as a map without numbers."""

CROPPED = 28
"""Of a channel with more rows or columns than this, `arrays` draws the upper left part."""

PLANES, MAPS = 4, 2
"""At most so many images of a batch, and channels of each, are drawn: with numbers, as maps."""

MAX_NUMBERS = 800
"""An array with more numbers to draw becomes maps, so that a figure stays small."""

MAX_PIXELS = 16_384
"""The largest map that `maps` draws."""

TONES = 24

FAINT = 'stroke="currentColor" stroke-opacity=".12"'


ROLES = {"window": 1.5, "second": 4.0, "output": 0.0}
"""What `marks` may mark besides the cells that differ, and how far inside the cells' edge its line is."""

Marks = Mapping[str, np.ndarray]


def arrays(
    named: Mapping[str, ArrayLike],
    marks: Mapping[str, ArrayLike | Mapping[str, ArrayLike]] | None = None,
    caption: str = "",
    names: Mapping[str, str] | None = None,
) -> Figure:
    """Draw small arrays side by side, with the numbers in the cells.

    Args:
        named: title → array of shape (H, W), (C, H, W) or (N, C, H, W). Channels stand side by
            side, images of a batch below one another. A channel beyond 12 x 12 becomes a map
            without numbers.
        marks: title → booleans of the same shape: the cells to outline as "differs". Or title →
            role → booleans, where a role is "differs", "window", "second" (another window) or
            "output"; a legend says which is which.
        caption: a sentence of your own, shown first.
        names: role → what the legend and the words call it.

    Raises:
        ValueError: nothing to draw, an array that is not of real numbers or has more than 4 axes,
            marks of another shape than their array, or of an unknown role.
    """
    picture, alt, notes = described_arrays(named, marks or {}, caption, names or {})
    return picture.figure(alt, notes)


def described_arrays(
    named: Mapping[str, ArrayLike],
    marks: Mapping[str, ArrayLike | Mapping[str, ArrayLike]],
    caption: str,
    names: Mapping[str, str],
) -> tuple[Canvas, str, str]:
    """Return what `arrays` draws, what it says instead of the picture, and what it says below."""
    if not named:
        raise ValueError("named is empty: give at least one title and its array")
    values = {title: numeric(array, f"named[{title!r}]") for title, array in named.items()}
    flags = _checked(marks, values)
    called = LEGEND | {"output": "this output"} | dict(names)
    finite = [v[np.isfinite(v)] for v in values.values()]
    low = min((float(v.min()) for v in finite if v.size), default=0.0)
    high = max((float(v.max()) for v in finite if v.size), default=0.0)
    # Zero has no tint, unless there are smaller numbers.
    low = min(low, 0.0)
    panels = list(_panels(values, flags, (low, high)).values())
    notes = _first(caption)
    alt = notes + [_array_in_words(t, a, flags.get(t, {}), called) for t, a in values.items()]
    compared = [of["differs"] for of in flags.values() if "differs" in of]
    if compared:
        wrong, total = sum(int(f.sum()) for f in compared), sum(f.size for f in compared)
        notes.append(
            f"Outlined, with a filled corner: differs ({wrong} of {total})."
            if wrong
            else f"No cell differs ({total} compared)."
        )
    tint = "The stronger the tint, the larger the number"
    notes.append(f"{tint}; the smallest, {short(low)}, has none." if low < 0 else f"{tint}.")
    picture = flow(panels)
    used = [role for role in ROLES if any(of.get(role, np.zeros(1)).any() for of in flags.values())]
    if used:
        used += ["differs"] if any(f.any() for f in compared) else []
        picture = column([picture, legend({role: called[role] for role in used})], gap=10)
    return picture, " ".join(alt), " ".join(notes)


def _checked(
    marks: Mapping[str, ArrayLike | Mapping[str, ArrayLike]], values: Mapping[str, np.ndarray]
) -> dict[str, dict[str, np.ndarray]]:
    """The marks as booleans by title and role, or ValueError."""
    flags: dict[str, dict[str, np.ndarray]] = {}
    for title, mark in marks.items():
        if title not in values:
            raise ValueError(f"marks has the title {title!r}, but named has only {list(values)}")
        flags[title] = {}
        by_role = mark if isinstance(mark, Mapping) else {"differs": mark}
        for role, where in by_role.items():
            if role != "differs" and role not in ROLES:
                raise ValueError(
                    f"marks has the role {role!r}: take one of differs, {', '.join(ROLES)}"
                )
            flag = np.asarray(where, dtype=bool)
            if flag.shape != values[title].shape:
                raise ValueError(
                    f"marks[{title!r}] has shape {flag.shape}, "
                    f"its array {values[title].shape}: they must be the same"
                )
            flags[title][role] = flag
    return flags


def _panels(
    values: Mapping[str, np.ndarray], flags: Mapping[str, Marks], ends: tuple[float, float]
) -> dict[str, Canvas]:
    """Return the drawing of every array; the same number has the same tint in all of them."""
    # Arrays of one shape, such as target and yours, have cells of one size.
    cells: dict[tuple[int, ...], float] = {}
    for title, array in values.items():
        if array.ndim > 4:
            raise ValueError(
                f"named[{title!r}] has shape {array.shape}: at most 4 axes, (N, C, H, W), are drawn"
            )
        cells[array.shape] = max(cells.get(array.shape, 0.0), _cell(array))
    return {
        title: _array(title, array, flags.get(title), ends, cells[array.shape])
        for title, array in values.items()
    }


def _drawn(array: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return the part of an array that is drawn, as (N, C, H, W), and whether with its numbers."""
    planes = array.reshape((1,) * (4 - array.ndim) + array.shape)
    part = planes[:PLANES, :PLANES]
    if max(part.shape[2:]) <= NUMBERED and part.size <= MAX_NUMBERS:
        return part, True
    return planes[:MAPS, :MAPS, :CROPPED, :CROPPED], False


def _cell(array: np.ndarray) -> float:
    part, numbered = _drawn(array)
    return cell_size(part) if numbered else 7.0


def _array(
    title: str, array: np.ndarray, marks: Marks | None, ends: tuple[float, float], cell: float
) -> Canvas:
    shape = array.shape
    lead = "shape " + str(shape)
    if array.size == 0:
        return titled(title, label("(empty)", faint=True), lead, align="left")
    part, numbered = _drawn(array)
    flags = {
        role: where.reshape((1,) * (4 - array.ndim) + shape)
        for role, where in (marks or {}).items()
    }
    lines = []
    for n in range(part.shape[0]):
        grids = []
        for c in range(part.shape[1]):
            grid = Grid(part.shape[2:], cell, lines=LINES if numbered else FAINT)
            if marks is not None:  # so that a script finds it
                grid.data = (
                    f'data-grid="{clean(title)}" data-plane="{n} {c}" '
                    f'data-cells="{grid.rows} {grid.columns} {grid.wide:g} {grid.tall:g}"'
                )
            grid.shade(part[n, c], high=ends[1], low=ends[0])
            here = {
                role: where[n, c, : part.shape[2], : part.shape[3]] for role, where in flags.items()
            }
            for role in (role for role in ROLES if role in here):
                grid.tint(here[role], role)
            if numbered:
                grid.numbers(part[n, c])
            for role, where in here.items():
                if role == "differs":
                    grid.differs(where)
                else:
                    grid.surround(where, role, ROLES[role])
            index = {3: f"[{c}]", 4: f"[{n}, {c}]"}.get(array.ndim, "")
            head = [label(index, size=12, faint=True)] if index else []
            grids.append(column([*head, grid], gap=5, align="centre", axis_of=len(head)))
        lines.append(flow(grids, gap=12))
    if part.size != array.size:
        lines.append(
            label(
                f"only the first {_size(part.shape[-array.ndim :])} drawn",
                size=12,
                anchor="start",
                faint=True,
            )
        )
    return titled(title, column(lines, gap=10), lead, align="left")


def _first(caption: str) -> list[str]:
    """Return the caption as the first of several sentences, if there is one."""
    text = caption.strip()
    return [text if not text or text[-1] in ".!?:" else f"{text}."] if text else []


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _array_in_words(title: str, array: np.ndarray, marks: Marks, called: Mapping[str, str]) -> str:
    text = f"{title}, shape {array.shape}"
    if array.size == 0:
        return f"{text}: empty."
    if array.size <= 100:
        planes = (
            array.reshape((-1, *array.shape[-2:])) if array.ndim > 1 else array.reshape(1, 1, -1)
        )
        indices = list(np.ndindex(array.shape[:-2]))
        text += ": " + ". ".join(
            (f"[{', '.join(map(str, index))}]: " if index else "") + in_words(plane)
            for index, plane in zip(indices, planes, strict=True)
        )
    else:
        text += f", {_range(array)}"
    text += "."
    for role, flag in marks.items():
        where = [str([int(i) for i in index]) for index in np.argwhere(flag)]
        listed = ", ".join(where[:12]) + (", …" if len(where) > 12 else "")
        if role == "differs":
            text += f" {len(where)} of {flag.size} differ{': ' if where else ''}{listed}."
        elif where:
            text += f" Marked as {called[role]}: {entries(title, flag)}."
    return text


def _range(array: np.ndarray) -> str:
    finite = array[np.isfinite(array)]
    if not finite.size:
        return "no finite value"
    return f"values from {short(finite.min())} to {short(finite.max())}"


def tone(value: float, low: float, high: float) -> int:
    """Return the step, 0 to 23, of `value` on the scale from `low` to `high`."""
    if not high > low:
        return TONES // 2
    return int(np.clip(np.rint((value - low) / (high - low) * (TONES - 1)), 0, TONES - 1))


def tone_colour(step: int, diverging: bool) -> str:
    """Return the colour of a step: black to white, or dark blue through grey to light yellow.

    Both scales grow lighter all the way, so they keep their order without colour.
    """
    share = step / (TONES - 1)
    stops = DIVERGING if diverging else GREYS
    where = share * (len(stops) - 1)
    i = min(int(where), len(stops) - 2)
    mixed = [round(a + (b - a) * (where - i)) for a, b in zip(stops[i], stops[i + 1], strict=True)]
    return "#" + "".join(f"{v:02x}" for v in mixed)


def pixel_map(image: np.ndarray, low: float, high: float, pixel: float, diverging: bool) -> Canvas:
    """Draw a 2-D array as pixels on the scale from `low` to `high`, with a thin frame."""
    canvas = Canvas()
    height, width = image.shape
    # Rounded, because what rounding errors leave of a 0 may lie on either side of the middle.
    steps = np.vectorize(lambda v: tone(v, low, high), otypes=[int])(np.round(image, 9))
    common = int(np.bincount(steps.ravel()).argmax())
    canvas.rect(0, 0, width * pixel, height * pixel, f'fill="{tone_colour(common, diverging)}"')
    runs: dict[int, list[tuple[float, float, float, float]]] = {}
    for r in range(height):
        start = 0
        for c in range(1, width + 1):
            if c == width or steps[r, c] != steps[r, start]:
                if steps[r, start] != common:
                    box = (start * pixel, r * pixel, (c - start) * pixel, pixel)
                    runs.setdefault(int(steps[r, start]), []).append(box)
                start = c
    for step in sorted(runs):
        colour = tone_colour(step, diverging)
        canvas.boxes(runs[step], f'fill="{colour}" shape-rendering="crispEdges"')
    canvas.rect(
        0, 0, width * pixel, height * pixel, 'fill="none" stroke="currentColor" stroke-opacity=".6"'
    )
    return canvas


def scale_bar(low: float, high: float, diverging: bool) -> Canvas:
    """Draw the scale of a map, with its ends (and its middle) written beside it."""
    bar = Canvas()
    for step in range(TONES):
        bar.boxes(
            [(step * 7, 0, 7, 12)],
            f'fill="{tone_colour(step, diverging)}" shape-rendering="crispEdges"',
        )
    bar.rect(0, 0, TONES * 7, 12, 'fill="none" stroke="currentColor" stroke-opacity=".6"')
    ends = [(0.0, short(low)), (TONES * 7.0, short(high))]
    middle = [(TONES * 3.5, "0")] if diverging else []
    bar.texts([(x, 22, word) for x, word in ends + middle], size=11)
    return bar


def maps(named: Mapping[str, ArrayLike], caption: str = "") -> Figure:
    """Draw larger images as pixels, all on one scale, which is drawn below them.

    Without negative values the scale is grey, from the smallest value (black) to the largest
    (white). With them it is symmetric about 0, from dark blue through grey to light yellow.

    Args:
        named: title → array of shape (H, W), or (C, H, W) for one map a channel.
        caption: a sentence of your own, shown first.

    Raises:
        ValueError: nothing to draw, or an array of another kind, or one too large for a figure of
            200 kB.
    """
    if not named:
        raise ValueError("named is empty: give at least one title and its array")
    images: dict[str, np.ndarray] = {}
    for title, value in named.items():
        array = numeric(value, f"named[{title!r}]", (2, 3))
        if array.ndim == 2:
            images[title] = array
        else:
            images.update({f"{title} [{c}]": plane for c, plane in enumerate(array)})
    for title, image in images.items():
        if not np.isfinite(image).all():
            raise ValueError(
                f"{title!r} has values that are not finite: only finite ones have a shade"
            )
        if image.size > MAX_PIXELS:
            raise ValueError(
                f"{title!r} has shape {image.shape}, {image.size} pixels: "
                f"at most {MAX_PIXELS} can be drawn"
            )
    low, high = min(i.min() for i in images.values()), max(i.max() for i in images.values())
    diverging = bool(low < 0)
    if diverging:
        high = max(-low, high)
        low = -high
    longest = max(max(i.shape) for i in images.values())
    pixel = max(1, min(16, 168 // longest))
    panels = [
        titled(title, pixel_map(image, low, high, pixel, diverging), _size(image.shape))
        for title, image in images.items()
    ]
    picture = column([flow(panels, gap=24), scale_bar(low, high, diverging)], gap=16)
    scale = (
        f"One scale for all maps: dark blue {short(low)}, grey 0, light yellow {short(high)}."
        if diverging
        else f"One scale for all maps: black {short(low)}, white {short(high)}."
    )
    words = []
    for title, image in images.items():
        r, c = np.unravel_index(int(image.argmax()), image.shape)
        words.append(
            f"{title}: {_size(image.shape)}, {_range(image)}, mean {short(image.mean())}, "
            f"largest at row {r}, column {c}."
        )
    notes = _first(caption)
    return picture.figure(" ".join([*notes, *words, scale]), " ".join([*notes, scale]))
