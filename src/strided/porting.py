"""Moving a network between frameworks: what it computed there, and the same in this course's layers.

A *spec* is a network as plain data, in its own framework's words.

Torch7: a list of `(class, arguments)`, the arguments by Torch7's names, with the arrays:

    [("SpatialConvolution", {"nInputPlane": 1, "nOutputPlane": 6, "kW": 5, "kH": 3, "weight": ...,
      "bias": ...}), ("Tanh", {}), ("SpatialAveragePooling", {"kW": 2, "kH": 2})]

Keras 1: a dict of the settings that hold for the whole network, and such a list as its "layers":

    {"backend": "tensorflow", "image_dim_ordering": "tf", "input_shape": (28, 28, 1), "layers": [...]}

`torch7` and `keras1` run a spec by its own framework's rules, window by window. `port_torch7` and
`port_keras1`, which translate it, refuse the same specs, and share no other code with them. A
translation is a list of *calls* of this course's layers, such as
`("avg_pool2d", {"kernel_size": (2, 3), "stride": 1})`; `run` runs it.

Images are `(N, C, H, W)` throughout, whatever the other framework's order was. All is computed in
float64.

Sources: torch/nn `SpatialConvolution.lua`, `SpatialZeroPadding.lua`, `SpatialSubSampling.lua`,
`lib/THNN/generic/SpatialAveragePooling.c`; Keras 1.2.2 `keras/layers/convolutional.py`; Theano's
`filter_flip`; TensorFlow's SAME.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from strided import operators
from strided.geometry import clip, pair, same_padding_tensorflow

Pair = tuple[int, int]
Layer = tuple[str, dict[str, Any]]

# ---------------------------------------------------------------- running a list of calls


class CannotRun(ValueError):
    """A list of calls that is none, or a call in it that its layer refuses; the message says which."""


def run(calls: Sequence, x: np.ndarray) -> np.ndarray:
    """Run a list of calls on images, one after the other: `(N, C, H, W)` → `(N, K, outH, outW)`.

    A call is `(name, arguments)`; a layer without arguments may be its name alone. An argument that
    is None counts as left out. The layers:

    | name | arguments |
    |---|---|
    | conv2d | weight, bias=None, stride=1, padding=0, dilation=1, groups=1 |
    | avg_pool2d | kernel_size, stride=the kernel, padding=0, ceil_mode, count_include_pad |
    | subsample2d | weight, bias, kernel_size, stride=1 |
    | pad | padding |
    | relu, tanh | |

    They are those of `strided.operators`, and padding may also be
    `((above, below), (left, right))`.

    Raises:
        CannotRun: what is wrong with which call.
    """
    if not isinstance(calls, list | tuple):
        raise CannotRun(f"a port is a list of calls, and this is a {type(calls).__name__}")
    x = np.asarray(x, dtype=np.float64)
    for number, call in enumerate(calls, 1):
        name, arguments = _read(call, number)
        try:
            x = LAYERS[name](x, **arguments)
        except Exception as error:
            raise CannotRun(f"call {number}, {name}: {error}") from None
    return x


def _read(call: Any, number: int) -> Layer:
    parts = (call,) if isinstance(call, str) else call
    if not isinstance(parts, list | tuple) or not 1 <= len(parts) <= 2:
        raise CannotRun(f"call {number} must be a pair (name, arguments), got {call!r:.60}")
    name, arguments = parts[0], parts[1] if len(parts) == 2 else None
    if not isinstance(name, str) or name not in LAYERS:
        raise CannotRun(f"call {number}: there is no layer {name!r:.60}, only {', '.join(LAYERS)}")
    if not isinstance(arguments, dict | None):
        kind = type(arguments).__name__
        raise CannotRun(f"call {number}, {name}: its arguments must be a dict, got a {kind}")
    given = {key: value for key, value in (arguments or {}).items() if value is not None}
    known, needed = _signature(LAYERS[name])
    for key in given:
        if key not in known:
            takes = f"takes {', '.join(known)}" if known else "takes no arguments"
            raise CannotRun(f"call {number}: {name} {takes}, and no {key!r}")
    for key in needed:
        if key not in given:
            raise CannotRun(f"call {number}: {name} needs {key}")
    return name, given


def _signature(layer: Callable) -> tuple[list[str], list[str]]:
    """Names of all arguments after the images, and of those that must be given."""
    parameters = list(inspect.signature(layer).parameters.values())[1:]
    return [p.name for p in parameters], [p.name for p in parameters if p.default is p.empty]


def _conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1) -> np.ndarray:
    if not isinstance(padding, str):
        x, padding = _padded(x, padding), 0
    weight = np.asarray(weight, dtype=np.float64)
    bias = None if bias is None else np.asarray(bias, dtype=np.float64)
    return operators.conv2d(x, weight, bias, stride, padding, dilation, groups)


def _avg_pool2d(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
) -> np.ndarray:
    rows, columns = _four(padding)
    if rows[0] == rows[1] and columns[0] == columns[1]:
        even = rows[0], columns[0]
        return operators.avg_pool2d(x, kernel_size, stride, even, ceil_mode, count_include_pad)
    if ceil_mode:
        raise ValueError("ceil_mode goes with a padding that is the same on both sides")
    ones = np.ones((1, *x.shape[2:]))
    counted = np.pad(ones, ((0, 0), rows, columns), constant_values=float(count_include_pad))
    sums, taps = (
        operators.avg_pool2d(array, kernel_size, stride, divisor_override=1)
        for array in (_padded(x, padding), counted)
    )
    return sums / taps


def _subsample2d(x, weight, bias, kernel_size, stride=1) -> np.ndarray:
    weight, bias = np.asarray(weight, dtype=np.float64), np.asarray(bias, dtype=np.float64)
    return operators.subsample2d(x, weight, bias, kernel_size, stride)


def _padded(x, padding) -> np.ndarray:
    return np.pad(x, ((0, 0), (0, 0), *_four(padding)))


def _relu(x) -> np.ndarray:
    return np.maximum(x, 0)


def _tanh(x) -> np.ndarray:
    return np.tanh(x)


def _four(padding: Any) -> tuple[Pair, Pair]:
    """Return padding as `((above, below), (left, right))`."""
    if np.ndim(padding) == 2 and np.shape(padding) == (2, 2):
        rows, columns = padding
        return pair(rows, "padding[0]", least=0), pair(columns, "padding[1]", least=0)
    height, width = pair(padding, "padding", least=0)
    return (height, height), (width, width)


LAYERS: dict[str, Callable] = {
    "conv2d": _conv2d,
    "avg_pool2d": _avg_pool2d,
    "subsample2d": _subsample2d,
    "pad": _padded,
    "relu": _relu,
    "tanh": _tanh,
}
"""The layers that a call may name."""

# ---------------------------------------------------------------- windows, as each framework lays them


@dataclass(frozen=True)
class Axis:
    """A layer's windows along one axis of `size` pixels: window `i` starts at `i*step - before`.

    after: pixels of padding at the end, of which a window may overhang more or read less.
    """

    size: int
    kernel: int
    step: int
    before: int
    after: int
    count: int

    def window(self, index: int) -> Pair:
        """Return `(start, stop)`, not clipped to the image."""
        start = index * self.step - self.before
        return start, start + self.kernel

    def inside(self, index: int) -> Pair:
        """Return the part of a window that lies in the image."""
        return clip(*self.window(index), self.size)


def torch7_axes(name: str, layer: Mapping[str, Any], size: Pair) -> tuple[Axis, Axis]:
    """Lay a Torch7 layer's windows on an image of `(height, width)`: its rows and its columns.

    The width comes first in Torch7's constructors. A step that is not given is 1. A convolution's
    padH that is not given is padW. In ceil mode the last window may overhang; one that would start
    beyond image and left padding is dropped, but only if there is padding.
    """
    padW = layer.get("padW", 0)
    padH = layer.get("padH", padW if name == "SpatialConvolution" else 0)
    guarded = padH > 0 or padW > 0
    axes = []
    for n, k, d, p in (
        (size[0], layer["kH"], layer.get("dH", 1), padH),
        (size[1], layer["kW"], layer.get("dW", 1), padW),
    ):
        steps = (n + 2 * p - k) / d
        count = int(np.ceil(steps) if layer.get("ceil_mode", False) else np.floor(steps)) + 1
        if layer.get("ceil_mode", False) and guarded and (count - 1) * d >= n + p:
            count -= 1
        if count < 1:
            raise ValueError(f"{name}: no window of {k} fits {n} pixels with padding {p}")
        axes.append(Axis(n, k, d, p, p, count))
    return axes[0], axes[1]


def keras1_axes(name: str, layer: Mapping[str, Any], size: Pair) -> tuple[Axis, Axis]:
    """Lay a Keras 1 layer's windows on an image of `(height, width)`: its rows and its columns.

    Pairs are rows first. A convolution's step is `subsample`, 1 when absent; a pooling's is
    `strides`, its `pool_size` when absent. 'valid' takes whole windows only. 'same' takes
    ceil(n / step) windows and as much padding as they need, the odd pixel at the end.
    """
    if name == "Convolution2D":
        kernels = layer["nb_row"], layer["nb_col"]
        steps = layer.get("subsample", (1, 1))
    else:
        kernels = layer.get("pool_size", (2, 2))
        steps = layer.get("strides") or kernels
    axes = []
    for n, k, d in zip(size, kernels, steps, strict=True):
        if layer.get("border_mode", "valid") == "same":
            count = -(-n // d)
            missing = max((count - 1) * d + k - n, 0)
        else:
            count, missing = (n - k) // d + 1, 0
        if count < 1:
            raise ValueError(f"{name}: no window of {k} fits {n} pixels")
        axes.append(Axis(n, k, d, missing // 2, missing - missing // 2, count))
    return axes[0], axes[1]


# ---------------------------------------------------------------- Torch7, by its own rules


def torch7(spec: Sequence[Layer], x: np.ndarray) -> np.ndarray:
    """Compute what a Torch7 network computes: `(N, C, H, W)` → `(N, K, outH, outW)`.

    In ceil mode without padding, a last window that lies wholly beyond the image gives 0 or NaN, as
    it does there. Raises ValueError for a class that is not known.
    """
    _check_torch7(spec)
    x = np.asarray(x, dtype=np.float64)
    for name, layer in spec:
        x = TORCH7[name](x, layer)
    return x


def _check_torch7(spec: Sequence[Layer]) -> None:
    for name, _ in spec:
        if name not in TORCH7:
            raise ValueError(f"there is no Torch7 layer {name!r} here, only {', '.join(TORCH7)}")


def _torch7_convolution(x: np.ndarray, layer: Mapping[str, Any]) -> np.ndarray:
    rows, columns = torch7_axes("SpatialConvolution", layer, x.shape[2:])
    weight, bias = layer["weight"], layer["bias"]
    out = np.zeros((len(x), len(weight), rows.count, columns.count))
    for i, j in np.ndindex(out.shape[2:]):
        out[:, :, i, j] = bias
        for t, s in np.ndindex(layer["kH"], layer["kW"]):
            row, column = i * rows.step + t - rows.before, j * columns.step + s - columns.before
            if 0 <= row < rows.size and 0 <= column < columns.size:
                out[:, :, i, j] += x[:, :, row, column] @ weight[:, :, t, s].T
    return out


def _torch7_average(x: np.ndarray, layer: Mapping[str, Any]) -> np.ndarray:
    rows, columns = torch7_axes("SpatialAveragePooling", layer, x.shape[2:])
    out = np.zeros((*x.shape[:2], rows.count, columns.count))
    for i, j in np.ndindex(out.shape[2:]):
        (top, bottom), (left, right) = rows.window(i), columns.window(j)
        bottom, right = (
            min(bottom, rows.size + rows.after),
            min(right, columns.size + columns.after),
        )
        divisor = (bottom - top) * (right - left)
        top, left = max(top, 0), max(left, 0)
        bottom, right = min(bottom, rows.size), min(right, columns.size)
        if not layer.get("count_include_pad", True):
            divisor = (bottom - top) * (right - left)
        with np.errstate(all="ignore"):
            total = x[:, :, top:bottom, left:right].sum(axis=(2, 3))
            out[:, :, i, j] = total / np.float64(divisor)
    return out


def _torch7_subsampling(x: np.ndarray, layer: Mapping[str, Any]) -> np.ndarray:
    rows, columns = torch7_axes("SpatialSubSampling", layer, x.shape[2:])
    out = np.zeros((*x.shape[:2], rows.count, columns.count))
    for i, j in np.ndindex(out.shape[2:]):
        total = x[:, :, slice(*rows.window(i)), slice(*columns.window(j))].sum(axis=(2, 3))
        out[:, :, i, j] = layer["bias"] + layer["weight"] * total
    return out


def _torch7_zero_padding(x: np.ndarray, layer: Mapping[str, Any]) -> np.ndarray:
    left = layer["pad_l"]
    right, top, bottom = (layer.get(side, left) for side in ("pad_r", "pad_t", "pad_b"))
    height, width = x.shape[2:]
    out = np.zeros((*x.shape[:2], top + height + bottom, left + width + right))
    out[:, :, top : top + height, left : left + width] = x
    return out


TORCH7: dict[str, Callable] = {
    "SpatialConvolution": _torch7_convolution,
    "SpatialAveragePooling": _torch7_average,
    "SpatialSubSampling": _torch7_subsampling,
    "SpatialZeroPadding": _torch7_zero_padding,
    "Tanh": lambda x, layer: np.tanh(x),
    "ReLU": lambda x, layer: np.where(x > 0, x, 0.0),
}
"""Torch7's classes that a spec may name."""

