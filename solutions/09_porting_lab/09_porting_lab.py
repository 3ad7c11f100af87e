# %% [markdown]
# # Move a network between frameworks, then write the tests yourself
#
# > *"TensorFlow and PyTorch give different results for SAME padding at stride 2. The shapes agree. Which of them
# > is wrong?"* (the question behind pytorch #3867 and #67551)
#
# **What you'll do.** Port a small network in the manner of LeNet from Torch7, and another one from Keras 1, so
# that they compute what they always computed. Then write tests that tell a right average pooling from some thirty
# wrong ones.
#
# **What you'll learn.** Which defaults and orders a port must not take over as they look; what SAME really pads;
# what a test must look like so that it sees something.
#
# **What you need.** Lessons 01 to 05. About 70 minutes.

# %%
import numpy as np

from strided import checks, compare, figures, geometry, names, operators, porting
from strided.quiz import predict, wrap_up

# %% [markdown]
# ## Know what a port is
#
# Somebody trained a network years ago. What is left of it are its layers, as they were written then, and its
# weights. You rewrite the layers for another framework. The port is right if, for **every** image, the same
# numbers come out.
#
# A port that is wrong seldom says so. The shapes fit, nothing is raised, and the numbers are a little off. So
# you will not be judged by what your port looks like. Both networks are run, and the numbers are compared.

# %% [markdown]
# ## Write a network down as data
#
# The old network is a list of layers, each a name and a dict of arguments, with the names that Torch7 gave them.
# The new one is a list of **calls** of this course's layers. `porting.run` runs it, one call after the other.

# %% tags=["demonstration"]
photo = np.arange(48.0).reshape(1, 1, 6, 8)
example = [("pad", {"padding": ((0, 0), (1, 0))}), ("avg_pool2d", {"kernel_size": (2, 3), "stride": 1}), "tanh"]
porting.run(example, photo).shape

# %% [markdown]
# These are the layers that a call may name. Everything here is (height, width), and images are (N, C, H, W).
#
# | name | arguments |
# |---|---|
# | `conv2d` | `weight`, `bias=None`, `stride=1`, `padding=0` |
# | `avg_pool2d` | `kernel_size`, `stride=the kernel`, `padding=0`, `ceil_mode=False`, `count_include_pad=True` |
# | `subsample2d` | `weight`, `bias`, `kernel_size`, `stride=1` |
# | `pad` | `padding` |
# | `tanh`, `relu` | |
#
# `padding` is an int, a pair (height, width), or `((above, below), (left, right))` where the two sides differ.

# %% [markdown]
# ## Read a Torch7 layer
#
# Torch7's constructors put the width first: `nn.SpatialAveragePooling(kW, kH, dW, dH, padW, padH)`. Its images
# and weights are stored height first, just as here. You met the two orders in lesson 03; in a port they meet in
# one line.
#
# **Predict.** An image has 6 rows and 7 columns. How many rows and columns come out of
# `nn.SpatialAveragePooling(3, 2)`? Write a pair.

# %%
my_torch7_pooled_shape = ...

predict("torch7_pooled_shape", my_torch7_pooled_shape)

# %% [markdown]
# The picture shows how a port goes wrong that takes `kW, kH, dW, dH` in the order in which they are given. The
# dashed window is the one that it reads.

# %% tags=["demonstration"]
figures.as_written_as_coded(height=5, width=8, kernel_size=(2, 3), stride=(1, 2), output=(2, 2))

