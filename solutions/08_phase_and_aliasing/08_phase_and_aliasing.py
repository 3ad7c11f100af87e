# %% [markdown]
# # See what keeping every second pixel does
#
# > *Pooling or stride for downsampling?* (the question of stats.stackexchange.com 387482)
#
# **What you'll do.** Deal an image out to its phases and put it together again, take a strided convolution
# apart into convolutions at stride 1, blur before you keep, and measure what a shift by one pixel does.
#
# **What you'll learn.** What a stride keeps and what it throws away; why fine stripes come back as something
# else; in which sense convolutional networks are *not* shift invariant, and what helps.
#
# **What you need.** Lessons 01, 03 and 05; NumPy slices. About 65 minutes.

# %%
import numpy as np

from strided import checks, figures, operators, phase
from strided.compare import with_torch
from strided.quiz import predict, wrap_up

# %% [markdown]
# ## Predict what becomes of stripes
#
# Take the finest picture there is: stripes one pixel wide. A row of it is +1, -1, +1, -1, ..., and it is
# periodic: beyond its last column comes the first again. Keep every second column, as `keep_every` of lesson 01
# does with stride 2 and phase 0. Of this picture you keep a +1 every time.
#
# Now move the picture to the right by **one** pixel, and keep the same columns. Which number does every output
# show?

# %%
my_output = ...

predict("moved_stripes", my_output)

# %% [markdown]
# ## See the feature map flip
#
# That is the second line of this figure. On the right, the same story is told in waves. A row of 16 pixels can
# hold up to 8 waves; the stripes are the finest, 8 of them. A row of 8 pixels holds at most 4. What is finer
# does not disappear: it is **folded over** at the dashed line, and 8 waves come back as 0 waves. That is called
# *aliasing*.

# %% tags=["demonstration"]
figures.one_pixel_shift(shifts=(0, 1), way="keep every 2nd", waves=8)

# %% [markdown]
# Waves that are not quite as fine come back as coarser ones. Six waves in a row of 16 pixels fold onto
# 8 - 6 = 2. The halved picture shows two broad waves that nobody drew, and their bar is as high as that of the
# fine ones.

# %% tags=["demonstration"]
figures.one_pixel_shift(shifts=(0, 1), way="keep every 2nd", waves=6)

# %% [markdown]
# ## Tell two acts apart
#
# The text that this course grew from speaks of subsampling as a *layer*. In signal processing it is an *act*,
# and there are two:
#
# - the **compressor** keeps every $M$-th sample, and does nothing else;
# - **decimation** first takes out what is too fine (a low-pass filter), *then* keeps every $M$-th sample.
#
# "Dense, then keep", the stride of lesson 01, is the compressor. Nothing in it makes sure that the fine waves
# are gone. Whether they are depends on the operator before it.

# %% [markdown]
# ## Deal an image out to its phases
#
# A stride of (2, 3) keeps the rows 0, 2, 4, ... and the columns 0, 3, 6, ...: **phase** (0, 0). There are five
# other phases, and five other pictures that could have been kept. Together they are the **polyphase parts** of
# the image.

# %% tags=["demonstration"]
figures.polyphase_parts(height=5, width=7, stride=(2, 3))

# %% [markdown]
# An operator's stride keeps part 0. (Dumoulin and Visin's guide says "only odd output elements"; it counts from
# 1, and means phase 0.) When the picture moves by one pixel, its pixels change parts: with stride 2, what was in
# part 0 is in part 1 after a step to the right. In the stripes, part 0 holds every +1 and part 1 every -1.

# %% [markdown]
# **Predict.** An image has 7 rows and 8 columns, and the stride is (3, 2). Nothing is padded and nothing is
# dropped, so that parts may differ in size. How many rows and columns has the smallest part? Write a pair.

# %%
my_smallest_part = ...

predict("smallest_part", my_smallest_part)

# %% [markdown]
# ## Write `polyphase_split`
#
# Each part is one `keep_every`. With $p$ and $q$ for the phase of the rows and of the columns,
#
# $$\text{parts}[p \cdot s_w + q]\,[\ldots, i, j] = x[\ldots,\; s_h\, i + p,\; s_w\, j + q]$$
#
# In words: the parts stand in one flat list, phases in reading order, (0, 0), (0, 1) and so on; the column's
# phase changes first. Here is an image whose numbers are their own row and column, and its six parts.

