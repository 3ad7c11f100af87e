# %% [markdown]
# # Let every channel speak
#
# > *"conv2d is not `scipy.signal.convolve2d`: why do I get different numbers?"* (asked on discuss.pytorch.org)
#
# **What you'll do.** Write the convolution that networks use, with stride and padding, from the third printed
# formula.
#
# **What you'll learn.** Which channels meet in one output; where the word *convolution* is wrong; how the
# printed weight order differs from the stored one.
#
# **What you need.** Lessons 01, 03 and 04; NumPy slices. About 60 minutes.

# %%
import numpy as np

from strided import checks, figures, formulas
from strided.display import source
from strided.quiz import predict, wrap_up

# %% [markdown]
# ## Watch one output come about
#
# A convolution has one kernel for every pair of an output channel and an input channel. To make one output
# number, it lays a window on **every** input channel, multiplies each with its own kernel, and adds it all up.

# %% tags=["demonstration"]
figures.convolution_cell()

# %% [markdown]
# ## Predict before you run
#
# The image has 2 channels and the kernel is 2 rows by 3 columns. How many input numbers does **one** output
# read? Write the number in place of the dots.

# %%
my_prediction = ...

predict("one_output_reads", my_prediction)

# %% [markdown]
# ## Read the specification
#
# This is the printed formula as slow, literal loops. It is right, and it is the definition that your fast
# version must agree with.

# %% tags=["demonstration"]
source(formulas.conv2d)

# %% [markdown]
# ## Write `conv2d`
#
# Here is an image, and what your function must make of it.

# %% tags=["demonstration"]
checks.conv2d.target()

# %% tags=["solution:conv2d"]
def conv2d(x, weight, bias=None, stride=1, padding=0):
    """Cross-correlate a batch of images with a bank of kernels.

    x: (N, C, H, W); weight: (K, C, kH, kW); bias: (K,) or None; stride, padding: an int or (height, width).
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
# ## See the same in PyTorch
#
# Once the check above is silent about mistakes, your function and PyTorch's give the same numbers.

# %% tags=["demonstration"]
checks.conv2d.yours(conv2d)

# %% [markdown]
# ## Take away
#
# - every output channel hears every input channel;

# %%
wrap_up("05_convolution")

# %% [markdown]
# ## Sources
