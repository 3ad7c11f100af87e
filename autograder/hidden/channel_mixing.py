"""Hidden tests of lesson 06, against torch in float64 and by property."""

import numpy as np
import torch
from torch.nn import functional as F

from autograder.hidden.kit import alike, called, require, seeded, unequal_pair
from strided import channels as library
from strided import checks, operators
from strided.checks.channel_mixing import as_operator
from strided.checks.core import Case, case


def random_table(rng: np.random.Generator, inputs: int, outputs: int) -> list[list[int]]:
    """Rows of one channel or more, in any order."""
    return [
        [int(c) for c in rng.permutation(inputs)[: rng.integers(1, inputs + 1)]]
        for _ in range(outputs)
    ]


# ---------------------------------------------------------------- mixing_matrix


def one_sign(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Kernels whose numbers all have one sign: no way of probing lets them cancel."""
    signs = rng.choice([-1.0, 1.0], size=(*shape[:-2], 1, 1))
    return signs * rng.uniform(1, 2, shape)


def random_operator(rng: np.random.Generator) -> tuple[Case, np.ndarray]:
    """An operator wired by a table, and its matrix; some inputs are read by nobody."""
    inputs, outputs = int(rng.integers(2, 6)), int(rng.integers(2, 6))
    table = random_table(rng, inputs, outputs)
    kernels = one_sign(rng, sum(map(len, table)), *unequal_pair(rng, 1, 3))
    bias = rng.normal(size=outputs)
    bias[0] = 0

    def wired(x):
        return library.conv2d_table(x, table, kernels, bias)

    operator = as_operator("operator", inputs, wired)
    return case(operator, inputs), library.table_matrix(table, inputs)


@seeded
def mixing_matrix(function, rng: np.random.Generator) -> None:
    """Random tables; groups, where the border reads padding alone; negative gains."""
    groups = int(rng.integers(2, 4))
    inputs, outputs = groups * 2, groups * 3
    weight, bias = one_sign(rng, outputs, 2, 1, 1), rng.uniform(1, 2, outputs)
    gains, offsets = -rng.uniform(1, 2, 3), rng.uniform(1, 2, 3)

    def grouped(x):
        return operators.conv2d(x, weight, bias, padding=1, groups=groups)

    def negative(x):
        return operators.subsample2d(x, gains, offsets, (2, 3))

    wired = [
        *(random_operator(rng) for _ in range(5)),
        (
            case(as_operator("operator", inputs, grouped), inputs),
            library.table_matrix(library.group_table(inputs, outputs, groups), inputs),
        ),
        (case(as_operator("operator", 3, negative), 3), np.eye(3, dtype=bool)),
    ]
    matrices = {call.args[0]: matrix for call, matrix in wired}
    checks.mixing_matrix.judge(
        function,
        [call for call, _ in wired],
        reference=lambda operator, in_channels: matrices[operator],
        words="it must find who is connected with whom in random tables, in groups with padding, "
        "and with negative gains",
    )


# ---------------------------------------------------------------- conv2d_groups


def torch_conv2d_groups(x, weight, bias=None, stride=1, padding=0, groups=1):
    """PyTorch's conv2d on NumPy arrays; integers count as float64."""
    x, weight = torch.from_numpy(x.astype(np.float64)), torch.from_numpy(weight)
    bias = None if bias is None else torch.from_numpy(bias)
    return F.conv2d(x, weight, bias, stride, padding, groups=groups).numpy()


def random_grouped_call(rng: np.random.Generator) -> Case:
    """A random call of conv2d_groups: several groups, rectangular everywhere."""
    groups, inputs, outputs = (int(n) for n in rng.integers(2, 4, 3))
    kernel, padding = unequal_pair(rng, 1, 3), unequal_pair(rng, 0, 2)
    size = np.add(kernel, rng.integers(2, 6, 2))
    return case(
        rng.normal(size=(2, groups * inputs, *size)),
        rng.normal(size=(groups * outputs, inputs, *kernel)),
        rng.normal(size=groups * outputs),
        stride=unequal_pair(rng, 1, 3),
        padding=padding,
        groups=groups,
    )


@seeded
def conv2d_groups(function, rng: np.random.Generator) -> None:
    """Agreement with torch; groups=1 is a full convolution; groups do not hear one another."""
    x, weight = rng.normal(size=(2, 4, 5, 6)), rng.normal(size=(6, 2, 3, 2))
    bias = rng.normal(size=6)
    checks.conv2d_groups.judge(
        function,
        [
            *(random_grouped_call(rng) for _ in range(8)),
            case(x, weight, groups=2),
            case(rng.normal(size=(1, 3, 5, 4)), rng.normal(size=(6, 1, 2, 3)), bias, groups=3),
            case(rng.normal(size=(1, 2, 5, 4)), rng.normal(size=(3, 2, 2, 3)), bias[:3]),
            case(rng.integers(-9, 10, (1, 4, 5, 6)), weight, bias, stride=2, groups=2),
        ],
        reference=torch_conv2d_groups,
        words="it must agree with PyTorch's conv2d on random shapes and numbers of groups",
    )
    settings = {"stride": (2, 1), "padding": (0, 1)}
    whole = called(function, x, weight, bias, groups=2, **settings)
    halves = [
        called(function, x[:, 2 * g : 2 * g + 2], weight[3 * g : 3 * g + 3], bias[3 * g : 3 * g + 3],
               **settings)
        for g in range(2)
    ]  # fmt: skip
    require(
        alike(whole, np.concatenate(halves, axis=1)),
        "two groups must give what two convolutions of half the channels give, one after the other",
    )


# ---------------------------------------------------------------- conv2d_table


def torch_conv2d_table(x, table, kernels, bias, stride=1):
    """PyTorch's full convolution with zeros where the table has no connection."""
    full, first = np.zeros((len(table), x.shape[1], *kernels.shape[1:])), 0
    for k, reads in enumerate(table):
        full[k, reads] = kernels[first : first + len(reads)]
        first += len(reads)
    return torch_conv2d_groups(x, full, bias, stride)


def random_table_call(rng: np.random.Generator) -> Case:
    """A random call of conv2d_table; some rows have several channels, and not in their order."""
    inputs, outputs = int(rng.integers(3, 5)), int(rng.integers(2, 5))
    table = [[2, 0], *random_table(rng, inputs, outputs)]
    kernel = unequal_pair(rng, 2, 3)
    size = np.add(kernel, rng.integers(3, 6, 2))
    return case(
        rng.normal(size=(2, inputs, *size)),
        table,
        rng.normal(size=(sum(map(len, table)), *kernel)),
        rng.normal(size=len(table)),
        stride=unequal_pair(rng, 1, 3),
    )


@seeded
def conv2d_table(function, rng: np.random.Generator) -> None:
    """A full convolution with zeros, by torch; LeNet-5's own table; a full table."""
    c3, kernels = library.C3_TABLE, rng.normal(size=(60, 5, 5))
    checks.conv2d_table.judge(
        function,
        [
            *(random_table_call(rng) for _ in range(8)),
            case(
                rng.normal(size=(1, 6, 7, 8)),
                [list(reads) for reads in c3],
                kernels,
                rng.normal(size=16),
            ),
            case(
                rng.integers(-9, 10, (1, 3, 5, 6)), [[0, 1, 2], [2]], kernels[:4], np.zeros(2)
            ),
        ],
        reference=torch_conv2d_table,
        words="it must be PyTorch's full convolution with zeros where the table has no "
        "connection, for random tables and LeNet-5's",
    )  # fmt: skip
    x, weight, bias = rng.normal(size=(1, 3, 5, 6)), rng.normal(size=(2, 3, 2, 3)), np.ones(2)
    full = called(function, x, [[0, 1, 2]] * 2, weight.reshape(6, 2, 3), bias, stride=(2, 1))
    require(
        alike(full, torch_conv2d_groups(x, weight, bias, (2, 1))),
        "with a table that names every channel in every row, it must be an ordinary convolution",
    )


# ---------------------------------------------------------------- as_conv_weight


def embedded_calls(rng: np.random.Generator) -> list[Case]:
    """Random calls of every kind."""
    calls = []
    for _ in range(4):
        count, kernel = int(rng.integers(2, 5)), unequal_pair(rng, 1, 4)
        calls += [
            case("average", count, kernel),
            case("subsampling", count, kernel, rng.normal(size=count)),
            case("depthwise", count, kernel, rng.normal(size=(count, 1, *kernel))),
        ]
    return [*calls, case("average", 2, 3), Case(("mean", 2, (2, 3)), raises=ValueError)]


@seeded
def as_conv_weight(function, rng: np.random.Generator) -> None:
    """The weight itself; then what a strided convolution by torch makes of it."""
    checks.as_conv_weight.judge(
        function,
        embedded_calls(rng),
        words="its weight must make a convolution of every average, SubSampling and depthwise "
        "convolution, and any other kind must raise a ValueError",
    )
    count, kernel, stride = 3, unequal_pair(rng, 1, 3), unequal_pair(rng, 1, 3)
    x = torch.from_numpy(rng.normal(size=(2, count, 7, 8)))
    kernels = rng.normal(size=(count, 1, *kernel))
    expected = {
        "average": F.avg_pool2d(x, kernel, stride),
        "depthwise": F.conv2d(x, torch.from_numpy(kernels), None, stride, groups=count),
    }
    for kind, weight in (("average", None), ("depthwise", kernels)):
        full = called(function, kind, count, kernel, weight).astype(float)
        require(
            alike(F.conv2d(x, torch.from_numpy(full), None, stride), expected[kind]),
            f"PyTorch's conv2d with the weight of kind {kind!r} must give what PyTorch's own "
            "layer of that kind gives",
        )


# ---------------------------------------------------------------- counterexample


@seeded
def counterexample(function, rng: np.random.Generator) -> None:
    """Any number of channels from 2 on, and any window of more than a pixel."""
    kernels = [(1, 2), (3, 1), 3, *(unequal_pair(rng, 1, 4) for _ in range(4))]
    checks.counterexample.judge(
        function,
        [case(int(rng.integers(2, 6)), kernel) for kernel in kernels],
        words="whatever the channels (two or more) and the window (two pixels or more), the "
        "weight must have the right shape and be no SubSampling's",
    )