# ---------------------------------------------------------------- Keras 1, by its own rules


def keras1(spec: Mapping[str, Any], x: np.ndarray) -> np.ndarray:
    """Compute what a Keras 1 network computes: `(N, C, H, W)` → `(N, K, outH, outW)`.

    The images go in and out channels first, also where the network's own order is 'tf'. Raises
    ValueError for a layer, an activation, a backend or an order that is not known, and for 'same'
    on Theano.
    """
    _check_keras1(spec)
    backend, order = spec["backend"], spec["image_dim_ordering"]
    images = np.asarray(x, dtype=np.float64).transpose(0, 2, 3, 1)  # as 'tf' has them
    for name, layer in spec["layers"]:
        if name == "Convolution2D":
            images = _keras1_convolution(images, layer, backend, order)
        elif name == "AveragePooling2D":
            images = _keras1_average(images, layer)
        images = KERAS1_ACTIVATIONS[layer.get("activation", "linear")](images)
    return images.transpose(0, 3, 1, 2)


def _check_keras1(spec: Mapping[str, Any]) -> None:
    backend, order = spec["backend"], spec["image_dim_ordering"]
    if backend not in ("tensorflow", "theano") or order not in ("tf", "th"):
        raise ValueError(f"backend {backend!r} with image_dim_ordering {order!r} is not known")
    for name, layer in spec["layers"]:
        if name not in KERAS1:
            raise ValueError(f"there is no Keras 1 layer {name!r} here, only {', '.join(KERAS1)}")
        if backend == "theano" and layer.get("border_mode", "valid") != "valid":
            raise ValueError("only 'valid' is known on Theano, whose 'same' has other rules")
        activation = layer.get("activation", "linear")
        if activation not in KERAS1_ACTIVATIONS:
            known = ", ".join(KERAS1_ACTIVATIONS)
            raise ValueError(f"there is no Keras 1 activation {activation!r} here, only {known}")


