# %% [markdown]
# # Spread what was gathered
#
# > *Why do images that a network has made so often show a checkerboard?* (the question of an article on
# > distill.pub, 2016)
#
# **What you'll do.** Count how many windows read a pixel. Then write the way back, the gradients, of average
# pooling, of SubSampling and of convolution.
#
# **What you'll learn.** Why gradients add where windows overlap and are 0 where none reads; where a kernel does
# get flipped; which test of a gradient can fail, and which cannot.
#
# **What you need.** Lessons 03, 04 and 05, and what a derivative is. About 70 minutes.

# %%
import numpy as np

from strided import checks, compare, figures, formulas, geometry, operators
from strided.display import source
from strided.quiz import predict, wrap_up

# %% [markdown]
# ## Turn the question round
#
# So far you asked which pixels a window reads. Now ask a pixel: **how many windows read you?** Here is a row of
# nine pixels, under four pairs of kernel and stride.

# %% tags=["demonstration"]
figures.coverage_rows()

# %% [markdown]
# Two things show.
#
# - A kernel of 3 with a stride of 2 reads its pixels **unevenly**: 1, 1, 2, 1, 2, … Keep this row in mind. It
#   is half of the answer to the question at the top.
# - Some pixels are read by **no** window. They lie behind the last window, where the size does not divide, or
#   between two windows, where the stride is larger than the kernel. The printed formulas of this course do not
#   tell: they give no range for $i$ and $j$.

# %% [markdown]
# ## Predict a row of counts
#
# A row has 7 pixels, the kernel has 4 and the stride is 2. How many windows read each pixel? Write a list of
# seven numbers.

# %%
my_row = ...

predict("row_coverage", my_row)

# %% [markdown]
# ## Multiply rows by columns
#
# In an image, a window holds a pixel if its rows hold the pixel's row **and** its columns hold the pixel's
# column. So the two counts are multiplied.

# %% tags=["demonstration"]
figures.coverage_map(height=7, width=10, kernel_size=3, stride=2)

# %% [markdown]
# ## Follow one axis with padding
#
# Take 5 rows, a kernel of 3, a stride of 2 and padding 1 on each side. There are
# $\lfloor (5 + 2 \cdot 1 - 3)/2 \rfloor + 1 = 3$ windows.
#
# | window | starts at $2i - 1$ | reads rows | of which in the image |
# |---|---|---|---|
# | 0 | -1 | -1, 0, 1 | 0, 1 |
# | 1 | 1 | 1, 2, 3 | 1, 2, 3 |
# | 2 | 3 | 3, 4, 5 | 3, 4 |
#
# Rows 0 to 4 are read by 1, 2, 1, 2 and 1 windows. What is read in the padding is not counted: nobody asks
# about those zeros.

# %% [markdown]
# ## Write `coverage`
#
# Here is the map that your function must make of 6 x 8 pixels, a kernel of (2, 3) and a stride of (1, 2).

# %% tags=["demonstration"]
checks.coverage.target()

# %% tags=["solution:coverage"]
def coverage(height, width, kernel_size, stride=1, padding=0):
    """Count, for every pixel of an image, how many windows read it. Whole windows only.

    height, width: the image's; kernel_size, stride, padding: an int or (height, width).
    Returns an array of whole numbers, (height, width). About 7 lines.
    """
    ### BEGIN SOLUTION
    (kH, kW), (dH, dW), (padH, padW) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))
    counts = np.zeros((height + 2 * padH, width + 2 * padW), dtype=int)
    for top in range(0, len(counts) - kH + 1, dH):
        for left in range(0, counts.shape[1] - kW + 1, dW):
            counts[top : top + kH, left : left + kW] += 1
    return counts[padH : padH + height, padW : padW + width]
    ### END SOLUTION

# %% tags=["test:coverage"]
assert checks.coverage(coverage)

# %% tags=["demonstration"]
checks.coverage.yours(coverage)

# %% [markdown]
# ## See the same in PyTorch
#
# PyTorch's `unfold` copies every window of an image into a column, and `fold` adds the columns back to where
# they came from. An image of ones does not come back as ones. It comes back as your map.

# %% tags=["demonstration"]
compare.with_torch("coverage", coverage)

