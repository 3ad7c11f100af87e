"""The slips of lesson 09: ports that fall into a trap, and tests with a blind spot."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from strided import operators, porting
from strided.geometry import same_padding_tensorflow
from strided.slips.core import slip

# ---------------------------------------------------------------- port_torch7


def _other_calls(spec, change: Callable[[str, dict], Any]) -> list:
    """The right calls, each changed in place by its name and arguments (or left out: False)."""
    calls = [(name, dict(arguments)) for name, arguments in porting.port_torch7(spec)]
    return [call for call in calls if change(*call) is not False]


def _other_layers(spec, change: Callable[[str, dict], Any]) -> list:
    """The right calls of a changed network."""
    layers = [(name, dict(layer)) for name, layer in spec]
    for name, layer in layers:
        change(name, layer)
    return porting.port_torch7(layers)


def _turn_pair(*names: str) -> Callable[[str, dict], None]:
    def change(call: str, arguments: dict) -> None:
        for name in names:
            if call != "pad" and name in arguments:
                arguments[name] = arguments[name][::-1]

    return change


@slip(
    "port_torch7",
    "kernel_width_first",
    gives="a kernel_size of (kW, kH)",
    advice="Torch7 names the width first; this course's pairs, like the axes of an image, put the "
    "height first: (kH, kW).",
)
def _(spec):
    return _other_calls(spec, _turn_pair("kernel_size"))


@slip(
    "port_torch7",
    "step_width_first",
    gives="a stride of (dW, dH)",
    advice="dH is the step down the rows, and comes first here: (dH, dW).",
)
def _(spec):
    return _other_calls(spec, _turn_pair("stride"))


@slip(
    "port_torch7",
    "padding_width_first",
    gives="a padding of (padW, padH)",
    advice="padH is added above and below, and comes first here: (padH, padW).",
)
def _(spec):
    return _other_calls(spec, _turn_pair("padding"))


@slip(
    "port_torch7",
    "width_first",
    gives="every pair with the width first, as Torch7's constructors have them,",
    advice="This course's pairs are (height, width): (kH, kW), (dH, dW), (padH, padW).",
)
def _(spec):
    return _other_calls(spec, _turn_pair("kernel_size", "stride", "padding"))


@slip(
    "port_torch7",
    "pooling_steps_by_the_kernel",
    gives="an average pooling that steps by its kernel where Torch7's steps by 1",
    advice="A step that is not given is 1 in Torch7. Here a pooling without a stride steps by its "
    "kernel, so say the 1.",
)
def _(spec):
    def change(name, layer):
        if name == "SpatialAveragePooling":
            layer.setdefault("dW", layer["kW"])
            layer.setdefault("dH", layer["kH"])

    return _other_layers(spec, change)


@slip(
    "port_torch7",
    "no_step_is_the_kernel",
    gives="taking the kernel's size for a step only where both dW and dH are missing",
    advice="dW and dH each default to 1, together or alone: Torch7 never steps by the kernel "
    "unless it is told to.",
)
def _(spec):
    def change(name, layer):
        if name == "SpatialAveragePooling" and not {"dW", "dH"} & set(layer):
            layer |= {"dW": layer["kW"], "dH": layer["kH"]}

    return _other_layers(spec, change)


@slip(
    "port_torch7",
    "pooling_step_left_out",
    gives="an average pooling that steps by its kernel, whatever dW and dH say,",
    advice="Hand the step on in every call: stride=(dH, dW), each of them 1 where it is not given. "
    "A pooling without a stride steps by its kernel here.",
)
def _(spec):
    def change(name, arguments):
        if name == "avg_pool2d":
            arguments.pop("stride")

    return _other_calls(spec, change)


@slip(
    "port_torch7",
    "one_step_for_both",
    gives="a dH that is as large as dW where only dW is given",
    advice="Each step has a default of its own, and it is 1. Only a convolution's padH follows "
    "its padW.",
)
def _(spec):
    def change(name, layer):
        if "kW" in layer and "dW" in layer:
            layer.setdefault("dH", layer["dW"])

    return _other_layers(spec, change)


@slip(
    "port_torch7",
    "height_not_padded",
    gives="no padding above and below where a convolution gives padW alone",
    advice="In SpatialConvolution a padH that is not given is padW (torch/nn, "
    "SpatialConvolution.lua).",
)
def _(spec):
    return _other_layers(
        spec, lambda name, layer: layer.setdefault("padH", 0) if "kW" in layer else None
    )


@slip(
    "port_torch7",
    "padding_ignored",
    gives="no padding at all",
    advice="Hand padW and padH on, as padding=(padH, padW).",
)
def _(spec):
    return _other_calls(
        spec, lambda name, arguments: arguments.pop("padding", None) if name != "pad" else None
    )


@slip(
    "port_torch7",
    "ceil_ignored",
    gives="rounding down where the layer has ceil_mode",
    advice="Hand ceil_mode on to avg_pool2d.",
)
def _(spec):
    def change(name, arguments):
        arguments.pop("ceil_mode", None)

    return _other_calls(spec, change)


@slip(
    "port_torch7",
    "padding_always_counted",
    gives="a divisor that counts padding although count_include_pad is False",
    advice="Hand count_include_pad on to avg_pool2d: True is only its default.",
)
def _(spec):
    def change(name, arguments):
        arguments.pop("count_include_pad", None)

    return _other_calls(spec, change)


@slip(
    "port_torch7",
    "kernels_transposed",
    gives="weights whose rows and columns are exchanged",
    advice="The printed weight[s][t][l][k] is stored as (out, in, kH, kW), which is the order of "
    "conv2d. Leave the weight as it is.",
)
def _(spec):
    def change(name, arguments):
        if name == "conv2d":
            arguments["weight"] = np.asarray(arguments["weight"]).swapaxes(2, 3)

    return _other_calls(spec, change)


@slip(
    "port_torch7",
    "kernels_turned",
    gives="kernels turned by half a turn",
    advice="Torch7's convolution does not flip, and neither does conv2d. It was Theano that did.",
)
def _(spec):
    def change(name, arguments):
        if name == "conv2d":
            arguments["weight"] = np.asarray(arguments["weight"])[:, :, ::-1, ::-1]

    return _other_calls(spec, change)


@slip(
    "port_torch7",
    "bias_forgotten",
    gives="convolutions without their bias",
    advice="Hand the bias on with the weight.",
)
def _(spec):
    def change(name, arguments):
        if name == "conv2d":
            arguments["bias"] = None

    return _other_calls(spec, change)


@slip(
    "port_torch7",
    "subsampling_as_average",
    gives="SubSampling taken for an average times its weight",
    advice="SpatialSubSampling multiplies the sum of a window, not its mean: subsample2d does the "
    "same.",
)
def _(spec):
    def change(name, arguments):
        if name == "subsample2d":
            arguments["weight"] = arguments["weight"] / np.prod(arguments["kernel_size"])

    return _other_calls(spec, change)


@slip(
    "port_torch7",
    "nonlinearities_left_out",
    gives="a network without its Tanh and ReLU",
    advice="Tanh and ReLU are layers too: the calls 'tanh' and 'relu', in their places.",
)
def _(spec):
    return _other_calls(spec, lambda name, arguments: name not in ("tanh", "relu"))


@slip(
    "port_torch7",
    "sides_in_the_given_order",
    gives="SpatialZeroPadding's left and right taken for above and below",
    advice="Its order is left, right, top, bottom: width first once more. The call 'pad' takes "
    "((above, below), (left, right)).",
)
def _(spec):
    def change(name, arguments):
        if name == "pad":
            arguments["padding"] = arguments["padding"][::-1]

    return _other_calls(spec, change)


@slip(
    "port_torch7",
    "missing_sides_not_padded",
    gives="no padding on the sides that SpatialZeroPadding does not mention",
    advice="What is not given is as large as pad_l (torch/nn, SpatialZeroPadding.lua).",
)
def _(spec):
    def change(name, layer):
        if name == "SpatialZeroPadding":
            for side in ("pad_r", "pad_t", "pad_b"):
                layer.setdefault(side, 0)

    return _other_layers(spec, change)


# ---------------------------------------------------------------- port_keras1


def _other_settings(spec: dict, **settings: str) -> list:
    return porting.port_keras1({**spec, **settings})


def _other_keras_layers(spec: dict, change: Callable[[str, dict], Any]) -> list:
    layers = [(name, dict(layer)) for name, layer in spec["layers"]]
    for name, layer in layers:
        change(name, layer)
    return porting.port_keras1({**spec, "layers": layers})


def _other_keras_calls(spec: dict, change: Callable[[str, dict], Any]) -> list:
    calls = [(name, dict(arguments)) for name, arguments in porting.port_keras1(spec)]
    return [call for call in calls if change(*call) is not False]


def _walk(spec: dict) -> Iterator[tuple[str, dict, tuple, tuple, tuple]]:
    """Every layer with windows: name, arguments, and the sizes, kernels and steps of both axes."""
    shape = spec["input_shape"]
    size = shape[:2] if spec["image_dim_ordering"] == "tf" else shape[1:]
    for name, layer in spec["layers"]:
        if name != "Activation":
            rows, columns = porting.keras1_axes(name, layer, size)
            yield (
                name,
                layer,
                size,
                (rows.kernel, columns.kernel),
                (rows.step, columns.step),
            )
            size = rows.count, columns.count


def _padded_otherwise(spec: dict, pads: Callable[[int, int, int], tuple[int, int]]) -> list:
    """The right calls with 'same' padded by another rule, from size, kernel and step."""
    calls = porting.port_keras1(spec)
    places = [n for n, (name, _) in enumerate(calls) if name in ("conv2d", "avg_pool2d")]
    for place, (_, layer, *axes) in zip(places, _walk(spec), strict=True):
        if layer.get("border_mode") == "same":
            padding = tuple(pads(*axis) for axis in zip(*axes, strict=True))
            calls[place] = (calls[place][0], {**calls[place][1], "padding": padding})
    return calls


@slip(
    "port_keras1",
    "same_on_both_sides",
    gives="kernel // 2 of padding on both sides for 'same', as one pads in PyTorch,",
    advice="SAME adds only what its ceil(n / step) windows need, the odd pixel at the end. At step "
    "2 that can be nothing before and one after.",
)
def _(spec):
    return _padded_otherwise(spec, lambda n, k, d: (k // 2, k // 2))


@slip(
    "port_keras1",
    "odd_pixel_first",
    gives="'same' with the odd pixel of padding before the image",
    advice="An odd amount is split with the larger half at the end: total // 2 before, the rest "
    "after.",
)
def _(spec):
    return _padded_otherwise(spec, lambda n, k, d: same_padding_tensorflow(n, k, d)[::-1])


@slip(
    "port_keras1",
    "same_as_at_step_one",
    gives="kernel - 1 pixels of padding for 'same', whatever the step,",
    advice="That is the amount at step 1. In general it is (ceil(n / step) - 1) * step + kernel - "
    "n, and never less than 0.",
)
def _(spec):
    return _padded_otherwise(spec, lambda n, k, d: same_padding_tensorflow(n, k, 1))


@slip(
    "port_keras1",
    "size_not_followed",
    gives="computing every layer's 'same' from the size of the network's input",
    advice="The padding depends on the size of the image that the layer gets: carry the height and "
    "width along from layer to layer.",
)
def _(spec):
    first = next(_walk(spec))[2]
    calls = porting.port_keras1(spec)
    places = [n for n, (name, _) in enumerate(calls) if name in ("conv2d", "avg_pool2d")]
    for place, (_, layer, _size, *axes) in zip(places, _walk(spec), strict=True):
        if layer.get("border_mode") == "same":
            pads = tuple(same_padding_tensorflow(*axis) for axis in zip(first, *axes, strict=True))
            calls[place] = (calls[place][0], {**calls[place][1], "padding": pads})
    return calls


@slip(
    "port_keras1",
    "same_ignored",
    gives="'valid' where the layer says 'same'",
    advice="border_mode='same' pads, so that ceil(n / step) windows fit. Hand the padding on.",
)
def _(spec):
    return _other_keras_layers(spec, lambda name, layer: layer.pop("border_mode", None))


@slip(
    "port_keras1",
    "input_shape_channels_first",
    gives="reading input_shape as (channels, rows, columns) although the order is 'tf'",
    advice="With image_dim_ordering 'tf' the channels come last: input_shape is (rows, columns, "
    "channels).",
)
def _(spec):
    calls = porting.port_keras1(spec)
    if spec["image_dim_ordering"] == "th":
        return calls
    size = spec["input_shape"][1:]
    places = [n for n, (name, _) in enumerate(calls) if name in ("conv2d", "avg_pool2d")]
    for place, (_, layer, _size, kernel, step) in zip(places, _walk(spec), strict=True):
        same = layer.get("border_mode") == "same"
        axes = list(zip(size, kernel, step, strict=True))
        if same:
            pads = tuple(same_padding_tensorflow(*axis) for axis in axes)
            calls[place] = (calls[place][0], {**calls[place][1], "padding": pads})
        size = tuple(-(-n // d) if same else max((n - k) // d + 1, 1) for n, k, d in axes)
    return calls


@slip(
    "port_keras1",
    "channels_exchanged",
    gives="weights whose input and output channels are exchanged",
    advice="With 'tf' the weights are (rows, columns, in, out), and conv2d takes (out, in, rows, "
    "columns): the axes 3, 2, 0, 1.",
)
def _(spec):
    def change(name, arguments):
        if name == "conv2d" and spec["image_dim_ordering"] == "tf":
            arguments["weight"] = arguments["weight"].swapaxes(0, 1)

    return _other_keras_calls(spec, change)


@slip(
    "port_keras1",
    "axes_reversed",
    gives="weights with all four axes reversed",
    advice="`.T` makes (out, in, columns, rows) of (rows, columns, in, out). Rows come before "
    "columns: transpose(3, 2, 0, 1).",
)
def _(spec):
    def change(name, arguments):
        if name == "conv2d" and spec["image_dim_ordering"] == "tf":
            arguments["weight"] = arguments["weight"].swapaxes(2, 3)

    return _other_keras_calls(spec, change)


@slip(
    "port_keras1",
    "order_ignored",
    gives="transposing every weight as if the order were 'tf'",
    advice="With image_dim_ordering 'th' the weights are (out, in, rows, columns) already.",
)
def _(spec):
    def change(name, arguments):
        if name == "conv2d" and spec["image_dim_ordering"] == "th":
            arguments["weight"] = arguments["weight"].transpose(3, 2, 0, 1)

    return _other_keras_calls(spec, change)


@slip(
    "port_keras1",
    "never_turned",
    gives="leaving the kernels of a network on Theano as they are",
    advice="Theano convolves: it turns each kernel by half a turn before use. conv2d does not, so "
    "turn it once: [:, :, ::-1, ::-1].",
)
def _(spec):
    return _other_settings(spec, backend="tensorflow")


@slip(
    "port_keras1",
    "always_turned",
    gives="turning the kernels of a network on TensorFlow too",
    advice="TensorFlow correlates, as conv2d does. Only the Theano backend turns its kernels.",
)
def _(spec):
    return _other_settings(spec, backend="theano")


@slip(
    "port_keras1",
    "turned_by_order",
    gives="turning the kernels where the order is 'th', whatever the backend,",
    advice="The order 'th' says where the channels are; the backend says who computes. Keras on "
    "TensorFlow can have 'th', and Keras on Theano 'tf'.",
)
def _(spec):
    order = spec["image_dim_ordering"]
    return _other_settings(spec, backend="theano" if order == "th" else "tensorflow")


@slip(
    "port_keras1",
    "mirrored",
    gives="kernels on Theano turned along one axis only",
    advice="Half a turn reverses the rows and the columns: [:, :, ::-1, ::-1].",
)
def _(spec):
    def change(name, arguments):
        if name == "conv2d" and spec["backend"] == "theano":
            arguments["weight"] = arguments["weight"][:, :, ::-1]

    return _other_keras_calls(spec, change)


@slip(
    "port_keras1",
    "pooling_steps_by_one",
    gives="a pooling step of 1 where no strides are given",
    advice="That is Torch7's default. In Keras a pooling without strides steps by its pool_size.",
)
def _(spec):
    def change(name, layer):
        if name == "AveragePooling2D" and not layer.get("strides"):
            layer["strides"] = (1, 1)

    return _other_keras_layers(spec, change)


@slip(
    "port_keras1",
    "none_as_strides",
    gives="layer.get('strides', pool_size), which is None where strides are None,",
    advice="Strides of None count as not given, and `get` looks only whether the key is there. "
    "Write layer.get('strides') or pool_size.",
)
def _(spec):
    def change(name, layer):
        if name == "AveragePooling2D":
            tuple(layer.get("strides", ()))  # of None, this is an error

    return _other_keras_layers(spec, change)


@slip(
    "port_keras1",
    "subsample_ignored",
    gives="convolutions that step by 1, whatever subsample says,",
    advice="subsample is a convolution's step in Keras 1, and strides a pooling's. Hand it on as "
    "stride.",
)
def _(spec):
    def change(name, arguments):
        if name == "conv2d":
            arguments["stride"] = 1

    return _other_keras_calls(spec, change)


@slip(
    "port_keras1",
    "steps_width_first",
    gives="every step as (width, height)",
    advice="Unlike Torch7, Keras puts the rows first in its pairs: hand them on as they are.",
)
def _(spec):
    def change(name, arguments):
        if "stride" in arguments:
            arguments["stride"] = arguments["stride"][::-1]

    return _other_keras_calls(spec, change)


@slip(
    "port_keras1",
    "padding_counted",
    gives="averages that count the padding of 'same'",
    advice="Keras on TensorFlow leaves the padding out of its divisor, and so must the call: "
    "count_include_pad=False. A 'pad' call before the pooling makes real pixels of the zeros.",
)
def _(spec):
    def change(name, arguments):
        if name == "avg_pool2d":
            arguments["count_include_pad"] = True

    return _other_keras_calls(spec, change)


@slip(
    "port_keras1",
    "activation_forgotten",
    gives="layers without the activation that is among their own arguments",
    advice="Convolution2D(..., activation='relu') is two calls: the convolution, then 'relu'.",
)
def _(spec):
    def change(name, layer):
        if name != "Activation":
            layer.pop("activation", None)

    return _other_keras_layers(spec, change)


@slip(
    "port_keras1",
    "linear_called",
    gives="a call of 'linear', which is no layer,",
    advice="The activation 'linear' leaves every number as it is, in a Convolution2D and in an "
    "Activation layer alike: it needs no call.",
)
def _(spec):
    linear = any(layer.get("activation") == "linear" for _, layer in spec["layers"])
    return porting.port_keras1(spec) + [("linear", {})] * linear


@slip(
    "port_keras1",
    "bias_forgotten",
    gives="convolutions without their bias",
    advice="weights is a list of one or two arrays: the kernels, and the bias if there is one.",
)
def _(spec):
    def change(name, arguments):
        arguments.pop("bias", None)

    return _other_keras_calls(spec, change)


# ---------------------------------------------------------------- my_tests: a suite of tests, weakened

Settings = dict[str, Any]


def _picture(*shape: int) -> np.ndarray:
    """Small whole numbers as floats, zeros and negative ones among them."""
    return (np.arange(int(np.prod(shape))) * 7 % 23 - 5.0).reshape(shape)


def _calls() -> list[tuple[np.ndarray, Settings]]:
    """Calls that between them catch every wrong implementation of lesson 03's bank."""
    x = _picture(2, 2, 5, 7)
    return [
        (x, {"kernel_size": (2, 3)}),
        (x.astype(int), {"kernel_size": (2, 3)}),
        (x, {"kernel_size": (3, 2), "stride": (1, 2)}),
        (x, {"kernel_size": (3, 2), "padding": (1, 0), "ceil_mode": True}),
        (x, {"kernel_size": (2, 2), "padding": (1, 0), "count_include_pad": False}),
        (x, {"kernel_size": (3, 4), "stride": (2, 3), "padding": (1, 2), "ceil_mode": True}),
        (_picture(2, 2, 6, 7), {"kernel_size": (1, 2), "stride": (4, 3), "ceil_mode": True}),
    ]


