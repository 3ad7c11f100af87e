# %% [markdown]
# # Decide who talks to whom
#
# > *What does `groups` do, and why does my convolution have a weight of shape (12, 1, 3, 3)?* (after a question on
# > discuss.pytorch.org)
#
# **What you'll do.** Find out which channels a layer connects without looking inside it, write a convolution in
# groups and one by a table, turn simpler layers into convolutions, and find a convolution that no simpler layer
# can be.
#
# **What you'll learn.** What `groups` does to a weight; what LeNet-5's famous table is; and in which direction
# subsampling and strided convolution are equivalent, said so that nobody can misunderstand it.
#
# **What you need.** Lessons 04 and 05; your `conv2d` of lesson 05 comes in handy. About 70 minutes.

# %%
import numpy as np

from strided import channels, checks, compare, figures
from strided.display import source
from strided.quiz import predict, wrap_up

# %% [markdown]
# ## Meet six ways to connect
#
# The text that this course grew from says of the convolution that "all channels in the input contribute to all
# channels in the output". That is one way to connect channels. Here are six. A dot means that the output in this
# row reads the input in this column.

# %% tags=["demonstration"]
figures.mixing_matrix()

# %% [markdown]
# Call such a picture a **mixing matrix**. The sentence above describes its last case, a full matrix, which is
# PyTorch's default, `groups=1`. Torch7 itself also shipped one-to-one tables, random tables and depthwise
# convolutions. So the sentence is true of a full table, and not of convolution as such.

# %% [markdown]
# ## Predict a number of connections
#
# A convolution takes 6 channels to 6 channels in **2 groups**. How many dots does its mixing matrix have?

# %%
my_dots = ...

predict("dots_of_two_groups", my_dots)

# %% [markdown]
# ## Find the connections from outside
#
# Suppose that you get a layer as a function and cannot look into it. You can still find its mixing matrix: change
# **one** input channel, leave the others alone, and see which outputs move.
#
# In a small example, each channel is a single number. The function takes $(x_0, x_1)$ to
# $(10 + 2 x_0,\; x_0 - x_1)$.
#
# | input | output | what has changed |
# |---|---|---|
# | (0, 0) | (10, 0) | this is where you start |
# | (1, 0) | (12, 1) | both: column 0 is True, True |
# | (0, 1) | (10, -1) | only output 1: column 1 is False, True |
#
# Look at the first row: output 0 is 10 although all inputs are 0. A bias is no connection. What counts is not that
# an output is different from 0, but that it is different from what it was.

# %% [markdown]
# ## Write `mixing_matrix`
#
# `operator` is a function that you can call, like `dense` in lesson 01. It is *affine*, as all three formulas of
# this course are: a bias, plus pixels times weights. The check hands you several. The first makes 6 channels of 4, in
# two groups, and this is its matrix (1 stands for True).

# %% tags=["demonstration"]
checks.mixing_matrix.target()

# %% tags=["solution:mixing_matrix"]
def mixing_matrix(operator, in_channels):
    """Find out which input channels each output channel reads.

    operator: an affine function. It takes an array (in_channels, H, W), any numbers, H and W at
    least 8, and returns (out_channels, H', W'). It also takes and returns a batch, with one more
    axis in front. Sizes H', W' and out_channels differ from operator to operator.
    Returns booleans (out_channels, in_channels). About 8 lines.
    """
    ### BEGIN SOLUTION
    x = np.zeros((in_channels, 8, 8))
    before = operator(x)
    columns = []
    for c in range(in_channels):
        changed = x.copy()
        changed[c] = 1
        columns.append((operator(changed) != before).any(axis=(1, 2)))
    return np.stack(columns, axis=1)
    ### END SOLUTION

# %% tags=["test:mixing_matrix"]
assert checks.mixing_matrix(mixing_matrix)

# %% tags=["demonstration"]
checks.mixing_matrix.yours(mixing_matrix)

