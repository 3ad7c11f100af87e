"""The slips of lesson 07: who reads a pixel, and the gradients of the three operators."""

from collections.abc import Callable

import numpy as np

from strided import geometry
from strided.geometry import pair, pooling_divisors
from strided.slips.core import slip

Pair = tuple[int, int]

# ---------------------------------------------------------------- coverage


def _count(size, kernel_size, stride, padding) -> np.ndarray:
    return np.outer(*_along(size, kernel_size, stride, padding))


def _along(size, kernel_size, stride, padding) -> list[np.ndarray]:
    settings = pair(kernel_size, "kernel_size"), pair(stride, "stride"), pair(padding, "padding")
    return [geometry.coverage(*axis) for axis in zip(size, *settings, strict=True)]


@slip(
    "coverage",
    "read_or_not",
    gives="counting every pixel that is read as 1",
    advice="Where windows overlap, a pixel is read more than once. If your loop says `= 1`, write "
    "`+= 1`.",
)
def _(height, width, kernel_size, stride=1, padding=0):
    return np.minimum(_count((height, width), kernel_size, stride, padding), 1)


@slip(
    "coverage",
    "first_tap_only",
    gives="counting only the pixel at which each window starts",
    advice="A window reads all of its kH x kW pixels: add 1 to a whole block.",
)
def _(height, width, kernel_size, stride=1, padding=0):
    # A window of one pixel would fit more often: count the windows first.
    counts = np.zeros((height, width), int)
    (kh, kw), (sh, sw), (ph, pw) = (pair(v, "") for v in (kernel_size, stride, padding))
    for i in range(geometry.output_size(height, kh, sh, ph)):
        for j in range(geometry.output_size(width, kw, sw, pw)):
            if 0 <= i * sh - ph < height and 0 <= j * sw - pw < width:
                counts[i * sh - ph, j * sw - pw] += 1
    return counts


@slip(
    "coverage",
    "rows_and_columns_added",
    gives="adding the counts of rows and columns",
    advice="Two windows along the rows and three along the columns make 2 * 3 windows that hold "
    "the pixel: multiply.",
)
def _(height, width, kernel_size, stride=1, padding=0):
    return np.add.outer(*_along((height, width), kernel_size, stride, padding))


@slip(
    "coverage",
    "stride_swapped",
    gives="a stride read as (width, height)",
    advice="Pairs are (height, width): the first number steps down the rows.",
)
def _(height, width, kernel_size, stride=1, padding=0):
    return _count((height, width), kernel_size, pair(stride, "stride")[::-1], padding)


@slip(
    "coverage",
    "kernel_swapped",
    gives="a kernel read as (width, height)",
    advice="Pairs are (height, width): the first number counts the rows of a window.",
)
def _(height, width, kernel_size, stride=1, padding=0):
    return _count((height, width), pair(kernel_size, "kernel_size")[::-1], stride, padding)


@slip(
    "coverage",
    "stride_ignored",
    gives="stride 1",
    advice="Window i starts at i * stride, and there are fewer windows than at stride 1.",
)
def _(height, width, kernel_size, stride=1, padding=0):
    return _count((height, width), kernel_size, 1, padding)


@slip(
    "coverage",
    "stride_is_the_kernel",
    gives="a stride of 1 replaced by the kernel's size",
    advice="Here the step is 1 when none is given. Stepping by the kernel is the default of "
    "average pooling in PyTorch.",
)
def _(height, width, kernel_size, stride=1, padding=0):
    return _count((height, width), kernel_size, kernel_size if stride == 1 else stride, padding)


@slip(
    "coverage",
    "padding_ignored",
    gives="no padding",
    advice="With padding the first window starts before the image, at -padding, and more windows "
    "fit.",
)
def _(height, width, kernel_size, stride=1, padding=0):
    return _count((height, width), kernel_size, stride, 0)


@slip(
    "coverage",
    "padding_not_cropped",
    gives="returning the counts of the padded image",
    advice="The padding's pixels are no pixels of the image. Cut them off at the end: "
    "counts[padH:padH + H, padW:padW + W].",
)
def _(height, width, kernel_size, stride=1, padding=0):
    ph, pw = pair(padding, "padding")
    return _count((height + 2 * ph, width + 2 * pw), kernel_size, stride, 0)


@slip(
    "coverage",
    "last_window_lost",
    gives="one window too few along each axis",
    advice="floor((n + 2p - k) / s) is the index of the last window. Counting from 0, there is "
    "one more: add 1.",
)
def _(height, width, kernel_size, stride=1, padding=0):
    axes = zip(
        *((height, width), pair(kernel_size, ""), pair(stride, ""), pair(padding, "")), strict=True
    )
    counts = []
    for n, k, d, p in axes:
        last = geometry.window(geometry.output_size(n, k, d, p) - 1, k, d, p)
        pixels = np.arange(n)
        counts.append(geometry.coverage(n, k, d, p) - ((last[0] <= pixels) & (pixels < last[1])))
    return np.outer(*counts)


