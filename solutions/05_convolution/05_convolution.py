# %% [markdown]
# # Let every channel speak
#
# > *Why does PyTorch's `conv2d` not give what SciPy's `convolve2d` gives?* (a question on discuss.pytorch.org)
#
# **What you'll do.** Slide a kernel over an image with and without the flip, put the weight of the third printed
# formula into the order in which it is stored, and write the convolution that networks use, with stride and
# padding.
#
# **What you'll learn.** Where the word *convolution* is wrong; which channels meet in one output; in which
# direction subsampling and convolution are the same thing.
#
# **What you need.** Lessons 01, 03 and 04; NumPy slices. About 65 minutes.

# %%
import numpy as np

from strided import checks, compare, figures, formulas
from strided.display import source
from strided.quiz import predict, wrap_up

# %% [markdown]
# ## Turn a kernel, or leave it
#
# Begin with one channel and one kernel. Lay the kernel on the image, multiply each of its numbers with the
# pixel below, and add up. Then move on by one pixel. That is a **cross-correlation**. A **convolution**, as
# mathematics defines it, does the same with the kernel turned by half a turn: last row first, last column
# first.

# %% tags=["demonstration"]
figures.flip()

# %% [markdown]
# ## Predict what a single 1 becomes
#
# An image is 0 everywhere, except for a single 1 far from the edge. You **correlate** it with the kernel
# `[[1, 2, 3], [4, 5, 6]]`. Around the 1 a small pattern appears. Is it the kernel as it is, or the kernel
# turned? Write `"as it is"` or `"turned"` in place of the dots.

# %%
my_pattern = ...

predict("impulse_response", my_pattern)

# %% [markdown]
# ## Read both sums
#
# Row $i$ and column $j$ of the output are
#
# $$\text{correlation}[i, j] = \sum_{t=0}^{kH-1} \sum_{s=0}^{kW-1} \text{weight}[t, s] \cdot x[i+t,\; j+s]$$
#
# $$\text{convolution}[i, j] = \sum_{t=0}^{kH-1} \sum_{s=0}^{kW-1} \text{weight}[kH-1-t,\; kW-1-s] \cdot x[i+t,\; j+s]$$
#
# In words: both read the window that starts at $(i, j)$. The first takes the kernel's numbers from the front,
# the second from the back.

# %% [markdown]
# Do one by hand. The window is `[[0, 1, 2], [4, 5, 6]]` and the kernel `[[1, 2, 3], [4, 5, 6]]`.
#
# - correlation: 0·1 + 1·2 + 2·3 + 4·4 + 5·5 + 6·6 = **85**
# - convolution: 0·6 + 1·5 + 2·4 + 4·3 + 5·2 + 6·1 = **41**
#
# Only windows that lie wholly in the image count, so an axis of $n$ pixels has $n - k + 1$ of them.

# %% [markdown]
# ## Write `correlate_or_convolve`
#
# Here are an image and a kernel, and the two results that your function must return.

# %% tags=["demonstration"]
checks.correlate_or_convolve.target()

# %% tags=["solution:correlate_or_convolve"]
def correlate_or_convolve(x, weight):
    """Slide one kernel over one channel, without and with the flip.

    x: (H, W); weight: (kH, kW). Whole windows only.
    Returns (correlation, convolution), each (H - kH + 1, W - kW + 1). About 5 lines.
    """
    ### BEGIN SOLUTION
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape)
    correlation = np.einsum("ijts,ts->ij", windows, weight)
    convolution = np.einsum("ijts,ts->ij", windows, weight[::-1, ::-1])
    return correlation, convolution
    ### END SOLUTION

# %% tags=["test:correlate_or_convolve"]
assert checks.correlate_or_convolve(correlate_or_convolve)

# %% tags=["demonstration"]
checks.correlate_or_convolve.yours(correlate_or_convolve)

# %% [markdown]
# ## See which of the two PyTorch calls a convolution
#
# The first of your two results, the **correlation**, stands beside PyTorch's `conv2d`. They are the same:
# `conv2d` does not flip, and SciPy's `convolve2d` does. That is the answer to the question at the top.

# %% tags=["demonstration"]
compare.with_torch("correlate_or_convolve", correlate_or_convolve)

