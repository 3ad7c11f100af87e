# %% [markdown]
# # Count windows, and what the border loses
#
# > *"An image of 224 pixels, a filter of 11, a stride of 4: the formula gives 54.25 outputs. What does a layer do
# > with a quarter of an output, and why does Keras say 54?"* (what question 650777 on stats.stackexchange.com asks;
# > question 223630 has 112.5, and asks whether Caffe, TensorFlow and Torch agree)
#
# **What you'll do.** Count windows as PyTorch counts them, find the pixels that no window reads, count backwards
# from outputs to image sizes, and work out the padding that TensorFlow calls SAME.
#
# **What you'll learn.** Why no stride is invalid; what floor and ceil cost; which window PyTorch drops and Torch7
# keeps; why two frameworks with the same sizes can read different pixels.
#
# **What you need.** Whole numbers, and the window and stride of lesson 01. About 60 minutes.

# %%
import numpy as np

from strided import checks, figures, geometry
from strided.compare import with_torch
from strided.quiz import predict, wrap_up

# %% [markdown]
# ## Lay windows along a ruler
#
# Windows hop down the rows and along the columns, and neither direction knows of the other. So one **axis** is
# enough: a ruler of $n$ pixels, a window of $k$ pixels, and a stride of $s$ pixels. Here are 11 pixels, windows of
# 4, and a stride of 3. Each window stands on a line of its own, below the pixels that it reads.

# %% tags=["demonstration"]
figures.ruler(11, 4, 3)

# %% [markdown]
# The crossed window does not fit: it would need pixels that do not exist. So it is not there, and pixel 10 is read
# by no window at all. Nothing is rounded here. There is simply no more room.
#
# **Predict.** How many windows of 4 pixels, at stride 3, stand on 14 pixels?

# %%
my_windows = ...

predict("windows_on_fourteen", my_windows)

# %% [markdown]
# ## Turn the picture into a formula
#
# Window $i$ starts at pixel $s\,i$ and ends before pixel $s\,i + k$. It fits as long as $s\,i + k \le n$. The
# largest such $i$ is $(n - k)/s$, rounded down, and $i$ counts from 0. So there are
#
# $$\left\lfloor \frac{n - k}{s} \right\rfloor + 1$$
#
# windows. In words: one window is laid down first; the room that is left beside it, divided by the stride, is how
# many steps it can make.
#
# The 224 pixels of the question leave room for $213/4 = 53.25$ steps. A quarter of a step is no step: 53 steps, and
# 54 windows. The answer from which this course grew prints formulas for `output[i][j][k]` and never says how far
# $i$ and $j$ run. It is this far.

# %% [markdown]
# **Predict.** A quiz in circulation asks for the number of outputs and expects $\lfloor (n - k + 1)/s \rfloor$. For
# $n = 9$, $k = 3$, $s = 3$ that is $\lfloor 7/3 \rfloor = 2$. How many windows are there in truth?

# %%
my_true_count = ...

predict("quiz_formula", my_true_count)

# %% [markdown]
# ## Call no stride invalid
#
# Some course notes and widgets call a stride *invalid* where $(n - k)/s$ is not a whole number. Whoever asked about
# the 54.25 had read it too: one has to change the sizes until the result is whole. Here is what those notes forbid,
# hatched, for windows of 3 pixels.

# %% tags=["demonstration"]
figures.size_map(kernel=3)

# %% [markdown]
# Every pair has a number of outputs, and every framework returns it. What a remainder costs is a few pixels at the
# end, and never as many as the stride. You may want to avoid that. But it is a matter of taste, not of validity.
#
# Look at the first row too. At stride 1 the size shrinks by $k - 1$, whatever $n$ is. That any strided layer
# downsamples, as the same answer says, is not true there: at stride 1, the default of Torch7's layers, all that goes
# is a border.

# %% [markdown]
# ## Pad both ends
#
# **Padding** adds $p$ zeros before the image and $p$ after it. The windows now have $n + 2p$ places, and the first
# one starts at position $-p$. The printed formulas have no padding. Torch7's SubSampling has none either; its average
# pooling and its convolution have.

# %% tags=["demonstration"]
figures.ruler(10, 4, 3, padding=2)

# %% [markdown]
# Here, too, something is left over. But it is the last zero, and no pixel.

