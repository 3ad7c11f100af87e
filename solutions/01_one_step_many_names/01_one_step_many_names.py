# %% [markdown]
# # Tell stride, subsample, step and decimation apart
#
# > *"Is there any difference between stride and subsample in convolutional neural networks?"*
# > (asked on stats.stackexchange.com)
#
# **What you'll do.** Write the one act behind all these words, use it to put a stride on any operator, translate
# Keras 1 into Keras 2, and say what the step means in twelve lines of code.
#
# **What you'll learn.** What a stride computes, what it saves and which outputs it keeps; which libraries say
# *stride*, which say *subsample*, and where the same word means something else.
#
# **What you need.** Python and NumPy slices. No earlier lesson. About 55 minutes.

# %%
import numpy as np

from strided import checks, figures, names
from strided.compare import with_torch
from strided.quiz import predict, wrap_up

# %% [markdown]
# ## Question an answer
#
# The question above has a well-known answer. Its first remark says, in short: strided layers downsample; so
# *subsampling*, near a convolution, probably means using a stride; and Keras 1.2.2 had an argument `subsample`
# for its `Convolutional2D` layers, which is now called `strides`.
#
# That is helpful, and each part of it is a little off. You will meet the corrections on the way: the class was
# called `Convolution2D`; not every layer of that release said `subsample`; and a layer with a step does not
# downsample while the step is 1. Reading such sentences with care is half of this course.

# %% [markdown]
# ## See the window hop, or the result thinned out
#
# An operator with a **window** makes one output from each place where the window stands. Two procedures give the
# same numbers. In the first, the window **hops**: it moves by the stride from one output to the next. In the
# second, the window visits every place, and afterwards only some outputs are **kept**.
#
# Pairs are always (height, width): a stride of (2, 3) is 2 rows down and 3 columns to the right.

# %% tags=["demonstration"]
figures.hop_or_keep(height=6, width=8, kernel_size=(2, 3), stride=(2, 3))

# %% [markdown]
# *Stride* describes the left side, *subsample* the right one. Dumoulin and Visin join the two in their guide to
# convolution arithmetic: strides "constitute a form of subsampling". (The columns that no window reads are a story
# of their own, for lesson 02.)
#
# **Predict.** Take an image of 7 rows and 6 columns, a window of 2 rows and 3 columns, and a stride of (3, 2).
# If you compute everywhere and keep afterwards, how many outputs are thrown away?

# %%
my_thrown_away = ...

predict("thrown_away", my_thrown_away)

# %% [markdown]
# ## Keep every n-th, from a chosen first one
#
# Start with the right side of the picture. You have an array `y`. Of its rows, keep one and skip to the next;
# do the same with its columns. Two numbers say how: the **stride**, from one kept entry to the next, and the
# **phase**, the first entry kept. Signal processing calls this act the *compressor*.
#
# **Predict.** The guide by Dumoulin and Visin also says that a stride of 2 amounts to keeping "only odd output
# elements". Which of these two is it in NumPy: `"y[::2]"` or `"y[1::2]"`?

# %%
my_odd_elements = ...

predict("odd_elements", my_odd_elements)

# %% [markdown]
# As a formula, with $s_h, s_w$ for the stride and $p_h, p_w$ for the phase:
#
# $$\text{out}[\ldots, i, j] = y[\ldots,\; s_h\, i + p_h,\; s_w\, j + p_w], \qquad i, j = 0, 1, 2, \ldots$$
#
# In words: output row $i$ is the row that you reach from the phase after $i$ strides, as long as there is such a row.
#
# | 7 columns: 0 1 2 3 4 5 6 | columns kept |
# |---|---|
# | stride 3, phase 0 | 0 3 6 |
# | stride 3, phase 1 | 1 4 |
# | stride 3, phase 5 | 5 |
#
# The first line keeps three: a last block that is not full still has a first entry.

# %% [markdown]
# ## Write `keep_every`
#
# Here is an array, and what your function must make of it with a stride of (3, 2) and no phase.

# %% tags=["demonstration"]
checks.keep_every.target()

