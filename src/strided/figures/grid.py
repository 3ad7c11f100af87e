"""A grid of cells, and the one look that inputs, windows, weights and outputs have in every figure.

A role is never told by colour alone. Windows have a thick line, a second reading a dashed one,
weights round corners, outputs a double line; padding is dotted, unread cells are hatched,
thrown-away cells crossed out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from strided.figures.layout import column, flow, label, row
from strided.figures.svg import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    Canvas,
    short,
    text_width,
)

Box = tuple[int, int, int, int]
"""`(row, column, rows, columns)` of a block of cells."""

FILLS = {
    "window": f'fill="{SKY}" fill-opacity=".32"',
    "second": f'fill="{ORANGE}" fill-opacity=".3"',
    "weight": f'fill="{PURPLE}" fill-opacity=".28" rx="5"',
    "output": f'fill="{GREEN}" fill-opacity=".28"',
}
STROKES = {
    "window": f'stroke="{BLUE}" stroke-width="2.6"',
    "second": f'stroke="{VERMILLION}" stroke-width="2.6" stroke-dasharray="6 3"',
    "weight": f'stroke="{PURPLE}" stroke-width="2.2" rx="5"',
    "output": f'stroke="{GREEN}" stroke-width="2.2"',
    "padding": 'stroke="currentColor" stroke-opacity=".6" stroke-dasharray="1.5 3"',
    "beyond": 'stroke="currentColor" stroke-opacity=".45" stroke-dasharray="5 4"',
    "differs": f'stroke="{VERMILLION}" stroke-width="2.6"',
}
INNER = {"output": f'stroke="{GREEN}" stroke-width=".9"'}
"""A second line, 3 units inside the first."""

MARK = ' data-mark=""'
"""What a script may take away to mark other cells."""

LINES = 'stroke="currentColor" stroke-opacity=".4"'
HATCH = 'stroke="currentColor" stroke-opacity=".45"'
CROSS = f'stroke="{VERMILLION}" stroke-width="1.4" stroke-linecap="round"'
FADED = 'fill-opacity=".7"'

LEGEND = {
    "input": "input",
    "window": "window",
    "second": "another reading",
    "weight": "weights",
    "output": "output",
    "padding": "padding (zeros)",
    "beyond": "beyond: nothing to read",
    "unread": "never read",
    "thrown": "thrown away",
    "differs": "differs",
}


def cell_size(values: np.ndarray, least: float = 28) -> float:
    """Return the width of a cell in which every number of `values` fits at 13 units."""
    longest = max((text_width(short(v), 13) for v in np.ravel(values)), default=0)
    return max(least, round(longest + 7))


class Grid(Canvas):
    """`rows` x `columns` cells with the upper left corner at `(0, 0)`.

    A cell is square up to 40 units; wider ones, for long numbers, stay low.

    Draw in this order: fill, numbers, outline. Cells outside the grid (negative rows, say) may be
    drawn too: that is where padding lies.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        cell: float = 28,
        *,
        lines: str = LINES,
        lettered: bool = False,
    ) -> None:
        """Draw the empty grid; with `lettered`, numbers leave room for a letter."""
        super().__init__()
        rows, columns = shape
        self.rows, self.columns = rows, columns
        self.wide, self.tall = cell, cell if cell <= 40 else 32.0
        self._centre = (0.58, 0.62) if lettered else (0.5, 0.5)
        width, height = columns * self.wide, rows * self.tall
        self.axis = height / 2
        self.lines(
            [(0, r * self.tall, width, r * self.tall) for r in range(rows + 1)]
            + [(c * self.wide, 0, c * self.wide, height) for c in range(columns + 1)],
            lines,
        )

    def box(self, box: Box, inset: float = 0) -> tuple[float, float, float, float]:
        """Return `(x, y, width, height)` of a block of cells, shrunk by `inset` all round."""
        r, c, rows, columns = box
        return (
            c * self.wide + inset,
            r * self.tall + inset,
            columns * self.wide - 2 * inset,
            rows * self.tall - 2 * inset,
        )

    def fill(self, box: Box, role: str, data: str = "") -> None:
        """Tint a block of cells as `role`; `data` are SVG attributes of your own."""
        self.rect(*self.box(box), FILLS[role] + data)

    def outline(self, box: Box, role: str, inset: float = 0, data: str = "") -> None:
        """Draw the line around a block of cells that `role` has everywhere."""
        x, y, w, h = self.box(box, inset)
        self.rect(x, y, w, h, f'fill="none" {STROKES[role]}{data}')
        if role in INNER:
            self.rect(x + 3, y + 3, w - 6, h - 6, f'fill="none" {INNER[role]}{data}')

    def tint(self, where: np.ndarray, role: str) -> None:
        """Tint marked cells as `role`."""
        for box in _blocks(where):
            self.fill(box, role, MARK)

    def surround(self, where: np.ndarray, role: str, inset: float = 0) -> None:
        """Outline marked cells as `role`: a block with one line, others one by one."""
        for box in _blocks(where):
            self.outline(box, role, inset, MARK)

    def differs(self, where: np.ndarray) -> None:
        """Outline the cells that differ, with a filled corner."""
        inset = 0.09 * min(self.wide, 28)
        boxes = [self.box((int(r), int(c), 1, 1), inset) for r, c in np.argwhere(where)]
        corner = min(9.0, 0.4 * self.wide)
        self.boxes(boxes, f'fill="none" {STROKES["differs"]}')
        self.triangles([(x, y, corner) for x, y, _, _ in boxes], f'fill="{VERMILLION}"')

    def numbers(
        self, values: np.ndarray, where: np.ndarray | None = None, faded: bool = False
    ) -> None:
        """Write `values` into the cells, or into those where `where` is true."""
        self.words([[short(v) for v in line] for line in values], where, faded)

    def words(
        self, words: Sequence[Sequence[str]], where: np.ndarray | None = None, faded: bool = False
    ) -> None:
        """Write a short text into the middle of every cell."""
        across, down = self._centre
        self.texts(
            [
                ((c + across) * self.wide, (r + down) * self.tall, word)
                for r, line in enumerate(words)
                for c, word in enumerate(line)
                if word and (where is None or where[r, c])
            ],
            attributes=FADED if faded else "",
        )

    def corner(self, r: int, c: int, letter: str) -> None:
        """Mark a cell as the start of a window, with its letter or else a small triangle."""
        x, y, wide, tall = self.box((r, c, 1, 1))
        if letter:
            self.text(x + 0.27 * wide, y + 0.28 * tall, letter, size=10, bold=True)
        else:
            self.triangles([(x, y, 8)], f'fill="{BLUE}"')

    def shade(self, values: np.ndarray, high: float, low: float = 0.0) -> None:
        """Tint every cell by its value, in the text's own colour: the larger, the stronger.

        From `low`, which has no tint, to `high` there are eight steps; no hue tells a sign.
        """
        share = np.clip((values - low) / ((high - low) or 1.0), 0, 1)
        steps = np.rint(8 * np.nan_to_num(share, nan=0.0)).astype(int)
        for step in np.unique(steps[steps > 0]):
            self.boxes(
                [self.box((int(r), int(c), 1, 1)) for r, c in np.argwhere(steps == step)],
                f'fill="currentColor" fill-opacity="{0.035 * step:.3g}"',
            )

    def unread(self, where: np.ndarray) -> None:
        """Hatch the cells that no window reads."""
        self.hatch([self.box((int(r), int(c), 1, 1)) for r, c in np.argwhere(where)], HATCH)

    def thrown(self, where: np.ndarray) -> None:
        """Cross out the cells that are computed and thrown away."""
        segments = []
        for r, c in np.argwhere(where):
            x, y, w, h = self.box((int(r), int(c), 1, 1), inset=6)
            x += (self._centre[0] - 0.5) * self.wide
            y += (self._centre[1] - 0.5) * self.tall
            segments += [(x, y, x + w, y + h), (x, y + h, x + w, y)]
        self.lines(segments, CROSS)

    def padding(self, top: int, left: int, bottom: int, right: int, word: str = "0") -> None:
        """Draw dotted cells around the grid, each with `word` in it."""
        cells = [
            (r, c)
            for r in range(-top, self.rows + bottom)
            for c in range(-left, self.columns + right)
            if not (0 <= r < self.rows and 0 <= c < self.columns)
        ]
        for r, c in cells:
            self.rect(*self.box((r, c, 1, 1), inset=1), f'fill="none" {STROKES["padding"]}')
        self.texts(
            [((c + 0.5) * self.wide, (r + 0.5) * self.tall, word) for r, c in cells if word],
            attributes=f'font-style="italic" {FADED}',
        )

    def beyond(self, padding: tuple[int, int], overhang: tuple[int, int]) -> None:
        """Dash the empty cells behind the padding that windows of ceil mode overhang."""
        (ph, pw), (down, right) = padding, overhang
        rows, columns = self.rows + 2 * ph, self.columns + 2 * pw
        for r in range(rows + down):
            for c in range(columns + right):
                if r >= rows or c >= columns:
                    box = self.box((r - ph, c - pw, 1, 1), inset=2)
                    self.rect(*box, f'fill="none" {STROKES["beyond"]}')

    def indices(self, top: int = 0, left: int = 0) -> None:
        """Write row and column indices, counted from 0, outside the grid and so much padding."""
        above, before = -9.0 - top * self.tall, -9.0 - left * self.wide
        items = [((c + 0.5) * self.wide, above, str(c)) for c in range(self.columns)]
        items += [(before, (r + 0.5) * self.tall, str(r)) for r in range(self.rows)]
        self.texts(items, size=11, attributes=FADED)