# %% tags=["demonstration"]
checks.polyphase_split.target()

# %% tags=["solution:polyphase_split"]
def polyphase_split(x, stride):
    """Deal the rows and columns of an image out to one part for each phase.

    x: an array (..., H, W) with any number of axes before height and width; those stay as they are.
    stride: a pair (height, width). Returns a list of stride_h * stride_w arrays, phases in reading order;
    nothing is padded or dropped. About 2 lines.
    """
    ### BEGIN SOLUTION
    sh, sw = stride
    return [x[..., p::sh, q::sw] for p in range(sh) for q in range(sw)]
    ### END SOLUTION

# %% tags=["test:polyphase_split"]
assert checks.polyphase_split(polyphase_split)

# %% tags=["demonstration"]
checks.polyphase_split.yours(polyphase_split)

# %% [markdown]
# PyTorch has this as `pixel_unshuffle`, for square strides that divide the size. It stacks the parts as
# channels, which is why the call below takes them apart again. If you slice, your time is next to nothing: a
# slice moves no number, it only looks at every n-th.

# %% tags=["demonstration"]
with_torch("polyphase_split", polyphase_split)

# %% [markdown]
# ## Put the phases together again
#
# A stride throws pixels away, all but part 0. But if you keep **all** parts, nothing is lost: the image can be
# put together again exactly. That is called *perfect reconstruction*, and it is the second exercise.
#
# **Predict.** You get six parts, made with stride (3, 2). Their shapes are (3, 5), (3, 4), (2, 5), (2, 4),
# (2, 5), (2, 4), in this order. How large was the image? Write a pair.

# %%
my_size = ...

predict("size_from_parts", my_size)

# %% [markdown]
# ## Write `polyphase_merge`
#
# Read the formula of the split from right to left. Row $r$ has the phase $r \bmod s_h$, and in its part it is
# number $\lfloor r / s_h \rfloor$; columns go alike.
#
# $$x[\ldots, r, c] = \text{parts}[(r \bmod s_h) \cdot s_w + (c \bmod s_w)]\,
# [\ldots, \lfloor r / s_h \rfloor, \lfloor c / s_w \rfloor]$$
#
# In words: the pixels of part 0 go to rows 0, $s_h$, ... and columns 0, $s_w$, ..., and those of every other
# part into the gaps, from its phase on. Here are six parts, and the image that they come from.

# %% tags=["demonstration"]
checks.polyphase_merge.target()

# %% tags=["solution:polyphase_merge"]
def polyphase_merge(parts, stride):
    """Interleave polyphase parts into the image that they came from.

    parts: a list of stride_h * stride_w arrays (..., rows, columns), phases in reading order; they may hold
    fractions. stride: a pair (height, width), at most as large as the image. Returns (..., H, W). About 7 lines.
    """
    ### BEGIN SOLUTION
    sh, sw = stride
    height = sum(part.shape[-2] for part in parts[::sw])
    width = sum(part.shape[-1] for part in parts[:sw])
    x = np.empty((*parts[0].shape[:-2], height, width))
    for n, part in enumerate(parts):
        p, q = divmod(n, sw)
        x[..., p::sh, q::sw] = part
    return x
    ### END SOLUTION

# %% tags=["test:polyphase_merge"]
assert checks.polyphase_merge(polyphase_merge)

# %% tags=["demonstration"]
checks.polyphase_merge.yours(polyphase_merge)

# %% [markdown]
# PyTorch's word for the way back is `pixel_shuffle`.

# %% tags=["demonstration"]
with_torch("polyphase_merge", polyphase_merge)

# %% [markdown]
# ## Take a strided convolution apart
#
# A strided convolution does use more than part 0: its window is wider than one pixel. Follow one window with
# stride 2. It starts at an even row and column, so its tap (0, 0) always lands in part 0, its tap (0, 1)
# always in part 1, and its tap (0, 2) in part 0 again, one place further on. Each phase of the **kernel**
# meets the same phase of the **image**, and within a part the window moves by 1.

