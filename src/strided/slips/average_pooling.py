"""The slips of lesson 03: the printed index, the divisors, average pooling.

In lesson 09 students write tests that are to reject those of `avg_pool2d`: each has its kind in
`checks.porting_lab.KINDS` too.
"""

from collections.abc import Callable

import numpy as np

from strided.geometry import output_size, pair, pooling_divisors, window
from strided.operators import avg_pool2d
from strided.slips.core import slip

Pair = tuple[int, int]

# ---------------------------------------------------------------- the printed index


@slip(
    "torch_to_numpy_index",
    "as_printed",
    gives="the printed order, (dW*(i-1)+s, dH*(j-1)+t, k), still counted from 1,",
    advice="The formula prints the width first and the channel last, from 1; NumPy's array is "
    "[channel, row, column], from 0.",
)
def _(i, j, k, s, t, dW, dH):
    return dW * (i - 1) + s, dH * (j - 1) + t, k


@slip(
    "torch_to_numpy_index",
    "printed_order",
    gives="(column, row, channel), the order in which the formula prints its indices,",
    advice="You count from 0 already. Now put the channel first, then the row, then the column: "
    "that is how the array is stored.",
)
def _(i, j, k, s, t, dW, dH):
    return dW * (i - 1) + s - 1, dH * (j - 1) + t - 1, k - 1


@slip(
    "torch_to_numpy_index",
    "channel_last",
    gives="the order (row, column, channel)",
    advice="Torch7 and PyTorch store the channel first: return (channel, row, column).",
)
def _(i, j, k, s, t, dW, dH):
    return dH * (j - 1) + t - 1, dW * (i - 1) + s - 1, k - 1


@slip(
    "torch_to_numpy_index",
    "first_index_is_the_row",
    gives="taking the first printed index for the row",
    advice="The first index carries dW, the step along the width: it is the column. The second "
    "one, with dH, is the row.",
)
def _(i, j, k, s, t, dW, dH):
    return k - 1, dW * (i - 1) + s - 1, dH * (j - 1) + t - 1


@slip(
    "torch_to_numpy_index",
    "counted_from_one",
    gives="(k, dH*(j-1)+t, dW*(i-1)+s), three indices that count from 1,",
    advice="The order is right. Lua's first element has index 1, NumPy's has index 0: take 1 from "
    "each.",
)
def _(i, j, k, s, t, dW, dH):
    return k, dH * (j - 1) + t, dW * (i - 1) + s


@slip(
    "torch_to_numpy_index",
    "taps_from_one",
    gives="counting the channel from 0, but s and t still from 1,",
    advice="The (i-1) is there because i counts from 1. So does s, and so does t: half a "
    "conversion drops the first tap of every window.",
)
def _(i, j, k, s, t, dW, dH):
    return k - 1, dH * (j - 1) + t, dW * (i - 1) + s


@slip(
    "torch_to_numpy_index",
    "channel_from_one",
    gives="counting the channel k from 1 still",
    advice="k is 1 for the first channel, and NumPy calls that one 0.",
)
def _(i, j, k, s, t, dW, dH):
    return k, dH * (j - 1) + t - 1, dW * (i - 1) + s - 1


@slip(
    "torch_to_numpy_index",
    "outputs_from_zero",
    gives="dH*j and dW*i, as if i and j counted from 0 here,",
    advice="Here i = 1 is the first output: its window starts at dW*(1-1) = 0. Keep the (i-1) and "
    "the (j-1).",
)
def _(i, j, k, s, t, dW, dH):
    return k - 1, dH * j + t - 1, dW * i + s - 1


@slip(
    "torch_to_numpy_index",
    "strides_swapped",
    gives="stepping down the rows by dW and along the columns by dH",
    advice="W stands for width: dW goes with i and the column, dH with j and the row.",
)
def _(i, j, k, s, t, dW, dH):
    return k - 1, dW * (j - 1) + t - 1, dH * (i - 1) + s - 1