# %% [markdown]
# ## Send a nudge back
#
# A network ends in one number, the **loss** $L$. Training asks of every number in the network: if I nudge you a
# little, by how much does the loss move? The answers are found from the end to the beginning, layer by layer.
#
# So a layer's backward pass is *given* the answers for its outputs, an array called `grad_output` (also the
# *upstream gradient*, or *cotangent*). It *returns* the answers for its inputs.
#
# Nudge one pixel. Every output whose window reads it moves, and each of them moves the loss:
#
# $$\frac{\partial L}{\partial x[r, c]} = \sum_{(i,\,j)\ \text{reads}\ (r,\,c)}
# \frac{\partial L}{\partial \text{out}[i, j]} \cdot \frac{\partial\, \text{out}[i, j]}{\partial x[r, c]}$$
#
# In words: add up, over the outputs that read the pixel, the output's number in `grad_output` times what the
# pixel counts for in that output.

# %% [markdown]
# ## Watch one pixel collect
#
# On the way forth, a window **gathers** its pixels into one number. On the way back, that number's gradient is
# **spread** over the same pixels. In the picture the operator is the plain sum of a window, so that each pixel
# counts once.

# %% tags=["demonstration"]
figures.spread_back()

# %% [markdown]
# Where windows overlap, what they send **adds**. What no window reads cannot move the loss, and gets **0**. If
# every output sends a 1, every pixel collects its coverage.

# %% [markdown]
# ## Predict a pixel's gradient
#
# A row of 5 pixels is averaged by windows of 2, with stride 1. The four outputs have the gradients
# `[4, 6, 2, 8]`. What is the gradient of the pixel in the middle, pixel 2?

# %%
my_gradient = ...

predict("pixel_gradient", my_gradient)

# %% [markdown]
# ## Read the way back
#
# These are the loops of average pooling from lesson 03, with the same indices. Forward, a pixel stands on the
# right and an output on the left of `+=`. Here they have changed sides.

# %% tags=["demonstration"]
source(formulas.avg_pool2d_backward)

# %% [markdown]
# As in lesson 03, the loops have no padding and no overhang. They change the same two things:
#
# - *Where windows lie.* The first one starts at `-padding`. What a window sends into the padding, or beyond it,
#   is dropped.
# - *The divisor.* Forward, each window's sum was divided by its own number, so its gradient is divided by that
#   number too. `geometry.pooling_divisors` takes the arguments of your `divisor_map`, and returns the same.

# %% [markdown]
# The values of `x` do not matter here, because an average is linear in its pixels. But its **shape** does. A
# kernel of 3 with stride 2 makes 3 outputs of 7 rows, and 3 of 8 as well. From `grad_output` alone you cannot
# tell whether there was an eighth row, whose gradient is 0.

# %% [markdown]
# ## Write `avg_pool2d_backward`
#
# Here is a `grad_output`, and what your function must make of it for an image of 5 x 8 pixels, a window of
# (2, 3) and a stride of (1, 2).

# %% tags=["demonstration"]
checks.avg_pool2d_backward.target()

# %% tags=["solution:avg_pool2d_backward"]
def avg_pool2d_backward(
    grad_output, x_shape, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    """Find the gradient of the input of avg_pool2d.

    grad_output: (N, C, outH, outW), floats or integers; x_shape: (N, C, H, W); the others as for
    avg_pool2d, pairs are (height, width). Returns an array of shape x_shape. About 10 lines.
    """
    ### BEGIN SOLUTION
    stride = kernel_size if stride is None else stride
    (kH, kW), (dH, dW), (padH, padW) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))
    N, C, H, W = x_shape
    settings = (kernel_size, stride, padding, ceil_mode, count_include_pad)
    shares = grad_output / geometry.pooling_divisors(H, W, *settings)
    # A window overhangs the padding by less than a step.
    grad_padded = np.zeros((N, C, H + 2 * padH + dH, W + 2 * padW + dW))
    for i, j in np.ndindex(shares.shape[2:]):
        window = grad_padded[:, :, i * dH : i * dH + kH, j * dW : j * dW + kW]
        window += shares[:, :, i : i + 1, j : j + 1]
    return grad_padded[:, :, padH : padH + H, padW : padW + W]
    ### END SOLUTION

# %% tags=["test:avg_pool2d_backward"]
assert checks.avg_pool2d_backward(avg_pool2d_backward)

