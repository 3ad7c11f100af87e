"""Hidden tests of lesson 02: windows laid one by one, and torch."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch.nn import functional as F

from autograder.hidden.kit import seeded
from strided import checks
from strided.checks.core import Case, case
from strided.geometry import output_size as counted

# ---------------------------------------------------------------- windows, one by one


def starts(n: int, kernel: int, stride: int, padding: int = 0, dilation: int = 1) -> list[int]:
    """Where the windows stand that fit the padded image, found by trying."""
    reach = dilation * (kernel - 1) + 1
    return [at for at in range(-padding, n, stride) if at + reach <= n + padding]


def draw(rng: np.random.Generator, make: Callable, kind: Callable[..., bool]) -> tuple:
    """Draw random settings until some are of a kind."""
    while True:
        settings = make(rng)
        if kind(*settings):
            return settings


def _numbers(rng: np.random.Generator, *most: int) -> Iterator[int]:
    """One number from 1 to each of `most`."""
    return (int(rng.integers(1, m + 1)) for m in most)


# ---------------------------------------------------------------- output_size


def torch_size(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False) -> int:
    """How many outputs PyTorch returns: of a convolution, or of a pooling in ceil mode."""
    x = torch.zeros(1, 1, n)
    if ceil_mode:
        return F.max_pool1d(x, kernel, stride, padding, dilation, ceil_mode).shape[-1]
    return F.conv1d(x, x.new_zeros(1, 1, kernel), None, stride, padding, dilation).shape[-1]


def random_windows(rng: np.random.Generator) -> tuple:
    """Settings of windows that fit; padding as far as pooling takes it."""
    kernel, stride, dilation = _numbers(rng, 6, 6, 3)
    padding = int(rng.integers(0, kernel // 2 + 1))
    least = max(dilation * (kernel - 1) + 1 - 2 * padding, 1)
    n = least + int(rng.integers(0, 20))
    return n, kernel, stride, padding, dilation, bool(rng.integers(2))


def _left(n, kernel, stride, padding, dilation, ceil_mode) -> int:
    """What is left of the padded image after the last window that fits."""
    return (n + 2 * padding - dilation * (kernel - 1) - 1) % stride


def _lossy(*settings) -> bool:
    """Floor mode, and the stride leaves more than half a step over: nearest is not floor."""
    return not settings[-1] and 2 * _left(*settings) > settings[2]


def _overhanging(*settings) -> bool:
    """Ceil mode, and a last window overhangs."""
    return settings[-1] and counted(*settings) > counted(*settings[:-1])


def _exact(*settings) -> bool:
    """Floor mode at a larger step, and nothing is left over."""
    return not settings[-1] and settings[2] > 2 and not _left(*settings)


def _dropped(*settings) -> bool:
    """Ceil mode, and a last window that would start beyond the image is dropped."""
    return settings[-1] and _left(*settings) > 0 and not _overhanging(*settings)


def _dropped_unpadded(*settings) -> bool:
    return settings[3] == 0 and _dropped(*settings)


def _dropped_in_padding(*settings) -> bool:
    """The window that is dropped would start in the trailing padding, or right after it."""
    n, _, stride, padding, *_ = settings
    return _dropped(*settings) and counted(*settings) * stride < n + 2 * padding


def _starts_late(*settings) -> bool:
    """Ceil mode, padded, and the last window starts within the last pixels: it is kept."""
    n, _, stride, padding, *_ = settings
    return settings[-1] and (counted(*settings) - 1) * stride >= n > 0 < padding


def _padded(*settings) -> bool:
    """Floor mode, and each side's padding makes room for another window."""
    n, kernel, stride, padding, dilation, ceil_mode = settings
    reach = dilation * (kernel - 1) + 1
    if ceil_mode or not padding or reach > n:
        return False
    return len({(n + sides * padding - reach) // stride for sides in range(3)}) == 3


def _tight(*settings) -> bool:
    """The window is larger than the image, and padding makes it fit."""
    n, kernel, _, _, dilation, ceil_mode = settings
    return not ceil_mode and dilation * (kernel - 1) + 1 > n


def _dilated(*settings) -> bool:
    """Floor mode, and the gaps between taps cost windows."""
    n, kernel, stride, padding, dilation, ceil_mode = settings
    room = n + 2 * padding
    reaches = {kernel, dilation * (kernel - 1) + 1, dilation * kernel}
    return not ceil_mode and len({(room - reach) // stride for reach in reaches}) == 3


KINDS = (
    _lossy,
    _overhanging,
    _exact,
    _dropped_unpadded,
    _dropped_in_padding,
    _starts_late,
    _padded,
    _tight,
    _dilated,
)


@seeded
def output_size(function, rng: np.random.Generator) -> None:
    """Windows laid one by one; PyTorch; bad input."""
    plain = []
    for _ in range(8):
        kernel, stride = _numbers(rng, 5, 5)
        plain.append(case(kernel + int(rng.integers(0, 12)), kernel, stride))
    checks.output_size.judge(
        function,
        plain,
        reference=lambda *settings: len(starts(*settings)),
        words="without padding it must count the windows that fit, each laid by hand",
    )
    calls = [case(*draw(rng, random_windows, kind)) for kind in KINDS for _ in range(2)]
    calls += [case(int(n), 7, 2, padding=3) for n in rng.integers(100, 400, 2)]
    checks.output_size.judge(
        function,
        calls,
        reference=torch_size,
        words="it must count as many outputs as PyTorch returns, in both modes",
    )
    n, padding, stride = _numbers(rng, 9, 3, 4)
    large = n + 2 * padding + 1
    wrong = [(n, large, stride, padding), (n, large + stride, 1, padding), (n, 1, 0)]
    wrong.append((n, 2, stride, padding, large - 1))
    checks.output_size.judge(
        function,
        [Case(settings, raises=ValueError) for settings in wrong],
        words="a window that reaches over more than the padded image, and a stride of 0, must "
        "raise a ValueError",
    )


# ---------------------------------------------------------------- lost_border


def unread_at_the_end(n: int, kernel: int, stride: int, padding: int = 0) -> int:
    """Mark what each window reads, then count the unmarked pixels from the end."""
    read = np.zeros(n + 2 * padding + 1, bool)
    for at in starts(n, kernel, stride, padding):
        read[at + padding : at + padding + kernel] = True
    return int(np.argmax(read[padding : padding + n][::-1]))


def random_border(rng: np.random.Generator) -> tuple:
    """Windows that fit, with less padding than kernel."""
    kernel, stride = _numbers(rng, 6, 7)
    padding = int(rng.integers(0, kernel))
    n = max(kernel - 2 * padding, 1) + int(rng.integers(0, 24))
    return n, kernel, stride, padding


def _remainder(n, kernel, stride, padding) -> int:
    return (n + 2 * padding - kernel) % stride


BORDERS: tuple[Callable[..., bool], ...] = (
    lambda *s: _remainder(*s) > 2 * s[3] == 0,
    lambda *s: 0 < s[3] < _remainder(*s),
    lambda *s: 0 < _remainder(*s) < s[3],
    lambda *s: 0 < _remainder(*s) < s[2] - 1 and s[2] > s[1],
    lambda *s: _remainder(*s) == 0 and s[2] > s[1],
    lambda *s: True,
)


@seeded
def lost_border(function, rng: np.random.Generator) -> None:
    """Pixels marked window by window; what is lost can be cut off without a difference."""
    settings = [draw(rng, random_border, kind) for kind in BORDERS for _ in range(4)]
    checks.lost_border.judge(
        function,
        [case(*s) for s in settings],
        reference=unread_at_the_end,
        words="it must count the pixels at the end that stay unmarked when each window marks what "
        "it reads",
    )


# ---------------------------------------------------------------- input_sizes


def sizes_found(out: int, kernel: int, stride: int, padding: int = 0) -> range:
    """The sizes that give `out` windows, found by counting the windows of every size."""
    most = (out + 1) * stride + kernel + 1
    sizes = [n for n in range(1, most) if len(starts(n, kernel, stride, padding)) == out]
    return range(sizes[0], sizes[-1] + 1)


def random_outputs(rng: np.random.Generator) -> tuple:
    """A number of outputs, and windows with padding of less than half the kernel."""
    out, kernel, stride = _numbers(rng, 6, 7, 5)
    return out, kernel, stride, int(rng.integers(0, (kernel + 1) // 2))


@seeded
def input_sizes(function, rng: np.random.Generator) -> None:
    """Every size tried; and torch's transposed convolution, which must be told the size."""
    kinds: tuple[Callable[..., bool], ...] = (
        lambda out, kernel, stride, padding: padding > 0 and stride > 2 and kernel != stride,
        lambda out, kernel, stride, padding: padding == 0 and stride > 2,
        lambda out, kernel, stride, padding: True,
    )
    settings = [draw(rng, random_outputs, kind) for kind in kinds for _ in range(4)]
    checks.input_sizes.judge(
        function,
        [case(*s) for s in settings],
        reference=sizes_found,
        words="it must hold every size that gives so many windows, and no other",
    )


# ---------------------------------------------------------------- same_padding


def least_padding(n: int, kernel: int, stride: int) -> tuple[int, int]:
    """The least padding with which ceil(n / stride) windows fit, found by trying."""
    total = 0
    while len(starts(n + total, kernel, stride)) < len(range(0, n, stride)):
        total += 1
    return total // 2, (total + 1) // 2


def random_same(rng: np.random.Generator) -> tuple:
    """An image, a kernel and a stride."""
    return tuple(_numbers(rng, 20, 7, 5))


SAMES: tuple[Callable[..., bool], ...] = (
    lambda n, k, s: sum(least_padding(n, k, s)) % 2 == 1 and s > 1,
    lambda n, k, s: sum(least_padding(n, k, s)) in (2, 4) and s > 1,
    lambda n, k, s: (-(-n // s) - 1) * s + k < n,
    lambda n, k, s: n % s > 0 and k > s > 1,
    lambda n, k, s: s == 1 and k > 2,
)


@seeded
def same_padding(function, rng: np.random.Generator) -> None:
    """The least padding, found by trying; the odd pixel at the end."""
    settings = [draw(rng, random_same, kind) for kind in SAMES for _ in range(4)]
    checks.same_padding.judge(
        function,
        [case(*s) for s in settings],
        reference=least_padding,
        words="it must be the least padding with which ceil(n / stride) windows fit, the odd "
        "pixel at the end",
    )
