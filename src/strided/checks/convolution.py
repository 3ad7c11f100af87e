"""The checks of lesson 05: the flip, the printed order of the weight, and convolution."""

import numpy as np

from strided import geometry, operators
from strided.checks.core import Case, Check, case, integers, show, side_by_side, span

# ---------------------------------------------------------------- correlate_or_convolve


def _correlate_or_convolve(x: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    correlation, convolution = (
        operators.conv2d(x[None], kernel[None, None])[0] for kernel in (weight, weight[::-1, ::-1])
    )
    return correlation, convolution


def correlate_or_convolve_shape(call: Case) -> str:
    """Derive the shape of both results from a case: only whole windows count."""
    x, weight = call.args
    lines = ["only windows that lie wholly in x count:"]
    for name, n, k in zip(("height", "width"), x.shape, weight.shape, strict=True):
        lines.append(f"{name} = {n} - {k} + 1 = {n - k + 1}")
    return "\n".join(lines)


def correlate_or_convolve_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say which window one output must read, and which kernel it is multiplied with."""
    x, weight = call.args
    part, i, j = index
    rows, columns = (i, i + weight.shape[0]), (j, j + weight.shape[1])
    kernel = "the kernel turned by half a turn" if part else "the kernel as it is"
    return "\n".join(
        [
            f"it must read x[{span(*rows)}, {span(*columns)}], times {kernel}:",
            *side_by_side(x[slice(*rows), slice(*columns)], weight[::-1, ::-1] if part else weight),
        ]
    )


correlate_or_convolve = Check(
    exercise="correlate_or_convolve",
    reference=_correlate_or_convolve,
    arguments=("x", "weight"),
    cases=(
        case(integers(4, 5), np.array([[1.0, 2, 3], [4, 5, 6]])),
        case(integers(5, 4), np.array([[1.0, 0], [-2, 3], [4, 1]])),
        case(integers(3, 6), np.array([[1.0, 2], [0, -1]])),
        case(integers(4, 3).astype(int), np.array([[0.5, 1, 2]])),
    ),
    shape=correlate_or_convolve_shape,
    reads=correlate_or_convolve_reads,
    parts=("correlation", "convolution"),
)

# ---------------------------------------------------------------- weight_from_torch_formula


def _weight_from_torch_formula(w: np.ndarray) -> np.ndarray:
    return np.transpose(w, (3, 2, 1, 0))


def weight_from_torch_formula_shape(call: Case) -> str:
    """Derive the stored shape from the printed one."""
    kw, kh, inputs, outputs = call.args[0].shape
    return (
        f"as printed, (kW, kH, in, out) = ({kw}, {kh}, {inputs}, {outputs}),\n"
        f"so (out, in, kH, kW) = ({outputs}, {inputs}, {kh}, {kw})"
    )


def weight_from_torch_formula_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say which printed weight belongs at one stored index."""
    k, l, t, s = index
    return (
        f"out channel k={k}, in channel l={l}, row t={t}, column s={s} is printed as\n"
        f"w[{s}, {t}, {l}, {k}] = {show(call.args[0][s, t, l, k])}   (counted from 0)"
    )


weight_from_torch_formula = Check(
    exercise="weight_from_torch_formula",
    reference=_weight_from_torch_formula,
    arguments=("w",),
    cases=tuple(
        case(np.arange(float(np.prod(shape))).reshape(shape))
        # The last two shapes do not change, so that only the values tell.
        for shape in ((3, 2, 2, 4), (2, 4, 3, 1), (1, 3, 2, 5), (3, 2, 2, 3), (2, 2, 2, 2))
    ),
    shape=weight_from_torch_formula_shape,
    reads=weight_from_torch_formula_reads,
)

# ---------------------------------------------------------------- conv2d


def _settings(call: Case) -> tuple[tuple[int, int], tuple[int, int]]:
    stride = geometry.pair(call.kwargs.get("stride", 1), "stride")
    padding = geometry.pair(call.kwargs.get("padding", 0), "padding")
    return stride, padding


def conv2d_shape(call: Case) -> str:
    """Derive the output's height and width from a case, as a sentence."""
    x, weight = call.args[:2]
    stride, padding = _settings(call)
    lines = [f"(N, K, height, width), with N = {len(x)} of x, K = {len(weight)} of weight, and"]
    for name, n, k, s, p in zip(
        ("height", "width"), x.shape[2:], weight.shape[2:], stride, padding, strict=True
    ):
        size = geometry.output_size(n, k, s, p)
        lines.append(f"{name} = floor(({n} + 2*{p} - {k}) / {s}) + 1 = {size}")
    return "\n".join(lines)


def conv2d_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say which window one output must read, which kernels it meets, and what the sum is."""
    x, weight = call.args[:2]
    (sh, sw), (ph, pw) = _settings(call)
    n, k, i, j = index
    top, left = i * sh, j * sw
    rows, columns = (top, top + weight.shape[2]), (left, left + weight.shape[3])
    lines, name = [], "x"
    if ph or pw:
        lines, name = [f"where padded is x with padding {(ph, pw)} on every side,"], "padded"
    lines.append(
        f"it must read {name}[{n}, :, {span(*rows)}, {span(*columns)}]   (start = index * stride):"
    )
    padded = np.pad(x, [(0, 0), (0, 0), (ph, ph), (pw, pw)])
    window = padded[n, :, slice(*rows), slice(*columns)]
    for channel, values in enumerate(window):
        lines += [f"  channel {channel}, times weight[{k}, {channel}]"]
        lines += side_by_side(values, weight[k, channel])
    sums = (window * weight[k]).sum(axis=(1, 2))
    terms, total = [show(value) for value in sums], sums.sum()
    if len(call.args) > 2:
        bias = call.args[2][k]
        terms.append(f"{show(bias)} (bias[{k}])")
        total += bias
    result = "" if len(terms) == 1 else f" = {show(total)}"
    return "\n".join([*lines, f"and add up: {' + '.join(terms)}{result}"])


_KERNELS = np.array([[[[1.0, 2, 3], [4, 5, 7]], [[0, -1, 2], [3, 1, -2]]],
                     [[[2.0, 0, 1], [-1, 3, 5]], [[1, 1, 4], [0, 2, -3]]],
                     [[[0.0, 1, 0], [2, -2, 1]], [[5, 0, 1], [1, 0, 6]]]])  # fmt: skip
_TALL = np.array([[[[1.0], [4], [2]], [[3], [-1], [5]]], [[[2.0], [0], [1]], [[1], [6], [-2]]]])
_BIAS = np.array([10.0, -20.0, 30.0])

conv2d = Check(
    exercise="conv2d",
    reference=operators.conv2d,
    arguments=("x", "weight", "bias", "stride", "padding"),
    cases=(
        case(np.arange(35.0).reshape(1, 1, 5, 7), _KERNELS[:1, :1]),
        case(integers(1, 2, 4, 6), _KERNELS),
        case(integers(1, 2, 4, 5), _KERNELS, _BIAS),
        case(integers(1, 2, 6, 8), _KERNELS[:2], stride=(2, 3)),
        case(integers(1, 2, 7, 6), _TALL, _BIAS[:2], stride=(3, 2)),
        case(integers(1, 2, 5, 4), _KERNELS, _BIAS, stride=(2, 1), padding=(1, 2)),
        case(integers(2, 2, 7, 5).astype(int), _KERNELS / 2, _BIAS, stride=2, padding=1),
    ),
    shape=conv2d_shape,
    reads=conv2d_reads,
)