# %% [markdown]
# ## Split the channels into groups
#
# With `groups=g`, a convolution of C channels to K channels becomes g separate convolutions. Inputs are cut into g
# blocks of neighbours, outputs as well, and block 0 of the outputs reads block 0 of the inputs alone. So one output
# has only C/g kernels, and the weight has the shape (K, **C/g**, kH, kW).
#
# In symbols, output $k$ lies in group $\gamma = \lfloor k / (K/g) \rfloor$ and
#
# $$\text{output}[k] = \text{bias}[k] + \sum_{l=0}^{C/g-1} \text{weight}[k, l] \star \text{input}[\gamma \cdot C/g + l]$$
#
# In words: the bias, plus what the kernels `weight[k, 0]`, `weight[k, 1]` and so on make of the channels of the
# output's own group. The star is the window sum of lesson 05, with its stride and padding.

# %% [markdown]
# ## Predict the shape of a grouped weight
#
# A layer takes 6 channels to 12 channels in 3 groups, with kernels of 3 × 3. What is the shape of its weight?

# %%
my_shape = ...

predict("grouped_weight_shape", my_shape)

# %% [markdown]
# Now the weight (12, 1, 3, 3) speaks: each of 12 outputs has **one** kernel, so it reads one input. The groups
# are as many as the inputs. With 12 inputs this is a depthwise convolution, and with 6, two outputs share each
# input. The weight alone does not tell which. It only says C/g = 1.

# %% [markdown]
# ## Predict who reads what
#
# In that layer, 6 channels to 12 channels in 3 groups, which inputs does output 5 read? Write a list.

# %%
my_inputs = ...

predict("inputs_of_output_5", my_inputs)

# %% [markdown]
# ## Answer an old question about colours
#
# Does a convolution with 64 kernels *add* the three colours of an image, *average* them, or make *64 · 3* maps of
# them? People ask this again and again. By now you can see that all three are convolutions:
#
# - added up: a full mixing matrix, which is the default;
# - averaged: the same matrix, with every kernel divided by 3;
# - 64 maps for each colour, 192 in all, without any mixing: that one takes groups.

# %% [markdown]
# ## Predict the number of groups
#
# `Conv2d(3, 192, 3, groups=?)` makes 64 maps of each colour alone. How many groups?

# %%
my_groups = ...

predict("groups_of_colours", my_groups)

# %% [markdown]
# ## Read the specification
#
# These literal loops list the inputs that each output reads. Together with the window sum of lesson 05, that is the
# whole definition.

# %% tags=["demonstration"]
source(channels.group_table)

# %% [markdown]
# ## Write `conv2d_groups`
#
# Here are an image of four channels, a weight for two groups, and what must come out. You may start from your
# `conv2d` of lesson 05.

# %% tags=["demonstration"]
checks.conv2d_groups.target()

# %% tags=["solution:conv2d_groups"]
def conv2d_groups(x, weight, bias=None, stride=1, padding=0, groups=1):
    """Cross-correlate a batch of images in groups of channels that do not mix.

    x: (N, C, H, W), fractions or whole numbers; weight: (K, C/groups, kH, kW); bias: (K,) or None;
    stride, padding: an int or (height, width); groups divides C and K.
    Returns (N, K, outH, outW). About 10 lines.
    """
    ### BEGIN SOLUTION
    (sh, sw), (ph, pw) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::sh, ::sw]
    parts = [
        np.einsum("nchwij,kcij->nkhw", block, kernels)
        for block, kernels in zip(np.split(windows, groups, axis=1), np.split(weight, groups))
    ]
    out = np.concatenate(parts, axis=1)
    return out if bias is None else out + bias[:, None, None]
    ### END SOLUTION

# %% tags=["test:conv2d_groups"]
assert checks.conv2d_groups(conv2d_groups)

# %% tags=["demonstration"]
checks.conv2d_groups.yours(conv2d_groups)

# %% [markdown]
# ## See the same in PyTorch

# %% tags=["demonstration"]
compare.with_torch("conv2d_groups", conv2d_groups)

# %% [markdown]
# ## Connect by a table
#
# Groups are tidy blocks. LeNet-5 of 1998 did not use blocks. Its layer C3 makes 16 maps out of the 6 maps of S2,
# and a table says who reads whom. Here it is, lying down: a column for each of the 16 output maps.

# %% tags=["demonstration"]
figures.connection_table()