# %% [markdown]
# ## Look up what is not said
#
# Most arguments have a default, and a layer that was written down seldom mentions one. So a port needs the
# *old* framework's defaults. These are Torch7's.
#
# | class | arguments | what is not given |
# |---|---|---|
# | `SpatialConvolution` | `nInputPlane, nOutputPlane, kW, kH, dW, dH, padW, padH` | `dW`, `dH`: 1; `padW`: 0; `padH`: **as `padW`** |
# | `SpatialAveragePooling` | `kW, kH, dW, dH, padW, padH`, and `ceil_mode`, `count_include_pad` | `dW`, `dH`: **1**; `padW`, `padH`: 0; `False`; `True` |
# | `SpatialSubSampling` | `nInputPlane, kW, kH, dW, dH` | `dW`, `dH`: 1 |
# | `SpatialZeroPadding` | `pad_l, pad_r, pad_t, pad_b` (left, right, top, bottom) | **as `pad_l`** |
# | `Tanh`, `ReLU` | | |
#
# A convolution's `weight` has the shape (nOutputPlane, nInputPlane, kH, kW). The documentation prints it as
# `weight[s][t][l][k]`, but that is not how it is stored: lesson 05. A convolution of Torch7 does not flip its
# kernel.

# %% [markdown]
# ## Follow one layer by hand
#
# | | Torch7 | the call |
# |---|---|---|
# | written | `{"kW": 3, "kH": 2, "dW": 2}` | |
# | window | 3 wide, 2 high | `"kernel_size": (2, 3)` |
# | step | 2 to the right; down is not given, so 1 | `"stride": (1, 2)` |
#
# The second pair must be said. A call of `avg_pool2d` without a `stride` would step by (2, 3).
#
# One thing cannot be said. In ceil mode Torch7 may count a last window that lies wholly beyond the image.
#
# **Predict.** One axis has 6 pixels, the kernel 1, the step 4, no padding, in ceil mode. How many windows does
# Torch7 count, and how many does PyTorch? Write a pair.

# %%
my_torch7_last_window = ...

predict("torch7_last_window", my_torch7_last_window)

# %% [markdown]
# Such a window needs a step larger than the kernel, and no padding at all. No layer in this lesson has both, so
# your function need not care. If you met one, you should refuse to port it rather than return one row too few.

# %% [markdown]
# ## Write `port_torch7`
#
# Here is the first network of the check, a single layer, and what must come out.

# %% tags=["demonstration"]
checks.port_torch7.target()

# %% [markdown]
# Your function gets a list such as `[("SpatialAveragePooling", {"kW": 3, "kH": 2}), ("Tanh", {})]` and returns
# a list of calls. Several lists can be right, and any of them will do: an explicit `pad` call or `padding=`,
# ints or pairs, defaults said or left out. The last network of the check is a whole one, with a layer of every
# class.
#
# Your function only writes the calls down; the check runs them. Plain Python will do, and NumPy is there too.
# When the lesson is graded, PyTorch is not there, and of this course's library only five functions are:
# `operators.avg_pool2d`, `operators.subsample2d`, `operators.conv2d`, `geometry.same_padding_tensorflow` and
# `names.keras1_to_keras2`. So do not call `porting` in your answers.

# %% tags=["solution:port_torch7"]
def port_torch7(spec):
    """Translate a Torch7 network into calls of this course's layers.

    spec: a list of (class, arguments), the classes and arguments of the table above; weight and bias are arrays.
    Returns a list of (name, arguments) that porting.run can run. About 20 lines.
    """
    ### BEGIN SOLUTION
    calls = []
    for name, layer in spec:
        if name in ("Tanh", "ReLU"):
            calls.append((name.lower(), {}))
            continue
        if name == "SpatialZeroPadding":
            left = layer["pad_l"]
            right, top, bottom = (layer.get(side, left) for side in ("pad_r", "pad_t", "pad_b"))
            calls.append(("pad", {"padding": ((top, bottom), (left, right))}))
            continue
        kernel, step = (layer["kH"], layer["kW"]), (layer.get("dH", 1), layer.get("dW", 1))
        padW = layer.get("padW", 0)
        arrays = {key: layer[key] for key in ("weight", "bias") if key in layer}
        if name == "SpatialConvolution":
            calls.append(("conv2d", {**arrays, "stride": step, "padding": (layer.get("padH", padW), padW)}))
        elif name == "SpatialSubSampling":
            calls.append(("subsample2d", {**arrays, "kernel_size": kernel, "stride": step}))
        else:
            modes = {key: layer[key] for key in ("ceil_mode", "count_include_pad") if key in layer}
            pads = (layer.get("padH", 0), padW)
            calls.append(("avg_pool2d", {"kernel_size": kernel, "stride": step, "padding": pads, **modes}))
    return calls
    ### END SOLUTION

