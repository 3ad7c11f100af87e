"""How often each pixel is read, and what the backward pass adds up where windows overlap."""

from __future__ import annotations

import numpy as np

from strided import figures
from strided.demos.panel import Choice, Control, Demo, Number, Settings, Steps
from strided.figures import Figure
from strided.geometry import output_size

ROW, IMAGE, BACK = "row", "image", "back"
LETTERS = 26
"""So many outputs can be told apart on the way back."""

CONTROLS: dict[str, Control] = {
    "view": Choice(
        "Show",
        {
            "windows over one row": ROW,
            "reads of every pixel": IMAGE,
            "what flows back to a pixel": BACK,
        },
    ),
    "height": Number("Rows", 1, 9, 5),
    "width": Number("Columns", 1, 14, 9),
    "kernel": Number("Kernel", 1, 6, 3),
    "stride": Number("Stride", 1, 6, 2),
    "row": Number("Pixel's row", 0, 8, 2),
    "column": Number("Pixel's column", 0, 13, 2),
}

STEPS: Steps = (
    (
        {"kernel": 2},
        "Windows of 2 at stride 2 lie side by side: every pixel is read once, and the last one not at all.",
    ),
    (
        {},
        "Windows of 3 at stride 2 overlap: 1 1 2 1 2 1 2 1 1. Every second pixel counts twice, "
        "except at the ends.",
    ),
    (
        {"kernel": 4, "width": 10},
        "Windows of 4 at stride 2: 1 1 2 2 2 2 2 2 1 1. The stride divides the kernel, so the inside is even.",
    ),
    (
        {"kernel": 2, "stride": 3},
        "A stride larger than the kernel leaves gaps: pixels 2, 5 and 8 are read by no window.",
    ),
    (
        {"view": IMAGE},
        "In two dimensions the counts multiply: 1, 2 or 4 reads. Going back, this checkerboard is "
        "drawn into the gradient.",
    ),
    (
        {"view": BACK},
        "Backward, each output sends its number to all pixels of its window. Pixel [2, 2] stood "
        "in four windows, so it receives four numbers, added up.",
    ),
    (
        {"view": BACK, "row": 1, "column": 1},
        "Pixel [1, 1] stood in one window only, and receives one number.",
    ),
)


def cotangent(rows: int, columns: int) -> np.ndarray:
    """The gradient of the outputs that the demo sends back: small integers, no two neighbours equal."""
    r, c = np.indices((rows, columns))
    return (3 * r + 5 * c + 6) % 11 - 4


def picture(
    view: str, height: int, width: int, kernel: int, stride: int, row: int, column: int
) -> Figure:
    """Draw one of three views; see `coverage_rows`, `coverage_map`, `spread_back` in `strided.figures`."""
    if view == ROW:
        return figures.coverage_rows(width, [(kernel, stride)])
    if view == IMAGE:
        return figures.coverage_map(height, width, kernel, stride)
    outputs = cotangent(output_size(height, kernel, stride), output_size(width, kernel, stride))
    if outputs.size > LETTERS:
        raise ValueError(
            f"There are {outputs.size} outputs, and letters for {LETTERS} only: choose a smaller image, a larger "
            "kernel or a larger stride."
        )
    return figures.spread_back(outputs, kernel, stride, (row, column), (height, width))


def _settle(settings: Settings) -> Settings:
    """Keep the followed pixel in the image."""
    row = min(settings["row"], settings["height"] - 1)
    return settings | {"row": row, "column": min(settings["column"], settings["width"] - 1)}


def _idle(settings: Settings) -> tuple[str, ...]:
    """A row has no height, and only the way back follows a pixel."""
    return {ROW: ("height", "row", "column"), IMAGE: ("row", "column")}.get(settings["view"], ())


def coverage() -> Demo:
    """Show how many windows read each pixel, and the same numbers on the way back."""
    return Demo(picture, CONTROLS, STEPS, "Coverage", settle=_settle, idle=_idle)
