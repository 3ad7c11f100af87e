"""The slips of lesson 01."""

import numpy as np

from strided import names, operators, phase
from strided.checks.one_step_many_names import keep_of_dense, largest_2x3
from strided.slips.core import Slip, add, slip

# ---------------------------------------------------------------- keep_every


def _keep(y, stride, first):
    return y[..., first[0] :: stride[0], first[1] :: stride[1]]


@slip(
    "keep_every",
    "stride_swapped",
    gives="the stride read as (width, height)",
    advice="Pairs are (height, width): stride[0] steps over rows, stride[1] over columns.",
)
def _(y, stride, phase=(0, 0)):
    return _keep(y, stride[::-1], phase)


@slip(
    "keep_every",
    "phase_swapped",
    gives="the phase read as (width, height)",
    advice="Pairs are (height, width): phase[0] is the first row kept, phase[1] the first column.",
)
def _(y, stride, phase=(0, 0)):
    return _keep(y, stride, phase[::-1])


@slip(
    "keep_every",
    "pairs_swapped",
    gives="both pairs read as (width, height)",
    advice="Pairs are (height, width), and the last two axes of y are rows, then columns.",
)
def _(y, stride, phase=(0, 0)):
    return _keep(y, stride[::-1], phase[::-1])


@slip(
    "keep_every",
    "phase_ignored",
    gives="starting at row 0 and column 0, whatever the phase",
    advice="The phase is where the keeping starts: the number before the first colon of a slice.",
)
def _(y, stride, phase=(0, 0)):
    return _keep(y, stride, (0, 0))


@slip(
    "keep_every",
    "counted_from_one",
    gives="starting one row and one column too late",
    advice="Text that counts from 1 keeps the elements 1, 3, 5; NumPy counts from 0, where these "
    "are 0, 2, 4. Start at the phase itself.",
)
def _(y, stride, phase=(0, 0)):
    return _keep(y, stride, (phase[0] + 1, phase[1] + 1))


@slip(
    "keep_every",
    "last_of_each_block",
    gives="keeping the last entry of each block of stride entries",
    advice="Of each block the first is kept: start at the phase, not at phase + stride - 1.",
)
def _(y, stride, phase=(0, 0)):
    return _keep(y, stride, (phase[0] + stride[0] - 1, phase[1] + stride[1] - 1))


@slip(
    "keep_every",
    "phase_modulo_stride",
    gives="a phase reduced to less than the stride",
    advice="The phase is the first row and column kept, even where it is larger than the stride.",
)
def _(y, stride, phase=(0, 0)):
    return _keep(y, stride, (phase[0] % stride[0], phase[1] % stride[1]))


@slip(
    "keep_every",
    "incomplete_block_dropped",
    gives="dropping the last row or column where the stride does not divide what is left",
    advice="A last block that is not full still has a first entry, and it is kept: the count is "
    "rounded up, not down.",
)
def _(y, stride, phase=(0, 0)):
    y = y[..., phase[0] :, phase[1] :]
    rows, columns = y.shape[-2] // stride[0], y.shape[-1] // stride[1]
    return _keep(y, stride, (0, 0))[..., :rows, :columns]


@slip(
    "keep_every",
    "rows_only",
    gives="keeping every n-th row but all columns",
    advice="Step along the last axis too: its slice also takes a start and a step.",
)
def _(y, stride, phase=(0, 0)):
    return _keep(y, (stride[0], 1), phase)


@slip(
    "keep_every",
    "one_stride_for_both",
    gives="the height's stride in both directions",
    advice="Rows step by stride[0], columns by stride[1]; they differ.",
)
def _(y, stride, phase=(0, 0)):
    return _keep(y, (stride[0], stride[0]), phase)


@slip(
    "keep_every",
    "first_axes",
    gives="stepping along the first two axes",
    advice="Height and width are the last two axes; `y[..., a, b]` leaves those before them alone.",
)
def _(y, stride, phase=(0, 0)):
    return y[phase[0] :: stride[0], phase[1] :: stride[1]]


