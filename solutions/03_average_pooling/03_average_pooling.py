# %% [markdown]
# # Read the first index formula, then code it
#
# > *"I converted my model. The average pooling agrees everywhere, except along the right edge: there the sums
# > are divided by too much. Who is wrong?"* (the question behind onnxruntime #16203; torch-mlir #4144 and
# > tvm #1144 are about the same edge)
#
# **What you'll do.** Take a printed index formula apart and translate it to NumPy, count what an average is
# divided by near the border, and write average pooling with PyTorch's signature.
#
# **What you'll learn.** How to read a formula that counts from 1 and puts the width first; why "divide by the
# size of the window" is not the whole rule; where Torch7, Caffe, TensorFlow, PyTorch and ONNX part ways.
#
# **What you need.** NumPy slices with a step, and the number of windows from lesson 02, which is repeated
# here where you need it. About 60 minutes.

# %%
import numpy as np

from strided import checks, figures, formulas, geometry, operators
from strided.compare import with_torch
from strided.display import source
from strided.quiz import predict, wrap_up

# %% [markdown]
# ## Watch one output come about
#
# Average pooling lays a window on **one** channel, adds up what it sees, and divides. Then the window moves
# on by the *step*, or *stride*. Every channel is pooled alone: nothing crosses from one to another.

# %% tags=["demonstration"]
figures.pooling_cell()

# %% [markdown]
# ## Read a formula critically
#
# An answer on stats.stackexchange.com (question 201637) prints average pooling like this:
#
# $$\text{output}[i][j][k] = {1\over kW\cdot kH} \sum_{s=1}^{kW} \sum_{t=1}^{kH}
# \text{input}[dW\cdot(i-1)+s)][dH\cdot(j-1)+t][k]$$
#
# In words: output $(i, j)$ of channel $k$ is the mean of $kW \cdot kH$ input numbers, and the window moves by
# $dW$ along the width and by $dH$ along the height.
#
# Read it slowly, as if you had to type it in. Find at least three things that are wrong, or that are not what
# NumPy does, or that it does not say. Then open the list.

# %% [markdown]
# <details><summary>Seven things to notice</summary>
#
# 1. **A parenthesis closes that was never opened**, in `dW·(i-1)+s)`. It was copied from Torch's own
#    documentation, which printed it in the neighbouring formulas from 2012 to its last commit in 2017.
# 2. **The width comes first.** $i$ goes with $dW$ and $kW$: it counts columns. That is a relic of the
#    documentation of 2012, in which images were width x height x planes.
# 3. **The channel comes last.** Torch7 stores channel x height x width, and its C code goes row by row.
# 4. **It counts from 1**, as Lua does. That holds for $i$, $j$ and $k$, and for $s$ and $t$ as well.
# 5. **It gives no range for $i$ and $j$.** There are $\lfloor (n-k)/d \rfloor + 1$ windows along an axis of
#    $n$ pixels. What is left over at the end is read by none of them.
# 6. **$1/(kW \cdot kH)$ holds only for windows that lie wholly in the image.** The second exercise is about
#    the others.
# 7. **No version of Torch's documentation has this formula.** The answer's author wrote it, after the pattern
#    of its neighbours. Until 4 March 2015, Torch7's `SpatialAveragePooling` did not even divide: it returned
#    a **sum**.
#
# </details>

# %% [markdown]
# ## See the two readings part
#
# Take the second and the fourth item seriously. A NumPy user reads `[first][second]` as `[row, column]`. The
# code takes the first printed index for the column. On a rectangle, the two readings are two different
# windows.

# %% tags=["demonstration"]
figures.as_written_as_coded(height=6, width=8, kernel_size=(2, 3), stride=(2, 3), output=(2, 2))

# %% [markdown]
# ## Predict which row is read
#
# Let $dW = 3$, $dH = 2$, and $i = 2$, $j = 3$, $k = 1$, $s = 1$, $t = 2$. The image is a NumPy array
# `x[channel, row, column]`. Which **row**, counted from 0, does the printed formula read?