# %% [markdown]
# The first six maps read three neighbours each, the next six read four neighbours, and after the last map comes the
# first again. Three maps read four that are not all neighbours, and the last map reads all six.
#
# This gives C3 its 1,516 parameters, which you counted in lesson 04. A full convolution would have 2,416. And it
# gives one small network all three patterns: S2 and S4 are one-to-one, C3 goes by a table, C5 is full.

# %% [markdown]
# ## Predict the number of kernels
#
# How many 5 × 5 kernels does C3 have?

# %%
my_kernels = ...

predict("kernels_of_c3", my_kernels)

# %% [markdown]
# ## Number the connections
#
# A connection here is a dot: an output channel reads an input channel. (Lesson 04 counted finer, as the paper does:
# every number that an output reads.) Each has a kernel of its own, so the kernels can stand in one array, in the
# order of the table. Take the table `[[1], [0, 1]]`, of two outputs:
#
# | output | reads channel | with |
# |---|---|---|
# | 0 | 1 | `kernels[0]` |
# | 1 | 0 | `kernels[1]` |
# | 1 | 1 | `kernels[2]` |
#
# Output 0 is `bias[0]` plus what `kernels[0]` makes of channel 1. Output 1 is `bias[1]` plus what `kernels[1]` makes
# of channel 0, plus what `kernels[2]` makes of channel 1. Channels are counted from 0, and a row may name them in
# any order.

# %% [markdown]
# ## Write `conv2d_table`
#
# The picture shows this very table at work, on an image of two channels.

# %% tags=["demonstration"]
checks.conv2d_table.target()

# %% tags=["solution:conv2d_table"]
def conv2d_table(x, table, kernels, bias, stride=1):
    """Convolve by a table of connections, without padding.

    x: (N, C, H, W); table: a list with, for each output, the list of input channels that it reads;
    kernels: (connections, kH, kW), in the order of the table; bias: (K,), one for each output;
    stride: an int or (height, width).
    Returns (N, K, outH, outW), with K = len(table). About 9 lines.
    """
    ### BEGIN SOLUTION
    sh, sw = np.broadcast_to(stride, 2)
    windows = np.lib.stride_tricks.sliding_window_view(x, kernels.shape[1:], axis=(2, 3))
    windows = windows[:, :, ::sh, ::sw]
    maps, first = [], 0
    for reads, b in zip(table, bias):
        own = kernels[first : first + len(reads)]
        maps.append(b + np.einsum("nlhwij,lij->nhw", windows[:, reads], own))
        first += len(reads)
    return np.stack(maps, axis=1)
    ### END SOLUTION

# %% tags=["test:conv2d_table"]
assert checks.conv2d_table(conv2d_table)

# %% tags=["demonstration"]
checks.conv2d_table.yours(conv2d_table)

# %% [markdown]
# ## See the same in PyTorch
#
# PyTorch's `conv2d` takes no table. But a missing connection is the same as a kernel of zeros. Below, a kernel of
# zeros is put in front of the three kernels, and the four of them make the weight of a full convolution, 2 × 2.
#
# The result is the same, and the layer is not: in training, the zeros would begin to learn. A table keeps them out
# for good.

# %% tags=["demonstration"]
compare.with_torch("conv2d_table", conv2d_table)

# %% [markdown]
# ## Turn other layers into convolutions
#
# A kernel of zeros cuts a connection. With this trick, a full convolution can become any layer of this course so
# far. Take two channels and windows of 1 × 2. The weight then has four kernels, one from each input to each output:
#
# | layer | from 0 to 0 | from 1 to 0 | from 0 to 1 | from 1 to 1 |
# |---|---|---|---|---|
# | average pooling | [1/2, 1/2] | [0, 0] | [0, 0] | [1/2, 1/2] |
# | SubSampling, weights 3 and -1 | [3, 3] | [0, 0] | [0, 0] | [-1, -1] |
# | depthwise, kernels [1, 2] and [5, 4] | [1, 2] | [0, 0] | [0, 0] | [5, 4] |
#
# The stride and the bias stay as they are. (An average adds nothing, so its bias is 0.)

