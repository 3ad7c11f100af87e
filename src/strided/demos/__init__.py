"""The demos that an instructor shows: pictures made live, with controls.

In JupyterLab each line gives controls over a picture; on a page or a slide, steps to click through. Nothing here
needs ipywidgets before a demo is shown.
"""

from strided.demos.coverage import coverage
from strided.demos.divisors import divisors
from strided.demos.explore import explore
from strided.demos.hop_or_keep import hop_or_keep
from strided.demos.mixing import mixing
from strided.demos.one_pixel_shift import one_pixel_shift
from strided.demos.panel import Choice, Demo, Number, Switch
from strided.demos.poll import poll
from strided.demos.ruler import ruler

__all__ = [
    "Choice",
    "Demo",
    "Number",
    "Switch",
    "coverage",
    "divisors",
    "explore",
    "hop_or_keep",
    "mixing",
    "one_pixel_shift",
    "poll",
    "ruler",
]
