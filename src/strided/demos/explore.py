"""The window explorer: move a window over an image, and see the formula with its indices filled in."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from strided.demos.panel import Choice, Control, Demo, Number, Settings, Switch
from strided.demos.yours import Call, name_of
from strided.figures.explorer import OPERATORS, Answer, window_explorer
from strided.figures.svg import Figure
from strided.geometry import output_size

FUNCTIONS = {"avg_pool2d": "average", "subsample2d": "subsampling", "conv2d": "convolution"}
"""A student's function by its name → the operator that it computes."""

CHANNELS = 2

_IMAGE = np.array(
    [
        [[float(digit) for digit in line] for line in channel.split()]
        for channel in (
            "213143433 204241301 012412202 103121144 214401222 110401411 411112331 131210121 110114220",
            "133101141 231122310 103142024 212240203 121041421 212142023 441410201 122111132 013111403",
        )
    ]
)
_k, _l, _t, _s = np.ogrid[:CHANNELS, :CHANNELS, :4, :4]
_KERNELS = ((3 * _t + 2 * _s + _t * _s + 2 * _l + _k + 2) % 4 - 1).astype(float)
_KERNELS[_KERNELS == 0] = 3  # a weight of 0 would hide what it multiplies
_GAINS, _BIASES = np.array([2.0, 3.0]), np.array([1.0, -1.0])

CONTROLS: dict[str, Control] = {
    "operator": Choice("Operator", {name: key for key, name in OPERATORS.items()}, "convolution"),
    "height": Number("Rows", 1, 9, 5),
    "width": Number("Columns", 1, 9, 7),
    "kernel_height": Number("Kernel rows", 1, 4, 2),
    "kernel_width": Number("Kernel columns", 1, 4, 3),
    "stride_height": Number("Stride down", 1, 4, 1),
    "stride_width": Number("Stride across", 1, 4, 2),
    "padding_height": Number("Padding above and below", 0, 2),
    "padding_width": Number("Padding left and right", 0, 2),
    "ceil_mode": Switch("Round up (ceil mode)"),
    "count_include_pad": Switch("Count padding in the divisor", True),
    "channel": Number("Output channel", 0, CHANNELS - 1),
    "row": Number("Output row", 0, 12),
    "column": Number("Output column", 0, 12),
}

ANSWER_STEPS: list[tuple[Settings, str]] = [
    ({}, "The first output: what it should read, and what yours reads."),
    ({"column": 1}, "One output to the right: does your window move by the stride across?"),
    ({"row": 1}, "One output down: does your window move by the stride down?"),
    ({"channel": 1}, "The other channel: which channels does yours read?"),
    ({"row": 3, "column": 2}, "The last output: does your window still lie in the image?"),
]

STEPS: list[tuple[Settings, str]] = [
    (
        {"operator": "average"},
        "Average pooling: the first output is the mean of the first window, in its own channel.",
    ),
    (
        {"operator": "average", "column": 1},
        "One output to the right, the window moves by the stride, here by two columns. In the printed formula "
        "the first index grows, because it counts along the width.",
    ),
    (
        {"operator": "average", "column": 2, "row": 3},
        "The last output. The printed indices stand one above the coded ones, and in the other order.",
    ),
    (
        {"operator": "average", "padding_height": 1, "padding_width": 1, "column": 0},
        "Padding shifts the window up and to the left. Its zeros count in the divisor: the border gets darker.",
    ),
    (
        {
            "operator": "average",
            "padding_height": 1,
            "padding_width": 1,
            "count_include_pad": False,
        },
        "Or they do not count: then the divisor is the number of cells in the image.",
    ),
    (
        {
            "operator": "average",
            "kernel_width": 2,
            "stride_height": 2,
            "ceil_mode": True,
            "row": 2,
            "column": 3,
        },
        "Ceil mode: the last window overhangs the image. There is nothing to read, and the divisor shrinks.",
    ),
    (
        {"operator": "subsampling", "column": 1},
        "SubSampling: the same window, its sum times one weight, plus one bias for the whole channel.",
    ),
    (
        {"operator": "convolution", "column": 1},
        "Convolution: the same window in every input channel, each cell with a weight of its own, and all of "
        "it becomes one number.",
    ),
]