# %% tags=["solution:keep_every"]
def keep_every(y, stride, phase=(0, 0)):
    """Keep every stride-th row and column of an array, from the phase on.

    y: an array (..., H, W) with any number of axes before height and width; those stay as they are.
    stride, phase: pairs (height, width). Strides are at least 1, phases at least 0 and inside y.
    Returns (..., rows kept, columns kept). About 1 line.
    """
    ### BEGIN SOLUTION
    return y[..., phase[0] :: stride[0], phase[1] :: stride[1]]
    ### END SOLUTION

# %% tags=["test:keep_every"]
assert checks.keep_every(keep_every)

# %% [markdown]
# Your result beside the target, and then beside PyTorch's. PyTorch has no function for this: its tensors take
# the same slices. A slice computes nothing at all. It only looks at every n-th number of what is there.

# %% tags=["demonstration"]
checks.keep_every.yours(keep_every)

# %% tags=["demonstration"]
with_torch("keep_every", keep_every)

# %% [markdown]
# ## Put a stride on any operator
#
# Call an operator **dense** if its window visits every place, so that its step is 1. The picture at the top
# promises more than a statement about convolutions. An output depends on its own window and on no other output. So
# it does not matter whether its neighbours are computed, and this holds for every dense operator:
#
# $$\text{strided}(x)[n, k, i, j] = \text{dense}(x)[n, k,\; s_h\, i,\; s_w\, j]$$
#
# In words: to stride an operator, apply it at step 1, then keep every stride-th output, from 0. A sum, a mean, a
# maximum: it is all the same.

# %% [markdown]
# The order matters. Take the row `[1, 2, 3, 4, 5, 6]`, an operator that adds each number to its right neighbour,
# and a stride of 2.
#
# **Predict.** What does the strided operator give? Write a list.

# %%
my_dense_first = ...

predict("dense_first", my_dense_first)

# %% [markdown]
# ## Write `strided_from_dense`
#
# This time your function is handed a **function**: `dense` is any operator at step 1. The target below belongs to
# the largest number of every 2x3 window, at a stride of (3, 2).

# %% tags=["demonstration"]
checks.strided_from_dense.target()

# %% tags=["solution:strided_from_dense"]
def strided_from_dense(dense, x, stride):
    """Return what the strided form of an operator returns.

    dense: a function from (N, C, H, W) to (N, K, H', W'): an operator at step 1. It takes x and nothing else.
    x: a batch of images (N, C, H, W). stride: a pair (height, width).
    Returns (N, K, rows kept, columns kept). About 1 line.
    """
    ### BEGIN SOLUTION
    return dense(x)[..., :: stride[0], :: stride[1]]
    ### END SOLUTION

# %% tags=["test:strided_from_dense"]
assert checks.strided_from_dense(strided_from_dense)

# %% tags=["demonstration"]
checks.strided_from_dense.yours(strided_from_dense)

# %% [markdown]
# Now beside PyTorch: your function strides a dense convolution, PyTorch hops. The numbers are the same, up to
# rounding. With a stride of (2, 3), yours computes about six outputs for each one that it keeps: compare the times.
# Software that says `subsample` need not waste this work. The word tells the result, and not how it is computed.

# %% tags=["demonstration"]
with_torch("strided_from_dense", strided_from_dense)

# %% [markdown]
# ## Follow one argument through three libraries
#
# *"Convolution2D has no stride?"* people asked the makers of Keras 1. It had one: it was called `subsample`. When
# Keras 1 ran on Theano, a single call even changed the word twice on its way down:
#
# `Convolution2D(subsample=(2, 2))` in Keras → `K.conv2d(strides=(2, 2))` in its backend → `subsample=(2, 2)` in Theano.
#
# Keras 2.0.0 came out in March 2017 and said `strides` at the top as well.
#
# **Predict.** In Keras 1.2.2, what was the *step* argument of `MaxPooling2D` called: `"subsample"` or `"strides"`?

# %%
my_pooling_word = ...

predict("pooling_word", my_pooling_word)

