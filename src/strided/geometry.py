"""Windows: how many there are, where each one starts, and what it is divided by.

Everything here counts; nothing here looks at a pixel. Sizes and positions are in pixels, pairs are
`(height, width)`, and positions are in image coordinates: 0 is the first pixel, a window that
starts in the padding starts at a negative position, and one that overhangs stops beyond the image.
"""

from __future__ import annotations

from typing import Any

import numpy as np

GUARDS = ("always", "padded")
CONVENTIONS = ("pytorch", "torch7", "caffe", "tensorflow", "onnx")
PADDING_WORDS = {"tensorflow": ("VALID", "SAME"), "onnx": ("VALID", "SAME_UPPER", "SAME_LOWER")}
"""What a framework takes for padding in place of numbers."""

Padding = int | tuple[int, int]
"""Pixels added along one axis: on each side, or `(before, after)`."""


def integer(value: Any, name: str, least: int | None = None) -> int:
    """Return `value` as an int, NumPy's integers included.

    Raises:
        TypeError: `value` is not an integer (True and 2.0 are not).
        ValueError: `value` is smaller than `least`.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an int, got {value!r} ({type(value).__name__})")
    if least is not None and value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return int(value)


def pair(value: Any, name: str, least: int | None = None) -> tuple[int, int]:
    """Return `value`, an int or a `(height, width)` pair of ints, as a pair.

    Raises:
        TypeError: something in `value` is not an integer; the message calls it `name`.
        ValueError: `value` is a sequence of another length than two, or smaller than `least`.
    """
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return integer(value, name, least), integer(value, name, least)
    if not isinstance(value, (tuple, list)) and not (isinstance(value, np.ndarray) and value.ndim):
        kind = type(value).__name__
        raise TypeError(f"{name} must be an int or a pair (height, width), got {value!r} ({kind})")
    if len(value) != 2:
        raise ValueError(f"{name} must be an int or a pair (height, width), got {value!r}")
    return integer(value[0], f"{name}[0]", least), integer(value[1], f"{name}[1]", least)


def both_ends(padding: Padding) -> tuple[int, int]:
    """Return the padding of one axis as `(before, after)`.

    Raises:
        TypeError: a number is not an integer.
        ValueError: a number is negative, or there are more or fewer than two.
    """
    if not isinstance(padding, (tuple, list)):
        return integer(padding, "padding", least=0), integer(padding, "padding", least=0)
    if len(padding) != 2:
        raise ValueError(f"padding must be an int or (before, after), got {padding!r}")
    return integer(padding[0], "padding[0]", least=0), integer(padding[1], "padding[1]", least=0)


def output_size(
    n: int,
    kernel: int,
    stride: int = 1,
    padding: Padding = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    guard: str = "always",
) -> int:
    """Count the windows along one axis, as PyTorch counts them.

    `floor((n + before + after - reach) / stride) + 1`, where `reach = dilation*(kernel - 1) + 1` is the
    number of pixels from a window's first tap to its last. With `ceil_mode` the last window may
    overhang, and the quotient is rounded up.

    Args:
        n: pixels along the axis.
        kernel: taps of the window.
        stride: pixels from one window's start to the next one's.
        padding: pixels added on each side, or `(before, after)`.
        dilation: pixels from one tap to the next.
        ceil_mode: count a last window that overhangs.
        guard: with `ceil_mode`, a last window that would start beyond the image and its left
            padding is dropped: "always" (PyTorch), or only when there is "padded" (Torch7, Caffe).
            `output_size(6, 1, 4, ceil_mode=True)` is 2 with the first and 3 with the second.

    Raises:
        TypeError: a size is not an integer.
        ValueError: a size is out of range, or no window fits. In ceil mode a kernel larger than the
            padded image gives one overhanging window when the overhang is smaller than the stride,
            as in PyTorch; in floor mode it never fits.

    Sources: PyTorch `aten/src/ATen/native/Pool.h`; Torch7 torch/nn
    `lib/THNN/generic/SpatialAveragePooling.c`.
    """
    n = integer(n, "n", least=0)
    kernel = integer(kernel, "kernel", least=1)
    stride = integer(stride, "stride", least=1)
    before, after = both_ends(padding)
    dilation = integer(dilation, "dilation", least=1)
    if guard not in GUARDS:
        raise ValueError(f"guard must be one of {GUARDS}, got {guard!r}")
    reach = dilation * (kernel - 1) + 1
    room = n + before + after - reach
    steps = -(-room // stride) if ceil_mode else room // stride
    if steps < 0:
        raise ValueError(
            f"kernel {kernel} with dilation {dilation} reaches over {reach} pixels, but the image "
            f"has n={n} and with padding {padding} only {n + before + after}: no window fits. "
            "Use a smaller kernel or dilation, or more padding"
        )
    guarded = ceil_mode and (guard == "always" or before + after > 0)
    if guarded and steps * stride >= n + before:
        steps -= 1
    return steps + 1


def window(
    index: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> tuple[int, int]:
    """Return `(start, stop)` of the window behind output `index`, along one axis.

    The window reads `range(start, stop, dilation)`. It is not clipped: `start` is negative in the
    left padding, and `stop` exceeds the image where the window overhangs.
    """
    start = index * stride - padding
    return start, start + dilation * (kernel - 1) + 1


def lost_border(n: int, kernel: int, stride: int = 1, padding: Padding = 0) -> int:
    """Count the pixels at the end of one axis that no window reads, in floor mode.

    What `stride` leaves over of the padded image, `(n + before + after - kernel) % stride`, is
    first taken from the padding at the end, which holds nothing; only the rest is pixels. Pixels
    between windows, where the stride is larger than the kernel, do not count.

    Raises:
        TypeError: a size is not an integer.
        ValueError: a size is out of range, or no window fits.
    """
    windows = output_size(n, kernel, stride, padding)
    before, _ = both_ends(padding)
    # With more padding than kernel, the last windows may lie beyond the image altogether.
    last = min(windows - 1, (n - 1 + before) // stride)
    _, stop = window(last, kernel, stride, before)
    return n - clip(0, stop, n)[1]


def input_sizes(out: int, kernel: int, stride: int = 1, padding: Padding = 0) -> range:
    """Return every image size, from 1 pixel on, that gives `out` windows in floor mode.

    `stride` sizes, from `(out - 1)*stride + kernel - before - after` on, of which padding may make
    the first ones smaller than 1: these are left out.

    Raises:
        TypeError: a size is not an integer.
        ValueError: a size is out of range.
    """
    out = integer(out, "out", least=1)
    kernel = integer(kernel, "kernel", least=1)
    stride = integer(stride, "stride", least=1)
    least = (out - 1) * stride + kernel - sum(both_ends(padding))
    return range(max(least, 1), max(least + stride, 1))


def clip(start: int, stop: int, n: int) -> tuple[int, int]:
    """Return the part of `start:stop` that lies in the image `0:n`; empty parts have equal ends."""
    return min(max(start, 0), n), min(max(stop, 0), n)


def coverage(n: int, kernel: int, stride: int = 1, padding: Padding = 0) -> np.ndarray:
    """Count, for each pixel along one axis, the windows that read it.

    Args as for `output_size`, whose windows these are. Returns `n` integers. 0 marks a pixel that
    no window reads: behind the last window, or between two, where the stride exceeds the kernel.
    In two dimensions the count is that of the row times that of the column.
    """
    starts = stride * np.arange(output_size(n, kernel, stride, padding)) - both_ends(padding)[0]
    pixels = np.arange(n)
    within = pixels - starts[:, None]  # how far into each window a pixel lies
    return ((within >= 0) & (within < kernel)).sum(axis=0)


def same_padding(kernel: int, dilation: int = 1) -> tuple[int, int]:
    """Return `(before, after)` as PyTorch's `conv2d(padding="same")` pads at stride 1.

    Together `dilation*(kernel - 1)` pixels; the odd one goes to the end.
    """
    total = integer(dilation, "dilation", least=1) * (integer(kernel, "kernel", least=1) - 1)
    return total // 2, total - total // 2


def same_padding_tensorflow(n: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return `(before, after)` as TensorFlow's SAME pads, for `ceil(n / stride)` windows.

    The padding depends on the image's size, which PyTorch's never does; the odd pixel goes to the
    end. At stride 2 the two frameworks therefore read different pixels.
    """
    n = integer(n, "n", least=0)
    kernel = integer(kernel, "kernel", least=1)
    stride = integer(stride, "stride", least=1)
    windows = -(-n // stride)
    total = max((windows - 1) * stride + kernel - n, 0)
    return total // 2, total - total // 2


def pooling_size(
    n: int,
    kernel: int,
    stride: int | None = None,
    padding: int | str = 0,
    ceil_mode: bool = False,
    convention: str = "pytorch",
) -> int:
    """Count the windows of a framework's pooling along one axis, its own default step included.

    | convention | default step | rounding | its guard | padding |
    |---|---|---|---|---|
    | pytorch | kernel | floor, or ceil with `ceil_mode` | always | a number |
    | torch7 | 1 | floor, or ceil with `ceil_mode` | when padded | a number |
    | caffe | 1 | ceil | when padded | a number |
    | tensorflow | kernel | VALID: floor; SAME: ceil(n / stride) | | a word |
    | onnx | 1 | floor, or ceil with `ceil_mode` | always | a number or a word |

    ONNX's words are VALID, SAME_UPPER and SAME_LOWER, and `ceil_mode` changes nothing with them. To
    TensorFlow, the number 0 stands for VALID and any other for SAME.

    Args:
        n: pixels along the axis.
        kernel: taps of the window.
        stride: pixels from one window's start to the next one's; None takes the framework's own.
        padding: pixels added on each side, or one of the convention's `PADDING_WORDS`.
        ceil_mode: count a last window that overhangs.
        convention: one of `CONVENTIONS`.

    Raises:
        TypeError: a size is not an integer.
        ValueError: a size is out of range, no window fits, the convention is unknown, or it does
            not know the word.

    Sources: as of `pooling_divisors`.
    """
    if stride is None:
        stride = 1 if convention in ("torch7", "caffe", "onnx") else kernel
    return framework_axis(convention, n, kernel, stride, padding, ceil_mode, padding != 0)[0]


def framework_axis(
    convention: str,
    n: int,
    kernel: int,
    stride: int,
    padding: Padding | str,
    ceil_mode: bool,
    padded: bool,
    dilation: int = 1,
) -> tuple[int, tuple[int, int]]:
    """Return how many windows a framework lays along one axis, and its pads `(before, after)`.

    Args as for `pooling_size`, and:
        padded: whether any axis has padding. Torch7 and Caffe guard all axes as soon as one has
            some.
        dilation: pixels from one tap to the next; SAME pads for what the taps reach over.

    Raises:
        TypeError: a size is not an integer.
        ValueError: as `pooling_size`.
    """
    if convention not in CONVENTIONS:
        raise ValueError(f"convention must be one of {CONVENTIONS}, got {convention!r}")
    if convention == "tensorflow" and not isinstance(padding, str):
        padding = "SAME" if padded else "VALID"
    if isinstance(padding, str):
        words = PADDING_WORDS.get(convention, ())
        if padding not in words:
            known = " or ".join(["a number", *words])
            raise ValueError(f"padding must be {known} for {convention}, got {padding!r}")
        before, after = (0, 0)
        if padding != "VALID":
            reach = dilation * (integer(kernel, "kernel", least=1) - 1) + 1
            before, after = same_padding_tensorflow(n, reach, stride)
        if padding == "SAME_LOWER":
            before, after = after, before
        return output_size(n, kernel, stride, (before, after), dilation), (before, after)
    ceil = ceil_mode or convention == "caffe"
    guard = "padded" if convention in ("torch7", "caffe") and not padded else "always"
    windows = output_size(n, kernel, stride, padding, dilation, ceil, guard)
    return windows, both_ends(padding)


def pooling_divisors(
    height: int,
    width: int,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int],
    padding: int | tuple[int, int] | str = 0,
    ceil_mode: bool = False,
    count_include_pad: bool | None = None,
    convention: str = "pytorch",
) -> np.ndarray:
    """Return what a framework's average pooling divides each window's sum by.

    A window's divisor is the number of its taps that lie in the image ("exclude pad"), or in the
    image and its padding ("include pad"). Taps that overhang the padding never count.

    | convention | ceil_mode | its guard | count_include_pad | default |
    |---|---|---|---|---|
    | pytorch | as you say | always | as you say | include |
    | torch7 | as you say | when padded | as you say | include |
    | caffe | always | when padded | always | include |
    | tensorflow | see below | | never | exclude |
    | onnx (opset 19) | as you say | always | as you say | exclude |

    A setting that a framework does not offer is not looked at. TensorFlow has no numbers for
    padding: 0 stands for VALID here, and any other for SAME. `pooling_size` says more of both.

    Args:
        height: rows of the image.
        width: columns of the image.
        kernel_size: window, an int or `(height, width)`; so are `stride` and `padding`.
        stride: pixels from one window's start to the next one's.
        padding: pixels added on each side, or one of the convention's `PADDING_WORDS`.
        ceil_mode: count a last window that overhangs.
        count_include_pad: count padding; None takes the framework's default.
        convention: one of `CONVENTIONS`.

    Returns:
        Integers of shape `(out_height, out_width)`. 0 marks a window that lies wholly beyond the
        border, as Torch7 and Caffe make them in ceil mode without padding.

    Raises:
        TypeError: a size is not an integer.
        ValueError: a size is out of range, padding is larger than half the kernel (Caffe, ONNX: not
            smaller than the kernel), no window fits, or the convention is unknown.

    Sources: PyTorch `aten/src/ATen/native/cpu/AvgPoolKernel.cpp`; Torch7
    `lib/THNN/generic/SpatialAveragePooling.c`; Caffe `src/caffe/layers/pooling_layer.cpp`;
    TensorFlow `tf.nn.avg_pool2d`; ONNX `AveragePool`.
    """
    if convention not in CONVENTIONS:
        raise ValueError(f"convention must be one of {CONVENTIONS}, got {convention!r}")
    sizes = integer(height, "height", least=1), integer(width, "width", least=1)
    kernels = pair(kernel_size, "kernel_size", least=1)
    strides = pair(stride, "stride", least=1)
    pads: tuple[int | str, ...] = (padding, padding) if isinstance(padding, str) else ()
    if not isinstance(padding, str):
        pads = numbers = pair(padding, "padding", least=0)
        most = tuple(k - 1 if convention in ("caffe", "onnx") else k // 2 for k in kernels)
        too_much = numbers[0] > most[0] or numbers[1] > most[1]
        if too_much and convention != "tensorflow":
            raise ValueError(
                f"padding must be at most {most} for kernel_size={kernels}, got {numbers}"
            )
    include = convention == "caffe" or (
        convention != "tensorflow"
        and (convention != "onnx" if count_include_pad is None else count_include_pad)
    )
    taps = []
    for n, k, d, pad in zip(sizes, kernels, strides, pads, strict=True):
        windows, ends = framework_axis(convention, n, k, d, pad, ceil_mode, any(pads))
        taps.append(_taps(n, k, d, windows, ends, include))
    return np.outer(*taps)


def _taps(
    n: int, kernel: int, stride: int, windows: int, pads: tuple[int, int], include: bool
) -> np.ndarray:
    """Count the taps of each window along one axis, in the image or in the padded image."""
    before, after = pads
    starts = stride * np.arange(windows) - before
    first, end = (-before, n + after) if include else (0, n)
    return np.maximum(np.minimum(starts + kernel, end) - np.maximum(starts, first), 0)
