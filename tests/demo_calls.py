"""Every demo that there is, as a notebook calls it: the one list that the tests of demos share."""

import inspect

from strided import demos
from strided.demos.panel import Demo
from strided.demos.poll import POLLS

PLAIN = [
    name
    for name in demos.__all__
    if inspect.isfunction(getattr(demos, name)) and getattr(demos, name) is not demos.poll
]
"""The names of the demos that tell a story in steps."""

CALLS = [f"{name}()" for name in PLAIN] + [f'poll("{id}")' for id in POLLS]
"""Each demo's call, as in `demos.ruler()`, and each poll's."""


def made(call: str) -> Demo:
    """The demo that a call makes."""
    name, _, id = call.rstrip(")").partition("(")
    return getattr(demos, name)(*filter(None, [id.strip('"')]))
