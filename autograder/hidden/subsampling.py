"""Hidden tests of lesson 04, against torch in float64 and by property."""

import numpy as np
import torch

from autograder.hidden.kit import seeded, unequal_pair
from strided import checks
from strided.checks.core import Case, case


def torch_subsample2d(x, weight, bias, kernel_size, stride=1):
    """SubSampling as what PyTorch has nearest: a depthwise convolution, constant in each kernel."""
    x, weight, bias = (torch.from_numpy(np.asarray(a, dtype=np.float64)) for a in (x, weight, bias))
    kernel = tuple(int(k) for k in np.broadcast_to(kernel_size, 2))
    step = tuple(int(s) for s in np.broadcast_to(stride, 2))
    channels = x.shape[1]
    kernels = weight.reshape(channels, 1, 1, 1).expand(channels, 1, *kernel)
    return torch.nn.functional.conv2d(x, kernels, bias, step, groups=channels).numpy()


Pair = tuple[int, int]


def _sizes(rng: np.random.Generator) -> tuple[Pair, Pair, Pair]:
    """Image, kernel and stride, each rectangular; on both axes pixels are left over at the end."""
    kernel = unequal_pair(rng, 2, 4)
    stride = unequal_pair(rng, 2, 4)
    rows, columns = (
        int(k + rng.integers(1, 3) * d + rng.integers(1, d))
        for k, d in zip(kernel, stride, strict=True)
    )
    return (rows, columns), kernel, stride


def _layer(rng: np.random.Generator, batch: int, channels: int, size: Pair):
    """Random x, weight and bias of a layer."""
    return (
        rng.normal(size=(batch, channels, *size)),
        rng.normal(size=channels),
        rng.normal(size=channels),
    )


@seeded
def subsample2d(function, rng: np.random.Generator) -> None:
    """What each argument does alone; then agreement with torch, whatever the sizes."""

    def holds(words: str, *calls: Case) -> None:
        checks.subsample2d.judge(function, calls, reference=torch_subsample2d, words=words)

    size, kernel, stride = _sizes(rng)
    x, weight, bias = _layer(rng, 2, 3, size)
    zero = np.zeros(3)
    holds(
        "where the weight is 0, every output is its channel's bias",
        case(x, zero, bias, kernel, stride=stride),
    )
    holds(
        "the output is linear in the weight: twice the weight and no bias, twice the output",
        case(x, weight, zero, kernel, stride=stride),
        case(x, 2 * weight, zero, kernel, stride=stride),
    )
    spot = np.zeros_like(x)
    at = tuple(int(rng.integers(0, k)) for k in kernel)
    spot[1, 2, at[0], at[1]] = 1
    holds(
        "one bright pixel adds its channel's weight to the windows that read it, and to no others",
        case(spot, weight, bias, kernel, stride=stride),
    )
    other = x.copy()
    other[:, 0] = rng.normal(size=(2, *size))
    order = [2, 0, 1]
    holds(
        "channels are independent: changing or reordering some leaves the others as they were",
        case(other, weight, bias, kernel, stride=stride),
        case(x[:, order], weight[order], bias[order], kernel, stride=stride),
    )
    holds(
        "an image that is shifted by one stride gives an output that is shifted by one",
        case(np.roll(x, stride, axis=(2, 3)), weight, bias, kernel, stride=stride),
    )
    holds(
        "without a stride the window moves by 1, and pairs are (height, width)",
        case(x, weight, bias, kernel),
        case(x, weight, bias, kernel, stride=(1, stride[1])),
        case(x, weight, bias, kernel, stride=(stride[0], 1)),
        case(x, weight, bias, int(max(kernel))),
    )
    holds(
        "an image of integers must give the same as that image in floats",
        case(rng.integers(-9, 10, size=x.shape), weight, bias, kernel, stride=stride),
    )
    holds("it must agree with PyTorch on random shapes", *(_anything(rng) for _ in range(12)))


def _anything(rng: np.random.Generator) -> Case:
    """Any call at all: kernels of one pixel, strides that leave gaps, a single window."""
    batch, channels = (int(n) for n in rng.integers(1, 4, 2))
    kh, kw, sh, sw = (int(n) for n in rng.integers(1, [4, 4, 5, 5]))
    size = kh + int(rng.integers(0, 6)), kw + int(rng.integers(0, 6))
    return case(*_layer(rng, batch, channels, size), (kh, kw), stride=(sh, sw))


@seeded
def average_as_subsampling(function, rng: np.random.Generator) -> None:
    """The two arrays for other numbers of channels and other windows."""
    kernels = [unequal_pair(rng, 2, 6) for _ in range(3)]
    checks.average_as_subsampling.judge(
        function,
        [case(int(rng.integers(2, 9)), kernel) for kernel in kernels]
        + [case(int(rng.integers(2, 9)), int(rng.integers(3, 7))), case(3, 1)],
        words="with your arrays SubSampling must be the average of any window in any channel",
    )


def layer_counts(function) -> bool:
    """The fourth layer beside the three that the visible check asks for."""
    checks.layer_counts.judge(
        function,
        [*map(case, ("S4", "C5", "S2", "C3")), Case(("S6",), raises=ValueError)],
        words="S4 is counted by S2's rule, and a layer that is none of the four is a ValueError",
    )
    return True
