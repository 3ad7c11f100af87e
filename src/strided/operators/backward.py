"""The three backward passes: from the gradient of an output to those of what it was made from.

A forward pass gathers pixels into windows; a backward pass spreads each window's cotangent over the
pixels that it read, and adds where windows overlap. It is the adjoint: for every input x and
cotangent u, `<A x, u> = <x, A* u>`. Pixels that no window reads get exactly zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from strided.operators import arguments
from strided.operators.arguments import Size
from strided.operators.windows import Pair, add_back, blocks, lay_out, pad, spread, sums


def avg_pool2d_backward(
    grad_output: ArrayLike,
    input_shape: Sequence[int],
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """Spread every output's gradient, over its divisor, evenly over its window.

    Average pooling is linear, so the input's values do not matter, only its shape.

    Args:
        grad_output: the gradient with respect to the output, of the output's shape.
        input_shape: `(N, C, H, W)` or `(C, H, W)`, as given to `avg_pool2d`.
        kernel_size: as given to `avg_pool2d`; so are the others.
        stride: pixels from one window to the next; None steps by the kernel's size.
        padding: zeros added on each side, which take their share and are left out.
        ceil_mode: count a last window that overhangs.
        count_include_pad: count padding in the divisor.
        divisor_override: divide every sum by this number instead.

    Returns:
        The gradient with respect to the input, of shape `input_shape` and grad_output's type.

    Raises:
        TypeError: as `avg_pool2d`, or `input_shape` is not a sequence of ints.
        ValueError: as `avg_pool2d`, or `grad_output` has not the output's shape.

    Source: Torch7 torch/nn `lib/THNN/generic/SpatialAveragePooling.c`.
    """
    grad = arguments.array(grad_output, "grad_output")
    shape = arguments.image_shape(input_shape)
    windows, divisors = arguments.average_pooling(
        shape,
        grad.dtype,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )
    arguments.require_output_shape(grad, "avg_pool2d", shape, (*shape[:-2], *windows.count))
    return spread(grad / divisors, windows, (shape[-2], shape[-1]))


def subsample2d_backward(
    grad_output: ArrayLike,
    input: ArrayLike,
    weight: ArrayLike,
    kernel_size: Size,
    stride: Size = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of `subsample2d` with respect to its input, weight and bias.

    The input's gradient adds `grad_output * weight` over every window; the weight's is the sum, over
    all images and windows, of `grad_output` times the window's sum; the bias's is the sum of
    `grad_output`.

    Args:
        grad_output: the gradient with respect to the output, of the output's shape and input's type.
        input: `(N, C, H, W)` or `(C, H, W)`, as given to `subsample2d`.
        weight: `(C,)`, one gain per channel, of the input's type.
        kernel_size: window in pixels, an int or `(height, width)`; so is `stride`.
        stride: pixels from one window to the next; 1 when absent.

    Returns:
        `(grad_input, grad_weight, grad_bias)`, of the shapes of the input and `(C,)` twice.

    Raises:
        TypeError: as `subsample2d`.
        ValueError: as `subsample2d`, or `grad_output` has not the output's shape.

    Source: Torch7 torch/nn `lib/THNN/generic/SpatialSubSampling.c`.
    """
    x = arguments.images(input)
    grad, gain = arguments.array(grad_output, "grad_output"), arguments.array(weight, "weight")
    arguments.require_one_type(x, weight=gain, grad_output=grad)
    arguments.require_one_per_channel(x, weight=gain)
    windows = arguments.subsampling(x.shape, kernel_size, stride)
    output_shape = (*x.shape[:-2], *windows.count)
    arguments.require_output_shape(grad, "subsample2d", x.shape, output_shape)
    grad_input = spread(grad * gain[:, None, None], windows, x.shape[-2:])
    return grad_input, _per_channel(grad * sums(x, windows)), _per_channel(grad)


def conv2d_backward(
    grad_output: ArrayLike,
    input: ArrayLike,
    weight: ArrayLike,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of `conv2d` with respect to its input, weight and bias.

    The forward pass is a matrix product, `output = weight @ columns`, with every window laid out as
    a column. So `weight.T @ grad_output` is the columns' gradient, which is added back to the pixels
    that the columns were copied from, and `grad_output @ columns.T` is the weight's. The bias's is
    the sum of `grad_output`.

    Args:
        grad_output: the gradient with respect to the output, of the output's shape and input's type.
        input: `(N, C, H, W)` or `(C, H, W)`, as given to `conv2d`.
        weight: `(out_C, C / groups, kH, kW)`, of the input's type.
        stride: as given to `conv2d`; so are the others.
        padding: zeros added on each side, "valid" or "same".
        dilation: pixels from one tap to the next.
        groups: the number of groups of channels, which do not mix.

    Returns:
        `(grad_input, grad_weight, grad_bias)`, of the shapes of the input, the weight and
        `(out_C,)`.

    Raises:
        TypeError: as `conv2d`.
        ValueError: as `conv2d`, or `grad_output` has not the output's shape.

    Source: Torch7 torch/nn `lib/THNN/generic/SpatialConvolutionMM.c`.
    """
    x, w = arguments.array(input, "input"), arguments.array(weight, "weight")
    grad = arguments.array(grad_output, "grad_output")
    arguments.require_one_type(x, weight=w, grad_output=grad)
    windows, groups = arguments.convolution(x, w, None, stride, padding, dilation, groups)
    outputs = len(w) if x.shape[-3] else 0
    output_shape = (*x.shape[:-3], outputs, *windows.count)
    arguments.require_output_shape(grad, "conv2d", x.shape, output_shape)
    if x.size == 0:
        return np.zeros_like(x), np.zeros_like(w), np.zeros(len(w), x.dtype)

    size: Pair = x.shape[-2:]
    padded = pad(x, windows, windows.padded_size(size))
    images = padded.reshape(-1, *padded.shape[-3:])
    cotangents = grad.reshape(-1, *grad.shape[-3:])
    filters = w.reshape(groups, len(w) // groups, -1)
    grad_images, grad_filters = np.zeros(images.shape, x.dtype), np.zeros(filters.shape, x.dtype)
    for some, rows in blocks(windows, len(images), w[0].nbytes * groups):
        part, read = windows.cut(rows)
        columns = lay_out(images[some, :, read], part)
        matrix = columns.reshape(groups, w[0].size, -1)
        u = cotangents[some, :, rows].swapaxes(0, 1).reshape(*filters.shape[:2], -1)
        grad_filters += u @ matrix.swapaxes(-1, -2)
        # The columns have served; their gradient takes their place.
        np.matmul(filters.swapaxes(-1, -2), u, out=matrix)
        add_back(columns, grad_images[some, :, read], part)
    grad_input = grad_images[..., *windows.image(size)].reshape(x.shape)
    return grad_input, grad_filters.reshape(w.shape), _per_channel(grad)


def _per_channel(grad: np.ndarray) -> np.ndarray:
    """Sum over everything but the channels."""
    images = grad.reshape(-1, *grad.shape[-3:])
    return images.sum(axis=(0, 2, 3))
