# %% [markdown]
# # Make the average learnable
#
# > *"Is SubSampling a generalization of max pooling too?"* (asked in torch/nn, issue 944)
#
# **What you'll do.** Write SubSampling, the layer that Torch7 called `SpatialSubSampling` and LeNet-5 had before
# it. Find the weight and the bias that turn it into average pooling. Count what four layers of LeNet-5 learn.
#
# **What you'll learn.** What is learnt in such a layer, and what is not; what "a generalization of mean pooling"
# promises and leaves out; why parameters and connections are two different counts.
#
# **What you need.** Lesson 03; NumPy slices. About 60 minutes.

# %%
import numpy as np

from strided import checks, figures, formulas
from strided.compare import with_torch
from strided.display import source
from strided.quiz import predict, wrap_up

# %% [markdown]
# ## Give each channel a weight and a bias
#
# Average pooling sums a window and divides by a number that is fixed beforehand. SubSampling sums the same
# window, but learns what happens next: it multiplies the sum by a **weight** and adds a **bias**. Each channel
# has one of either.

# %% tags=["demonstration"]
figures.pooling_cell("subsampling")

# %% [markdown]
# The answer that this course grew from (stats.stackexchange.com, question 201637) speaks of "learnable weights".
# That sounds like a kernel, with a weight for each place in the window. Look at the picture again: all six
# numbers of the window meet the same weight. It is a gain, like the volume of a loudspeaker.

# %% [markdown]
# ## Predict one output
#
# A channel has weight 2 and bias 10. The window on it holds the rows `1 2 3` and `4 5 6`. What comes out?

# %%
my_output = ...

predict("one_subsampled_output", my_output)

# %% [markdown]
# ## Read the specification
#
# Torch7's documentation prints the layer like this, with one closing parenthesis too many:
#
# $$\text{output}[i][j][k] = \text{bias}[k] + \text{weight}[k]
# \sum_{s=1}^{kW} \sum_{t=1}^{kH} \text{input}[dW(i-1)+s)][dH(j-1)+t][k]$$
#
# In words: output $k$ is bias $k$, plus weight $k$ times the sum over the window, in channel $k$ alone. From
# lesson 03 you know how to read the rest: it counts from 1, has the width first and the channel last. Torch7's C
# code stores images channel first and rows before columns, and that is how the loops below read it.

# %% tags=["demonstration"]
source(formulas.subsample2d)

# %% [markdown]
# Three things are not in the formula:
#
# - *How many outputs there are.* As many as whole windows fit: $\lfloor (n - k)/d \rfloor + 1$ along each axis, for
#   $n$ pixels, a kernel of $k$ and a step of $d$. Rows and columns at the end that do not fill a window are not
#   read.
# - *Padding.* There is none, and no rounding up: Torch7's SubSampling has no such settings.
# - *What happens when no step is given.* Then it is 1.

# %% [markdown]
# ## Predict what a missing stride does
#
# An image has 6 rows and 7 columns, and the kernel has 2 rows and 3 columns. You call
# `subsample2d(x, weight, bias, (2, 3))` and give no stride. How many outputs does **one** channel have?

# %%
my_count = ...

predict("outputs_without_a_stride", my_count)

# %% [markdown]
# So a layer called *SubSampling* need not subsample. The answer quoted above says that any such layer "does achieve
# downsampling", and also that it "may, or may not use striding". At stride 1 the image loses a border and nothing
# else: a 2 x 2 window makes 99 x 99 numbers of 100 x 100.

# %% [markdown]
# ## Write `subsample2d`
#
# Here is an image with two channels, and what your function must make of it. No stride is given.

# %% tags=["demonstration"]
checks.subsample2d.target()