def _compare(avg_pool2d, calls, right=lambda got, expected: np.allclose(got, expected, atol=1e-5)):
    """Compare an implementation with the library's, call by call; inputs must stay as they were."""
    for x, settings in calls:
        given = x.copy()
        got = np.asarray(avg_pool2d(given, **settings))
        expected = operators.avg_pool2d(x, **settings)
        assert got.shape == expected.shape, f"shape {got.shape} in place of {expected.shape}"
        assert right(got, expected), "wrong numbers"
        assert (given == x).all(), "the input has changed"


@slip(
    "my_tests",
    "never_rejects",
    gives="tests that reject nothing",
    advice="A test rejects by raising: write `assert got.shape == (2, 2, 3, 4)`, for example. A "
    "printed word or a returned text rejects nobody.",
)
def _(avg_pool2d):
    try:
        _compare(avg_pool2d, _calls())
    except Exception as error:
        print("wrong:", error)


@slip(
    "my_tests",
    "shapes_only",
    gives="tests that compare shapes and no numbers",
    advice="Compare the numbers as well: with some that you worked out, or with a function that "
    "you trust.",
)
def _(avg_pool2d):
    for x, settings in _calls():
        got = np.asarray(avg_pool2d(x.copy(), **settings))
        assert got.shape == operators.avg_pool2d(x, **settings).shape