# %%
my_row = ...

predict("printed_row", my_row)

# %% [markdown]
# ## Translate the index
#
# Here is what has to change on the way from the page to NumPy, with the column of one read as an example.
#
# | | printed | NumPy |
# |---|---|---|
# | order | `[column][row][channel]` | `[channel, row, column]` |
# | the first element has index | 1 | 0 |
# | column for $i = 2$, $s = 3$, $dW = 3$ | $3\cdot(2-1)+3 = 6$ | 5 |
#
# Your function gets the printed $i, j, k, s, t$, all counted from 1, and both steps. It returns where the
# same number stands in NumPy's array. The first tap of the first window is `(0, 0, 0)`.

# %% tags=["solution:torch_to_numpy_index"]
def torch_to_numpy_index(i, j, k, s, t, dW, dH):
    """Find in x[channel, row, column] what the printed formula calls input[dW*(i-1)+s][dH*(j-1)+t][k].

    i, j: output, along the width and along the height; k: channel; s, t: tap, along the width and along
    the height; all five from 1. dW, dH: steps. Returns (channel, row, column), from 0. About 1 line.
    """
    ### BEGIN SOLUTION
    return k - 1, dH * (j - 1) + t - 1, dW * (i - 1) + s - 1
    ### END SOLUTION

# %% tags=["test:torch_to_numpy_index"]
assert checks.torch_to_numpy_index(torch_to_numpy_index)

# %% [markdown]
# ## Know when you cannot notice
#
# With a square window and equal steps, the two windows are mirror images about the diagonal, and on the
# diagonal they are one. A test that looks at such an output, or at a symmetric image, passes both readings.
# That is why the checks in this course are rectangular.

# %% tags=["demonstration"]
figures.as_written_as_coded(height=6, width=6, kernel_size=2, stride=2, output=(2, 2))

# %% [markdown]
# ## Let a window leave the image
#
# Torch7's code, unlike the formula, pads the image with zeros and can let the last window overhang. For
# output row $y$ it begins like this:
#
#     hstart = y*dH - padH
#     hend   = min(hstart + kH, H + padH)
#
# In words: the first window starts in the padding, at a negative row, and no window ends later than the
# padding does. Zeros add nothing to the **sum**. The question is what to **divide** by, and there are two
# answers:
#
# - *padding counted* (`count_include_pad=True`, the default of Torch7 and PyTorch): the taps from `hstart` to
#   `hend`, as they are now;
# - *padding not counted* (the default of TensorFlow and ONNX): the taps that are left when `hstart` and
#   `hend` are clipped to the image, `0` to `H`.
#
# Columns work alike, and the divisor is rows times columns.

# %% [markdown]
# ## Predict two corners
#
# An image of 5 x 7 pixels is pooled by a window of 3 rows and 2 columns, with the steps (3, 2). There is one
# row of padding above and one below, none left or right, and padding counts. With `ceil_mode=True` the last
# column of windows overhangs the image. What is the sum divided by in the **top left** output, and what in
# the **bottom right** one? Write a pair.

# %%
my_corners = ...

predict("corner_divisors", my_corners)

# %% [markdown]
# ## Count along one axis
#
# The rule needs no image, only sizes, and each axis can be counted alone. Along an axis of $n$ pixels, with
# window $k$, step $d$ and padding $p$ on each side, there are
#
# $$\lfloor (n + 2p - k)/d \rfloor + 1$$
#
# windows. In ceil mode the quotient is rounded up. Then the last window may overhang, but if it would start
# at pixel $n$ or later, where there is nothing but padding, PyTorch drops it. This is the example from above:
#
# | | window | taps from | to before | counted with padding | without |
# |---|---|---|---|---|---|
# | **rows**: $n=5$, $k=3$, $d=3$, $p=1$ | 0 | -1 | 2 | 3 | 2 |
# | | 1 | 2 | 5 | 3 | 3 |
# | | 2 | 5 | | dropped: it starts at $n$ | |
# | **columns**: $n=7$, $k=2$, $d=2$, $p=0$ | 0, 1, 2 | 0, 2, 4 | 2, 4, 6 | 2 | 2 |
# | | 3 | 6 | 8, cut to 7 | 1 | 1 |

