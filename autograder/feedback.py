"""The page a student gets back: points, what was wrong and why, and their own answer.

It is built from the verdicts alone. No test's code is on it, and whatever the student's code printed
is shown as text.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

import jinja2
import nbformat
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.notebooks import cells_by_id, verdict_of
from strided import manifest

MEANING = {
    "passed": "right",
    "failed": "not right yet",
    "partial": "partly right",
    "blank": "not answered",
    "error": "did not run",
    "timeout": "took too long",
    "memory": "took too much memory",
    "killed": "ended its own process",
    "invalid": "could not be read",
    "missing": "not handed in",
}
TEXT_LIMIT = 4000  # characters of what the student's cell printed
ANSWER_LIMIT = 50_000  # characters of the student's answer, which are coloured


@cache
def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("autograder", ".")
    return jinja2.Environment(loader=loader, autoescape=True).get_template("feedback.html")


@cache
def _colours(style: str) -> str:
    return HtmlFormatter(style=style).get_style_defs(".code")


class Reading(NamedTuple):
    """What a person gave for an answer, and said of it."""

    score: float
    comment: str


def page(
    notebook: nbformat.NotebookNode,
    student: str,
    lesson: manifest.Lesson,
    readings: Mapping[str, Reading] = MappingProxyType({}),
) -> str:
    """The feedback page for a graded notebook, complete in itself.

    readings: by question, where a person has read the answer.
    """
    refused = bool(notebook.metadata.get("strided", {}).get("refused"))
    cells = cells_by_id(notebook)
    results = []
    for exercise in lesson.exercises:
        test = cells[f"test_{exercise.id}"]
        verdict = verdict_of(test) or {"status": "invalid", "text": "", "slip": ""}
        answer = cells[exercise.id]
        results.append(
            {
                "id": exercise.id,
                "status": verdict["status"],
                "meaning": MEANING[verdict["status"]],
                "points": f"{points(test, exercise):g}",
                "of": exercise.points,
                "text": verdict["text"],
                "slip": verdict["slip"],
                "answer": highlight(
                    _cut(answer.source, ANSWER_LIMIT), PythonLexer(), HtmlFormatter(nowrap=True)
                ),
                "printed": _printed(answer),
            }
        )
    questions = [
        {
            "id": q.id,
            "of": q.points,
            "answer": _cut(cells[q.id].source.strip(), ANSWER_LIMIT),
            "points": f"{readings[q.id].score:g}" if q.id in readings else "",
            "comment": readings[q.id].comment if q.id in readings else "",
        }
        for q in lesson.manual
    ]
    unread = 0 if refused else sum(q.points for q in lesson.manual if q.id not in readings)
    total = sum(float(result["points"]) for result in results)
    total += sum(reading.score for reading in readings.values())
    return _template().render(
        student=student,
        lesson=lesson,
        results=results,
        questions=questions,
        total=f"{total:g}",
        of=lesson.points - unread,
        unread=unread,
        refused=refused,
        remarks=notebook.metadata.get("strided", {}).get("remarks", []),
        light=_colours("default"),
        dark=_colours("github-dark"),
    )


def points(test: nbformat.NotebookNode, exercise: manifest.Exercise) -> float:
    """The points of a graded test cell, read from its outputs as nbgrader reads them."""
    for output in test.outputs:
        if output.output_type == "error":
            return 0.0
        if output.output_type == "execute_result":
            return float(output.data["text/plain"])
    return float(exercise.points)


def _printed(cell: nbformat.NotebookNode) -> str:
    text = "".join(
        output.text for output in cell.get("outputs", []) if output.output_type == "stream"
    )
    return _cut(text, TEXT_LIMIT)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit] + "\n…"