# %% [markdown]
# ## Spread the taps
#
# **Dilation** $d$ is the distance from one tap of a window to the next. Between $k$ taps there are $k - 1$ such
# distances, so the window **reaches** over $r = d\,(k - 1) + 1$ pixels, though it reads only $k$ of them. With both,
# the number of windows is
#
# $$\left\lfloor \frac{n + 2p - r}{s} \right\rfloor + 1$$

# %% tags=["demonstration"]
figures.ruler(10, 3, 2, padding=1, dilation=2)

# %% [markdown]
# ## Round up on request
#
# Poolings can also round up: with `ceil_mode=True` in PyTorch, on request in Torch7 and ONNX, and always in Caffe. A
# last window is then laid even if it **overhangs**, and reads what there is. Here the last pixel is saved.

# %% tags=["demonstration"]
figures.ruler(8, 3, 2, ceil_mode=True)

# %% [markdown]
# ## Drop a window that has nothing to read
#
# Rounding up has a trap. Here the stride is larger than the kernel, and the third window would start at pixel 8. The
# image ends with pixel 5.

# %% tags=["demonstration"]
figures.ruler(6, 1, 4, ceil_mode=True)

# %% [markdown]
# PyTorch has a **guard**: a last window that would start beyond the image is dropped, and so is one that would start
# in the padding after it. In image positions: a window must start before pixel $n$. Counted from the first zero of
# the padding, it must start before $n + p$.
#
# Torch7 and Caffe look only when there *is* padding. In this picture, without any, they count 3 windows and PyTorch
# counts 2.
#
# **Predict.** 5 pixels, windows of 1, stride 3, ceil mode, no padding. How many does PyTorch count?

# %%
my_guarded = ...

predict("guarded_window", my_guarded)

# %% [markdown]
# ## Write `output_size`
#
# Everything together, in five lines that can be checked by hand:
#
# | $n$ | $k$ | $s$ | $p$ | $d$ | | windows start at | count |
# |---|---|---|---|---|---|---|---|
# | 11 | 4 | 3 | 0 | 1 | floor | 0, 3, 6 | 3 |
# | 10 | 4 | 3 | 2 | 1 | floor | -2, 1, 4, 7 | 4 |
# | 10 | 3 | 2 | 1 | 2 | floor | -1, 1, 3, 5 | 4 |
# | 7 | 3 | 2 | 0 | 1 | ceil | 0, 2, 4 | 3 |
# | 9 | 4 | 3 | 0 | 1 | ceil | 0, 3, and 6, which overhangs | 3 |
#
# Count any way you like: by the formula, or by laying windows in a loop.