def _blocks(where: np.ndarray) -> list[Box]:
    """Marked cells as one block, if they are one, or one by one."""
    found = np.argwhere(where)
    if not len(found):
        return []
    (top, left), (bottom, right) = found.min(axis=0).tolist(), found.max(axis=0).tolist()
    whole = (top, left, bottom - top + 1, right - left + 1)
    return (
        [whole] if len(found) == whole[2] * whole[3] else [(r, c, 1, 1) for r, c in found.tolist()]
    )


def plain(values: np.ndarray, role: str = "input", cell: float = 28) -> Grid:
    """Return a grid of numbers that all have one role."""
    grid = Grid(values.shape, cell)
    whole = (0, 0, grid.rows, grid.columns)
    if role != "input":
        grid.fill(whole, role)
    grid.numbers(values)
    if role != "input":
        grid.outline(whole, role)
    return grid


def legend(roles: Sequence[str] | dict[str, str]) -> Canvas:
    """Return one swatch and its name for every role; a dictionary gives names of its own."""
    names = roles if isinstance(roles, dict) else {role: LEGEND[role] for role in roles}
    entries = []
    for role, name in names.items():
        # Padding has dotted cells of its own, outside every grid.
        swatch = Grid((1, 1), 18, lines='stroke="none"' if role == "padding" else LINES)
        one = np.ones((1, 1), dtype=bool)
        if role in FILLS:
            swatch.fill((0, 0, 1, 1), role)
        if role in STROKES and role != "differs":
            swatch.outline((0, 0, 1, 1), role)
        if role == "differs":
            swatch.differs(one)
        if role == "unread":
            swatch.unread(one)
        if role == "thrown":
            swatch.thrown(one)
        entries.append(row([swatch, label(name, size=12)], gap=7))
    return flow(entries, gap=20)


def with_legend(picture: Canvas, roles: Sequence[str] | dict[str, str]) -> Canvas:
    """Return `picture` with the legend of its roles below it."""
    return column([picture, legend(roles)], gap=18)


def in_words(values: np.ndarray) -> str:
    """Return a 2-D array as text for a screen reader: `1 2 3; 4 5 6`."""
    return "; ".join(" ".join(short(v) for v in line) for line in values)
