"""The checks of lesson 07: who reads a pixel, and the gradients of the three operators."""

import textwrap
from collections.abc import Sequence

import numpy as np

from strided import geometry, operators
from strided.checks.core import (
    Case,
    Check,
    block,
    case,
    index_text,
    integers,
    show,
    side_by_side,
    span,
)

Pair = tuple[int, int]

LISTED = 6
"""A pixel that more outputs than this have read is explained by the first of them."""


def _numbers(*shape: int) -> np.ndarray:
    """Small whole numbers, zeros and negative ones among them, in no simple order."""
    return np.arange(np.prod(shape)).reshape(shape) * 5 % 13 - 4.0


# ---------------------------------------------------------------- explanations


def _readers(pixel: Pair, outputs: Pair, kernel: Pair, stride: Pair, padding: Pair) -> list[Pair]:
    """Rows and columns of the outputs whose windows hold a pixel."""

    def axis(place: int, count: int, k: int, d: int, p: int) -> list[int]:
        return [i for i in range(count) if 0 <= place + p - i * d < k]

    rows, columns = (
        axis(*values) for values in zip(pixel, outputs, kernel, stride, padding, strict=True)
    )
    return [(y, x) for y in rows for x in columns]


def _listed(names: Sequence[str]) -> str:
    if len(names) > LISTED:
        names = [*names[: LISTED - 1], f"{len(names) - LISTED + 1} more"]
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _received(
    pixel: tuple[int, ...], readers: Sequence[str], terms: Sequence[tuple[str, float]]
) -> str:
    """Say which outputs read a pixel of x, and add up what they send it.

    readers: the outputs, as text; terms: what is sent, as text with its numbers, and its value.
    """
    if not readers:
        return f"no window reads {index_text('x', pixel)}: it must be 0"
    # An index is one word here, whatever its spaces.
    names = _listed([reader.replace(" ", "_") for reader in readers])
    text = textwrap.fill(f"{index_text('x', pixel)} was read by {names}:", 74)
    lines = textwrap.indent(text, "  ")[2:].replace("_", " ").splitlines()
    lines += [f"  {text} = {show(value)}" for text, value in terms[:LISTED]]
    if len(terms) > LISTED:
        lines.append(f"  and {len(terms) - LISTED} more")
    if len(terms) > 1:
        lines.append(f"all of them added up: {show(sum(value for _, value in terms))}")
    return "\n".join(lines)


def _added_up(parts: Sequence[float]) -> str:
    total = f" = {show(sum(parts))}" if len(parts) > 1 else ""
    return f"and add up: {' + '.join(map(show, parts))}{total}"


def _bias_reads(grad_output: np.ndarray, k: int) -> str:
    """Say which numbers of grad_output make the gradient of one bias."""
    lines = [f"bias[{k}] is in every output of channel {k}, in every image:"]
    for n, image in enumerate(grad_output[:, k]):
        lines += [f"  grad_output[{n}, {k}]", block(image)]
    return "\n".join([*lines, _added_up([image.sum() for image in grad_output[:, k]])])


def _gradients_shape(call: Case) -> str:
    x, weight = call.args[1:3]
    return (
        "a gradient has the shape of what it belongs to: "
        f"x {x.shape},\nweight {weight.shape}, bias {weight.shape[:1]}"
    )


PARTS = ("grad_input", "grad_weight", "grad_bias")

# ---------------------------------------------------------------- coverage


def _coverage(
    height: int,
    width: int,
    kernel_size: int | Pair,
    stride: int | Pair = 1,
    padding: int | Pair = 0,
) -> np.ndarray:
    settings = _settings(kernel_size, stride, padding)
    return np.outer(*map(geometry.coverage, (height, width), *settings))


def _settings(kernel_size, stride, padding) -> tuple[Pair, Pair, Pair]:
    return (
        geometry.pair(kernel_size, "kernel_size"),
        geometry.pair(stride, "stride"),
        geometry.pair(padding, "padding"),
    )


