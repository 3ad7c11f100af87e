"""The slips of lesson 05."""

import numpy as np

from strided import geometry, operators
from strided.slips.core import slip

# ---------------------------------------------------------------- correlate_or_convolve


def _valid(x, kernel):
    """Cross-correlate one channel, whole windows only."""
    return operators.conv2d(np.asarray(x)[None], np.asarray(kernel)[None, None])[0]


def _both(x, weight, turned):
    return _valid(x, weight), _valid(x, turned)


@slip(
    "correlate_or_convolve",
    "results_swapped",
    gives="returning the two results in the opposite order",
    advice="Correlation takes the kernel as it is, convolution turns it first. Return "
    "(correlation, convolution).",
)
def _(x, weight):
    return _both(x, weight, weight[::-1, ::-1])[::-1]


@slip(
    "correlate_or_convolve",
    "never_flipped",
    gives="returning the correlation twice",
    advice="Turn the kernel by half a turn for the second result: both of its axes run backwards.",
)
def _(x, weight):
    return _both(x, weight, weight)


@slip(
    "correlate_or_convolve",
    "always_flipped",
    gives="returning the convolution twice",
    advice="Correlation, the first result, uses the kernel as it is. Does your code turn the "
    "kernel before both results?",
)
def _(x, weight):
    return _both(weight=weight[::-1, ::-1], x=x, turned=weight[::-1, ::-1])


@slip(
    "correlate_or_convolve",
    "flipped_rows_only",
    gives="a kernel turned upside down but not left to right",
    advice="Convolution reverses every axis of the kernel, its columns as well as its rows.",
)
def _(x, weight):
    return _both(x, weight, weight[::-1])


@slip(
    "correlate_or_convolve",
    "flipped_columns_only",
    gives="a kernel mirrored left to right but not upside down",
    advice="Convolution reverses every axis of the kernel, its rows as well as its columns.",
)
def _(x, weight):
    return _both(x, weight, weight[:, ::-1])


@slip(
    "correlate_or_convolve",
    "transposed",
    gives="a transposed kernel",
    advice="To flip is to reverse the order along an axis, `[::-1]`. Transposing swaps rows with "
    "columns, and even changes a rectangular kernel's shape.",
)
def _(x, weight):
    return _both(x, weight, weight.T)


@slip(
    "correlate_or_convolve",
    "quarter_turn",
    gives="a kernel turned by a quarter of a turn",
    advice="Half a turn is needed: `np.rot90` turns by a quarter unless you ask it for two.",
)
def _(x, weight):
    return _both(x, weight, np.rot90(weight))


@slip(
    "correlate_or_convolve",
    "image_flipped",
    gives="an image turned in place of the kernel",
    advice="Correlating the turned image finds the right numbers but leaves them turned. Turn the "
    "kernel, and leave the image alone.",
)
def _(x, weight):
    return _valid(x, weight), _valid(x[::-1, ::-1], weight)


@slip(
    "correlate_or_convolve",
    "output_flipped",
    gives="a correlation whose output is turned",
    advice="Turning the output only moves its numbers about. Turn the kernel before you multiply.",
)
def _(x, weight):
    return _valid(x, weight), _valid(x, weight)[::-1, ::-1]


@slip(
    "correlate_or_convolve",
    "full_extent",
    gives="a result with windows that hang over the edge",
    advice="Only windows that lie wholly in the image count here: each axis has n - k + 1 of them.",
)
def _(x, weight):
    by = [(k - 1, k - 1) for k in weight.shape]
    return _both(np.pad(x, by), weight, weight[::-1, ::-1])


@slip(
    "correlate_or_convolve",
    "last_window_lost",
    gives="one window too few along each axis",
    advice="n - k is where the last window starts. Counting from 0, there are n - k + 1 windows.",
)
def _(x, weight):
    return tuple(part[:-1, :-1] for part in _both(x, weight, weight[::-1, ::-1]))


# ---------------------------------------------------------------- weight_from_torch_formula


@slip(
    "weight_from_torch_formula",
    "unchanged",
    gives="the printed order, returned as it came",
    advice="The printed order is (width, height, in, out). Move every axis to its place in (out, "
    "in, height, width).",
)
def _(w):
    return w


@slip(
    "weight_from_torch_formula",
    "width_before_height",
    gives="an order that ends in (width, height)",
    advice="The channels are in place, but s still comes before t. Height goes before width: the "
    "last two axes are (kH, kW).",
)
def _(w):
    return np.transpose(w, (3, 2, 0, 1))


