"""What each framework's average pooling divides by, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from strided.figures.grid import Grid, in_words, with_legend
from strided.figures.layout import flow, titled
from strided.figures.settings import integer, pair
from strided.figures.svg import Figure
from strided.geometry import pooling_divisors

FRAMEWORKS = {
    "torch7": "Torch7",
    "caffe": "Caffe",
    "tensorflow": "TensorFlow",
    "pytorch": "PyTorch",
    "onnx": "ONNX",
}
"""Convention → name."""


def divisor_maps(
    height: int = 5,
    width: int = 7,
    kernel_size: int | tuple[int, int] = (3, 2),
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = (1, 0),
    ceil_mode: bool = False,
    count_include_pad: bool | None = None,
    frameworks: Sequence[str] = tuple(FRAMEWORKS),
) -> Figure:
    """Draw the divisors of some frameworks side by side, by default of all five.

    Torch7, Caffe, TensorFlow, PyTorch and ONNX, each with the rounding and the rule that it has
    unless you say otherwise.

    Args:
        height: rows of the image, at most 24.
        width: columns of the image, at most 24.
        kernel_size: window, an int or (height, width).
        stride: an int or (height, width), given to all five; the kernel when absent.
        padding: an int or (height, width). TensorFlow has no numbers: 0 stands for VALID, all else
            for SAME.
        ceil_mode: round up, where the framework leaves that to you.
        count_include_pad: count padding or not, where the framework leaves that to you; None takes
            the default of each.
        frameworks: names of conventions, in the order to draw them.

    Raises:
        TypeError: a setting is not an integer.
        ValueError: a setting is out of range, no window fits, there are more than 12 x 12 outputs,
            or a framework is unknown.
    """
    if not frameworks or any(name not in FRAMEWORKS for name in frameworks):
        raise ValueError(f"frameworks must be some of {', '.join(FRAMEWORKS)}, got {frameworks!r}")
    h, w = integer(height, "height", 1, 24), integer(width, "width", 1, 24)
    kernel = pair(kernel_size, "kernel_size", 1)
    step = kernel if stride is None else pair(stride, "stride", 1)
    pads = pair(padding, "padding", 0)
    area = kernel[0] * kernel[1]
    panels, words, results = [], [], []
    for convention in frameworks:
        name, rule = FRAMEWORKS[convention], _rule(convention, pads, ceil_mode, count_include_pad)
        try:
            divisors = pooling_divisors(
                h, w, kernel, step, pads, ceil_mode, count_include_pad, convention
            )
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
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
        results.append(f"{name}: {in_words(divisors)}.")
        words.append(f"{name} ({rule}), {size} outputs: {in_words(divisors)}.")
    setting = (
        f"image {h} × {w}, window {kernel[0]} × {kernel[1]}, stride ({step[0]}, {step[1]}), "
        f"padding ({pads[0]}, {pads[1]})"
    )
    defaults = not ceil_mode and count_include_pad is None
    whose = "for each framework's defaults" if defaults else "rounding and counting as set here"
    picture = with_legend(flow(panels, gap=28), {"differs": f"not the window's {area} cells"})
    return picture.figure(
        f"Divisors of average pooling for {setting}. {' '.join(words)}",
        f"What the window's sum is divided by, {whose}: {setting}. "
        "The stride is given, "
        "because the default stride differs as well: 1 in Torch7, Caffe and ONNX, the window in "
        "PyTorch and "
        "TensorFlow's Keras.",
        " ".join(results),
    )


def _rule(
    convention: str, pads: tuple[int, int], ceil_mode: bool, count_include_pad: bool | None
) -> str:
    """How a framework rounds, and whether it counts padding."""
    if convention == "tensorflow":
        return "SAME, padding not counted" if any(pads) else "VALID, no padding"
    rounding = "ceil" if ceil_mode or convention == "caffe" else "floor"
    counted = convention != "onnx" if count_include_pad is None else count_include_pad
    return f"{rounding}, padding {'counted' if counted or convention == 'caffe' else 'not counted'}"
