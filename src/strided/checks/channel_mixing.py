"""The checks of lesson 06: mixing matrices, groups, tables, and the nested sets of layers."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from strided import channels as library
from strided import geometry, operators
from strided.checks.convolution import conv2d_shape
from strided.checks.core import (
    LARGE,
    Case,
    Check,
    Outcome,
    as_array,
    case,
    differing,
    indent,
    integers,
    run,
    show,
    side_by_side,
    span,
)
from strided.slips.core import Slip


def _kernels(*shape: int) -> np.ndarray:
    """Small integers, as irregular, and none of them 0."""
    count = int(np.prod(shape))
    values = (np.arange(count) * 5) % 11 - 4
    return np.where(values == 0, 7, values).astype(float).reshape(shape)


# ---------------------------------------------------------------- mixing_matrix

SMALLEST = 8
"""Fewest rows and columns of the images that an operator takes."""


def as_operator(name: str, in_channels: int, function: Callable) -> Callable:
    """Make a function of images into what `mixing_matrix` is handed.

    It takes `(in_channels, H, W)`, or a batch of them, of any numbers, with H and W at least 8, and
    says what is wrong with anything else.
    """

    def operator(x):
        images = np.asarray(x, dtype=float)
        if images.ndim not in (3, 4) or images.shape[-3] != in_channels:
            raise ValueError(
                f"operator takes arrays of shape ({in_channels}, H, W) or (N, {in_channels}, "
                f"H, W), got {images.shape}"
            )
        if min(images.shape[-2:]) < SMALLEST:
            raise ValueError(
                f"operator takes images of at least {SMALLEST} rows and columns, "
                f"got shape {images.shape}"
            )
        return function(images)

    operator.__name__ = name
    return operator


# Every operator is affine, reads every pixel at every size, and has kernels of one sign: an impulse,
# ones and random numbers all show what is connected. Channels that are not are never multiplied.
_OPERATORS = {
    "two_groups": (
        4,
        lambda x: operators.conv2d(
            x,
            np.abs(_kernels(6, 2, 3, 2)) * np.array([1.0, -1] * 3)[:, None, None, None],
            np.arange(6.0) - 2,
            stride=2,
            padding=1,
            groups=2,
        ),
    ),
    "gain_and_bias": (
        3,
        lambda x: operators.subsample2d(
            x, np.array([2.0, -1, 3]), np.array([10.0, -20, 30]), (2, 3)
        ),
    ),
    "by_table": (
        3,
        lambda x: library.conv2d_table(
            x,
            [[0, 2], [1], [2, 1], [0]],
            np.array([1.0, 2, -1, 3, 1, -2])[:, None, None] * np.ones((2, 3)),
            np.array([5.0, 0, -3, 1]),
        ),
    ),
    "average_turned_round": (
        3,
        lambda x: operators.avg_pool2d(x, (3, 2), 2, 1)[..., ::-1, :, :],
    ),
    "one_pixel_windows": (
        2,
        lambda x: operators.conv2d(
            x,
            np.array([[2.0, 1], [-1, 3], [1, -2]])[:, :, None, None],
            np.array([4.0, 0, 7]),
            padding=1,
        ),
    ),
}


def _mixing_shape(call: Case) -> str:
    operator, inputs = call.args
    outputs = len(operator(np.zeros((inputs, SMALLEST, SMALLEST))))
    return f"(out_channels, in_channels): operator makes {outputs} channels of {inputs}"


def _mixing_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say what one input channel does to one output channel."""
    (operator, inputs), (k, c) = call.args, index
    rest = np.zeros((inputs, SMALLEST, SMALLEST))
    before = operator(rest)[k]
    rest[c] = 1
    after = operator(rest)[k]
    middle = before.shape[0] // 2, before.shape[1] // 2
    was, now = show(before[middle]), show(after[middle])
    if was == now:
        effect = f"output channel {k} stays as it is, {was} in its middle, so it is False"
    else:
        effect = f"the middle of output channel {k} goes from {was} to {now}, so it is True"
    return f"let input channel {c} alone go from all 0 to all 1:\n{effect}"


