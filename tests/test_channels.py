"""Mixing matrices, tables, and the nested sets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strided import channels, operators

SEEDS = st.integers(0, 2**32 - 1)
PAIRS = st.tuples(st.integers(1, 4), st.integers(1, 4))


def random_table(rng, inputs, outputs):
    """A table whose rows are in any order."""
    return [
        [int(c) for c in rng.permutation(inputs)[: rng.integers(1, inputs + 1)]]
        for _ in range(outputs)
    ]


@given(SEEDS, st.integers(1, 5), st.integers(1, 5), PAIRS)
def test_the_mixing_matrix_of_a_table_is_the_table(seed, inputs, outputs, kernel):
    rng = np.random.default_rng(seed)
    table = random_table(rng, inputs, outputs)
    kernels = rng.normal(size=(sum(map(len, table)), *kernel))
    bias = rng.normal(size=outputs)
    matrix = channels.mixing_matrix(
        lambda x: channels.conv2d_table(x, table, kernels, bias, 2), inputs
    )
    assert matrix.dtype == bool
    np.testing.assert_array_equal(matrix, channels.table_matrix(table, inputs))


@given(SEEDS, st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_groups_are_a_table(seed, groups, inputs, outputs):
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(outputs * groups, inputs, 2, 3))
    x, bias = rng.normal(size=(2, inputs * groups, 5, 6)), rng.normal(size=outputs * groups)
    table = channels.group_table(inputs * groups, outputs * groups, groups)
    np.testing.assert_allclose(
        channels.conv2d_table(x, table, weight.reshape(-1, 2, 3), bias, (2, 1)),
        operators.conv2d(x, weight, bias, (2, 1), groups=groups),
        atol=1e-12,
    )
    grouped = channels.mixing_matrix(
        lambda x: operators.conv2d(x, weight, bias, groups=groups), inputs * groups
    )
    np.testing.assert_array_equal(grouped, channels.table_matrix(table, inputs * groups))


@given(SEEDS, st.integers(1, 4), st.integers(1, 4))
def test_a_table_is_a_full_convolution_with_zeros(seed, inputs, outputs):
    rng = np.random.default_rng(seed)
    table = random_table(rng, inputs, outputs)
    kernels = rng.normal(size=(sum(map(len, table)), 3, 2))
    full, rest = np.zeros((outputs, inputs, 3, 2)), iter(kernels)
    for k, reads in enumerate(table):
        for c in reads:
            full[k, c] = next(rest)
    x, bias = rng.normal(size=(2, inputs, 6, 5)), rng.normal(size=outputs)
    np.testing.assert_allclose(
        channels.conv2d_table(x, table, kernels, bias, (1, 2)),
        operators.conv2d(x, full, bias, (1, 2)),
        atol=1e-12,
    )


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((np.zeros((5, 5)), [[0]], np.zeros((1, 2, 2)), [0.0]), r"x must be .*\(5, 5\)"),
        ((np.zeros((2, 5, 5)), [[0, 2]], np.zeros((2, 2, 2)), [0.0]), r"table\[0\].*\[0, 2\]"),
        ((np.zeros((2, 5, 5)), [[0], []], np.zeros((1, 2, 2)), [0.0] * 2), r"table\[1\].*\[\]"),
        ((np.zeros((2, 5, 5)), [[0, 1]], np.zeros((1, 2, 2)), [0.0]), r"\(2, kH, kW\)"),
        ((np.zeros((2, 5, 5)), [[0, 1]], np.zeros((2, 2, 2)), [0.0, 1]), r"\(1,\), one number"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        channels.conv2d_table(*arguments)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((5, 4, 2), "groups=2 must divide in_channels=5 and out_channels=4"),
        ((4, 5, 2), "groups=2 must divide in_channels=4 and out_channels=5"),
        ((4, 4, 0), "groups must be at least 1"),
        ((0, 4, 2), "in_channels must be at least 1"),
        ((4, -2, 2), "out_channels must be at least 1"),
    ],
)
def test_groups_that_lose_a_channel_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        channels.group_table(*arguments)
    with pytest.raises(TypeError, match="groups must be an int"):
        channels.group_table(4, 4, 2.0)


@pytest.mark.parametrize("row", [[-1], [0, 2]])
def test_a_matrix_of_channels_that_are_not_there_is_refused(row):
    with pytest.raises(ValueError, match=r"table\[1\] must list some of the channels 0 to 1"):
        channels.table_matrix([[0], row], 2)
    with pytest.raises(ValueError, match="in_channels must be at least 1"):
        channels.table_matrix([], 0)


# ---------------------------------------------------------------- LeNet-5


def test_c3_is_the_table_of_1998():
    table = channels.C3_TABLE
    assert [len(reads) for reads in table] == [3] * 6 + [4] * 9 + [6]
    contiguous = [
        any({(first + i) % 6 for i in range(len(reads))} == set(reads) for first in range(6))
        for reads in table
    ]
    assert contiguous == [True] * 12 + [False] * 3 + [True]
    assert len({frozenset(reads) for reads in table}) == 16
    # Every map of S2 feeds ten maps.
    assert channels.table_matrix(table, 6).sum(axis=0).tolist() == [10] * 6


def test_c3_and_the_full_layer_count_as_printed():
    assert channels.parameter_count("table", channels.C3_TABLE, 5) == 1516
    full = channels.group_table(6, 16, 1)
    assert channels.parameter_count("convolution", full, 5) == 2416
    assert np.zeros((16, 6, 5, 5)).size + 16 == 2416


@pytest.mark.parametrize(
    "kind, groups, count",
    [
        ("average", 64, 0),
        ("subsampling", 64, 128),
        ("depthwise", 64, 320),
        ("grouped", 4, 4160),
        ("pointwise", 1, 4160),
        ("convolution", 1, 16448),
    ],
)
def test_parameters_of_64_channels(kind, groups, count):
    table = channels.group_table(64, 64, groups)
    assert channels.parameter_count(kind, table, 2) == count


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="'dense'"):
        channels.parameter_count("dense", [[0]], 2)
    with pytest.raises(ValueError, match="'dense'"):
        channels.as_conv_weight("dense", 2, 2)
    with pytest.raises(ValueError, match=r"\(3,\), got \(2,\)"):
        channels.as_conv_weight("subsampling", 3, 2, [1.0, 2.0])


# ---------------------------------------------------------------- the nested sets


@given(SEEDS, st.integers(1, 4), PAIRS, PAIRS)
def test_each_kind_is_the_convolution_of_its_weight(seed, count, kernel, stride):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2, count, *np.add(kernel, rng.integers(0, 5, 2))))
    gains, bias = rng.normal(size=count), rng.normal(size=count)
    kernels = rng.normal(size=(count, 1, *kernel))
    weight = channels.as_conv_weight
    for full, offset, expected in (
        (
            weight("average", count, kernel),
            np.zeros(count),
            operators.avg_pool2d(x, kernel, stride),
        ),
        (
            weight("subsampling", count, kernel, gains),
            bias,
            operators.subsample2d(x, gains, bias, kernel, stride),
        ),
        (
            weight("depthwise", count, kernel, kernels),
            bias,
            operators.conv2d(x, kernels, bias, stride, groups=count),
        ),
    ):
        got = operators.conv2d(x, full, offset, stride)
        np.testing.assert_allclose(got, expected, atol=1e-12)


@given(SEEDS, st.integers(1, 4), PAIRS)
def test_no_subsampling_is_nearer_than_the_nearest(seed, count, kernel):
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(count, count, *kernel))
    basis = np.stack(
        [channels.as_conv_weight("subsampling", count, kernel, e).ravel() for e in np.eye(count)]
    )
    best, *_ = np.linalg.lstsq(basis.T, weight.ravel(), rcond=None)
    gains, distance = channels.nearest_subsampling(weight)
    np.testing.assert_allclose(gains, best, atol=1e-10)
    assert distance == pytest.approx(np.linalg.norm(basis.T @ best - weight.ravel()), abs=1e-10)


def test_only_square_weights_have_a_nearest_subsampling():
    with pytest.raises(ValueError, match=r"\(2, 1, 3, 3\)"):
        channels.nearest_subsampling(np.zeros((2, 1, 3, 3)))


def smallest_ring(weight, bias) -> str:
    """The innermost of the nested sets that a convolution belongs to."""
    gains, distance = channels.nearest_subsampling(weight)
    own = weight[np.arange(len(weight)), np.arange(len(weight))]
    size = channels.DISTINCT * np.linalg.norm(weight)
    depthwise = channels.as_conv_weight("depthwise", len(weight), weight.shape[2:], own[:, None])
    if np.linalg.norm(weight - depthwise) > size:
        return "convolution"
    if distance > size:
        return "depthwise"
    if bias.any() or not np.allclose(gains, 1 / (weight.shape[2] * weight.shape[3])):
        return "subsampling"
    return "average"


def test_each_ring_has_a_witness_that_no_smaller_ring_has():
    found = {ring: smallest_ring(*witness) for ring, witness in channels.witnesses().items()}
    assert found == {ring: ring for ring in channels.witnesses()}


@given(SEEDS, st.integers(1, 4), PAIRS)
def test_an_embedded_layer_is_in_its_ring(seed, count, kernel):
    rng = np.random.default_rng(seed)
    order = list(channels.witnesses()).index
    for kind, weight in (
        ("average", None),
        ("subsampling", rng.normal(size=count)),
        ("depthwise", rng.normal(size=(count, 1, *kernel))),
    ):
        full = channels.as_conv_weight(kind, count, kernel, weight)
        assert order(smallest_ring(full, np.zeros(count))) <= order(kind)
