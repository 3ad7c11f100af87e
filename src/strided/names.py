"""What each framework calls what: the step's word, its default, and Keras 1's names in Keras 2.

Sources: torch/nn `doc/convolution.md`; Caffe `src/caffe/layers/pooling_layer.cpp`; Theano's and
PyTorch's documentation; Keras 1.2.2 `keras/layers/convolutional.py`; Keras 2.0.0
`keras/legacy/interfaces.py`; TensorFlow `tf.nn`, `tf.strided_slice`; ONNX `AveragePool`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from strided.display import Html, table


@dataclass(frozen=True)
class Framework:
    """One framework's conventions, in words.

    step: its words for the step of a window.
    pool_step: the step of a pooling layer that is given none.
    padding: how it says what lies beyond the border.
    rounding: how it counts windows where the step does not divide.
    divisor: whether an average counts padding in its divisor.
    """

    name: str
    step: str
    pool_step: str
    padding: str
    rounding: str
    divisor: str


FRAMEWORKS = (
    Framework(
        "Torch7",
        "`dW`, `dH`",
        "1",
        "symmetric; in pooling at most half the kernel",
        "floor; ceil on request, where a last window beyond the image is dropped only if there is "
        "padding",
        "counts padding, or not on request",
    ),
    Framework(
        "Caffe",
        "`stride`",
        "1",
        "symmetric, less than the kernel",
        "convolution floor; pooling ceil, where a last window beyond the image is dropped only if "
        "there is padding",
        "counts padding",
    ),
    Framework(
        "Theano",
        "`subsample`",
        "",
        "`border_mode`",
        "floor",
        "either: `average_inc_pad` or `average_exc_pad`",
    ),
    Framework(
        "Keras 1",
        "`subsample` (convolution), `strides` (pooling)",
        "the kernel",
        "`border_mode`",
        "as its backend",
        "leaves padding out on Theano with 'same'",
    ),
    Framework(
        "Keras 2 and 3, TensorFlow",
        "`strides`",
        "the kernel",
        "VALID, or SAME with the odd pixel at the end",
        "VALID floor, SAME ceil",
        "leaves padding out",
    ),
    Framework(
        "PyTorch",
        "`stride`",
        "the kernel",
        "symmetric; in pooling at most half the kernel; 'same' for convolutions at stride 1",
        "floor; ceil on request, where a last window beyond the image is always dropped",
        "counts padding, or not on request, or `divisor_override`",
    ),
    Framework(
        "ONNX",
        "`strides`",
        "1",
        "four numbers, SAME_UPPER or SAME_LOWER",
        "floor; ceil on request",
        "leaves padding out, or counts it on request",
    ),
    Framework("signal processing", "decimate or downsample by M", "", "", "", ""),
)
"""The conventions of each framework; an empty word where it has none of that kind."""


def frameworks() -> Html:
    """Show what each framework calls the step, and what it does where you say nothing."""
    head = ["", "word for the step", "pooling's default step", "padding", "rounding"]
    rows = [
        [word or "—" for word in (f.name, f.step, f.pool_step, f.padding, f.rounding, f.divisor)]
        for f in FRAMEWORKS
    ]
    return table([*head, "an average's default divisor"], rows)


# ---------------------------------------------------------------- Keras 1 to Keras 2

LAYERS = {"Convolution1D": "Conv1D", "Convolution2D": "Conv2D"}
"""Layers that Keras 2 renamed; pooling layers kept their names."""

ARGUMENTS = {
    "nb_filter": "filters",
    "nb_row": "kernel_size",
    "nb_col": "kernel_size",
    "filter_length": "kernel_size",
    "subsample": "strides",
    "subsample_length": "strides",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
"""Keras 1's argument names and Keras 2's; `nb_row` and `nb_col` make one pair together."""

DATA_FORMATS = {"tf": "channels_last", "th": "channels_first"}
"""Keras 1's values of `dim_ordering` and Keras 2's of `data_format`."""


def keras1_to_keras2(layer: str, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Translate a layer's name and keyword arguments from Keras 1 to Keras 2.

    Args:
        layer: name of a convolution or pooling layer. One that is not in `LAYERS` stays as it is.
        arguments: keyword arguments. Those that are not in `ARGUMENTS` pass through unchanged.

    Returns:
        `(layer, arguments)`, the arguments in a new dict.

    Raises:
        ValueError: an old and its new name are both given, or only one of `nb_row`, `nb_col`.

    Source: Keras 2.0.0 `keras/legacy/interfaces.py`, which raises TypeError for the first of these.
    """
    if ("nb_row" in arguments) != ("nb_col" in arguments):
        raise ValueError(f"{layer} needs 'nb_row' and 'nb_col' together, got {dict(arguments)}")
    translated: dict[str, Any] = {}
    for old, value in arguments.items():
        new = ARGUMENTS.get(old, old)
        if new != old and new in arguments:
            raise ValueError(
                f"{layer} got both {old!r} and {new!r}, which mean the same: keep {new!r}"
            )
        translated[new] = DATA_FORMATS.get(value, value) if old == "dim_ordering" else value
    if "nb_row" in arguments:
        translated["kernel_size"] = (arguments["nb_row"], arguments["nb_col"])
    return LAYERS.get(layer, layer), translated