# %% [markdown]
# The word is old, and the habit is not universal. Theano did flip, unless told otherwise (`filter_flip=True` is
# its default), and so Keras did too when it ran on Theano. Keras 1 shipped a function that flips a trained
# kernel, for those who changed the backend. A kernel that looks the same after half a turn never shows the
# difference.
#
# The flip does have a place in networks. Torch's convolution of 2012 correlated on the way forward and
# convolved on the way back, for the gradient. Lesson 07 shows why.

# %% [markdown]
# ## Read the third formula
#
# Now for channels. The text that this course grew from prints the convolution of Torch7 like this:
#
# $$\text{output}[i][j][k] = \text{bias}[k] + \sum_l \sum_{s=1}^{kW} \sum_{t=1}^{kH} \text{weight}[s][t][l][k] \cdot \text{input}[dW\cdot(i-1)+s)][dH\cdot(j-1)+t][l]$$
#
# In words: the output in channel $k$ is the bias of $k$, plus what **all** input channels $l$ give, each
# weighed with a kernel that belongs to the pair $(l, k)$. You know the quirks from lesson 03: it counts from
# 1, goes width first, puts the channel last, and has one parenthesis too many.

# %% [markdown]
# One quirk is new: the weight is printed as `weight[s][t][l][k]`.
#
# | letter | counts | how many |
# |---|---|---|
# | `s` | columns of the kernel | kW |
# | `t` | rows of the kernel | kH |
# | `l` | input channels | in |
# | `k` | output channels | out |
#
# Torch7 stores it the other way round: out × in × kH × kW, that is `weight[k][l][t][s]`. So does PyTorch.

# %% [markdown]
# ## Predict a printed shape
#
# A layer takes 3 channels to 8, with kernels of 2 rows and 5 columns. What is the shape of the weight **as
# printed**? Write a list of four numbers.

# %%
my_shape = ...

predict("printed_weight_shape", my_shape)

# %% [markdown]
# ## Write `weight_from_torch_formula`
#
# Follow one number. The printed `weight[1][2][1][3]`, counted from 1, is column 0, row 1, input channel 0 and
# output channel 2 when you count from 0: `w[0, 1, 0, 2]`. It is stored at `[2, 0, 1, 0]`.
#
# In the picture, the first two axes tell which panel, the last two are the panel's rows and columns.

# %% tags=["demonstration"]
checks.weight_from_torch_formula.target()

# %% tags=["solution:weight_from_torch_formula"]
def weight_from_torch_formula(w):
    """Bring a weight from the order of the printed formula into the stored order.

    w: (kW, kH, in, out), as in weight[s][t][l][k].
    Returns (out, in, kH, kW). About 1 line.
    """
    ### BEGIN SOLUTION
    return np.transpose(w, (3, 2, 1, 0))
    ### END SOLUTION

# %% tags=["test:weight_from_torch_formula"]
assert checks.weight_from_torch_formula(weight_from_torch_formula)

# %% tags=["demonstration"]
checks.weight_from_torch_formula.yours(weight_from_torch_formula)

# %% [markdown]
# ## Watch one output come about
#
# To make one output number, a convolution lays the window on **every** input channel, multiplies each with its
# own kernel, and adds it all up. The bias is added once, at the end.

# %% tags=["demonstration"]
figures.convolution_cell()

# %% [markdown]
# ## Predict how much one output reads
#
# Another image has 3 channels, the kernels are 4 rows by 2 columns, and there are 5 output channels. How many
# input numbers does **one** output number read?

# %%
my_count = ...

predict("one_output_reads", my_count)

# %% [markdown]
# ## Read the specification
#
# This is the formula as slow, literal loops, for one image: counted from 0, rows first, channels first, the
# weight in its stored order. Padding, which the printed formula does not have, is the one `if`: a pixel outside
# the image counts as 0. It is the definition that your version must agree with.

# %% tags=["demonstration"]
source(formulas.conv2d)

# %% [markdown]
# Rows and columns are counted as for every window, and rounded down:
#
# $$\text{outH} = \left\lfloor \frac{H + 2\,\text{padH} - kH}{\text{strideH}} \right\rfloor + 1$$
#
# In words: how many steps of the stride fit into the padded image after the first window, plus that first one.
# The width goes alike.

# %% [markdown]
# ## Write `conv2d`
#
# Here are an image and a kernel, and what your function must make of them. The check goes on to two channels,
# strides, padding and a batch.

# %% tags=["demonstration"]
checks.conv2d.target()