def explore(answer: Callable | None = None, operator: str | None = None) -> Demo:
    """Explore the windows of the three operators, or of a function of your own.

    Args:
        answer: your `avg_pool2d`, `subsample2d` or `conv2d`, as the lessons ask for it. Its output stands
            beside the right one, and at the chosen output both windows are drawn: the one it should read, and
            the one it reads.
        operator: "average", "subsampling" or "convolution": what `answer` computes, if its name does not say;
            without an answer, what is shown at first.

    Raises:
        TypeError: `answer` is not a function.
        ValueError: `operator` is none of the three, or is not given and `answer` has another name.
    """
    controls = dict(CONTROLS)
    if answer is None:
        start = operator or "convolution"
    elif not callable(answer):
        raise TypeError(f"give a function, without calling it: explore(conv2d); got {answer!r}")
    else:
        start = operator or FUNCTIONS.get(getattr(answer, "__name__", ""), "")
    if start not in OPERATORS:
        raise ValueError(
            f"operator must be one of {list(OPERATORS)}: it says what your function computes; got {operator!r}"
        )
    shown = {name: key for key, name in OPERATORS.items() if answer is None or key == start}
    controls["operator"] = Choice("Operator", shown, start)
    return Demo(
        picture=_picture(answer),
        controls=controls,
        steps=STEPS if answer is None else ANSWER_STEPS,
        title="Window explorer" + ("" if answer is None else f": your {name_of(answer)}"),
        arrows=("row", "column"),
        settle=_settle,
        idle=_idle,
    )


# ---------------------------------------------------------------- settings


def _arguments(settings: Settings) -> dict[str, Any]:
    """The settings as the operators' own arguments."""
    found: dict[str, Any] = {
        "kernel_size": (settings["kernel_height"], settings["kernel_width"]),
        "stride": (settings["stride_height"], settings["stride_width"]),
    }
    if settings["operator"] != "subsampling":
        found["padding"] = (settings["padding_height"], settings["padding_width"])
    if settings["operator"] == "average":
        found["ceil_mode"] = settings["ceil_mode"]
        found["count_include_pad"] = settings["count_include_pad"]
    return found


def _arrays(settings: Settings) -> dict[str, np.ndarray]:
    """The image, and the weight and bias where the operator has them."""
    arrays = {"x": _IMAGE[:, : settings["height"], : settings["width"]]}
    if settings["operator"] == "subsampling":
        arrays |= {"weight": _GAINS, "bias": _BIASES}
    if settings["operator"] == "convolution":
        rows, columns = settings["kernel_height"], settings["kernel_width"]
        arrays |= {"weight": _KERNELS[:, :, :rows, :columns], "bias": _BIASES}
    return {name: array.copy() for name, array in arrays.items()}


def _idle(settings: Settings) -> set[str]:
    """The settings that this operator does not have."""
    idle = set() if settings["operator"] == "average" else {"ceil_mode", "count_include_pad"}
    if settings["operator"] == "subsampling":
        idle |= {"padding_height", "padding_width"}
    return idle


def _settle(settings: Settings) -> Settings:
    """Keep the chosen output among those that there are."""
    chosen = _arguments(settings)
    last = {}
    for axis, (name, side) in enumerate((("row", "height"), ("column", "width"))):
        try:
            outputs = output_size(
                settings[side],
                chosen["kernel_size"][axis],
                chosen["stride"][axis],
                chosen.get("padding", (0, 0))[axis],
                ceil_mode=chosen.get("ceil_mode", False),
            )
        except ValueError:  # the picture will say so
            outputs = 1
        last[name] = min(settings[name], outputs - 1)
    return settings | last


# ---------------------------------------------------------------- the picture


def _picture(answer: Callable | None) -> Callable[..., Figure]:
    """The pure function of the demo: from settings to a figure."""

    @lru_cache(maxsize=64)
    def call(items: tuple[tuple[str, Any], ...]) -> Call:
        assert answer is not None
        settings = dict(items)
        x, *arrays = _arrays(settings).values()
        arguments = _arguments(settings)
        if settings["operator"] == "convolution":
            del arguments["kernel_size"]
        return Call(answer, x, tuple(arrays), arguments)

    def picture(**settings: Any) -> Figure:
        at = (settings.pop("channel"), settings.pop("row"), settings.pop("column"))
        arguments = {**_arrays(settings), **_arguments(settings), "output": at}
        if answer is None:
            return window_explorer(settings["operator"], **arguments)
        try:
            called = call(tuple(settings.items()))
        except ValueError:
            window_explorer(settings["operator"], **arguments)  # do the settings fit at all?
            raise
        shown = Answer(called.output, None)
        if all(i < n for i, n in zip(at, called.output.shape, strict=True)):
            shown = Answer(called.output, called.reads(at))
        return window_explorer(settings["operator"], **arguments, answer=shown)

    return picture
