"""Which input channels reach which output channels, and with how many parameters."""

from __future__ import annotations

from strided.figures.grid import STROKES, Grid
from strided.figures.layout import column, flow, label, titled
from strided.figures.settings import integer, pair
from strided.figures.svg import Canvas, Figure

NAMES = {
    "average": "Average pooling",
    "subsampling": "SubSampling",
    "depthwise": "Depthwise convolution",
    "convolution": "Convolution",
}


def channel_wiring(
    kind: str | tuple[str, ...] = ("average", "subsampling", "convolution"),
    channels: int = 3,
    out_channels: int | None = None,
    kernel_size: int | tuple[int, int] = (2, 3),
) -> Figure:
    """Draw which output channels each input channel reaches, and count the parameters.

    Args:
        kind: one of "average", "subsampling", "depthwise", "convolution", or several of them.
        channels: input channels, at most 8.
        out_channels: output channels of the convolution, at most 8; as many as go in when absent.
            The other kinds have as many outputs as inputs.
        kernel_size: window, an int or (height, width).

    Raises:
        TypeError: a setting is not an integer.
        ValueError: an unknown kind, or a setting out of range.
    """
    kinds = (kind,) if isinstance(kind, str) else tuple(kind)
    if not kinds or any(name not in NAMES for name in kinds):
        raise ValueError(f"kind must be one of {tuple(NAMES)}, or several of them, got {kind!r}")
    inputs = integer(channels, "channels", 1, 8)
    outputs = inputs if out_channels is None else integer(out_channels, "out_channels", 1, 8)
    kh, kw = pair(kernel_size, "kernel_size", 1)
    panels, words = [], []
    for name in kinds:
        full = name == "convolution"
        n = outputs if full else inputs
        wires = [(c, k) for c in range(inputs) for k in range(n) if full or c == k]
        each, after, count = {
            "average": (f"× 1/{kh * kw}, fixed", "nothing added", "0"),
            "subsampling": ("× one weight", "+ one bias", f"{inputs} + {inputs} = {2 * inputs}"),
            "depthwise": (
                f"its own {kh} × {kw} kernel",
                "+ one bias",
                f"{inputs}·{kh}·{kw} + {inputs} = {inputs * (kh * kw + 1)}",
            ),
            "convolution": (
                f"its own {kh} × {kw} kernel",
                "+ one bias",
                f"{n}·{inputs}·{kh}·{kw} + {n} = {n * (inputs * kh * kw + 1)}",
            ),
        }[name]
        notes = f"line: {each}\noutput: {after}\nparameters: {count}"
        drawn = column(
            [_wires(inputs, n, wires, weighted=name != "average"), label(notes, anchor="start")],
            gap=12,
        )
        panels.append(titled(NAMES[name], drawn, align="left"))
        reach = "every input reaches every output" if full else "input c reaches output c alone"
        words.append(
            f"{NAMES[name]}: {inputs} input channels, {n} output channels, "
            f"{len(wires)} lines; {reach}. "
            f"Each line: {each}; each output: {after}. Parameters: {count}."
        )
    return flow(panels, gap=36).figure(
        " ".join(words),
        f"A line from an input channel (left) to every output channel (right) "
        f"that it reaches; window {kh} × {kw}.",
    )


def _wires(inputs: int, outputs: int, wires: list[tuple[int, int]], weighted: bool) -> Canvas:
    canvas = Canvas()
    side, step, far = 28.0, 44.0, 150.0
    tall = max(inputs, outputs) * step
    first, last = (tall - inputs * step) / 2, (tall - outputs * step) / 2
    style = STROKES["weight"] if weighted else 'stroke="currentColor" stroke-width="1.3"'
    canvas.lines(
        [(side, first + c * step + side / 2, far, last + k * step + side / 2) for c, k in wires],
        style.replace(' rx="6"', ""),
    )
    for c in range(inputs):
        box = Grid((1, 1), cell=side)
        box.words([[str(c)]])
        canvas.place(box, 0, first + c * step)
    for k in range(outputs):
        box = Grid((1, 1), cell=side)
        box.fill((0, 0, 1, 1), "output")
        box.words([[str(k)]])
        box.outline((0, 0, 1, 1), "output")
        canvas.place(box, far, last + k * step)
    canvas.texts([(side / 2, -16, "in"), (far + side / 2, -16, "out")], size=12)
    return canvas