@slip(
    "my_tests",
    "square_only",
    gives="tests in which every window, step and padding is square",
    advice="Whoever exchanges height and width passes those. Let the two differ in the kernel, in "
    "the stride and in the padding, each at least once.",
)
def _(avg_pool2d):
    x = _picture(2, 2, 6, 6)
    calls = [
        (x, {"kernel_size": 3}),
        (x.astype(int), {"kernel_size": 3}),
        (x, {"kernel_size": 4, "stride": 3, "padding": 2, "ceil_mode": True}),
        (x, {"kernel_size": 2, "stride": 3, "padding": 1, "count_include_pad": False}),
        (x, {"kernel_size": 1, "stride": 4, "ceil_mode": True}),
        (x, {"kernel_size": 4}),
        (x, {"kernel_size": 3, "padding": 1, "ceil_mode": True}),
    ]
    _compare(avg_pool2d, calls)


@slip(
    "my_tests",
    "default_settings_only",
    gives="tests that set nothing but the kernel",
    advice="Four more settings can go wrong: stride, padding, ceil_mode and count_include_pad. "
    "Call each of them at least once with something else than its default.",
)
def _(avg_pool2d):
    _compare(avg_pool2d, _calls()[:2])


@slip(
    "my_tests",
    "no_padding",
    gives="tests without padding",
    advice="Pad, with and without count_include_pad: there the divisors differ from window to "
    "window.",
)
def _(avg_pool2d):
    _compare(avg_pool2d, [(x, s) for x, s in _calls() if "padding" not in s])


