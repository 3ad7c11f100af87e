"""Who talks to whom: which input channels an output channel reads, and what that makes possible.

A table says for each output channel which input channels it reads: `table[k]` lists them. With the
same window and stride, without padding and with sizes rounded down,

    average pooling ⊂ SubSampling ⊂ strided depthwise convolution ⊂ strided convolution

where each kind is a case of the next (`as_conv_weight`), and no step can be taken back as soon as
there are two channels and two pixels in a window (`witnesses`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from strided import operators
from strided.geometry import integer, pair

Size = int | tuple[int, int]
Table = Sequence[Sequence[int]]

C3_TABLE: Table = (
    *((k, (k + 1) % 6, (k + 2) % 6) for k in range(6)),
    *((k, (k + 1) % 6, (k + 2) % 6, (k + 3) % 6) for k in range(6)),
    (0, 1, 3, 4),
    (1, 2, 4, 5),
    (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)
"""Which of S2's 6 maps each of C3's 16 maps reads (LeCun et al. 1998, table I)."""

KINDS = ("average", "subsampling", "depthwise", "grouped", "table", "pointwise", "convolution")
"""The ways to wire channels that `parameter_count` knows."""

DISTINCT = 1e-6
"""A weight farther than this from a set, as a share of its own norm, is not in the set."""


# ---------------------------------------------------------------- wiring


def mixing_matrix(
    operator: Callable[[np.ndarray], ArrayLike], in_channels: int, size: tuple[int, int] = (8, 9)
) -> np.ndarray:
    """Find out which outputs change when one input channel does, by trying every channel alone.

    Args:
        operator: takes `(in_channels, H, W)`, returns `(out_channels, H', W')`. One trial tells
            all about an affine operator; of another one (a maximum, say) it may miss a connection.
        in_channels: channels to try.
        size: rows and columns of the images to try it on.

    Returns:
        `(out_channels, in_channels)` booleans: whether output k reads input c.

    Raises:
        TypeError: `in_channels` is not an int.
        ValueError: `in_channels` is smaller than 1.
    """
    rng = np.random.default_rng(0)
    rest = np.zeros((integer(in_channels, "in_channels", 1), *size))
    before = np.asarray(operator(rest))
    columns = []
    for channel in range(in_channels):
        x = rest.copy()
        x[channel] = rng.uniform(1, 2, size)
        columns.append((np.asarray(operator(x)) != before).any(axis=(1, 2)))
    return np.stack(columns, axis=1)


def group_table(in_channels: int, out_channels: int, groups: int) -> list[list[int]]:
    """List the input channels that each output of a grouped convolution reads.

    Args:
        in_channels: channels of the input, a multiple of `groups`.
        out_channels: channels of the output, a multiple of `groups`.
        groups: equal parts into which both are divided.

    Raises:
        TypeError: a number is not an int.
        ValueError: a number is smaller than 1, or `groups` does not divide both others.
    """
    groups = integer(groups, "groups", 1)
    in_channels = integer(in_channels, "in_channels", 1)
    out_channels = integer(out_channels, "out_channels", 1)
    if in_channels % groups or out_channels % groups:
        raise ValueError(
            f"groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}"
        )
    inputs, outputs = in_channels // groups, out_channels // groups
    table = []
    for k in range(out_channels):
        group = k // outputs
        table.append(list(range(group * inputs, (group + 1) * inputs)))
    return table


def table_matrix(table: Table, in_channels: int) -> np.ndarray:
    """Write a table as a mixing matrix: `(out_channels, in_channels)` booleans.

    Args:
        table: for each output channel, the input channels that it reads.
        in_channels: channels of the input.

    Raises:
        TypeError: `in_channels` is not an int.
        ValueError: `in_channels` is smaller than 1, or a row names a channel that is not there.
    """
    matrix = np.zeros((len(table), integer(in_channels, "in_channels", 1)), dtype=bool)
    for k, reads in enumerate(table):
        if not all(0 <= channel < in_channels for channel in reads):
            raise ValueError(
                f"table[{k}] must list some of the channels 0 to {in_channels - 1}, "
                f"got {list(reads)}"
            )
        matrix[k, list(reads)] = True
    return matrix


def conv2d_table(
    x: ArrayLike, table: Table, kernels: ArrayLike, bias: ArrayLike, stride: Size = 1
) -> np.ndarray:
    """Convolve by a table of connections, as LeNet-5's C3 and Torch7's SpatialConvolutionMap.

    Args:
        x: `(N, C, H, W)` or `(C, H, W)`.
        table: for each output channel, the input channels that it reads; at least one.
        kernels: `(connections, kH, kW)`, in the table's order: first those of output 0, one for
            each channel that it lists, in that order, then those of output 1, and so on.
        bias: `(len(table),)`.
        stride: pixels from one window to the next, an int or `(height, width)`.

    Returns:
        `(N, len(table), out_H, out_W)` or `(len(table), out_H, out_W)`.

    Raises:
        ValueError: a row of the table is empty or names a channel that x does not have, there is
            not one kernel for each connection, or one bias for each row; and as
            `operators.conv2d`.
        TypeError: as `operators.conv2d`.
    """
    images, taps, offsets = np.asarray(x), np.asarray(kernels), np.asarray(bias)
    if images.ndim not in (3, 4):
        raise ValueError(f"x must be (N, C, H, W) or (C, H, W), got shape {images.shape}")
    channels = images.shape[-3]
    for k, reads in enumerate(table):
        if not len(reads) or not all(0 <= channel < channels for channel in reads):
            raise ValueError(
                f"table[{k}] must list some of the channels 0 to {channels - 1} of x "
                f"{images.shape}, got {list(reads)}"
            )
    connections = sum(len(reads) for reads in table)
    if taps.ndim != 3 or len(taps) != connections:
        raise ValueError(
            f"kernels must be ({connections}, kH, kW), one for each connection of the table, "
            f"got shape {taps.shape}"
        )
    if offsets.shape != (len(table),):
        raise ValueError(
            f"bias must have shape ({len(table)},), one number for each row of the table, "
            f"got {offsets.shape}"
        )
    maps, first = [], 0
    for k, reads in enumerate(table):
        own = taps[None, first : first + len(reads)]
        part = images[..., list(reads), :, :]
        maps.append(operators.conv2d(part, own, offsets[k : k + 1], stride))
        first += len(reads)
    return np.concatenate(maps, axis=-3)


def parameter_count(kind: str, table: Table, kernel_size: Size) -> int:
    """Count what a layer learns, biases included.

    Args:
        kind: one of `KINDS`. An average learns nothing, SubSampling one gain and one bias for each
            channel, "pointwise" (1x1) one number for each connection, all others a kernel.
        table: for each output channel, the input channels that it reads.
        kernel_size: window, an int or `(height, width)`.

    Raises:
        ValueError: an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")
    kh, kw = pair(kernel_size, "kernel_size", 1)
    connections, outputs = sum(len(reads) for reads in table), len(table)
    if kind == "average":
        return 0
    taps = 1 if kind in ("subsampling", "pointwise") else kh * kw
    return connections * taps + outputs


