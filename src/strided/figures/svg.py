"""Drawing primitives: a canvas of SVG parts that knows how large it has become.

No element carries an `id` and nothing refers to one (hatching is drawn as lines, not as a
pattern), so any number of figures can stand on one page, and a figure that is scrolled out of
sight cannot take the hatching of another with it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

MAX_BYTES = 200_000
"""No figure is larger than this, so that a notebook full of them still loads quickly."""

FONT = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"

# The palette of Okabe and Ito, safe for colour-blind readers.
ORANGE, SKY, GREEN, BLUE, VERMILLION, PURPLE = (
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)

# The scales of maps, red, green and blue from 0 to 255, each lighter all the way.
GREYS = ((16, 16, 16), (250, 250, 250))
DIVERGING = ((0, 48, 92), (150, 150, 150), (255, 226, 110))

_FORBIDDEN_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Figure:
    """A picture for a notebook: `html` to show and `alt`, the same in words.

    `result` is one sentence: what a live demo says when its settings change; the caption when empty.
    """

    html: str
    alt: str
    result: str = ""

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.alt}


def allowed(text: str) -> str:
    """Return `text` with the characters that XML forbids replaced by U+FFFD."""
    return _FORBIDDEN_IN_XML.sub("\ufffd", text)


def clean(text: str) -> str:
    """Return `text` escaped for XML, characters that XML forbids replaced by U+FFFD."""
    return escape(allowed(str(text)), quote=True)


def short(value: float) -> str:
    """Format a number with at most five characters or so: `3`, `−0.333`, `1.23e5`.

    Integers below a million stay integers; anything else gets three significant digits. The minus
    is U+2212.
    """
    value = float(value)
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == int(value) and abs(value) < 1e6:
        text = str(int(value))
    else:
        text = re.sub(r"e([+-])0*(\d+)", lambda m: "e" + m[1].strip("+") + m[2], f"{value:.3g}")
    return text.replace("-", "−")


def counted(number: int, one: str, many: str = "") -> str:
    """Name a number of things: `1 answer`, `2 answers`; `many` where an s does not make the plural."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def equals(value: float) -> str:
    """Return `= 17`, or `≈ 0.333` where `short` had to round."""
    text = short(value)
    return (
        f"= {text}" if float(text.replace("−", "-").replace("∞", "inf")) == value else f"≈ {text}"
    )


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Estimate the width of `text` in user units, rather too wide than too narrow."""
    ems = 0.0
    for char in text:
        if char in " .,:;'|![]()ijltfrI·":
            ems += 0.38
        elif char in "mwMW@%":
            ems += 0.95
        else:
            ems += 0.7 if char.isupper() else 0.65
    return ems * size * (1.08 if bold else 1.0)


def _n(number: float) -> str:
    """Write a coordinate as shortly as possible."""
    return f"{number:.2f}".rstrip("0").rstrip(".") if number % 1 else str(int(number))


class Canvas:
    """SVG parts and the box around them; canvases are placed into one another.

    `axis` is the height at which a canvas lines up with its neighbours in a row: the middle,
    unless set.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.left = self.top = math.inf
        self.right = self.bottom = -math.inf
        self._axis: float | None = None
        self.data = ""  # SVG attributes of the group that it becomes when placed

    @property
    def width(self) -> float:
        """Width of the box, in user units."""
        return self.right - self.left if self._parts else 0.0

    @property
    def height(self) -> float:
        """Height of the box, in user units."""
        return self.bottom - self.top if self._parts else 0.0

    @property
    def axis(self) -> float:
        """Height at which the canvas lines up with its neighbours."""
        return (self.top + self.bottom) / 2 if self._axis is None else self._axis

    @axis.setter
    def axis(self, y: float) -> None:
        self._axis = y

    def reserve(self, x: float, y: float, width: float, height: float) -> None:
        """Grow the box so that it holds this rectangle."""
        self.left, self.top = min(self.left, x), min(self.top, y)
        self.right, self.bottom = max(self.right, x + width), max(self.bottom, y + height)

    def rect(self, x: float, y: float, width: float, height: float, attributes: str) -> None:
        """Draw a rectangle; `attributes` is SVG such as `fill="none"`."""
        self.reserve(x, y, width, height)
        self._parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
            f"{attributes}/>"
        )

    def lines(self, segments: list[tuple[float, float, float, float]], attributes: str) -> None:
        """Draw segments `(x1, y1, x2, y2)` as one path."""
        if not segments:
            return
        for x1, y1, x2, y2 in segments:
            self.reserve(min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1))
        d = "".join(f"M{_n(x1)} {_n(y1)}L{_n(x2)} {_n(y2)}" for x1, y1, x2, y2 in segments)
        self._parts.append(f'<path d="{d}" fill="none" {attributes}/>')

    def boxes(self, boxes: list[tuple[float, float, float, float]], attributes: str) -> None:
        """Draw filled rectangles `(x, y, width, height)` as one path, with sharp edges."""
        if not boxes:
            return
        for box in boxes:
            self.reserve(*box)
        d = "".join(f"M{_n(x)} {_n(y)}h{_n(w)}v{_n(h)}h{_n(-w)}z" for x, y, w, h in boxes)
        self._parts.append(f'<path d="{d}" {attributes}/>')

    def triangles(self, corners: list[tuple[float, float, float]], attributes: str) -> None:
        """Draw upper left corners `(x, y, side)`, filled, as one path."""
        if not corners:
            return
        for x, y, side in corners:
            self.reserve(x, y, side, side)
        d = "".join(f"M{_n(x)} {_n(y)}h{_n(s)}l{_n(-s)} {_n(s)}z" for x, y, s in corners)
        self._parts.append(f'<path d="{d}" {attributes}/>')

    def hatch(
        self, boxes: list[tuple[float, float, float, float]], attributes: str, step: float = 6
    ) -> None:
        """Fill rectangles `(x, y, width, height)` with diagonals that run on from box to box."""
        segments = []
        for x, y, w, h in boxes:
            # A diagonal is x + y = c; keep the part of it inside the box.
            for i in range(math.floor((x + y) / step) + 1, math.ceil((x + w + y + h) / step)):
                c = i * step
                x1, x2 = max(x, c - y - h), min(x + w, c - y)
                segments.append((x1, c - x1, x2, c - x2))
        self.lines(segments, attributes)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 13,
        anchor: str = "middle",
        bold: bool = False,
        attributes: str = "",
    ) -> None:
        """Write `text` with its middle height at `y`."""
        self.texts([(x, y, text)], size=size, anchor=anchor, bold=bold, attributes=attributes)

    def texts(
        self,
        items: list[tuple[float, float, str]],
        *,
        size: float = 13,
        anchor: str = "middle",
        bold: bool = False,
        attributes: str = "",
    ) -> None:
        """Write many short texts `(x, y, text)` in one style."""
        if not items:
            return
        for x, y, text in items:
            width = text_width(text, size, bold)
            left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
            self.reserve(left, y - 0.6 * size, width, 1.2 * size)
        style = f'font-size="{_n(size)}" text-anchor="{anchor}"'
        style += ' font-weight="600"' if bold else ""
        style += f" {attributes}" if attributes else ""
        if len(items) == 1:
            x, y, text = items[0]
            self._parts.append(
                f'<text x="{_n(x)}" y="{_n(y + 0.35 * size)}" {style}>{clean(text)}</text>'
            )
            return
        inside = "".join(
            f'<text x="{_n(x)}" y="{_n(y + 0.35 * size)}">{clean(text)}</text>'
            for x, y, text in items
        )
        self._parts.append(f"<g {style}>{inside}</g>")

    def click(
        self, x: float, y: float, width: float, height: float, settings: Mapping[str, Any]
    ) -> None:
        """Let a click on this rectangle make `settings` where the picture is part of a live demo."""
        self.rect(
            x,
            y,
            width,
            height,
            f'fill="none" pointer-events="all" data-set="{clean(json.dumps(dict(settings)))}"',
        )

    def place(self, child: Canvas, x: float, y: float) -> None:
        """Draw `child` with the upper left corner of its box at `(x, y)`."""
        if not child._parts:
            return
        dx, dy = x - child.left, y - child.top
        self.reserve(x, y, child.width, child.height)
        inside = "".join(child._parts)
        data = f" {child.data}" if child.data else ""
        self._parts.append(f'<g transform="translate({_n(dx)} {_n(dy)})"{data}>{inside}</g>')

    def svg(self, alt: str, margin: float = 6) -> str:
        """Return the `<svg>` element: as wide as drawn, never wider than the page."""
        width, height = self.width + 2 * margin, self.height + 2 * margin
        box = f"{_n(self.left - margin)} {_n(self.top - margin)} {_n(width)} {_n(height)}"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{clean(alt)}" '
            f'viewBox="{box}" width="{_n(width)}" height="{_n(height)}" fill="currentColor" '
            f'font-family="{FONT}" style="max-width:100%;height:auto">{"".join(self._parts)}</svg>'
        )

    def figure(self, alt: str, caption: str, result: str = "") -> Figure:
        """Return the finished figure; `result` is one sentence that a live demo says.

        Raises ValueError when it would be larger than 200 kB.
        """
        html = (
            f'<figure style="margin:0.5em 0">{self.svg(alt)}'
            f'<figcaption style="max-width:56em;font-size:0.92em;line-height:1.45">'
            f"{clean(caption)}</figcaption></figure>"
        )
        if len(html.encode()) > MAX_BYTES:
            raise ValueError(
                f"the figure would be {len(html.encode()) // 1000} kB, more than "
                f"{MAX_BYTES // 1000} kB: show fewer or smaller arrays"
            )
        return Figure(html, alt, result)