@slip(
    "my_tests",
    "sizes_that_divide",
    gives="tests in which the windows always fit the image exactly",
    advice="Take sizes at which a row or a column is left over, with ceil_mode=True and without: "
    "that is where rounding and the last window's divisor show.",
)
def _(avg_pool2d):
    x = _picture(2, 2, 6, 9)
    calls = [
        (x, {"kernel_size": (2, 3)}),
        (x.astype(int), {"kernel_size": (2, 3)}),
        (x, {"kernel_size": (3, 2), "stride": (1, 7), "ceil_mode": True}),
        (x, {"kernel_size": (2, 3), "padding": (1, 0)}),
        (x, {"kernel_size": (2, 3), "padding": (1, 0), "count_include_pad": False}),
    ]
    _compare(avg_pool2d, calls)


@slip(
    "my_tests",
    "one_image_one_channel",
    gives="tests with one image of one channel",
    advice="Channels that are added up, or a batch of which only the first image is pooled, show "
    "with two unequal images of two unequal channels.",
)
def _(avg_pool2d):
    _compare(avg_pool2d, [(x[:1, :1], settings) for x, settings in _calls()])


@slip(
    "my_tests",
    "constant_images",
    gives="tests whose images are the same number everywhere",
    advice="On a constant image every window has the same mean, wherever it lies. Let the pixels "
    "differ.",
)
def _(avg_pool2d):
    _compare(avg_pool2d, [(np.full(x.shape, 3, x.dtype), settings) for x, settings in _calls()])


