"""The page for the instructor: how the class does, and what to do next.

It is one file without scripts, built from the rows of `grades.csv` and from the graded notebooks. Whatever comes
from a student, names of folders as well as code, is shown as text.
"""

import json
import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import mean, median
from typing import Any
from urllib.parse import quote

import jinja2

from autograder import feedback, intake, similar
from autograder.classroom import Class, Row
from autograder.notebooks import released, solved, verdict_of
from strided import formulas, manifest, slips
from strided.figures.svg import BLUE, Canvas, allowed, counted

LOOK = ("error", "timeout", "memory", "killed")  # an answer that did not run to its end
ABSENT = ("invalid", "missing")  # a submission with nothing to grade
REASON = 300  # characters of a reason that are shown
CODE = 12_000  # characters of a cell that are shown beside another
TALK = 3  # slips that are named at the top
PAIRS = 20  # pairs of a lesson that are shown
BARS = 15  # of a histogram, at most


@dataclass
class Work:
    """What a graded notebook says of a submission.

    code: by cell, the exercises' first; texts: by exercise, what became of it; refused: why nothing was
    graded, or ""; instead: the lesson whose notebook it is, if it is another's, or ""; misspelt: by exercise,
    the name that its answer seems to have.
    """

    code: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    instead: str = ""
    misspelt: dict[str, str] = field(default_factory=dict)


def write(room: Class, rows: Sequence[Row], astray: Sequence[str]) -> Path:
    """Write `class.html` into the class's folder; its path. The file appears whole or not at all.

    astray: sentences on what was handed in and not graded.
    """
    path = room.folder / "class.html"
    scratch = path.with_suffix(".part")
    scratch.write_text(page(room, rows, astray), encoding="utf-8")
    scratch.replace(path)
    return path


def page(room: Class, rows: Sequence[Row], astray: Sequence[str] = ()) -> str:
    """The page, complete in itself: HTML that is well-formed XML, whatever students wrote."""
    by_lesson: dict[str, list[Row]] = {name: [] for name in manifest.lessons()}
    for row in rows:
        by_lesson[row.lesson].append(row)
    lessons = [_lesson(room, name, theirs) for name, theirs in by_lesson.items() if theirs]
    text = _template().render(
        students=len({row.student_id for row in rows}),
        lessons=lessons,
        astray=astray,
        worst=_worst(lessons),
        method=similar,
    )
    return allowed(text)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("autograder", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "count": counted}
    return environment.get_template("classpage.html")


def percent(share: float) -> str:
    """A share in whole per cents; what is not all is not 100 %."""
    return f"{round(100 * share) if share >= 1 else min(round(100 * share), 99)} %"


def _lesson(room: Class, name: str, rows: list[Row]) -> dict[str, Any]:
    """What the page says of one lesson."""
    lesson = manifest.lessons()[name]
    students = list(dict.fromkeys(row.student_id for row in rows))
    works = {student: _work(room, student, lesson) for student in students}
    results = {(row.student_id, row.exercise): row for row in rows}
    totals = {student: 0.0 for student in students}
    for row in rows:
        totals[row.student_id] += row.score
    absent = {s: rows_ for s, rows_ in _by_student(rows).items() if rows_[0].status in ABSENT}
    missing = [s for s, rows_ in absent.items() if rows_[0].status == "missing"]
    links = {student: link(student, name) for student in students}
    unread = [
        links[student] | {"question": question.id}
        for question in lesson.manual
        for student in students
        if (student, question.id) not in results
    ]
    most = max(sum(row.max_score for row in theirs) for theirs in _by_student(rows).values())
    made: dict[str, Any] = {
        "name": name,
        "title": lesson.title,
        "students": len(students),
        "average": sum(totals.values()) / sum(row.max_score for row in rows),
        "points": most,
        "mean": mean(totals.values()),
        "median": median(totals.values()),
        "histogram": histogram(list(totals.values()), len(missing), most),
        "exercises": _exercises(lesson, rows),
        "slips": _slips(rows, links),
        "look": [
            links[row.student_id] | _trouble(row, works[row.student_id])
            for row in rows
            if row.status in LOOK
        ],
        "unreadable": [
            links[student]
            | {"meaning": feedback.MEANING["invalid"], "reason": _short(works[student].refused)}
            for student in absent
            if student not in missing
        ],
        "instead": [
            links[student]
            | {"meaning": "another lesson", "reason": f"It is the notebook of {work.instead}."}
            for student, work in works.items()
            if work.instead
        ],
        "misspelt": [
            links[row.student_id] | _trouble(row, works[row.student_id])
            for row in rows
            if row.exercise in works[row.student_id].misspelt
        ],
        "missing": [links[student] for student in missing],
        "unread": unread,
        "alike": _alike(name, {s: work.code for s, work in works.items()}, links),
    }
    lists = ("unreadable", "instead", "look", "misspelt")
    return made | {"look_at": [row for each in lists for row in made[each]]}