@slip(
    "keep_every",
    "four_axes_only",
    gives="an index written for exactly four axes",
    advice="y may have any number of axes before height and width: write `...` in place of `:, :`.",
)
def _(y, stride, phase=(0, 0)):
    return y[:, :, phase[0] :: stride[0], phase[1] :: stride[1]]


@slip(
    "keep_every",
    "block_means",
    gives="the mean of each block",
    advice="Nothing is averaged: of each block the first entry is kept and the rest is dropped.",
)
def _(y, stride, phase=(0, 0)):
    rest = y[..., phase[0] :, phase[1] :]
    planes = rest.reshape(-1, 1, *rest.shape[-2:])
    means = operators.avg_pool2d(planes, stride, ceil_mode=True)
    return means.reshape(*rest.shape[:-2], *means.shape[-2:])


@slip(
    "keep_every",
    "others_zeroed",
    gives="setting the other entries to zero",
    advice="The other rows and columns are left out altogether, so the result is smaller than y.",
)
def _(y, stride, phase=(0, 0)):
    out = np.zeros_like(y)
    _keep(out, stride, phase)[...] = _keep(y, stride, phase)
    return out


# ---------------------------------------------------------------- strided_from_dense


@slip(
    "strided_from_dense",
    "kept_before",
    gives="keeping every n-th row and column of x before the operator",
    advice="The windows must still see neighbouring pixels: call dense(x) first, then keep.",
)
def _(dense, x, stride):
    return dense(phase.keep_every(x, stride))


@slip(
    "strided_from_dense",
    "kept_before_and_after",
    gives="keeping every n-th twice, before the operator and after it",
    advice="Only the result is thinned out; dense must get the whole x.",
)
def _(dense, x, stride):
    return keep_of_dense(dense, phase.keep_every(x, stride), stride)


@slip(
    "strided_from_dense",
    "not_strided",
    gives="the dense operator alone",
    advice="dense steps by 1. Of its result keep every stride[0]-th row and stride[1]-th column.",
)
def _(dense, x, stride):
    return dense(x)


@slip(
    "strided_from_dense",
    "starts_at_one",
    gives="keeping from row 1 and column 1",
    advice="The first window sits in the corner of the image, so the first output kept is "
    "number 0. Where a text keeps the odd outputs, it counts from 1.",
)
def _(dense, x, stride):
    return phase.keep_every(dense(x), stride, 1)


@slip(
    "strided_from_dense",
    "last_of_each_block",
    gives="keeping the last of each block of stride outputs",
    advice="The first window sits in the corner of the image: of each block the first is kept.",
)
def _(dense, x, stride):
    return phase.keep_every(dense(x), stride, (stride[0] - 1, stride[1] - 1))


@slip(
    "strided_from_dense",
    "stride_swapped",
    gives="the stride read as (width, height)",
    advice="Pairs are (height, width): stride[0] steps over rows, stride[1] over columns.",
)
def _(dense, x, stride):
    return phase.keep_every(dense(x), stride[::-1])


@slip(
    "strided_from_dense",
    "one_stride_for_both",
    gives="the height's stride in both directions",
    advice="Rows step by stride[0], columns by stride[1]; they differ.",
)
def _(dense, x, stride):
    return phase.keep_every(dense(x), (stride[0], stride[0]))


@slip(
    "strided_from_dense",
    "first_axes",
    gives="stepping along the batch and the channels",
    advice="Height and width are the last two axes; every image and every channel stays.",
)
def _(dense, x, stride):
    return dense(x)[:: stride[0], :: stride[1]]


@slip(
    "strided_from_dense",
    "first_image",
    gives="the first image of the batch alone",
    advice="x holds a batch: dense takes all of its images at once, and so does your slice.",
)
def _(dense, x, stride):
    return keep_of_dense(dense, x[:1], stride)


@slip(
    "strided_from_dense",
    "incomplete_block_dropped",
    gives="dropping the last row or column where the stride does not divide",
    advice="A last block that is not full still has a first output, and the window that makes it "
    "fits: the count is rounded up, not down.",
)
def _(dense, x, stride):
    y = dense(x)
    rows, columns = y.shape[-2] // stride[0], y.shape[-1] // stride[1]
    return phase.keep_every(y, stride)[..., :rows, :columns]