def _keras1_convolution(images: np.ndarray, layer: Mapping, backend: str, order: str) -> np.ndarray:
    rows, columns = keras1_axes("Convolution2D", layer, images.shape[1:3])
    kernel, *bias = layer["weights"]
    if order == "th":  # (out, in, rows, columns); 'tf' has (rows, columns, in, out)
        kernel = np.moveaxis(kernel, (2, 3, 1, 0), (0, 1, 2, 3))
    out = np.zeros((len(images), rows.count, columns.count, layer["nb_filter"]))
    for i, j in np.ndindex(out.shape[1:3]):
        for t, s in np.ndindex(layer["nb_row"], layer["nb_col"]):
            row, column = rows.window(i)[0] + t, columns.window(j)[0] + s
            if not (0 <= row < rows.size and 0 <= column < columns.size):
                continue
            # Theano convolves: its last tap lies on the window's first pixel.
            tap = kernel[-1 - t, -1 - s] if backend == "theano" else kernel[t, s]
            out[:, i, j] += images[:, row, column] @ tap
    return out + bias[0] if bias else out


def _keras1_average(images: np.ndarray, layer: Mapping[str, Any]) -> np.ndarray:
    rows, columns = keras1_axes("AveragePooling2D", layer, images.shape[1:3])
    out = np.zeros((len(images), rows.count, columns.count, images.shape[3]))
    for i, j in np.ndindex(out.shape[1:3]):
        window = images[:, slice(*rows.inside(i)), slice(*columns.inside(j))]
        out[:, i, j] = window.mean(axis=(1, 2))
    return out