# %% tags=["test:port_torch7"]
assert checks.port_torch7(port_torch7)

# %% [markdown]
# What your port makes of that first network, beside the target:

# %% tags=["demonstration"]
checks.port_torch7.yours(port_torch7)

# %% [markdown]
# ## See the same in PyTorch
#
# PyTorch came after Torch7 and kept much of it. Not this: the order of the pair, and the step that is not said.

# %% tags=["demonstration"]
import torch
from torch import nn

image = torch.zeros(1, 1, 6, 7)
print("nn.AvgPool2d((3, 2)):           ", tuple(nn.AvgPool2d((3, 2))(image).shape))
print("nn.AvgPool2d((2, 3), stride=1): ", tuple(nn.AvgPool2d((2, 3), stride=1)(image).shape))

# %% [markdown]
# ## Answer the opening question
#
# Now for the second network, and for the question at the top. TensorFlow's SAME promises an output size,
# $\lceil n/d \rceil$ for $n$ pixels and step $d$. It then adds as many zeros as the windows lack:
#
# $$\text{total} = \max\bigl((\lceil n/d \rceil - 1)\, d + k - n,\; 0\bigr), \qquad
# \text{before} = \lfloor \text{total}/2 \rfloor, \quad \text{after} = \text{total} - \text{before}$$
#
# In words: from the first pixel of the first window to the last of the last one, less the pixels that there are;
# half of it on either side, the odd one at the end.

# %% [markdown]
# **Predict.** An image is 224 pixels wide. A convolution with kernel 3 has stride 2 and SAME padding. At which
# column does its first window start? (With PyTorch's `padding=1` it starts at -1.)

# %%
my_first_pixel_of_same = ...

predict("first_pixel_of_same", my_first_pixel_of_same)

# %% tags=["demonstration"]
figures.same_windows(n=6, kernel=3, stride=2)

# %% [markdown]
# So neither of the two is wrong. They are two layers with one output size. With 7 pixels in place of 6, SAME
# would put one zero on either side and be `padding=1`. That is why the mistake can hide: the padding of SAME
# depends on the size of the image.

# %% [markdown]
# ## Read a Keras 1 network
#
# Keras 1 ran on two backends, and some settings held for all layers at once. So this time the network is a dict:
# `{"backend": ..., "image_dim_ordering": ..., "input_shape": ..., "layers": [...]}`.
#
# | setting | value | what it says |
# |---|---|---|
# | `backend` | `"tensorflow"` | kernels are used as they are (cross-correlation) |
# | | `"theano"` | each kernel is turned by half a turn first (convolution) |
# | `image_dim_ordering` | `"tf"` | `input_shape` is (rows, columns, channels), weights are (rows, columns, in, out) |
# | | `"th"` | `input_shape` is (channels, rows, columns), weights are (out, in, rows, columns) |
#
# The two settings are independent. Whatever the order was, your calls get images as (N, C, H, W).

# %% [markdown]
# Three kinds of layers occur. Their pairs are rows first.
#
# | layer | arguments | what is not given |
# |---|---|---|
# | `Convolution2D` | `nb_filter, nb_row, nb_col, subsample, border_mode, activation`, and `weights`: `[kernel, bias]` or `[kernel]` | `(1, 1)`, `"valid"`, `"linear"` |
# | `AveragePooling2D` | `pool_size, strides, border_mode` | `(2, 2)`, **the `pool_size`**, `"valid"` |
# | `Activation` | `activation` | |
#
# - A convolution's step is called `subsample` and a pooling's `strides`: of the two, only the first was
#   renamed later. A stride that is `None` counts as not given.
# - `border_mode="same"` occurs with the TensorFlow backend only. There it is SAME, and averages leave the padding
#   out of their divisor. (On Theano, `"same"` has rules of its own.)
# - `activation` is `"linear"` (nothing), `"tanh"` or `"relu"`.