# %% [markdown]
# ## Read the table of names
#
# Keras 2 still understood calls written for Keras 1. It translated them, with a table like the one below. Two
# rows change more than a name: `nb_row` and `nb_col` become one pair, rows first, and the values of `dim_ordering`
# are renamed too.

# %% tags=["demonstration"]
names.renamings()

# %% [markdown]
# A translation by hand. Before:
#
# `Convolution2D`, `{"nb_filter": 8, "nb_row": 3, "nb_col": 5, "subsample": (2, 1), "activation": "relu"}`
#
# After:
#
# `Conv2D`, `{"filters": 8, "kernel_size": (3, 5), "strides": (2, 1), "activation": "relu"}`
#
# `activation` is not in the table, so it passes through. And where a call gives an old name **and** its new one,
# say `subsample` and `strides`, no translation can know which value is meant. Keras 2 refused, and so will you.

# %% [markdown]
# ## Write `keras1_to_keras2`
#
# Turn the table into code. PyTorch has no counterpart of this exercise; you will port whole networks in lesson 09.

# %% tags=["solution:keras1_to_keras2"]
def keras1_to_keras2(layer, arguments):
    """Translate a layer's name and its keyword arguments from Keras 1 to Keras 2.

    layer: "Convolution1D" and "Convolution2D" are renamed, every other layer keeps its name.
    arguments: a dict. All names of the table above are translated, whatever the layer, and dim_ordering's
    values "tf" and "th". nb_row and nb_col always come together. Every other argument passes through.
    Returns (layer, arguments): a name and a new dict; the dict that you were given stays as it was.
    Raises ValueError, with both names in its message, where an old name and its new one are both given.
    About 20 lines, most of them the table.
    """
    ### BEGIN SOLUTION
    table = {"nb_filter": "filters", "nb_row": "kernel_size", "nb_col": "kernel_size",
             "filter_length": "kernel_size", "subsample": "strides", "subsample_length": "strides",
             "border_mode": "padding", "dim_ordering": "data_format", "init": "kernel_initializer",
             "W_regularizer": "kernel_regularizer", "b_regularizer": "bias_regularizer",
             "W_constraint": "kernel_constraint", "b_constraint": "bias_constraint", "bias": "use_bias"}
    formats = {"tf": "channels_last", "th": "channels_first"}
    result = {}
    for old, value in arguments.items():
        new = table.get(old, old)
        if new != old and new in arguments:
            raise ValueError(f"{layer} got both {old} and {new}: give {new} only")
        result[new] = formats[value] if old == "dim_ordering" else value
    if "nb_row" in arguments:
        result["kernel_size"] = (arguments["nb_row"], arguments["nb_col"])
    return layer.replace("Convolution", "Conv"), result
    ### END SOLUTION

# %% tags=["test:keras1_to_keras2"]
assert checks.keras1_to_keras2(keras1_to_keras2)

# %% [markdown]
# ## Compare what you get when you say nothing
#
# The words differ, and so do the defaults. Here is each framework's word for the step, the step of a pooling layer
# to which you give none, and three more habits to which lessons 02 and 03 return.

# %% tags=["demonstration"]
names.frameworks()

# %% [markdown]
# **Predict.** In Torch7, `nn.SpatialAveragePooling(2, 2)` asks for a window of 2x2 and says nothing of a step. An
# image of 4 rows and 6 columns goes in. How many rows and columns come out? Write a pair.

# %%
my_default_step = ...

predict("default_step", my_default_step)

# %% [markdown]
# ## Know the other strides
#
# A *stride* need not belong to an operator at all. An array lies in memory as one long line of numbers, and its
# **strides** say how far apart neighbours lie there, axis by axis.
#
# **Predict.** `np.zeros((5, 7))` holds numbers of 8 bytes, row after row. What are its strides in bytes, as
# NumPy's `.strides` gives them? Write a pair.

# %%
my_byte_strides = ...

predict("byte_strides", my_byte_strides)

# %% [markdown]
# NumPy counts bytes. PyTorch has the same thing as a method, and counts elements. Both know nothing of windows.