KERAS1 = ("Convolution2D", "AveragePooling2D", "Activation")
"""Keras 1's classes that a spec may name."""

KERAS1_ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda x: x,
    "tanh": np.tanh,
    "relu": lambda x: np.where(x > 0, x, 0.0),
}
"""Keras 1's activations that a spec may name."""

# ---------------------------------------------------------------- the ports


def port_torch7(spec: Sequence[Layer]) -> list[Layer]:
    """Translate a Torch7 spec into calls of this course's layers.

    A window that lies wholly beyond the image, as Torch7 makes them in ceil mode without padding
    where the step is larger than the kernel, has no counterpart: it is left out.

    Raises:
        ValueError: a class that is not known.
    """
    _check_torch7(spec)
    calls: list[Layer] = []
    for name, layer in spec:
        if name in ("Tanh", "ReLU"):
            calls.append((name.lower(), {}))
            continue
        if name == "SpatialZeroPadding":
            left = layer["pad_l"]
            right, top, bottom = (layer.get(side, left) for side in ("pad_r", "pad_t", "pad_b"))
            calls.append(("pad", {"padding": ((top, bottom), (left, right))}))
            continue
        kernel, stride = (layer["kH"], layer["kW"]), (layer.get("dH", 1), layer.get("dW", 1))
        pad_w = layer.get("padW", 0)
        if name == "SpatialConvolution":
            arguments = {"padding": (layer.get("padH", pad_w), pad_w)}
            arguments |= {"weight": layer["weight"], "bias": layer["bias"], "stride": stride}
            calls.append(("conv2d", arguments))
        elif name == "SpatialSubSampling":
            arguments = {"weight": layer["weight"], "bias": layer["bias"]}
            calls.append(("subsample2d", arguments | {"kernel_size": kernel, "stride": stride}))
        else:
            arguments = {"kernel_size": kernel, "stride": stride}
            arguments |= {"padding": (layer.get("padH", 0), pad_w)}
            arguments |= {"ceil_mode": layer.get("ceil_mode", False)}
            arguments |= {"count_include_pad": layer.get("count_include_pad", True)}
            calls.append(("avg_pool2d", arguments))
    return calls


