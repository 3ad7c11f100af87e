"""What an average pooling divides by, framework beside framework."""

from __future__ import annotations

from strided import figures
from strided.demos.panel import Choice, Control, Demo, Number, Steps, Switch
from strided.figures import Figure
from strided.figures.divisors import FRAMEWORKS

ALL = "all"

CONTROLS: dict[str, Control] = {
    "height": Number("Rows", 1, 16, 5),
    "width": Number("Columns", 1, 16, 7),
    "kernel_height": Number("Kernel rows", 1, 6, 3),
    "kernel_width": Number("Kernel columns", 1, 6, 2),
    "stride_height": Number("Stride down", 1, 6, 3),
    "stride_width": Number("Stride across", 1, 6, 2),
    "padding_height": Number("Padding above and below", 0, 3, 1),
    "padding_width": Number("Padding left and right", 0, 3, 0),
    "ceil_mode": Switch("Round up (ceil mode)"),
    "count_include_pad": Choice(
        "Count padding", {"as each framework does": "default", "yes": "yes", "no": "no"}
    ),
    "framework": Choice(
        "Framework", {"all five": ALL} | {name: id for id, name in FRAMEWORKS.items()}
    ),
}

COUNTED = {"default": None, "yes": True, "no": False}

STEPS: Steps = (
    (
        {"height": 6, "width": 6, "padding_height": 0},
        "Windows that fill the image, and no padding: all five divide by 6, everywhere.",
    ),
    (
        {"framework": "pytorch"},
        "A row of padding above, and a column left over. PyTorch counts the padding: 6 everywhere, so the "
        "padded zeros pull the first row's averages down.",
    ),
    (
        {"framework": "onnx"},
        "ONNX does not count it: in the first row 2 rows of 2 pixels are left, and it divides by 4.",
    ),
    (
        {},
        "One layer, five frameworks, four different maps and two shapes: Caffe rounds up, "
        "TensorFlow's SAME does so too.",
    ),
    (
        {"ceil_mode": True},
        "Everyone rounds up: the last column's windows overhang, and nobody counts the overhang, "
        "padding counted or not.",
    ),
    (
        {"ceil_mode": True, "count_include_pad": "no"},
        "Where padding is not counted a corner divides by 2: a window of 6 taps with 2 pixels in "
        "it. Caffe cannot be told so.",
    ),
    (
        {
            "height": 3,
            "width": 3,
            "kernel_width": 3,
            "stride_height": 1,
            "stride_width": 1,
            "padding_width": 1,
        },
        "A 3 × 3 window at stride 1 with padding 1, on 3 × 3 pixels: an image of sevens stays 7 "
        "where the corner divides by 4. Where it divides by 9 it becomes 28/9, about 3.11.",
    ),
)


def picture(
    height: int,
    width: int,
    kernel_height: int,
    kernel_width: int,
    stride_height: int,
    stride_width: int,
    padding_height: int,
    padding_width: int,
    ceil_mode: bool,
    count_include_pad: str,
    framework: str,
) -> Figure:
    """Draw the divisors; see `strided.figures.divisor_maps`, which also says what does not fit."""
    return figures.divisor_maps(
        height,
        width,
        (kernel_height, kernel_width),
        (stride_height, stride_width),
        (padding_height, padding_width),
        ceil_mode,
        COUNTED[count_include_pad],
        tuple(FRAMEWORKS) if framework == ALL else (framework,),
    )


def divisors() -> Demo:
    """Show what five frameworks divide a window's sum by."""
    return Demo(picture, CONTROLS, STEPS, "Divisor maps")