def renamings() -> Html:
    """Show the translation from Keras 1 to Keras 2, layers first."""
    rows = [[f"`{old}`", f"`{new}`", ""] for old, new in (LAYERS | ARGUMENTS).items()]
    pair = "`nb_row`, `nb_col`"
    rows = [row for row in rows if row[0] != "`nb_col`"]
    for row in rows:
        if row[0] == "`nb_row`":
            row[0], row[2] = pair, "one pair, `(nb_row, nb_col)`"
        if row[0] == "`dim_ordering`":
            row[2] = ", ".join(f'`"{old}"` becomes `"{new}"`' for old, new in DATA_FORMATS.items())
    return table(["Keras 1", "Keras 2", "the value"], rows)


# ---------------------------------------------------------------- the step in a line of code

MEANINGS = {
    "window": "how far an operator's window moves from one output to the next",
    "keep": "no window: every n-th entry of an array is kept, and nothing else happens",
    "filter": "the signal is smoothed first, then every n-th sample is kept",
    "memory": "how far apart neighbours lie in the computer's memory",
    "enlarge": "how many times more rows and columns come out than go in",
}
"""What the word for a step can say, by the word that answers use."""


@dataclass(frozen=True)
class Snippet:
    """What the step says in one line of code: a key of `MEANINGS`, and the reason."""

    meaning: str
    why: str


SNIPPETS = {
    "Torch7: nn.SpatialSubSampling(6, 2, 2, dW, dH)": Snippet(
        "window",
        "SubSampling is only the layer's name. Its step is dW and dH, which move a 2x2 window; "
        "left out, both are 1.",
    ),
    "Caffe: pooling_param { pool: AVE kernel_size: 3 stride: 2 }": Snippet(
        "window", "There is a window here, of 3x3 pixels, and stride is the number that moves it."
    ),
    "Theano: conv2d(x, w, subsample=(2, 2))": Snippet(
        "window",
        "subsample is Theano's word for the step of the convolution's window. Thinning out the "
        "dense result gives the same numbers, but the argument belongs to the operator.",
    ),
    "Keras 1: Convolution2D(8, 3, 3, subsample=(2, 2))": Snippet(
        "window",
        "The argument belongs to the convolution. Its own description in Keras 1.2.2 adds that it "
        "is called strides elsewhere, and Keras 2 renamed it so.",
    ),
    "Keras 1: Deconvolution2D(8, 3, 3, output_shape=shape, subsample=(2, 2))": Snippet(
        "enlarge",
        "This layer runs the other way, from small to large. Keras 1.2.2 documents its subsample "
        "as a factor to oversample.",
    ),
    "Keras 2: Conv2D(8, (3, 3), strides=(2, 2))": Snippet(
        "window", "(3, 3) is the window, and strides, once called subsample, moves it."
    ),
    "TensorFlow: tf.strided_slice(y, [0, 0], [6, 8], strides=[2, 2])": Snippet(
        "keep", "It is y[0:6:2, 0:8:2] in a longer spelling. No kernel, no window, no sum."
    ),
    "ONNX: AveragePool(x, kernel_shape=[2, 3], strides=[2, 3])": Snippet(
        "window", "kernel_shape is the window, and strides moves it; left out, the step is 1."
    ),
    "PyTorch: x.stride()": Snippet(
        "memory",
        "It asks a tensor for the number of elements from one neighbour to the next along each "
        "axis. The stride of conv2d is another thing.",
    ),
    "NumPy: x.strides": Snippet(
        "memory",
        "It tells how many bytes lie from one neighbour to the next along each axis of the array.",
    ),
    "NumPy: y[..., ::2, ::2]": Snippet(
        "keep", "A slice has no window. It takes every second row and column of what is there."
    ),
    "signal processing: decimate y by 2": Snippet(
        "filter",
        "Decimation is two acts: low-pass, then keep every second sample. The second act alone is "
        "the compressor.",
    ),
}
"""Twelve lines of code, and what the step in each of them says."""


def meanings() -> Html:
    """Show what the word for a step can say."""
    return table(["answer", "what the step says"], [[f'`"{k}"`', v] for k, v in MEANINGS.items()])