# ---------------------------------------------------------------- the nested sets


def as_conv_weight(
    kind: str, channels: int, kernel_size: Size, weight: ArrayLike | None = None
) -> np.ndarray:
    """Return the weight of the convolution that *is* another layer, at the same stride.

    Args:
        kind: "average", "subsampling" or "depthwise".
        channels: as many go in as come out.
        kernel_size: window, an int or `(height, width)`.
        weight: the layer's own: None for an average, `(channels,)` gains for SubSampling,
            `(channels, 1, kH, kW)` kernels for a depthwise convolution. Its bias stays as it is.

    Returns:
        `(channels, channels, kH, kW)`; zeros from every channel to another one.

    Raises:
        ValueError: an unknown kind, or a weight of another shape.
    """
    kh, kw = pair(kernel_size, "kernel_size", 1)
    shapes = {
        "average": (),
        "subsampling": (channels,),
        "depthwise": (channels, 1, kh, kw),
    }
    if kind not in shapes:
        raise ValueError(f"kind must be one of {tuple(shapes)}, got {kind!r}")
    own = np.asarray(1 / (kh * kw) if kind == "average" else weight, dtype=float)
    if own.shape != shapes[kind]:
        raise ValueError(f"weight of {kind} must have shape {shapes[kind]}, got {own.shape}")
    full = np.zeros((channels, channels, kh, kw))
    for c in range(channels):
        full[c, c] = own if kind == "average" else own[c]
    return full


def nearest_subsampling(weight: ArrayLike) -> tuple[np.ndarray, float]:
    """Find the SubSampling whose convolution weight is closest to this one, in least squares.

    The best gain of a channel is the mean of the kernel from the channel to itself; what that
    leaves over, and all kernels between different channels, make the distance.

    Args:
        weight: `(C, C, kH, kW)`.

    Returns:
        `(gains, distance)`: `(C,)` and the root of the sum of squared differences.

    Raises:
        ValueError: another shape.
    """
    w = np.asarray(weight, dtype=float)
    if w.ndim != 4 or w.shape[0] != w.shape[1]:
        raise ValueError(f"weight must be (C, C, kH, kW), got shape {w.shape}")
    channels = np.arange(len(w))
    gains = w[channels, channels].mean(axis=(1, 2))
    nearest = as_conv_weight("subsampling", len(w), w.shape[2:], gains)
    return gains, float(np.linalg.norm(w - nearest))


def witnesses() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Give a convolution of each ring that is in no smaller one, the innermost first: `{ring: (weight, bias)}`.

    Two channels, windows of 2 x 2.
    """
    kernels = np.array([[[[1.0, 2], [3, 4]]], [[[0, 1], [-1, 0]]]])
    full = as_conv_weight("depthwise", 2, 2, kernels)
    full[0, 1] = [[1, 0], [0, 0]]
    return {
        "average": (as_conv_weight("average", 2, 2), np.zeros(2)),
        "subsampling": (as_conv_weight("subsampling", 2, 2, [3.0, -1.0]), np.array([1.0, 0])),
        "depthwise": (as_conv_weight("depthwise", 2, 2, kernels), np.zeros(2)),
        "convolution": (full, np.zeros(2)),
    }
