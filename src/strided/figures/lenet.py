"""LeNet-5's second layer on a digit, and the digit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from strided.figures.grids import pixel_map, scale_bar
from strided.figures.layout import column, label, row, table, titled
from strided.figures.settings import integer, numeric
from strided.figures.svg import Figure, short

# A two, as a pen draws it: (row, column) from the upper left corner, 0 to 1.
STROKE = np.array(
    [
        [0.31, 0.30],
        [0.22, 0.37],
        [0.18, 0.48],
        [0.20, 0.60],
        [0.29, 0.67],
        [0.40, 0.65],
        [0.52, 0.56],
        [0.64, 0.45],
        [0.74, 0.34],
        [0.79, 0.29],
        [0.78, 0.38],
        [0.77, 0.50],
        [0.79, 0.62],
        [0.77, 0.74],
    ]
)


def digit(size: int = 28) -> np.ndarray:
    """Draw a handwritten two: ink 1, paper 0, soft edges in between.

    Args:
        size: rows and columns, from 8 to 128.

    Returns:
        float64 of shape (size, size), in steps of 1/255 from 0 to 1; the same at every call.
    """
    n = integer(size, "size", 8, 128)
    centres = (np.arange(n) + 0.5) / n
    points = np.stack(np.meshgrid(centres, centres, indexing="ij"), axis=-1)[:, :, None]
    start, step = STROKE[:-1], np.diff(STROKE, axis=0)
    along = np.clip(((points - start) * step).sum(-1) / (step**2).sum(-1), 0, 1)
    away = np.sqrt((((points - start) - along[..., None] * step) ** 2).sum(-1)).min(-1)
    return np.rint(255 * np.clip((0.062 - away) / 0.04, 0, 1)) / 255


def lenet_s2(
    gains: Sequence[float] = (0.1, 0.5, 2.0),
    biases: Sequence[float] = (-1.5, 0.0, 1.5),
) -> Figure:
    """Draw LeNet-5's S2 on a digit while its gain and its bias move.

    Every 2 x 2 window is summed, times the gain, plus the bias, and squashed by 1.7159 tanh(2/3 a)
    (LeCun, Bottou, Bengio, Haffner 1998, section II and appendix A).

    Args:
        gains: one to four numbers: a column each.
        biases: one to four numbers: a row each.

    Raises:
        ValueError: none or more than four numbers, or one that is not finite.
    """
    columns, rows = _few(gains, "gains"), _few(biases, "biases")
    image = digit()
    sums = image.reshape(14, 2, 14, 2).sum(axis=(1, 3))
    top = 1.7159
    lines = [
        [
            label(f"bias {short(b)}", size=13, bold=True),
            *(
                titled(
                    f"gain {short(g)}" if i == 0 else "",
                    pixel_map(squashed(sums, g, b), -top, top, 6, True),
                )
                for g in columns
            ),
        ]
        for i, b in enumerate(rows)
    ]
    given = column(
        [
            titled("digit", pixel_map(image, 0, 1, 5, False), "28 × 28"),
            label("↓  sums of 2 × 2", size=12),
            titled("", pixel_map(sums, 0, 4, 6, False), ""),
            label("14 × 14", size=12, faint=True),
        ],
        gap=6,
        align="centre",
    )
    results = column([table(lines, 14, 12), scale_bar(-top, top, True)], gap=12)
    words = []
    for b in rows:
        for g in columns:
            out = squashed(sums, g, b)
            flat = 100 * float((np.abs(out) > 0.9 * top).mean())
            words.append(
                f"Gain {short(g)}, bias {short(b)}: from {short(out.min())} to {short(out.max())}, "
                f"{short(round(flat))} % saturated."
            )
    rule = "sum of 2 × 2, times gain, plus bias, squashed by 1.7159·tanh(⅔·a)"
    return row([given, results], gap=40).figure(
        f"LeNet-5's layer S2 on a handwritten two ({rule}), "
        f"{len(columns)} gains by {len(rows)} biases. "
        f"Saturated: beyond 90 % of ±1.7159. {' '.join(words)}",
        f"LeNet-5's S2: {rule}. A small gain keeps the layer nearly linear, "
        "a large one turns it into a "
        "switch, and the bias says where it switches. Dark blue −1.72, grey 0, light yellow 1.72.",
    )


def squashed(sums: np.ndarray, gain: float, bias: float) -> np.ndarray:
    """Return LeNet-5's squashing of gain times sum plus bias."""
    return 1.7159 * np.tanh(2 / 3 * (gain * sums + bias))


def _few(values: Any, name: str) -> list[float]:
    numbers = numeric(values, name, (1,))
    if numbers.size > 4 or not np.isfinite(numbers).all():
        raise ValueError(f"{name} must be one to four finite numbers, got {values!r}")
    return [float(v) for v in numbers]