def coverage_shape(call: Case) -> str:
    """Say that there is one count for each pixel of the image."""
    height, width = call.args[:2]
    return f"one count for each pixel of the image, without padding: ({height}, {width})"


def coverage_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say which windows read one pixel."""
    size = call.args[:2]
    kernel, stride, padding = _settings(
        call.args[2], call.kwargs.get("stride", 1), call.kwargs.get("padding", 0)
    )
    how = "index * stride - padding" if any(padding) else "index * stride"
    lines, counts = [f"a window starts at {how}:"], []
    for axis, n, k, d, p, at in zip(
        ("row", "column"), size, kernel, stride, padding, index, strict=True
    ):
        windows = [geometry.window(i, k, d, p) for i in range(geometry.output_size(n, k, d, p))]
        reading = [span(*w) for w in windows if w[0] <= at < w[1]]
        counts.append(len(reading))
        lines += [
            f"  {axis}s {', '.join(span(*w) for w in windows)}",
            f"    {axis} {at} is in {len(reading)} of them",
        ]
    return "\n".join([*lines, f"so {counts[0]} * {counts[1]} windows read this pixel"])


coverage = Check(
    exercise="coverage",
    reference=_coverage,
    arguments=("height", "width", "kernel_size", "stride", "padding"),
    cases=(
        case(6, 8, (2, 3), stride=(1, 2)),
        case(5, 7, (3, 2)),
        case(7, 9, (2, 3), stride=(3, 2)),
        case(5, 4, (3, 2), stride=(2, 1), padding=(1, 2)),
        case(7, 6, 3, stride=2, padding=1),
    ),
    shape=coverage_shape,
    reads=coverage_reads,
)

# ---------------------------------------------------------------- avg_pool2d_backward

_POOLING = (
    "grad_output",
    "x_shape",
    "kernel_size",
    "stride",
    "padding",
    "ceil_mode",
    "count_include_pad",
)


def avg_pool2d_backward_shape(call: Case) -> str:
    """Say that a gradient has the shape of the image it belongs to."""
    return (
        f"the gradient of x has the shape of x, {call.args[1]}: padding is cut off,\n"
        "and pixels that no window reads are there too, with 0"
    )


def _pooling_settings(call: Case) -> dict:
    """Windows, steps and divisors of a case."""
    named = dict(zip(_POOLING, call.args, strict=False)) | call.kwargs
    stride = named.get("stride")
    settings = _settings(
        named["kernel_size"],
        named["kernel_size"] if stride is None else stride,
        named.get("padding", 0),
    )
    modes = named.get("ceil_mode", False), named.get("count_include_pad", True)
    _, _, height, width = named["x_shape"]
    divisors = geometry.pooling_divisors(height, width, *settings, *modes)
    return dict(zip(("kernel", "stride", "padding"), settings, strict=True), divisors=divisors)


def avg_pool2d_backward_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say which outputs averaged over one pixel, and which share each of them sends back."""
    grad_output, settings = call.args[0], _pooling_settings(call)
    divisors = settings.pop("divisors")
    n, c, *pixel = index
    readers = _readers((pixel[0], pixel[1]), divisors.shape, **settings)
    terms = []
    for y, x in readers:
        value, divisor = grad_output[n, c, y, x], divisors[y, x]
        name = index_text("grad_output", (n, c, y, x))
        terms.append((f"{name} / {divisor} = {show(value)} / {divisor}", value / divisor))
    return _received(index, [f"out[{n}, {c}, {y}, {x}]" for y, x in readers], terms)


def _pooling_case(shape: tuple[int, ...], *settings, **more) -> Case:
    call = case(None, shape, *settings, **more)
    windows = _pooling_settings(call)["divisors"].shape
    return case(6 * _numbers(*shape[:2], *windows), shape, *settings, **more)


_WHOLE = _pooling_case((1, 2, 6, 5), 3, stride=2, padding=1)

