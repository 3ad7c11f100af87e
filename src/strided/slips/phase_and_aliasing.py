"""The slips of lesson 08."""

import numpy as np

from strided import operators, phase
from strided.slips.core import slip

# ---------------------------------------------------------------- polyphase_split


@slip(
    "polyphase_split",
    "columns_before_rows",
    gives="counting the row's phase before the column's",
    advice="Phases go in reading order, (0, 0), (0, 1), ...: the column's phase runs in the inner "
    "loop, so that parts[1] starts one column to the right.",
)
def _(x, stride):
    return [
        x[..., p :: stride[0], q :: stride[1]] for q in range(stride[1]) for p in range(stride[0])
    ]


@slip(
    "polyphase_split",
    "phases_reversed",
    gives="phases from the last to the first",
    advice="parts[0] has phase (0, 0): it begins with the image's first pixel.",
)
def _(x, stride):
    return phase.polyphase_split(x, stride)[::-1]


@slip(
    "polyphase_split",
    "stride_swapped",
    gives="a stride read as (width, height)",
    advice="Pairs are (height, width): stride[0] steps down the rows, stride[1] along the columns.",
)
def _(x, stride):
    return phase.polyphase_split(x, stride[::-1])


@slip(
    "polyphase_split",
    "height_for_both",
    gives="the height's stride in both directions",
    advice="stride has two numbers. Columns are dealt out by the second one.",
)
def _(x, stride):
    return phase.polyphase_split(x, stride[0])


@slip(
    "polyphase_split",
    "blocks",
    gives="an image cut into large blocks",
    advice="A part is no piece of the image but a thinned-out copy of all of it: it takes every "
    "stride-th row and column, from its phase on.",
)
def _(x, stride):
    bands = np.array_split(x, stride[0], axis=-2)
    return [block for band in bands for block in np.array_split(band, stride[1], axis=-1)]