# %% tags=["demonstration"]
checks.avg_pool2d_backward.yours(avg_pool2d_backward)

# %% [markdown]
# ## Ask PyTorch's autograd
#
# In PyTorch you rarely see this function: autograd notes every operator as it runs, and walks back through
# them. Its `vjp` (vector-Jacobian product) runs a function forward and then sends a `grad_output` back
# through it.

# %% tags=["demonstration"]
compare.with_torch("avg_pool2d_backward", avg_pool2d_backward)

# %% [markdown]
# ## Test without a second opinion
#
# There is a test that needs neither PyTorch nor a loss. Call pooling $A$ and its backward pass $A^*$. For
# **any** image $x$ and any $u$ of the output's shape,
#
# $$\langle A x,\; u \rangle = \langle x,\; A^* u \rangle$$
#
# In words: pool the image and weigh the outputs with $u$, or send $u$ back and weigh the pixels with it. The
# two sums are one number. That is because every read, of one pixel by one output, appears once in each of
# them. An $A^*$ for which this holds is called the **adjoint** of $A$.

# %% tags=["demonstration"]
rng = np.random.default_rng(7)
x, u = rng.normal(size=(1, 2, 5, 8)), rng.normal(size=(1, 2, 2, 2))
forth = operators.avg_pool2d(x, (2, 3))
back = operators.avg_pool2d_backward(u, x.shape, (2, 3))
print(f"<A x, u> = {(forth * u).sum():.12f}\n<x, A* u> = {(x * back).sum():.12f}")

# %% [markdown]
# ## Learn the weight
#
# SubSampling has two more inputs. Its output is
#
# $$\text{out} = \text{bias} + \text{weight} \cdot (\text{sum of the window})$$
#
# for each channel. Nudge each of the three, and see by how much the output moves:
#
# | nudged by 1 | an output moves by | which outputs move |
# |---|---|---|
# | a pixel | the channel's weight | those whose windows read it |
# | the weight of a channel | the sum of the output's window | all of the channel, in all images |
# | the bias of a channel | 1 | all of the channel, in all images |
#
# Each gradient is the second column times `grad_output`, summed over the outputs in the third.

# %% [markdown]
# So the "learnable weights" of the text that this course grew from have a gradient of **one number per
# channel**. All the pixels of a window share the gain, and training can only turn it up or down for all of
# them.

# %% [markdown]
# ## Predict the gradient of a bias
#
# A batch has 2 images, and SubSampling makes 3 x 4 outputs of each channel. The loss is the plain sum of all
# outputs, so that `grad_output` is 1 everywhere. What is the gradient of the first channel's bias?

# %%
my_bias_gradient = ...

predict("bias_gradient", my_bias_gradient)

# %% [markdown]
# ## Read the loops of SubSampling
#
# The three rows of the table, for one image. So it was in Torch7's code, too.

# %% tags=["demonstration"]
source(formulas.subsample2d_backward)

# %% [markdown]
# ## Write `subsample2d_backward`
#
# Here are the arrays of the first case, and the three gradients that your function must return. A gradient
# always has the shape of what it is the gradient of.

# %% tags=["demonstration"]
checks.subsample2d_backward.target()

# %% tags=["solution:subsample2d_backward"]
def subsample2d_backward(grad_output, x, weight, kernel_size, stride=1):
    """Find the gradients of the input, the weight and the bias of subsample2d.

    grad_output: (N, C, outH, outW); x: (N, C, H, W), floats or integers; weight: (C,); kernel_size, stride:
    an int or (height, width). Returns (grad_input, grad_weight, grad_bias). About 10 lines.
    """
    ### BEGIN SOLUTION
    (kH, kW), (dH, dW) = np.broadcast_to(kernel_size, 2), np.broadcast_to(stride, 2)
    grad_input, grad_weight = np.zeros(x.shape), np.zeros(weight.shape)
    for i, j in np.ndindex(grad_output.shape[2:]):
        g = grad_output[:, :, i, j]
        rows, columns = slice(i * dH, i * dH + kH), slice(j * dW, j * dW + kW)
        grad_input[:, :, rows, columns] += (g * weight)[:, :, None, None]
        grad_weight += (g * x[:, :, rows, columns].sum(axis=(2, 3))).sum(axis=0)
    return grad_input, grad_weight, grad_output.sum(axis=(0, 2, 3))
    ### END SOLUTION