# %% tags=["solution:subsample2d"]
def subsample2d(x, weight, bias, kernel_size, stride=1):
    """Sum every window, times its channel's weight, plus its channel's bias: Torch7's SubSampling.

    x: (N, C, H, W), floats or integers; weight, bias: (C,), floats; kernel_size, stride: an int or
    (height, width). Returns (N, C, outH, outW). No padding, no rounding up. About 5 lines.
    """
    ### BEGIN SOLUTION
    (kh, kw), (sh, sw) = np.broadcast_to(kernel_size, 2), np.broadcast_to(stride, 2)
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))
    sums = windows[:, :, ::sh, ::sw].sum(axis=(4, 5))
    return bias[:, None, None] + weight[:, None, None] * sums
    ### END SOLUTION

# %% tags=["test:subsample2d"]
assert checks.subsample2d(subsample2d)

# %% [markdown]
# Here is your result beside the target.

# %% tags=["demonstration"]
checks.subsample2d.yours(subsample2d)

# %% [markdown]
# ## See the same in PyTorch
#
# PyTorch has no SubSampling layer. What comes nearest is a convolution that keeps its channels apart
# (`groups` equal to the number of channels) and whose kernels repeat one number: the channel's weight.

# %% tags=["demonstration"]
with_torch("subsample2d", subsample2d)

# %% [markdown]
# ## Watch LeNet-5's S2
#
# LeNet-5, of 1998, has such a layer right after its first convolution. Its name is S2. It adds the four numbers
# of a 2 x 2 window, multiplies the sum by a trainable coefficient, adds a trainable bias, and then *squashes* the
# result with a tanh. Torch7's layer and your function stop before the squashing: they are affine.

# %% tags=["demonstration"]
figures.lenet_s2(gains=(0.1, 0.5, 4), biases=(-3, -1, 0))

# %% [markdown]
# Look along the bottom row, where the bias is 0. With gain 0.1 the outputs lie between 0 and 0.43. There tanh is
# nearly a straight line, and the layer does little more than blur.
#
# Now look at the right column. With gain 4 and bias -3, 93 % of the outputs sit close to one of the two ends: the
# layer decides *ink or paper* for each window. The bias sets where it draws the line: $4 \cdot \text{sum} - 3$
# changes its sign at a sum of 3/4. A fixed average has no such choice; S2 learns it.

# %% [markdown]
# ## Show that the average is a special case
#
# Put the two formulas on top of each other, in words:
#
# - SubSampling: **bias** of the channel, plus **weight** of the channel times the sum of the window;
# - average pooling: one over the number of pixels in the window, times the sum of the window.
#
# For one choice of weight and bias the two lines are the same. That is what "SubSampling is a generalization of mean
# pooling" means, and Torch's own test of average pooling is just this comparison.

# %% [markdown]
# ## Predict the price
#
# A layer has 64 channels and windows of 2 x 2. How many numbers does SubSampling learn in it, weights and
# biases together?

# %%
my_price = ...

predict("parameters_of_64_channels", my_price)

# %% [markdown]
# ## Read the other specification
#
# This is the operator that you will now imitate with two arrays. As the formula above, it has no padding and rounds
# down.

# %% tags=["demonstration"]
source(formulas.avg_pool2d)

# %% [markdown]
# ## Write `average_as_subsampling`
#
# The target is the picture below: the same window as in the first picture of this lesson, now averaged. Which
# weight and which bias would SubSampling need to give this number, for this window and for every other?

# %% tags=["demonstration"]
figures.pooling_cell("average")

# %% tags=["solution:average_as_subsampling"]
def average_as_subsampling(channels, kernel_size):
    """Find the weight and the bias with which subsample2d is average pooling.

    channels: how many; kernel_size: an int or (height, width).
    Returns (weight, bias), two arrays of shape (channels,). About 2 lines.
    """
    ### BEGIN SOLUTION
    kh, kw = np.broadcast_to(kernel_size, 2)
    return np.full(channels, 1 / (kh * kw)), np.zeros(channels)
    ### END SOLUTION

# %% tags=["test:average_as_subsampling"]
assert checks.average_as_subsampling(average_as_subsampling)