# %% tags=["demonstration"]
import torch

print(np.zeros((5, 7)).strides, torch.zeros(5, 7).stride())

# %% [markdown]
# Signal processing has two words where networks have one. The **compressor** keeps every $M$-th sample, as your
# `keep_every` does. **Decimation** is more: smooth first (with a low-pass filter), *then* keep every $M$-th. What
# goes wrong without the smoothing is the subject of lesson 08.

# %% [markdown]
# ## Name the step
#
# So the step in a line of code can say five things:

# %% tags=["demonstration"]
names.meanings()

# %% [markdown]
# Decide for each line below what its step says: `dW, dH`, `stride`, `strides`, `subsample`, `::2` or *decimate*.
# Judge by what the argument itself belongs to: a window, an array, or memory. For example,
# `"PyTorch: F.conv2d(x, w, stride=2)"` would be `"window"`, because the 2 moves the window of `w`.
#
# Every right line counts for itself, and the check says why a wrong one is wrong.

# %% tags=["solution:name_the_step"]
name_the_step = {
    "Torch7: nn.SpatialSubSampling(6, 2, 2, dW, dH)": ...,
    "Caffe: pooling_param { pool: AVE kernel_size: 3 stride: 2 }": ...,
    "Theano: conv2d(x, w, subsample=(2, 2))": ...,
    "Keras 1: Convolution2D(8, 3, 3, subsample=(2, 2))": ...,
    "Keras 1: Deconvolution2D(8, 3, 3, output_shape=shape, subsample=(2, 2))": ...,
    "Keras 2: Conv2D(8, (3, 3), strides=(2, 2))": ...,
    "TensorFlow: tf.strided_slice(y, [0, 0], [6, 8], strides=[2, 2])": ...,
    "ONNX: AveragePool(x, kernel_shape=[2, 3], strides=[2, 3])": ...,
    "PyTorch: x.stride()": ...,
    "NumPy: x.strides": ...,
    "NumPy: y[..., ::2, ::2]": ...,
    "signal processing: decimate y by 2": ...,
}
# Write your words above, in place of the dots. Then delete everything from here on.
### BEGIN SOLUTION
words = "window window window window enlarge window keep window memory memory keep filter"
name_the_step = dict(zip(name_the_step, words.split(), strict=True))
### END SOLUTION

# %% tags=["test:name_the_step"]
assert checks.name_the_step(name_the_step)

# %% [markdown]
# ## Take away
#
# - A stride is how far a window moves from one output to the next. The same numbers come out if you compute
#   everywhere and keep every stride-th output: dense, then keep. This holds for any operator, a maximum too.
# - *Stride* and *subsample* are two views of one thing: hop, or keep. Theano and Keras 1's convolutions said
#   `subsample`; Torch7 says `dW, dH`; the others say `stride` or `strides`.
# - Keeping has a stride **and** a phase. An operator's stride keeps output 0, whatever a text that counts from 1 says.
# - Where you give no step, Torch7, Caffe and ONNX step by 1; Keras, TensorFlow and PyTorch pool by the kernel's size.
#   At step 1 nothing is lost but a border.
# - The same word can mean something else: memory (`x.strides`), a slice (`tf.strided_slice`), or even an
#   enlargement (`Deconvolution2D`). Decimation smooths first.
#
# So, is there a difference between *stride* and *subsample*? As words for an argument: none. Torch7's *layer*
# called SubSampling is another matter, and lesson 04 builds it.

# %%
wrap_up("01_one_step_many_names")

# %% [markdown]
# ## Sources
#
# - stats.stackexchange.com, question 201637: the question, and the answer that this course reads critically.
# - Keras 1.2.2, `keras/layers/convolutional.py`; Keras 2.0.0, `keras/legacy/interfaces.py`; Keras issues 3727 and 4520.
# - Torch7, torch/nn, `doc/convolution.md`; Caffe, `pooling_layer.cpp`; the documentation of Theano, TensorFlow,
#   PyTorch, ONNX and NumPy.
# - V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*, 2016, arXiv 1603.07285.
