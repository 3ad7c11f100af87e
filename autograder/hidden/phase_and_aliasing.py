"""Hidden tests of lesson 08, by property and against torch in float64."""

import numpy as np
import torch
from torch.nn import functional as F

from autograder.hidden.kit import alike, called, require, seeded, unequal_pair
from strided import checks, phase
from strided.checks.core import case


def stripes(height: int, width: int) -> np.ndarray:
    """Stripes one pixel wide, +1 in the even columns: one image of one channel."""
    return np.resize([1.0, -1.0], (1, 1, height, width))


# ---------------------------------------------------------------- polyphase_split and _merge


def one_by_one(x: np.ndarray, stride: tuple[int, int]) -> list[np.ndarray]:
    """polyphase_split by its definition: row by row, column by column."""
    rows, columns = (np.arange(n) % s for n, s in zip(x.shape[-2:], stride, strict=True))
    return [
        x[..., rows == p, :][..., columns == q] for p in range(stride[0]) for q in range(stride[1])
    ]


def images_and_strides(rng: np.random.Generator) -> list[tuple[np.ndarray, tuple[int, int]]]:
    """Images with 0 to 2 axes before height and width; sizes that divide, and that do not."""
    found = []
    for axes, over in ((0, (1, 1)), (1, (0, 1)), (2, (1, 2)), (2, (0, 0)), (1, (1, 0))):
        stride = unequal_pair(rng, 2, 4)
        size = [s * int(rng.integers(2, 4)) + extra for s, extra in zip(stride, over, strict=True)]
        found.append((rng.normal(size=(*rng.integers(2, 4, axes), *size)), stride))
    found.append((rng.normal(size=(2, 5, 4)), (1, 3)))
    return found


@seeded
def polyphase_split(function, rng: np.random.Generator) -> None:
    """Every pixel in the part of its phase; perfect reconstruction."""
    images = images_and_strides(rng)
    checks.polyphase_split.judge(
        function,
        [case(x, stride) for x, stride in images],
        reference=one_by_one,
        words="part p * stride_w + q must hold rows p, p + stride_h, ... and columns "
        "q, q + stride_w, ..., for any number of axes before them",
    )
    x, stride = images[2]
    merged = phase.polyphase_merge(list(function(x, stride)), stride)
    require(alike(merged, x), "interleaving your parts must give back the image exactly")


@seeded
def polyphase_merge(function, rng: np.random.Generator) -> None:
    """Perfect reconstruction, of fractions and of integers, whether or not the stride divides."""
    images = images_and_strides(rng)
    images.append((rng.integers(-99, 99, (2, 3, 7, 6)), (2, 4)))
    checks.polyphase_merge.judge(
        function,
        [case([np.array(p) for p in one_by_one(x, stride)], stride) for x, stride in images],
        words="it must give back exactly the image that the parts came from, whether or not the "
        "stride divides its size",
    )


# ---------------------------------------------------------------- conv2d_polyphase


def torch_strided(x: np.ndarray, weight: np.ndarray, stride: tuple[int, int]) -> np.ndarray:
    """PyTorch's conv2d at this stride; integers count as float64."""
    image = torch.from_numpy(x.astype(np.float64))
    return F.conv2d(image, torch.from_numpy(weight), stride=stride).numpy()


@seeded
def conv2d_polyphase(function, rng: np.random.Generator) -> None:
    """Agreement with torch's strided convolution; the noble identity; unread phases."""
    calls = [
        case(rng.normal(size=(2, 3, 7, 10)), rng.normal(size=(3, 3, 3, 2)), (2, 3)),
        case(rng.normal(size=(2, 2, 8, 7)), rng.normal(size=(3, 2, 4, 3)), (3, 2)),
        case(rng.integers(-9, 10, (2, 2, 6, 5)), rng.normal(size=(2, 2, 2, 3)), (2, 1)),
    ]
    for _ in range(8):
        batch, channels, kernels = (int(n) for n in rng.integers(1, 4, 3))
        kernel = rng.integers(1, 5, 2)
        size = kernel + rng.integers(0, 7, 2)
        calls.append(
            case(
                rng.normal(size=(batch, channels, *size)),
                rng.normal(size=(kernels, channels, *kernel)),
                tuple(int(s) for s in rng.integers(1, 4, 2)),
            )
        )
    checks.conv2d_polyphase.judge(
        function,
        calls,
        reference=torch_strided,
        words="it must agree with PyTorch's strided conv2d on random rectangular shapes",
    )
    x, small, stride = rng.normal(size=(1, 2, 9, 10)), rng.normal(size=(2, 2, 2, 3)), (3, 2)
    wide = np.zeros((2, 2, 4, 5))
    wide[:, :, ::3, ::2] = small
    kept = torch_strided(x[:, :, ::3, ::2].copy(), small, (1, 1))
    require(
        alike(called(function, x, wide, stride), kept),
        "a kernel with taps only at multiples of the stride must give what its taps, close "
        "together, give on the kept pixels (the noble identity)",
    )
    unread = x.copy()
    unread[:, :, 1::2, :] = 1e6
    unread[:, :, :, 1::2] = 1e6
    dot = rng.normal(size=(2, 2, 1, 1))
    require(
        alike(called(function, unread, dot, (2, 2)), called(function, x, dot, (2, 2))),
        "a 1 x 1 kernel at stride 2 must read one part only",
    )


