"""An image that moves by one pixel, and what halving makes of it."""

from __future__ import annotations

from strided import figures
from strided.demos.panel import Choice, Control, Demo, Number, Steps
from strided.figures import Figure
from strided.phase import HALVINGS

CONTROLS: dict[str, Control] = {
    "shift": Number("Shift", 0, 8),
    "way": Choice("Halve by", list(HALVINGS)),
    "waves": Number("Waves across", 0, 8, 8),
}

STEPS: Steps = (
    (
        {},
        "Stripes one pixel wide, 8 waves across 16 pixels. Keeping every second pixel leaves a "
        "flat image of +1.",
    ),
    (
        {"shift": 1},
        "The same stripes, one pixel to the right: the halved image is −1 everywhere. Nothing in the picture "
        "changed but its place.",
    ),
    ({"shift": 2}, "Two pixels, a whole stride: +1 again. Only shifts by the stride are harmless."),
    (
        {"shift": 1, "way": "average, k = 3"},
        "An average over 3 pixels before keeping: a third is left, and it still flips its sign.",
    ),
    (
        {"shift": 1, "way": "[1, 2, 1] / 4"},
        "The blur [1, 2, 1]/4 removes these stripes altogether: 0 at every shift.",
    ),
    (
        {"shift": 1, "waves": 6},
        "6 waves are too many for 8 pixels as well: folded over at 4 they come back as 2, waves that were "
        "never in the image.",
    ),
    (
        {"shift": 1, "waves": 2},
        "2 waves fit: they stay 2 waves, moved by half a pixel of the smaller image.",
    ),
)


def picture(shift: int, way: str, waves: int) -> Figure:
    """Draw the image where it was and where it is; see `strided.figures.one_pixel_shift`."""
    return figures.one_pixel_shift((0, shift), way, waves)


def one_pixel_shift() -> Demo:
    """Show what a shift by one pixel does to an image of half the size, with the spectrum beside it."""
    return Demo(picture, CONTROLS, STEPS, "One-pixel shift")