def port_keras1(spec: Mapping[str, Any]) -> list[Layer]:
    """Translate a Keras 1 spec into calls of this course's layers.

    Raises:
        ValueError: a layer, an activation, a backend or an order that is not known, or 'same' on
            Theano, as `keras1` has it.
    """
    _check_keras1(spec)
    order = spec["image_dim_ordering"]
    size = spec["input_shape"][:2] if order == "tf" else spec["input_shape"][1:]
    calls: list[Layer] = []
    for name, layer in spec["layers"]:
        if name == "Convolution2D":
            kernel = layer["nb_row"], layer["nb_col"]
            stride = layer.get("subsample", (1, 1))
        elif name == "AveragePooling2D":
            kernel = layer.get("pool_size", (2, 2))
            stride = layer.get("strides") or kernel
        if name != "Activation":
            same = layer.get("border_mode", "valid") == "same"
            axes = list(zip(size, kernel, stride, strict=True))
            pads = tuple(same_padding_tensorflow(*axis) if same else (0, 0) for axis in axes)
            size = tuple(-(-n // d) if same else (n - k) // d + 1 for n, k, d in axes)
        if name == "Convolution2D":
            weight, *bias = layer["weights"]
            weight = weight.transpose(3, 2, 0, 1) if order == "tf" else weight
            weight = weight[:, :, ::-1, ::-1] if spec["backend"] == "theano" else weight
            arguments = {"weight": weight, "bias": bias[0] if bias else None}
            calls.append(("conv2d", arguments | {"stride": stride, "padding": pads}))
        elif name == "AveragePooling2D":
            arguments = {"kernel_size": kernel, "stride": stride, "padding": pads}
            calls.append(("avg_pool2d", arguments | {"count_include_pad": False}))
        if layer.get("activation", "linear") != "linear":
            calls.append((layer["activation"], {}))
    return calls