@slip(
    "my_tests",
    "floats_only",
    gives="tests that use no images of whole numbers",
    advice="An image may be integers, as photographs are. Averages of it must not be cut to "
    "integers.",
)
def _(avg_pool2d):
    _compare(avg_pool2d, [(x, s) for x, s in _calls() if x.dtype == float])


@slip(
    "my_tests",
    "input_not_looked_at",
    gives="tests that never look whether their image is still what it was",
    advice="Keep a copy, call, and compare: whoever writes into x has done harm, although the result "
    "is right.",
)
def _(avg_pool2d):
    for x, settings in _calls():
        _compare(lambda given, **s: avg_pool2d(given.copy(), **s), [(x, settings)])


@slip(
    "my_tests",
    "too_exact",
    gives="tests that compare numbers with == or insist on float64",
    advice="Right implementations round differently, and some compute in float32. Allow a small "
    "difference: np.allclose(got, expected, atol=1e-5).",
)
def _(avg_pool2d):
    _compare(avg_pool2d, _calls()[:1], right=lambda got, expected: got.dtype == np.float64)
    _compare(avg_pool2d, _calls())


@slip(
    "my_tests",
    "rejects_the_library",
    gives="tests that reject operators.avg_pool2d itself",
    advice="Try them on operators.avg_pool2d first: they must accept it. If they raise there, the "
    "mistake is in the tests.",
)
def _(avg_pool2d):
    assert avg_pool2d is None
