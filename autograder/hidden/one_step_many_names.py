"""Hidden tests of lesson 01. `name_the_step` has none: its visible check is the whole test."""

import numpy as np
import torch
from torch.nn import functional as F

from autograder.hidden.kit import alike, require, seeded, unequal_pair
from strided import checks, names
from strided.checks.core import Case, case


def size_that_does_not_divide(rng: np.random.Generator, step: int, first: int = 0) -> int:
    """A size of which, from `first` on, one entry more remains than whole blocks hold."""
    return first + step * int(rng.integers(2, 4)) + 1


# ---------------------------------------------------------------- keep_every


def index_one_by_one(y: np.ndarray, stride: tuple, phase: tuple = (0, 0)) -> np.ndarray:
    """keep_every by its definition: each kept row, each kept column."""
    rows = [
        row for row in range(y.shape[-2]) if row >= phase[0] and (row - phase[0]) % stride[0] == 0
    ]
    columns = [c for c in range(y.shape[-1]) if c >= phase[1] and (c - phase[1]) % stride[1] == 0]
    return y[..., rows, :][..., columns]


@seeded
def keep_every(function, rng: np.random.Generator) -> None:
    """Stride, phase and (height, width) order; keep(a) after keep(b) is keep(a*b)."""
    calls = []
    for axes in (0, 1, 2, 2, 3):
        stride, phase = unequal_pair(rng, 2, 4), unequal_pair(rng, 0, 5)
        size = [size_that_does_not_divide(rng, s, p) for s, p in zip(stride, phase, strict=True)]
        leading = rng.integers(2, 4, axes)
        calls.append(case(rng.normal(size=(*leading, *size)), stride, phase=phase))
    calls.append(case(rng.normal(size=(2, 7, 9)), unequal_pair(rng, 1, 3)))
    checks.keep_every.judge(
        function,
        calls,
        reference=index_one_by_one,
        words="it must keep rows phase[0] + n*stride[0] and columns phase[1] + n*stride[1], "
        "and leave the axes before them alone",
    )
    y, a, b = rng.normal(size=(2, 23, 31)), unequal_pair(rng, 1, 3), unequal_pair(rng, 1, 3)
    require(
        alike(function(np.asarray(function(y, a)), b), function(y, (a[0] * b[0], a[1] * b[1]))),
        "keeping every a-th and then every b-th must be keeping every (a*b)-th",
    )


# ---------------------------------------------------------------- strided_from_dense


def torch_operator(kind: str, rng: np.random.Generator):
    """A random torch operator on NumPy arrays of 3 channels: `operator(x, stride)`."""
    kernel = unequal_pair(rng, 2, 3)
    weight = torch.from_numpy(rng.normal(size=(2, 3, *kernel)))
    padding = (1, 0)
    operators = {
        "convolution": lambda x, stride: F.conv2d(x, weight, None, stride, padding),
        "depthwise": lambda x, stride: F.conv2d(
            x, weight.reshape(6, 1, *kernel), None, stride, 0, 1, 3
        ),
        "maximum": lambda x, stride: F.max_pool2d(x, kernel, stride, padding),
        "average": lambda x, stride: F.avg_pool2d(x, kernel, stride, padding),
        "distance": lambda x, stride: -F.max_pool2d(-x.abs(), kernel, stride),
    }
    return lambda x, stride: operators[kind](torch.tensor(np.array(x, dtype=float)), stride).numpy()


@seeded
def strided_from_dense(function, rng: np.random.Generator) -> None:
    """Agreement with torch's own strided operators, whichever they are."""
    calls, strided = [], {}
    for kind in ("convolution", "maximum", "average", "depthwise", "distance"):
        operator = torch_operator(kind, rng)

        def dense(x, operator=operator):
            return operator(x, (1, 1))

        stride = unequal_pair(rng, 2, 4)
        size = [size_that_does_not_divide(rng, s) + 3 for s in stride]
        calls.append(case(dense, rng.normal(size=(int(rng.integers(2, 4)), 3, *size)), stride))
        strided[dense] = operator
    checks.strided_from_dense.judge(
        function,
        calls,
        reference=lambda dense, x, stride: strided[dense](x, stride),
        words="for any operator, a maximum as well as a sum, it must give what PyTorch's own "
        "strided operator gives",
    )
    x, stride = rng.normal(size=(2, 3, 7, 8)), unequal_pair(rng, 1, 3)
    require(
        alike(function(lambda x: x, x, stride), index_one_by_one(x, stride)),
        "with an operator that changes nothing, it must keep every n-th entry of x itself",
    )


# ---------------------------------------------------------------- keras1_to_keras2


def random_layer(layer: str, rng: np.random.Generator) -> tuple[str, dict]:
    """A Keras 1 layer with a random choice of arguments, always those that say how it steps."""
    size, step = unequal_pair(rng, 1, 9), unequal_pair(rng, 1, 4)
    always: dict[str, dict[str, object]] = {
        "Convolution2D": {
            "nb_row": size[0],
            "nb_col": size[1],
            "subsample": step,
            "bias": False,
            "activation": "relu",
            "dim_ordering": str(rng.choice(["tf", "th"])),
            "W_regularizer": "l2",
        },
        "Convolution1D": {"filter_length": size[0], "subsample_length": step[0], "bias": False},
        "AveragePooling2D": {
            "pool_size": size,
            "strides": step,
            "dim_ordering": str(rng.choice(["tf", "th"])),
            "border_mode": str(rng.choice(["valid", "same"])),
        },
    }
    sometimes: dict[str, object] = {
        "nb_filter": int(rng.integers(1, 65)),
        "border_mode": str(rng.choice(["valid", "same"])),
        "init": str(rng.choice(["uniform", "glorot_normal"])),
        "b_regularizer": "l1",
        "W_constraint": "maxnorm",
        "b_constraint": "nonneg",
        "name": "layer_" + str(rng.integers(100)),
        "trainable": False,
    }
    if layer == "AveragePooling2D":
        sometimes = {"name": sometimes["name"], "trainable": False}
    arguments = always[layer] | {k: v for k, v in sometimes.items() if rng.random() < 0.6}
    order = list(arguments)
    rng.shuffle(order)
    return layer, {name: arguments[name] for name in order}


def both_names(rng: np.random.Generator) -> list[Case]:
    """Calls that give an old and its new name."""
    pairs = [(old, new) for old, new in names.ARGUMENTS.items() if old not in ("nb_row", "nb_col")]
    calls = []
    for choice in rng.choice(len(pairs), 4, replace=False):
        old, new = pairs[choice]
        values = ("th", "channels_last") if old == "dim_ordering" else (2, 3)
        arguments = {old: values[0], "name": "twice", new: values[1]}
        calls.append(Case(("Convolution2D", arguments), raises=ValueError, mentions=(old, new)))
    return calls


@seeded
def keras1_to_keras2(function, rng: np.random.Generator) -> None:
    """The whole table, in any order of arguments; new names stay; both names raise."""
    layers = ("Convolution2D", "Convolution1D", "AveragePooling2D") * 3
    old = [random_layer(layer, rng) for layer in layers]
    checks.keras1_to_keras2.judge(
        function,
        [case(*call) for call in old],
        words="names and values of random Keras 1 layers must become Keras 2's, all others stay",
    )
    checks.keras1_to_keras2.judge(
        function,
        [case(*names.keras1_to_keras2(*call)) for call in old],
        words="what is already written for Keras 2 must stay as it is",
    )
    checks.keras1_to_keras2.judge(
        function,
        both_names(rng),
        words="an old and its new name together must raise a ValueError that says which two",
    )
