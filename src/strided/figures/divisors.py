"""What each framework's average pooling divides by, side by side."""

from __future__ import annotations

from strided.figures.grid import Grid, in_words, with_legend
from strided.figures.layout import flow, titled
from strided.figures.settings import integer, pair
from strided.figures.svg import Figure
from strided.geometry import pooling_divisors

FRAMEWORKS = {
    "torch7": ("Torch7", "floor, padding counted"),
    "caffe": ("Caffe", "ceil, padding counted"),
    "tensorflow": ("TensorFlow", "SAME, padding not counted"),
    "pytorch": ("PyTorch", "floor, padding counted"),
    "onnx": ("ONNX", "floor, padding not counted"),
}
"""Convention → name, and its defaults: rounding and divisor rule."""


def divisor_maps(
    height: int = 5,
    width: int = 7,
    kernel_size: int | tuple[int, int] = (3, 2),
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = (1, 0),
) -> Figure:
    """Draw the divisors of five frameworks, each with its default rounding and rule.

    Torch7, Caffe, TensorFlow, PyTorch and ONNX.

    Args:
        height: rows of the image, at most 24.
        width: columns of the image, at most 24.
        kernel_size: window, an int or (height, width).
        stride: an int or (height, width), given to all five; the kernel when absent.
        padding: an int or (height, width). TensorFlow has no numbers: 0 stands for VALID, all else
            for SAME.

    Raises:
        TypeError: a setting is not an integer.
        ValueError: a setting is out of range, no window fits, or there are more than 12 x 12
            outputs.
    """
    h, w = integer(height, "height", 1, 24), integer(width, "width", 1, 24)
    kernel = pair(kernel_size, "kernel_size", 1)
    step = kernel if stride is None else pair(stride, "stride", 1)
    pads = pair(padding, "padding", 0)
    area = kernel[0] * kernel[1]
    panels, words = [], []
    for convention, (name, rule) in FRAMEWORKS.items():
        if convention == "tensorflow" and not any(pads):
            rule = "VALID, no padding"
        divisors = pooling_divisors(h, w, kernel, step, pads, convention=convention)
        if max(divisors.shape) > 12:
            raise ValueError(
                f"{name} has {divisors.shape[0]} x {divisors.shape[1]} outputs: "
                "at most 12 x 12 can be drawn"
            )
        grid = Grid(divisors.shape, cell=32)
        grid.shade(divisors, area)
        grid.numbers(divisors)
        grid.differs(divisors != area)
        size = f"{divisors.shape[0]} × {divisors.shape[1]}"
        panels.append(
            titled(name, grid, rule.replace(", ", "\n") + f"\n{size} outputs", align="left")
        )
        words.append(f"{name} ({rule}), {size} outputs: {in_words(divisors)}.")
    setting = (
        f"image {h} × {w}, window {kernel[0]} × {kernel[1]}, stride ({step[0]}, {step[1]}), "
        f"padding ({pads[0]}, {pads[1]})"
    )
    picture = with_legend(flow(panels, gap=28), {"differs": f"not the window's {area} cells"})
    return picture.figure(
        f"Divisors of average pooling for {setting}. {' '.join(words)}",
        f"What the window's sum is divided by, for each framework's defaults: {setting}. "
        "The stride is given, "
        "because the default stride differs as well: 1 in Torch7, Caffe and ONNX, the window in "
        "PyTorch and "
        "TensorFlow's Keras.",
    )