# %% tags=["demonstration"]
figures.stride_by_parts(height=6, width=7, kernel_size=3, stride=2, output=(1, 2))

# %% [markdown]
# To stack the parts as channels is called **space-to-depth**. So a strided convolution is space-to-depth,
# then a convolution at stride 1, with more channels and smaller kernels. Kong and Lucey (2017) say it of
# whole networks: a strided network equals one without strides, with more and smaller filters.
#
# **Predict.** A 1 × 1 convolution with stride 2 has a single tap. How many of the four parts does it read?

# %%
my_parts_read = ...

predict("parts_read", my_parts_read)

# %% [markdown]
# ## Read the sum over phases
#
# Write $w_{p,q}$ and $x_{p,q}$ for the parts of kernel and image. A row of the kernel is
# $t = s_h\, t' + p$, with one phase $p$ and one $t'$; a column is $s = s_w\, s' + q$. So the sum of lesson 05
# can be sorted by phases:
#
# $$\text{out}[k, i, j] = \sum_{p=0}^{s_h-1} \sum_{q=0}^{s_w-1} \;
# \sum_l \sum_{t'} \sum_{s'} w_{p,q}[k, l, t', s'] \cdot x_{p,q}[l,\; i + t',\; j + s']$$
#
# In words: for each phase, convolve the part of the image with the part of the kernel, **without** a stride,
# and add up. A kernel smaller than the stride has no taps in some phases; those parts of the image are never
# read.

# %% [markdown]
# One detail is left. Parts that meet a small kernel have room for more windows than there are outputs. The
# number of outputs is the one of the strided convolution, for rows and columns alike:
#
# $$\text{outH} = \left\lfloor \frac{H - kH}{s_h} \right\rfloor + 1$$
#
# | in the figure above | part 0 | part 1 | part 2 | part 3 |
# |---|---|---|---|---|
# | image part | 3 × 4 | 3 × 3 | 3 × 4 | 3 × 3 |
# | kernel part | 2 × 2 | 2 × 1 | 1 × 2 | 1 × 1 |
# | windows at stride 1 | 2 × 3 | 2 × 3 | 3 × 3 | 3 × 3 |
# | outputs: $\lfloor (6-3)/2 \rfloor + 1$ by $\lfloor (7-3)/2 \rfloor + 1$ | 2 × 3 | 2 × 3 | 2 × 3 | 2 × 3 |

# %% [markdown]
# ## Write `conv2d_polyphase`
#
# For the convolutions at stride 1, take `operators.conv2d(x, weight)` from the course's library: it is the
# one of lesson 05, and takes $(N, C, H, W)$ and $(K, C, kH, kW)$. The grader has it at stride 1 only, since the
# stride is your work. Your `polyphase_split` is welcome too. There is no bias and no padding this time. Here are
# an image and a kernel, and what must come out of them with stride (2, 2).

# %% tags=["demonstration"]
checks.conv2d_polyphase.target()

