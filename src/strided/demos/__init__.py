"""The demos that an instructor shows: pictures made live, with controls.

In JupyterLab each line gives controls over a picture; on a page or a slide, steps to click through. Nothing here
needs ipywidgets before a demo is shown.
"""

from strided.demos.panel import Choice, Demo, Number, Switch

__all__ = ["Choice", "Demo", "Number", "Switch"]
