"""The three forward passes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from strided.operators import arguments
from strided.operators.arguments import Size
from strided.operators.windows import blocks, lay_out, pad, sums


def avg_pool2d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """Average every window of every channel, as `torch.nn.functional.avg_pool2d`.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        kernel_size: window in pixels, an int or `(height, width)`; so are `stride` and `padding`.
        stride: pixels from one window to the next; None steps by the kernel's size.
        padding: zeros added on each side, at most half the kernel.
        ceil_mode: count a last window that overhangs.
        count_include_pad: count padding in the divisor; see `geometry.pooling_divisors`.
        divisor_override: divide every sum by this number instead.

    Returns:
        `(N, C, out_H, out_W)` or `(C, out_H, out_W)`, sizes by `geometry.output_size`.

    Raises:
        TypeError: a size is not an int, a mode is not a bool, or the input's type is not supported.
        ValueError: a size is out of range, an axis is empty, or no window fits.
    """
    x = arguments.images(input)
    windows, divisors = arguments.average_pooling(
        x.shape,
        x.dtype,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )
    output = sums(x, windows)
    output /= divisors
    return output


def subsample2d(
    input: ArrayLike, weight: ArrayLike, bias: ArrayLike, kernel_size: Size, stride: Size = 1
) -> np.ndarray:
    """Sum every window, times its channel's weight, plus its channel's bias: Torch7's SubSampling.

    Without padding or rounding up, as in Torch7 (`lib/THNN/generic/SpatialSubSampling.c`).

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        weight: `(C,)`, one gain per channel, of the input's type.
        bias: `(C,)`, one offset per channel, of the input's type.
        kernel_size: window in pixels, an int or `(height, width)`; so is `stride`.
        stride: pixels from one window to the next; 1 when absent, unlike average pooling.

    Returns:
        `(N, C, out_H, out_W)` or `(C, out_H, out_W)`, sizes by `geometry.output_size`.

    Raises:
        TypeError: a size is not an int, or an array is not of a supported or of the input's type.
        ValueError: a size is out of range, an axis is empty, a shape does not fit the input's, or
            no window fits.
    """
    x = arguments.images(input)
    gain, offset = arguments.array(weight, "weight"), arguments.array(bias, "bias")
    arguments.require_one_type(x, weight=gain, bias=offset)
    arguments.require_one_per_channel(x, weight=gain, bias=offset)
    output = sums(x, arguments.subsampling(x.shape, kernel_size, stride))
    output *= gain[:, None, None]
    output += offset[:, None, None]
    return output


def conv2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> np.ndarray:
    """Weigh and sum every window over its input channels, as `torch.nn.functional.conv2d`.

    Every window is laid out as one column of a matrix; the weights times that matrix are the
    outputs. The kernel is not flipped (cross-correlation).

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        weight: `(out_C, C / groups, kH, kW)`, of the input's type.
        bias: `(out_C,)`, of the input's type, or None.
        stride: pixels from one window to the next, an int or `(height, width)`; so are the next
            two.
        padding: zeros added on each side; "valid" adds none, "same" (at stride 1) as many as keep
            the image's size, the odd one at the end.
        dilation: pixels from one tap to the next.
        groups: the channels are split into this many groups, in order, which do not mix.

    Returns:
        `(N, out_C, out_H, out_W)` or `(out_C, out_H, out_W)`, sizes by `geometry.output_size`. An
        input without channels gives, as in torch, an output without channels.

    Raises:
        TypeError: a size is not an int, or an array is not of a supported or of the input's type.
        ValueError: a size is out of range, a shape does not fit the others, the image is empty, the
            padding's name is unknown or "same" meets a stride, or no window fits.
    """
    x, w = arguments.array(input, "input"), arguments.array(weight, "weight")
    b = None if bias is None else arguments.array(bias, "bias")
    arguments.require_one_type(x, weight=w, bias=b)
    windows, groups = arguments.convolution(x, w, b, stride, padding, dilation, groups)
    if x.shape[-3] == 0:
        return np.empty((*x.shape[:-2], *windows.count), x.dtype)

    padded = pad(x, windows, windows.padded_size(x.shape[-2:]))
    images = padded.reshape(-1, *padded.shape[-3:])
    filters = w.reshape(groups, len(w) // groups, -1)
    out_H, out_W = windows.count
    output = np.empty((len(images), *filters.shape[:2], out_H * out_W), x.dtype)
    for some, rows in blocks(windows, len(images), w[0].nbytes * groups):
        part, read = windows.cut(rows)
        columns = lay_out(images[some, :, read], part)
        # One matrix for each image and group: what every tap reads down, the windows across.
        matrices = columns.reshape(groups, w[0].size, columns.shape[3], -1).transpose(2, 0, 1, 3)
        np.matmul(filters, matrices, out=output[some, ..., rows.start * out_W : rows.stop * out_W])
    output = output.reshape(*x.shape[:-3], len(w), out_H, out_W)
    if b is not None:
        output += b[:, None, None]
    return output
