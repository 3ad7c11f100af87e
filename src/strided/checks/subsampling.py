"""The checks of lesson 04: SubSampling, the average as one of its cases, and LeNet-5's counts."""

from dataclasses import dataclass

import numpy as np

from strided import geometry, operators
from strided.checks.core import Case, Check, block, case, integers, show, span

# ---------------------------------------------------------------- subsample2d


def _settings(call: Case) -> tuple[tuple[int, int], tuple[int, int]]:
    kernel = geometry.pair(call.args[3], "kernel_size")
    stride = geometry.pair(call.kwargs.get("stride", 1), "stride")
    return kernel, stride


def subsample2d_shape(call: Case) -> str:
    """Derive the output's height and width from a case, as a sentence."""
    x, (kernel, stride) = call.args[0], _settings(call)
    lines = ["as many images and channels as x, and"]
    if "stride" not in call.kwargs:
        lines = ["as many images and channels as x, and, with stride 1 as none is given,"]
    for name, n, k, d in zip(("height", "width"), x.shape[2:], kernel, stride, strict=True):
        lines.append(f"{name} = floor(({n} - {k}) / {d}) + 1 = {geometry.output_size(n, k, d)}")
    return "\n".join(lines)


def subsample2d_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say which window one output of subsample2d must read, and do its arithmetic."""
    x, weight, bias = call.args[:3]
    ((kh, kw), (sh, sw)), (n, k, i, j) = _settings(call), index
    rows, columns = slice(i * sh, i * sh + kh), slice(j * sw, j * sw + kw)
    total = x[n, k, rows, columns].sum()
    where = f"x[{n}, {k}, {span(rows.start, rows.stop)}, {span(columns.start, columns.stop)}]"
    numbers = f"{show(bias[k])} + {show(weight[k])} * {show(total)}"
    lines = [
        f"it must read {where}   (start = index * stride):",
        block(x[n, k, rows, columns]),
        f"whose sum is {show(total)}, and so it must be",
        f"  bias[{k}] + weight[{k}] * sum = {numbers} = {show(bias[k] + weight[k] * total)}",
    ]
    return "\n".join(lines)


subsample2d = Check(
    exercise="subsample2d",
    reference=operators.subsample2d,
    arguments=("x", "weight", "bias", "kernel_size", "stride"),
    cases=(
        case(integers(1, 2, 4, 5), np.array([2.0, -1.0]), np.array([10.0, -20.0]), (2, 3)),
        case(integers(1, 3, 5, 4), np.array([3.0, 2.0, -2.0]), np.array([1.0, 0.0, 5.0]), (3, 2)),
        case(
            integers(1, 2, 6, 8), np.array([1.0, 4.0]), np.array([7.0, -3.0]), (2, 3), stride=(2, 3)
        ),
        case(
            integers(2, 2, 7, 9), np.array([-1.0, 3.0]), np.array([5.0, 2.0]), (3, 2), stride=(1, 4)
        ),
        case(integers(2, 2, 8, 6), np.array([2.0, 5.0]), np.array([-6.0, 9.0]), 3, stride=2),
        case(
            integers(1, 2, 4, 6).astype(int),
            np.array([0.5, 1.5]),
            np.array([0.0, 1.0]),
            2,
            stride=2,
        ),
    ),
    shape=subsample2d_shape,
    reads=subsample2d_reads,
)

# ---------------------------------------------------------------- average_as_subsampling


def _average_as_subsampling(
    channels: int, kernel_size: int | tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    kh, kw = geometry.pair(kernel_size, "kernel_size")
    return np.full(channels, 1 / (kh * kw)), np.zeros(channels)


def _about_average(call: Case) -> str:
    channels, kernel_size = call.args
    kh, kw = geometry.pair(kernel_size, "kernel_size")
    return (
        f"bias + weight * sum must be the average of {kh} * {kw} numbers, whatever they are,\n"
        f"in each of {channels} channels: so each array has shape ({channels},)"
    )


average_as_subsampling = Check(
    exercise="average_as_subsampling",
    reference=_average_as_subsampling,
    arguments=("channels", "kernel_size"),
    cases=(case(2, (2, 3)), case(3, (4, 1)), case(1, (1, 5)), case(4, 2)),
    parts=("weight", "bias"),
    about=_about_average,
)

# ---------------------------------------------------------------- layer_counts


@dataclass(frozen=True)
class Layer:
    """A layer of LeNet-5 (LeCun et al. 1998), for counting.

    reads: for each of the layer's maps, how many numbers one of its outputs reads.
    side: rows, and columns, of each map.
    weights: learnt weights of each map; the bias is one more.
    """

    reads: tuple[int, ...]
    side: int
    weights: tuple[int, ...]

    def counts(self) -> tuple[int, int]:
        """Parameters, and connections: each output's inputs and its bias."""
        maps = len(self.reads)
        return sum(self.weights) + maps, (sum(self.reads) + maps) * self.side**2


_C3 = (25 * 3,) * 6 + (25 * 4,) * 9 + (25 * 6,)
_C5 = (25 * 16,) * 120
LENET5 = {
    "S2": Layer((4,) * 6, 14, (1,) * 6),
    "C3": Layer(_C3, 10, _C3),
    "S4": Layer((4,) * 16, 5, (1,) * 16),
    "C5": Layer(_C5, 1, _C5),
}


def _layer_counts(layer: str) -> tuple[int, int]:
    return LENET5[layer].counts()


def _about_layer(call: Case) -> str:
    layer = LENET5[call.args[0]]
    each = " or ".join(str(reads) for reads in sorted(set(layer.reads)))
    return (
        f"{call.args[0]} has {len(layer.reads)} maps of {layer.side}x{layer.side} outputs;\n"
        f"one output reads {each} numbers, and a bias"
    )


layer_counts = Check(
    exercise="layer_counts",
    reference=_layer_counts,
    arguments=("layer",),
    # S4 follows S2's rule: the hidden test asks for it.
    cases=(case("S2"), case("C3"), case("C5"), Case(("S3",), raises=ValueError)),
    parts=("parameters", "connections"),
    about=_about_layer,
)
