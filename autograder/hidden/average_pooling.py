"""Hidden tests of lesson 03, by property and against torch in float64."""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from autograder.hidden.kit import alike, called, require, seeded
from strided import checks
from strided.checks.core import Case, case
from strided.geometry import output_size, pooling_divisors


@seeded
def torch_to_numpy_index(function, rng: np.random.Generator) -> None:
    """Random indices; and the pixels that the indices of a window name have torch's average."""
    checks.torch_to_numpy_index.judge(
        function,
        [case(*(int(n) for n in rng.permutation(np.arange(1, 10))[:7])) for _ in range(8)],
        words="on random indices it must name the pixel that the printed formula reads",
    )
    kH, kW, dH, dW = (int(n) for n in rng.permutation([1, 2, 3, 4]))
    x = rng.normal(size=(2, kH + 2 * dH, kW + dW))
    printed = np.zeros((2, 3, 2))  # width first and channel last, as the formula prints its output
    for i, j, k in np.ndindex(printed.shape):
        for s, t in np.ndindex(kW, kH):
            place = called(function, i + 1, j + 1, k + 1, s + 1, t + 1, dW, dH)
            printed[i, j, k] += x[_ints(place)] / (kW * kH)
    require(
        alike(printed.transpose(2, 1, 0), torch_avg_pool2d(x, (kH, kW), (dH, dW))),
        "the pixels that it names for the taps of a window must have PyTorch's average",
    )


# ---------------------------------------------------------------- random windows

Settings = dict
"""Keyword arguments of avg_pool2d, and `size`: the image's (height, width)."""


