"""The three index formulas as lines of text, with one output's indices filled in.

As printed in Torch7's documentation (torch/nn, doc/convolution.md) they count from 1, put the width first and the
channel last, and know no padding; the parenthesis too many is left out here. As coded they count from 0, channel,
height, width.
"""

from __future__ import annotations

from dataclasses import dataclass

from strided.figures.grid import Box
from strided.figures.svg import equals
from strided.geometry import clip

INDENT = "\u2003\u2003"

_SUMS = {
    # operator → (factor in the printed form, in the coded form, channel of the input)
    "average": ("1/(kW·kH) · Σs Σt", "1/(kH·kW) · Σt Σs", "k"),
    "subsampling": ("bias[k] + weight[k] · Σs Σt", "bias[k] + weight[k] · Σt Σs", "k"),
    "convolution": (
        "bias[k] + Σl Σs Σt weight[s][t][l][k]",
        "bias[k] + Σl Σt Σs weight[k, l, t, s]",
        "l",
    ),
}


@dataclass(frozen=True)
class Placement:
    """The windows of one operator over one image, every pair (height, width).

    size: the image; kernel, stride, padding; outputs: how many windows.
    """

    size: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    outputs: tuple[int, int]

    @property
    def overhang(self) -> tuple[int, int]:
        """By how many cells the last windows overhang the padding: in ceil mode only."""
        axes = zip(self.outputs, self.stride, self.kernel, self.size, self.padding, strict=True)
        down, right = (max(0, (o - 1) * d + k - n - 2 * p) for o, d, k, n, p in axes)
        return down, right

    def box(self, y: int, x: int) -> Box:
        """(row, column, rows, columns) of the window of output (y, x), in cells of the image."""
        (dh, dw), (ph, pw) = self.stride, self.padding
        return y * dh - ph, x * dw - pw, *self.kernel

    def inside(self, y: int, x: int) -> tuple[slice, slice]:
        """The rows and columns of the image that the window of output (y, x) reads."""
        top, left, kh, kw = self.box(y, x)
        rows = slice(*clip(top, top + kh, self.size[0]))
        return rows, slice(*clip(left, left + kw, self.size[1]))


def printed(
    operator: str, windows: Placement, channels: int, at: tuple[int, int, int]
) -> list[str]:
    """The printed formula, the same with the indices of output `at` (from 0), and what it reads."""
    (kh, kw), (dh, dw), (ph, pw) = windows.kernel, windows.stride, windows.padding
    factor, _, c = _SUMS[operator]
    k, j, i = (index + 1 for index in at)
    channel = str(k) if c == "k" else c
    padw, padh = ("−padW" if pw else ""), ("−padH" if ph else "")
    top, left, _, _ = windows.box(*at[1:])
    taps = f"s = 1..{kw}, t = 1..{kh}" + (f", l = 1..{channels}" if c == "l" else "")
    read = f"{_span(left + 1, kw)}][{_span(top + 1, kh)}"
    last = _span(1, channels) if c == "l" else str(k)
    return [
        f"output[i][j][k] = {factor}",
        f"{INDENT}input[dW·(i−1)+s{padw}][dH·(j−1)+t{padh}][{c}]",
        f"output[{i}][{j}][{k}] = {factor.replace('k]', f'{k}]')}".replace("kW·kH", f"{kw}·{kh}"),
        f"{INDENT}input[{dw}·({i}−1)+s{_minus(pw)}][{dh}·({j}−1)+t{_minus(ph)}][{channel}]",
        f"{taps}: input[{read}][{last}]",
    ]


def coded(operator: str, windows: Placement, channels: int, at: tuple[int, int, int]) -> list[str]:
    """The formula as it is coded, the same with the indices of output `at`, and what it reads."""
    (kh, kw), (dh, dw), (ph, pw) = windows.kernel, windows.stride, windows.padding
    _, factor, c = _SUMS[operator]
    k, y, x = at
    channel = str(k) if c == "k" else c
    padw, padh = ("−padW" if pw else ""), ("−padH" if ph else "")
    top, left, _, _ = windows.box(y, x)
    taps = f"t = 0..{kh - 1}, s = 0..{kw - 1}" + (f", l = 0..{channels - 1}" if c == "l" else "")
    first = _span(0, channels) if c == "l" else str(k)
    return [
        f"out[k, y, x] = {factor}",
        f"{INDENT}input[{c}, dH·y+t{padh}, dW·x+s{padw}]",
        f"out[{k}, {y}, {x}] = " + factor.replace("[k", f"[{k}").replace("kH·kW", f"{kh}·{kw}"),
        f"{INDENT}input[{channel}, {dh}·{y}+t{_minus(ph)}, {dw}·{x}+s{_minus(pw)}]",
        f"{taps}: input[{first}, {_span(top, kh)}, {_span(left, kw)}]",
    ]


def numpy(
    operator: str, windows: Placement, at: tuple[int, int, int], divisor: int, result: float
) -> str:
    """The line of NumPy that computes output `at`; `padded` is the image with its padding."""
    k, y, x = at
    (kh, kw), (dh, dw) = windows.kernel, windows.stride
    name = "padded" if any(windows.padding) else "x"
    window = f"{dh * y}:{dh * y + kh}, {dw * x}:{dw * x + kw}"
    if operator == "convolution":
        line = f"({name}[:, {window}] * weight[{k}]).sum() + bias[{k}]"
    elif operator == "subsampling":
        line = f"{name}[{k}, {window}].sum() * weight[{k}] + bias[{k}]"
    else:
        line = f"{name}[{k}, {window}].sum() / {divisor}"
    return f"{line} {equals(result)}"


def _span(first: int, count: int) -> str:
    """`3..5`, or `3` where there is one."""
    last = first + count - 1
    text = str(first) if count == 1 else f"{first}..{last}"
    return text.replace("-", "−")


def _minus(pad: int) -> str:
    return f"−{pad}" if pad else ""
