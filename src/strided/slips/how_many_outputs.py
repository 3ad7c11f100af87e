"""The slips of lesson 02: windows counted forwards and backwards, and what padding SAME adds."""

from strided import geometry
from strided.slips.core import slip

# ---------------------------------------------------------------- output_size


def _room(n, kernel, padding, dilation) -> int:
    """What is left of the padded image beside one window; raises where that is less than none."""
    geometry.output_size(n, kernel, 1, padding, dilation)
    return n + 2 * padding - dilation * (kernel - 1) - 1


def _steps(room, stride, ceil) -> int:
    if stride < 1:
        raise ValueError("stride")
    return -(-room // stride) if ceil else room // stride


@slip(
    "output_size",
    "one_added_before_dividing",
    gives="adding the 1 before dividing, floor((n - k + 1) / s),",
    advice="Some quizzes print that formula. The 1 is the first window, which needs no step: divide "
    "first, round, then add it.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    room = _room(n, kernel, padding, dilation)
    return _steps(room + 1, stride, ceil_mode)


@slip(
    "output_size",
    "steps_counted",
    gives="counting the steps between windows",
    advice="There is one window more than there are steps: the first one is there before any step.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    return geometry.output_size(n, kernel, stride, padding, dilation, ceil_mode) - 1


@slip(
    "output_size",
    "not_rounded",
    gives="leaving the quotient a fraction",
    advice="There is no fraction of a window: round the quotient down, or up in ceil mode. // "
    "rounds down.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    size = geometry.output_size(n, kernel, stride, padding, dilation, ceil_mode)
    if ceil_mode:
        return size
    return _room(n, kernel, padding, dilation) / stride + 1


@slip(
    "output_size",
    "rounded_to_nearest",
    gives="rounding the quotient to the nearest whole number",
    advice="2.75 steps are 2 windows after the first one, not 3: round down, or up in ceil mode, "
    "and never to the nearest.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    size = geometry.output_size(n, kernel, stride, padding, dilation, ceil_mode)
    if ceil_mode:
        return size
    return round(_room(n, kernel, padding, dilation) / stride) + 1


@slip(
    "output_size",
    "called_invalid",
    gives="raising an error where the stride does not divide",
    advice="Some notes call such a stride invalid, but no framework does: the quotient is rounded, "
    "and the end of the image may go unread.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    size = geometry.output_size(n, kernel, stride, padding, dilation, ceil_mode)
    if _room(n, kernel, padding, dilation) % stride:
        raise ValueError("invalid stride")
    return size


@slip(
    "output_size",
    "always_floor",
    gives="rounding down even with ceil_mode=True",
    advice="With ceil_mode a last window may overhang: round the quotient up. In whole numbers "
    "that is -(-a // b).",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    return geometry.output_size(n, kernel, stride, padding, dilation)


@slip(
    "output_size",
    "always_ceil",
    gives="rounding up even with ceil_mode=False",
    advice="Caffe's pooling rounds up always. PyTorch rounds down unless you ask for ceil_mode: "
    "a window that does not fit is left out.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    geometry.output_size(n, kernel, stride, padding, dilation)
    return geometry.output_size(n, kernel, stride, padding, dilation, True)


@slip(
    "output_size",
    "never_guarded",
    gives="keeping a last window that starts where no pixel is left",
    advice="In ceil mode PyTorch drops a last window that would start at n + padding or later, "
    "counted from the padding's first zero: it would read no pixel of the image.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    return _steps(_room(n, kernel, padding, dilation), stride, ceil_mode) + 1


@slip(
    "output_size",
    "guarded_when_padded",
    gives="the guard of Torch7 and Caffe, which drop a last window only when there is padding,",
    advice="PyTorch drops a last window that starts beyond the image with and without padding.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    settings = (n, kernel, stride, padding, dilation)
    geometry.output_size(*settings)
    return geometry.output_size(*settings, ceil_mode, guard="padded")


@slip(
    "output_size",
    "guarded_at_the_paddings_end",
    gives="keeping a last window that starts in the trailing padding",
    advice="A last window must read at least one pixel of the image. Counted from the padding's "
    "first zero, the image ends before n + padding, not n + 2*padding.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    _room(n, kernel, padding, dilation)
    return geometry.output_size(n + 2 * padding, kernel, stride, 0, dilation, ceil_mode)


@slip(
    "output_size",
    "guarded_too_early",
    gives="dropping a last window that still starts on a pixel",
    advice="The image's last pixel is n - 1, and before it lies the padding: drop the window if "
    "steps*stride >= n + padding, not if steps*stride >= n.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    size = geometry.output_size(n, kernel, stride, padding, dilation, ceil_mode)
    return size - 1 if ceil_mode and (size - 1) * stride >= n else size


@slip(
    "output_size",
    "padding_ignored",
    gives="no padding at all",
    advice="padding is the number of zeros on each side of the image: the windows have "
    "n + 2*padding places.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    _room(n, kernel, padding, dilation)
    return geometry.output_size(n, kernel, stride, 0, dilation, ceil_mode)


@slip(
    "output_size",
    "padding_once",
    gives="adding the padding on one side only",
    advice="padding is the number of zeros on each side of the image: add 2*padding.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    _room(n, kernel, padding, dilation)
    return geometry.output_size(n, kernel, stride, (padding, 0), dilation, ceil_mode)


@slip(
    "output_size",
    "dilation_ignored",
    gives="ignoring the dilation",
    advice="Taps stand dilation pixels apart, so a window reaches over dilation*(kernel-1) + 1 "
    "pixels, not over kernel.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    return geometry.output_size(n, kernel, stride, padding, 1, ceil_mode)


@slip(
    "output_size",
    "dilation_times_kernel",
    gives="a window that reaches over dilation*kernel pixels",
    advice="Between kernel taps there are kernel - 1 gaps: the reach is dilation*(kernel-1) + 1.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    return geometry.output_size(n, dilation * kernel, stride, padding, 1, ceil_mode)


@slip(
    "output_size",
    "size_over_stride",
    gives="dividing n by the stride, rounded up, whatever the kernel",
    advice="That is what TensorFlow's SAME makes of it, with padding of its own. Here the window's "
    "reach decides how often it can move.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    geometry.output_size(n, kernel, stride, padding, dilation)
    return -(-n // stride)


@slip(
    "output_size",
    "not_refused",
    gives="the formula without a look at bad input",
    advice="A window that is larger than the padded image would come out as zero or fewer outputs, "
    "and a stride of 0 never gets on: raise a ValueError for both before you divide.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    room = n + 2 * padding - dilation * (kernel - 1) - 1
    steps = -(-room // stride) if ceil_mode else room // stride
    if ceil_mode and steps * stride >= n + padding:
        steps -= 1
    return steps + 1


@slip(
    "output_size",
    "none_fits_is_zero",
    gives="returning 0 where no window fits",
    advice="A layer without outputs is a mistake in its settings, which frameworks refuse: raise a "
    "ValueError.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    if n + 2 * padding < dilation * (kernel - 1) + 1:
        return 0
    return geometry.output_size(n, kernel, stride, padding, dilation, ceil_mode)


@slip(
    "output_size",
    "refused_without_padding",
    gives="refusing a kernel larger than the image, padding or not,",
    advice="Padding makes room: compare the window's reach with n + 2*padding.",
)
def _(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    geometry.output_size(n, kernel, 1, 0, dilation)
    return geometry.output_size(n, kernel, stride, padding, dilation, ceil_mode)


# ---------------------------------------------------------------- lost_border


@slip(
    "lost_border",
    "padding_counted",
    gives="counting unread padding as well as unread pixels",
    advice="What the stride leaves over lies at the end of the padded image, so the trailing "
    "padding is lost first: take it off, and stop at 0.",
)
def _(n, kernel, stride, padding=0):
    return (n + 2 * padding - kernel) % stride


@slip(
    "lost_border",
    "padding_ignored",
    gives="no padding at all",
    advice="The windows start at -padding and may read the zeros after the image too: that moves "
    "where the last one ends.",
)
def _(n, kernel, stride, padding=0):
    return (n - kernel) % stride


@slip(
    "lost_border",
    "below_zero",
    gives="letting the number go below 0",
    advice="Where the remainder is smaller than the trailing padding, no pixel is lost: stop at 0.",
)
def _(n, kernel, stride, padding=0):
    return (n + 2 * padding - kernel) % stride - padding


@slip(
    "lost_border",
    "padding_taken_twice",
    gives="taking the padding of both sides off the remainder",
    advice="Only the trailing padding lies behind the last window; the padding in front was read "
    "by the first one.",
)
def _(n, kernel, stride, padding=0):
    return max((n + 2 * padding - kernel) % stride - 2 * padding, 0)


@slip(
    "lost_border",
    "size_modulo_stride",
    gives="the remainder of n by the stride",
    advice="The first window takes kernel pixels without a step; what the steps leave over is the "
    "remainder of what comes after it.",
)
def _(n, kernel, stride, padding=0):
    return max((n + 2 * padding) % stride - padding, 0)


@slip(
    "lost_border",
    "missing_for_one_more",
    gives="the number of pixels that one more window would need",
    advice="That is how far a window would overhang. Asked for is what the last window leaves "
    "behind.",
)
def _(n, kernel, stride, padding=0):
    return -(n + 2 * padding - kernel) % stride


@slip(
    "lost_border",
    "gaps_counted",
    gives="counting the pixels between windows too",
    advice="Where the stride is larger than the kernel, windows leave gaps. Count only what comes "
    "after the last window.",
)
def _(n, kernel, stride, padding=0):
    return int((geometry.coverage(n, kernel, stride, padding) == 0).sum())


@slip(
    "lost_border",
    "windows_side_by_side",
    gives="n minus outputs * kernel, as if windows stood side by side,",
    advice="Windows overlap or leave gaps: the last one starts at (outputs-1) * stride - padding "
    "and takes kernel pixels from there.",
)
def _(n, kernel, stride, padding=0):
    return max(n - geometry.output_size(n, kernel, stride, padding) * kernel, 0)


@slip(
    "lost_border",
    "outputs_times_stride",
    gives="n minus outputs * stride",
    advice="The last window starts one stride earlier, at (outputs-1) * stride - padding, and "
    "reads kernel pixels from there.",
)
def _(n, kernel, stride, padding=0):
    return max(n - geometry.output_size(n, kernel, stride, padding) * stride, 0)


# ---------------------------------------------------------------- input_sizes


def _least(out, kernel, stride, padding) -> int:
    return (out - 1) * stride + kernel - 2 * padding


@slip(
    "input_sizes",
    "smallest_only",
    gives="stopping after the smallest size",
    advice="Floor forgets the remainder: every remainder from 0 to stride - 1 gives the same "
    "number of windows.",
)
def _(out, kernel, stride, padding=0):
    return range(_least(out, kernel, stride, padding), _least(out, kernel, stride, padding) + 1)


@slip(
    "input_sizes",
    "last_one_missing",
    gives="a range that stops one size too early",
    advice="A range leaves its stop out: from the smallest size on, there are stride sizes.",
)
def _(out, kernel, stride, padding=0):
    least = _least(out, kernel, stride, padding)
    return range(least, least + stride - 1)


@slip(
    "input_sizes",
    "one_too_many",
    gives="a range with one size too many",
    advice="At a remainder of stride one more window fits, and that is another output: there are "
    "stride sizes, remainders 0 to stride - 1.",
)
def _(out, kernel, stride, padding=0):
    least = _least(out, kernel, stride, padding)
    return range(least, least + stride + 1)


@slip(
    "input_sizes",
    "ends_only",
    gives="the smallest and the largest size as a pair",
    advice="Return all sizes, as a range or a list: range(smallest, largest + 1).",
)
def _(out, kernel, stride, padding=0):
    least = _least(out, kernel, stride, padding)
    return least, least + stride - 1


@slip(
    "input_sizes",
    "range_as_a_pair",
    gives="a range's start and stop as a pair",
    advice="Write the word range in front of it: range(start, stop) holds all the sizes.",
)
def _(out, kernel, stride, padding=0):
    least = _least(out, kernel, stride, padding)
    return least, least + stride


@slip(
    "input_sizes",
    "out_steps",
    gives="one step per output",
    advice="The first window stands without a step: out windows are out - 1 steps apart.",
)
def _(out, kernel, stride, padding=0):
    least = out * stride + kernel - 2 * padding
    return range(least, least + stride)


@slip(
    "input_sizes",
    "one_added_before_dividing",
    gives="turning the formula floor((n - k + 1) / s) round",
    advice="That formula is wrong: the 1 is added after the division. So subtract it from out "
    "first, then multiply by the stride.",
)
def _(out, kernel, stride, padding=0):
    least = out * stride + kernel - 1 - 2 * padding
    return range(least, least + stride)


@slip(
    "input_sizes",
    "padding_ignored",
    gives="no padding at all",
    advice="Padding is part of what the windows read, and no part of the image: the sizes are "
    "smaller by 2*padding.",
)
def _(out, kernel, stride, padding=0):
    return geometry.input_sizes(out, kernel, stride)


@slip(
    "input_sizes",
    "padding_added",
    gives="adding the padding to the sizes",
    advice="The windows see n + 2*padding places. To get back to n, subtract 2*padding.",
)
def _(out, kernel, stride, padding=0):
    least = _least(out, kernel, stride, -padding)
    return range(least, least + stride)


@slip(
    "input_sizes",
    "padding_once",
    gives="subtracting the padding of one side only",
    advice="There is padding before the image and after it: subtract 2*padding.",
)
def _(out, kernel, stride, padding=0):
    return geometry.input_sizes(out, kernel, stride, (padding, 0))


@slip(
    "input_sizes",
    "rounded_up",
    gives="rounding up, as in ceil mode,",
    advice="Rounding down, the smallest size is the one that windows fill exactly; the others are "
    "larger, with a remainder at the end.",
)
def _(out, kernel, stride, padding=0):
    least = _least(out, kernel, stride, padding)
    return range(least - stride + 1, least + 1)


@slip(
    "input_sizes",
    "kernel_many",
    gives="as many sizes as the kernel has taps",
    advice="The remainder is one of dividing by the stride: there are stride sizes.",
)
def _(out, kernel, stride, padding=0):
    least = _least(out, kernel, stride, padding)
    return range(least, least + kernel)


# ---------------------------------------------------------------- same_padding


def _total(n, kernel, stride) -> int:
    return sum(geometry.same_padding_tensorflow(n, kernel, stride))


@slip(
    "same_padding",
    "odd_one_first",
    gives="putting the odd pixel at the beginning",
    advice="That is ONNX's SAME_LOWER. TensorFlow's SAME puts it at the end: the smaller half "
    "comes before.",
)
def _(n, kernel, stride):
    before, after = geometry.same_padding_tensorflow(n, kernel, stride)
    return after, before


@slip(
    "same_padding",
    "stride_ignored",
    gives="padding for stride 1, kernel - 1 in all, whatever the stride",
    advice="At a larger stride fewer windows are wanted, and they need less: look how far "
    "ceil(n / stride) windows reach.",
)
def _(n, kernel, stride):
    return geometry.same_padding(kernel)


@slip(
    "same_padding",
    "same_size",
    gives="padding until there are as many outputs as pixels",
    advice="SAME means ceil(n / stride) outputs, which is n only at stride 1.",
)
def _(n, kernel, stride):
    total = (n - 1) * stride + kernel - n
    return total // 2, total - total // 2


@slip(
    "same_padding",
    "half_the_kernel",
    gives="padding = kernel // 2 on both sides, as one writes it in PyTorch,",
    advice="SAME depends on n and on the stride, and its two sides may differ: look how far "
    "ceil(n / stride) windows reach.",
)
def _(n, kernel, stride):
    return kernel // 2, kernel // 2


@slip(
    "same_padding",
    "rounded_down",
    gives="counting floor(n / stride) outputs",
    advice="SAME rounds up: where the stride does not divide, there is one output more, and more "
    "to add.",
)
def _(n, kernel, stride):
    total = max((n // stride - 1) * stride + kernel - n, 0)
    return total // 2, total - total // 2


@slip(
    "same_padding",
    "below_zero",
    gives="letting the padding go below 0",
    advice="Windows that reach less far than the image need nothing: take max(total, 0).",
)
def _(n, kernel, stride):
    total = (-(-n // stride) - 1) * stride + kernel - n
    return total // 2, total - total // 2


@slip(
    "same_padding",
    "all_at_the_end",
    gives="putting all of the padding at the end",
    advice="Half of it goes before the image, rounded down; the rest goes after.",
)
def _(n, kernel, stride):
    return 0, _total(n, kernel, stride)


@slip(
    "same_padding",
    "odd_one_lost",
    gives="half the padding on either side, and none for the odd pixel",
    advice="An odd total cannot be halved: before = total // 2, after = total - before.",
)
def _(n, kernel, stride):
    half = _total(n, kernel, stride) // 2
    return half, half


@slip(
    "same_padding",
    "odd_one_doubled",
    gives="half the padding, rounded up, on either side",
    advice="That adds one pixel too many where the total is odd: before = total // 2, after = "
    "total - before.",
)
def _(n, kernel, stride):
    half = -(-_total(n, kernel, stride) // 2)
    return half, half


@slip(
    "same_padding",
    "to_a_multiple",
    gives="padding until the stride divides the size",
    advice="What must be reached is the end of the last window, which depends on the kernel as "
    "well: (outputs-1)*stride + kernel pixels.",
)
def _(n, kernel, stride):
    total = -n % stride
    return total // 2, total - total // 2


@slip(
    "same_padding",
    "one_stride_too_far",
    gives="counting outputs*stride + kernel pixels for the windows",
    advice="The first window stands without a step: the windows reach over "
    "(outputs-1)*stride + kernel pixels.",
)
def _(n, kernel, stride):
    total = max(-(-n // stride) * stride + kernel - n, 0)
    return total // 2, total - total // 2
