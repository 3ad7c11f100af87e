"""Which outputs hear which inputs, as matrices; LeNet-5's table; the nested sets of layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from strided import channels as wiring
from strided.figures.grid import FILLS, HATCH, STROKES, Grid, in_words, plain
from strided.figures.layout import column, flow, label, row, titled, wrap
from strided.figures.layout import table as table_of
from strided.figures.settings import integer, pair
from strided.figures.svg import Canvas, Figure

NAMES = {
    "average": ("One to one", "average pooling"),
    "subsampling": ("One to one", "SubSampling"),
    "depthwise": ("Depthwise", "a kernel each"),
    "grouped": ("Grouped", ""),
    "table": ("By a table", "some of them"),
    "pointwise": ("1 × 1", "one-pixel windows"),
    "convolution": ("Full", "every pair"),
}
ONE_TO_ONE = ("average", "subsampling", "depthwise")
SHOWN = ("subsampling", "depthwise", "grouped", "table", "pointwise", "convolution")
MOST = 12


def mixing_matrix(
    kind: str | Sequence[str] = SHOWN,
    channels: int = 4,
    out_channels: int | None = None,
    kernel_size: int | tuple[int, int] = (2, 3),
    groups: int = 2,
    table: wiring.Table | None = None,
) -> Figure:
    """Draw who is connected with whom, a row for each output, and count the parameters.

    Args:
        kind: one of `strided.channels.KINDS`, or several of them.
        channels: input channels, at most 12.
        out_channels: output channels of "grouped", "table", "pointwise" and "convolution", at most
            12; as many as go in when absent. The other kinds have as many outputs as inputs.
        kernel_size: window, an int or (height, width); "pointwise" has one pixel whatever is given.
        groups: of "grouped"; must divide both numbers of channels.
        table: of "table": for each output the inputs that it reads. When absent, output k reads
            inputs k and k + 1.

    Raises:
        TypeError: a setting is not an integer.
        ValueError: an unknown kind, a setting out of range, groups that do not divide, or a table
            that does not fit.
    """
    kinds = (kind,) if isinstance(kind, str) else tuple(kind)
    if not kinds or any(name not in wiring.KINDS for name in kinds):
        raise ValueError(f"kind must be one of {wiring.KINDS}, or several of them, got {kind!r}")
    inputs = integer(channels, "channels", 1, MOST)
    outputs = inputs if out_channels is None else integer(out_channels, "out_channels", 1, MOST)
    kernel = pair(kernel_size, "kernel_size", 1)
    parts = integer(groups, "groups", 1, MOST)
    if "grouped" in kinds and (inputs % parts or outputs % parts):
        raise ValueError(f"groups={parts} must divide {inputs} inputs and {outputs} outputs")
    if table is None:
        table = [sorted({k % inputs, (k + 1) % inputs}) for k in range(outputs)]
    if "table" in kinds:
        _check_table(table, inputs, outputs)
    tables: dict[str, wiring.Table] = {
        name: wiring.group_table(inputs, inputs, inputs) for name in ONE_TO_ONE
    }
    tables["pointwise"] = tables["convolution"] = wiring.group_table(inputs, outputs, 1)
    tables["table"] = table
    panels, words = [], []
    for name in kinds:
        reads = wiring.group_table(inputs, outputs, parts) if name == "grouped" else tables[name]
        connections = sum(len(line) for line in reads)
        count = _sum(name, reads, kernel)
        notes = f"connections: {connections}\nparameters: {count}"
        matrix = wiring.table_matrix(reads, inputs)
        title, note = NAMES[name]
        note = note or f"{parts} groups"
        drawn = column([_matrix(matrix, name != "average"), label(notes, anchor="start")], gap=12)
        panels.append(titled(title, drawn, note, align="left"))
        words.append(
            f"{title}, {note}: {len(reads)} outputs by {inputs} inputs, {connections} connections "
            f"({_rows_in_words(reads)}). Parameters: {count}."
        )
    return flow(panels, gap=40).figure(
        " ".join(words),
        "A row for each output channel, a column for each input channel; a dot where the output "
        f"reads the input. Window {kernel[0]} × {kernel[1]}; one bias for each output that learns.",
    )


def channel_moved(
    kind: str = "table",
    channel: int = 0,
    revealed: bool = True,
    groups: int = 2,
    kernel_size: int | tuple[int, int] = 5,
) -> Figure:
    """Draw which outputs move when one input channel does, and what every kind of layer learns.

    There are LeNet-5's 6 maps of S2; "grouped", "table", "pointwise" and "convolution" make the 16
    maps of C3 of them, the other kinds 6. In a live demo, a click on an input makes the setting
    `channel`, a click on a kind the setting `kind`.

    Args:
        kind: one of `strided.channels.KINDS`.
        channel: the input that moves, 0 to 5.
        revealed: draw the connections and count this kind's parameters; else there is only the
            question.
        groups: of "grouped": 1 or 2.
        kernel_size: window, an int or (height, width), for the counts of parameters.

    Raises:
        TypeError: a setting is not an integer.
        ValueError: an unknown kind, or a setting out of range.
    """
    if kind not in wiring.KINDS:
        raise ValueError(f"kind must be one of {wiring.KINDS}, got {kind!r}")
    channel = integer(channel, "channel", 0, 5)
    kernel = pair(kernel_size, "kernel_size", 1)
    tables: dict[str, wiring.Table] = {
        name: wiring.group_table(6, 6 if name in ONE_TO_ONE else 16, parts)
        for name, parts in {
            "average": 6,
            "subsampling": 6,
            "depthwise": 6,
            "grouped": integer(groups, "groups", 1, 2),
            "pointwise": 1,
            "convolution": 1,
        }.items()
    }
    tables["table"] = wiring.C3_TABLE
    named = LAYERS | {"grouped": f"Grouped, {groups} group{'s' if groups > 1 else ''}"}

    matrix = wiring.table_matrix(tables[kind], 6).T
    moved = np.flatnonzero(matrix[channel])
    drawn = _matrix(
        matrix if revealed else np.zeros_like(matrix),
        kind != "average",
        across="output channel",
        down="input channel",
    )
    outputs = matrix.shape[1]
    drawn.reserve(0, 0, 16 * drawn.wide, drawn.tall)  # what stands beside it never moves
    drawn.outline((channel, 0, 1, outputs), "window", inset=1.5)
    for k in moved if revealed else ():
        drawn.fill((7, int(k), 1, 1), "output")
        drawn.outline((7, int(k), 1, 1), "output", inset=2)
    marks = ["↕" if k in moved else "–" for k in range(outputs)] if revealed else ["?"] * outputs
    middle = 7.5 * drawn.tall
    drawn.texts([((k + 0.5) * drawn.wide, middle, mark) for k, mark in enumerate(marks)], size=15)
    drawn.text(-20, middle, "moves", size=12, anchor="end")
    for c in range(6):
        drawn.click(-18, c * drawn.tall, 18 + outputs * drawn.wide, drawn.tall, {"channel": c})

    sums = {name: _sum(name, reads, kernel) for name, reads in tables.items()}
    if not revealed:
        sums[kind] = "?"
    counts = {name: wiring.parameter_count(name, reads, kernel) for name, reads in tables.items()}
    order = ("average", "subsampling", "depthwise", "pointwise", "grouped", "table", "convolution")
    largest = max(counts.values())
    lines: list[list[Canvas]] = []
    for name in order:
        bar = Canvas()
        bar.rect(0, 0, 110, 14, 'fill="none"')
        long = 110 * counts[name] / largest
        role = "output" if name == kind else "second"
        if long and sums[name] != "?":
            bar.rect(0, 0, max(long, 1.5), 14, BARS[role])
        head = label(named[name], bold=name == kind, anchor="start")
        count = label(sums[name], bold=name == kind, anchor="start")
        for part, width in ((head, 170), (bar, 110), (count, 150)):
            part.click(part.left, part.top, width, max(part.height, 15), {"kind": name})
        lines.append([head, bar, count])

    told = (
        f"Input {channel} moves {_outputs(moved)}: {len(moved)} of {outputs}."
        if revealed
        else f"Input {channel} moves. Which of the {outputs} outputs move with it?"
    )
    picture = flow(
        [
            titled(named[kind], drawn, align="left"),
            titled("Parameters", table_of(lines, 14, 10), align="left"),
        ],
        gap=44,
        width=1100,
    )
    parameters = "; ".join(f"{named[name]}: {sums[name]}" for name in order)
    connected = f" {_rows_in_words(tables[kind])}." if revealed else ""
    size = "1 × 1" if kind == "pointwise" else f"{kernel[0]} × {kernel[1]}"
    learnt = f" Parameters: {sums[kind]}, with windows of {size}." if revealed else ""
    return picture.figure(
        f"{named[kind]}: 6 input channels, {outputs} output channels.{connected} {told} "
        f"Parameters with windows of {kernel[0]} × {kernel[1]}: {parameters}.",
        f"{told}{learnt}",
        told,
    )


LAYERS = {
    "average": "Average pooling",
    "subsampling": "SubSampling",
    "depthwise": "Depthwise convolution",
    "pointwise": "1 × 1 convolution",
    "table": "LeNet-5's table, C3",
    "convolution": "Full convolution",
}
BARS = {
    "output": f"{FILLS['output']} {STROKES['output']}",
    "second": 'fill="currentColor" fill-opacity=".3"',
}


def _outputs(moved: np.ndarray) -> str:
    """`output 3`, or `outputs 0, 4, 5`."""
    return f"output{'s' if len(moved) > 1 else ''} {', '.join(map(str, moved))}"


def connection_table(
    table: wiring.Table = wiring.C3_TABLE, kernel_size: int | tuple[int, int] = 5
) -> Figure:
    """Draw a table of connections lying down, a column for each output: LeNet-5's C3 by default.

    Args:
        table: for each output, the inputs that it reads; at most 24 outputs and 12 inputs.
        kernel_size: window, an int or (height, width), for the count of parameters.

    Raises:
        TypeError: a setting is not an integer.
        ValueError: a setting out of range, or a row of the table without an input.
    """
    kernel = pair(kernel_size, "kernel_size", 1)
    outputs = integer(len(table), "len(table)", 1, 24)
    inputs = 1 + max((int(c) for reads in table for c in reads), default=-1)
    inputs = integer(inputs, "number of input channels", 1, MOST)
    _check_table(table, inputs, outputs)
    matrix = wiring.table_matrix(table, inputs).T
    drawn = _matrix(matrix, True, across="output map", down="input map")
    reads = [str(len(line)) for line in table]
    drawn.texts(
        [((k + 0.5) * drawn.wide, (inputs + 0.5) * drawn.tall, n) for k, n in enumerate(reads)],
        size=12,
    )
    drawn.text(-9, (inputs + 0.5) * drawn.tall, "inputs read", size=12, anchor="end")
    by_table = _sum("table", table, kernel)
    full = _sum("convolution", wiring.group_table(inputs, outputs, 1), kernel)
    return drawn.figure(
        f"A table of {inputs} input maps by {outputs} output maps: {_rows_in_words(table)}. "
        f"Parameters: {by_table}; with every connection, {full}.",
        f"A dot where an output map (column) reads an input map (row): {sum(map(int, reads))} of "
        f"{inputs * outputs} possible connections. Parameters with kernels of {kernel[0]} × "
        f"{kernel[1]}: {by_table}. A full convolution would have {full}.",
    )


def nested_sets() -> Figure:
    """Draw the four nested sets of layers, each with a convolution that is in no smaller one.

    The layers have two channels, windows of 2 × 2, one and the same stride, and no padding.
    """
    reasons = {
        "average": ("Average pooling", "every place 1/4, nothing added"),
        "subsampling": ("SubSampling", "gains 3 and −1, and a bias: no average"),
        "depthwise": ("Depthwise convolution", "places of a kernel differ: no SubSampling"),
        "convolution": ("Convolution", "input 1 reaches output 0: not depthwise"),
    }
    inner: Canvas | None = None
    words = []
    for ring, (weight, bias) in wiring.witnesses().items():
        name, why = reasons[ring]
        notes = label(
            wrap(why, 136, 12) + f"\nbias {in_words(bias[None])}", size=12, anchor="start"
        )
        witness = column([_weight(weight), notes], gap=8)
        body = witness if inner is None else _bottoms([inner, witness], gap=22)
        inner = _ring(name, body)
        kernels = ", ".join(
            f"from input {c} to output {k} {in_words(weight[k, c])}"
            for k, c in np.ndindex(weight.shape[:2])
        )
        words.append(f"{name}: {why}. Kernels {kernels}; bias {in_words(bias[None])}.")
    assert inner is not None
    return inner.figure(
        "Four nested sets, from the inside out, with a convolution in each that is in no smaller "
        f"one. {' '.join(words)}",
        "Each box holds the boxes inside it. In every box stands a convolution of two channels that "
        "belongs there and in no smaller box: rows of kernels are outputs, columns are inputs. "
        "Hatched kernels are zero. All have one window and one stride; there is no padding, and "
        "sizes are rounded down.",
    )


def _bottoms(canvases: Sequence[Canvas], gap: float) -> Canvas:
    """Put canvases side by side, their lower ends at one height."""
    for child in canvases:
        child.axis = child.bottom
    return row(canvases, gap=gap)


def _ring(name: str, body: Canvas) -> Canvas:
    inside = column([label(name, bold=True, anchor="start"), body], gap=12)
    canvas = Canvas()
    edge = 14.0
    canvas.rect(
        0,
        0,
        inside.width + 2 * edge,
        inside.height + 2 * edge,
        'fill="currentColor" fill-opacity=".045" stroke="currentColor" stroke-opacity=".55" rx="12"',
    )
    canvas.place(inside, edge, edge)
    return canvas


def _weight(weight: np.ndarray) -> Canvas:
    """A block of kernels, rows for outputs and columns for inputs; zeros are hatched."""
    lines = []
    for k in range(len(weight)):
        kernels: list[Canvas] = []
        for c in range(weight.shape[1]):
            if weight[k, c].any():
                kernels.append(plain(weight[k, c], "weight", cell=34))
            else:
                empty = Grid(weight.shape[2:], cell=34)
                empty.hatch([empty.box((0, 0, *weight.shape[2:]))], HATCH)
                kernels.append(empty)
        lines.append(row(kernels, gap=8))
    return column(lines, gap=8)


def _matrix(matrix: np.ndarray, weighed: bool, across: str = "in", down: str = "out") -> Grid:
    grid = Grid(matrix.shape, cell=26)
    for r, c in np.argwhere(matrix):
        if weighed:
            grid.fill((int(r), int(c), 1, 1), "weight")
    grid.words([["●" if dot else "" for dot in line] for line in matrix])
    grid.indices()
    height = matrix.shape[0] * grid.tall
    grid.text(0, -26, across, size=12, anchor="start")
    grid.text(-20, height / 2, down, size=12, anchor="end")
    return grid


def _check_table(table: wiring.Table, inputs: int, outputs: int) -> None:
    if len(table) != outputs:
        raise ValueError(f"table has {len(table)} rows for {outputs} output channels")
    for k, reads in enumerate(table):
        if not len(reads) or not all(0 <= int(c) < inputs for c in reads):
            raise ValueError(
                f"table[{k}] must list some of the inputs 0 to {inputs - 1}, got {list(reads)}"
            )


def _sum(kind: str, table: wiring.Table, kernel: tuple[int, int]) -> str:
    """Write the count of parameters as the sum it is."""
    total, connections = wiring.parameter_count(kind, table, kernel), sum(map(len, table))
    if kind == "average":
        return "0"
    taps = "" if kind in ("subsampling", "pointwise") else f"·{kernel[0]}·{kernel[1]}"
    return f"{connections}{taps} + {len(table)} = {total:,}"


def _rows_in_words(table: wiring.Table) -> str:
    """Say which inputs each output reads."""
    rows = [", ".join(str(int(c)) for c in sorted(reads)) for reads in table]
    return "; ".join(f"output {k} reads {reads}" for k, reads in enumerate(rows))