# %% tags=["test:subsample2d_backward"]
assert checks.subsample2d_backward(subsample2d_backward)

# %% tags=["demonstration"]
checks.subsample2d_backward.yours(subsample2d_backward)

# %% [markdown]
# Here your gradient of the **weight** stands beside PyTorch's, which comes from the depthwise convolution with
# constant kernels that lesson 04 used in place of SubSampling.

# %% tags=["demonstration"]
compare.with_torch("subsample2d_backward", subsample2d_backward)

# %% [markdown]
# ## Predict what a popular test sees
#
# A backward pass is often tested like this: call `out.sum().backward()` in PyTorch, and compare its gradients
# with your own, for random images and weights.
#
# Somebody's backward pass never looks at `grad_output`. It uses ones in its place. Does it pass this test?
# Write `"yes"` or `"no"`.

# %%
my_verdict = ...

predict("sum_loss", my_verdict)

# %% [markdown]
# ## See five wrong gradients pass
#
# These are five wrong backward passes of a convolution, the operator that comes next. Left, they run as in
# the test above. Right, they run with a `grad_output` of different numbers.

# %% tags=["demonstration"]
figures.sum_loss_test()

# %% [markdown]
# The gradient of a plain sum is 1 for every output. Turn these ones, mix them up, average them or make up
# your own: they stay ones. So test a backward pass with **random** numbers in `grad_output`, or with the
# adjoint identity and a random $u$. The checks of this lesson never send ones.

# %% [markdown]
# ## Go back through a convolution
#
# Output $(i, j)$ of channel $k$ reads row $i \cdot \text{strideH} + t$ and column $j \cdot \text{strideW} +
# s$ of the padded image, in every channel $l$, each times `weight[k, l, t, s]`. So on the way back:
#
# | gradient of | `grad_output` meets | summed over |
# |---|---|---|
# | a pixel | the weight that the pixel was read with | the windows that read it, and all kernels $k$ |
# | a weight | the pixel that the weight was read with | all images and all windows |
# | a bias | nothing | all images and all windows |

# %% [markdown]
# ## Predict what a single 1 sends back
#
# `grad_output` is 0, except for a single 1. The kernel is `[[1, 2, 3], [4, 5, 6]]`. In the gradient of the
# image a small pattern appears. Is it the kernel as it is, or the kernel turned by half a turn? Write
# `"as it is"` or `"turned"`.

# %%
my_pattern = ...

predict("backward_impulse", my_pattern)

# %% tags=["demonstration"]
kernel, one = np.array([[[[1.0, 2, 3], [4, 5, 6]]]]), np.zeros((1, 1, 4, 5))
one[0, 0, 1, 2] = 1
grad_input = operators.conv2d_backward(one, np.zeros((1, 1, 5, 7)), kernel)[0]
figures.arrays({"grad_output": one, "weight": kernel, "grad_input": grad_input})

# %% [markdown]
# ## Find the flip
#
# In lesson 05 a single 1 in the **image** became a *turned* kernel, since what networks call convolution is
# cross-correlation. Here a single 1 comes back as the kernel *as it is*, and only a true convolution does that.
#
# The two views agree. **Spread**, and nothing is turned: add the kernel, times the output's number, to the
# window. **Gather** instead, at stride 1, and stand on pixel $(r, c)$: the tap $(t, s)$ read it for output
# $(r - t,\, c - s)$. As the taps run forwards, the outputs run **backwards**. That is the flip.
#
# Torch's code of 2012 was written in the second way: its forward pass called a valid cross-correlation, and its
# backward pass a full *convolution*. So the printed name is not quite lost. It belongs to the way back.

# %% [markdown]
# ## Read the loops of a convolution
#
# These loops spread, so nothing is turned. They hold for every stride and padding.

# %% tags=["demonstration"]
source(formulas.conv2d_backward)

# %% [markdown]
# ## Write `conv2d_backward`
#
# The first case has one image, one channel and one kernel. The check goes on to channels, strides, padding
# and a batch.

# %% tags=["demonstration"]
checks.conv2d_backward.target()

