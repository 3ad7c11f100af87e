"""Which outputs move when one input channel does, for seven kinds of layers."""

from __future__ import annotations

from strided.demos.panel import Choice, Control, Demo, Number, Steps, Switch
from strided.figures import Figure, channel_moved

KINDS = {
    "average pooling": "average",
    "SubSampling": "subsampling",
    "depthwise convolution": "depthwise",
    "1 × 1 convolution": "pointwise",
    "grouped convolution": "grouped",
    "LeNet-5's table": "table",
    "full convolution": "convolution",
}

CONTROLS: dict[str, Control] = {
    "kind": Choice("Layer", KINDS, "subsampling"),
    "channel": Number("Input channel", 0, 5),
    "revealed": Switch("Show what moves", True),
}

STEPS: Steps = (
    (
        {"revealed": False},
        "SubSampling, LeNet-5's S2. Input channel 0 changes. Which outputs change with it? Decide, then go on.",
    ),
    (
        {},
        "Output 0 and no other: every channel keeps to itself. 12 parameters, a gain and a bias "
        "for each of 6 maps.",
    ),
    (
        {"kind": "depthwise"},
        "A depthwise convolution wires channels in the same way. What it adds is a weight for "
        "each place in the window: 156 parameters.",
    ),
    (
        {"kind": "table"},
        "LeNet-5's C3 is neither one to one nor full: channel 0 reaches 10 of 16 outputs, by a "
        "table. 1,516 parameters.",
    ),
    (
        {"kind": "grouped"},
        "Two groups: channel 0 reaches the first 8 outputs and never the last 8. 1,216 parameters.",
    ),
    (
        {"kind": "pointwise"},
        "A 1 × 1 convolution sees one pixel, and every channel of it: all 16 outputs move, for 112 parameters. "
        "Who talks to whom has nothing to do with the window's size.",
    ),
    (
        {"kind": "convolution"},
        "A full convolution: all 16 move, each by a kernel of its own. 2,416 parameters, 900 more "
        "than by LeNet-5's table.",
    ),
)


def picture(kind: str, channel: int, revealed: bool) -> Figure:
    """Draw the connections; see `strided.figures.channel_moved`."""
    return channel_moved(kind, channel, revealed)


def mixing() -> Demo:
    """Show who talks to whom: choose an input channel, see which outputs move, count parameters."""
    return Demo(picture, CONTROLS, STEPS, "Mixing matrix")
