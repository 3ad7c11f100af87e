"""Stride twice: the window hops, or everything is computed and most of it crossed out."""

from __future__ import annotations

from strided import figures
from strided.demos.panel import Control, Demo, Number, Steps
from strided.figures import Figure

CONTROLS: dict[str, Control] = {
    "height": Number("Rows", 1, 8, 6),
    "width": Number("Columns", 1, 10, 8),
    "kernel_height": Number("Kernel rows", 1, 6, 2),
    "kernel_width": Number("Kernel columns", 1, 6, 3),
    "stride_height": Number("Stride down", 1, 6, 2),
    "stride_width": Number("Stride across", 1, 6, 3),
}

STEPS: Steps = (
    (
        {"stride_height": 1, "stride_width": 1},
        "At stride 1 both sides do the same: 30 windows, 30 outputs. A stride of 1 leaves out nothing.",
    ),
    (
        {"stride_height": 1, "stride_width": 2},
        "Stride 2 across, and still 1 down: every second column of outputs goes, 15 of 30. The left side never "
        "computes them, the right side throws them away.",
    ),
    (
        {"stride_height": 2, "stride_width": 2},
        "Stride 2 both ways does not halve the outputs: 9 of 30 remain, and 21 were computed for nothing.",
    ),
    (
        {},
        "Stride (2, 3): A stands over the same 22 on both sides, and so does every other letter. "
        "6 outputs, 36 multiplications on the left; 30 outputs, 180 multiplications on the right.",
    ),
    (
        {"kernel_height": 1, "kernel_width": 1, "stride_height": 2, "stride_width": 2},
        "A 1 × 1 kernel at stride 2 reads 12 of 48 pixels. The hatched 36, three quarters, are never read.",
    ),
    (
        {"kernel_height": 3, "kernel_width": 3, "stride_height": 2, "stride_width": 2},
        "With a 3 × 3 kernel the windows overlap, and the last row and column are left over: 13 of 48 "
        "pixels are not read. What remains of the outputs is 6 of 24.",
    ),
)


def picture(
    height: int,
    width: int,
    kernel_height: int,
    kernel_width: int,
    stride_height: int,
    stride_width: int,
) -> Figure:
    """Draw both ways; see `strided.figures.hop_or_keep`, which also says what does not fit."""
    return figures.hop_or_keep(
        height, width, (kernel_height, kernel_width), (stride_height, stride_width)
    )


def hop_or_keep() -> Demo:
    """Show that a strided window and "dense, then keep" give the same numbers, and count the work."""
    return Demo(picture, CONTROLS, STEPS, "Hop or keep")
