"""Figures for notebooks: inline SVG with words that say the same, in one visual language.

Every function takes plain settings and returns a `Figure`, which a notebook shows. The same
settings give the same bytes. Text takes the page's own colour, so that light and dark themes both
read well.
"""

from strided.figures.attempt import attempt
from strided.figures.cells import convolution_cell, flip, pooling_cell
from strided.figures.channels import channel_wiring
from strided.figures.coverage import coverage_map, coverage_rows, spread_back, sum_loss_test
from strided.figures.divisors import divisor_maps
from strided.figures.explorer import window_explorer
from strided.figures.grids import arrays, maps
from strided.figures.lenet import digit, lenet_s2
from strided.figures.mixing import channel_moved, connection_table, mixing_matrix, nested_sets
from strided.figures.porting import same_windows
from strided.figures.ruler import ruler, size_map
from strided.figures.stripes import (
    one_pixel_shift,
    polyphase_parts,
    stride_by_parts,
    stripes_halved,
)
from strided.figures.svg import Figure
from strided.figures.votes import votes
from strided.figures.windows import as_written_as_coded, hop_or_keep

__all__ = [
    "Figure",
    "arrays",
    "as_written_as_coded",
    "attempt",
    "channel_moved",
    "channel_wiring",
    "connection_table",
    "convolution_cell",
    "coverage_map",
    "coverage_rows",
    "digit",
    "divisor_maps",
    "flip",
    "hop_or_keep",
    "lenet_s2",
    "maps",
    "mixing_matrix",
    "nested_sets",
    "one_pixel_shift",
    "polyphase_parts",
    "pooling_cell",
    "ruler",
    "same_windows",
    "size_map",
    "spread_back",
    "stride_by_parts",
    "stripes_halved",
    "sum_loss_test",
    "window_explorer",
    "votes",
]