# %% [markdown]
# ## Predict a popular mistake
#
# Some notes explain average pooling as a dense convolution whose weights are all ones, divided by the size of the
# window. An image has 3 channels and is 7 everywhere. With `weight = np.ones((3, 3, 2, 2)) / 4` and no bias, which
# number does `conv2d` write into every output?

# %%
my_seven = ...

predict("all_ones_on_sevens", my_seven)

# %% [markdown]
# ## Write `as_conv_weight`
#
# Below is SubSampling with two channels, weights 3 and -1, and windows of 2 × 3, written as the weight of a full
# convolution. The first index of a panel is the output, the second the input.

# %% tags=["demonstration"]
checks.as_conv_weight.target()

# %% tags=["solution:as_conv_weight"]
def as_conv_weight(kind, channels, kernel_size, weight=None):
    """Write another layer as the weight of a full convolution (groups=1).

    kind: "average", "subsampling" or "depthwise"; any other raises ValueError.
    channels: how many go in, and come out; kernel_size: an int or (height, width).
    weight: None, SubSampling's (channels,), or the depthwise (channels, 1, kH, kW), groups=channels.
    Returns (channels, channels, kH, kW). About 9 lines.
    """
    ### BEGIN SOLUTION
    kh, kw = np.broadcast_to(kernel_size, 2)
    full = np.zeros((channels, channels, kh, kw))
    for c in range(channels):
        if kind == "average":
            full[c, c] = 1 / (kh * kw)
        elif kind in ("subsampling", "depthwise"):
            full[c, c] = weight[c]
        else:
            raise ValueError(f'kind must be "average", "subsampling" or "depthwise", got {kind!r}')
    return full
    ### END SOLUTION

# %% tags=["test:as_conv_weight"]
assert checks.as_conv_weight(as_conv_weight)

# %% tags=["demonstration"]
checks.as_conv_weight.yours(as_conv_weight)

# %% [markdown]
# ## See PyTorch's average in your weight
#
# Here your weight is used in a full convolution, and compared with PyTorch's average pooling. Mind the stride:
# pooling steps by its kernel when none is given, a convolution by 1.
#
# In 2012, Torch's `SpatialLPPooling` *was* such a thing: a one-to-one strided convolution with weight 1/(kW·kH).

# %% tags=["demonstration"]
compare.with_torch("as_conv_weight", as_conv_weight)

# %% [markdown]
# ## Count what a layer may choose
#
# The first two matrices at the top of this lesson look alike, and so do the last two. A mixing matrix says who is
# connected, not what a connection can do. Parameters tell more about that. Here are six layers with 64 channels and
# windows of 2 × 2, the grouped one in 4 groups.

# %% tags=["demonstration"]
for kind, groups in (("average", 64), ("subsampling", 64), ("depthwise", 64), ("grouped", 4),
                     ("pointwise", 1), ("convolution", 1)):
    count = channels.parameter_count(kind, channels.group_table(64, 64, groups), 2)
    print(f"{kind:12} {count:6,}")

# %% [markdown]
# The first three have the same matrix. Average pooling learns nothing. SubSampling learns 128 numbers: one gain and
# one bias for each channel, whatever the window. That is all that "learnable weights" means there; it is no kernel.
# A depthwise convolution has kernels, and learns 320.
#
# "A pooling layer has no learnable components", said the LeNet tutorial in lesson 04. That is true of the first
# line. LeNet's own S2 belongs to the second.

# %% [markdown]
# ## Measure the distance to SubSampling
#
# So every SubSampling is a convolution. Is every convolution a SubSampling, if you only choose the gains well? For
# a given weight, look for the **nearest** SubSampling: the one whose weight, written as a convolution, has the
# smallest sum of squared differences. If even that one differs, there is none.
#
# It is easy to find. Kernels between different channels are zero in every SubSampling, so nothing can be done about
# them. And the one number that is nearest to all numbers of a kernel is their mean.

# %% [markdown]
# ## Predict the nearest gain
#
# A layer of one channel has the kernel `[[1, 2], [3, 6]]`. What is the weight of the SubSampling nearest to it?

# %%
my_gain = ...

predict("nearest_gain", my_gain)

