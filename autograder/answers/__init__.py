"""Answers as students write them, as text: right ones in many styles, and some wrong ones.

One py:percent file a lesson. A cell's title names its exercise and its style, as in `# %% conv2d loops`;
a style `slip:ID` is a wrong answer that makes the slip ID. The sample class is made of these, and the
tests hand every one of them to the checks.
"""

import re
from functools import cache
from pathlib import Path

from strided import manifest


@cache
def answers(lesson: str) -> dict[tuple[str, str], str]:
    """The answers of a lesson: source text by (exercise, style)."""
    path = Path(__file__).parent / f"{manifest.lessons()[lesson].module}.py"
    cells = re.split(r"^# %% (\w+) (\S+)\n", path.read_text(encoding="utf-8"), flags=re.M)[1:]
    return {
        (exercise, style): source.strip() + "\n"
        for exercise, style, source in zip(cells[::3], cells[1::3], cells[2::3], strict=True)
    }