# %% [markdown]
# ## See it agree with PyTorch
#
# With your weight and bias, SubSampling is average pooling. Note that the stride has to be written out here.
# PyTorch's `avg_pool2d` steps by its kernel when none is given; SubSampling steps by 1.
#
# The two layers were closer still: until 4 March 2015, Torch7's `SpatialAveragePooling` returned the sum of each
# window, undivided. That is SubSampling, too, with weight 1.

# %% tags=["demonstration"]
with_torch("average_as_subsampling", average_as_subsampling)

# %% [markdown]
# ## Mind the defaults when you port a layer
#
# Two lines that look alike are two different layers:
#
# | written | kernel | step | a 6 x 8 image becomes |
# |---|---|---|---|
# | Torch7: `nn.SpatialAveragePooling(2, 2)` | 2 x 2 | 1 | 5 x 7 |
# | PyTorch: `nn.AvgPool2d(2)` | 2 x 2 | 2 | 3 x 4 |
#
# The two numbers in the first line are the kernel's **width** and height. Torch7's constructors take the width first
# (`kW, kH, dW, dH`) while its tensors have the height first. Your functions take (height, width) throughout.

# %% [markdown]
# ## Say where the special case ends
#
# The same answer goes on: "the only difference between both is that Subsampling allows different weights per
# channel". There are more differences.
#
# - SubSampling has a bias; an average adds nothing.
# - Average pooling offers padding, SubSampling does not. If the padding is left out of the divisor, windows at the
#   border divide by less than those inside, and *one* weight cannot be both.
# - Average pooling can round up. Its last window may then overhang the image, and it too divides by less.
# - The default step may differ, as you have just seen.
#
# So *average pooling is SubSampling* is true without padding and when rounding down. The converse is false: with a
# bias other than 0, SubSampling makes something of an image of zeros, and no average does.

# %% [markdown]
# ## Try to make a maximum
#
# Now for the question at the top: is there a weight and a bias that make it max pooling? Take one channel and
# windows of two pixels, and let three windows decide.
#
# - The window `0 0` has the maximum 0, so the bias must be 0.
# - The window `0 1` has the maximum 1. With bias 0, the weight must be 1.
#
# The third window is `1 1`. What does SubSampling make of it, with the weight and bias that the first two demand?

# %%
my_third = ...

predict("the_third_window", my_third)

# %% [markdown]
# So the answer to the question is: average pooling yes, max pooling no. Two windows settle weight and bias, and
# the third contradicts them. The reason is that SubSampling sees the **sum** of a window and nothing else: windows
# with the same sum get the same output, whatever their maximum.

# %% [markdown]
# ## Count parameters and connections
#
# A LeNet tutorial says that "a pooling layer has no learnable components". Average pooling has none. S2, in the
# very network that the tutorial is about, has some. How many?
#
# The paper of 1998 calls a channel a *map*, and gives two counts for each layer:
#
# - **parameters**: numbers that training changes. All the outputs of a map share them.
# - **connections**: for every single output, the numbers that it reads, and one more for its bias.

# %% [markdown]
# ## Predict the connections of one output
#
# How many connections does **one** output of S2 have?

# %%
my_connections = ...

predict("connections_of_one_output", my_connections)

# %% [markdown]
# ## Work one layer through
#
# Take C1, the layer before S2, as the example. It is a convolution: it makes 6 maps of 28 x 28 from a single image,
# with windows of 5 x 5. In a convolution each number of the window has its own weight. So one output reads 25
# numbers, and a map has 25 weights and a bias.

# %% tags=["demonstration"]
parameters = 6 * (5 * 5 * 1 + 1)
connections = parameters * 28 * 28
print(f"C1: {parameters} parameters, {connections:,} connections")

# %% [markdown]
# ## Look at who feeds whom
#
# In subsampling each map reads one map. In a full convolution each map reads all of them. Here are four maps wired
# in both ways; in the convolution, every line is a kernel of its own.