# %% [markdown]
# Lesson 01 showed one call that changes its word twice on its way down: `Convolution2D(subsample=)` →
# `K.conv2d(strides=)` → Theano's `subsample=`. Here is what each framework calls the step, and what it does
# where you say nothing.

# %% tags=["demonstration"]
names.frameworks()

# %% [markdown]
# ## Follow the size
#
# Since SAME depends on the size of the image, a port has to know how large the image is *at each layer*.
#
# **Predict.** The input has 15 rows and 11 columns. A `Convolution2D` with `subsample=(2, 2)` and an
# `AveragePooling2D` follow, both with `border_mode="same"`; the pooling says nothing else. How many rows and
# columns come out at the end? Write a pair.

# %%
my_porting_sizes = ...

predict("porting_sizes", my_porting_sizes)

# %% [markdown]
# An average with SAME has one more trap. Zeros that a `pad` call puts around an image are pixels like all
# others, and an average divides by them too. `padding=` in the call of `avg_pool2d` is another thing: it knows
# what is padding, and `count_include_pad` decides. This is one way in which averages come to differ at the
# edges after a conversion.

# %% tags=["demonstration"]
ones = np.ones((1, 1, 4, 4))
end = ((0, 1), (0, 1))
padded_first = porting.run([("pad", {"padding": end}), ("avg_pool2d", {"kernel_size": 3, "stride": 2})], ones)
not_counted = porting.run(
    [("avg_pool2d", {"kernel_size": 3, "stride": 2, "padding": end, "count_include_pad": False})], ones)
figures.arrays({"pad, then average": padded_first, "padding not counted": not_counted})

# %% [markdown]
# ## Write `port_keras1`
#
# The first network of the check, and what must come out:

# %% tags=["demonstration"]
checks.port_keras1.target()

# %% [markdown]
# You wrote SAME's padding in lesson 02. `geometry.same_padding_tensorflow(n, kernel, step)` is the library's:
# it returns `(before, after)` for one axis. It is there when the lesson is graded, and so is
# `names.keras1_to_keras2(layer, arguments)`, if you like to read today's names; the other three of the five
# functions are those of `operators`.