mixing_matrix = Check(
    exercise="mixing_matrix",
    reference=library.mixing_matrix,
    arguments=("operator", "in_channels"),
    cases=tuple(
        case(as_operator(name, inputs, function), inputs)
        for name, (inputs, function) in _OPERATORS.items()
    ),
    shape=_mixing_shape,
    reads=_mixing_reads,
)

# ---------------------------------------------------------------- conv2d_groups


def _pair(call: Case, name: str, default: int) -> tuple[int, int]:
    return geometry.pair(call.kwargs.get(name, default), name)


def conv2d_groups_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say to which group one output belongs, which channels it reads there, and what the sum is."""
    x, weight = call.args[:2]
    (sh, sw), (ph, pw) = _pair(call, "stride", 1), _pair(call, "padding", 0)
    groups = call.kwargs.get("groups", 1)
    n, k, i, j = index
    inputs, outputs = weight.shape[1], len(weight) // groups
    group = k // outputs
    lines = [
        f"group {group} of {groups}: outputs {_from_to(group * outputs, outputs)}, "
        f"made of channels {_from_to(group * inputs, inputs)}"
    ]
    name = "x"
    if ph or pw:
        name = "padded"
        lines.append(f"where padded is x with padding {(ph, pw)} on every side,")
    top, left = i * sh, j * sw
    rows, columns = (top, top + weight.shape[2]), (left, left + weight.shape[3])
    read = span(group * inputs, (group + 1) * inputs)
    lines.append(f"it must read {name}[{n}, {read}, {span(*rows)}, {span(*columns)}]:")
    padded = np.pad(x, [(0, 0), (0, 0), (ph, ph), (pw, pw)])
    window = padded[n, group * inputs : (group + 1) * inputs, slice(*rows), slice(*columns)]
    for place, values in enumerate(window):
        lines += [f"  channel {group * inputs + place}, times weight[{k}, {place}]"]
        lines += side_by_side(values, weight[k, place])
    bias = call.args[2] if len(call.args) > 2 else None
    lines.append(_sum((window * weight[k]).sum(axis=(1, 2)), bias, k))
    return "\n".join(lines)


def _from_to(first: int, count: int) -> str:
    return f"{first} to {first + count - 1}" if count > 1 else str(first)


def _sum(sums: np.ndarray, bias: np.ndarray | None, k: int) -> str:
    """Write how one output adds up."""
    terms, total = [show(value) for value in sums], sums.sum()
    if bias is not None:
        terms.append(f"{show(bias[k])} (bias[{k}])")
        total += bias[k]
    result = "" if len(terms) == 1 else f" = {show(total)}"
    return f"and add up: {' + '.join(terms)}{result}"


def _conv2d_groups(x, weight, bias=None, stride=1, padding=0, groups=1):
    return operators.conv2d(x, weight, bias, stride, padding, groups=groups)


_OFFSETS = np.array([10.0, -20, 30, 5, -15, 40])

conv2d_groups = Check(
    exercise="conv2d_groups",
    reference=_conv2d_groups,
    arguments=("x", "weight", "bias", "stride", "padding", "groups"),
    cases=(
        case(integers(1, 4, 3, 4), _kernels(4, 2, 2, 3), groups=2),
        case(integers(1, 6, 4, 5), _kernels(6, 2, 2, 3), _OFFSETS, groups=3),
        case(integers(1, 3, 5, 4), _kernels(6, 1, 3, 2), _OFFSETS, stride=(1, 2), groups=3),
        case(integers(1, 2, 4, 6), _kernels(3, 2, 2, 3), _OFFSETS[:3]),
        case(
            integers(1, 4, 6, 7),
            _kernels(6, 2, 3, 2),
            _OFFSETS,
            stride=(2, 3),
            padding=(2, 1),
            groups=2,
        ),
        case(
            integers(2, 4, 5, 4).astype(int),
            _kernels(4, 2, 2, 3) / 2,
            _OFFSETS[:4],
            stride=2,
            padding=1,
            groups=2,
        ),
    ),
    shape=conv2d_shape,
    reads=conv2d_groups_reads,
)

# ---------------------------------------------------------------- conv2d_table


def conv2d_table_shape(call: Case) -> str:
    """Derive the output's shape from a case, as a sentence."""
    x, table, kernels = call.args[:3]
    lines = [f"(N, K, height, width), with N = {len(x)} of x, K = {len(table)} of table, and"]
    for name, n, k, s in zip(
        ("height", "width"), x.shape[2:], kernels.shape[1:], _pair(call, "stride", 1), strict=True
    ):
        lines.append(f"{name} = floor(({n} - {k}) / {s}) + 1 = {geometry.output_size(n, k, s)}")
    return "\n".join(lines)


