"""What the operators accept, and the sentences that refuse the rest.

Forward and backward passes read their arguments here, so that both refuse the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from strided.geometry import integer, output_size, pair, pooling_divisors, same_padding
from strided.operators.windows import Pair, Windows

Size = int | tuple[int, int]


def array(value: ArrayLike, name: str) -> np.ndarray:
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


def images(value: ArrayLike) -> np.ndarray:
    """Return `value` as images that can be pooled: only the batch may be empty."""
    x = array(value, "input")
    _check_images(x.shape, "input")
    return x


def image_shape(value: Sequence[int]) -> tuple[int, ...]:
    """Return `value` as the shape of images that can be pooled."""
    if not isinstance(value, (tuple, list, np.ndarray)):
        kind = type(value).__name__
        raise TypeError(f"input_shape must be a tuple like (N, C, H, W), got {value!r} ({kind})")
    shape = tuple(integer(n, f"input_shape[{axis}]", least=0) for axis, n in enumerate(value))
    _check_images(shape, "input_shape")
    return shape


def _check_images(shape: tuple[int, ...], name: str) -> None:
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        raise ValueError(
            f"{name} must be (N, C, H, W) or (C, H, W) with none of C, H, W 0, got shape {shape}"
        )


def require_one_type(x: np.ndarray, **others: np.ndarray | None) -> None:
    """Refuse an array of another type than the input's."""
    for name, other in others.items():
        if other is not None and other.dtype != x.dtype:
            raise TypeError(
                f"{name} {other.shape} is {other.dtype}, but input {x.shape} is {x.dtype} "
                "(integers count as float64); convert one of them with .astype"
            )


def require_one_per_channel(x: np.ndarray, **others: np.ndarray) -> None:
    """Refuse an array that does not hold one number per channel of the input."""
    for name, other in others.items():
        if other.shape != x.shape[-3:-2]:
            raise ValueError(
                f"{name} must have shape {x.shape[-3:-2]}, one number per channel of input "
                f"{x.shape}, got {other.shape}"
            )


def require_output_shape(
    grad: np.ndarray, operator: str, input: tuple[int, ...], output: tuple[int, ...]
) -> None:
    """Refuse a cotangent of another shape than the output of the forward pass."""
    if grad.shape != output:
        raise ValueError(
            f"grad_output must have the shape of the output of {operator}, {output} for input "
            f"{input}, got {grad.shape}"
        )


def average_pooling(
    shape: tuple[int, ...],
    dtype: np.dtype,
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> tuple[Windows, np.ndarray | int]:
    """Return the windows of `avg_pool2d` on an input of this shape, and their divisors."""
    kernel = pair(kernel_size, "kernel_size", least=1)
    step = kernel if stride is None else pair(stride, "stride", least=1)
    before = pair(padding, "padding", least=0)
    modes = _flag(ceil_mode, "ceil_mode"), _flag(count_include_pad, "count_include_pad")
    if divisor_override is not None and integer(divisor_override, "divisor_override") == 0:
        raise ValueError("divisor_override must not be 0; None divides by the windows' sizes")
    try:
        divisors = _divisors(shape[-2:], kernel, step, before, *modes, dtype)
    except ValueError as error:
        raise ValueError(
            f"avg_pool2d of input {shape} with kernel_size={kernel}, stride={step}, "
            f"padding={before}, ceil_mode={ceil_mode}: {error}"
        ) from None
    windows = Windows(kernel, step, (1, 1), before, divisors.shape)
    return windows, divisors if divisor_override is None else divisor_override


def subsampling(shape: tuple[int, ...], kernel_size: Size, stride: Size) -> Windows:
    """Return the windows of `subsample2d` on an input of this shape."""
    kernel = pair(kernel_size, "kernel_size", least=1)
    step = pair(stride, "stride", least=1)
    try:
        count = _count(shape[-2:], kernel, step)
    except ValueError as error:
        raise ValueError(
            f"subsample2d of input {shape} with kernel_size={kernel}, stride={step}: {error}"
        ) from None
    return Windows(kernel, step, (1, 1), (0, 0), count)


def convolution(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None,
    stride: Size,
    padding: Size | str,
    dilation: Size,
    groups: int,
) -> tuple[Windows, int]:
    """Return the windows of `conv2d` and the number of groups."""
    groups = integer(groups, "groups", least=1)
    _check_shapes(x, w, b, groups)
    kernel: Pair = w.shape[-2:]
    step, gap = pair(stride, "stride", least=1), pair(dilation, "dilation", least=1)
    rows, columns = _conv_padding(padding, kernel, step, gap)
    height, width = x.shape[-2] + sum(rows), x.shape[-1] + sum(columns)
    try:
        count = _count((height, width), kernel, step, gap)
    except ValueError as error:
        raise ValueError(
            f"conv2d of input {x.shape}, padded to {(*x.shape[:-2], height, width)}, with weight "
            f"{w.shape}, stride={step}, dilation={gap}: {error}"
        ) from None
    return Windows(kernel, step, gap, (rows[0], columns[0]), count), groups


@lru_cache(maxsize=256)
def _divisors(
    size: Pair, kernel: Pair, step: Pair, before: Pair, ceil: bool, include: bool, dtype: np.dtype
) -> np.ndarray:
    """Return the divisors, remembered: a network asks for the same ones at every call."""
    return pooling_divisors(*size, kernel, step, before, ceil, include).astype(dtype)


@lru_cache(maxsize=256)
def _count(size: Pair, kernel: Pair, step: Pair, gap: Pair = (1, 1)) -> Pair:
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


def _check_shapes(x: np.ndarray, w: np.ndarray, b: np.ndarray | None, groups: int) -> None:
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


def _flag(value: bool, name: str) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r} ({type(value).__name__})")
    return bool(value)
