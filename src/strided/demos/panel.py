"""The frame of the live demos: a picture made from settings, its controls, and its story in steps.

A demo is a pure function from settings to a `Figure`. In a live notebook its settings have controls; everywhere
else (a page, slides, a notebook that is only read) it is a row of pictures to step through, in plain HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from strided.figures.svg import Figure, clean

if TYPE_CHECKING:
    from strided.demos.live import Live

Settings = dict[str, Any]
Steps = Sequence[tuple[Mapping[str, Any], str]]


@dataclass(frozen=True)
class Choice:
    """One of several values.

    label: what the control is called; options: the values, or a mapping from what is shown to the value;
    start: the value at first, the first option when absent.
    """

    label: str
    options: Sequence[Any] | Mapping[str, Any]
    start: Any = None

    @property
    def shown(self) -> list[tuple[str, Any]]:
        """What is shown for each value, and the value."""
        if isinstance(self.options, Mapping):
            return list(self.options.items())
        return [(str(value), value) for value in self.options]

    @property
    def first(self) -> Any:
        """The value at first."""
        return self.shown[0][1] if self.start is None else self.start

    def wrong(self, value: Any) -> str:
        """Say why `value` cannot be chosen; empty when it can."""
        values = [v for _, v in self.shown]
        return "" if value in values else f"must be one of {values}, got {value!r}"


@dataclass(frozen=True)
class Number:
    """A whole number between `least` and `most`, `start` at first (`least` when absent)."""

    label: str
    least: int
    most: int
    start: int | None = None

    @property
    def first(self) -> int:
        """The number at first."""
        return self.least if self.start is None else self.start

    def wrong(self, value: Any) -> str:
        """Say why `value` cannot be chosen; empty when it can."""
        whole = isinstance(value, int) and not isinstance(value, bool)
        if whole and self.least <= value <= self.most:
            return ""
        return f"must be a whole number from {self.least} to {self.most}, got {value!r}"


@dataclass(frozen=True)
class Switch:
    """Yes or no, `start` at first."""

    label: str
    start: bool = False

    @property
    def first(self) -> bool:
        """Whether it is on at first."""
        return self.start

    def wrong(self, value: Any) -> str:
        """Say why `value` cannot be chosen; empty when it can."""
        return "" if isinstance(value, bool) else f"must be True or False, got {value!r}"


Control = Choice | Number | Switch


@dataclass(frozen=True)
class Shown:
    """What stands in the picture's place: `html`, the result in one sentence, and all of it in words."""

    html: str
    said: str
    alt: str


@dataclass
class Demo:
    """A picture with controls: live in a notebook, steps to click through everywhere else.

    picture: from the settings, by keyword, to a figure; ValueError where they do not fit each other.
    controls: setting → control.
    steps: the story without controls: (settings that differ from the start, a sentence).
    title: what the demo is called.
    arrows: the two `Number`s, (down, right), that the arrow keys change on the picture.
    settle: brings settings that depend on others back into range, before the picture is drawn.
    idle: the settings that change nothing at these settings: their controls are greyed.

    An element of the picture with the attribute `data-set='{"row": 2}'` (see `Canvas.click`) makes these
    settings when it is clicked.
    """

    picture: Callable[..., Figure]
    controls: Mapping[str, Control]
    steps: Steps
    title: str
    arrows: tuple[str, str] | None = None
    settle: Callable[[Settings], Settings] = dict
    idle: Callable[[Settings], Collection[str]] = lambda settings: ()
    settings: Settings = field(init=False)
    _live: Live | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        self.settings = self.settle(self.start)

    @property
    def start(self) -> Settings:
        """The settings at first."""
        return {name: control.first for name, control in self.controls.items()}

    def set(self, **settings: Any) -> None:
        """Change settings of the demo, wherever it is shown.

        Raises:
            ValueError: there is no such setting, or its control does not have the value.
        """
        for name, value in settings.items():
            if name not in self.controls:
                raise ValueError(
                    f"there is no setting {name!r}: this demo has {list(self.controls)}"
                )
            if wrong := self.controls[name].wrong(value):
                raise ValueError(f"{name} {wrong}")
        self.settings = self.settle(self.settings | settings)
        if self._live:
            self._live.show()

    def move(self, down: int, right: int) -> None:
        """Do what the arrow keys do: a setting that would leave its range stays at its end."""
        changes = {}
        for name, by in zip(self.arrows or (), (down, right), strict=False):
            control = self.controls[name]
            if isinstance(control, Number):
                wanted = self.settings[name] + by
                changes[name] = min(max(wanted, control.least), control.most)
        self.set(**changes)

    def show(self, settings: Mapping[str, Any] | None = None) -> Shown:
        """What stands in the picture's place, by default at the present settings."""
        settings = self.settings if settings is None else self.settle(self.start | dict(settings))
        try:
            figure = self.picture(**settings)
        except ValueError as error:
            sentence = str(error)
            html = (
                '<p style="border-left:4px solid #D55E00;padding:0.5em 0.8em;margin:0.5em 0;max-width:56em">'
                f"{clean(sentence)}</p>"
            )
            return Shown(html, sentence, sentence)
        return Shown(figure.html, figure.result or _caption(figure.html), figure.alt)

    def stepper(self) -> str:
        """The steps as HTML: without a script the first is open, with it one is shown at a time.

        No `<section>` is among them: on slides that would be a slide.
        """
        parts, opened = [], ' open=""'
        for number, (settings, sentence) in enumerate(self.steps, start=1):
            parts.append(
                f"<details{opened * (number == 1)}><summary>{number}. {clean(sentence)}</summary>"
                f"{self.show(settings).html}</details>"
            )
        return (
            f'<div class="strided-steps" role="group" aria-label="{clean(self.title)}" '
            f'data-lm-suppress-shortcuts="true"><p><strong>{clean(self.title)}</strong></p>'
            f"{''.join(parts)}</div><script>{asset('stepper.js')}</script>"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        bundle = {"text/plain": f"{self.title}. {self.show().alt}", "text/html": self.stepper()}
        try:
            from strided.demos.live import Live
        except ImportError:
            return bundle
        self._live = self._live or Live(self)
        return bundle | self._live.bundle()


def asset(name: str) -> str:
    """The text of a file beside this module."""
    return files("strided.demos").joinpath(name).read_text(encoding="utf-8")


def _caption(html: str) -> str:
    """The words under a figure."""
    found = re.search(r"<figcaption[^>]*>(.*?)</figcaption>", html, re.DOTALL)
    return unescape(found[1]) if found else ""