@slip(
    "weight_from_torch_formula",
    "in_before_out",
    gives="an order that begins with (in, out)",
    advice="The kernel's axes are in place, but l still comes before k. The output channel goes "
    "first.",
)
def _(w):
    return np.transpose(w, (2, 3, 1, 0))


@slip(
    "weight_from_torch_formula",
    "pairs_moved_whole",
    gives="the order (in, out, width, height)",
    advice="You moved the two channel axes to the front, but left both pairs in their printed "
    "order. Each pair has to be swapped as well.",
)
def _(w):
    return np.transpose(w, (2, 3, 0, 1))


@slip(
    "weight_from_torch_formula",
    "pairs_left_in_place",
    gives="the order (height, width, out, in)",
    advice="Each pair is swapped, but the channels have to come before the kernel's height and "
    "width.",
)
def _(w):
    return np.transpose(w, (1, 0, 3, 2))


@slip(
    "weight_from_torch_formula",
    "only_height_and_width_swapped",
    gives="the order (height, width, in, out)",
    advice="Height and width are swapped, and now the channels have to come first, out before in: "
    "(out, in, kH, kW).",
)
def _(w):
    return np.transpose(w, (1, 0, 2, 3))


@slip(
    "weight_from_torch_formula",
    "reshaped",
    gives="`reshape`",
    advice="Reshape keeps the numbers in their order and only cuts them anew, so the weights land "
    "at wrong indices. Move the axes: `np.transpose`.",
)
def _(w):
    return np.reshape(w, np.shape(w)[::-1])


@slip(
    "weight_from_torch_formula",
    "flipped_as_well",
    gives="kernels that are also flipped",
    advice="Only the order of the axes changes. The printed sum never flips the kernel, so no "
    "axis is to run backwards.",
)
def _(w):
    return np.transpose(w, (3, 2, 1, 0))[:, :, ::-1, ::-1]


# ---------------------------------------------------------------- conv2d


def _pad(x, padding, **how):
    ph, pw = geometry.pair(padding, "padding")
    return np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), **how)


def _biased(out, bias):
    return out if bias is None else out + np.reshape(bias, (-1, 1, 1))