@slip(
    "torch_to_numpy_index",
    "taps_swapped",
    gives="adding s to the row and t to the column",
    advice="s runs from 1 to kW, along the width: it belongs to the column. t belongs to the row.",
)
def _(i, j, k, s, t, dW, dH):
    return k - 1, dH * (j - 1) + s - 1, dW * (i - 1) + t - 1


# ---------------------------------------------------------------- windows, wrongly counted


def _settings(kernel_size, stride, padding) -> tuple[Pair, Pair, Pair]:
    kernel = pair(kernel_size, "kernel_size")
    step = kernel if stride is None else pair(stride, "stride")
    return kernel, step, pair(padding, "padding")


def _swap(size):
    """The pair (width, height) of a pair (height, width)."""
    return tuple(size)[::-1] if isinstance(size, tuple | list) else size


def _first(size) -> int:
    return size[0] if isinstance(size, tuple | list) else size


def _guarded(n, kernel, stride, padding, ceil) -> int:
    return output_size(n, kernel, stride, padding, ceil_mode=ceil)


def _guarded_when_padded(n, kernel, stride, padding, ceil) -> int:
    return output_size(n, kernel, stride, padding, ceil_mode=ceil, guard="padded")


def _guarded_beyond_the_padding(n, kernel, stride, padding, ceil) -> int:
    return output_size(n + 2 * padding, kernel, stride, ceil_mode=ceil)


def _never_guarded(n, kernel, stride, padding, ceil) -> int:
    return output_size(n + 2 * padding, kernel, stride, ceil_mode=ceil, guard="padded")


def _taps(size, kernel, step, pad, ceil, include, windows: Callable = _guarded) -> list[np.ndarray]:
    """The taps that PyTorch would count along each axis, for as many windows as `windows` counts.

    0 or less where a window has none.
    """
    axes = []
    for n, k, d, p in zip(size, kernel, step, pad, strict=True):
        starts = d * np.arange(windows(n, k, d, p, ceil)) - p
        first, end = (-p, n + p) if include else (0, n)
        axes.append(np.minimum(starts + k, end) - np.maximum(starts, first))
    return axes


def _sums(x, kernel, step, before, windows, mode="constant") -> np.ndarray:
    """Sum `windows` windows of an image with as much padding as they reach, `before` in front."""
    after = [
        max((many - 1) * d + k - p - n, 0)
        for n, k, d, p, many in zip(x.shape[-2:], kernel, step, before, windows, strict=True)
    ]
    x = np.pad(x, [(0, 0), (0, 0), *zip(before, after, strict=True)], mode=mode)
    sums = avg_pool2d(x, kernel, step, divisor_override=1)
    return sums[..., : windows[0], : windows[1]]


def _right_divisors(x, kernel_size, stride, padding, ceil_mode, count_include_pad) -> np.ndarray:
    (height, width), settings = x.shape[-2:], _settings(kernel_size, stride, padding)
    return pooling_divisors(height, width, *settings, ceil_mode, count_include_pad)


def _pool(x, kernel_size, stride, padding, ceil, include, windows: Callable) -> np.ndarray:
    """Average pooling with as many windows as `windows` counts."""
    settings = _settings(kernel_size, stride, padding)
    divisors = np.outer(*_taps(x.shape[-2:], *settings, ceil, include, windows))
    with np.errstate(all="ignore"):
        return _sums(x, *settings, divisors.shape) / divisors


# ---------------------------------------------------------------- the divisors