@slip(
    "strided_from_dense",
    "block_means",
    gives="the mean of each block of dense outputs",
    advice="A strided operator gives some of the dense outputs, unchanged. Keep, do not average.",
)
def _(dense, x, stride):
    return operators.avg_pool2d(dense(x), stride, ceil_mode=True)


@slip(
    "strided_from_dense",
    "own_operator",
    gives="an operator of your own, the largest of every 2x3 window, whatever dense is",
    advice="dense is handed to you as an argument: call dense(x), and it works for any operator.",
)
def _(dense, x, stride):
    return keep_of_dense(largest_2x3, x, stride)


# ---------------------------------------------------------------- keras1_to_keras2


def _without(arguments):
    """The arguments without every new name that is given beside its old one."""
    doubled = {new for old, new in names.ARGUMENTS.items() if old in arguments}
    return {name: value for name, value in arguments.items() if name not in doubled}


@slip(
    "keras1_to_keras2",
    "rows_columns_swapped",
    gives="a kernel_size of (nb_col, nb_row)",
    advice="Rows come first: kernel_size is (height, width), and nb_row is the height.",
)
def _(layer, arguments):
    layer, new = names.keras1_to_keras2(layer, arguments)
    if "nb_row" in arguments:
        new["kernel_size"] = new["kernel_size"][::-1]
    return layer, new


@slip(
    "keras1_to_keras2",
    "layer_kept",
    gives="the old layer name with new arguments",
    advice="Keras 2 renamed the layers too: Convolution1D is Conv1D, Convolution2D is Conv2D.",
)
def _(layer, arguments):
    return layer, names.keras1_to_keras2(layer, arguments)[1]


@slip(
    "keras1_to_keras2",
    "value_kept",
    gives="dim_ordering renamed with its old value",
    advice="The values changed as well: 'tf' is 'channels_last' and 'th' is 'channels_first'.",
)
def _(layer, arguments):
    layer, new = names.keras1_to_keras2(layer, arguments)
    if "dim_ordering" in arguments:
        new["data_format"] = arguments["dim_ordering"]
    return layer, new


@slip(
    "keras1_to_keras2",
    "orderings_swapped",
    gives="'tf' as channels first and 'th' as channels last",
    advice="TensorFlow keeps channels last, Theano keeps them first.",
)
def _(layer, arguments):
    other = {"tf": "th", "th": "tf"}
    return names.keras1_to_keras2(
        layer, {k: other[v] if k == "dim_ordering" else v for k, v in arguments.items()}
    )


@slip(
    "keras1_to_keras2",
    "unknown_dropped",
    gives="losing the arguments that have no new name",
    advice="What is not in the table passes through: activation, pool_size, what is already new.",
)
def _(layer, arguments):
    known = {name: value for name, value in arguments.items() if name in names.ARGUMENTS}
    names.keras1_to_keras2(layer, arguments)  # both names given: the error stays
    return names.keras1_to_keras2(layer, known)


@slip(
    "keras1_to_keras2",
    "old_name_wins",
    gives="taking the old name's value where both names are given",
    advice="Two values for one setting are a mistake that only the caller can mend: raise a "
    "ValueError with both names in its message.",
)
def _(layer, arguments):
    return names.keras1_to_keras2(layer, _without(arguments))


@slip(
    "keras1_to_keras2",
    "new_name_wins",
    gives="taking the new name's value where both names are given",
    advice="Two values for one setting are a mistake that only the caller can mend: raise a "
    "ValueError with both names in its message.",
)
def _(layer, arguments):
    new = names.keras1_to_keras2(layer, _without(arguments))[1]
    return names.LAYERS.get(layer, layer), new | {
        name: arguments[name] for name in new if name in arguments
    }


@slip(
    "keras1_to_keras2",
    "last_name_wins",
    gives="taking whichever of the two names comes last where both are given",
    advice="Two values for one setting are a mistake that only the caller can mend: raise a "
    "ValueError with both names in its message.",
)
def _(layer, arguments):
    last = {names.ARGUMENTS.get(name, name): name for name in arguments}
    kept = {
        name: value
        for name, value in arguments.items()
        if name in ("nb_row", "nb_col") or name == last[names.ARGUMENTS.get(name, name)]
    }
    return names.keras1_to_keras2(layer, _without(kept))


