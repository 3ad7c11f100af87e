"""One axis as a ruler: how many windows fit, and what the end loses, as each framework counts."""

from __future__ import annotations

from strided import figures
from strided.demos.panel import Choice, Control, Demo, Number, Settings, Steps, Switch
from strided.figures import Figure
from strided.figures.divisors import FRAMEWORKS

CONTROLS: dict[str, Control] = {
    "n": Number("Pixels", 1, 24, 8),
    "kernel": Number("Kernel", 1, 12, 3),
    "stride": Number("Stride", 1, 8, 2),
    "padding": Number("Padding", 0, 6, 0),
    "dilation": Number("Dilation", 1, 4, 1),
    "ceil_mode": Switch("Round up (ceil mode)"),
    "convention": Choice("Framework", {name: id for id, name in FRAMEWORKS.items()}, "pytorch"),
}

STEPS: Steps = (
    (
        {"n": 7},
        "7 pixels, windows of 3, stride 2: the windows end with the last pixel, and there are 3.",
    ),
    (
        {},
        "8 pixels give 3 windows as well. Nothing is invalid: the quotient 2.5 is rounded down, and pixel 7 is "
        "never read.",
    ),
    (
        {"ceil_mode": True},
        "Rounded up, a fourth window overhangs. Now pixel 7 is read, by a window that is not full.",
    ),
    (
        {"padding": 1},
        "A zero on both sides: 4 windows, and every window starts a pixel earlier than before.",
    ),
    (
        {"padding": 1, "convention": "tensorflow"},
        "TensorFlow's SAME also makes 4 outputs, but needs one zero only and puts it at the end: "
        "the same size, and other numbers in all of them.",
    ),
    (
        {"n": 5, "kernel": 1, "stride": 3, "ceil_mode": True},
        "5 pixels, windows of 1, stride 3, rounded up: a third window would start where no pixel "
        "is. PyTorch drops it and has 2.",
    ),
    (
        {"n": 5, "kernel": 1, "stride": 3, "ceil_mode": True, "convention": "torch7"},
        "Torch7 looks for such a window only where there is padding. Here there is none, so it keeps all 3.",
    ),
    (
        {"n": 9, "dilation": 2},
        "A dilation of 2 spreads the 3 taps over 5 pixels: 3 windows on 9 pixels, each with holes.",
    ),
)


def picture(
    n: int,
    kernel: int,
    stride: int,
    padding: int,
    dilation: int,
    ceil_mode: bool,
    convention: str,
) -> Figure:
    """Draw the windows; see `strided.figures.ruler`, which also says what does not fit."""
    return figures.ruler(n, kernel, stride, padding, dilation, ceil_mode, convention)


def _idle(settings: Settings) -> tuple[str, ...]:
    """Caffe always rounds up, TensorFlow never."""
    return ("ceil_mode",) if settings["convention"] in ("caffe", "tensorflow") else ()


def ruler() -> Demo:
    """Show how many outputs an axis has, and which pixels no window reads."""
    return Demo(picture, CONTROLS, STEPS, "Output-size ruler", idle=_idle)
