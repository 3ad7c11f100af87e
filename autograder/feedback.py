"""The page a student gets back: points, what was wrong and why, and their own answer.

It is built from the verdicts alone. No test's code is on it, and of what the student's code showed only
text and checked pictures are. It needs no network, and its own policy allows it none.
"""

from collections.abc import Mapping
from functools import cache
from html import escape
from types import MappingProxyType
from typing import Any, NamedTuple

import jinja2
import nbformat
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder import clock
from autograder.harmless import picture, plain, typed, without_seed
from autograder.notebooks import cells_by_id, grade_id, released, verdict_of
from strided import manifest

MEANING = {
    "passed": "right",
    "failed": "not right yet",
    "partial": "partly right",
    "blank": "not answered",
    "error": "stopped with an error",
    "timeout": "took too long",
    "memory": "took too much memory",
    "killed": "ended its own process",
    "invalid": "could not be read",
    "missing": "not handed in",
}
TEXT_LIMIT = 4000  # characters of one text that a cell showed
ANSWER_LIMIT = 20_000  # characters of the student's answer, which are coloured
COLOURING = 1.0  # seconds
PICTURE_LIMIT = 400_000  # characters of one picture
SHOWN = 8  # texts and pictures of one cell
CELLS = 12  # cells that the student added
LEXER, FORMATTER = PythonLexer(), HtmlFormatter(nowrap=True)
ROOM = 2_000_000  # characters of everything that the student's cells showed


@cache
def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("autograder", ".")
    return jinja2.Environment(loader=loader, autoescape=True).get_template("feedback.html")


@cache
def _colours(style: str) -> str:
    return HtmlFormatter(style=style).get_style_defs(".code")


class Reading(NamedTuple):
    """What a person gave for a cell, or None where they left the grader's points, and said of it."""

    score: float | None
    comment: str


def page(
    notebook: nbformat.NotebookNode,
    student: str,
    lesson: manifest.Lesson,
    readings: Mapping[str, Reading] = MappingProxyType({}),
) -> str:
    """The feedback page for a graded notebook, complete in itself.

    readings: by exercise or question, where a person has looked at it. A question that none has looked
        at is still to be read.
    """
    refused = bool(notebook.metadata.get("strided", {}).get("refused"))
    cells = cells_by_id(notebook)
    showing = _Showing()
    results = [
        _result(exercise, cells, showing, readings.get(exercise.id))
        for exercise in lesson.exercises
    ]
    questions = [_question(question, cells, lesson, readings) for question in lesson.manual]
    unread = 0 if refused else sum(q.points for q in lesson.manual if q.id not in readings)
    total = sum(part["points"] for part in results + questions)
    return _template().render(
        student=student,
        lesson=lesson,
        results=results,
        questions=questions,
        others=_others(notebook, lesson, showing),
        total=f"{total:g}",
        of=lesson.points - unread,
        unread=unread,
        refused=refused,
        remarks=notebook.metadata.get("strided", {}).get("remarks", []),
        light=_colours("default"),
        dark=_colours("github-dark"),
    )


def _result(
    exercise: manifest.Exercise, cells: dict, showing: "_Showing", reading: Reading | None
) -> dict[str, Any]:
    test, answer = cells[f"test_{exercise.id}"], cells[exercise.id]
    verdict = verdict_of(test) or {"status": "invalid"}
    given = reading.score if reading else None
    return {
        "id": exercise.id,
        "status": verdict["status"],
        "meaning": MEANING[verdict["status"]],
        "points": points(test, exercise) if given is None else given,
        "by_hand": given is not None,
        "comment": reading.comment if reading else "",
        "of": exercise.points,
        "text": plain(without_seed(verdict.get("text", ""))),
        "held": plain(verdict.get("held", "")),
        "cases": verdict.get("cases", ""),
        "figure": verdict.get("figure", ""),
        "slip": verdict.get("slip", ""),
        "answer": _coloured(answer.source, ANSWER_LIMIT),
        "shown": showing.of(answer),
    }


def _question(
    question: manifest.Manual, cells: dict, lesson: manifest.Lesson, readings: Mapping[str, Reading]
) -> dict[str, Any]:
    stub = cells_by_id(released(lesson.name))[question.id].source.strip()
    answer = typed(cells[question.id]).strip()
    reading = readings.get(question.id)
    return {
        "id": question.id,
        "of": question.points,
        "answer": plain(_cut(answer, ANSWER_LIMIT)),
        "blank": answer in ("", stub),
        "read": reading is not None,
        "points": reading.score or 0.0 if reading else 0.0,
        "comment": reading.comment if reading else "",
    }


def _others(
    notebook: nbformat.NotebookNode, lesson: manifest.Lesson, showing: "_Showing"
) -> list[dict[str, Any]]:
    """The cells that the student added and that showed something."""
    known = {cell.source for cell in released(lesson.name).cells}
    own = [
        cell
        for cell in notebook.cells
        if cell.get("outputs") and not grade_id(cell) and cell.source not in known
    ]
    cells = [(cell, showing.of(cell)) for cell in own[:CELLS]]
    return [
        {"source": _coloured(cell.source, TEXT_LIMIT), "shown": shown}
        for cell, shown in cells
        if shown
    ]


class _Showing:
    """What cells showed, as a page can show it, as long as there is room on the page."""

    def __init__(self) -> None:
        self.room = ROOM

    def of(self, cell: nbformat.NotebookNode) -> list[dict[str, str]]:
        """A cell's texts, as text, and its pictures, as PNG with the words that stand for them."""
        found: list[dict[str, str]] = []
        for output in cell.get("outputs", []):
            part = _shown(output)
            self.room -= sum(map(len, part.values()))
            if self.room < 0 or len(found) == SHOWN:
                found.append({"text": "… (the rest is not shown)"})
                break
            if part:
                found.append(part)
        return found


def _shown(output: nbformat.NotebookNode) -> dict[str, str]:
    if output.output_type == "error":
        return {"text": plain(_cut(f"{output.ename}: {output.evalue}", TEXT_LIMIT)).rstrip(": \n")}
    data = output.get("data", {})
    image = picture(data.get("image/png", ""), PICTURE_LIMIT)
    if image:
        alt = output.metadata.get("image/png", {}).get("alt", "")
        return {"image": image, "alt": plain(alt) or "A picture that this cell showed"}
    text = plain(_cut(output.get("text", data.get("text/plain", "")), TEXT_LIMIT)).rstrip()
    return {"text": text} if text else {}


def points(test: nbformat.NotebookNode, exercise: manifest.Exercise) -> float:
    """The points of a graded test cell, read from its outputs as nbgrader reads them."""
    for output in test.outputs:
        if output.output_type == "error":
            return 0.0
        if output.output_type == "execute_result":
            return float(output.data["text/plain"])
    return float(exercise.points)


def _coloured(source: str, limit: int) -> str:
    """Code as HTML, coloured where that does not take long: some texts take the lexer seconds."""
    text = plain(_cut(source, limit))
    try:
        with clock.limit(COLOURING):
            return highlight(text, LEXER, FORMATTER)
    except clock.TooLong:
        return escape(text)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit] + "\n…"