# %% tags=["solution:conv2d_backward"]
def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    """Find the gradients of the input, the weight and the bias of conv2d.

    grad_output: (N, K, outH, outW); x: (N, C, H, W), floats or integers; weight: (K, C, kH, kW); stride,
    padding: an int or (height, width). Returns (grad_input, grad_weight, grad_bias). About 12 lines.
    """
    ### BEGIN SOLUTION
    (dH, dW), (padH, padW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    (H, W), (kH, kW) = x.shape[2:], weight.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padH, padH), (padW, padW)))
    grad_padded, grad_weight = np.zeros(padded.shape), np.zeros(weight.shape)
    for i, j in np.ndindex(grad_output.shape[2:]):
        g = grad_output[:, :, i, j]
        rows, columns = slice(i * dH, i * dH + kH), slice(j * dW, j * dW + kW)
        grad_padded[:, :, rows, columns] += np.einsum("nk,kcts->ncts", g, weight)
        grad_weight += np.einsum("nk,ncts->kcts", g, padded[:, :, rows, columns])
    grad_input = grad_padded[:, :, padH : padH + H, padW : padW + W]
    return grad_input, grad_weight, grad_output.sum(axis=(0, 2, 3))
    ### END SOLUTION

# %% tags=["test:conv2d_backward"]
assert checks.conv2d_backward(conv2d_backward)

# %% tags=["demonstration"]
checks.conv2d_backward.yours(conv2d_backward)

# %% [markdown]
# ## Meet it again under another name
#
# PyTorch has your `grad_input` as a layer of its own: `conv_transpose2d`, the **transposed convolution**. It
# takes `grad_output` for its image. Its `output_padding` is what you read off the shape of `x`: the rows and
# columns at the end of the padded image that no window has read.

# %% tags=["demonstration"]
compare.with_torch("conv2d_backward", conv2d_backward)

# %% [markdown]
# ## Predict an even kernel
#
# A network that makes images has to enlarge small ones, and a transposed convolution with stride 2 does that:
# it is a backward pass that is used forwards. (Keras 1 called this layer `Deconvolution2D`. Its argument
# named `subsample` is documented as the factor to *over*sample by.)
#
# With stride 2, which kernel size reads all pixels equally often, away from the border: 3, 4 or 5?

# %%
my_kernel = ...

predict("even_kernel", my_kernel)

# %% [markdown]
# ## Answer the opening question
#
# Look at the map for a kernel of 3 and a stride of 2 as the output of a layer that enlarges. Even if the
# layer sends the same number everywhere, one pixel collects it once, its neighbour twice, and where two such
# lines cross, four times. That is the checkerboard. Training can learn to even it out, but it has to.

# %% tags=["demonstration"]
figures.coverage_map(height=9, width=13, kernel_size=3, stride=2)

# %% [markdown]
# A kernel whose size is a multiple of the stride is read evenly, away from the border:

# %% tags=["demonstration"]
figures.coverage_map(height=10, width=14, kernel_size=4, stride=2)

# %% [markdown]
# ## Take away
#
# - Forward gathers, backward spreads: each output's gradient goes back to the pixels of its own window, times
#   what each pixel counted for.
# - Where windows overlap, gradients add: `+=`. What no window reads gets 0, and still belongs to the result.
#   What lands in the padding is cut off.
# - The gradient of a shared number, a weight or a bias, is a sum over all its uses: all windows, all images.
# - Networks correlate on the way forth; the convolution, with its flip, is on the way back.
# - Never test a gradient with `out.sum()`. Use a random `grad_output`, or $\langle Ax, u\rangle = \langle x,
#   A^*u\rangle$.
# - Coverage 1, 1, 2, 1, 2, … makes checkerboards. Let the stride divide the kernel.

# %%
wrap_up("07_backward")

# %% [markdown]
# ## Sources
#
# - distill.pub, 2016: checkerboard artefacts.
# - Torch7, torch/nn: `lib/THNN/generic/SpatialSubSampling.c` and `lib/THNN/generic/SpatialAveragePooling.c`
#   (the backward passes); the code of 2012 (a convolution in the backward pass).
# - Keras 1.2.2, `keras/layers/convolutional.py`: `Deconvolution2D`.
# - PyTorch: `torch.nn.functional.fold`, `torch.nn.functional.conv_transpose2d`,
#   `torch.autograd.functional.vjp`.
# - Cross Validated (stats.stackexchange.com), question 201637: the text that this course grew from.
