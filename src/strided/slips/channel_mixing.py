"""The slips of lesson 06."""

import numpy as np

from strided import channels as library
from strided import geometry, operators
from strided.slips.core import slip

# ---------------------------------------------------------------- mixing_matrix

_SIZE = (8, 9)


def _responses(operator, in_channels):
    """Each output before, `(out, H', W')`, and for every input channel set to 1, one more axis."""
    rest = np.zeros((in_channels, *_SIZE))
    before = operator(rest)
    after = []
    for channel in range(in_channels):
        x = rest.copy()
        x[channel] = 1
        after.append(operator(x))
    return before, np.stack(after)


def _any(changed):
    """From `(in, out, H', W')` to `(out, in)`."""
    return changed.any(axis=(2, 3)).T


@slip(
    "mixing_matrix",
    "transposed",
    gives="a matrix with a row for each input",
    advice="Rows are outputs, columns are inputs: what input channel c changes is column c.",
)
def _(operator, in_channels):
    before, after = _responses(operator, in_channels)
    return _any(after != before).T


@slip(
    "mixing_matrix",
    "bias_taken_for_input",
    gives="asking whether an output is 0, not whether it has changed",
    advice="A bias makes an output nonzero that reads nothing. Keep what the operator returns "
    "before the change, and compare with that.",
)
def _(operator, in_channels):
    return _any(_responses(operator, in_channels)[1] != 0)


@slip(
    "mixing_matrix",
    "changes_pile_up",
    gives="an input in which earlier channels stay changed",
    advice="Start from a fresh copy for every channel: with channels 0 and 1 both changed, nobody "
    "can tell which of them an output reads.",
)
def _(operator, in_channels):
    before, after = _responses(operator, in_channels)
    return np.logical_or.accumulate(_any(after != before), axis=1)


@slip(
    "mixing_matrix",
    "compared_with_the_one_before",
    gives="comparing each result with that of the channel before, not with the unchanged one",
    advice="Keep the result for the unchanged input, and compare every other result with that one.",
)
def _(operator, in_channels):
    before, after = _responses(operator, in_channels)
    return _any(after != np.concatenate([before[None], after[:-1]]))


@slip(
    "mixing_matrix",
    "others_changed",
    gives="changing all channels but one",
    advice="Change the one channel that the column belongs to, and leave all others as they were.",
)
def _(operator, in_channels):
    before = operator(np.zeros((in_channels, *_SIZE)))
    columns = []
    for channel in range(in_channels):
        x = np.ones((in_channels, *_SIZE))
        x[channel] = 0
        columns.append((operator(x) != before).any(axis=(1, 2)))
    return np.stack(columns, axis=1)


@slip(
    "mixing_matrix",
    "outputs_lumped_together",
    gives="asking whether anything has changed in any output channel",
    advice="Compare output channel by output channel: `any` over the last two axes only.",
)
def _(operator, in_channels):
    before, after = _responses(operator, in_channels)
    matrix = _any(after != before)
    return np.broadcast_to(matrix.any(axis=0), matrix.shape)


@slip(
    "mixing_matrix",
    "only_rises_seen",
    gives="counting an output as changed only where it has become larger",
    advice="A negative weight makes the output smaller. Ask whether it differs, with `!=` or with "
    "the absolute difference.",
)
def _(operator, in_channels):
    before, after = _responses(operator, in_channels)
    return _any(after > before)


@slip(
    "mixing_matrix",
    "inverted",
    gives="True where nothing changes",
    advice="True stands for a connection: the output does change when the input channel does.",
)
def _(operator, in_channels):
    before, after = _responses(operator, in_channels)
    return ~_any(after != before)


@slip(
    "mixing_matrix",
    "pixels_counted",
    gives="how many pixels change",
    advice="Every entry is True or False: use `any` in place of `sum`.",
)
def _(operator, in_channels):
    before, after = _responses(operator, in_channels)
    return (after != before).sum(axis=(2, 3)).T