@slip(
    "coverage",
    "overhanging_windows",
    gives="counting windows that hang over the edge",
    advice="Only whole windows count: the number of windows is rounded down, and pixels behind "
    "the last one are read by none.",
)
def _(height, width, kernel_size, stride=1, padding=0):
    kernel, step, pad = (pair(v, "") for v in (kernel_size, stride, padding))
    axes = zip((height, width), kernel, step, pad, strict=True)
    over = [(k - n - 2 * p) % d for n, k, d, p in axes]
    counts = _count((height + 2 * pad[0] + over[0], width + 2 * pad[1] + over[1]), kernel, step, 0)
    return counts[pad[0] : pad[0] + height, pad[1] : pad[1] + width]


# ---------------------------------------------------------------- spread and gather, as told


def _spread(taps, shape, step: Pair, pad: Pair = (0, 0), assigned: bool = False) -> np.ndarray:
    """Put what every window sends, (N, C, outH, outW, kH, kW), on images of a shape.

    Windows may leave the image; what lands outside is dropped.
    """
    count, kernel = taps.shape[2:4], taps.shape[4:]
    reach = [(n - 1) * d + k for n, d, k in zip(count, step, kernel, strict=True)]
    size = [max(p + n, r) for p, n, r in zip(pad, shape[2:], reach, strict=True)]
    canvas = np.zeros((*shape[:2], *size))
    for y, x in np.ndindex(*count):
        rows = slice(y * step[0], y * step[0] + kernel[0])
        columns = slice(x * step[1], x * step[1] + kernel[1])
        if assigned:
            canvas[:, :, rows, columns] = 0
        canvas[:, :, rows, columns] += taps[:, :, y, x]
    return canvas[:, :, pad[0] : pad[0] + shape[2], pad[1] : pad[1] + shape[3]]


def _windows(x, count: Pair, kernel: Pair, step: Pair, pad: Pair = (0, 0)) -> np.ndarray:
    """What every window reads, (N, C, outH, outW, kH, kW), 0 outside the image."""
    after = [
        max((n - 1) * d + k - p - size, 0)
        for n, d, k, p, size in zip(count, step, kernel, pad, x.shape[2:], strict=True)
    ]
    x = np.pad(x, [(0, 0), (0, 0), *zip(pad, after, strict=True)])
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    return windows[:, :, :: step[0], :: step[1]][:, :, : count[0], : count[1]]


def _even(sent: np.ndarray, kernel: Pair) -> np.ndarray:
    """The same number for every tap of a window."""
    return np.broadcast_to(sent[..., None, None], (*sent.shape, *kernel))


def _reached(gradient: np.ndarray, count, kernel, step, pad=(0, 0)) -> np.ndarray:
    """The part of a gradient up to the last window's end."""
    end = [(n - 1) * d + k - 2 * p for n, d, k, p in zip(count, step, kernel, pad, strict=True)]
    return gradient[:, :, : end[0], : end[1]]


def _border_filled(gradient, count, kernel, step, pad=(0, 0)) -> np.ndarray:
    """A gradient whose last read row and column are repeated to the image's edge."""
    end = [(n - 1) * d + k - p for n, d, k, p in zip(count, step, kernel, pad, strict=True)]
    inner = gradient[:, :, : end[0], : end[1]]
    missing = [n - m for n, m in zip(gradient.shape[2:], inner.shape[2:], strict=True)]
    return np.pad(inner, [(0, 0), (0, 0), (0, missing[0]), (0, missing[1])], mode="edge")


def _of_first_image(grad_output: np.ndarray) -> np.ndarray:
    return np.broadcast_to(grad_output[:1], grad_output.shape)


# ---------------------------------------------------------------- avg_pool2d_backward


def _pooling(function: Callable) -> Callable:
    """Hand a slip what the arguments of avg_pool2d_backward mean.

    The function gets grad_output, the image's shape, kernel, step, pad, and the divisors.
    """

    def settled(
        grad_output,
        x_shape,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
    ):
        kernel, pad = pair(kernel_size, "kernel_size"), pair(padding, "padding")
        step = kernel if stride is None else pair(stride, "stride")
        modes = ceil_mode, count_include_pad
        divisors = pooling_divisors(*x_shape[2:], kernel, step, pad, *modes)
        return function(grad_output, tuple(x_shape), kernel, step, pad, divisors)

    return settled