# ---------------------------------------------------------------- blur_subsample


def torch_blur(x: np.ndarray, stride: tuple[int, int]) -> np.ndarray:
    """The binomial blur as PyTorch's depthwise convolution with circular padding."""
    image = F.pad(torch.from_numpy(x.astype(np.float64)), (1, 1, 1, 1), mode="circular")
    line = torch.tensor([1.0, 2.0, 1.0], dtype=torch.float64) / 4
    kernel = torch.outer(line, line).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(image, kernel, stride=stride, groups=x.shape[1]).numpy()


@seeded
def blur_subsample(function, rng: np.random.Generator) -> None:
    """Agreement with torch; no stripes; constants survive; shifts by the stride move along."""
    calls = [case(rng.normal(size=(2, 3, 5, 7)), unequal_pair(rng, 1, 3)) for _ in range(4)]
    calls.append(case(rng.normal(size=(2, 2, 7, 6)), (1, 2)))
    calls.append(case(rng.normal(size=(2, 2, 6, 9)), (2, 3)))
    calls.append(case(rng.integers(-9, 10, (2, 2, 6, 7)), (3, 2)))
    checks.blur_subsample.judge(
        function,
        calls,
        reference=torch_blur,
        words="it must agree with PyTorch's depthwise convolution of a circularly padded image "
        "with the binomial kernel, on random shapes and strides",
    )
    upright = stripes(6, 8)
    for shift in (0, 1):
        moved = np.roll(upright, shift, axis=-1)
        across = np.array(moved.swapaxes(2, 3))
        nothing = [called(function, image, (2, 2)) for image in (moved, across)]
        require(
            all(alike(got, np.zeros(got.shape)) for got in nothing),
            "of stripes one pixel wide, upright or across, nothing must be left",
        )
    flat = np.full((1, 2, 5, 6), 7.5)
    require(
        alike(called(function, flat, (2, 3)), np.full((1, 2, 3, 2), 7.5)),
        "an image that is 7.5 everywhere must stay 7.5",
    )
    x, (sh, sw) = rng.normal(size=(1, 2, 6, 12)), (2, 3)
    moved = called(function, np.roll(x, (sh, 2 * sw), axis=(-2, -1)), (sh, sw))
    require(
        alike(moved, np.roll(called(function, x, (sh, sw)), (1, 2), axis=(-2, -1))),
        "an image shifted by multiples of the stride must give the same numbers, shifted",
    )


# ---------------------------------------------------------------- shift_consistency


def torch_shift_consistency(f, x, shift, stride) -> float:
    """The same comparison with torch.roll."""
    along = [int(np.floor(p / s)) for p, s in zip(shift, stride, strict=True)]
    of_moved = f(torch.roll(torch.from_numpy(x), shift, (-2, -1)).numpy())
    moved = torch.roll(torch.from_numpy(np.array(f(x))), along, (-2, -1)).numpy()
    return float(np.abs(of_moved - moved).max())


@seeded
def shift_consistency(function, rng: np.random.Generator) -> None:
    """Any operator and any shift; 0 for multiples of the stride; the numbers of the stripes."""
    calls = []
    for axes, signs in ((0, (1, -1)), (1, (-1, 1)), (2, (-1, -1)), (2, (1, 1)), (1, (-1, -1))):
        stride = unequal_pair(rng, 2, 3)
        size = (12, 18) if rng.random() < 0.5 else (18, 12)
        table = rng.normal(size=(size[0] // stride[0], size[1] // stride[1]))

        def f(x, stride=stride, table=table):
            return phase.blur_subsample(x, stride) * table

        shift = tuple(
            sign * (s * int(rng.integers(0, 2)) + int(rng.integers(1, s)))
            for sign, s in zip(signs, stride, strict=True)
        )
        calls.append(case(f, rng.normal(size=(*rng.integers(2, 4, axes), *size)), shift, stride))
    checks.shift_consistency.judge(
        function,
        calls,
        reference=torch_shift_consistency,
        words="for any operator, it must give the largest absolute difference between f of the "
        "shifted image and f of the image, shifted by shift // stride",
    )
    x, (sh, sw) = rng.normal(size=(2, 12, 6)), unequal_pair(rng, 2, 3)

    def kept(image):
        return phase.keep_every(image, (sh, sw))

    require(
        alike(called(function, kept, x, (2 * sh, -sw), (sh, sw)), 0),
        "a shift by multiples of the stride must give 0 for an operator that only keeps pixels",
    )
    require(
        float(called(function, kept, x, (0, 1), (sh, sw))) > 1e-3,
        "a shift by one pixel must not give 0 for an operator that only keeps pixels",
    )
    for halve, expected in zip(phase.HALVINGS.values(), (2, 2 / 3, 0, 0), strict=True):
        require(
            alike(called(function, halve, stripes(4, 8), (0, 1), (2, 2)), expected),
            "stripes one pixel wide, moved by one pixel, must give 2 where every second is kept, "
            "2/3 for an average of 3, and 0 for an average of 2 or the binomial kernel",
        )