@slip(
    "mixing_matrix",
    "as_many_outputs_as_inputs",
    gives="a matrix with as many rows as columns, whatever the operator returns",
    advice="An operator may make more channels than it is given, or fewer. The number of rows is "
    "the number of channels in its result.",
)
def _(operator, in_channels):
    before, after = _responses(operator, in_channels)
    matrix = np.zeros((in_channels, in_channels), dtype=bool)
    found = _any(after != before)[:in_channels]
    matrix[: len(found)] = found
    return matrix


@slip(
    "mixing_matrix",
    "not_any_pixel",
    gives="asking that all pixels of an output change, or looking at its corner alone",
    advice="A connection is there as soon as one pixel changes, whichever it is; in the border, "
    "a window may read nothing but padding. Use `any` over the whole output channel.",
)
def _(operator, in_channels):
    before, after = _responses(operator, in_channels)
    return (after != before).all(axis=(2, 3)).T


# ---------------------------------------------------------------- conv2d_groups


def _grouped(x, weight, bias, stride, padding, reads):
    """Convolve where output k reads the channels `reads(k)`; a bias is added at the end."""
    x = np.asarray(x, dtype=float)
    maps = [
        operators.conv2d(x[:, reads(k)], weight[k : k + 1], None, stride, padding)
        for k in range(len(weight))
    ]
    return _biased(np.concatenate(maps, axis=1), bias)


def _biased(out, bias):
    return out if bias is None else out + bias[:, None, None]


def _conv(x, weight, bias=None, stride=1, padding=0, groups=1):
    return operators.conv2d(x, weight, bias, stride, padding, groups=groups)