def conv2d_table_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say which channels one output reads by the table, with which kernels, and the sum."""
    x, table, kernels, bias = call.args[:4]
    (sh, sw), (n, k, i, j) = _pair(call, "stride", 1), index
    rows, columns = (i * sh, i * sh + kernels.shape[1]), (j * sw, j * sw + kernels.shape[2])
    first = sum(len(reads) for reads in table[:k])
    lines = [
        f"table[{k}] is {table[k]}, and its kernels are kernels[{span(first, first + len(table[k]))}]",
        f"it must read rows {span(*rows)} and columns {span(*columns)}   (start = index * stride):",
    ]
    sums = []
    for number, channel in enumerate(table[k], first):
        window = x[n, channel, slice(*rows), slice(*columns)]
        lines += [f"  x[{n}, {channel}], times kernels[{number}]"]
        lines += side_by_side(window, kernels[number])
        sums.append((window * kernels[number]).sum())
    return "\n".join([*lines, _sum(np.array(sums), bias, k)])


conv2d_table = Check(
    exercise="conv2d_table",
    reference=library.conv2d_table,
    arguments=("x", "table", "kernels", "bias", "stride"),
    cases=(
        case(integers(1, 2, 3, 4), [[1], [0, 1]], _kernels(3, 2, 3), np.zeros(2)),
        case(integers(1, 3, 4, 4), [[0, 1], [2], [1, 2]], _kernels(5, 3, 2), _OFFSETS[:3]),
        case(integers(1, 4, 5, 6), [[3, 0], [1, 2, 3], [2]], _kernels(6, 2, 3), _OFFSETS[3:]),
        case(
            integers(2, 3, 6, 7), [[2, 0], [1], [0, 1, 2], [1, 0]], _kernels(8, 2, 3), _OFFSETS[:4],
            stride=(2, 3),
        ),
        case(
            integers(2, 2, 5, 4).astype(int), [[0], [1, 0]], _kernels(3, 3, 2) / 2, _OFFSETS[:2],
            stride=2,
        ),
    ),
    shape=conv2d_table_shape,
    reads=conv2d_table_reads,
)  # fmt: skip

# ---------------------------------------------------------------- as_conv_weight


def as_conv_weight_shape(call: Case) -> str:
    """Derive the weight's shape from a case: as many channels go in as come out."""
    _, count, kernel_size = call.args[:3]
    kh, kw = geometry.pair(kernel_size, "kernel_size")
    return f"(out, in, kH, kW), with {count} channels in, {count} out, and kernels of {kh} x {kw}"


