"""The live form of a demo: ipywidgets' controls over one surface that takes keys and clicks.

Of ipywidgets' controls only those are used whose label a screen reader finds: the slider has none.
"""

from __future__ import annotations

from typing import Any

import anywidget
import ipywidgets
import traitlets

from strided.demos.panel import Choice, Control, Demo, Number, asset

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


class Surface(anywidget.AnyWidget):
    """Where the picture stands: sends clicks and arrow keys, says the result."""

    _esm = asset("surface.js")
    _css = asset("surface.css")
    title = traitlets.Unicode().tag(sync=True)
    moves = traitlets.Bool().tag(sync=True)
    html = traitlets.Unicode().tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)
    answered = traitlets.Unicode().tag(sync=True)


def _control(control: Control, value: Any) -> ipywidgets.DOMWidget:
    common = {"description": control.label, "style": {"description_width": "initial"}}
    if isinstance(control, Choice):
        widest = max(len(shown) for shown, _ in control.shown)
        layout = ipywidgets.Layout(width=f"{len(control.label) * 0.55 + widest * 0.6 + 4}em")
        return ipywidgets.Dropdown(options=control.shown, value=value, layout=layout, **common)
    if isinstance(control, Number):
        layout = ipywidgets.Layout(width=f"{len(control.label) * 0.55 + 5}em")
        return ipywidgets.BoundedIntText(
            value, min=control.least, max=control.most, layout=layout, **common
        )
    layout = ipywidgets.Layout(width="auto")
    return ipywidgets.Checkbox(value, indent=False, layout=layout, **common)


class Live:
    """The widgets of one demo, kept in step with its settings."""

    def __init__(self, demo: Demo):
        self.demo = demo
        self.controls = {
            name: _control(control, demo.settings[name]) for name, control in demo.controls.items()
        }
        self.surface = Surface(title=demo.title, moves=demo.arrows is not None)
        wrap = ipywidgets.Layout(flex_flow="row wrap", align_items="center", grid_gap="0 0.8em")
        row = ipywidgets.Box(list(self.controls.values()), layout=wrap)
        self.whole = ipywidgets.VBox([row, self.surface])
        self._showing = False
        self.show()
        for name, widget in self.controls.items():
            widget.observe(lambda change, name=name: self._changed(name, change.new), "value")
        self.surface.on_msg(self._asked)

    def bundle(self) -> dict[str, Any]:
        """What a notebook needs to show the widgets."""
        return {WIDGET_VIEW: self.whole._repr_mimebundle_()[WIDGET_VIEW]}

    def show(self) -> None:
        """Bring the picture, then the controls, up to the demo's settings."""
        shown = self.demo.show()
        with self.surface.hold_sync():
            self.surface.html, self.surface.said = shown.html, shown.said
        idle = self.demo.idle(self.demo.settings)
        self._showing = True
        for name, widget in self.controls.items():
            if isinstance(control := self.demo.controls[name], Number):
                widget.max = self._most(name, control)
            widget.value = self.demo.settings[name]
            widget.disabled = name in idle
        self._showing = False

    def _most(self, name: str, control: Number) -> int:
        """The largest number that can be chosen now, such as the last row of the outputs that there are.

        A box with this limit can say what it does to a larger number; `settle` would change it without a word.
        """
        return self.demo.settle(self.demo.settings | {name: control.most})[name]

    def _changed(self, name: str, value: Any) -> None:
        if not self._showing:
            self.demo.set(**{name: value})

    def _asked(self, surface: Surface, asked: dict[str, Any], buffers: object) -> None:
        """Do what a click or the arrow keys ask for, and say that it is done."""
        try:
            if "move" in asked:
                self.demo.move(*asked["move"])
            else:
                self.demo.set(**asked["set"])
        finally:
            self.surface.answered = asked["mark"]