@slip(
    "conv2d",
    "flipped_kernel",
    gives="a flipped kernel",
    advice="That is convolution as signal processing defines it. Networks use cross-correlation: "
    "do not turn the kernel.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(x, weight[..., ::-1, ::-1], bias, stride, padding)


@slip(
    "conv2d",
    "kernel_transposed",
    gives="a kernel whose rows and columns are swapped",
    advice="The printed formula is width first, the stored weight is not: its axes are (out, in, "
    "kH, kW), so weight[k, l, t, s] goes with row t and column s.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(x, weight.swapaxes(2, 3), bias, stride, padding)


@slip(
    "conv2d",
    "in_and_out_swapped",
    gives="a weight read as (in, out, kH, kW)",
    advice="The output channel is the weight's first axis and the input channel its second: "
    "weight[k, l]. Where both counts are equal, nothing but the values tells.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(x, weight.swapaxes(0, 1), bias, stride, padding)


@slip(
    "conv2d",
    "first_channel_only",
    gives="the first input channel alone",
    advice="Every output hears every input channel: sum over l as well, each with its own kernel "
    "weight[k, l].",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(x[:, :1], weight[:, :1], bias, stride, padding)


@slip(
    "conv2d",
    "last_channel_only",
    gives="the last input channel alone",
    advice="Every output hears every input channel. If your loop over l says `=`, each channel "
    "overwrites the one before; `+=` adds it.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(x[:, -1:], weight[:, -1:], bias, stride, padding)


@slip(
    "conv2d",
    "channels_averaged",
    gives="the mean over the input channels",
    advice="The formula adds the input channels up. Use a sum where you have a mean.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return _biased(operators.conv2d(x, weight, None, stride, padding) / x.shape[1], bias)


@slip(
    "conv2d",
    "one_kernel_for_all_inputs",
    gives="one kernel shared by all input channels",
    advice="Each pair of an output and an input channel has a kernel of its own, weight[k, l]. "
    "You use weight[k, 0] for every l.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(x.sum(axis=1, keepdims=True), weight[:, :1], bias, stride, padding)


@slip(
    "conv2d",
    "one_to_one",
    gives="one input channel for each output channel",
    advice="That is how pooling and SubSampling are wired. In a convolution output k also hears "
    "the channels l that are not its own: sum over all of them.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    own = np.zeros(weight.shape)
    for k in range(len(weight)):
        own[k, k % x.shape[1]] = weight[k, k % x.shape[1]]
    return operators.conv2d(x, own, bias, stride, padding)


@slip(
    "conv2d",
    "bias_ignored",
    gives="leaving the bias out",
    advice="Add bias[k] once to every output of channel k.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(x, weight, None, stride, padding)


@slip(
    "conv2d",
    "bias_for_each_input",
    gives="the bias added once for each input channel",
    advice="The bias stands before the sum over l in the formula: add it once, after the sum is "
    "done.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    bias = None if bias is None else bias * x.shape[1]
    return operators.conv2d(x, weight, bias, stride, padding)


@slip(
    "conv2d",
    "bias_for_each_tap",
    gives="the bias added at every step of the sum",
    advice="The bias stands before the sums in the formula: add it once, after they are done.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    bias = None if bias is None else bias * weight[0].size
    return operators.conv2d(x, weight, bias, stride, padding)


@slip(
    "conv2d",
    "bias_along_width",
    gives="a bias that runs along the width",
    advice="NumPy lines up shapes from the right, so `out + bias` puts bias[k] in column k. Give "
    "it two more axes, bias[:, None, None], to put it in channel k.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    out = operators.conv2d(x, weight, None, stride, padding)
    return out if bias is None else out + bias


@slip(
    "conv2d",
    "stride_swapped",
    gives="a stride read as (width, height)",
    advice="Pairs are (height, width): the first number steps down the rows. The printed "
    "formula's dW comes first only because it puts the width first everywhere.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    stride = geometry.pair(stride, "stride")[::-1]
    return operators.conv2d(x, weight, bias, stride, padding)


@slip(
    "conv2d",
    "stride_height_for_both",
    gives="the vertical stride used along both axes",
    advice="A stride has two numbers, (height, width). Step along the columns by the second one.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(x, weight, bias, geometry.pair(stride, "stride")[0], padding)


@slip(
    "conv2d",
    "stride_ignored",
    gives="stride 1",
    advice="The window of output i starts at i * stride, and there are fewer of them: count again.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(x, weight, bias, 1, padding)


@slip(
    "conv2d",
    "stride_only_in_the_size",
    gives="a stride that sets the output's size but not where windows start",
    advice="Your outputs are as many as they should be, but their windows are neighbours. The "
    "window of output i starts at i * stride.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    _, _, height, width = operators.conv2d(x, weight, None, stride, padding).shape
    return operators.conv2d(x, weight, bias, 1, padding)[:, :, :height, :width]


@slip(
    "conv2d",
    "stride_defaults_to_kernel",
    gives="a stride of 1 replaced by the kernel's size",
    advice="Stepping by the kernel is the default of pooling in PyTorch and Keras. A convolution "
    "steps by 1 unless told otherwise.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    stride = weight.shape[2:] if stride == 1 else stride
    return operators.conv2d(x, weight, bias, stride, padding)


@slip(
    "conv2d",
    "stride_inside_the_window",
    gives="a stride between the taps of a window (that is dilation)",
    advice="The stride moves the window as a whole. Inside a window the taps are neighbours: row "
    "i * stride + t, with no stride at t.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(x, weight, bias, 1, padding, dilation=stride)


@slip(
    "conv2d",
    "image_thinned_first",
    gives="an image thinned out before the convolution",
    advice="A strided convolution moves its window in larger steps over the whole image. If you "
    "keep every s-th pixel first, the window meets other neighbours.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    sh, sw = geometry.pair(stride, "stride")
    return operators.conv2d(_pad(x, padding)[:, :, ::sh, ::sw], weight, bias)


@slip(
    "conv2d",
    "keeps_the_last_of_each_step",
    gives="windows that start at the last place of each step",
    advice="Counting from 1, every s-th place is s, 2s, ...; counting from 0, windows start at 0, "
    "s, 2s, ...: slice with [::s], not with [s - 1::s].",
)
def _(x, weight, bias=None, stride=1, padding=0):
    sh, sw = geometry.pair(stride, "stride")
    return operators.conv2d(x, weight, bias, 1, padding)[:, :, sh - 1 :: sh, sw - 1 :: sw]


@slip(
    "conv2d",
    "taps_counted_from_one",
    gives="a window without its first row and first column",
    advice="The printed sums run from 1 to kH and kW; in Python that is range(kH) and range(kW), "
    "from 0. Starting at 1 leaves the first tap out.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    kept = np.zeros(weight.shape)
    kept[:, :, 1:, 1:] = weight[:, :, 1:, 1:]
    return operators.conv2d(x, kept, bias, stride, padding)


@slip(
    "conv2d",
    "last_window_lost",
    gives="one window too few along each axis",
    advice="floor((n + 2p - k) / s) is the index of the last window. Counting from 0, there is "
    "one more: add 1.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(x, weight, bias, stride, padding)[:, :, :-1, :-1]


@slip(
    "conv2d",
    "size_divided_too_early",
    gives="an output size of floor((n + 2p - k + 1) / s)",
    advice="The + 1 counts the window at 0, which costs no step: floor((n + 2p - k) / s) + 1. The "
    "two agree only where s divides n + 2p - k + 1.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    sh, sw = geometry.pair(stride, "stride")
    _, _, height, width = operators.conv2d(x, weight, None, 1, padding).shape
    out = operators.conv2d(x, weight, bias, stride, padding)
    return out[:, :, : height // sh, : width // sw]


@slip(
    "conv2d",
    "size_rounded_up",
    gives="an output size that is rounded up",
    advice="A convolution rounds down: a window that would hang over the edge is dropped, and the "
    "rows and columns behind it are not read.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    x = _pad(x, padding)
    over = [
        (0, (kernel - n) % step)
        for n, kernel, step in zip(
            x.shape[2:], weight.shape[2:], geometry.pair(stride, "stride"), strict=True
        )
    ]
    return operators.conv2d(np.pad(x, [(0, 0), (0, 0), *over]), weight, bias, stride)


@slip(
    "conv2d",
    "padding_swapped",
    gives="a padding read as (width, height)",
    advice="Pairs are (height, width): the first number adds rows above and below.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    padding = geometry.pair(padding, "padding")[::-1]
    return operators.conv2d(x, weight, bias, stride, padding)


@slip(
    "conv2d",
    "padding_ignored",
    gives="no padding",
    advice="Before anything else, put the image into a larger array of zeros.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(x, weight, bias, stride, 0)


@slip(
    "conv2d",
    "padding_before_only",
    gives="padding above and on the left only",
    advice="Padding goes on both sides of each axis: `np.pad` wants a pair (before, after) for "
    "each.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    ph, pw = geometry.pair(padding, "padding")
    return operators.conv2d(np.pad(x, ((0, 0), (0, 0), (ph, 0), (pw, 0))), weight, bias, stride)


@slip(
    "conv2d",
    "padding_all_after",
    gives="all the padding below and on the right",
    advice="Half of the zeros go before the image: copy x to padded[:, :, padH:padH + H, "
    "padW:padW + W], not to the corner.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    ph, pw = geometry.pair(padding, "padding")
    x = np.pad(x, ((0, 0), (0, 0), (0, 2 * ph), (0, 2 * pw)))
    return operators.conv2d(x, weight, bias, stride)


@slip(
    "conv2d",
    "padding_repeats_the_edge",
    gives="padding that repeats the image's edge",
    advice="What lies outside the image counts as 0.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(_pad(x, padding, mode="edge"), weight, bias, stride)


@slip(
    "conv2d",
    "first_image_repeated",
    gives="the first image's result for the whole batch",
    advice="The first axis of x counts images. Is there an x[0] or padded[0] where x[n] is meant?",
)
def _(x, weight, bias=None, stride=1, padding=0):
    out = operators.conv2d(x[:1], weight, bias, stride, padding)
    return np.repeat(out, len(x), axis=0)


@slip(
    "conv2d",
    "first_image_only",
    gives="the first image of the batch alone",
    advice="The first axis of x counts images. The output has as many: compute and keep all of "
    "them.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(x[:1], weight, bias, stride, padding)


@slip(
    "conv2d",
    "type_of_the_image",
    gives="an output array of the image's own integer type",
    advice="An image may hold integers while the weights have fractions. Make the output with "
    "np.zeros(shape), not with x's dtype.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(x, weight, bias, stride, padding).astype(x.dtype)


@slip(
    "conv2d",
    "window_changed_in_place",
    gives="a window multiplied in place (`window *= weight[k]`)",
    advice="A slice is a view: multiplying it in place changes the padded image, which later "
    "windows read. Write `window * weight[k]`, which makes a new array.",
)
def _(x, weight, bias=None, stride=1, padding=0):
    (sh, sw), (kh, kw) = geometry.pair(stride, "stride"), weight.shape[2:]
    out = np.zeros(operators.conv2d(x, weight, None, stride, padding).shape)
    x = _pad(x, padding).astype(float)
    for n, k, i, j in np.ndindex(out.shape):
        window = x[n, :, i * sh : i * sh + kh, j * sw : j * sw + kw]
        window *= weight[k]
        out[n, k, i, j] = window.sum()
    return _biased(out, bias)