def as_conv_weight_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say what one number of the weight stands for."""
    (kind, _, kernel_size), (k, c, t, s) = call.args[:3], index
    kh, kw = geometry.pair(kernel_size, "kernel_size")
    if k != c:
        return (
            f"it is in the kernel from channel {c} to channel {k}; in this layer no channel\n"
            "reaches another one, so these kernels are zero"
        )
    own = {
        "average": f"one over the number of pixels in the window, 1/({kh}*{kw})",
        "subsampling": f"weight[{k}], the gain of that channel, at every place of the window",
        "depthwise": f"weight[{k}, 0, {t}, {s}], of that channel's own kernel",
    }[kind]
    return f"it is in the kernel from channel {k} to itself, and must be\n{own}"


_KERNEL = np.array([[[[1.0, 2, 3], [4, 5, 7]]], [[[0, -1, 2], [3, 1, -2]]]])

as_conv_weight = Check(
    exercise="as_conv_weight",
    reference=library.as_conv_weight,
    arguments=("kind", "channels", "kernel_size", "weight"),
    cases=(
        case("subsampling", 2, (2, 3), np.array([3.0, -1])),
        case("average", 3, (4, 1)),
        case("average", 2, 2),
        case("subsampling", 3, (1, 2), np.array([2, 0, -5])),
        case("depthwise", 2, (2, 3), _KERNEL),
        case("depthwise", 3, 2, np.arange(12).reshape(3, 1, 2, 2)),
        Case(("maximum", 2, (2, 3)), raises=ValueError),
    ),
    shape=as_conv_weight_shape,
    reads=as_conv_weight_reads,
)

# ---------------------------------------------------------------- counterexample


class ByDistance(Check):
    """A check that any right weight passes: one far enough from every SubSampling."""

    def _difference(self, got: object, expected: object, call: Case) -> str:
        return _fault(got, *call.args)[1]

    def _recognise(
        self, outcomes: Sequence[Outcome], cases: Sequence[Case], reference: Callable
    ) -> list[Slip]:
        from strided.slips import bank  # as in `core`: only a wrong answer pays for it

        def faults(results: Sequence[Outcome]) -> list[Any]:
            pairs = zip(results, cases, strict=True)
            return [o.error is None and _fault(o.value, *call.args)[0] for o, call in pairs]

        given = faults(outcomes)
        return [
            slip
            for slip in bank(self.exercise).values()
            if faults([run(slip.function, call) for call in cases]) == given
        ]

    def drawn(self, *known: Any) -> None:
        """Nothing: there is no one target to stand beside."""

    def yours(self, function: Callable):
        """Your weight for the first case, beside that of the SubSampling nearest to it."""
        from strided import figures
        from strided.display import Html

        value = run(function, self.cases[0]).value
        array = None if value is None else as_array(value)
        count, kernel_size = self.cases[0].args
        wanted = (count, count, *geometry.pair(kernel_size, "kernel_size"))
        if array is None or array.shape != wanted or not np.isfinite(array).all():
            text = "Come back when your function returns a weight of the right shape."
            return Html(f"<p>{text}</p>", text)
        gains, distance = library.nearest_subsampling(array.real)
        nearest = library.as_conv_weight("subsampling", count, kernel_size, gains)
        return figures.arrays(
            {"yours": array.real, "nearest SubSampling": nearest},
            marks={"yours": differing(array.real, nearest)},
            caption=f"{self._call(self.cases[0])} lies {distance:.3g} away from the nearest "
            f"SubSampling, and its own size is {np.linalg.norm(array):.3g}.",
        )


def _fault(value: Any, count: int, kernel_size: library.Size) -> tuple[Any, str]:
    """What is wrong with a counterexample: a key to compare by, and the explanation; or two blanks."""
    kernel = geometry.pair(kernel_size, "kernel_size")
    weight = as_array(value)
    if weight is None or weight.dtype.kind == "c":
        return "type", f"  it must be an array of real numbers; yours is a {type(value).__name__}"
    wanted = (count, count, *kernel)
    if weight.shape != wanted:
        return ("shape", weight.shape), (
            f"  out has shape {weight.shape}, expected {wanted}\n"
            f"    (out, in, kH, kW), with {count} channels in and {count} out"
        )
    weight = weight.astype(float)
    if not np.isfinite(weight).all():
        return "finite", "  out has entries that are no finite numbers"
    largest = float(np.abs(weight).max(initial=0))
    if largest == 0:
        return "zeros", indent("out is zero everywhere: so is SubSampling with gains of 0")
    if (
        largest > LARGE
    ):  # its square would be infinite; a multiple of it is as far from a SubSampling
        weight = weight / largest
    size = float(np.linalg.norm(weight))
    gains, distance = library.nearest_subsampling(weight)
    if distance > library.DISTINCT * size:
        return "", ""
    average = np.allclose(gains, 1 / np.prod(kernel))
    lines = [
        f"a SubSampling does the same, with gains {show(gains)}:",
        "every kernel from a channel to itself is one number repeated, and no channel",
        "reaches another one",
        f"(distance to the nearest SubSampling {distance:.2g}, size of your weight {size:.3g})",
    ]
    return "average" if average else "gains", indent("\n".join(lines))


def _counterexample(count: int, kernel_size: library.Size) -> np.ndarray:
    weight = np.zeros((count, count, *geometry.pair(kernel_size, "kernel_size")))
    weight[0, 1] = 1
    return weight


counterexample = ByDistance(
    exercise="counterexample",
    reference=_counterexample,
    arguments=("channels", "kernel_size"),
    cases=(case(2, (2, 3)), case(3, (4, 1)), case(2, (1, 5)), case(4, 2)),
)