@slip(
    "divisor_map",
    "whole_kernel",
    gives="kH * kW everywhere",
    advice="That is the printed 1/(kW*kH). It holds only for windows that lie wholly in what "
    "counts: clip each window first, then count.",
)
def _(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    right = pooling_divisors(height, width, kernel_size, stride, padding, ceil_mode, True)
    return np.full(right.shape, np.prod(pair(kernel_size, "kernel_size")))


@slip(
    "divisor_map",
    "overhang_counted",
    gives="counting taps beyond the padding when padding is counted",
    advice="In ceil mode the last window may reach further than the padding does. Those taps are "
    "neither image nor padding: clip the window's end at size + padding.",
)
def _(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    right = pooling_divisors(
        height, width, kernel_size, stride, padding, ceil_mode, count_include_pad
    )
    whole = np.prod(pair(kernel_size, "kernel_size"))
    return np.full(right.shape, whole) if count_include_pad else right


@slip(
    "divisor_map",
    "pad_always_counted",
    gives="counting the padding even with count_include_pad=False",
    advice="Without the padding, clip each window to 0:size before you count its taps.",
)
def _(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    return pooling_divisors(height, width, kernel_size, stride, padding, ceil_mode, True)


@slip(
    "divisor_map",
    "pad_never_counted",
    gives="leaving the padding out even with count_include_pad=True",
    advice="With the padding, taps from -padding up to size + padding count. That is PyTorch's "
    "default; TensorFlow and ONNX leave it out.",
)
def _(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    return pooling_divisors(height, width, kernel_size, stride, padding, ceil_mode, False)


@slip(
    "divisor_map",
    "flag_reversed",
    gives="reading count_include_pad the wrong way round",
    advice="True means that the padding is counted: True gives the larger divisors.",
)
def _(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    return pooling_divisors(
        height, width, kernel_size, stride, padding, ceil_mode, not count_include_pad
    )


@slip(
    "divisor_map",
    "always_floor",
    gives="rounding the number of windows down even with ceil_mode=True",
    advice="With ceil_mode a last window may overhang: round (size + 2*padding - kernel) / stride "
    "up.",
)
def _(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    return pooling_divisors(height, width, kernel_size, stride, padding, False, count_include_pad)


@slip(
    "divisor_map",
    "never_guarded",
    gives="keeping a last window that starts beyond the image",
    advice="In ceil mode PyTorch drops a last window that would start at size or later: it would "
    "read nothing but padding.",
)
def _(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    settings = _settings(kernel_size, stride, padding)
    modes = ceil_mode, count_include_pad
    return np.outer(*_taps((height, width), *settings, *modes, _never_guarded))


@slip(
    "divisor_map",
    "guarded_at_the_paddings_end",
    gives="keeping a last window that starts in the trailing padding",
    advice="Drop a last window that would start at size or later, not at size + padding: it must "
    "read at least one pixel of the image.",
)
def _(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    settings = _settings(kernel_size, stride, padding)
    modes = ceil_mode, count_include_pad
    return np.outer(*_taps((height, width), *settings, *modes, _guarded_beyond_the_padding))


@slip(
    "divisor_map",
    "guarded_when_padded",
    gives="the guard of Torch7 and Caffe, which look at the last window only when there is "
    "padding,",
    advice="PyTorch drops a last window that starts beyond the image with and without padding.",
)
def _(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    settings = _settings(kernel_size, stride, padding)
    modes = ceil_mode, count_include_pad
    return np.outer(*_taps((height, width), *settings, *modes, _guarded_when_padded))


@slip(
    "divisor_map",
    "starts_not_shifted",
    gives="starting the windows at index * stride, without the padding,",
    advice="The first window starts in the padding: start = index * stride - padding.",
)
def _(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    kernel, step, pad = _settings(kernel_size, stride, padding)
    shape = pooling_divisors(height, width, kernel, step, pad, ceil_mode).shape
    axes = []
    for n, k, d, p, many in zip((height, width), kernel, step, pad, shape, strict=True):
        starts = d * np.arange(many)
        axes.append(np.minimum(starts + k, n + p if count_include_pad else n) - starts)
    return np.outer(*axes)


@slip(
    "divisor_map",
    "width_first",
    gives="reading every pair as (width, height)",
    advice="Torch7's constructors take the width first; here, as in PyTorch, the height comes "
    "first.",
)
def _(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    pairs = _swap(kernel_size), _swap(stride), _swap(padding)
    return pooling_divisors(height, width, *pairs, ceil_mode, count_include_pad)


@slip(
    "divisor_map",
    "transposed",
    gives="a map of shape (width, height)",
    advice="Rows come first: the result's first axis runs down the image.",
)
def _(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    return pooling_divisors(
        height, width, kernel_size, stride, padding, ceil_mode, count_include_pad
    ).T


@slip(
    "divisor_map",
    "rows_plus_columns",
    gives="adding the rows and the columns of each window",
    advice="A window of 3 rows and 2 columns has 3 * 2 taps: multiply.",
)
def _(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    settings = _settings(kernel_size, stride, padding)
    return np.add.outer(*_taps((height, width), *settings, ceil_mode, count_include_pad))


# -------------------------------------------------- average pooling: steps and pairs


@slip(
    "avg_pool2d",
    "default_step_one",
    gives="a step of 1 where no stride is given",
    advice="That is the default of Torch7, Caffe and ONNX. In PyTorch and Keras a pooling without "
    "a stride steps by its own kernel.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    step = 1 if stride is None else stride
    return avg_pool2d(x, kernel_size, step, padding, ceil_mode, count_include_pad)


@slip(
    "avg_pool2d",
    "stride_ignored",
    gives="always stepping by the kernel's size",
    advice="The kernel's size is only the default. Where a stride is given, windows may overlap "
    "or leave gaps: use it.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return avg_pool2d(x, kernel_size, None, padding, ceil_mode, count_include_pad)


@slip(
    "avg_pool2d",
    "width_first",
    gives="reading every pair as (width, height)",
    advice="Torch7's constructors take the width first; here, as in PyTorch, the height comes "
    "first.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    pairs = _swap(kernel_size), _swap(stride), _swap(padding)
    return avg_pool2d(x, *pairs, ceil_mode, count_include_pad)


@slip(
    "avg_pool2d",
    "kernel_swapped",
    gives="a kernel of (width, height)",
    advice="kernel_size is (rows, columns); a transposed window is right only if it is square.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return avg_pool2d(x, _swap(kernel_size), stride, padding, ceil_mode, count_include_pad)


@slip(
    "avg_pool2d",
    "strides_swapped",
    gives="stepping down the rows by stride[1] and along the columns by stride[0]",
    advice="stride is (down the rows, along the columns), like every pair here.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    step = _swap(kernel_size if stride is None else stride)
    return avg_pool2d(x, kernel_size, step, padding, ceil_mode, count_include_pad)


@slip(
    "avg_pool2d",
    "paddings_swapped",
    gives="padding the rows by padding[1] and the columns by padding[0]",
    advice="padding is (above and below, left and right), like every pair here.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return avg_pool2d(x, kernel_size, stride, _swap(padding), ceil_mode, count_include_pad)


@slip(
    "avg_pool2d",
    "square_only",
    gives="using the first number of every pair for both directions",
    advice="Windows, steps and paddings need not be square: unpack each pair into two names.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    kernel, pad = _first(kernel_size), _first(padding)
    step = None if stride is None else _first(stride)
    return avg_pool2d(x, kernel, step, pad, ceil_mode, count_include_pad)


# -------------------------------------------------- average pooling: how many windows


@slip(
    "avg_pool2d",
    "always_floor",
    gives="rounding the number of windows down even with ceil_mode=True",
    advice="With ceil_mode a last window may overhang: round (size + 2*padding - kernel) / stride "
    "up.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return avg_pool2d(x, kernel_size, stride, padding, False, count_include_pad)


@slip(
    "avg_pool2d",
    "always_ceil",
    gives="rounding the number of windows up even with ceil_mode=False",
    advice="Caffe rounds up always. PyTorch rounds down unless you ask for ceil_mode: pixels at "
    "the end may be lost.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return avg_pool2d(x, kernel_size, stride, padding, True, count_include_pad)


@slip(
    "avg_pool2d",
    "never_guarded",
    gives="keeping a last window that starts beyond the image",
    advice="In ceil mode PyTorch drops a last window that would start at size or later: it would "
    "read nothing but padding.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return _pool(x, kernel_size, stride, padding, ceil_mode, count_include_pad, _never_guarded)


@slip(
    "avg_pool2d",
    "guarded_at_the_paddings_end",
    gives="keeping a last window that starts in the trailing padding",
    advice="Drop a last window that would start at size or later, not at size + padding: it must "
    "read at least one pixel of the image.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    modes = ceil_mode, count_include_pad
    return _pool(x, kernel_size, stride, padding, *modes, _guarded_beyond_the_padding)


@slip(
    "avg_pool2d",
    "guarded_when_padded",
    gives="the guard of Torch7 and Caffe, which look at the last window only when there is "
    "padding,",
    advice="PyTorch drops a last window that starts beyond the image with and without padding.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return _pool(
        x, kernel_size, stride, padding, ceil_mode, count_include_pad, _guarded_when_padded
    )


# -------------------------------------------------- average pooling: where windows start


@slip(
    "avg_pool2d",
    "padding_ignored",
    gives="no padding at all",
    advice="Surround the image with padding[0] rows above and below and padding[1] columns left "
    "and right.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return avg_pool2d(x, kernel_size, stride, 0, ceil_mode, count_include_pad)


@slip(
    "avg_pool2d",
    "padded_at_the_end",
    gives="starting the windows at index * stride, all padding at the end,",
    advice="As many zeros come before the image as after it: start = index * stride - padding.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    divisors = _right_divisors(x, kernel_size, stride, padding, ceil_mode, count_include_pad)
    kernel, step, _pad = _settings(kernel_size, stride, padding)
    return _sums(x, kernel, step, (0, 0), divisors.shape) / divisors


@slip(
    "avg_pool2d",
    "negative_slice",
    gives="a slice that starts at a negative number",
    advice="NumPy counts a negative start from the array's end, so x[-1:2] is empty. Pad a copy "
    "of x, or clip: max(start, 0).",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    divisors = _right_divisors(x, kernel_size, stride, padding, ceil_mode, count_include_pad)
    axes = list(zip(*_settings(kernel_size, stride, padding), strict=True))
    out = np.zeros((*x.shape[:2], *divisors.shape))
    for place in np.ndindex(divisors.shape):
        rows, columns = (slice(*window(at, *axis)) for at, axis in zip(place, axes, strict=True))
        out[:, :, *place] = x[:, :, rows, columns].sum(axis=(2, 3)) / divisors[place]
    return out


@slip(
    "avg_pool2d",
    "one_pixel_late",
    gives="starting every window one row and one column late",
    advice="A leftover of counting from 1: the first tap of a window is at its start, not one "
    "after it.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    late = np.pad(x, ((0, 0), (0, 0), (0, 1), (0, 1)))[:, :, 1:, 1:]
    return avg_pool2d(late, kernel_size, stride, padding, ceil_mode, count_include_pad)


@slip(
    "avg_pool2d",
    "first_taps_dropped",
    gives="letting the taps run from 1 to the kernel's size - 1",
    advice="The printed s and t run from 1; range(1, k) then drops a row and a column of every "
    "window. Counted from 0, the taps are range(k).",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    divisors = _right_divisors(x, kernel_size, stride, padding, ceil_mode, count_include_pad)
    kernel, step, pad = _settings(kernel_size, stride, padding)
    first_row = _sums(x, (1, kernel[1]), step, pad, divisors.shape)
    first_column = _sums(x, (kernel[0], 1), step, pad, divisors.shape)
    first_tap = _sums(x, (1, 1), step, pad, divisors.shape)
    sums = _sums(x, kernel, step, pad, divisors.shape) - first_row - first_column + first_tap
    return sums / divisors


@slip(
    "avg_pool2d",
    "edge_repeated",
    gives="padding with copies of the edge pixels",
    advice="The padding is zeros: it adds nothing to the sum, it only may count in the divisor.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    divisors = _right_divisors(x, kernel_size, stride, padding, ceil_mode, count_include_pad)
    settings = _settings(kernel_size, stride, padding)
    return _sums(x, *settings, divisors.shape, mode="edge") / divisors


# -------------------------------------------------- average pooling: divisors


@slip(
    "avg_pool2d",
    "never_divided",
    gives="the sum of each window",
    advice="Divide it. Torch7's SpatialAveragePooling returned this sum too, until 4 March 2015.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return avg_pool2d(x, kernel_size, stride, padding, ceil_mode, divisor_override=1)


@slip(
    "avg_pool2d",
    "whole_kernel",
    gives="dividing every sum by kH * kW",
    advice="That is the printed 1/(kW*kH). It holds only for windows that lie wholly in what "
    "counts: near the border, divide by the taps that count.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    kh, kw = pair(kernel_size, "kernel_size")
    return avg_pool2d(x, kernel_size, stride, padding, ceil_mode, divisor_override=kh * kw)


@slip(
    "avg_pool2d",
    "overhang_counted",
    gives="counting taps beyond the padding when padding is counted",
    advice="In ceil mode the last window may reach further than the padding does. Those taps are "
    "neither image nor padding: clip the window's end at size + padding before you count.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    kh, kw = pair(kernel_size, "kernel_size")
    divisor = kh * kw if count_include_pad else None
    return avg_pool2d(x, kernel_size, stride, padding, ceil_mode, False, divisor)


@slip(
    "avg_pool2d",
    "pad_always_counted",
    gives="counting the padding even with count_include_pad=False",
    advice="Without the padding, divide by the window's pixels that lie in the image.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return avg_pool2d(x, kernel_size, stride, padding, ceil_mode, True)


@slip(
    "avg_pool2d",
    "pad_never_counted",
    gives="leaving the padding out of the divisor even with count_include_pad=True",
    advice="With count_include_pad, the zeros of the padding are averaged like pixels. That is "
    "PyTorch's default; TensorFlow and ONNX leave them out.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return avg_pool2d(x, kernel_size, stride, padding, ceil_mode, False)


@slip(
    "avg_pool2d",
    "flag_reversed",
    gives="reading count_include_pad the wrong way round",
    advice="True means that the padding is counted: True gives the larger divisors.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return avg_pool2d(x, kernel_size, stride, padding, ceil_mode, not count_include_pad)


@slip(
    "avg_pool2d",
    "zeros_not_counted",
    gives="counting the nonzero numbers of each window when padding is not counted",
    advice="A pixel of the image may be 0 as well, and it counts. Count positions, not values.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    if count_include_pad:
        return avg_pool2d(x, kernel_size, stride, padding, ceil_mode)
    settings = kernel_size, stride, padding, ceil_mode, False, 1
    return avg_pool2d(x, *settings) / np.maximum(avg_pool2d((x != 0) * 1.0, *settings), 1)


@slip(
    "avg_pool2d",
    "cut_to_integers",
    gives="writing the averages into an array of integers",
    advice="np.zeros_like(x), or dtype=x.dtype, makes integers of an integer image and cuts every "
    "average. Use np.zeros, whose numbers are floats.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    pooled = avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad)
    return pooled.astype(np.asarray(x).dtype)


# -------------------------------------------------- average pooling: images and channels


@slip(
    "avg_pool2d",
    "channels_summed",
    gives="adding the averages of all channels",
    advice="A convolution with a kernel of ones does that. Pooling keeps channels apart: each "
    "output channel reads its own input channel.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    pooled = avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad)
    return np.broadcast_to(pooled.sum(axis=1, keepdims=True), pooled.shape)


@slip(
    "avg_pool2d",
    "channels_averaged",
    gives="averaging over the channels as well",
    advice="Take the mean over rows and columns only, axes 2 and 3: each output channel reads its "
    "own input channel.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    pooled = avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad)
    return np.broadcast_to(pooled.mean(axis=1, keepdims=True), pooled.shape)


@slip(
    "avg_pool2d",
    "first_channel_only",
    gives="pooling the first channel in place of every channel",
    advice="Let the channel's index run, or slice with a colon: x[:, :, rows, columns].",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    pooled = avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad)
    return np.broadcast_to(pooled[:, :1], pooled.shape)


@slip(
    "avg_pool2d",
    "first_image_only",
    gives="pooling the first image and leaving zeros for the rest of the batch",
    advice="Every image of the batch is pooled. In loops, see that `return` is not inside the "
    "loop over images.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    pooled = avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad)
    pooled[1:] = 0
    return pooled


@slip(
    "avg_pool2d",
    "sums_written_into_x",
    gives="a running sum written into x itself",
    advice="Let np.cumsum make a new array: leave out `out=x`, and work on a copy.",
)
def _(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    pooled = avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad)
    for axis in (2, 3):
        np.cumsum(x, axis=axis, out=x)
    return pooled
