"""The slips of lesson 04."""

from dataclasses import replace

import numpy as np

from strided import operators
from strided.checks.subsampling import LENET5, Layer
from strided.geometry import pair
from strided.slips.core import slip

# ---------------------------------------------------------------- subsample2d


def _per_channel(values):
    return np.asarray(values)[:, None, None]


def _sums(x, kernel_size, stride=1):
    """What SubSampling is before gain and bias."""
    none = np.zeros(x.shape[1])
    return operators.subsample2d(x, none + 1, none, kernel_size, stride)


def _windows(x, kernel_size, stride=1):
    """Every window, `(N, C, out_H, out_W, kH, kW)`."""
    sh, sw = pair(stride, "stride")
    view = np.lib.stride_tricks.sliding_window_view(x, pair(kernel_size, "kernel_size"), (2, 3))
    return view[:, :, ::sh, ::sw]


def _from_starts(x, weight, bias, kernel_size, starts, first_tap=0):
    """SubSampling of the windows that start at these rows and columns; outside there is nothing."""
    (kh, kw), (rows, columns) = pair(kernel_size, "kernel_size"), starts
    sums = np.zeros((*x.shape[:2], len(rows), len(columns)))
    for i, top in enumerate(rows):
        for j, left in enumerate(columns):
            window = x[:, :, top + first_tap : top + kh, left + first_tap : left + kw]
            sums[:, :, i, j] = window.sum(axis=(2, 3))
    return sums * _per_channel(weight) + _per_channel(bias)


def _starts(x, kernel_size, stride, count):
    """Window starts along both axes, where `count(n, k, d)` says how many there are."""
    kernel, step = pair(kernel_size, "kernel_size"), pair(stride, "stride")
    return [
        np.arange(max(count(n, k, d), 0)) * d
        for n, k, d in zip(x.shape[2:], kernel, step, strict=True)
    ]


def _floor(n, k, d):
    """The right number of windows."""
    return (n - k) // d + 1


@slip(
    "subsample2d",
    "default_stride_is_kernel",
    gives="a default stride of the kernel's size",
    advice="PyTorch's pooling steps by its kernel when no stride is given. Torch7's SubSampling "
    "steps by 1: the stub's `stride=1` is already right.",
)
def _(x, weight, bias, kernel_size, stride=None):
    return operators.subsample2d(x, weight, bias, kernel_size, stride or kernel_size)


@slip(
    "subsample2d",
    "mean_for_sum",
    gives="the mean of each window in place of its sum",
    advice="The formula sums, and leaves any division to the weight: it could be 1/(kH*kW), but "
    "it is learnt. Use the sum.",
)
def _(x, weight, bias, kernel_size, stride=1):
    taps = np.prod(pair(kernel_size, "kernel_size"))
    return operators.subsample2d(x, np.asarray(weight) / taps, bias, kernel_size, stride)


@slip(
    "subsample2d",
    "max_for_sum",
    gives="the maximum of each window in place of its sum",
    advice="SubSampling generalizes average pooling, not max pooling: sum the window before you "
    "apply weight and bias.",
)
def _(x, weight, bias, kernel_size, stride=1):
    best = _windows(x, kernel_size, stride).max(axis=(4, 5))
    return best * _per_channel(weight) + _per_channel(bias)


@slip(
    "subsample2d",
    "squashed",
    gives="a tanh after the affine map",
    advice="LeNet-5's S2 squashes its result; Torch7's layer does not. Return bias + weight * sum.",
)
def _(x, weight, bias, kernel_size, stride=1):
    return np.tanh(operators.subsample2d(x, weight, bias, kernel_size, stride))


@slip(
    "subsample2d",
    "bias_ignored",
    gives="leaving out the bias",
    advice="Add bias[k] to every output of channel k.",
)
def _(x, weight, bias, kernel_size, stride=1):
    return _sums(x, kernel_size, stride) * _per_channel(weight)


@slip(
    "subsample2d",
    "weight_ignored",
    gives="leaving out the weight",
    advice="Multiply each window's sum by weight[k], k being the channel, before you add the bias.",
)
def _(x, weight, bias, kernel_size, stride=1):
    return _sums(x, kernel_size, stride) + _per_channel(bias)