def random_settings(rng: np.random.Generator) -> Settings:
    """Settings that PyTorch accepts, on an image of at most 11 x 11."""
    kernel = rng.integers(1, 5, 2)
    stride = rng.integers(1, 6, 2)
    return {
        "size": _ints(kernel + rng.integers(0, 8, 2)),
        "kernel_size": _ints(kernel),
        "stride": _ints(kernel if rng.random() < 0.3 else stride),
        "padding": _ints(rng.integers(0, kernel // 2 + 1)),
        "ceil_mode": bool(rng.integers(2)),
        "count_include_pad": bool(rng.integers(2)),
    }


def _ints(numbers) -> tuple[int, ...]:
    return tuple(int(n) for n in numbers)


def _axes(settings: Settings) -> Iterator[tuple[int, int, int, int]]:
    """Size, kernel, stride and padding of either axis."""
    yield from zip(
        *(settings[n] for n in ("size", "kernel_size", "stride", "padding")), strict=True
    )


def _uneven(settings: Settings) -> bool:
    """Whether nothing is square, so that no two axes can be mistaken for each other."""
    rows, columns = _axes(settings)
    distinct = all(a != b for a, b in zip(rows, columns, strict=True))
    return distinct and min(_divisors(settings).shape) > 1


def _default_step(settings: Settings) -> bool:
    """Whether the kernel's step is a step of its own: windows are neither square nor few."""
    (kh, kw), stride = settings["kernel_size"], settings["stride"]
    return stride == (kh, kw) and kh != kw and _divisors(settings).size > 4


def _lossy(settings: Settings) -> bool:
    """Whether the sizes do not divide, and rounding down loses a row or a column."""
    if settings["ceil_mode"]:
        return False
    return any(
        output_size(n, k, d, p) != output_size(n, k, d, p, ceil_mode=True)
        for n, k, d, p in _axes(settings)
    )


def _overhanging(settings: Settings) -> bool:
    """Whether padding counts, and a window reaches beyond it."""
    counted = settings["ceil_mode"] and settings["count_include_pad"] and any(settings["padding"])
    return counted and np.unique(_divisors(settings)).size > 1


def _left_out(settings: Settings) -> bool:
    """Whether padding does not count, and a window has some."""
    return not settings["count_include_pad"] and any(settings["padding"])


def _dropped_in_padding(settings: Settings) -> bool:
    """Whether the last window would read nothing but the trailing padding, and is dropped."""
    return settings["ceil_mode"] and any(
        output_size(n, k, d, p, ceil_mode=True) < output_size(n + 2 * p, k, d, ceil_mode=True)
        for n, k, d, p in _axes(settings)
    )


def _dropped_unpadded(settings: Settings) -> bool:
    """Whether the last window would start beyond an image without padding, and is dropped."""
    if not settings["ceil_mode"] or any(settings["padding"]):
        return False
    return any(
        output_size(n, k, d, ceil_mode=True) < output_size(n, k, d, ceil_mode=True, guard="padded")
        for n, k, d, _ in _axes(settings)
    )


KINDS: tuple[Callable[[Settings], bool], ...] = (
    _uneven,
    _default_step,
    _lossy,
    _overhanging,
    _left_out,
    _dropped_in_padding,
    _dropped_unpadded,
)


def draw(rng: np.random.Generator, kind: Callable[[Settings], bool]) -> Settings:
    """Draw random settings until some are of a kind."""
    while True:
        settings = random_settings(rng)
        if kind(settings):
            return settings


def of_every_kind(rng: np.random.Generator) -> Iterator[Settings]:
    """Two random settings of each kind, so that no run misses a trap by chance."""
    for kind in KINDS * 2:
        yield draw(rng, kind)


def _divisors(settings: Settings) -> np.ndarray:
    return pooling_divisors(*settings["size"], *list(settings.values())[1:])


# ---------------------------------------------------------------- the divisors


def torch_divisors(height, width, *settings) -> np.ndarray:
    """What PyTorch divides by, told from how it pools ones: a window's pixels by their mean."""
    *windows, include = settings
    ones = np.ones((1, height, width))
    pixels = torch_avg_pool2d(ones, *windows, False, 1)[0]
    return pixels / torch_avg_pool2d(ones, *windows, include)[0]


@seeded
def divisor_map(function, rng: np.random.Generator) -> None:
    """Whole windows; agreement with torch."""
    whole = []
    for _ in range(3):
        kernel, stride, more = rng.integers(1, 5, (3, 2))
        size = _ints(kernel + stride * more)
        whole.append(case(*size, _ints(kernel), _ints(stride), (0, 0), False, True))
    checks.divisor_map.judge(
        function, whole, words="where every window lies in the image, every divisor is kH * kW"
    )
    calls = [case(*s.pop("size"), *s.values()) for s in of_every_kind(rng)]
    checks.divisor_map.judge(
        function,
        calls,
        reference=torch_divisors,
        words="on random windows, paddings and modes it must give what PyTorch divides by",
    )


# ---------------------------------------------------------------- average pooling


def torch_avg_pool2d(x, *args, **kwargs) -> np.ndarray:
    """PyTorch's avg_pool2d on a NumPy array, in float64."""
    x = torch.from_numpy(np.asarray(x, dtype=np.float64))
    return torch.nn.functional.avg_pool2d(x, *args, **kwargs).numpy()


def random_image(rng: np.random.Generator, size) -> np.ndarray:
    """Two images of two channels: small whole numbers, zeros among them."""
    return rng.integers(-4, 5, (2, 2, *size)).astype(float)


def pooling_case(rng: np.random.Generator, settings: Settings) -> Case:
    """A call of avg_pool2d on a random image; a stride that is the kernel's is not mentioned."""
    x = random_image(rng, settings.pop("size"))
    if settings["stride"] == settings["kernel_size"]:
        del settings["stride"]
    return Case((x, settings.pop("kernel_size")), settings)


@seeded
def avg_pool2d(function, rng: np.random.Generator) -> None:
    """Purity; constants; bounds; the two divisors' ratio; agreement with torch."""
    settings = draw(rng, _left_out)
    x = random_image(rng, settings.pop("size"))
    given = x.copy()
    kernel_size = settings.pop("kernel_size")
    out = called(function, x, kernel_size, **settings)
    require(alike(x, given), "it must leave its input as it was")
    flat = np.full_like(x, 7.0)
    require(
        np.allclose(called(function, flat, kernel_size, **settings), 7),
        "a constant image must stay constant where padding is not counted",
    )
    require(
        bool(out.size and (x.min() <= out + 1e-4).all() and (out <= x.max() + 1e-4).all()),
        "an average must lie between the image's smallest and its largest pixel",
    )
    counted = settings | {"count_include_pad": True}
    above, below = (
        called(function, image, kernel_size, **counted) for image in (x, np.ones_like(x))
    )
    with np.errstate(all="ignore"):
        require(
            above.shape == below.shape and alike(out, above / below),
            "padding left out must equal padding counted, divided by the same average of ones",
        )
    calls = [pooling_case(rng, settings) for settings in of_every_kind(rng)]
    whole = random_image(rng, (5, 7)).astype(int)
    checks.avg_pool2d.judge(
        function,
        [*calls, case(whole, (3, 2))],
        reference=torch_avg_pool2d,
        words="it must agree with PyTorch on random images, windows, paddings and modes",
    )
