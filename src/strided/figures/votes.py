"""What a class voted, as bars; and, once revealed, what is right and what each wrong choice comes from."""

from __future__ import annotations

import string
from collections.abc import Sequence

from strided.figures.grid import FILLS, STROKES
from strided.figures.layout import PAGE_WIDTH, column, label, row, wrap
from strided.figures.settings import integer
from strided.figures.svg import Canvas, Figure

WIDE = 300.0
"""Of a bar that has every vote."""

RIGHT = f"{FILLS['output']} {STROKES['output']}"
PLAIN = 'fill="currentColor" fill-opacity=".3"'
EMPTY = 'fill="none" stroke="currentColor" stroke-opacity=".4"'


def votes(
    question: str,
    choices: Sequence[str],
    counts: Sequence[int],
    answer: str,
    ideas: Sequence[str],
    why: str,
    revealed: bool = False,
) -> Figure:
    """Draw a question, its choices, and how many hands went up for each of them.

    Args:
        question: what the class is asked.
        choices: two to six answers to choose from.
        counts: votes for each choice.
        answer: the right choice.
        ideas: what each choice comes from: the wrong idea behind a wrong one.
        why: the reason for the right one.
        revealed: show which choice is right, the ideas and the reason.

    Raises:
        TypeError: a count is not an integer.
        ValueError: too few or too many choices, not as many counts or ideas, a negative count, or
            an answer that is no choice.
    """
    if not 2 <= len(choices) <= 6 or not len(choices) == len(counts) == len(ideas):
        raise ValueError(
            f"there must be 2 to 6 choices, each with a count and an idea, got {len(choices)}, "
            f"{len(counts)} and {len(ideas)}"
        )
    if answer not in choices:
        raise ValueError(f"answer must be one of {tuple(choices)}, got {answer!r}")
    numbers = [integer(count, "counts", 0, 9999) for count in counts]
    total, most = sum(numbers), max(max(numbers), 1)
    lines: list[Canvas] = [label(wrap(question, PAGE_WIDTH - 40, 18), size=18, anchor="start")]
    words = []
    for letter, choice, count, idea in zip(
        string.ascii_uppercase, choices, numbers, ideas, strict=False
    ):
        right = revealed and choice == answer
        bar = Canvas()
        bar.rect(0, 0, WIDE, 26, EMPTY)
        if count:
            bar.rect(0, 0, WIDE * count / most, 26, RIGHT if right else PLAIN)
        text = wrap(f"✓ {choice}" if right else choice, 330, 16, bold=True)
        name = label(text, size=16, bold=right or not revealed, anchor="start")
        name.reserve(0, name.top, 336, name.height)
        box = Canvas()
        box.rect(0, 0, 26, 26, RIGHT if right else EMPTY)
        box.text(13, 13, letter, size=15, bold=True)
        lines.append(row([box, name, bar, label(str(count), size=16, bold=True)], gap=12))
        voted = f"{letter}, {choice}: {count} {'vote' if count == 1 else 'votes'}"
        if revealed:
            comes = label(wrap(idea, PAGE_WIDTH - 80, 13), anchor="start", faint=not right)
            shifted = Canvas()
            shifted.reserve(0, 0, 38 + comes.width, comes.height)
            shifted.place(comes, 38, 0)
            lines[-1] = column([lines[-1], shifted], gap=2)
            voted += f" ({'right' if right else 'wrong'}: {idea})"
        words.append(f"{voted}.")
    if revealed:
        letter = string.ascii_uppercase[list(choices).index(answer)]
        hit = numbers[list(choices).index(answer)]
        share = f" {hit} of {total} had it." if total else ""
        told = f"Right is {letter}: {answer}.{share}"
        caption = f"{told} {why}"
    else:
        told = f"{total} {'hand' if total == 1 else 'hands'} counted."
        caption = f"Commit to a choice, then raise your hand. {told}"
    return column(lines, gap=14).figure(f"{question} {' '.join(words)} {caption}", caption, told)