@slip(
    "subsample2d",
    "bias_per_tap",
    gives="adding the bias once for every number in the window",
    advice="The bias stands outside the two sums: it is added once to each output, after the sum.",
)
def _(x, weight, bias, kernel_size, stride=1):
    taps = np.prod(pair(kernel_size, "kernel_size"))
    return operators.subsample2d(x, weight, taps * np.asarray(bias), kernel_size, stride)


@slip(
    "subsample2d",
    "bias_before_weight",
    gives="adding the bias before multiplying by the weight",
    advice="It is bias + weight * sum, not weight * (sum + bias): the weight must not touch the "
    "bias.",
)
def _(x, weight, bias, kernel_size, stride=1):
    return (_sums(x, kernel_size, stride) + _per_channel(bias)) * _per_channel(weight)


@slip(
    "subsample2d",
    "weight_and_bias_swapped",
    gives="weight and bias in each other's place",
    advice="weight multiplies the sum, bias is added to it. The arguments come as (x, weight, "
    "bias).",
)
def _(x, weight, bias, kernel_size, stride=1):
    return operators.subsample2d(x, bias, weight, kernel_size, stride)


@slip(
    "subsample2d",
    "first_weight_and_bias",
    gives="weight[0] and bias[0] in every channel",
    advice="Each channel has a weight and a bias of its own: channel k uses weight[k] and bias[k].",
)
def _(x, weight, bias, kernel_size, stride=1):
    return _sums(x, kernel_size, stride) * weight[0] + bias[0]


@slip(
    "subsample2d",
    "weight_and_bias_along_columns",
    gives="weight and bias spread along the columns in place of the channels",
    advice="NumPy lines up an array of shape (C,) with the last axis, which is the width. Give "
    "it the shape (C, 1, 1) first, for instance with weight[:, None, None].",
)
def _(x, weight, bias, kernel_size, stride=1):
    return _sums(x, kernel_size, stride) * weight + bias


@slip(
    "subsample2d",
    "channels_summed",
    gives="summing each window over all channels",
    advice="That is what a convolution does. SubSampling keeps channels apart: output channel k "
    "reads input channel k alone.",
)
def _(x, weight, bias, kernel_size, stride=1):
    everything = np.broadcast_to(x.sum(axis=1, keepdims=True), x.shape)
    return operators.subsample2d(everything, weight, bias, kernel_size, stride)


@slip(
    "subsample2d",
    "first_image_only",
    gives="computing the first image of the batch and leaving the others at 0",
    advice="x has shape (N, C, H, W): do the same for each of the N images.",
)
def _(x, weight, bias, kernel_size, stride=1):
    out = operators.subsample2d(x, weight, bias, kernel_size, stride)
    out[1:] = 0
    return out


@slip(
    "subsample2d",
    "kernel_swapped",
    gives="a kernel read as (width, height)",
    advice="Pairs are (height, width) here, as the axes of x are. Torch7's constructor takes the "
    "width first, which is why this is easy to get wrong.",
)
def _(x, weight, bias, kernel_size, stride=1):
    return operators.subsample2d(x, weight, bias, pair(kernel_size, "kernel_size")[::-1], stride)


@slip(
    "subsample2d",
    "stride_swapped",
    gives="a stride read as (width, height)",
    advice="Pairs are (height, width): the first number steps down the rows, the second along "
    "the columns.",
)
def _(x, weight, bias, kernel_size, stride=1):
    return operators.subsample2d(x, weight, bias, kernel_size, pair(stride, "stride")[::-1])


@slip(
    "subsample2d",
    "pairs_swapped",
    gives="kernel and stride both read as (width, height)",
    advice="That is the order of Torch7's constructor (kW, kH, dW, dH). Here both pairs are "
    "(height, width), as the axes of x are.",
)
def _(x, weight, bias, kernel_size, stride=1):
    kernel, step = pair(kernel_size, "kernel_size"), pair(stride, "stride")
    return operators.subsample2d(x, weight, bias, kernel[::-1], step[::-1])


@slip(
    "subsample2d",
    "square_kernel",
    gives="using the kernel's height for its width as well",
    advice="kernel_size may be a pair of two different numbers: (height, width).",
)
def _(x, weight, bias, kernel_size, stride=1):
    return operators.subsample2d(x, weight, bias, pair(kernel_size, "kernel_size")[0], stride)