avg_pool2d_backward = Check(
    exercise="avg_pool2d_backward",
    reference=operators.avg_pool2d_backward,
    arguments=_POOLING,
    cases=(
        _pooling_case((1, 1, 5, 8), (2, 3), stride=(1, 2)),
        _pooling_case((1, 2, 5, 7), (2, 3)),
        _pooling_case((2, 2, 7, 5), (3, 2), stride=(2, 1)),
        _pooling_case((1, 2, 5, 7), (3, 2), padding=(1, 0), ceil_mode=True),
        _pooling_case((2, 2, 5, 7), (2, 2), padding=(1, 0), count_include_pad=False),
        _pooling_case((1, 2, 7, 5), (3, 4), (2, 3), (1, 2), True, False),
        case(_WHOLE.args[0].astype(int) // 6, *_WHOLE.args[1:], **_WHOLE.kwargs),
    ),
    shape=avg_pool2d_backward_shape,
    reads=avg_pool2d_backward_reads,
    result="grad_input",
)

# ---------------------------------------------------------------- subsample2d_backward


def subsample2d_backward_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say what one number of one of the three gradients adds up."""
    grad_output, x, weight = call.args[:3]
    kernel, stride, padding = _settings(call.args[3], call.kwargs.get("stride", 1), 0)
    part, *rest = index
    if PARTS[part] == "grad_bias":
        return _bias_reads(grad_output, rest[0])
    if PARTS[part] == "grad_weight":
        return _gain_reads(grad_output, x, rest[0], kernel, stride)
    n, c, *pixel = rest
    readers = _readers((pixel[0], pixel[1]), grad_output.shape[2:], kernel, stride, padding)
    terms = []
    for reader in readers:
        value = grad_output[n, c][reader]
        name = index_text("grad_output", (n, c, *reader))
        text = f"{name} * weight[{c}] = {show(value)} * {show(weight[c])}"
        terms.append((text, value * weight[c]))
    names = [index_text("out", (n, c, *reader)) for reader in readers]
    return _received(tuple(rest), names, terms)


def _gain_reads(grad_output: np.ndarray, x: np.ndarray, k: int, kernel: Pair, stride: Pair) -> str:
    ones = np.ones(x.shape[1])
    sums = operators.subsample2d(x, ones, 0 * ones, kernel, stride)
    lines = [f"weight[{k}] was multiplied with the sum of every window of channel {k}:"]
    for n in range(len(x)):
        lines += [
            f"  image {n}, the windows' sums times grad_output[{n}, {k}]",
            *side_by_side(sums[n, k], grad_output[n, k]),
        ]
    parts = [(sums[n, k] * grad_output[n, k]).sum() for n in range(len(x))]
    return "\n".join([*lines, _added_up(parts)])


def _subsampling_case(x: np.ndarray, weight: list[float], kernel_size, **more) -> Case:
    gain, zero = np.array(weight), np.zeros(len(weight))
    shape = operators.subsample2d(x, gain, zero, kernel_size, **more).shape
    return case(_numbers(*shape), x, gain, kernel_size, **more)


subsample2d_backward = Check(
    exercise="subsample2d_backward",
    reference=operators.subsample2d_backward,
    arguments=("grad_output", "x", "weight", "kernel_size", "stride"),
    cases=(
        _subsampling_case(integers(1, 1, 5, 8), [2.0], (2, 3), stride=(1, 2)),
        _subsampling_case(integers(1, 2, 4, 5), [2.0, -1.0], (2, 3)),
        _subsampling_case(integers(1, 3, 5, 4), [3.0, 2.0, -2.0], (3, 2)),
        _subsampling_case(integers(2, 2, 7, 8), [4.0, -3.0], (2, 3), stride=(3, 2)),
        _subsampling_case(integers(2, 2, 8, 6), [2.0, 5.0], 3, stride=2),
        _subsampling_case(integers(1, 2, 4, 6).astype(int), [0.5, 1.5], 2, stride=2),
    ),
    shape=_gradients_shape,
    reads=subsample2d_backward_reads,
    parts=PARTS,
)

# ---------------------------------------------------------------- conv2d_backward


def conv2d_backward_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say what one number of one of the three gradients adds up."""
    grad_output, x, weight = call.args[:3]
    kernel, stride, padding = _settings(
        weight.shape[2:], call.kwargs.get("stride", 1), call.kwargs.get("padding", 0)
    )
    part, *rest = index
    if PARTS[part] == "grad_bias":
        return _bias_reads(grad_output, rest[0])
    if PARTS[part] == "grad_weight":
        return _kernel_reads(grad_output, x, (rest[0], rest[1], rest[2], rest[3]), stride, padding)
    n, c, row, column = rest
    places = _readers((row, column), grad_output.shape[2:], kernel, stride, padding)
    terms = []
    for reader in [(n, k, *place) for place in places for k in range(len(weight))]:
        _, k, i, j = reader
        tap = (k, c, row + padding[0] - i * stride[0], column + padding[1] - j * stride[1])
        text = (
            f"{index_text('grad_output', reader)} * {index_text('weight', tap)} = "
            f"{show(grad_output[reader])} * {show(weight[tap])}"
        )
        terms.append((text, grad_output[reader] * weight[tap]))
    channels = "0" if len(weight) == 1 else ":"
    return _received(tuple(rest), [f"out[{n}, {channels}, {i}, {j}]" for i, j in places], terms)


def _kernel_reads(
    grad_output: np.ndarray,
    x: np.ndarray,
    tap: tuple[int, int, int, int],
    stride: Pair,
    padding: Pair,
) -> str:
    k, c, t, s = tap
    lines, name = [], "x"
    if any(padding):
        lines, name = [f"where padded is x with padding {padding} on every side,"], "padded"
    padded = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    rows, columns = (
        (at, at + (count - 1) * d + 1, d)
        for at, count, d in zip((t, s), grad_output.shape[2:], stride, strict=True)
    )
    met = padded[:, c, slice(*rows), slice(*columns)]
    lines.append(f"{index_text('weight', tap)} met one pixel for each output:")
    for n in range(len(x)):
        lines += [
            f"  {name}[{n}, {c}, {span(*rows)}, {span(*columns)}] times grad_output[{n}, {k}]",
            *side_by_side(met[n], grad_output[n, k]),
        ]
    parts = [(met[n] * grad_output[n, k]).sum() for n in range(len(x))]
    return "\n".join([*lines, _added_up(parts)])


def _convolution_case(x: np.ndarray, weight: np.ndarray, **more) -> Case:
    return case(_numbers(*operators.conv2d(x, weight, **more).shape), x, weight, **more)


_KERNELS = np.array([[[[1.0, 2, 3], [4, 5, 7]], [[0, -1, 2], [3, 1, -2]]],
                     [[[2.0, 0, 1], [-1, 3, 5]], [[1, 1, 4], [0, 2, -3]]],
                     [[[0.0, 1, 0], [2, -2, 1]], [[5, 0, 1], [1, 0, 6]]]])  # fmt: skip
_TALL = np.array([[[[1.0], [4], [2]], [[3], [-1], [5]]], [[[2.0], [0], [1]], [[1], [6], [-2]]]])

conv2d_backward = Check(
    exercise="conv2d_backward",
    reference=operators.conv2d_backward,
    arguments=("grad_output", "x", "weight", "stride", "padding"),
    cases=(
        _convolution_case(integers(1, 1, 4, 5), _KERNELS[:1, :1]),
        _convolution_case(integers(1, 2, 4, 5), _KERNELS),
        _convolution_case(integers(2, 2, 6, 8), _KERNELS[:2], stride=(2, 3)),
        _convolution_case(integers(1, 2, 7, 6), _TALL, stride=(3, 2)),
        _convolution_case(integers(1, 2, 5, 4), _KERNELS, stride=(2, 1), padding=(1, 2)),
        _convolution_case(integers(2, 2, 5, 6).astype(int), _KERNELS[:2] / 2, stride=2, padding=1),
    ),
    shape=_gradients_shape,
    reads=conv2d_backward_reads,
    parts=PARTS,
)