# %% [markdown]
# The differences are -2, -1, 0 and 3, and the distance is $\sqrt{4 + 1 + 0 + 9} = 3.74$. It is not 0, so no
# SubSampling equals this convolution.

# %% [markdown]
# ## Write `counterexample`
#
# Give a convolution weight that no SubSampling with the same window equals. There are many, and any of them is
# right: the check computes the distance to the nearest SubSampling, and compares it with the size of your weight.

# %% tags=["solution:counterexample"]
def counterexample(channels, kernel_size):
    """Give a convolution weight that no SubSampling equals, in the same window.

    channels: how many go in, and come out, at least 2; kernel_size: an int or (height, width), more
    than one pixel, perhaps only one row or one column.
    Returns (channels, channels, kH, kW). About 3 lines.
    """
    ### BEGIN SOLUTION
    weight = np.zeros((channels, channels, *np.broadcast_to(kernel_size, 2)))
    weight[0, 1] = 1
    return weight
    ### END SOLUTION

# %% tags=["test:counterexample"]
assert checks.counterexample(counterexample)

# %% [markdown]
# Here is your weight beside the nearest SubSampling. What differs is what SubSampling cannot do.

# %% tags=["demonstration"]
checks.counterexample.yours(counterexample)

# %% [markdown]
# ## See the sets, one inside the other
#
# There are two ways out of SubSampling: a kernel whose numbers differ, or a channel that reaches another one. They
# are two different steps. In every box of this picture stands a layer that is in no smaller box.

# %% tags=["demonstration"]
figures.nested_sets()

# %% [markdown]
# The text ends with the words that "Subsampling is not generally equivalent to strided Convolution, because their
# mappings are different". You can now see what is missing in them: a direction.

# %% [markdown] tags=["manual:direction_of_equivalence"]
# ## Say it precisely
#
# State precisely in which direction subsampling and strided convolution are equivalent. Say which of the two is
# always a case of the other, with which weight and bias; why the converse fails; and under which conditions all this
# holds. Four to six sentences, in the cell below. A person reads and grades this answer.

# %% [markdown] tags=["answer:direction_of_equivalence"]
# ### BEGIN SOLUTION
# Every SubSampling layer is a strided convolution. Take the same window and the same stride; fill the kernel from
# each channel to itself with that channel's weight, make every kernel between two different channels zero, and keep
# the bias.
#
# The converse is false. A SubSampling has one gain for each channel, and its channels do not mix. A convolution whose
# kernel holds two different numbers, or in which one channel reaches another one, is therefore no SubSampling,
# whatever the gains.
#
# This is about layers with the same window and stride, without padding and with sizes rounded down, since SubSampling
# knows neither padding nor rounding up. In between lies the depthwise convolution: average pooling ⊂ SubSampling ⊂
# strided depthwise convolution ⊂ strided convolution.
# ### END SOLUTION

# %% [markdown]
# ## Take away
#
# - A mixing matrix says which outputs read which inputs. You find it by changing one input channel at a time, and
#   by looking for what *changes*, because a bias is no connection.
# - `groups=g` cuts inputs and outputs into g blocks of neighbours. The weight is (K, C/g, kH, kW).
# - A table connects as it likes. LeNet-5's C3 has 60 kernels of 96 possible ones, and 1,516 parameters.
# - Average pooling ⊂ SubSampling ⊂ strided depthwise convolution ⊂ strided convolution. Each is a case of the next:
#   kernels between different channels are zero. No step can be taken back.

# %%
wrap_up("06_channel_mixing")

# %% [markdown]
# ## Sources
#
# - discuss.pytorch.org, thread 127331: what `groups` does, and the weight (12, 1, 3, 3).
# - Cross Validated (stats.stackexchange.com), question 201637: the sentences quoted here.
# - LeCun et al. 1998: LeNet-5 and the table of C3.
# - Torch7, torch/nn: `SpatialConvolutionMap.lua` (tables), `SpatialSubSampling.lua`, and `SpatialLPPooling.lua` in the
#   first tree, 2012.
# - PyTorch's documentation: `torch.nn.functional.conv2d`, `torch.nn.functional.avg_pool2d`.