@slip(
    "keras1_to_keras2",
    "search_and_replace",
    gives="replacing the word subsample inside longer names",
    advice="subsample_length is a name of its own, and becomes strides: look for whole names, as "
    "keys of a dict.",
)
def _(layer, arguments):
    layer, new = names.keras1_to_keras2(layer, arguments)
    if "subsample_length" in arguments:
        new["strides_length"] = new.pop("strides")
    return layer, new


@slip(
    "keras1_to_keras2",
    "false_forgotten",
    gives="leaving an argument alone because its value counts as false",
    advice="Ask whether the name is there (`name in arguments`), not whether its value is true: "
    "bias=False must become use_bias=False.",
)
def _(layer, arguments):
    layer, new = names.keras1_to_keras2(layer, {k: v for k, v in arguments.items() if v})
    return layer, new | {k: v for k, v in arguments.items() if not v}


@slip(
    "keras1_to_keras2",
    "convolutions_only",
    gives="leaving the arguments of pooling layers alone",
    advice="Pooling took strides already, but its border_mode and dim_ordering were renamed too.",
)
def _(layer, arguments):
    return names.keras1_to_keras2(layer, arguments) if "Conv" in layer else (layer, {**arguments})


@slip(
    "keras1_to_keras2",
    "w_as_weight",
    gives="W_ renamed to weight_",
    advice="Keras 2 calls W the kernel: W_regularizer becomes kernel_regularizer, W_constraint "
    "kernel_constraint.",
)
def _(layer, arguments):
    layer, new = names.keras1_to_keras2(layer, arguments)
    for kind in ("regularizer", "constraint"):
        if f"W_{kind}" in arguments:
            new[f"weight_{kind}"] = new.pop(f"kernel_{kind}")
    return layer, new


@slip(
    "keras1_to_keras2",
    "input_changed",
    gives="renaming inside the dict that was handed in",
    advice="Start a new dict: whoever called you still needs theirs.",
)
def _(layer, arguments):
    layer, new = names.keras1_to_keras2(layer, arguments)
    arguments.clear()
    arguments.update(new)
    return layer, arguments


# ---------------------------------------------------------------- name_the_step


def _choice(id: str, wrong: dict[str, str], *, gives: str, advice: str) -> None:
    """Register a slip of `name_the_step`: right but for some choices, each by its line's start."""
    answers = {line: snippet.meaning for line, snippet in names.SNIPPETS.items()}
    for words, choice in wrong.items():
        answers |= {line: choice for line in answers if line.startswith(words)}
    add(Slip("name_the_step", id, gives, advice, answers))


_choice(
    "subsample_taken_literally",
    {"Theano: conv2d": "keep", "Keras 1: Convolution2D": "keep"},
    gives="subsample read as an act on an array",
    advice="Where an operator has a window, its subsample argument is the window's step, although "
    "keeping every n-th of the dense result gives the same numbers.",
)
_choice(
    "layer_name_taken_for_step",
    {"Torch7: nn.SpatialSubSampling": "keep"},
    gives="a layer's name taken for its step",
    advice="SubSampling adds up a window and scales the sum. What moves the window is dW and dH.",
)
_choice(
    "deconvolution_shrinks",
    {"Keras 1: Deconvolution2D": "window"},
    gives="one word trusted to mean one thing in one library",
    advice="The same subsample makes a convolution's output smaller and a deconvolution's larger.",
)
_choice(
    "memory_taken_for_window",
    {"PyTorch: x.stride()": "window", "NumPy: x.strides": "window"},
    gives="an array's stride taken for an operator's",
    advice="An array has strides before any operator sees it: they say where its numbers lie.",
)
_choice(
    "slice_taken_for_window",
    {"TensorFlow: tf.strided_slice": "window", "NumPy: y[": "window"},
    gives="a slice taken for an operator with a window",
    advice="A window reads several entries for one output. A slice copies entries one by one.",
)
_choice(
    "compressor_called_decimation",
    {"signal processing: decimate": "keep"},
    gives="decimation taken for the compressor",
    advice="Keeping every n-th sample without smoothing first is compression; decimation smooths.",
)