# %% tags=["demonstration"]
figures.channel_wiring(("subsampling", "convolution"), channels=4, kernel_size=2)

# %% [markdown]
# LeNet-5 has both, and in C3 a third way between them:
#
# | layer | what it is | output maps | each map is | one output reads |
# |---|---|---|---|---|
# | S2 | subsampling | 6 | 14 x 14 | 2 x 2 numbers, in one map |
# | C3 | convolution by a table | 16 | 10 x 10 | 5 x 5 numbers, in some of S2's maps |
# | S4 | subsampling | 16 | 5 x 5 | 2 x 2 numbers, in one map |
# | C5 | full convolution | 120 | 1 x 1 | 5 x 5 numbers, in all 16 maps of S4 |
#
# In C3, a table says which maps feed which: 6 of its 16 maps see 3 maps of S2, 9 see 4, and 1 sees all 6. A map that
# sees 3 maps has three 5 x 5 kernels, one for each, and still a single bias.

# %% [markdown]
# ## Write `layer_counts`
#
# Compute the numbers from the table, so that a reader of your code can see where they come from.

# %% tags=["solution:layer_counts"]
def layer_counts(layer):
    """Count what a layer of LeNet-5 learns, and its connections.

    layer: "S2", "C3", "S4" or "C5"; any other name raises ValueError.
    Returns (parameters, connections), two ints. About 10 lines.
    """
    ### BEGIN SOLUTION
    if layer in ("S2", "S4"):
        maps, side = (6, 14) if layer == "S2" else (16, 5)
        return maps * (1 + 1), maps * side**2 * (2 * 2 + 1)
    if layer == "C3":
        seen, side = 6 * [3] + 9 * [4] + [6], 10
    elif layer == "C5":
        seen, side = 120 * [16], 1
    else:
        raise ValueError(f'layer must be "S2", "C3", "S4" or "C5", got {layer!r}')
    parameters = sum(5 * 5 * maps + 1 for maps in seen)
    return parameters, parameters * side**2
    ### END SOLUTION

# %% tags=["test:layer_counts"]
assert checks.layer_counts(layer_counts)

# %% [markdown]
# ## See what PyTorch would learn in their place
#
# Compare these numbers with yours. Neither SubSampling nor a table is among PyTorch's layers. What stands in for S2
# learns a whole kernel for each map, and what stands in for C3 mixes all maps fully. C5 is the same in both.

# %% tags=["demonstration"]
from torch.nn import Conv2d

for layer in (Conv2d(6, 6, 2, stride=2, groups=6), Conv2d(6, 16, 5), Conv2d(16, 120, 5)):
    print(f"{sum(p.numel() for p in layer.parameters()):6,} parameters in {layer}")

# %% [markdown]
# ## Take away
#
# - SubSampling is bias + weight x sum of the window: one weight and one bias per channel, not a kernel.
# - Channels stay apart: as many go out as come in.
# - With weight 1/(kH·kW) and bias 0 it is average pooling without padding, rounded down. No weight and no bias
#   make it max pooling (unless a window is a single pixel).
# - Its step is 1 when none is given; at that step it hardly subsamples at all.
# - Parameters are shared by all outputs of a map; connections are counted for each output.

# %%
wrap_up("04_subsampling")

# %% [markdown]
# ## Sources
#
# - Cross Validated (stats.stackexchange.com), question 201637: the answer quoted here.
# - Torch7, torch/nn: `doc/convolution.md` (the printed formula), `SpatialSubSampling.lua`,
#   `lib/THNN/generic/SpatialSubSampling.c` (the code), issue 944 (the opening question), pull request 180 (the
#   average that was a sum).
# - LeCun et al. 1998: LeNet-5, its layers S2, C3, S4 and C5.
# - PyTorch's documentation: `torch.nn.functional.avg_pool2d`, `torch.nn.AvgPool2d`, `torch.nn.Conv2d`.