# %% tags=["solution:conv2d"]
def conv2d(x, weight, bias=None, stride=1, padding=0):
    """Cross-correlate a batch of images with a bank of kernels.

    x: (N, C, H, W), fractions or whole numbers; weight: (K, C, kH, kW); bias: (K,) or None;
    stride, padding: an int or (height, width).
    Returns (N, K, outH, outW). About 8 lines.
    """
    ### BEGIN SOLUTION
    (sh, sw), (ph, pw) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::sh, ::sw]
    out = np.einsum("nchwij,kcij->nkhw", windows, weight)
    return out if bias is None else out + bias[:, None, None]
    ### END SOLUTION

# %% tags=["test:conv2d"]
assert checks.conv2d(conv2d)

# %% [markdown]
# ## See yours beside the target

# %% tags=["demonstration"]
checks.conv2d.yours(conv2d)

# %% [markdown]
# ## See the same in PyTorch
#
# Your function and PyTorch's get the same random image, weight and bias. Rounding leaves a difference of
# some 1e-14 in float64, or some 1e-6 if you compute in float32. Anything much larger would be a mistake.

# %% tags=["demonstration"]
compare.with_torch("conv2d", conv2d)

# %% [markdown]
# ## Compare who talks to whom
#
# You have now written all three formulas. All of them sum over the same windows. They differ in what weighs the
# sum, and in the wiring: average pooling and SubSampling keep every channel to itself, and a convolution lets
# each one reach every output.

# %% tags=["demonstration"]
figures.channel_wiring(("average", "subsampling", "depthwise", "convolution"))

# %% [markdown]
# The text says that "all channels in the input contribute to all channels in the output". That holds for a
# **full** table of connections, `groups=1` in PyTorch. Torch7 itself also shipped one-to-one tables, random
# tables and depthwise convolutions, in which each channel has a kernel of its own and meets no other. Lesson 06
# is about these.

# %% [markdown]
# ## Predict a parameter count
#
# Take 64 channels to 64 channels with 2 × 2 windows. SubSampling has 64 + 64 = 128 parameters. A depthwise
# convolution has 64·2·2 + 64 = 320. How many has a **full** convolution, biases included?

# %%
my_parameters = ...

predict("full_convolution_parameters", my_parameters)

# %% [markdown]
# ## Give "not equivalent" a direction
#
# The text concludes that SubSampling "is not generally equivalent to strided Convolution". A difference needs a
# direction. With the same window and stride, no padding and sizes rounded down:
#
# > average pooling ⊂ SubSampling ⊂ strided depthwise convolution ⊂ strided convolution
#
# Each is a case of the next. An average is a SubSampling with weight 1/(kW·kH) and bias 0. A SubSampling is a
# depthwise convolution whose kernels are constant. A depthwise convolution is a convolution in which every
# kernel from one channel to *another* is zero.

# %% [markdown]
# With two channels or more, and windows of more than one pixel, no step can be taken back. A bias other than 0 is
# no average. A kernel with two different numbers is no SubSampling. A kernel that is not zero, from one channel
# to another, is no depthwise convolution. So every SubSampling layer **is** a strided convolution, and most
# strided convolutions are no SubSampling layer.
#
# This is not only theory: in 2012, Torch's `SpatialLPPooling` *was* a one-to-one strided convolution with
# weight 1/(kW·kH).

# %% [markdown]
# ## Take away
#
# - What networks call convolution is cross-correlation; a convolution turns the kernel first.
# - A convolution has one kernel for each pair of an output and an input channel, and one bias for each output.
#   One output number reads the window in every input channel.
# - The printed `weight[s][t][l][k]` is stored as `weight[k][l][t][s]`: out, in, height, width.
# - Average pooling ⊂ SubSampling ⊂ strided depthwise convolution ⊂ strided convolution, and not the other way.

# %%
wrap_up("05_convolution")

# %% [markdown]
# ## Sources
#
# - Cross Validated (stats.stackexchange.com), question 201637: the answer that prints the three formulas.
# - Torch7, torch/nn: `doc/convolution.md` (the formulas), `SpatialConvolutionMap.lua` (connection tables),
#   `SpatialLPPooling.lua` in the first tree, 2012.
# - Theano's documentation: `filter_flip`. Keras 1: `np_utils.convert_kernel`.
# - discuss.pytorch.org, thread 170134: `conv2d` is not SciPy's `convolve2d`.