# %% tags=["solution:output_size"]
def output_size(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    """Count the windows along one axis, as PyTorch counts them, guard included.

    n: pixels; kernel: taps of the window; stride, padding (zeros on each side), dilation: ints.
    ceil_mode: True or False; with True, padding is at most half the kernel.
    Returns an int. Raises ValueError if stride is 0, or if the window reaches over more pixels than the
    padded image has (in ceil mode PyTorch is more lenient there; you may do either). About 9 lines.
    """
    ### BEGIN SOLUTION
    room = n + 2 * padding - dilation * (kernel - 1) - 1
    if stride < 1:
        raise ValueError(f"stride must be at least 1, got {stride}")
    if room < 0:
        raise ValueError(f"the window reaches over {-room} pixels more than the padded image has")
    steps = -(-room // stride) if ceil_mode else room // stride
    if ceil_mode and steps * stride >= n + padding:
        steps -= 1
    return steps + 1
    ### END SOLUTION

# %% tags=["test:output_size"]
assert checks.output_size(output_size)

# %% [markdown]
# ## See the same in PyTorch
#
# PyTorch has no function for this. It makes an image of that size, and you can ask for its shape: here one axis is
# 57 pixels and the other 80.

# %% tags=["demonstration"]
with_torch("output_size", output_size)

# %% [markdown]
# ## Find what the border loses
#
# In floor mode, what the steps leave over is never read, never averaged, and gets no gradient. With padding, what is
# left over lies at the very end, where the zeros are, so that zeros are lost before any pixel is.
#
# The two questions at the top differ in just this. 54.25 came from 224 pixels, windows of 11, stride 4 and no
# padding; 112.5 came from 224 pixels, windows of 7, stride 2, and a padding of 3.
#
# **Predict.** How many pixels at the end does no window read, in the first case and in the second? Write a pair.

# %%
my_lost = ...

predict("lost_to_a_fraction", my_lost)

# %% [markdown]
# ## Write `lost_border`
#
# Take 13 pixels, windows of 4 and a stride of 5, with one zero on each side. By hand:
#
# | | start | last tap |
# |---|---|---|
# | window 0 | -1 | 2 |
# | window 1 | 4 | 7 |
# | window 2 | 9 | 12 |
#
# The last pixel, 12, is read, so 0 are lost; what is left over is the zero after it. Pixels 3 and 8 are not read
# either, but they lie *between* windows and do not count here. On 15 pixels the same three windows stand, and the
# last two pixels are lost.

# %% tags=["demonstration"]
figures.ruler(15, 4, 5, padding=1)

# %% tags=["solution:lost_border"]
def lost_border(n, kernel, stride, padding=0):
    """Count the pixels at the end of an axis that no window reads, in floor mode.

    All ints, of windows that fit; padding is smaller than kernel. Zeros of the padding are no pixels, and
    pixels between windows do not count. Returns an int. About 2 lines; you may call your output_size.
    """
    ### BEGIN SOLUTION
    left_over = (n + 2 * padding - kernel) % stride
    return max(left_over - padding, 0)
    ### END SOLUTION

# %% tags=["test:lost_border"]
assert checks.lost_border(lost_border)

# %% [markdown]
# Again PyTorch has no function, but it can tell. Pool 57 pixels, then spread the outputs out again over the pixels
# that they came from (a *transposed convolution*): what is missing at the end is what was never read.

# %% tags=["demonstration"]
with_torch("lost_border", lost_border)

# %% [markdown]
# ## Count backwards
#
# *7x7 and 8x8 both give 3x3*, people notice, and suspect a bug. Windows of 3 at stride 2 do that: floor forgets the
# remainder, so several sizes give one and the same number of outputs. The map above shows it: go along a row, and
# each number stands there as often as the stride says, until the map ends.
#
# **Predict.** How many image sizes give 54 outputs, with windows of 11, stride 4 and no padding?

# %%
my_sizes = ...

predict("sizes_for_fifty_four", my_sizes)

# %% [markdown]
# ## Write `input_sizes`
#
# Start from the size that the windows fill exactly. Here are three outputs at stride 2: the first picture leaves
# nothing over, the second one a single pixel. One more pixel, and a fourth window fits.

# %% tags=["demonstration"]
figures.ruler(7, 3, 2)

# %% tags=["demonstration"]
figures.ruler(8, 3, 2)

# %% tags=["solution:input_sizes"]
def input_sizes(out, kernel, stride, padding=0):
    """Find all image sizes that give a number of outputs, in floor mode.

    All ints, at least 1; padding is at least 0 and less than half the kernel.
    Returns the sizes from the smallest to the largest, as a range or a list. About 2 lines.
    """
    ### BEGIN SOLUTION
    smallest = (out - 1) * stride + kernel - 2 * padding
    return range(smallest, smallest + stride)
    ### END SOLUTION

# %% tags=["test:input_sizes"]
assert checks.input_sizes(input_sizes)

# %% [markdown]
# Whoever goes backwards in a network meets this. A transposed convolution turns 28 numbers into a longer row, and
# several lengths are right. PyTorch takes the shortest, unless you say how many pixels more you want, in
# `output_padding`.

# %% tags=["demonstration"]
with_torch("input_sizes", input_sizes)

# %% [markdown]
# ## Let the framework choose the padding
#
# TensorFlow and Keras take a word in place of numbers. `VALID` is no padding. `SAME` asks for
#
# $$\left\lceil \frac{n}{s} \right\rceil$$
#
# outputs, whatever the kernel, and adds just as many zeros as these windows need. In words: the size is the *same*
# only at stride 1; at stride 2 it is half, rounded up. If the number of zeros is odd, the odd one goes to the
# **end**. If the windows need none, none are added.

# %% tags=["demonstration"]
figures.ruler(6, 3, 2, padding=(0, 1))

# %% [markdown]
# Six pixels, windows of 3, stride 2: three windows, one zero. With `padding=1`, PyTorch has three windows too:

# %% tags=["demonstration"]
figures.ruler(6, 3, 2, padding=1)

# %% [markdown]
# **Predict.** The pixels are 1, 2, 3, 4, 5, 6, and each output is the sum of its window. Which three numbers does
# TensorFlow's SAME give? Write a list.

# %%
my_same = ...

predict("same_at_stride_two", my_same)

# %% [markdown]
# ## Write `same_padding`
#
# | $n$ | $k$ | $s$ | outputs | they reach over | zeros | (before, after) |
# |---|---|---|---|---|---|---|
# | 6 | 3 | 2 | 3 | 7 pixels | 1 | (0, 1) |
# | 9 | 6 | 2 | 5 | 14 pixels | 5 | (2, 3) |
# | 9 | 2 | 5 | 2 | 7 pixels | 0 | (0, 0) |
#
# The last line has windows that end before the image does. Nothing is added, and nothing is cut off either.

# %% tags=["solution:same_padding"]
def same_padding(n, kernel, stride):
    """Find the padding that TensorFlow's SAME adds along one axis.

    n, kernel, stride: ints, at least 1. Returns (before, after), two ints. About 3 lines.
    """
    ### BEGIN SOLUTION
    outputs = -(-n // stride)
    total = max((outputs - 1) * stride + kernel - n, 0)
    return total // 2, total - total // 2
    ### END SOLUTION

# %% tags=["test:same_padding"]
assert checks.same_padding(same_padding)

# %% [markdown]
# PyTorch's convolution takes `padding="same"` at stride 1 only. At stride 2 you pad by hand. Here is the example in
# PyTorch, first with `padding=1`, then with the zero where TensorFlow puts it. Both results have three numbers, and
# none of the three agrees: this is what pytorch #3867 and #67551 are about.

# %% tags=["demonstration"]
import torch
from torch.nn import functional as F

x, ones = torch.arange(1.0, 7.0).reshape(1, 1, 6), torch.ones(1, 1, 3)
print(F.conv1d(x, ones, stride=2, padding=1).tolist())
print(F.conv1d(F.pad(x, (0, 1)), ones, stride=2).tolist())

# %% [markdown]
# ## Ask five frameworks
#
# Now answer the second question at the top: no, they do not agree. Three things differ: the rounding, the guard,
# and the padding. Here is one pooling, with windows of 1 at stride 4, on 6 pixels. It asks for ceil mode wherever
# that can be asked for.

# %% tags=["demonstration"]
for name in geometry.CONVENTIONS:
    print(f"{name:12}", geometry.pooling_size(6, 1, 4, ceil_mode=True, convention=name))

# %% [markdown]
# A fourth thing is the step itself. Say nothing about it, and Torch7, Caffe and ONNX pool at stride 1, PyTorch and
# Keras at the kernel's size. So `nn.SpatialAveragePooling(2, 2)` is not `nn.AvgPool2d(2)`. Windows of 2 on 7 pixels,
# no stride given:

# %% tags=["demonstration"]
for name in geometry.CONVENTIONS:
    print(f"{name:12}", geometry.pooling_size(7, 2, convention=name))

# %% [markdown]
# ONNX has words as well: with SAME_UPPER the odd zero goes to the end, as in TensorFlow, with SAME_LOWER to the
# beginning. And Caffe rounds its poolings up, but its convolutions down, which is what the asker of question 223630
# had found out.

# %% [markdown]
# ## Take away
#
# - Lay one window, then count steps: $\lfloor (n + 2p - r)/s \rfloor + 1$, with $r = d\,(k-1) + 1$. The 1 is added after
#   the division.
# - No stride is invalid. A remainder costs zeros of the padding at the end, and pixels only if it is larger.
# - Ceil mode lets a last window overhang. PyTorch drops it if it would start beyond the image; Torch7 and Caffe drop
#   it only if there is padding.
# - Floor is many-to-one: as many image sizes as the stride says give one number of outputs.
# - SAME means $\lceil n/s \rceil$ outputs, and its odd zero goes to the end. At stride 2 it reads other pixels than
#   PyTorch's `padding=1`, though the sizes agree.
#
# You know now where each window stands, and where it hangs over the edge. What an *average* of such a window is
# divided by is the question of lesson 03.

# %%
wrap_up("02_how_many_outputs")

# %% [markdown]
# ## Sources
#
# - stats.stackexchange.com, questions 650777 and 223630: fractional output sizes; question 201637: the answer that this
#   course reads critically.
# - Torch7, torch/nn: `doc/convolution.md`, `lib/THNN/generic/SpatialAveragePooling.c`. Caffe: `pooling_layer.cpp`.
# - The documentation of PyTorch, TensorFlow, Keras and ONNX; pytorch issues 3867 and 67551 on SAME.