# %% tags=["solution:conv2d_polyphase"]
def conv2d_polyphase(x, weight, stride):
    """Convolve with a stride by convolutions at stride 1.

    x: (N, C, H, W), fractions or whole numbers; weight: (K, C, kH, kW); stride: a pair (height, width).
    Returns (N, K, outH, outW), what a convolution with this stride returns. About 7 lines.
    """
    ### BEGIN SOLUTION
    rows, columns = ((n - k) // s + 1 for n, k, s in zip(x.shape[2:], weight.shape[2:], stride))
    out = np.zeros((len(x), len(weight), rows, columns))
    for part, kernel in zip(polyphase_split(x, stride), polyphase_split(weight, stride)):
        if kernel.size:
            out += operators.conv2d(part, kernel)[:, :, :rows, :columns]
    return out
    ### END SOLUTION

# %% tags=["test:conv2d_polyphase"]
assert checks.conv2d_polyphase(conv2d_polyphase)

# %% tags=["demonstration"]
checks.conv2d_polyphase.yours(conv2d_polyphase)

# %% [markdown]
# PyTorch hops, you add up parts, and the numbers are the same:

# %% tags=["demonstration"]
with_torch("conv2d_polyphase", conv2d_polyphase)

# %% [markdown]
# ## Move a filter across the step
#
# A special case has a name of its own. Suppose that a kernel has taps only at multiples of the stride, and
# zeros between them. Then all its taps lie in part 0. You may as well keep first, and filter afterwards with
# the taps pushed together. Signal processing calls this the **noble identity**.

# %% tags=["demonstration"]
x, small = figures.digit(28)[None], np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
wide = np.zeros((1, 1, 3, 3))
wide[:, :, ::2, ::2] = small
filter_then_keep = phase.keep_every(operators.conv2d(x, wide), 2)
keep_then_filter = operators.conv2d(phase.keep_every(x, 2), small)
print(np.allclose(filter_then_keep, keep_then_filter))

# %% [markdown]
# Read it as a warning. Such a filter can be moved behind the step, so it sees no more than part 0. It cannot
# protect the picture from aliasing, however many taps it has. Smoothing has to touch **neighbours**.

# %% [markdown]
# ## Predict what smoothing leaves
#
# Average pooling adds up neighbours, so it should help. Take a row of the stripes again and average windows
# of **three** pixels at stride 2, without padding. The first window holds +1, -1, +1. Which number does it
# give? Write a fraction, such as `3/4`.

# %%
my_leftover = ...

predict("stripes_left", my_leftover)

# %% [markdown]
# ## Compare four ways of halving
#
# The last line of the figure is a fixed kernel, [1, 2, 1]/4, with its middle on the pixel that is kept. On the
# stripes it gives 1/4 - 2/4 + 1/4, which is exactly 0.

# %% tags=["demonstration"]
figures.stripes_halved(shifts=(0, 1), width=8)

# %% [markdown]
# So not every average is a low-pass filter that deserves the name. A window of two removes the stripes, a
# window of three lets a third of them through and flips its sign with the phase. More smoothing is not the
# point: which waves are removed is. Here is [1, 2, 1]/4 on six waves of sixteen pixels. They still fold onto
# two waves, but little of them is left.

# %% tags=["demonstration"]
figures.one_pixel_shift(shifts=(0, 1), way="[1, 2, 1] / 4", waves=6)

# %% [markdown]
# ## Write `blur_subsample`
#
# The weights 1, 2, 1 are *binomial*, as in $(a+b)^2 = a^2 + 2ab + b^2$. To blur an image, use them along both
# axes:
#
# $$\text{blurred}[r, c] = \frac{1}{16} \sum_{t=-1}^{1} \sum_{s=-1}^{1} b_t\, b_s \cdot x[r + t,\; c + s],
# \qquad b = (1, 2, 1)$$
#
# and then keep row $s_h\, i$ and column $s_w\, j$ of it. In words: weigh each pixel with 4, its four nearest
# neighbours with 2, the four diagonal ones with 1, and divide by 16. Every channel is blurred alone, and the
# kernel is the same for every stride. It is a **depthwise strided convolution with a fixed kernel**; Zhang
# (2019) calls the layer *BlurPool*.

# %% [markdown]
# What lies beyond the border? In this lesson the image is **periodic**: left of column 0 comes the last
# column, above row 0 the last row. A layer in a network will pad in some other way; periodic images spare us
# the border, so that every number here is exact. By hand, for the row 8, 0, 4, 0 and one axis:
#
# | column | left, itself, right | blurred |
# |---|---|---|
# | 0 | 0, 8, 0 | (0 + 2·8 + 0) / 4 = 4 |
# | 1 | 8, 0, 4 | (8 + 2·0 + 4) / 4 = 3 |
# | 2 | 0, 4, 0 | (0 + 2·4 + 0) / 4 = 2 |
# | 3 | 4, 0, 8 | (4 + 2·0 + 8) / 4 = 3 |

# %% tags=["demonstration"]
checks.blur_subsample.target()

# %% tags=["solution:blur_subsample"]
def blur_subsample(x, stride):
    """Blur each channel with [1, 2, 1] / 4 along its rows and its columns, then keep every stride-th pixel.

    x: (N, C, H, W), periodic, fractions or whole numbers; stride: a pair (height, width).
    Both axes are blurred, whatever the stride. Returns (N, C, rows kept, columns kept). About 3 lines.
    """
    ### BEGIN SOLUTION
    for axis in (2, 3):
        x = (np.roll(x, 1, axis) + 2 * x + np.roll(x, -1, axis)) / 4
    return x[:, :, :: stride[0], :: stride[1]]
    ### END SOLUTION

# %% tags=["test:blur_subsample"]
assert checks.blur_subsample(blur_subsample)

# %% tags=["demonstration"]
checks.blur_subsample.yours(blur_subsample)

# %% [markdown]
# In PyTorch, two averages of 2 × 2 do the same: one at step 1, and one that steps. Averaging twice over two
# pixels *is* weighing three of them with 1, 2, 1. `pad` with `"circular"` makes the image periodic.

# %% tags=["demonstration"]
with_torch("blur_subsample", blur_subsample)

# %% [markdown]
# ## Know left from right
#
# Now measure how much a shift changes. First, a trap that found its way into popular teaching: a
# "shift to the right" that is a shift to the left.
#
# **Predict.** You write `y = x[..., 1:]`. Seen on the screen, has the picture moved `"left"` or `"right"`?

# %%
my_way = ...

predict("which_way", my_way)

# %% [markdown]
# `np.roll(x, 1, axis=-1)` moves the picture to the right, and loses nothing: what leaves on the right enters
# on the left. `np.roll(x, (down, right), axis=(-2, -1))` moves it along both axes; negative numbers move it
# up and left.

# %% [markdown]
# ## Say what should happen to the output
#
# Move the input by 2 pixels. The output of an operator at stride 2 has half as many pixels, so it should move
# by 1. This is **equivariance**: the output moves along. (**Invariance** would be that it does not change at
# all.) In the figure, the third line is the first one, moved by one pixel of the halved image. The
# second line, between them, is neither: an output cannot move by half a pixel.

# %% tags=["demonstration"]
figures.one_pixel_shift(shifts=(0, 1, 2), way="keep every 2nd", waves=6)

# %% [markdown]
# In general, the output should move by the shift divided by the stride. Where that is no whole number, we round
# down, so that the question always has an answer: how far is the operator from moving along?
#
# $$\max \; \bigl|\, f(\text{roll}(x, d)) \;-\; \text{roll}(f(x), \lfloor d / s \rfloor) \,\bigr|$$
#
# In words: shift, then operate; operate, then shift; the largest absolute difference of the two.

# %% [markdown]
# By hand: $f$ keeps every second number, $x$ = 5, 1, 7, 2, and the stride is 2.
#
# | shift | rolled $x$ | $f$ of it | $f(x)$ = 5, 7, rolled by | gives | largest difference |
# |---|---|---|---|---|---|
# | 2 | 7, 2, 5, 1 | 7, 5 | 1 | 7, 5 | 0 |
# | 1 | 2, 5, 1, 7 | 2, 1 | 0 | 5, 7 | 6 |
# | -1 | 1, 7, 2, 5 | 1, 2 | -1 | 7, 5 | 6 |
#
# Rounded down, -1/2 is -1.

# %% [markdown]
# ## Write `shift_consistency`
#
# As in lesson 01, your function is handed a function: `f` is any operator with the given stride. It takes the
# image and nothing else. The result is a number, so there is no picture of it. The first case of the check
# is what you predicted at the start: stripes that move by one pixel. PyTorch has `torch.roll`, but nothing that
# corresponds to the whole exercise.

# %% tags=["solution:shift_consistency"]
def shift_consistency(f, x, shift, stride):
    """Measure how far a strided operator is from moving along with its input.

    f: a function from (..., H, W) to (..., H', W'). x: a periodic image (..., H, W), any number of axes first.
    shift: a pair, pixels (down, right), negative for (up, left). stride: a pair, the stride of f.
    Returns the largest absolute difference, between f of the rolled image and f of the image rolled by
    shift // stride (rounded down). About 3 lines.
    """
    ### BEGIN SOLUTION
    moved = f(np.roll(x, shift, axis=(-2, -1)))
    along = [pixels // step for pixels, step in zip(shift, stride)]
    return np.abs(moved - np.roll(f(x), along, axis=(-2, -1))).max()
    ### END SOLUTION

# %% tags=["test:shift_consistency"]
assert checks.shift_consistency(shift_consistency)

# %% [markdown]
# ## Measure the four ways
#
# Stripes and a handwritten digit are moved to the right by 0, 1, 2 and 3 pixels, and halved in four ways at
# stride (2, 2). These are the numbers of the library's `shift_consistency`.

# %% tags=["demonstration"]
pictures = {"stripes": np.resize([1.0, -1.0], (4, 8)), "digit": figures.digit(28)}
for name, picture in pictures.items():
    for way, halve in phase.HALVINGS.items():
        found = [phase.shift_consistency(halve, picture, (0, d), (2, 2)) for d in range(4)]
        print(f"{name:8} {way:15}", *(f"{value:6.3f}" for value in found))

# %% [markdown]
# Three things to see.
#
# - **Even shifts give 0, for every way.** A strided operator moves along with shifts by multiples of its
#   stride. (Where a layer pads, that holds away from the border.)
# - **Odd shifts need not.** Keeping alone does worst. Azulay and Weiss (2018) and Zhang (2019) showed how
#   much such one-pixel shifts can change in trained networks.
# - **No single smoothing is best for every picture.** [1, 2, 1]/4 removes the stripes and the average of three does
#   not. On this digit the average of three moves along better: it weakens coarser waves more than the kernel
#   does.

# %% [markdown]
# And the picture itself matters. Draw the same digit larger, and neighbouring pixels agree better. Then it
# makes less difference which of them is kept. Mouton and others (2020) found that stride can even help
# invariance, where neighbours agree.

# %% tags=["demonstration"]
for size in (28, 56, 112):
    moved = phase.shift_consistency(phase.HALVINGS["keep every 2nd"], figures.digit(size), (0, 1), (2, 2))
    print(f"digit of {size:3} pixels, keep every 2nd, moved by 1: {moved:.3f}")

# %% [markdown]
# There is another way out than smoothing. A shift of a periodic image permutes the parts of `polyphase_split`,
# and moves some of them. If you *choose* which part to keep, by a rule that looks at what is in the parts and
# not at their order (say, the one with the largest sum of squares), the choice moves along with the picture.
# Chaman and Dokmanić (2021) choose the phase.

# %% [markdown]
# ## Answer the opening question
#
# *Pooling or stride?* Both keep every $s$-th output: pooling has a stride too. The difference is what stands
# before the step. Average pooling has a fixed smoothing there. A strided convolution has a learnt kernel,
# which may smooth or may not; Springenberg and others (2014) put strided convolutions in the place of
# pooling. If you want the smoothing for certain, run the convolution or the pooling at stride 1, and let
# `blur_subsample` take the step.

# %% [markdown]
# ## Take away
#
# - A stride keeps phase (0, 0) and throws the other phases away. All parts together hold the image exactly.
# - A strided convolution is space-to-depth, then stride 1: each phase of the kernel meets the same phase of
#   the image.
# - Keeping every second pixel folds fine waves onto coarse ones. The compressor only keeps; decimation
#   smooths first.
# - Stripes one pixel wide: keeping gives +1 at one phase and -1 at the other, an average of three +1/3 and -1/3.
#   An average of two gives 0, and so does [1, 2, 1]/4.
# - Strided operators move along with shifts by multiples of the stride, and with no other shift for certain.
#   Say which way is right before you measure.

# %%
wrap_up("08_phase_and_aliasing")

# %% [markdown]
# ## Sources
#
# - stats.stackexchange.com, question 387482 (pooling or stride) and question 201637 (the text this course
#   grew from).
# - V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*, 2016, arXiv 1603.07285.
# - Kong and Lucey, 2017: a strided network equals one without strides.
# - Azulay and Weiss, 2018; Zhang, 2019 (BlurPool); Mouton and others, 2020; Chaman and Dokmanić, 2021.
# - Springenberg and others, 2014, arXiv 1412.6806: strided convolution in place of pooling.
# - The compressor, decimation and the noble identity: any text on digital signal processing.