def instead(room: Class, rows: Sequence[Row]) -> list[str]:
    """A sentence on each submission that is another lesson's notebook: nothing of it counts."""
    sentences = []
    for (student, lesson), statuses in _statuses(rows).items():
        if statuses == {"blank"}:  # of no other is the notebook read
            other = _work(room, student, manifest.lessons()[lesson]).instead
            if other:
                place = f"{room.submitted.name}/{intake.shown(Path(student))}/{lesson}"
                sentences.append(f"Not graded: {place} is the notebook of {other}.")
    return sentences


def _statuses(rows: Iterable[Row]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        found.setdefault((row.student_id, row.lesson), set()).add(row.status)
    return found


def _worst(lessons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The slips of the whole class that are most worth a word: made by several, the most frequent first."""
    made = [slip | {"lesson": lesson["name"]} for lesson in lessons for slip in lesson["slips"]]
    made = [slip for slip in made if len(slip["students"]) > 1]
    return sorted(made, key=lambda slip: -len(slip["students"]))[:TALK]


def _by_student(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.student_id, []).append(row)
    return found


def link(student: str, lesson: str) -> dict[str, str]:
    """A student's name as it can be shown, and where their feedback page lies, seen from the class's folder."""
    address = f"feedback/{quote(os.fsencode(student), safe='')}/{lesson}/{lesson}.html"
    shown = "".join(c if c.isprintable() else "?" for c in student)
    return {"name": shown, "address": address}


def _work(room: Class, student: str, lesson: manifest.Lesson) -> Work:
    """Read a graded notebook, which this grader wrote."""
    text = room.autograded(student, lesson.name).read_text(encoding="utf-8")
    notebook = json.loads(text)
    exercises = [exercise.id for exercise in lesson.exercises]
    own: dict[str, str] = {}
    work = Work(code=dict.fromkeys(exercises, ""))
    for number, cell in enumerate(notebook["cells"]):
        id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if id in work.code:
            work.code[id] = "".join(cell["source"])  # a list once an editor saved it
        elif id.startswith("test_"):
            verdict = verdict_of(cell) or {}
            work.texts[id.removeprefix("test_")] = verdict.get("text", "")
        elif cell["cell_type"] == "code" and not id:
            own[f"cell {number + 1}"] = "".join(cell["source"])
    work.code |= own
    told = notebook["metadata"]["strided"]
    work.instead, work.misspelt = told.get("instead", ""), told.get("misspelt", {})
    if told["refused"]:
        work.refused = next(iter(work.texts.values()), "")
        work.code = {}
    return work


def _trouble(row: Row, work: Work) -> dict[str, str]:
    return {
        "exercise": row.exercise,
        "meaning": feedback.MEANING[row.status],
        "reason": _short(work.texts.get(row.exercise, "")),
    }


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= REASON else text[:REASON] + " …"


def _exercises(lesson: manifest.Lesson, rows: list[Row]) -> list[dict[str, Any]]:
    """A lesson's exercises and questions, the hardest first."""
    found = []
    for item in lesson.graded:
        theirs = [row for row in rows if row.exercise == item.id]
        if theirs:
            statuses = Counter(row.status for row in theirs)
            others = [(status, statuses[status]) for status in feedback.MEANING]
            found.append(
                {
                    "id": item.id,
                    "points": item.points,
                    "rows": len(theirs),
                    "share": sum(r.score for r in theirs) / sum(r.max_score for r in theirs),
                    "passed": statuses["passed"] / len(theirs),
                    "others": [(s, n) for s, n in others if n and s != "passed"],
                }
            )
    return sorted(found, key=lambda exercise: exercise["share"])


def _slips(rows: list[Row], links: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    """Who made which slip, the most frequent first."""
    made: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.slip:
            made.setdefault((row.exercise, row.slip), []).append(row.student_id)
    return [
        {
            "exercise": exercise,
            "slip": names.replace("_", " ").replace("|", " or "),
            "sentences": list(_sentences(exercise, names)),
            "students": [links[student] for student in students],
        }
        for (exercise, names), students in sorted(made.items(), key=lambda item: -len(item[1]))
    ]


def _sentences(exercise: str, names: str) -> Iterator[dict[str, str]]:
    bank = slips.bank(exercise)
    for name in names.split("|"):
        if name in bank:
            yield {"gives": bank[name].gives, "advice": bank[name].advice}


@cache
def shown_to_all(lesson: str) -> tuple[str, ...]:
    """Code that every student of a lesson has seen or could have: its cells, its solution, the formulas."""
    cells = [*released(lesson).cells, *solved(lesson).cells]
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    return (*code, Path(formulas.__file__).read_text(encoding="utf-8"))


def _alike(
    lesson: str, code: dict[str, dict[str, str]], links: dict[str, dict[str, str]]
) -> dict[str, Any]:
    """The pairs of submissions that are nearly the same: how many, and the first of them side by side."""
    short = {student: similar.compared(cells) for student, cells in code.items()}
    found, nobodys = similar.alike(short, shown_to_all(lesson))
    shown = []
    for pair in found[:PAIRS]:
        one, other = short[pair.one], short[pair.other]
        here, there = similar.common_parts(one, other, nobodys)
        cells = [
            {
                "name": name,
                "sides": [
                    _marked(one.get(name, ""), here.get(name, [])),
                    _marked(other.get(name, ""), there.get(name, [])),
                ],
            }
            for name in dict.fromkeys([*here, *there])
        ]
        students = [links[pair.one], links[pair.other]]
        shown.append(
            {
                "share": pair.share,
                "shared": pair.shared,
                "of": pair.of,
                "students": students,
                "cells": cells,
            }
        )
    cut = [links[student] for student, cells in code.items() if similar.is_cut(cells)]
    return {"number": len(found), "pairs": shown, "cut": cut}


def _marked(source: str, spans: list[tuple[int, int]]) -> list[tuple[bool, str]]:
    """Code cut where marks begin and end: whether a part is marked, and the part."""
    parts, at = [], 0
    for start, end in spans:
        if start >= CODE:
            break
        parts += [(False, source[at:start]), (True, source[start:end])]
        at = end
    rest = source[at:] if len(source) <= CODE else source[at:CODE] + "\n…"
    return [part for part in [*parts, (False, rest)] if part[1]]


def histogram(totals: list[float], missing: int, most: float) -> str:
    """How many students have how many points, as SVG with the same in words.

    totals: every student's points of a lesson; missing: how many handed in nothing, hatched; most: points that
    can be had.
    """
    width = math.ceil((most + 1) / BARS)  # points of a bar
    number = math.floor(most / width) + 1
    bars = [0] * number
    for total in totals:
        bars[min(int(total / width), number - 1)] += 1
    names = [
        f"{n * width}" if width == 1 else f"{n * width}–{min(n * width + width - 1, round(most))}"
        for n in range(number)
    ]
    canvas = Canvas()
    step, thick, tall = 44.0, 32.0, 110.0
    scale = tall / max(bars)
    for place, (bar, name) in enumerate(zip(bars, names, strict=True)):
        left, height = place * step, bar * scale
        gone = missing * scale if place == 0 else 0
        if bar:
            canvas.rect(left, -height, thick, height - gone, f'fill="{BLUE}" rx="2"')
            canvas.text(left + thick / 2, -height - 10, str(bar), size=12)
        if gone:
            box = (left, -gone, thick, gone)
            canvas.rect(*box, 'fill="none" stroke="currentColor" stroke-width="1"')
            canvas.hatch([box], 'stroke="currentColor" stroke-width="1"')
        canvas.text(left + thick / 2, 14, name, size=12)
    canvas.lines([(-6, 0, number * step - step + thick + 6, 0)], 'stroke="currentColor"')
    canvas.text((number * step - step + thick) / 2, 34, f"points, of {most:g}", size=12)
    said = ", ".join(f"{name}: {bar}" for name, bar in zip(names, bars, strict=True) if bar)
    nothing = f" {missing} of those at 0 handed in nothing." if missing else ""
    return canvas.svg(f"Students by points. {said}.{nothing}")
