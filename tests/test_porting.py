"""Ports compute what the other framework computes, by rules that are written down apart from them."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from strided import geometry, operators, porting
from strided.porting import CannotRun, keras1, port_keras1, port_torch7, run, torch7

X = np.random.default_rng(0).normal(size=(2, 2, 9, 11))

SIZES, PADS = st.integers(1, 4), st.integers(0, 2)
SEEDS = st.integers(0, 2**32 - 1)


def close(got, expected):
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-10)


# ---------------------------------------------------------------- Torch7


@given(SEEDS, SIZES, SIZES, st.data())
def test_a_torch7_network_is_ported_to_the_last_digit(seed, kW, kH, data):
    rng = np.random.default_rng(seed)

    def some(**values):
        """Some of the arguments that Torch7 lets you leave out."""
        return {key: data.draw(value) for key, value in values.items() if data.draw(st.booleans())}

    pad_w, pad_h = st.integers(0, kW // 2), st.integers(0, kH // 2)
    pads = {"padW": data.draw(pad_w), "padH": data.draw(pad_h)} if data.draw(st.booleans()) else {}
    modes = some(ceil_mode=st.booleans(), count_include_pad=st.booleans())
    # Where the step is larger than the kernel, Torch7 may count a window beyond the image.
    steps = some(dW=st.integers(1, kW), dH=st.integers(1, kH))
    spec = [
        ("SpatialZeroPadding", {"pad_l": 2, **some(pad_r=PADS, pad_t=PADS, pad_b=PADS)}),
        (
            "SpatialConvolution",
            {"nInputPlane": 2, "nOutputPlane": 3, "kW": kW, "kH": kH}
            | some(dW=SIZES, dH=SIZES, padW=PADS, padH=PADS)
            | {"weight": rng.normal(size=(3, 2, kH, kW)), "bias": rng.normal(size=3)},
        ),
        ("Tanh", {}),
        ("SpatialZeroPadding", {"pad_l": 4}),
        ("SpatialAveragePooling", {"kW": kW, "kH": kH, **steps, **pads, **modes}),
        ("ReLU", {}),
        (
            "SpatialSubSampling",
            {"nInputPlane": 3, "kW": 2, "kH": 1, **some(dW=SIZES, dH=SIZES)}
            | {"weight": rng.normal(size=3), "bias": rng.normal(size=3)},
        ),
    ]
    close(run(port_torch7(spec), X), torch7(spec, X))


def test_torch7_steps_by_one_and_reads_the_width_first():
    spec = [("SpatialAveragePooling", {"kW": 3, "kH": 2})]
    assert torch7(spec, X).shape == (2, 2, 8, 9)
    close(torch7(spec, X), torch.nn.functional.avg_pool2d(torch.tensor(X), (2, 3), 1))


def test_torch7_convolutions_pad_the_height_as_the_width_unless_told():
    arrays = {"weight": X[:2, :, :3, :3], "bias": np.zeros(2)}
    layer = {"nInputPlane": 2, "nOutputPlane": 2, "kW": 3, "kH": 3, "padW": 1, **arrays}
    assert torch7([("SpatialConvolution", layer)], X).shape == X.shape


@pytest.mark.parametrize(
    "setting, count",
    [((6, 1, 4, 0), 3), ((5, 1, 3, 0), 3), ((5, 2, 3, 1), 2), ((7, 2, 2, 0), 4)],
)
def test_torch7_drops_a_window_beyond_the_image_only_where_there_is_padding(setting, count):
    n, k, d, pad = setting
    layer = {"kW": k, "kH": k, "dW": d, "dH": d, "padW": pad, "padH": pad, "ceil_mode": True}
    rows, columns = porting.torch7_axes("SpatialAveragePooling", layer, (n, n))
    assert rows == columns and rows.count == count
    guard = "padded"
    assert count == geometry.output_size(n, k, d, pad, ceil_mode=True, guard=guard)


def test_a_torch7_window_beyond_the_image_sums_nothing():
    spec = [("SpatialAveragePooling", {"kW": 1, "kH": 1, "dW": 4, "dH": 4, "ceil_mode": True})]
    assert torch7(spec, np.ones((1, 1, 6, 6)))[0, 0].tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert run(port_torch7(spec), np.ones((1, 1, 6, 6))).shape == (1, 1, 2, 2)


# ---------------------------------------------------------------- Keras 1


@settings(deadline=None)
@given(SEEDS, st.tuples(SIZES, SIZES), st.tuples(SIZES, SIZES), st.data())
def test_a_keras1_network_is_ported_to_the_last_digit(seed, kernel, step, data):
    rng = np.random.default_rng(seed)
    backend = data.draw(st.sampled_from(["tensorflow", "theano"]))
    order = data.draw(st.sampled_from(["tf", "th"]))
    modes = st.sampled_from(["valid", "same"] if backend == "tensorflow" else ["valid"])
    arrays = [rng.normal(size=(*kernel, 2, 3)), rng.normal(size=3)]
    if order == "th":
        arrays[0] = rng.normal(size=(3, 2, *kernel))
    bias = data.draw(st.booleans())
    convolution = {"nb_filter": 3, "nb_row": kernel[0], "nb_col": kernel[1], "bias": bias}
    convolution |= {"weights": arrays[: 1 + bias], "activation": "tanh", "subsample": step}
    pooling = {"strides": step} if data.draw(st.booleans()) else {}
    spec = {
        "backend": backend,
        "image_dim_ordering": order,
        "input_shape": (16, 17, 2) if order == "tf" else (2, 16, 17),
        "layers": [
            ("AveragePooling2D", {"pool_size": (2, 3), "strides": (1, 1)}),
            ("Convolution2D", {**convolution, "border_mode": data.draw(modes)}),
            ("Activation", {"activation": "relu"}),
            ("AveragePooling2D", {"border_mode": data.draw(modes), "pool_size": (2, 3), **pooling})
            if min((15 - kernel[0]) // step[0], (15 - kernel[1]) // step[1]) > 3
            else ("Activation", {"activation": "linear"}),
        ],
    }
    x = rng.normal(size=(2, 2, 16, 17))
    close(run(port_keras1(spec), x), keras1(spec, x))


def test_same_at_stride_2_by_hand():
    ones = {"nb_filter": 1, "nb_row": 1, "nb_col": 3, "weights": [np.ones((1, 3, 1, 1))]}
    layer = ("Convolution2D", {**ones, "subsample": (1, 2), "border_mode": "same", "bias": False})
    spec = {"backend": "tensorflow", "image_dim_ordering": "tf", "input_shape": (1, 6, 1)}
    row = np.arange(1.0, 7).reshape(1, 1, 1, 6)
    assert keras1({**spec, "layers": [layer]}, row).ravel().tolist() == [6, 12, 11]
    assert run(port_keras1({**spec, "layers": [layer]}), row).ravel().tolist() == [6, 12, 11]
    weight = torch.ones(1, 1, 1, 3).double()
    pytorch = torch.nn.functional.conv2d(torch.tensor(row), weight, stride=(1, 2), padding=(0, 1))
    assert pytorch.ravel().tolist() == [3, 9, 15]


def test_theano_turns_the_kernel_and_tensorflow_does_not():
    weight = np.random.default_rng(1).normal(size=(3, 2, 2, 3))
    layer = {"nb_filter": 3, "nb_row": 2, "nb_col": 3, "weights": [weight], "bias": False}
    spec = {"image_dim_ordering": "th", "input_shape": X.shape[1:]}
    spec["layers"] = [("Convolution2D", layer)]
    close(keras1({**spec, "backend": "tensorflow"}, X), operators.conv2d(X, weight))
    turned = weight[:, :, ::-1, ::-1]
    close(keras1({**spec, "backend": "theano"}, X), operators.conv2d(X, turned))


def test_a_window_that_fits_nowhere_is_refused():
    spec = {"backend": "theano", "image_dim_ordering": "th", "input_shape": X.shape[1:]}
    with pytest.raises(ValueError, match="no window"):
        torch7([("SpatialAveragePooling", {"kW": 2, "kH": 12})], X)
    with pytest.raises(ValueError, match="no window"):
        keras1({**spec, "layers": [("AveragePooling2D", {"pool_size": (12, 2)})]}, X)


@pytest.mark.parametrize("do", [lambda spec: torch7(spec, X), port_torch7])
def test_a_torch7_class_that_is_not_known_is_neither_run_nor_ported(do):
    with pytest.raises(ValueError, match="no Torch7 layer 'SpatialMaxPooling' here, only Spatial"):
        do([("Tanh", {}), ("SpatialMaxPooling", {"kW": 2, "kH": 2})])


@pytest.mark.parametrize("do", [lambda spec: keras1(spec, X), port_keras1])
@pytest.mark.parametrize(
    "changes, words",
    [
        ({"layers": [("MaxPooling2D", {})]}, "no Keras 1 layer 'MaxPooling2D' here, only Conv"),
        ({"layers": [("AveragePooling2D", {}), ("Dense", {})]}, "no Keras 1 layer 'Dense'"),
        ({"layers": [("Activation", {"activation": "elu"})]}, "no Keras 1 activation 'elu'"),
        ({"layers": [("AveragePooling2D", {"border_mode": "same"})]}, "'same' has other rules"),
        ({"layers": [], "backend": "cntk"}, "'cntk'"),
        ({"layers": [], "image_dim_ordering": "default"}, "'default' is not known"),
    ],
)
def test_a_keras1_spec_that_is_not_known_is_neither_run_nor_ported(do, changes, words):
    spec = {"backend": "theano", "image_dim_ordering": "th", "input_shape": X.shape[1:]}
    with pytest.raises(ValueError, match=words):
        do({**spec, **changes})


# ---------------------------------------------------------------- lists of calls


@pytest.mark.parametrize(
    "one, other",
    [
        ([("tanh", {})], ["tanh"]),
        ([("relu", {})], (["relu", None],)),
        ([("avg_pool2d", {"kernel_size": 2, "stride": None})], [("avg_pool2d", {"kernel_size": [2, 2]})]),
        (
            [("conv2d", {"weight": X[:, :, :2, :3], "padding": ((0, 2), (1, 0))})],
            [("pad", {"padding": ((0, 2), (1, 0))}), ("conv2d", {"weight": X[:, :, :2, :3].tolist()})],
        ),
        (
            [("conv2d", {"weight": X[:, :, :3, :3], "padding": "same"})],
            [("conv2d", {"weight": X[:, :, :3, :3], "bias": [0, 0], "padding": np.array([1, 1])})],
        ),
        (
            [("avg_pool2d", {"kernel_size": (3, 2), "padding": ((1, 1), (1, 1))})],
            [("avg_pool2d", {"kernel_size": (3, 2), "stride": (3, 2), "padding": 1})],
        ),
        (
            [("avg_pool2d", {"kernel_size": (3, 2), "padding": ((0, 1), (0, 1))})],
            [("pad", {"padding": [[0, 1], [0, 1]]}), ("avg_pool2d", {"kernel_size": (3, 2)})],
        ),
    ],
)  # fmt: skip
def test_the_same_calls_in_other_words(one, other):
    close(run(one, X), run(other, X))


@pytest.mark.parametrize("include", [True, False])
def test_uneven_padding_counts_as_even_padding_does(include):
    """Zeros at one end only: pad the other end evenly, and drop the window that this adds."""
    arguments = {"kernel_size": (2, 3), "stride": (2, 3), "count_include_pad": include}
    uneven = run([("avg_pool2d", arguments | {"padding": ((1, 0), (1, 0))})], X[..., :10])
    even = run([("avg_pool2d", arguments | {"padding": 1})], X[..., :10])
    close(uneven, even[:, :, :5, : uneven.shape[3]])


@pytest.mark.parametrize(
    "calls, words",
    [
        (None, "a list of calls, and this is a NoneType"),
        (iter(()), "a list of calls"),
        ([("conv", {})], "call 1: there is no layer 'conv', only conv2d"),
        (["tanh", 3], "call 2 must be a pair"),
        ([("tanh", {}, 1)], "call 1 must be a pair"),
        ([("tanh", (1,))], "call 1, tanh: its arguments must be a dict, got a tuple"),
        ([("tanh", {"x": 1})], "tanh takes no arguments, and no 'x'"),
        ([("avg_pool2d", {"strides": 2})], "takes kernel_size, stride.* and no 'strides'"),
        ([("avg_pool2d", {"stride": 2})], "avg_pool2d needs kernel_size"),
        ([("avg_pool2d", {"kernel_size": 2, "padding": 2})], "call 1, avg_pool2d: .*padding must be at most"),
        ([("avg_pool2d", {"kernel_size": 2, "padding": ((0, 1), (0, 0)), "ceil_mode": True})], "ceil_mode"),
        ([("pad", {"padding": -1})], "call 1, pad: padding must be at least 0"),
        ([("pad", {"padding": ((0, 1), 2)})], "call 1, pad"),
        (["tanh", ("conv2d", {"weight": np.ones((1, 3, 2, 2))})], "call 2, conv2d: weight"),
    ],
)  # fmt: skip
def test_a_call_that_cannot_run_is_told(calls, words):
    with pytest.raises(CannotRun) as caught:
        run(calls, X)
    assert re.search(words, str(caught.value)), str(caught.value)


def test_running_changes_nothing_that_it_is_given():
    x, weight = X.copy(), X[:, :, :2, :2].copy()
    run([("relu", {}), ("conv2d", {"weight": weight, "padding": 1}), "relu"], x)
    assert (x == X).all() and (weight == X[:, :, :2, :2]).all()
