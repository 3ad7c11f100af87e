"""Figures for notebooks: inline SVG with words that say the same, in one visual language.

Every function takes plain settings and returns a `Figure`, which a notebook shows. The same
settings give the same bytes. Text takes the page's own colour, so that light and dark themes both
read well.
"""

from strided.figures.cells import convolution_cell, flip, pooling_cell
from strided.figures.channels import channel_wiring
from strided.figures.divisors import divisor_maps
from strided.figures.grids import arrays, maps
from strided.figures.lenet import digit, lenet_s2
from strided.figures.svg import Figure
from strided.figures.windows import as_written_as_coded, hop_or_keep

__all__ = [
    "Figure",
    "arrays",
    "as_written_as_coded",
    "channel_wiring",
    "convolution_cell",
    "digit",
    "divisor_maps",
    "flip",
    "hop_or_keep",
    "lenet_s2",
    "maps",
    "pooling_cell",
]
