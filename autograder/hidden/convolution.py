"""Hidden tests of lesson 05, against torch in float64 and by property."""

import numpy as np
import torch

from autograder.hidden.kit import alike, require, seeded
from strided import checks
from strided.checks.core import Case, case

# ---------------------------------------------------------------- correlate_or_convolve


def torch_correlate_or_convolve(x: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both results by PyTorch: its conv2d of the kernel as it is, and of the kernel turned."""
    correlation, convolution = (
        torch_conv2d(x[None, None], kernel[None, None])[0, 0]
        for kernel in (weight, weight[::-1, ::-1].copy())
    )
    return correlation, convolution


@seeded
def correlate_or_convolve(function, rng: np.random.Generator) -> None:
    """Agreement with torch; impulse response; a turned kernel exchanges the two."""

    def call(kernel) -> Case:
        size = np.add(kernel, rng.integers(0, 5, 2))
        return case(rng.normal(size=size), rng.normal(size=kernel))

    checks.correlate_or_convolve.judge(
        function,
        [call((2, 3)), call((3, 2)), *(call(rng.integers(1, 5, 2)) for _ in range(8))],
        reference=torch_correlate_or_convolve,
        words="both results must be PyTorch's on random rectangular shapes",
    )
    weight, impulse = rng.normal(size=(2, 3)), np.zeros((3, 5))
    impulse[1, 2] = 1
    correlation, convolution = function(impulse, weight)
    require(
        alike(convolution, weight),
        "convolving a single 1 in the middle of an image must give back the kernel as it is",
    )
    require(
        alike(correlation, weight[::-1, ::-1]),
        "correlating a single 1 in the middle of an image must give the kernel, turned",
    )
    x = rng.normal(size=(4, 6))
    exchanged = function(x, weight[::-1, ::-1].copy())
    require(
        all(alike(*pair) for pair in zip(function(x, weight), exchanged[::-1], strict=True)),
        "turning the kernel beforehand must exchange the two results",
    )


# ---------------------------------------------------------------- weight_from_torch_formula


@seeded
def weight_from_torch_formula(function, rng: np.random.Generator) -> None:
    """Random shapes, then one whose axes are all equal, where only the values tell."""
    shapes = [rng.permutation([1, 2, 3, 4]) for _ in range(4)] + [(3, 3, 3, 3)]
    checks.weight_from_torch_formula.judge(
        function,
        [case(rng.normal(size=shape)) for shape in shapes],
        words="the printed w[s, t, l, k] must be your result's [k, l, t, s], on random shapes",
    )


# ---------------------------------------------------------------- conv2d


def torch_conv2d(x, weight, bias=None, stride=1, padding=0):
    """PyTorch's conv2d on NumPy arrays; integers count as float64."""
    x, weight = torch.from_numpy(x.astype(np.float64)), torch.from_numpy(weight)
    bias = None if bias is None else torch.from_numpy(bias)
    return torch.nn.functional.conv2d(x, weight, bias, stride, padding).numpy()


def random_call(rng: np.random.Generator) -> Case:
    """A random call of conv2d: rectangular everywhere, sizes that often do not divide."""
    batch, channels, kernels = rng.integers(1, 4, 3)
    kernel, padding = rng.integers(1, 4, 2), rng.integers(0, 3, 2)
    size = np.maximum(kernel - 2 * padding, 1) + rng.integers(0, 7, 2)
    return case(
        rng.normal(size=(batch, channels, *size)),
        rng.normal(size=(kernels, channels, *kernel)),
        rng.normal(size=kernels),
        stride=tuple(int(s) for s in rng.integers(1, 4, 2)),
        padding=tuple(int(p) for p in padding),
    )


@seeded
def conv2d(function, rng: np.random.Generator) -> None:
    """Agreement with torch; superposition; impulse; stride = dense, then keep; explicit padding."""
    x, weight, bias = rng.normal(size=(2, 3, 6, 5)), rng.normal(size=(2, 3, 2, 3)), np.ones(2)
    checks.conv2d.judge(
        function,
        [
            case(x, weight),
            case(rng.integers(-9, 10, (2, 3, 7, 6)), weight, rng.normal(size=2), stride=2),
            case(x, weight, rng.normal(size=2), padding=1),
            *(random_call(rng) for _ in range(12)),
        ],
        reference=torch_conv2d,
        words="it must agree with PyTorch's conv2d on random rectangular shapes",
    )
    settings = {"stride": (2, 1), "padding": (0, 1)}
    alone = [function(x[:, [c]], weight[:, [c]], **settings) for c in range(3)]
    require(
        alike(function(x, weight, **settings), sum(np.asarray(part) for part in alone)),
        "the output must be the sum of what each input channel gives alone",
    )
    impulse = np.zeros((1, 3, 3, 5))
    impulse[0, 1, 1, 2] = 1
    require(
        alike(function(impulse, weight)[0], weight[:, 1, ::-1, ::-1]),
        "a single 1 in input channel l must give, in output channel k, weight[k, l] turned",
    )
    dense, hop = (np.asarray(function(x, weight, bias, stride=s)) for s in (1, (3, 2)))
    require(
        alike(hop, dense[:, :, ::3, ::2]),
        "a stride must keep every stride-th row and column of what stride 1 gives",
    )
    around = np.pad(x, ((0, 0), (0, 0), (1, 1), (2, 2)))
    require(
        alike(function(x, weight, bias, padding=(1, 2)), function(around, weight, bias)),
        "padding must give what the image with zeros put around it gives",
    )