# %% [markdown]
# ## Write `divisor_map`
#
# Your function returns the divisor of every output. For the example, with padding counted, it is this map.

# %% tags=["demonstration"]
checks.divisor_map.target()

# %% tags=["solution:divisor_map"]
def divisor_map(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    """Count what PyTorch's average pooling divides each window's sum by.

    height, width: the image's; kernel_size, stride, padding: an int or (height, width), padding at most half
    the kernel; ceil_mode, count_include_pad: True or False. Returns an array (outH, outW). About 11 lines.
    """
    ### BEGIN SOLUTION
    def taps(n, k, d, p):
        room = n + 2 * p - k
        last = -(-room // d) if ceil_mode else room // d
        if last * d - p >= n:
            last -= 1
        starts = d * np.arange(last + 1) - p
        first, end = (-p, n + p) if count_include_pad else (0, n)
        return np.minimum(starts + k, end) - np.maximum(starts, first)

    rows, columns = zip(*(np.broadcast_to(v, 2) for v in (kernel_size, stride, padding)))
    return np.outer(taps(height, *rows), taps(width, *columns))
    ### END SOLUTION

# %% tags=["test:divisor_map"]
assert checks.divisor_map(divisor_map)

# %% [markdown]
# Your map beside the target, once your function returns one:

# %% tags=["demonstration"]
checks.divisor_map.yours(divisor_map)

# %% [markdown]
# ## Compare five frameworks
#
# You wrote PyTorch's rule; the others have rules of their own. Another rounding or another divisor shows at
# the edges only. Another default step, or SAME's padding, may change every output.
#
# | | step, if not given | number of windows | divisor |
# |---|---|---|---|
# | Torch7 | 1 | floor, or ceil on request | padding counted, or not on request |
# | Caffe | 1 | always ceil | padding counted |
# | Keras, TensorFlow | the kernel | VALID: floor; SAME: $\lceil n/d \rceil$ | padding not counted |
# | PyTorch | the kernel | floor, or ceil on request | padding counted, or not on request |
# | ONNX | 1 | floor, or ceil on request | padding not counted, or counted on request |

# %% tags=["demonstration"]
figures.divisor_maps(height=5, width=7, kernel_size=(3, 2), stride=(3, 2), padding=(1, 0))

# %% [markdown]
# ## Answer the opening question
#
# In onnxruntime #16203 the axis has 9 pixels, the window 7, the step is 3, with 3 pixels of padding on each
# side, in ceil mode. The last window starts at pixel 6 and reaches to 13, but the padding ends at 12: 6 of
# its taps count. PyTorch divides by 6. The runtime divided by 7 there, as the printed formula says, so its
# last number was too close to 0.

# %% tags=["demonstration"]
geometry.pooling_divisors(1, 9, (1, 7), (1, 3), (0, 3), ceil_mode=True)

# %% [markdown]
# ## See what counted padding does to a constant image
#
# Pool an image that is 1 everywhere. Where padding is not counted it stays 1. Where padding is counted the
# border fades: each number there is the share of the window's counted taps that are pixels.
#
# That is more than a curiosity. Divide an image, pooled with the same settings, by the left picture: the
# padding is gone from its divisors. In short, *not counted = avg(x) / avg(ones)*, both with padding counted.

# %% tags=["demonstration"]
ones = np.ones((1, 5, 7))
counted = operators.avg_pool2d(ones, (3, 2), stride=1, padding=1)
not_counted = operators.avg_pool2d(ones, (3, 2), stride=1, padding=1, count_include_pad=False)
figures.arrays({"padding counted": counted, "padding not counted": not_counted})

# %% [markdown]
# ## Predict what a missing step means
#
# An image has 5 rows and 7 columns. How many outputs has one channel after Torch7's
# `nn.SpatialAveragePooling(3, 2)`, and how many after PyTorch's `F.avg_pool2d(x, (2, 3))`? Both windows have
# 2 rows and 3 columns (Torch7's constructors take the width first), and neither call gives a step. Write a
# pair.

# %%
my_counts = ...

predict("default_steps", my_counts)

# %% [markdown]
# ## Write `avg_pool2d`
#
# This is the printed formula as slow, literal loops, with the first five items of the list put right. It has
# no padding and no overhang yet. Those change two things: a tap outside the image adds nothing, and the
# divisor is the one in your map.

# %% tags=["demonstration"]
source(formulas.avg_pool2d)

# %% [markdown]
# Here is an image, and what your function must make of it with a window of 2 rows and 3 columns and no step
# given.

# %% tags=["demonstration"]
checks.avg_pool2d.target()

# %% [markdown]
# Write it for a batch of images. You may call your `divisor_map` once its check passes: its shape also tells
# how many windows there are. Work window by window, or tap by tap with slices of a padded copy; any way that
# gives the right numbers is right.

# %% tags=["solution:avg_pool2d"]
def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """Average every window of every channel, as torch.nn.functional.avg_pool2d.

    x: (N, C, H, W), floats or integers; kernel_size, stride, padding: an int or (height, width), padding at
    most half the kernel; stride None: the kernel's size. Returns floats (N, C, outH, outW). About 11 lines.
    """
    ### BEGIN SOLUTION
    stride = kernel_size if stride is None else stride
    divisors = divisor_map(*x.shape[2:], kernel_size, stride, padding, ceil_mode, count_include_pad)
    (kH, kW), (dH, dW), (padH, padW) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))
    outH, outW = divisors.shape
    # A window overhangs the padding by less than a step.
    padded = np.pad(x, ((0, 0), (0, 0), (padH, padH + dH), (padW, padW + dW)))
    sums = 0
    for t in range(kH):
        for s in range(kW):
            sums = sums + padded[:, :, t : t + outH * dH : dH, s : s + outW * dW : dW]
    return sums / divisors
    ### END SOLUTION

