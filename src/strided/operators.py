"""The three operators, fast, with the signatures of `torch.nn.functional` and Torch7's SubSampling.

`strided.formulas` says what they compute; this module does the same with whole-array operations.

Arrays are `(N, C, H, W)`, or `(C, H, W)` for one image; the result has as many axes. Lists and any
NumPy layout are accepted and never changed. float32 and float64 give results of their own type;
integers are computed in float64, so that small examples can be typed as lists (torch refuses most
integers, or rounds). Other types, and two float types in one call, are refused with TypeError.
Whatever else torch refuses is refused with ValueError or TypeError, naming the argument, its value
and the shapes.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from strided.geometry import integer, output_size, pair, pooling_divisors, same_padding

Size = int | tuple[int, int]
Pair = tuple[int, int]

# A convolution lays out the windows of as many images as fit in this many bytes, at least one:
# enough to keep the matrix product busy, little enough to stay near the processor.
BLOCK_BYTES = 8 << 20


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
    x = _images(input)
    kernel = pair(kernel_size, "kernel_size", least=1)
    step = kernel if stride is None else pair(stride, "stride", least=1)
    pad = pair(padding, "padding", least=0)
    modes = _flag(ceil_mode, "ceil_mode"), _flag(count_include_pad, "count_include_pad")
    if divisor_override is not None and integer(divisor_override, "divisor_override") == 0:
        raise ValueError("divisor_override must not be 0; None divides by the windows' sizes")
    try:
        divisors = _divisors(x.shape[-2:], kernel, step, pad, *modes, x.dtype)
    except ValueError as error:
        raise ValueError(
            f"avg_pool2d of input {x.shape} with kernel_size={kernel}, stride={step}, "
            f"padding={pad}, ceil_mode={ceil_mode}: {error}"
        ) from None
    output = _window_sums(x, kernel, step, pad, divisors.shape)
    output /= divisors if divisor_override is None else divisor_override
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
    x = _images(input)
    gain, offset = _array(weight, "weight"), _array(bias, "bias")
    _require_one_type(x, weight=gain, bias=offset)
    kernel = pair(kernel_size, "kernel_size", least=1)
    step = pair(stride, "stride", least=1)
    for name, array in (("weight", gain), ("bias", offset)):
        if array.shape != x.shape[-3:-2]:
            raise ValueError(
                f"{name} must have shape {x.shape[-3:-2]}, one number per channel of input "
                f"{x.shape}, got {array.shape}"
            )
    try:
        windows = _count_windows(x.shape[-2:], kernel, step)
    except ValueError as error:
        raise ValueError(
            f"subsample2d of input {x.shape} with kernel_size={kernel}, stride={step}: {error}"
        ) from None
    output = _window_sums(x, kernel, step, (0, 0), windows)
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
    x, w = _array(input, "input"), _array(weight, "weight")
    b = None if bias is None else _array(bias, "bias")
    _require_one_type(x, weight=w, bias=b)
    groups = integer(groups, "groups", least=1)
    _check_conv_shapes(x, w, b, groups)
    kernel: Pair = w.shape[-2:]
    step, gap = pair(stride, "stride", least=1), pair(dilation, "dilation", least=1)
    pads = _conv_padding(padding, kernel, step, gap)
    padded = _pad(x, *pads)
    try:
        windows = _count_windows(padded.shape[-2:], kernel, step, gap)
    except ValueError as error:
        raise ValueError(
            f"conv2d of input {x.shape}, padded to {padded.shape}, with weight {w.shape}, "
            f"stride={step}, dilation={gap}: {error}"
        ) from None
    if x.shape[-3] == 0:
        return np.empty((*x.shape[:-2], *windows), x.dtype)

    images = padded.reshape(-1, *padded.shape[-3:])
    output = np.empty((len(images), len(w), *windows), x.dtype)
    taps, places = w[0].size, windows[0] * windows[1]
    filters = w.reshape(groups, len(w) // groups, taps)
    block = max(1, BLOCK_BYTES // (groups * taps * places * x.itemsize))
    for first in range(0, len(images), block):
        some = slice(first, first + block)
        columns = _lay_out(images[some], kernel, step, gap, windows)
        columns = columns.reshape(-1, groups, taps, places)
        np.matmul(filters, columns, out=output[some].reshape(len(columns), groups, -1, places))
    if b is not None:
        output += b[:, None, None]
    return output.reshape(*x.shape[:-3], *output.shape[1:])


def _lay_out(images: np.ndarray, kernel: Pair, step: Pair, gap: Pair, windows: Pair) -> np.ndarray:
    """Copy what every tap reads at every window: `(N, C, kH, kW, out_H, out_W)`."""
    columns = np.empty((*images.shape[:2], *kernel, *windows), images.dtype)
    for t, s in np.ndindex(*kernel):
        rows = _reads(t * gap[0], step[0], windows[0])
        columns[:, :, t, s] = images[:, :, rows, _reads(s * gap[1], step[1], windows[1])]
    return columns


def _window_sums(x: np.ndarray, kernel: Pair, step: Pair, pad: Pair, windows: Pair) -> np.ndarray:
    """Sum each window: first down its rows, then, on the few rows left, along its columns."""
    if windows == (1, 1) and pad == (0, 0):
        return x[..., : kernel[0], : kernel[1]].sum(axis=(-2, -1), keepdims=True)
    needed = [(n - 1) * d + k for n, d, k in zip(windows, step, kernel, strict=True)]
    after = [max(n - p - size, 0) for n, p, size in zip(needed, pad, x.shape[-2:], strict=True)]
    x = _pad(x, (pad[0], after[0]), (pad[1], after[1]))
    sums = _sum_rows(x, kernel[0], step[0], windows[0])
    sums = _sum_rows(sums.swapaxes(-1, -2), kernel[1], step[1], windows[1])
    return sums.swapaxes(-1, -2)


def _sum_rows(x: np.ndarray, taps: int, step: int, windows: int) -> np.ndarray:
    """Sum `taps` rows for each window: add, for each tap, the rows that it reads in all windows."""
    sums = x[..., _reads(0, step, windows), :].copy(order="K")
    for t in range(1, taps):
        sums += x[..., _reads(t, step, windows), :]
    return sums


def _reads(offset: int, step: int, windows: int) -> slice:
    """Where a tap, `offset` pixels into its window, reads in all windows along one axis."""
    return slice(offset, offset + (windows - 1) * step + 1, step)


def _pad(x: np.ndarray, rows: Pair, columns: Pair) -> np.ndarray:
    """Return `x` with `(before, after)` rows and columns of zeros; `x` itself if there are none."""
    if not any(rows) and not any(columns):
        return x
    height, width = x.shape[-2:]
    padded = np.zeros((*x.shape[:-2], height + sum(rows), width + sum(columns)), x.dtype)
    padded[..., rows[0] : rows[0] + height, columns[0] : columns[0] + width] = x
    return padded


@lru_cache(maxsize=256)
def _divisors(
    size: Pair, kernel: Pair, step: Pair, pad: Pair, ceil: bool, include: bool, dtype: np.dtype
) -> np.ndarray:
    """Return the divisors, remembered: a network asks for the same ones at every call."""
    return pooling_divisors(*size, kernel, step, pad, ceil, include).astype(dtype)


@lru_cache(maxsize=256)
def _count_windows(size: Pair, kernel: Pair, step: Pair, gap: Pair = (1, 1)) -> Pair:
    return (
        output_size(size[0], kernel[0], step[0], dilation=gap[0]),
        output_size(size[1], kernel[1], step[1], dilation=gap[1]),
    )


def _conv_padding(padding: Size | str, kernel: Pair, step: Pair, gap: Pair) -> tuple[Pair, Pair]:
    """Return `(before, after)` for the rows and for the columns."""
    if not isinstance(padding, str):
        rows, columns = pair(padding, "padding", least=0)
        return (rows, rows), (columns, columns)
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding != "same":
        raise ValueError(f"padding must be 'same', 'valid', an int or a pair, got {padding!r}")
    if step != (1, 1):
        raise ValueError(f"padding='same' needs stride 1, got stride={step}; give numbers instead")
    return same_padding(kernel[0], gap[0]), same_padding(kernel[1], gap[1])


def _check_conv_shapes(x: np.ndarray, w: np.ndarray, b: np.ndarray | None, groups: int) -> None:
    if x.ndim not in (3, 4):
        raise ValueError(f"input must be (N, C, H, W) or (C, H, W), got shape {x.shape}")
    if w.ndim != 4:
        raise ValueError(f"weight must be (out_C, C / groups, kH, kW), got shape {w.shape}")
    if 0 in w.shape[2:] or len(w) == 0:
        raise ValueError(f"weight must have at least one output channel and tap, got {w.shape}")
    if len(w) % groups:
        raise ValueError(f"groups={groups} must divide the {len(w)} outputs of weight {w.shape}")
    if x.shape[-3] != w.shape[1] * groups:
        raise ValueError(
            f"weight {w.shape} with groups={groups} reads {w.shape[1] * groups} input channels, "
            f"but input {x.shape} has {x.shape[-3]}"
        )
    if b is not None and b.shape != w.shape[:1]:
        raise ValueError(
            f"bias must have shape {w.shape[:1]}, one number per output of weight {w.shape}, "
            f"got {b.shape}"
        )
    if 0 in x.shape[-2:] and 0 not in x.shape[:-2]:
        raise ValueError(f"input must have at least one row and one column, got shape {x.shape}")


def _images(value: ArrayLike) -> np.ndarray:
    """Return `value` as images that can be pooled: only the batch may be empty."""
    x = _array(value, "input")
    if x.ndim not in (3, 4) or 0 in x.shape[-3:]:
        raise ValueError(
            f"input must be (N, C, H, W) or (C, H, W) with none of C, H, W 0, got shape {x.shape}"
        )
    return x


def _array(value: ArrayLike, name: str) -> np.ndarray:
    """Return `value` as a float32 or float64 array, integers as float64; no copy where possible."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} is not a rectangular array: {error}") from None
    if array.dtype.kind in "iu":
        array = array.astype(np.float64)
    if array.dtype not in (np.float32, np.float64):
        raise TypeError(f"{name} must be float32, float64 or integers, got {array.dtype}")
    return array


def _require_one_type(x: np.ndarray, **others: np.ndarray | None) -> None:
    for name, array in others.items():
        if array is not None and array.dtype != x.dtype:
            raise TypeError(
                f"{name} {array.shape} is {array.dtype}, but input {x.shape} is {x.dtype} "
                "(integers count as float64); convert one of them with .astype"
            )


def _flag(value: bool, name: str) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r} ({type(value).__name__})")
    return bool(value)
