"""Put canvases side by side, below one another, and under a title."""

from __future__ import annotations

from collections.abc import Sequence

from strided.figures.svg import Canvas, text_width

PAGE_WIDTH = 840
"""A notebook's column, in user units: figures wrap rather than grow wider."""


def label(
    text: str, size: float = 13, bold: bool = False, anchor: str = "middle", faint: bool = False
) -> Canvas:
    """Return one or more lines of text (split at newlines)."""
    canvas = Canvas()
    for i, line in enumerate(text.split("\n")):
        canvas.text(
            0,
            i * size * 1.35,
            line,
            size=size,
            anchor=anchor,
            bold=bold,
            attributes='fill-opacity=".8"' if faint else "",
        )
    return canvas


def wrap(text: str, width: float, size: float = 13, bold: bool = False) -> str:
    """Break `text` at spaces into lines no wider than `width` where words allow it."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", size, bold) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\n".join(lines)


def row(canvases: Sequence[Canvas], gap: float = 14) -> Canvas:
    """Put canvases side by side, their axes at one height."""
    canvas = Canvas()
    x = 0.0
    for child in canvases:
        canvas.place(child, x, child.top - child.axis)
        x += child.width + gap
    canvas.axis = 0
    return canvas


def column(
    canvases: Sequence[Canvas], gap: float = 10, align: str = "left", axis_of: int | None = None
) -> Canvas:
    """Put canvases below one another; `axis_of` names the one whose axis the column takes."""
    canvas = Canvas()
    widest = max(child.width for child in canvases)
    y = 0.0
    for i, child in enumerate(canvases):
        x = 0.0 if align == "left" else (widest - child.width) / 2
        canvas.place(child, x, y)
        if i == axis_of:
            canvas.axis = y + child.axis - child.top
        y += child.height + gap
    return canvas


def table(lines: Sequence[Sequence[Canvas]], gap: float = 12, line_gap: float = 20) -> Canvas:
    """Put canvases into rows and columns: axes line up along a row, middles down a column."""
    widths = [
        max(line[i].width for line in lines if i < len(line)) for i in range(max(map(len, lines)))
    ]
    canvas = Canvas()
    y = 0.0
    for line in lines:
        above = max(child.axis - child.top for child in line if child.width)
        below = max(child.bottom - child.axis for child in line if child.width)
        x = 0.0
        for child, width in zip(line, widths, strict=False):
            if child.width:
                canvas.place(
                    child, x + (width - child.width) / 2, y + above - (child.axis - child.top)
                )
            x += width + gap
        y += above + below + line_gap
    return canvas


def titled(title: str, child: Canvas, note: str = "", align: str = "centre") -> Canvas:
    """Put a bold `title` and a smaller `note` above `child`; the axis stays the child's."""
    head: list[Canvas] = []
    width = max(child.width, 140)
    anchor = "start" if align == "left" else "middle"
    if title:
        head.append(label(wrap(title, width, 13, bold=True), bold=True, anchor=anchor))
    if note:
        lines = "\n".join(wrap(line, width, 12) for line in note.split("\n"))
        head.append(label(lines, size=12, anchor=anchor, faint=True))
    parts = [column(head, gap=1, align=align), child] if head else [child]
    return column(parts, gap=6, align=align, axis_of=len(parts) - 1)


def flow(canvases: Sequence[Canvas], gap: float = 32, width: float = PAGE_WIDTH) -> Canvas:
    """Put canvases side by side, tops aligned, in as few lines as `width` allows, evenly filled."""
    fewest = len(_lines(canvases, gap, width))
    ends = [
        sum(child.width for child in canvases[i:j]) + gap * (j - i - 1)
        for i in range(len(canvases))
        for j in range(i + 1, len(canvases) + 1)
    ]
    narrowest = min(end for end in ends if len(_lines(canvases, gap, end)) <= fewest)
    canvas = Canvas()
    y = 0.0
    for line in _lines(canvases, gap, narrowest):
        x = 0.0
        for child in line:
            canvas.place(child, x, y)
            x += child.width + gap
        y += max(child.height for child in line) + 0.8 * gap
    return canvas


def _lines(canvases: Sequence[Canvas], gap: float, width: float) -> list[list[Canvas]]:
    lines: list[list[Canvas]] = []
    x = 0.0
    for child in canvases:
        if lines and x + gap + child.width <= width + 1e-6:
            lines[-1].append(child)
            x += gap + child.width
        else:
            lines.append([child])
            x = child.width
    return lines