# %% tags=["test:avg_pool2d"]
assert checks.avg_pool2d(avg_pool2d)

# %% [markdown]
# Your result beside the target, once your function returns one:

# %% tags=["demonstration"]
checks.avg_pool2d.yours(avg_pool2d)

# %% [markdown]
# ## See the same in PyTorch
#
# The same images go through your function and through PyTorch's.

# %% tags=["demonstration"]
with_torch("avg_pool2d", avg_pool2d)

# %% [markdown]
# ## Take away
#
# - Before you type a printed index, ask it four things: from 0 or from 1, which axis first, where is the
#   channel, and which range?
# - `x[c, dH*y + t - padH, dW*x + s - padW]`: in NumPy the row comes before the column, and everything counts
#   from 0.
# - $1/(kW \cdot kH)$ is the divisor inside. At the border, count the taps: with or without the padding, and
#   never what lies beyond it.
# - Average pooling without a step hops by its kernel in PyTorch and Keras, and by 1 in Torch7, Caffe and
#   ONNX.
# - When two frameworks differ at the edges only, compare three things: the rounding, the last window, the
#   divisor. When they differ everywhere, look at the default step and the padding first.

# %%
wrap_up("03_average_pooling")

# %% [markdown]
# ## Sources
#
# - stats.stackexchange.com, question 201637: the answer that prints the formula; questions 223630 and 650777
#   ask who rounds down and who rounds up.
# - torch/nn: `doc/convolution.md` and its history; `lib/THNN/generic/SpatialAveragePooling.c`; commit cb30332
#   (PR #180), 4 March 2015, from which on the average is an average.
# - PyTorch: `torch.nn.functional.avg_pool2d`. Caffe: pooling layer. TensorFlow: `tf.nn.avg_pool2d`. ONNX:
#   `AveragePool`.
# - Average pooling at the edges after conversion: onnxruntime #16203, torch-mlir #4144, tvm #1144.
