"""Tables as Markdown, so that they can be read in a terminal and quoted in a page."""

from collections.abc import Sequence


def markdown(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; every column after the first is aligned to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def verdict(value: float, goal: float) -> str:
    """Return whether `value` is at most the goal."""
    return "met" if value <= goal else "missed"