@slip(
    "subsample2d",
    "square_stride",
    gives="using the stride's height for its width as well",
    advice="stride may be a pair of two different numbers: (height, width).",
)
def _(x, weight, bias, kernel_size, stride=1):
    return operators.subsample2d(x, weight, bias, kernel_size, pair(stride, "stride")[0])


@slip(
    "subsample2d",
    "stride_ignored",
    gives="a stride of 1 whatever was asked for",
    advice="Move the window by stride[0] rows and stride[1] columns from one output to the next.",
)
def _(x, weight, bias, kernel_size, stride=1):
    return operators.subsample2d(x, weight, bias, kernel_size)


@slip(
    "subsample2d",
    "output_transposed",
    gives="the output with rows and columns exchanged",
    advice="The printed formula has the width first, and that is its only trace: arrays here are "
    "(N, C, height, width), results too.",
)
def _(x, weight, bias, kernel_size, stride=1):
    return operators.subsample2d(x, weight, bias, kernel_size, stride).swapaxes(2, 3)


@slip(
    "subsample2d",
    "rounded_up",
    gives="rounding the number of windows up and letting the last ones overhang",
    advice="SubSampling rounds down: a window that does not fit into the image whole is left out.",
)
def _(x, weight, bias, kernel_size, stride=1):
    starts = _starts(x, kernel_size, stride, lambda n, k, d: -(-(n - k) // d) + 1)
    return _from_starts(x, weight, bias, kernel_size, starts)


@slip(
    "subsample2d",
    "one_window_short",
    gives="one window too few along each axis",
    advice="The number of windows is floor((n - k) / d) + 1: the + 1 is the window at the start.",
)
def _(x, weight, bias, kernel_size, stride=1):
    starts = _starts(x, kernel_size, stride, lambda n, k, d: (n - k) // d)
    return _from_starts(x, weight, bias, kernel_size, starts)


@slip(
    "subsample2d",
    "windows_miscounted",
    gives="counting floor((n - k + 1) / d) windows",
    advice="The + 1 belongs outside the floor: floor((n - k) / d) + 1. The two agree only at a "
    "stride of 1 or where the stride divides n - k + 1.",
)
def _(x, weight, bias, kernel_size, stride=1):
    starts = _starts(x, kernel_size, stride, lambda n, k, d: (n - k + 1) // d)
    return _from_starts(x, weight, bias, kernel_size, starts)


@slip(
    "subsample2d",
    "first_tap_dropped",
    gives="windows without their first row and column",
    advice="The printed formula counts s and t from 1. From 0 they run over range(kW) and "
    "range(kH), not over range(1, kW) and range(1, kH).",
)
def _(x, weight, bias, kernel_size, stride=1):
    starts = _starts(x, kernel_size, stride, _floor)
    return _from_starts(x, weight, bias, kernel_size, starts, first_tap=1)


@slip(
    "subsample2d",
    "starts_at_one",
    gives="windows that start one pixel too far down and to the right",
    advice="The printed formula counts from 1. Counting from 0, the first window starts at row 0 "
    "and column 0.",
)
def _(x, weight, bias, kernel_size, stride=1):
    starts = [start + 1 for start in _starts(x, kernel_size, stride, _floor)]
    return _from_starts(x, weight, bias, kernel_size, starts)


@slip(
    "subsample2d",
    "aligned_to_the_end",
    gives="windows that end at the last pixel and leave the first ones unread",
    advice="Windows start at row 0 and column 0; what does not divide is left over at the end.",
)
def _(x, weight, bias, kernel_size, stride=1):
    starts = [
        start + (n - k) % d
        for start, n, k, d in zip(
            _starts(x, kernel_size, stride, _floor),
            x.shape[2:],
            pair(kernel_size, "kernel_size"),
            pair(stride, "stride"),
            strict=True,
        )
    ]
    return _from_starts(x, weight, bias, kernel_size, starts)


@slip(
    "subsample2d",
    "integer_output",
    gives="an output array that takes over the integer type of x",
    advice="np.zeros_like(x), or dtype=x.dtype, makes an integer array where x holds integers, "
    "and that cuts off all fractions. Let the output be of a float type.",
)
def _(x, weight, bias, kernel_size, stride=1):
    return operators.subsample2d(x, weight, bias, kernel_size, stride).astype(np.asarray(x).dtype)


@slip(
    "subsample2d",
    "changes_x",
    gives="multiplying x itself by the weight",
    advice="`x *= ...` writes into the caller's array. Write `x = x * ...`, or multiply the sums.",
)
def _(x, weight, bias, kernel_size, stride=1):
    x *= _per_channel(weight)
    return _sums(x, kernel_size, stride) + _per_channel(bias)


# ---------------------------------------------------------------- average_as_subsampling


def _taps(kernel_size):
    kh, kw = pair(kernel_size, "kernel_size")
    return kh * kw


@slip(
    "average_as_subsampling",
    "weight_one",
    gives="a weight of 1",
    advice="With weight 1, SubSampling returns the sum of each window. The average is a fraction "
    "of it.",
)
def _(channels, kernel_size):
    return np.ones(channels), np.zeros(channels)


@slip(
    "average_as_subsampling",
    "integer_division",
    gives="dividing 1 by the number of taps in integers",
    advice="1 // n is 0 for every n above 1, and so is 1/n in an array of integers. Divide with "
    "/ and keep a float type.",
)
def _(channels, kernel_size):
    return np.full(channels, 1 // _taps(kernel_size)), np.zeros(channels)


@slip(
    "average_as_subsampling",
    "weight_is_the_count",
    gives="multiplying by the number of taps in place of dividing",
    advice="The layer multiplies the sum by the weight. To divide by a number, multiply by one "
    "over it.",
)
def _(channels, kernel_size):
    return np.full(channels, float(_taps(kernel_size))), np.zeros(channels)


@slip(
    "average_as_subsampling",
    "square_kernel",
    gives="a window as wide as it is high",
    advice="kernel_size may be (height, width): a window then has height * width taps.",
)
def _(channels, kernel_size):
    return np.full(channels, 1 / pair(kernel_size, "kernel_size")[0] ** 2), np.zeros(channels)


@slip(
    "average_as_subsampling",
    "height_plus_width",
    gives="height + width for the number of taps",
    advice="A window of kH rows and kW columns has kH * kW taps, not kH + kW.",
)
def _(channels, kernel_size):
    return np.full(channels, 1 / sum(pair(kernel_size, "kernel_size"))), np.zeros(channels)


@slip(
    "average_as_subsampling",
    "averaged_over_channels",
    gives="dividing by the number of channels as well",
    advice="Channels do not meet here: each window lies in one channel, and its average divides "
    "by kH * kW alone.",
)
def _(channels, kernel_size):
    return np.full(channels, 1 / (_taps(kernel_size) * channels)), np.zeros(channels)


@slip(
    "average_as_subsampling",
    "bias_like_weight",
    gives="a bias that equals the weight",
    advice="An average adds nothing to the scaled sum: on an image of zeros it gives 0, and the "
    "bias is what SubSampling gives there.",
)
def _(channels, kernel_size):
    return (np.full(channels, 1 / _taps(kernel_size)),) * 2


@slip(
    "average_as_subsampling",
    "bias_one",
    gives="a bias of 1",
    advice="An average adds nothing to the scaled sum: on an image of zeros it gives 0, and the "
    "bias is what SubSampling gives there.",
)
def _(channels, kernel_size):
    return np.full(channels, 1 / _taps(kernel_size)), np.ones(channels)


@slip(
    "average_as_subsampling",
    "bias_first",
    gives="bias and weight returned in the wrong order",
    advice="Return (weight, bias), in the order in which subsample2d takes them.",
)
def _(channels, kernel_size):
    return np.zeros(channels), np.full(channels, 1 / _taps(kernel_size))


@slip(
    "average_as_subsampling",
    "whole_kernel",
    gives="a whole kernel of weights for each channel",
    advice='"Learnable weights" suggests a kernel, but the layer has one number per channel for '
    "all the taps of a window: weight has shape (channels,).",
)
def _(channels, kernel_size):
    kernel = pair(kernel_size, "kernel_size")
    return np.full((channels, *kernel), 1 / _taps(kernel_size)), np.zeros(channels)


@slip(
    "average_as_subsampling",
    "one_for_all_channels",
    gives="one weight and one bias for all channels together",
    advice="Every channel has its own: return two arrays of shape (channels,), even though all "
    "their entries are equal.",
)
def _(channels, kernel_size):
    return 1 / _taps(kernel_size), 0.0


# ---------------------------------------------------------------- layer_counts


def _layer(name):
    if name not in LENET5:
        raise ValueError(name)
    return LENET5[name]


@slip(
    "layer_counts",
    "full_mixing_in_c3",
    gives="connecting every map of C3 with all six maps of S2",
    advice="C3 has a table: 6 of its maps see 3 maps of S2, 9 see 4, and only 1 sees all 6.",
)
def _(layer):
    full = (25 * 6,) * 16
    return (Layer(full, 10, full) if layer == "C3" else _layer(layer)).counts()


@slip(
    "layer_counts",
    "one_input_map_each",
    gives="letting every map of C3 and C5 see a single map",
    advice="A convolution's window lies on every map that feeds it: count 5 * 5 numbers for each "
    "of them.",
)
def _(layer):
    known = _layer(layer)
    alone = (25,) * len(known.reads)
    return (Layer(alone, known.side, alone) if layer[0] == "C" else known).counts()


@slip(
    "layer_counts",
    "no_biases",
    gives="leaving out every bias",
    advice="Each map has a trainable bias, and each output number is connected to it.",
)
def _(layer):
    known = _layer(layer)
    return sum(known.weights), sum(known.reads) * known.side**2


@slip(
    "layer_counts",
    "connections_without_bias",
    gives="counting the biases as parameters but not as connections",
    advice="An output of S2 has five connections: its four inputs and its bias. The 1998 paper "
    "counts the bias's connection too.",
)
def _(layer):
    known = _layer(layer)
    return known.counts()[0], sum(known.reads) * known.side**2


@slip(
    "layer_counts",
    "kernel_in_subsampling",
    gives="a learnable 2x2 kernel in each map of S2",
    advice="SubSampling adds its four inputs first and learns one coefficient for the sum: one "
    "weight and one bias a map.",
)
def _(layer):
    known = _layer(layer)
    return replace(known, weights=known.reads).counts()


@slip(
    "layer_counts",
    "connections_from_parameters",
    gives="multiplying the parameters by the outputs in S2 as well",
    advice="In S2 four connections share one coefficient: each output has 4 + 1 connections, "
    "though its map has only 1 + 1 parameters.",
)
def _(layer):
    known = _layer(layer)
    parameters, _ = known.counts()
    return parameters, parameters * known.side**2


@slip(
    "layer_counts",
    "one_output_a_map",
    gives="counting the connections of a single output in each map",
    advice="Parameters are shared by all outputs of a map, connections are not: multiply by the "
    "map's height times width.",
)
def _(layer):
    known = _layer(layer)
    return known.counts()[0], replace(known, side=1).counts()[1]


@slip(
    "layer_counts",
    "side_not_squared",
    gives="counting one row of outputs in each map",
    advice="A map of side n has n * n outputs.",
)
def _(layer):
    known = _layer(layer)
    parameters, connections = known.counts()
    return parameters, connections // known.side


@slip(
    "layer_counts",
    "input_size",
    gives="counting an output for every position of the input maps",
    advice="Connections belong to outputs: use the size of the layer's own maps, not of those it "
    "reads.",
)
def _(layer):
    known = _layer(layer)
    read = 2 * known.side if layer[0] == "S" else known.side + 5 - 1
    return replace(known, side=read).counts()


@slip(
    "layer_counts",
    "connections_first",
    gives="(connections, parameters)",
    advice="Return the parameters first, then the connections.",
)
def _(layer):
    return _layer(layer).counts()[::-1]


@slip(
    "layer_counts",
    "unknown_layer_accepted",
    gives="returning something for a layer that is not there",
    advice="For a name that is none of the four, `raise ValueError(...)` with a message that "
    "says so: a wrong count that looks right costs more than an error.",
)
def _(layer):
    return LENET5[layer].counts() if layer in LENET5 else None