@slip(
    "polyphase_split",
    "remainder_dropped",
    gives="dropping the rows and columns that do not fill a whole step",
    advice="Nothing may be lost. Where the stride does not divide, the parts of the first phases "
    "are one row or column larger: a slice without a stop does that by itself.",
)
def _(x, stride):
    rows, columns = ((n // s) * s for n, s in zip(x.shape[-2:], stride, strict=True))
    return phase.polyphase_split(x[..., :rows, :columns], stride)


@slip(
    "polyphase_split",
    "padded_to_one_size",
    gives="parts that are filled up with zeros to one size",
    advice="Parts may differ in size. Padded, they no longer say how large the image was.",
)
def _(x, stride):
    missing = [(0, -n % s) for n, s in zip(x.shape[-2:], stride, strict=True)]
    return phase.polyphase_split(np.pad(x, [(0, 0)] * (x.ndim - 2) + missing), stride)


@slip(
    "polyphase_split",
    "counted_from_one",
    gives="phases that run from 1 to the stride",
    advice="Phases run from 0 to stride - 1: the first part begins with row 0 and column 0.",
)
def _(x, stride):
    return phase.polyphase_split(x[..., 1:, 1:], stride)


@slip(
    "polyphase_split",
    "first_axes",
    gives="stepping along the first two axes",
    advice="Height and width are the last two axes. Three dots, `x[..., a, b]`, stand for all the "
    "axes before them.",
)
def _(x, stride):
    return [x[p :: stride[0], q :: stride[1]] for p, q in np.ndindex(*stride)]


@slip(
    "polyphase_split",
    "diagonal_phases_only",
    gives="one part for each phase along a single axis",
    advice="Every phase of the rows meets every phase of the columns: stride_h * stride_w parts.",
)
def _(x, stride):
    return [x[..., p :: stride[0], p :: stride[1]] for p in range(max(stride))]


@slip(
    "polyphase_split",
    "list_of_lists",
    gives="a list of lists",
    advice="The parts are right, but they belong in one flat list, phases in reading order.",
)
def _(x, stride):
    return [
        [x[..., p :: stride[0], q :: stride[1]] for q in range(stride[1])] for p in range(stride[0])
    ]


# ---------------------------------------------------------------- polyphase_merge


def _filled(parts, stride, phases, dtype=float):
    """Put each part into the phase given for it, in an image of the right size."""
    height = sum(part.shape[-2] for part in parts[:: stride[1]])
    width = sum(part.shape[-1] for part in parts[: stride[1]])
    out = np.zeros((*parts[0].shape[:-2], height, width), dtype)
    for part, (p, q) in zip(parts, phases, strict=False):
        out[..., p :: stride[0], q :: stride[1]] = part  # raises where the sizes differ
    return out


@slip(
    "polyphase_merge",
    "columns_before_rows",
    gives="counting the row's phase before the column's",
    advice="parts[1] has phase (0, 1): it fills columns, not rows. Part n has the phase "
    "(n // stride_w, n % stride_w).",
)
def _(parts, stride):
    phases = [(p, q) for q in range(stride[1]) for p in range(stride[0])]
    return _filled(parts, stride, phases)


@slip(
    "polyphase_merge",
    "phases_reversed",
    gives="parts in the opposite order",
    advice="parts[0] has phase (0, 0): its first pixel is the image's first.",
)
def _(parts, stride):
    return _filled(parts, stride, list(np.ndindex(*stride))[::-1])


@slip(
    "polyphase_merge",
    "stride_swapped",
    gives="a stride read as (width, height)",
    advice="Pairs are (height, width): stride[0] is the step down the rows, stride[1] the one along "
    "the columns.",
)
def _(parts, stride):
    return phase.polyphase_merge(parts, stride[::-1])


@slip(
    "polyphase_merge",
    "side_by_side",
    gives="parts laid side by side as blocks",
    advice="The pixels of a part are not neighbours in the image: between two of them lie those of "
    "the other phases. Assign to a slice with a step.",
)
def _(parts, stride):
    sh, sw = stride
    return np.block([list(parts[p * sw : (p + 1) * sw]) for p in range(sh)])


@slip(
    "polyphase_merge",
    "one_size_for_all",
    gives="taking all parts to be of one size",
    advice="Where the stride does not divide, later parts are smaller. Add up the rows of the parts "
    "of all row phases, and the columns of those of all column phases.",
)
def _(parts, stride):
    n, c = parts[0].shape[-2:]
    deep = np.stack(parts).reshape(*stride, *parts[0].shape)  # raises where the sizes differ
    deep = np.moveaxis(deep, (0, 1), (-3, -1))
    return deep.reshape(*parts[0].shape[:-2], n * stride[0], c * stride[1])


@slip(
    "polyphase_merge",
    "fractions_cut_off",
    gives="an array of whole numbers",
    advice="The parts may hold fractions. Make the image with the parts' own dtype, or with floats.",
)
def _(parts, stride):
    return _filled(parts, stride, np.ndindex(*stride), dtype=int)


@slip(
    "polyphase_merge",
    "first_part_only",
    gives="the first part with zeros between its pixels",
    advice="That is what is left of an image after a stride. All parts together fill it: loop over "
    "every phase.",
)
def _(parts, stride):
    return _filled(parts, stride, [(0, 0)])


@slip(
    "polyphase_merge",
    "first_image_repeated",
    gives="the first channel or image in place of all others",
    advice="The axes before height and width stay as they are: index with three dots, "
    "`out[..., p::stride_h, q::stride_w]`.",
)
def _(parts, stride):
    merged = phase.polyphase_merge(parts, stride)
    return np.broadcast_to(merged[(0,) * (merged.ndim - 2)], merged.shape).copy()


# ---------------------------------------------------------------- conv2d_polyphase


def _parts(x, weight, stride):
    return zip(phase.polyphase_split(x, stride), phase.polyphase_split(weight, stride), strict=True)


def _outputs(x, weight, stride):
    return [(n - k) // s + 1 for n, k, s in zip(x.shape[2:], weight.shape[2:], stride, strict=True)]


def _added(pairs, size):
    """Add up what pairs of a part and a kernel give at stride 1, cut to one size."""
    out = 0.0
    for part, kernel in pairs:
        if kernel.size:
            out = out + operators.conv2d(part, kernel)[:, :, : size[0], : size[1]]
    return out


@slip(
    "conv2d_polyphase",
    "stride_swapped",
    gives="a stride read as (width, height)",
    advice="Pairs are (height, width): stride[0] deals out rows, stride[1] columns.",
)
def _(x, weight, stride):
    return operators.conv2d(x, weight, stride=stride[::-1])


@slip(
    "conv2d_polyphase",
    "height_for_both",
    gives="the height's stride in both directions",
    advice="stride has two numbers. Columns are dealt out by the second one.",
)
def _(x, weight, stride):
    return operators.conv2d(x, weight, stride=stride[0])


@slip(
    "conv2d_polyphase",
    "stride_ignored",
    gives="a convolution of the whole image at stride 1",
    advice="Stride 1 is right for the parts, not for the image: deal out image and kernel first.",
)
def _(x, weight, stride):
    return operators.conv2d(x, weight)


@slip(
    "conv2d_polyphase",
    "first_part_only",
    gives="the first part alone",
    advice="Every part that the kernel has taps for adds to every output: sum over all phases.",
)
def _(x, weight, stride):
    return _added(list(_parts(x, weight, stride))[:1], _outputs(x, weight, stride))


@slip(
    "conv2d_polyphase",
    "last_part_only",
    gives="the last part that has taps alone",
    advice="If your loop says `=`, every part overwrites the one before; `+=` adds it.",
)
def _(x, weight, stride):
    with_taps = [(part, kernel) for part, kernel in _parts(x, weight, stride) if kernel.size]
    return _added(with_taps[-1:], _outputs(x, weight, stride))


@slip(
    "conv2d_polyphase",
    "parts_averaged",
    gives="the mean over the parts",
    advice="The window's sum is taken apart, not averaged: add the parts up.",
)
def _(x, weight, stride):
    return operators.conv2d(x, weight, stride=stride) / (stride[0] * stride[1])


@slip(
    "conv2d_polyphase",
    "kernel_left_whole",
    gives="the whole kernel on the first part",
    advice="The pixels of one part are stride pixels apart in the image, so they meet only every "
    "stride-th tap. Deal the kernel out like the image.",
)
def _(x, weight, stride):
    return operators.conv2d(phase.polyphase_split(x, stride)[0], weight)  # may be too large for it


@slip(
    "conv2d_polyphase",
    "kernel_in_another_order",
    gives="kernel parts that meet the wrong image parts",
    advice="Part n of the image meets part n of the kernel. Count the phases of both in one order, "
    "the column's in the inner loop.",
)
def _(x, weight, stride):
    kernels = phase.polyphase_split(weight, stride)
    order = [p * stride[1] + q for q in range(stride[1]) for p in range(stride[0])]
    size = _outputs(x, weight, stride)
    out = 0.0
    for part, n in zip(phase.polyphase_split(x, stride), order, strict=True):
        for t, s in np.ndindex(*kernels[n].shape[2:]):
            seen = part[:, :, t : t + size[0], s : s + size[1]]
            rows, columns = size[0] - seen.shape[2], size[1] - seen.shape[3]
            seen = np.pad(seen, ((0, 0), (0, 0), (0, rows), (0, columns)))
            out = out + np.einsum("nchw,kc->nkhw", seen, kernels[n][:, :, t, s])
    return out


@slip(
    "conv2d_polyphase",
    "kernel_reversed_phases",
    gives="a kernel whose phases run backwards",
    advice="A window starts at row i * stride, which has phase 0, so the kernel's tap 0 meets phase "
    "0: nothing is flipped.",
)
def _(x, weight, stride):
    turned = weight[:, :, ::-1, ::-1]
    return operators.conv2d(x, turned, stride=stride)


@slip(
    "conv2d_polyphase",
    "kernel_remainder_dropped",
    gives="a kernel without the taps that do not fill a whole step",
    advice="A kernel's size need not be a multiple of the stride. Its parts may differ in size, or "
    "be filled up with zeros at the end.",
)
def _(x, weight, stride):
    kept = np.zeros(weight.shape)
    rows, columns = (k // s * s for k, s in zip(weight.shape[2:], stride, strict=True))
    kept[:, :, :rows, :columns] = weight[:, :, :rows, :columns]
    return operators.conv2d(x, kept, stride=stride)


@slip(
    "conv2d_polyphase",
    "kernel_padded_in_front",
    gives="a kernel that is filled up with zeros in front",
    advice="Zeros in front move every tap to another phase. Fill up behind the last tap, or leave "
    "the parts of the kernel unequal.",
)
def _(x, weight, stride):
    missing = [(-k % s, 0) for k, s in zip(weight.shape[2:], stride, strict=True)]
    late = np.pad(weight, ((0, 0), (0, 0), *missing))
    size = _outputs(x, weight, stride)
    room = [(0, max(s, k)) for s, k in zip(stride, late.shape[2:], strict=True)]
    long = np.pad(x, ((0, 0), (0, 0), *room))
    return operators.conv2d(long, late, stride=stride)[:, :, : size[0], : size[1]]


@slip(
    "conv2d_polyphase",
    "not_cropped",
    gives="keeping every window of parts that were filled up with zeros",
    advice="The last of these windows reach beyond the image. Keep floor((n - k) / stride) + 1 rows "
    "and columns, as for every stride.",
)
def _(x, weight, stride):
    return operators.conv2d(phase.space_to_depth(x, stride), phase.space_to_depth(weight, stride))


@slip(
    "conv2d_polyphase",
    "image_remainder_dropped",
    gives="an image without the rows and columns that do not fill a whole step",
    advice="The last window may need them. Parts may differ in size.",
)
def _(x, weight, stride):
    rows, columns = (n // s * s for n, s in zip(x.shape[2:], stride, strict=True))
    return operators.conv2d(x[:, :, :rows, :columns], weight, stride=stride)


@slip(
    "conv2d_polyphase",
    "channels_in_another_order",
    gives="a kernel whose channels are stacked in another order than the image's",
    advice="If you stack parts as channels, stack those of image and kernel alike: both with the "
    "phases outside, or both with the channels outside.",
)
def _(x, weight, stride):
    deep, kernels = phase.space_to_depth(x, stride), phase.space_to_depth(weight, stride)
    shape = (len(weight), stride[0] * stride[1], -1, *kernels.shape[2:])
    mixed = kernels.reshape(shape).swapaxes(1, 2).reshape(kernels.shape)
    size = _outputs(x, weight, stride)
    return operators.conv2d(deep, mixed)[:, :, : size[0], : size[1]]


@slip(
    "conv2d_polyphase",
    "keeps_the_last_of_each_step",
    gives="windows that start at the last place of each step",
    advice="Windows start at 0, stride, 2 * stride, ...: phase 0 comes first.",
)
def _(x, weight, stride):
    return operators.conv2d(x, weight)[:, :, stride[0] - 1 :: stride[0], stride[1] - 1 :: stride[1]]


@slip(
    "conv2d_polyphase",
    "first_channel_only",
    gives="the first input channel alone",
    advice="Each part has all the channels of x. Sum over them as well as over the parts.",
)
def _(x, weight, stride):
    return operators.conv2d(x[:, :1], weight[:, :1], stride=stride)


@slip(
    "conv2d_polyphase",
    "first_image_repeated",
    gives="the first image of the batch in place of all others",
    advice="The batch is the first axis of every part: do not index it with 0.",
)
def _(x, weight, stride):
    return operators.conv2d(np.repeat(x[:1], len(x), axis=0), weight, stride=stride)


# ---------------------------------------------------------------- blur_subsample


def _blurred(x, taps=phase.BINOMIAL, axes=(-2, -1), first=-1):
    for axis in axes:
        moved = [tap * np.roll(x, -first - t, axis) for t, tap in enumerate(taps)]
        x = np.add.reduce(moved)
    return x


def _blurred_with_border(x, stride, **how):
    kernel = np.outer(phase.BINOMIAL, phase.BINOMIAL)
    padded = np.pad(x * 1.0, ((0, 0), (0, 0), (1, 1), (1, 1)), **how)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return phase.keep_every((windows * kernel).sum(axis=(4, 5)), stride)


@slip(
    "blur_subsample",
    "never_blurred",
    gives="keeping every stride-th pixel without a blur",
    advice="That is the compressor. Blur first, so that stripes are gone before pixels are.",
)
def _(x, stride):
    return phase.keep_every(x, stride)


@slip(
    "blur_subsample",
    "blurred_after_keeping",
    gives="a blur of the pixels that were kept",
    advice="What the kept pixels have lost, no blur brings back. Blur the whole image first, then "
    "keep.",
)
def _(x, stride):
    return _blurred(phase.keep_every(x, stride))


@slip(
    "blur_subsample",
    "box_of_three",
    gives="a kernel of [1, 1, 1] / 3",
    advice="That average lets a third of the stripes through. The middle pixel counts twice: "
    "[1, 2, 1] / 4.",
)
def _(x, stride):
    return phase.keep_every(_blurred(x, (1 / 3, 1 / 3, 1 / 3)), stride)


@slip(
    "blur_subsample",
    "box_of_two",
    gives="the mean of each pixel and its right and lower neighbours",
    advice="That is average pooling with k = 2. The binomial kernel is centred and has three taps: "
    "[1, 2, 1] / 4.",
)
def _(x, stride):
    return phase.keep_every(_blurred(x, (1 / 2, 1 / 2), first=0), stride)


@slip(
    "blur_subsample",
    "not_divided",
    gives="a kernel of [1, 2, 1] that is not divided",
    advice="The weights must add up to 1, or the picture grows brighter: divide by 4 along each "
    "axis, by 16 in all.",
)
def _(x, stride):
    return phase.keep_every(_blurred(x, (1, 2, 1)), stride)


@slip(
    "blur_subsample",
    "divided_by_four_once",
    gives="dividing by 4 once",
    advice="Each of the two axes has a kernel that sums to 4 before the division. Divide by 16 in "
    "all.",
)
def _(x, stride):
    return phase.keep_every(_blurred(x) * 4, stride)


@slip(
    "blur_subsample",
    "rows_only",
    gives="a blur along the height alone",
    advice="Blur along the width too: stripes may run either way.",
)
def _(x, stride):
    return phase.keep_every(_blurred(x, axes=(-2,)), stride)


@slip(
    "blur_subsample",
    "columns_only",
    gives="a blur along the width alone",
    advice="Blur along the height too: stripes may run either way.",
)
def _(x, stride):
    return phase.keep_every(_blurred(x, axes=(-1,)), stride)


@slip(
    "blur_subsample",
    "only_where_strided",
    gives="a blur that leaves out an axis with stride 1",
    advice="The kernel is fixed: blur along both axes, whatever the stride.",
)
def _(x, stride):
    axes = [axis for axis, step in zip((-2, -1), stride, strict=True) if step > 1]
    return phase.keep_every(_blurred(x, axes=axes), stride)


@slip(
    "blur_subsample",
    "not_centred",
    gives="a kernel whose first tap lies on the pixel that is kept",
    advice="The middle tap, the 2, lies on the kept pixel; the others on its two neighbours.",
)
def _(x, stride):
    return phase.keep_every(_blurred(x, first=0), stride)


@slip(
    "blur_subsample",
    "zeros_around",
    gives="a border of zeros",
    advice="The image is periodic here: left of column 0 comes the last column, above row 0 the last "
    "row. np.roll and np.pad(mode='wrap') do that.",
)
def _(x, stride):
    return _blurred_with_border(x, stride)


@slip(
    "blur_subsample",
    "border_repeated",
    gives="a border that repeats the outermost pixels",
    advice="The image is periodic here: left of column 0 comes the last column, above row 0 the last "
    "row. np.roll and np.pad(mode='wrap') do that.",
)
def _(x, stride):
    return _blurred_with_border(x, stride, mode="edge")


@slip(
    "blur_subsample",
    "border_reflected",
    gives="a border that mirrors the image",
    advice="The image is periodic here: left of column 0 comes the last column, above row 0 the last "
    "row. np.roll and np.pad(mode='wrap') do that.",
)
def _(x, stride):
    return _blurred_with_border(x, stride, mode="reflect")


@slip(
    "blur_subsample",
    "whole_windows_only",
    gives="windows that lie wholly in the image",
    advice="The blur changes no size: an image without a border has neighbours on the other side. "
    "Wrap around.",
)
def _(x, stride):
    return phase.keep_every(_blurred(x)[..., 1:-1, 1:-1], stride)


@slip(
    "blur_subsample",
    "stride_swapped",
    gives="a stride read as (width, height)",
    advice="Pairs are (height, width): stride[0] steps down the rows, stride[1] along the columns.",
)
def _(x, stride):
    return phase.blur_subsample(x, stride[::-1])


@slip(
    "blur_subsample",
    "keeps_the_last_of_each_step",
    gives="keeping the last pixel of each step",
    advice="A stride keeps phase 0: slice with [::stride], not with [stride - 1::stride].",
)
def _(x, stride):
    return _blurred(x)[..., stride[0] - 1 :: stride[0], stride[1] - 1 :: stride[1]]


@slip(
    "blur_subsample",
    "channels_mixed",
    gives="the sum over the channels in each of them",
    advice="The blur is depthwise: every channel is blurred alone.",
)
def _(x, stride):
    mixed = np.broadcast_to(x.sum(axis=1, keepdims=True), x.shape)
    return phase.blur_subsample(mixed, stride)


@slip(
    "blur_subsample",
    "rounded_down",
    gives="rounding down to whole numbers",
    advice="x may hold integers, and a blur makes fractions of them: divide with /, not with //, "
    "and do not keep the integers' dtype.",
)
def _(x, stride):
    out = phase.blur_subsample(x, stride)
    return np.floor(out).astype(x.dtype) if x.dtype.kind in "iu" else out


# ---------------------------------------------------------------- shift_consistency


def _compared(f, x, shift, along):
    return float(np.abs(f(np.roll(x, shift, (-2, -1))) - np.roll(f(x), along, (-2, -1))).max())


def _along(shift, stride):
    return tuple(p // s for p, s in zip(shift, stride, strict=True))


@slip(
    "shift_consistency",
    "image_moved_the_other_way",
    gives="an image that moves left where the output moves right",
    advice="np.roll(x, 1) moves to the right, x[..., 1:] to the left. Move image and output the same "
    "way, down and to the right.",
)
def _(f, x, shift, stride):
    return _compared(f, x, tuple(-p for p in shift), _along(shift, stride))


@slip(
    "shift_consistency",
    "both_moved_the_other_way",
    gives="moving everything up and to the left",
    advice="A shift of (1, 2) is 1 down and 2 to the right: np.roll with positive numbers.",
)
def _(f, x, shift, stride):
    return _compared(f, x, tuple(-p for p in shift), tuple(-p for p in _along(shift, stride)))


@slip(
    "shift_consistency",
    "output_moved_by_the_whole_shift",
    gives="an output that moves as many pixels as the image",
    advice="One pixel of the output is stride pixels of the image: divide the shift by the stride.",
)
def _(f, x, shift, stride):
    return _compared(f, x, shift, shift)


@slip(
    "shift_consistency",
    "output_not_moved",
    gives="an output that stays where it is",
    advice="You ask whether f is blind to the shift. The question is whether its output moves along: "
    "roll f(x) too.",
)
def _(f, x, shift, stride):
    return _compared(f, x, shift, (0, 0))


@slip(
    "shift_consistency",
    "pairs_swapped",
    gives="a shift read as (width, height)",
    advice="Pairs are (height, width): shift[0] rolls axis -2, shift[1] axis -1.",
)
def _(f, x, shift, stride):
    return _compared(f, x, shift[::-1], _along(shift, stride)[::-1])


@slip(
    "shift_consistency",
    "stride_swapped",
    gives="a stride read as (width, height)",
    advice="Pairs are (height, width): the rows' shift is divided by stride[0].",
)
def _(f, x, shift, stride):
    return _compared(f, x, shift, _along(shift, stride[::-1]))


@slip(
    "shift_consistency",
    "rounded_towards_zero",
    gives="a shift that is rounded towards zero",
    advice="Rounded down, -1 / 2 is -1: use //. int() rounds negative numbers up.",
)
def _(f, x, shift, stride):
    along = tuple(int(p / s) for p, s in zip(shift, stride, strict=True))
    return _compared(f, x, shift, along)


@slip(
    "shift_consistency",
    "rolled_through_all_axes",
    gives="np.roll without an axis",
    advice="Without an axis np.roll runs the whole array through one line: give it axis=(-2, -1).",
)
def _(f, x, shift, stride):
    along = _along(shift, stride)
    return float(np.abs(f(np.roll(x, shift)) - np.roll(f(x), along)).max())


@slip(
    "shift_consistency",
    "first_axes",
    gives="rolling the first two axes",
    advice="Height and width are the last two axes, -2 and -1.",
)
def _(f, x, shift, stride):
    moved = f(np.roll(x, shift, (0, 1)))
    return float(np.abs(moved - np.roll(f(x), _along(shift, stride), (0, 1))).max())


@slip(
    "shift_consistency",
    "zeros_move_in",
    gives="an image that moves without wrapping around",
    advice="The image is periodic: what leaves on one side enters on the other. np.roll does that.",
)
def _(f, x, shift, stride):
    moved = np.roll(x, shift, (-2, -1))
    for axis, by in zip((-2, -1), shift, strict=True):
        entered = np.moveaxis(moved, axis, 0)
        entered[slice(0, by) if by >= 0 else slice(by, None)] = 0
    return float(np.abs(f(moved) - np.roll(f(x), _along(shift, stride), (-2, -1))).max())


@slip(
    "shift_consistency",
    "mean_difference",
    gives="the mean difference",
    advice="The largest difference is asked for: a mean hides one pixel that is far off.",
)
def _(f, x, shift, stride):
    other = np.roll(f(x), _along(shift, stride), (-2, -1))
    return float(np.abs(f(np.roll(x, shift, (-2, -1))) - other).mean())


@slip(
    "shift_consistency",
    "signs_kept",
    gives="the largest difference with its sign",
    advice="Take absolute values first: a difference of -2 is as large as one of 2.",
)
def _(f, x, shift, stride):
    other = np.roll(f(x), _along(shift, stride), (-2, -1))
    return float((f(np.roll(x, shift, (-2, -1))) - other).max())


@slip(
    "shift_consistency",
    "true_or_false",
    gives="True or False",
    advice="Return the largest absolute difference, a number: 0 says that they agree, and any other "
    "how far they are apart.",
)
def _(f, x, shift, stride):
    return _compared(f, x, shift, _along(shift, stride)) < 1e-9