# %% tags=["solution:port_keras1"]
def port_keras1(spec):
    """Translate a Keras 1 network into calls of this course's layers.

    spec: a dict with the settings above, and "layers", a list of (layer, arguments) as in the second table.
    Returns a list of (name, arguments) that porting.run can run on images (N, C, H, W). About 25 lines.
    """
    ### BEGIN SOLUTION
    tf = spec["image_dim_ordering"] == "tf"
    size = spec["input_shape"][:2] if tf else spec["input_shape"][1:]
    calls = []
    for name, layer in spec["layers"]:
        if name != "Activation":
            if name == "Convolution2D":
                kernel, step = (layer["nb_row"], layer["nb_col"]), layer.get("subsample", (1, 1))
            else:
                kernel = layer.get("pool_size", (2, 2))
                step = layer.get("strides") or kernel
            axes = list(zip(size, kernel, step))
            if layer.get("border_mode") == "same":
                pads = [geometry.same_padding_tensorflow(*axis) for axis in axes]
                size = [-(-n // d) for n, k, d in axes]
            else:
                pads = [(0, 0), (0, 0)]
                size = [(n - k) // d + 1 for n, k, d in axes]
        if name == "Convolution2D":
            weight, bias = [*layer["weights"], None][:2]
            weight = weight.transpose(3, 2, 0, 1) if tf else weight
            weight = weight[:, :, ::-1, ::-1] if spec["backend"] == "theano" else weight
            calls.append(("conv2d", {"weight": weight, "bias": bias, "stride": step, "padding": pads}))
        elif name == "AveragePooling2D":
            calls.append(("avg_pool2d", {"kernel_size": kernel, "stride": step, "padding": pads,
                                         "count_include_pad": False}))
        if layer.get("activation", "linear") != "linear":
            calls.append((layer["activation"], {}))
    return calls
    ### END SOLUTION

# %% tags=["test:port_keras1"]
assert checks.port_keras1(port_keras1)

# %% tags=["demonstration"]
checks.port_keras1.yours(port_keras1)

# %% [markdown]
# ## See SAME in PyTorch
#
# PyTorch's `padding="same"` works at stride 1 only. At stride 2 you pad at the end yourself, then convolve.

# %% tags=["demonstration"]
from torch.nn import functional as F

row, kernel = torch.arange(1.0, 7).reshape(1, 1, 1, 6), torch.ones(1, 1, 1, 3)
print("padding=1:          ", F.conv2d(row, kernel, stride=(1, 2), padding=(0, 1)).flatten().tolist())
print("a zero at the end:  ", F.conv2d(F.pad(row, (0, 1)), kernel, stride=(1, 2)).flatten().tolist())

# %% [markdown]
# ## Change sides
#
# So far a check has judged you. It could do so because somebody chose its cases with care: every trap above is
# in one of them. Now you choose. You will get an implementation of `avg_pool2d`, and must find out whether it
# is right.
#
# The signature is that of lesson 03 and of PyTorch:
#
# `avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True)`
#
# with `x` of shape (N, C, H, W).

# %% [markdown]
# Here is a test as one finds it in many repositories.

# %%
def one_test(avg_pool2d):
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    expected = [[[[2.5, 4.5], [10.5, 12.5]]]]
    assert np.allclose(avg_pool2d(x, 2), expected)

# %% [markdown]
# The check below knows twelve wrong implementations: one reads pairs as (width, height), one steps by 1 where
# no stride is given, one ignores the stride, one always rounds down, one ignores the padding, one always
# divides by the whole kernel, one always counts the padding, one adds up the channels, one pools the first
# image only, one takes zeros for padding where padding is not counted, one cuts averages of integers to integers,
# and one writes into `x`.
#
# **Predict.** How many of the twelve does `one_test` reject?

# %%
my_rejected_by_one_test = ...

predict("rejected_by_one_test", my_rejected_by_one_test)

# %% [markdown]
# ## Ask what a test cannot see
#
# Every input has a blind spot. What is equal cannot be exchanged visibly; what divides hides the rounding; what
# is constant hides where a window lies. So choose inputs in which **everything differs**, and settings that are
# not the defaults.
#
# Take what five frameworks divide by on 5 x 7 pixels, with a window of 3 x 2 and padding (1, 0). This one
# setting tells Caffe, TensorFlow and ONNX from PyTorch, and from one another. An 8 x 8 image, a 2 x 2 window
# with step 2 and no padding tell none of them apart: all divide by 4. (Torch7 divides as PyTorch does here. It
# takes a missing step to tell these two apart.)

# %% tags=["demonstration"]
figures.divisor_maps(height=5, width=7, kernel_size=(3, 2), stride=(3, 2), padding=(1, 0))

# %% [markdown]
# Three ways lead to the numbers that you compare with:
#
# - **by hand**, as in `one_test`: slow, and beyond doubt;
# - **by another implementation**, such as `operators.avg_pool2d`: any case you like, but only as right as the
#   other one is;
# - **by a property**: a constant image stays constant if padding is not counted; an average lies between the
#   smallest and the largest pixel. A property needs no expected numbers, and seldom catches everything.
#
# A right implementation may round otherwise, or compute in float32. Whoever compares with `==` rejects it too.

# %% [markdown]
# ## Write `my_tests`
#
# Your function gets an implementation and calls it as often as it likes. If it finds a mistake, it **raises**,
# most simply by `assert`. If not, it returns. There are some thirty wrong implementations and several right
# ones.
#
# Your points are the share of wrong ones that you reject. But if you reject a right one, they are all lost, for
# nobody trusts a test that cries wolf. Test only calls that are allowed: right or wrong, all implementations
# refuse the others with the same error. Images may be float32, float64 or integers, but not float16 or bool.
#
# Use NumPy and the library's `operators.avg_pool2d`. It is there when the lesson is graded, and so are
# `operators.subsample2d`, `operators.conv2d`, `geometry.same_padding_tensorflow` and `names.keras1_to_keras2`.
# The rest of the library is not, nor is PyTorch.
#
# The check shows you which of twelve wrong ones got past. The others are only counted, when the lesson is
# graded.

# %% tags=["solution:my_tests"]
def my_tests(avg_pool2d):
    """Raise an exception, such as an AssertionError, if avg_pool2d is wrong; return if it is right.

    avg_pool2d: a function with the signature above, for images x of float32, float64 or integers. You may
    compare it with operators.avg_pool2d. About 20 lines.
    """
    ### BEGIN SOLUTION
    x = (np.arange(2 * 2 * 5 * 7) * 7 % 23 - 5.0).reshape(2, 2, 5, 7)  # zeros and negative numbers too
    calls = [
        (x, (2, 3), {}),
        (x.astype(int), (2, 3), {}),
        (x, (3, 2), {"stride": (1, 2)}),
        (x, (3, 2), {"padding": (1, 0), "ceil_mode": True}),
        (x, (2, 2), {"padding": (1, 0), "count_include_pad": False}),
        (x, (3, 4), {"stride": (2, 3), "padding": (1, 2), "ceil_mode": True}),
        (x, (1, 2), {"stride": (3, 4), "ceil_mode": True}),  # no window beyond the image
    ]
    for image, kernel_size, settings in calls:
        given = image.copy()
        got = np.asarray(avg_pool2d(given, kernel_size, **settings))
        expected = operators.avg_pool2d(image, kernel_size, **settings)
        assert got.shape == expected.shape, (kernel_size, settings, got.shape)
        assert np.allclose(got, expected, atol=1e-5), (kernel_size, settings)
        assert np.array_equal(given, image), "the input has changed"
    ### END SOLUTION

# %% tags=["test:my_tests"]
assert checks.my_tests(my_tests)

# %% [markdown]
# ## Let your tests judge PyTorch
#
# The last implementation is PyTorch's own `F.avg_pool2d`. If your tests reject it, one of the two is wrong.

# %% tags=["demonstration"]
compare.torch_judged_by(my_tests)

# %% [markdown]
# ## Take away
#
# - A port takes over what a layer **computes**, not what it looks like. Look up the old framework's defaults,
#   and write them into the new call.
# - Torch7: width first, step 1. Keras 1: rows first, pooling steps by its window. Weights have an order of
#   their own, and on Theano a turn.
# - SAME is an output size, and its padding follows from it: from the image's size, with the odd pixel at the
#   end. At stride 2 it is not `padding=1`.
# - A padding that the average knows of and zeros that are already in the image are not the same.
# - A test sees only what its inputs make different. Nothing square, nothing that divides, nothing constant, no
#   default alone; and a tolerance, so that what is right passes.

# %%
wrap_up("09_porting_lab")

# %% [markdown]
# ## Sources
#
# - pytorch #3867 and #67551: SAME at stride 2. onnxruntime #16203: averages that differ at the edges.
# - Torch7, torch/nn: `SpatialConvolution.lua`, `SpatialSubSampling.lua`, `SpatialZeroPadding.lua`;
#   `lib/THNN/generic/SpatialAveragePooling.c`.
# - Keras 1.2.2, `keras/layers/convolutional.py`; keras `np_utils.convert_kernel`. Theano's documentation:
#   `filter_flip`.
# - TensorFlow: SAME. PyTorch: `torch.nn.AvgPool2d`, `torch.nn.functional.conv2d`.
# - LeCun et al. 1998: LeNet-5.