@slip(
    "conv2d_groups",
    "first_group_for_all",
    gives="every output reading the channels of group 0",
    advice="Output k is in group k // (K / groups), and reads the channels of that group: they "
    "start at group * (C / groups).",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    own = range(weight.shape[1])
    return _grouped(x, weight, bias, stride, padding, lambda k: list(own))


@slip(
    "conv2d_groups",
    "groups_ignored",
    gives="every group's kernels laid on the channels of all groups",
    advice="That is a full convolution with repeated kernels. A group's kernels meet the channels "
    "of their own group and no others.",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    return _conv(x, np.tile(weight, (1, groups, 1, 1)), bias, stride, padding)


@slip(
    "conv2d_groups",
    "inputs_dealt_out",
    gives="dealing the input channels out like cards (group g gets g, g + groups, ...)",
    advice="Groups are blocks of neighbours: group 0 has the first C / groups channels, group 1 "
    "the next ones.",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    each = len(weight) // groups
    return _grouped(
        x, weight, bias, stride, padding, lambda k: list(range(k // each, x.shape[1], groups))
    )


@slip(
    "conv2d_groups",
    "outputs_dealt_out",
    gives="output k belonging to group k % groups",
    advice="Outputs are split into blocks of neighbours, as inputs are: output k belongs to group "
    "k // (K / groups).",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    size = weight.shape[1]
    return _grouped(
        x,
        weight,
        bias,
        stride,
        padding,
        lambda k: list(range(k % groups * size, (k % groups + 1) * size)),
    )


@slip(
    "conv2d_groups",
    "results_interleaved",
    gives="results of the groups put together alternately",
    advice="All outputs of group 0 come first, then those of group 1: join the groups along the "
    "channel axis, one after the other.",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    out = _conv(x, weight, None, stride, padding, groups)
    n, k, *size = out.shape
    mixed = out.reshape(n, groups, k // groups, *size).swapaxes(1, 2).reshape(out.shape)
    return _biased(mixed, bias)


@slip(
    "conv2d_groups",
    "groups_summed",
    gives="adding up what the groups give",
    advice="Groups do not mix: their results stand one after the other along the channel axis. "
    "Join them with np.concatenate.",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    out = _conv(x, weight, bias, stride, padding, groups)
    return out.reshape(len(x), groups, -1, *out.shape[2:]).sum(axis=1)


@slip(
    "conv2d_groups",
    "start_not_multiplied",
    gives="group g reading from channel g on",
    advice="Group g starts at channel g * (C / groups), not at g.",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    each, size = len(weight) // groups, weight.shape[1]
    return _grouped(
        x, weight, bias, stride, padding, lambda k: list(range(k // each, k // each + size))
    )


@slip(
    "conv2d_groups",
    "groups_reversed",
    gives="the last group's channels going to the first outputs",
    advice="Group 0's outputs are made of group 0's channels, the first ones.",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    each, size = len(weight) // groups, weight.shape[1]

    def reads(k):
        group = groups - 1 - k // each
        return list(range(group * size, (group + 1) * size))

    return _grouped(x, weight, bias, stride, padding, reads)


@slip(
    "conv2d_groups",
    "kernels_start_anew",
    gives="group 0's kernels in every group",
    advice="weight has a kernel set for every output of every group. Output k uses weight[k], "
    "counted over all groups.",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    first = weight[: len(weight) // groups]
    return _conv(x, np.tile(first, (groups, 1, 1, 1)), bias, stride, padding, groups)


@slip(
    "conv2d_groups",
    "first_channel_of_each_group",
    gives="reading only the first channel of each group",
    advice="Every output adds up all C / groups channels of its group, each with a kernel of its "
    "own: weight[k, 0], weight[k, 1], ...",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    kept = weight.copy()
    kept[:, 1:] = 0
    return _conv(x, kept, bias, stride, padding, groups)


@slip(
    "conv2d_groups",
    "channels_averaged",
    gives="the mean over the channels of a group in place of the sum",
    advice="The channels of a group are added up. Nothing is divided.",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    return _conv(x, weight / weight.shape[1], bias, stride, padding, groups)


@slip(
    "conv2d_groups",
    "bias_starts_anew",
    gives="group 0's biases in every group",
    advice="bias has one number for each output, counted over all groups: output k adds bias[k].",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    if bias is not None:
        bias = np.tile(bias[: len(weight) // groups], groups)
    return _conv(x, weight, bias, stride, padding, groups)


@slip(
    "conv2d_groups",
    "bias_of_the_group",
    gives="one bias for each group (bias[group])",
    advice="Every output has a bias of its own, as in any convolution: output k adds bias[k].",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    if bias is not None:
        bias = np.repeat(bias[:groups], len(weight) // groups)
    return _conv(x, weight, bias, stride, padding, groups)


@slip(
    "conv2d_groups",
    "bias_for_each_input",
    gives="adding the bias once for each channel of the group",
    advice="The bias is added once for each output, after the sum over channels.",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    if bias is not None:
        bias = bias * weight.shape[1]
    return _conv(x, weight, bias, stride, padding, groups)


@slip(
    "conv2d_groups",
    "bias_ignored",
    gives="no bias",
    advice="Add bias[k] to every number of output channel k, where a bias is given.",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    return _conv(x, weight, None, stride, padding, groups)


@slip(
    "conv2d_groups",
    "flipped_kernel",
    gives="a flipped kernel",
    advice="Networks use cross-correlation: do not turn the kernel.",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    return _conv(x, weight[:, :, ::-1, ::-1], bias, stride, padding, groups)


@slip(
    "conv2d_groups",
    "stride_swapped",
    gives="a stride read as (width, height)",
    advice="Pairs are (height, width): the first number steps down the rows.",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    return _conv(x, weight, bias, geometry.pair(stride, "stride")[::-1], padding, groups)


@slip(
    "conv2d_groups",
    "stride_ignored",
    gives="a stride of 1 whatever was asked for",
    advice="Output (i, j) reads the window that starts at row i * stride[0] and column "
    "j * stride[1]. Did you pass the stride on for every group?",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    return _conv(x, weight, bias, 1, padding, groups)


@slip(
    "conv2d_groups",
    "padding_swapped",
    gives="a padding read as (width, height)",
    advice="Pairs are (height, width): the first number adds rows above and below.",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    return _conv(x, weight, bias, stride, geometry.pair(padding, "padding")[::-1], groups)


@slip(
    "conv2d_groups",
    "padding_ignored",
    gives="no padding",
    advice="Put the image into a larger array of zeros first. Did you pass the padding on for "
    "every group?",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    return _conv(x, weight, bias, stride, 0, groups)


@slip(
    "conv2d_groups",
    "first_image_repeated",
    gives="the first image's result for the whole batch",
    advice="The first axis of x counts images. Is there an x[0] where x[n] is meant?",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    return np.repeat(_conv(x[:1], weight, bias, stride, padding, groups), len(x), axis=0)


@slip(
    "conv2d_groups",
    "type_of_the_image",
    gives="an output array of the image's own integer type",
    advice="An image may hold integers while the weights have fractions. Make the output with "
    "np.zeros(shape), not with x's dtype.",
)
def _(x, weight, bias=None, stride=1, padding=0, groups=1):
    return _conv(x, weight, bias, stride, padding, groups).astype(x.dtype)


# ---------------------------------------------------------------- conv2d_table


def _by_table(x, table, kernels, bias, stride=1):
    return library.conv2d_table(x, table, kernels, bias, stride)


def _chosen(table, kernels, choose):
    """The kernels in another order: `choose(k, place, channel, number)` says which to take."""
    numbers, number = [], 0
    for k, reads in enumerate(table):
        for place, channel in enumerate(reads):
            numbers.append(choose(k, place, channel, number) % len(kernels))
            number += 1
    return kernels[numbers]


@slip(
    "conv2d_table",
    "first_channels",
    gives="reading the first channels in place of those that the table names",
    advice="table[k] holds channel numbers: read x[:, c] for each c in table[k].",
)
def _(x, table, kernels, bias, stride=1):
    return _by_table(x, [list(range(len(reads))) for reads in table], kernels, bias, stride)


@slip(
    "conv2d_table",
    "counted_from_one",
    gives="channel numbers counted from 1",
    advice="The table counts channels from 0, as NumPy does. Torch7's tables count from 1; take "
    "the 1 away only for those.",
)
def _(x, table, kernels, bias, stride=1):
    count = x.shape[1]
    return _by_table(x, [[(c - 1) % count for c in row] for row in table], kernels, bias, stride)


@slip(
    "conv2d_table",
    "rows_sorted",
    gives="table rows put into ascending order",
    advice="The order in a row tells which kernel belongs to which channel: the first kernel to "
    "the first channel that is named.",
)
def _(x, table, kernels, bias, stride=1):
    return _by_table(x, [sorted(reads) for reads in table], kernels, bias, stride)


@slip(
    "conv2d_table",
    "kernels_start_anew",
    gives="beginning with kernels[0] again for every output",
    advice="Each connection has a kernel of its own. Keep counting: output 1 begins where output 0 "
    "has ended.",
)
def _(x, table, kernels, bias, stride=1):
    own = _chosen(table, kernels, lambda k, place, channel, number: place)
    return _by_table(x, table, own, bias, stride)


@slip(
    "conv2d_table",
    "kernel_of_the_channel",
    gives="kernels looked up by the input channel's number",
    advice="kernels follow the connections, not the channels: two outputs that read the same "
    "channel use two kernels.",
)
def _(x, table, kernels, bias, stride=1):
    own = _chosen(table, kernels, lambda k, place, channel, number: channel)
    return _by_table(x, table, own, bias, stride)


@slip(
    "conv2d_table",
    "kernel_of_the_output",
    gives="one kernel for each output (kernels[k])",
    advice="Output k has as many kernels as channels that it reads: one for each connection.",
)
def _(x, table, kernels, bias, stride=1):
    own = _chosen(table, kernels, lambda k, place, channel, number: k)
    return _by_table(x, table, own, bias, stride)


@slip(
    "conv2d_table",
    "first_kernel_of_the_output",
    gives="an output's first kernel for all channels that it reads",
    advice="Take the next kernel for every channel in the row, not only for every row.",
)
def _(x, table, kernels, bias, stride=1):
    own = _chosen(table, kernels, lambda k, place, channel, number: number - place)
    return _by_table(x, table, own, bias, stride)


@slip(
    "conv2d_table",
    "last_connection_only",
    gives="keeping only the last channel of each row",
    advice="What the channels of a row give is added up: `+=` in place of `=`.",
)
def _(x, table, kernels, bias, stride=1):
    ends = np.cumsum([len(reads) for reads in table]) - 1
    return _by_table(x, [[reads[-1]] for reads in table], kernels[ends], bias, stride)


@slip(
    "conv2d_table",
    "channels_averaged",
    gives="the mean over a row's channels in place of the sum",
    advice="The channels of a row are added up, however many they are. Nothing is divided.",
)
def _(x, table, kernels, bias, stride=1):
    counts = np.concatenate([[len(reads)] * len(reads) for reads in table])
    return _by_table(x, table, kernels / counts[:, None, None], bias, stride)


@slip(
    "conv2d_table",
    "bias_for_each_connection",
    gives="adding the bias once for each channel of a row",
    advice="The bias is added once for each output, after the sum over the row's channels.",
)
def _(x, table, kernels, bias, stride=1):
    return _by_table(x, table, kernels, bias * [len(reads) for reads in table], stride)


@slip(
    "conv2d_table",
    "bias_ignored",
    gives="no bias",
    advice="Add bias[k] to every number of output channel k.",
)
def _(x, table, kernels, bias, stride=1):
    return _by_table(x, table, kernels, 0 * bias, stride)


@slip(
    "conv2d_table",
    "flipped_kernel",
    gives="flipped kernels",
    advice="Networks use cross-correlation: do not turn the kernel.",
)
def _(x, table, kernels, bias, stride=1):
    return _by_table(x, table, kernels[:, ::-1, ::-1], bias, stride)


@slip(
    "conv2d_table",
    "stride_swapped",
    gives="a stride read as (width, height)",
    advice="Pairs are (height, width): the first number steps down the rows.",
)
def _(x, table, kernels, bias, stride=1):
    return _by_table(x, table, kernels, bias, geometry.pair(stride, "stride")[::-1])


@slip(
    "conv2d_table",
    "stride_ignored",
    gives="a stride of 1 whatever was asked for",
    advice="Output (i, j) reads the window that starts at row i * stride[0] and column "
    "j * stride[1].",
)
def _(x, table, kernels, bias, stride=1):
    return _by_table(x, table, kernels, bias)


@slip(
    "conv2d_table",
    "first_image_repeated",
    gives="the first image's result for the whole batch",
    advice="The first axis of x counts images. Is there an x[0] where x[n] is meant?",
)
def _(x, table, kernels, bias, stride=1):
    return np.repeat(_by_table(x[:1], table, kernels, bias, stride), len(x), axis=0)


@slip(
    "conv2d_table",
    "type_of_the_image",
    gives="an output array of the image's own integer type",
    advice="An image may hold integers while the kernels have fractions. Make the output with "
    "np.zeros(shape), not with x's dtype.",
)
def _(x, table, kernels, bias, stride=1):
    return _by_table(x, table, kernels, bias, stride).astype(x.dtype)


# ---------------------------------------------------------------- as_conv_weight


@slip(
    "as_conv_weight",
    "every_channel_filled",
    gives="the kernels to every output channel, not only to the channel's own",
    advice="A convolution adds up all its input channels, and this layer must not. Only "
    "out[c, c] is filled; kernels between different channels stay zero.",
)
def _(kind, channels, kernel_size, weight=None):
    own = library.as_conv_weight(kind, channels, kernel_size, weight)
    return np.broadcast_to(own.sum(axis=1, keepdims=True), own.shape)


@slip(
    "as_conv_weight",
    "every_channel_filled_and_averaged",
    gives="the kernels to every output channel, divided by the number of channels",
    advice="Dividing turns the sum over channels into a mean over channels, and they still mix. "
    "Only out[c, c] is filled, undivided; all other kernels stay zero.",
)
def _(kind, channels, kernel_size, weight=None):
    own = library.as_conv_weight(kind, channels, kernel_size, weight)
    return np.broadcast_to(own.sum(axis=1, keepdims=True), own.shape) / channels


@slip(
    "as_conv_weight",
    "depthwise_shape",
    gives="a depthwise weight, with one input channel for each output",
    advice="That is the weight for groups=channels. With groups=1 there is a kernel from every "
    "channel to every channel: shape (channels, channels, kH, kW), mostly zeros.",
)
def _(kind, channels, kernel_size, weight=None):
    own = library.as_conv_weight(kind, channels, kernel_size, weight)
    return own.sum(axis=1, keepdims=True)


@slip(
    "as_conv_weight",
    "average_not_divided",
    gives="an average's kernel of ones",
    advice="Ones give the sum of a window. Its average is 1/(kH*kW) of that.",
)
def _(kind, channels, kernel_size, weight=None):
    kind, weight = ("subsampling", np.ones(channels)) if kind == "average" else (kind, weight)
    return library.as_conv_weight(kind, channels, kernel_size, weight)


@slip(
    "as_conv_weight",
    "average_over_channels_too",
    gives="an average divided by the number of channels as well",
    advice="Each channel is averaged alone: divide by the pixels of the window, kH*kW.",
)
def _(kind, channels, kernel_size, weight=None):
    full = library.as_conv_weight(kind, channels, kernel_size, weight)
    return full / channels if kind == "average" else full


@slip(
    "as_conv_weight",
    "gain_divided",
    gives="SubSampling's gain divided by the number of pixels in the window",
    advice="SubSampling takes the gain times the sum of the window, not times its average: every "
    "place of the kernel is the gain itself.",
)
def _(kind, channels, kernel_size, weight=None):
    full = library.as_conv_weight(kind, channels, kernel_size, weight)
    taps = np.prod(geometry.pair(kernel_size, "kernel_size"))
    return full / taps if kind == "subsampling" else full


@slip(
    "as_conv_weight",
    "gain_at_one_place",
    gives="SubSampling's gain at the first place of the window alone",
    advice="SubSampling reads the whole window, every number with the same gain: fill the kernel.",
)
def _(kind, channels, kernel_size, weight=None):
    full = library.as_conv_weight(kind, channels, kernel_size, weight)
    if kind == "subsampling":
        full[:, :, 1:] = full[:, :, :, 1:] = 0
    return full


@slip(
    "as_conv_weight",
    "first_gain_for_all",
    gives="channel 0's gain in every channel",
    advice="Each channel has a gain of its own: out[c, c] is filled with weight[c].",
)
def _(kind, channels, kernel_size, weight=None):
    if kind == "subsampling":
        weight = np.full(channels, weight[0])
    return library.as_conv_weight(kind, channels, kernel_size, weight)


@slip(
    "as_conv_weight",
    "first_kernel_for_all",
    gives="channel 0's depthwise kernel in every channel",
    advice="Each channel has a kernel of its own: out[c, c] is weight[c, 0].",
)
def _(kind, channels, kernel_size, weight=None):
    if kind == "depthwise":
        weight = np.broadcast_to(weight[:1], weight.shape)
    return library.as_conv_weight(kind, channels, kernel_size, weight)


@slip(
    "as_conv_weight",
    "depthwise_flipped",
    gives="depthwise kernels that are turned",
    advice="Both layers correlate: the kernel is copied as it is.",
)
def _(kind, channels, kernel_size, weight=None):
    if kind == "depthwise":
        weight = np.asarray(weight)[:, :, ::-1, ::-1]
    return library.as_conv_weight(kind, channels, kernel_size, weight)


@slip(
    "as_conv_weight",
    "kernel_swapped",
    gives="kernels of an average and of SubSampling with width and height exchanged",
    advice="kernel_size is (height, width), and so are the last two axes of the weight.",
)
def _(kind, channels, kernel_size, weight=None):
    if kind != "depthwise":
        kernel_size = geometry.pair(kernel_size, "kernel_size")[::-1]
    return library.as_conv_weight(kind, channels, kernel_size, weight)


@slip(
    "as_conv_weight",
    "type_of_the_weight",
    gives="an average rounded down to whole numbers, 0",
    advice="1/(kH*kW) is a fraction. Divide with `/`, and fill an array of floats: np.zeros makes "
    "one.",
)
def _(kind, channels, kernel_size, weight=None):
    full = library.as_conv_weight(kind, channels, kernel_size, weight)
    return np.floor(full) if kind == "average" else full


@slip(
    "as_conv_weight",
    "unknown_kind_accepted",
    gives="a weight of zeros for a kind that does not exist",
    advice="Anything but the three kinds must raise a ValueError: a wrong word should not become "
    "a silent layer.",
)
def _(kind, channels, kernel_size, weight=None):
    if kind not in ("average", "subsampling", "depthwise"):
        return np.zeros((channels, channels, *geometry.pair(kernel_size, "kernel_size")))
    return library.as_conv_weight(kind, channels, kernel_size, weight)


# ---------------------------------------------------------------- counterexample


@slip(
    "counterexample",
    "zero",
    gives="a weight of zeros",
    advice="Zeros are SubSampling with all gains 0. Let one channel reach another one, or let two "
    "numbers of a kernel differ.",
)
def _(channels, kernel_size):
    return np.zeros((channels, channels, *geometry.pair(kernel_size, "kernel_size")))


@slip(
    "counterexample",
    "average",
    gives="average pooling written as a convolution",
    advice="That is the innermost of the nested sets: SubSampling does the same with gains "
    "1/(kH*kW). Go outwards: mix two channels, or let a kernel vary.",
)
def _(channels, kernel_size):
    return library.as_conv_weight("average", channels, kernel_size)


@slip(
    "counterexample",
    "constant_kernels",
    gives="a SubSampling written as a convolution",
    advice="Its kernels repeat one number and its channels do not mix: other gains do not change "
    "that. Let one channel reach another one, or let two numbers of a kernel differ.",
)
def _(channels, kernel_size):
    return library.as_conv_weight("subsampling", channels, kernel_size, np.arange(channels) + 2)


@slip(
    "counterexample",
    "varies_along_the_width_only",
    gives="a kernel whose columns differ while its rows do not",
    advice="A kernel with one column is constant then. Change one single number of the kernel, or "
    "mix two channels.",
)
def _(channels, kernel_size):
    kh, kw = geometry.pair(kernel_size, "kernel_size")
    kernel = np.tile(np.arange(1.0, kw + 1), (channels, 1, kh, 1))
    return library.as_conv_weight("depthwise", channels, (kh, kw), kernel)


@slip(
    "counterexample",
    "varies_along_the_height_only",
    gives="a kernel whose rows differ while its columns do not",
    advice="A kernel with one row is constant then. Change one single number of the kernel, or "
    "mix two channels.",
)
def _(channels, kernel_size):
    kh, kw = geometry.pair(kernel_size, "kernel_size")
    kernel = np.tile(np.arange(1.0, kh + 1)[:, None], (channels, 1, 1, kw))
    return library.as_conv_weight("depthwise", channels, (kh, kw), kernel)


@slip(
    "counterexample",
    "depthwise_shape",
    gives="a weight for groups=channels",
    advice="A depthwise weight has one input channel for each output. Write it as a full "
    "convolution, (channels, channels, kH, kW): as_conv_weight does that.",
)
def _(channels, kernel_size):
    return np.ones((channels, 1, *geometry.pair(kernel_size, "kernel_size")))


@slip(
    "counterexample",
    "gains_only",
    gives="one number for each channel",
    advice="That is the weight of SubSampling itself. A convolution has a kernel from every "
    "channel to every channel: (channels, channels, kH, kW).",
)
def _(channels, kernel_size):
    return np.arange(float(channels))


@slip(
    "counterexample",
    "one_kernel",
    gives="a single kernel",
    advice="A convolution has a kernel from every channel to every channel: "
    "(channels, channels, kH, kW).",
)
def _(channels, kernel_size):
    kh, kw = geometry.pair(kernel_size, "kernel_size")
    return np.arange(float(kh * kw)).reshape(kh, kw)


@slip(
    "counterexample",
    "kernel_swapped",
    gives="kernels with width and height exchanged",
    advice="kernel_size is (height, width), and so are the last two axes of the weight.",
)
def _(channels, kernel_size):
    kh, kw = geometry.pair(kernel_size, "kernel_size")
    return np.ones((channels, channels, kw, kh))