@slip(
    "avg_pool2d_backward",
    "cotangent_ignored",
    gives="using ones in place of grad_output",
    advice="That is the gradient of out.sum(). The loss may do anything with the outputs: send "
    "each output's own number of grad_output back to its window.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    return _spread(_even(np.ones(grad_output.shape) / divisors, kernel), shape, step, pad)


@slip(
    "avg_pool2d_backward",
    "not_divided",
    gives="the whole of grad_output sent to every pixel of a window",
    advice="The forward pass divided the sum, so each pixel moved the output by one share only. "
    "Divide here by the same number.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    return _spread(_even(grad_output, kernel), shape, step, pad)


@slip(
    "avg_pool2d_backward",
    "divided_by_the_kernel",
    gives="dividing by kH * kW everywhere",
    advice="At the border the forward pass divides by less. Divide by what it divided by, window "
    "for window: lesson 03's divisor map.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    return _spread(_even(grad_output / (kernel[0] * kernel[1]), kernel), shape, step, pad)


@slip(
    "avg_pool2d_backward",
    "divided_twice",
    gives="dividing twice",
    advice="Each window's number is divided once, by the window's divisor.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    return _spread(_even(grad_output / divisors**2, kernel), shape, step, pad)


@slip(
    "avg_pool2d_backward",
    "overlaps_averaged",
    gives="the mean of what a pixel's windows send it",
    advice="A pixel that two windows read moves two outputs, and the effects add. Do not divide "
    "by how many windows read it.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    counts = _spread(np.ones((1, 1, *divisors.shape, *kernel)), (1, 1, *shape[2:]), step, pad)
    taps = _even(grad_output / divisors, kernel)
    return _spread(taps, shape, step, pad) / np.maximum(counts, 1)


@slip(
    "avg_pool2d_backward",
    "assigned_not_added",
    gives="assigning gradients where windows overlap (`=` for `+=`)",
    advice="The last window to come by overwrites what the others sent. Add to what is there: "
    "`+=`.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    return _spread(_even(grad_output / divisors, kernel), shape, step, pad, assigned=True)


@slip(
    "avg_pool2d_backward",
    "first_tap_only",
    gives="sending everything to the first pixel of each window",
    advice="All pixels of a window have the same share in its mean. Add the share to the whole "
    "block, not to its corner.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    taps = np.zeros((*grad_output.shape, *kernel))
    taps[..., 0, 0] = grad_output / divisors
    return _spread(taps, shape, step, pad)


@slip(
    "avg_pool2d_backward",
    "spread_over_the_step",
    gives="spreading over blocks as large as the step, not the window,",
    advice="Repeating every number stride times enlarges the image, but a window reads kH x kW "
    "pixels, whatever the step. Where the two differ, windows overlap or leave gaps.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    return _spread(_even(grad_output / divisors, step), shape, step, pad)


@slip(
    "avg_pool2d_backward",
    "stride_swapped",
    gives="a stride read as (width, height)",
    advice="Pairs are (height, width): the first number steps down the rows.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    return _spread(_even(grad_output / divisors, kernel), shape, step[::-1], pad)


@slip(
    "avg_pool2d_backward",
    "kernel_swapped",
    gives="a kernel read as (width, height)",
    advice="Pairs are (height, width): a window has kernel_size[0] rows.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    return _spread(_even(grad_output / divisors, kernel[::-1]), shape, step, pad)


@slip(
    "avg_pool2d_backward",
    "stride_one",
    gives="moving the window by 1 only",
    advice="The window of output i starts at i * stride - padding, and no stride given means the "
    "kernel's size.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    return _spread(_even(grad_output / divisors, kernel), shape, (1, 1), pad)


@slip(
    "avg_pool2d_backward",
    "padding_ignored",
    gives="a first window that starts at pixel 0 in spite of the padding",
    advice="With padding the first window starts at -padding. Spread over a padded array and cut "
    "the padding off afterwards: [padH:padH + H, padW:padW + W].",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    return _spread(_even(grad_output / divisors, kernel), shape, step)


@slip(
    "avg_pool2d_backward",
    "padding_swapped",
    gives="a padding read as (width, height)",
    advice="Pairs are (height, width): the first number adds rows above and below.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    return _spread(_even(grad_output / divisors, kernel), shape, step, pad[::-1])


@slip(
    "avg_pool2d_backward",
    "padding_not_cropped",
    gives="the gradient of the padded image",
    advice="Padding is no input: nobody asks for its gradient. Cut it off: "
    "[padH:padH + H, padW:padW + W].",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    padded = (*shape[:2], shape[2] + 2 * pad[0], shape[3] + 2 * pad[1])
    return _spread(_even(grad_output / divisors, kernel), padded, step)


@slip(
    "avg_pool2d_backward",
    "overhanging_windows_dropped",
    gives="leaving out the windows that overhang the image or its padding",
    advice="In ceil mode the last window may overhang, but part of it lies in the image. Its "
    "pixels get their share.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    whole = [geometry.output_size(*axis) for axis in zip(shape[2:], kernel, step, pad, strict=True)]
    sent = (grad_output / divisors)[:, :, : whole[0], : whole[1]]
    return _spread(_even(sent, kernel), shape, step, pad)


def _other_divisors(shape, kernel, step, pad, divisors, include: bool) -> np.ndarray:
    """Divisors with padding counted or not, for as many windows as there are."""
    axes = []
    for many, n, k, d, p in zip(divisors.shape, shape[2:], kernel, step, pad, strict=True):
        starts = d * np.arange(many) - p
        first, end = (-p, n + p) if include else (0, n)
        axes.append(np.minimum(starts + k, end) - np.maximum(starts, first))
    return np.outer(*axes)


@slip(
    "avg_pool2d_backward",
    "padding_always_counted",
    gives="padding that counts in every divisor",
    advice="With count_include_pad=False only the taps in the image count. Hand the setting on to "
    "whatever counts the divisors.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    divisors = _other_divisors(shape, kernel, step, pad, divisors, include=True)
    return _spread(_even(grad_output / divisors, kernel), shape, step, pad)


@slip(
    "avg_pool2d_backward",
    "padding_never_counted",
    gives="padding that never counts in a divisor",
    advice="With count_include_pad=True, the default, taps in the padding count as well.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    divisors = _other_divisors(shape, kernel, step, pad, divisors, include=False)
    return _spread(_even(grad_output / divisors, kernel), shape, step, pad)


@slip(
    "avg_pool2d_backward",
    "trailing_rows_missing",
    gives="an image that ends with its last window",
    advice="Rows and columns that no window reads belong to x as well. Start from "
    "np.zeros(x_shape), and they keep their 0.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    gradient = _spread(_even(grad_output / divisors, kernel), shape, step, pad)
    return _reached(gradient, divisors.shape, kernel, step, pad)


@slip(
    "avg_pool2d_backward",
    "unread_border_filled",
    gives="the last read row and column repeated to the image's edge",
    advice="A pixel that no window reads cannot move the loss: its gradient is 0.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    gradient = _spread(_even(grad_output / divisors, kernel), shape, step, pad)
    return _border_filled(gradient, divisors.shape, kernel, step, pad)


@slip(
    "avg_pool2d_backward",
    "grad_output_turned",
    gives="a grad_output turned by half a turn",
    advice="Output [i, j] sends its own number, grad_output[i, j], back to its own window. Turn "
    "nothing.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    return _spread(_even(grad_output[:, :, ::-1, ::-1] / divisors, kernel), shape, step, pad)


@slip(
    "avg_pool2d_backward",
    "first_channel_for_all",
    gives="the first channel's gradient in every channel",
    advice="Channels are pooled apart, and so are their gradients: grad_output[n, c] goes to "
    "channel c.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    sent = np.broadcast_to(grad_output[:, :1], grad_output.shape)
    return _spread(_even(sent / divisors, kernel), shape, step, pad)


@slip(
    "avg_pool2d_backward",
    "first_image_for_all",
    gives="the first image's gradient for the whole batch",
    advice="The first axis counts images: grad_output[n] goes to image n. Is there a "
    "grad_output[0] where grad_output[n] is meant?",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    return _spread(_even(_of_first_image(grad_output) / divisors, kernel), shape, step, pad)


@slip(
    "avg_pool2d_backward",
    "batch_averaged",
    gives="dividing by the number of images as well",
    advice="If the loss is a mean over the batch, grad_output has that division in it already.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    return _spread(_even(grad_output / divisors / len(grad_output), kernel), shape, step, pad)


@slip(
    "avg_pool2d_backward",
    "type_of_grad_output",
    gives="a gradient of grad_output's own integer type",
    advice="grad_output may hold integers, and a share of one is a fraction. Make the gradient "
    "with np.zeros(x_shape), not with grad_output's dtype.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    shares = (grad_output / divisors).astype(grad_output.dtype)
    return _spread(_even(shares, kernel), shape, step, pad).astype(grad_output.dtype)


@slip(
    "avg_pool2d_backward",
    "divided_in_place",
    gives="dividing grad_output in place (`grad_output /= ...`)",
    advice="That changes the caller's array (and fails for one of integers). Write "
    "`grad_output / divisors`, which makes a new one.",
)
@_pooling
def _(grad_output, shape, kernel, step, pad, divisors):
    grad_output /= divisors
    return _spread(_even(grad_output, kernel), shape, step, pad)


# ---------------------------------------------------------------- subsample2d_backward


def _subsampling(grad_output, x, weight, kernel, step, assigned=False):
    """The three gradients of SubSampling, for windows that may leave the image."""
    sums = _windows(x, grad_output.shape[2:], kernel, step).sum(axis=(4, 5))
    taps = _even(grad_output * weight[:, None, None], kernel)
    return (
        _spread(taps, x.shape, step, assigned=assigned),
        _per_channel(grad_output * sums),
        _per_channel(grad_output),
    )


def _per_channel(values: np.ndarray) -> np.ndarray:
    return values.sum(axis=(0, 2, 3))


def _settled(function: Callable) -> Callable:
    """Hand a slip of subsample2d_backward the kernel and the step as pairs."""

    def settled(grad_output, x, weight, kernel_size, stride=1):
        kernel, step = pair(kernel_size, "kernel_size"), pair(stride, "stride")
        return function(grad_output, x, weight, kernel, step)

    return settled


@slip(
    "subsample2d_backward",
    "cotangent_ignored",
    gives="using ones in place of grad_output",
    advice="That is the gradient of out.sum(). The loss may do anything with the outputs: all "
    "three gradients are made with grad_output's own numbers.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    return _subsampling(np.ones(grad_output.shape), x, weight, kernel, step)


@slip(
    "subsample2d_backward",
    "assigned_not_added",
    gives="a grad_input that is assigned where windows overlap (`=` for `+=`)",
    advice="The last window to come by overwrites what the others sent. Add to what is there: "
    "`+=`.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    return _subsampling(grad_output, x, weight, kernel, step, assigned=True)


@slip(
    "subsample2d_backward",
    "weight_left_out_of_grad_input",
    gives="a grad_input without the weight",
    advice="A pixel reaches the output through weight[k], so what comes back to it is "
    "grad_output * weight[k].",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    return _subsampling(grad_output, x, np.ones(weight.shape), kernel, step)


@slip(
    "subsample2d_backward",
    "grad_input_divided",
    gives="a grad_input divided by the size of the window",
    advice="SubSampling sums its window and divides by nothing. Each pixel of the window gets the "
    "whole of grad_output * weight[k].",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    return grads[0] / (kernel[0] * kernel[1]), *grads[1:]


@slip(
    "subsample2d_backward",
    "grad_weight_without_window_sum",
    gives="a grad_weight that adds up grad_output alone",
    advice="weight[k] was multiplied with a window's sum, so each output gives grad_output times "
    "that sum. The bias was multiplied with nothing: grad_output alone is its gradient.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    return grads[0], grads[2], grads[2]


@slip(
    "subsample2d_backward",
    "grad_weight_with_window_mean",
    gives="a grad_weight made with the means of the windows",
    advice="The forward pass multiplies weight[k] with the sum of the window. Use a sum here too.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    return grads[0], grads[1] / (kernel[0] * kernel[1]), grads[2]


@slip(
    "subsample2d_backward",
    "grad_weight_with_first_tap",
    gives="a grad_weight made with the first pixel of each window",
    advice="weight[k] was multiplied with the sum over the window, kH x kW pixels, and not with "
    "x[i * stride, j * stride] alone.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    first = _windows(x, grad_output.shape[2:], kernel, step)[..., 0, 0]
    return grads[0], _per_channel(grad_output * first), grads[2]


@slip(
    "subsample2d_backward",
    "grad_weight_times_weight",
    gives="a grad_weight multiplied with the weight",
    advice="The output is bias + weight * sum. Nudge the weight, and the output moves by the sum: "
    "the weight itself is no factor.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    return grads[0], weight * grads[1], grads[2]


@slip(
    "subsample2d_backward",
    "grad_bias_averaged",
    gives="a grad_bias that is a mean of grad_output",
    advice="The bias is in every output of its channel, and every output adds its number: a sum, "
    "not a mean.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    return *grads[:2], grad_output.mean(axis=(0, 2, 3))


@slip(
    "subsample2d_backward",
    "grad_bias_counts_outputs",
    gives="a grad_bias that counts the outputs",
    advice="The count is the gradient of out.sum(). Each output counts with its number in "
    "grad_output: add those up.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    return *grads[:2], _per_channel(np.ones(grad_output.shape))


@slip(
    "subsample2d_backward",
    "grad_bias_times_weight",
    gives="a grad_bias multiplied with the weight",
    advice="The bias is added after the weight has been multiplied: the weight does not touch it.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    return *grads[:2], weight * grads[2]


@slip(
    "subsample2d_backward",
    "batch_axis_kept",
    gives="one gradient of weight and bias for each image",
    advice="All images share one weight and one bias for each channel. Sum over the images too: "
    "axis=(0, 2, 3).",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    sums = _windows(x, grad_output.shape[2:], kernel, step).sum(axis=(4, 5))
    grad_input = _subsampling(grad_output, x, weight, kernel, step)[0]
    return grad_input, (grad_output * sums).sum(axis=(2, 3)), grad_output.sum(axis=(2, 3))


@slip(
    "subsample2d_backward",
    "batch_averaged",
    gives="averaging the gradients of weight and bias over the batch",
    advice="Every image adds to them. If the loss is a mean over the batch, grad_output has that "
    "division in it already.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    return grads[0], grads[1] / len(x), grads[2] / len(x)


@slip(
    "subsample2d_backward",
    "first_image_only",
    gives="taking the gradients of weight and bias from the first image alone",
    advice="Every image adds to them: sum over the first axis as well. If your loop over images "
    "says `=`, write `+=`.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    first = _subsampling(grad_output[:1], x[:1], weight, kernel, step)
    return _subsampling(grad_output, x, weight, kernel, step)[0], *first[1:]


@slip(
    "subsample2d_backward",
    "last_output_only",
    gives="taking the gradients of weight and bias from the last output alone",
    advice="Every output adds to them. If your loop says `grad_weight[k] = ...`, each output "
    "overwrites the one before: write `+=`.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    sums = _windows(x, grad_output.shape[2:], kernel, step).sum(axis=(4, 5))
    last = grad_output[-1, :, -1, -1]
    return grads[0], last * sums[-1, :, -1, -1], last


@slip(
    "subsample2d_backward",
    "channels_summed",
    gives="summing the gradients of weight and bias over the channels as well",
    advice="Each channel has a weight and a bias of its own. Sum over images, rows and columns, "
    "axis=(0, 2, 3), and leave the channels apart.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    return grads[0], *(np.full(weight.shape, grad.sum()) for grad in grads[1:])


@slip(
    "subsample2d_backward",
    "weight_along_width",
    gives="a weight that runs along the width",
    advice="NumPy lines up shapes from the right, so `grad_output * weight` puts weight[k] in "
    "column k. Give it two more axes, weight[:, None, None], to put it in channel k.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    return _spread(_even(grad_output * weight, kernel), x.shape, step), *grads[1:]


@slip(
    "subsample2d_backward",
    "stride_swapped",
    gives="a stride read as (width, height)",
    advice="Pairs are (height, width): the first number steps down the rows.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    return _subsampling(grad_output, x, weight, kernel, step[::-1])


@slip(
    "subsample2d_backward",
    "kernel_swapped",
    gives="a kernel read as (width, height)",
    advice="Pairs are (height, width): a window has kernel_size[0] rows.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    return _subsampling(grad_output, x, weight, kernel[::-1], step)


@slip(
    "subsample2d_backward",
    "stride_ignored",
    gives="moving the window by 1 only",
    advice="The window of output i starts at i * stride, on the way back as on the way forth.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    return _subsampling(grad_output, x, weight, kernel, (1, 1))


@slip(
    "subsample2d_backward",
    "stride_defaults_to_kernel",
    gives="a stride of 1 replaced by the kernel's size",
    advice="SubSampling steps by 1 unless told otherwise. Stepping by the kernel is the default "
    "of average pooling in PyTorch.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    return _subsampling(grad_output, x, weight, kernel, kernel if step == (1, 1) else step)


@slip(
    "subsample2d_backward",
    "trailing_rows_missing",
    gives="a grad_input that ends with its last window",
    advice="Rows and columns that no window reads belong to x as well. Start from "
    "np.zeros(x.shape), and they keep their 0.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    return _reached(grads[0], grad_output.shape[2:], kernel, step), *grads[1:]


@slip(
    "subsample2d_backward",
    "unread_border_filled",
    gives="a grad_input whose last read row and column go on to the edge",
    advice="A pixel that no window reads cannot move the loss: its gradient is 0.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    return _border_filled(grads[0], grad_output.shape[2:], kernel, step), *grads[1:]


@slip(
    "subsample2d_backward",
    "grad_output_turned",
    gives="a grad_output turned by half a turn",
    advice="Output [i, j] sends its own number, grad_output[i, j], back to its own window. Turn "
    "nothing.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    return _subsampling(grad_output[:, :, ::-1, ::-1], x, weight, kernel, step)


@slip(
    "subsample2d_backward",
    "results_swapped",
    gives="returning the gradients of weight and bias in the opposite order",
    advice="Return (grad_input, grad_weight, grad_bias), in the order of the arguments.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    return grads[0], grads[2], grads[1]


@slip(
    "subsample2d_backward",
    "type_of_the_image",
    gives="a grad_input of the image's own integer type",
    advice="An image may hold integers while its gradient has fractions. Make it with "
    "np.zeros(x.shape): np.zeros_like(x) takes x's dtype too.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    sent = _even((grad_output * weight[:, None, None]).astype(x.dtype), kernel)
    return _spread(sent, x.shape, step), *grads[1:]


@slip(
    "subsample2d_backward",
    "multiplied_in_place",
    gives="multiplying grad_output in place (`grad_output *= ...`)",
    advice="That changes the caller's array. Write `grad_output * weight[...]`, which makes a new "
    "one.",
)
@_settled
def _(grad_output, x, weight, kernel, step):
    grads = _subsampling(grad_output, x, weight, kernel, step)
    grad_output *= weight[:, None, None]
    return grads


# ---------------------------------------------------------------- conv2d_backward


def _convolution(grad_output, x, weight, step, pad):
    """The three gradients of a convolution, for windows that may leave the padded image."""
    windows = _windows(x, grad_output.shape[2:], weight.shape[2:], step, pad)
    return (
        _spread(_sent(grad_output, weight), x.shape, step, pad),
        np.einsum("nkhw,nchwij->kcij", grad_output, windows),
        _per_channel(grad_output),
    )


def _sent(grad_output, weight) -> np.ndarray:
    """What every window sends back to the pixels it read: (N, C, outH, outW, kH, kW)."""
    return np.einsum("nkhw,kcij->nchwij", grad_output, weight)


def _paired(function: Callable) -> Callable:
    """Hand a slip of conv2d_backward the step and the padding as pairs."""

    def paired(grad_output, x, weight, stride=1, padding=0):
        return function(grad_output, x, weight, pair(stride, "stride"), pair(padding, "padding"))

    return paired


@slip(
    "conv2d_backward",
    "cotangent_ignored",
    gives="using ones in place of grad_output",
    advice="That is the gradient of out.sum(). The loss may do anything with the outputs: all "
    "three gradients are made with grad_output's own numbers.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    return _convolution(np.ones(grad_output.shape), x, weight, step, pad)


@slip(
    "conv2d_backward",
    "grad_output_turned",
    gives="a grad_output turned by half a turn",
    advice="Output [i, j] sends its own number, grad_output[i, j], back to its own window. Turn "
    "nothing.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    return _convolution(grad_output[:, :, ::-1, ::-1], x, weight, step, pad)


@slip(
    "conv2d_backward",
    "grad_output_averaged",
    gives="the mean of grad_output in place of each of its numbers",
    advice="Every output has a number of its own in grad_output. Averaged, they no longer say "
    "which output matters to the loss.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    mean = grad_output.mean(axis=(2, 3), keepdims=True)
    return _convolution(np.broadcast_to(mean, grad_output.shape), x, weight, step, pad)


@slip(
    "conv2d_backward",
    "grad_output_channels_reversed",
    gives="a grad_output whose channels are in the opposite order",
    advice="Output channel k was made by weight[k]: its gradient, grad_output[:, k], goes back "
    "through the same kernel.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    return _convolution(grad_output[:, ::-1], x, weight, step, pad)


@slip(
    "conv2d_backward",
    "grad_output_of_the_first_image",
    gives="the first image's grad_output for the whole batch",
    advice="The first axis counts images. Is there a grad_output[0] where grad_output[n] is meant?",
)
@_paired
def _(grad_output, x, weight, step, pad):
    return _convolution(_of_first_image(grad_output), x, weight, step, pad)


@slip(
    "conv2d_backward",
    "assigned_not_added",
    gives="a grad_input that is assigned where windows or kernels meet (`=` for `+=`)",
    advice="Several windows read a pixel, each through every kernel. The last to come by "
    "overwrites what the others sent: write `+=`.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    last = _sent(grad_output[:, -1:], weight[-1:])
    return _spread(last, x.shape, step, pad, assigned=True), *grads[1:]


@slip(
    "conv2d_backward",
    "windows_assigned",
    gives="a grad_input in which every window overwrites the one before",
    advice="What the kernels send is added up, but where windows overlap the last one wins. Add "
    "each window to what is there: `+=`.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    taps = _sent(grad_output, weight)
    return _spread(taps, x.shape, step, pad, assigned=True), *grads[1:]


@slip(
    "conv2d_backward",
    "kernel_turned",
    gives="a turned kernel in grad_input",
    advice="If you spread, add grad_output * weight[k, l, t, s] where the tap (t, s) read: nothing "
    "is turned. If you gather, with a convolution of grad_output, the kernel has to be turned.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    taps = _sent(grad_output, weight[:, :, ::-1, ::-1])
    return _spread(taps, x.shape, step, pad), *grads[1:]


@slip(
    "conv2d_backward",
    "grad_weight_turned",
    gives="a turned grad_weight",
    advice="grad_weight[k, l, t, s] belongs to the tap (t, s), which read row i * strideH + t and "
    "column j * strideW + s of the padded image. Turn nothing.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    return grads[0], grads[1][:, :, ::-1, ::-1], grads[2]


@slip(
    "conv2d_backward",
    "weight_axes_swapped",
    gives="a weight read as (in, out, kH, kW)",
    advice="What goes back from output k to input l goes through weight[k, l], as it came: sum "
    "over k, the first axis.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    if len(weight) != weight.shape[1]:
        raise ValueError("the channels do not fit")
    return _spread(_sent(grad_output, weight.swapaxes(0, 1)), x.shape, step, pad), *grads[1:]


@slip(
    "conv2d_backward",
    "grad_weight_axes_swapped",
    gives="a grad_weight with its input channels first",
    advice="A gradient has the shape of what it belongs to: the weight is (out, in, kH, kW).",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    return grads[0], grads[1].swapaxes(0, 1), grads[2]


@slip(
    "conv2d_backward",
    "one_to_one",
    gives="each output channel sent back to one input channel only",
    advice="Every output channel read every input channel, so each gets its part back through "
    "weight[k, l]: sum over k for every l.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    own = np.zeros(weight.shape)
    for k in range(len(weight)):
        own[k, k % x.shape[1]] = weight[k, k % x.shape[1]]
    grads = _convolution(grad_output, x, weight, step, pad)
    return _spread(_sent(grad_output, own), x.shape, step, pad), *grads[1:]


@slip(
    "conv2d_backward",
    "grad_weight_from_one_output",
    gives="a grad_weight from the last output alone",
    advice="A kernel is used at every output of every image, and each use adds to its gradient. "
    "If your loop says `grad_weight[k] = ...`, write `+=`.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    windows = _windows(x, grad_output.shape[2:], weight.shape[2:], step, pad)
    last = np.einsum("k,cij->kcij", grad_output[-1, :, -1, -1], windows[-1, :, -1, -1])
    return grads[0], last, grads[2]


@slip(
    "conv2d_backward",
    "grad_weight_without_padding",
    gives="a grad_weight that reads the image without its padding",
    advice="On the way forth the taps read the padded image, and so they do here: pad x before "
    "you cut windows out of it.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    return grads[0], _convolution(grad_output, x, weight, step, (0, 0))[1], grads[2]


@slip(
    "conv2d_backward",
    "grad_bias_averaged",
    gives="a grad_bias that is a mean of grad_output",
    advice="The bias is in every output of its channel, and every output adds its number: a sum, "
    "not a mean.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    return *grads[:2], grad_output.mean(axis=(0, 2, 3))


@slip(
    "conv2d_backward",
    "grad_bias_counts_outputs",
    gives="a grad_bias that counts the outputs",
    advice="The count is the gradient of out.sum(). Each output counts with its number in "
    "grad_output: add those up.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    return *grads[:2], _per_channel(np.ones(grad_output.shape))


@slip(
    "conv2d_backward",
    "grad_bias_over_batch_only",
    gives="a grad_bias that is summed over the batch alone",
    advice="One bias serves all rows and columns of its channel. Sum over axis=(0, 2, 3), so that "
    "one number per output channel is left.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    return *grads[:2], grad_output.sum(axis=0)


@slip(
    "conv2d_backward",
    "batch_axis_kept",
    gives="one grad_weight and one grad_bias for each image",
    advice="All images share the kernels and the biases: sum over the images as well.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    windows = _windows(x, grad_output.shape[2:], weight.shape[2:], step, pad)
    grads = _convolution(grad_output, x, weight, step, pad)
    each = np.einsum("nkhw,nchwij->nkcij", grad_output, windows)
    return grads[0], each, grad_output.sum(axis=(2, 3))


@slip(
    "conv2d_backward",
    "batch_averaged",
    gives="averaging the gradients of weight and bias over the batch",
    advice="Every image adds to them. If the loss is a mean over the batch, grad_output has that "
    "division in it already.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    return grads[0], grads[1] / len(x), grads[2] / len(x)


@slip(
    "conv2d_backward",
    "first_image_only",
    gives="taking the gradients of weight and bias from the first image alone",
    advice="Every image adds to them: sum over the first axis as well.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    first = _convolution(grad_output[:1], x[:1], weight, step, pad)
    return _convolution(grad_output, x, weight, step, pad)[0], *first[1:]


@slip(
    "conv2d_backward",
    "stride_swapped",
    gives="a stride read as (width, height)",
    advice="Pairs are (height, width): the first number steps down the rows.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    return _convolution(grad_output, x, weight, step[::-1], pad)


@slip(
    "conv2d_backward",
    "stride_ignored",
    gives="moving the window by 1 only",
    advice="The window of output i starts at i * stride of the padded image, on the way back as "
    "on the way forth.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    return _convolution(grad_output, x, weight, (1, 1), pad)


@slip(
    "conv2d_backward",
    "padding_swapped",
    gives="a padding read as (width, height)",
    advice="Pairs are (height, width): the first number adds rows above and below.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    return _convolution(grad_output, x, weight, step, pad[::-1])


@slip(
    "conv2d_backward",
    "padding_ignored",
    gives="a first window that starts at pixel 0 in spite of the padding",
    advice="With padding the first window starts at -padding. Work on a padded image, and cut the "
    "padding off grad_input afterwards.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    return _convolution(grad_output, x, weight, step, (0, 0))


@slip(
    "conv2d_backward",
    "padding_not_cropped",
    gives="a grad_input of the padded image",
    advice="Padding is no input: nobody asks for its gradient. Cut it off: "
    "[padH:padH + H, padW:padW + W].",
)
@_paired
def _(grad_output, x, weight, step, pad):
    padded = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in pad)])
    return _convolution(grad_output, padded, weight, step, (0, 0))


@slip(
    "conv2d_backward",
    "padding_cropped_at_the_end",
    gives="a grad_input that is cut from the corner of the padded image",
    advice="Half of the padding lies before the image: cut out [padH:padH + H, padW:padW + W], not "
    "[:H, :W].",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    return _spread(_sent(grad_output, weight), x.shape, step), *grads[1:]


@slip(
    "conv2d_backward",
    "trailing_rows_missing",
    gives="a grad_input that ends with its last window",
    advice="Rows and columns that no window reads belong to x as well. Start from an array of "
    "zeros as large as the padded x, and they keep their 0.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    return _reached(grads[0], grad_output.shape[2:], weight.shape[2:], step, pad), *grads[1:]


@slip(
    "conv2d_backward",
    "unread_border_filled",
    gives="a grad_input whose last read row and column go on to the edge",
    advice="A pixel that no window reads cannot move the loss: its gradient is 0.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    return _border_filled(grads[0], grad_output.shape[2:], weight.shape[2:], step, pad), *grads[1:]


@slip(
    "conv2d_backward",
    "results_swapped",
    gives="returning the gradients of weight and bias in the opposite order",
    advice="Return (grad_input, grad_weight, grad_bias), in the order of the arguments.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    return grads[0], grads[2], grads[1]


@slip(
    "conv2d_backward",
    "type_of_the_image",
    gives="a grad_input of the image's own integer type",
    advice="An image may hold integers while its gradient has fractions. Make it with "
    "np.zeros(x.shape): np.zeros_like(x) takes x's dtype too.",
)
@_paired
def _(grad_output, x, weight, step, pad):
    grads = _convolution(grad_output, x, weight, step, pad)
    return grads[0].astype(x.dtype), *grads[1:]
