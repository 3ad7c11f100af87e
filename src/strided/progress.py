"""Where you stand in the course, and hints that come one at a time.

Both read what is there: the manifest, and your notebooks as they were last saved. Neither runs an answer,
and neither shows a solution.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WIDTH = 78
STATES = {
    "done": "done",
    "partly": "part of its points; its check says what is left",
    "tried": "tried; its check says what is wrong",
    "changed": "changed since its check passed: run the check again",
    "written": "written; run its check",
    "answered": "answered; a person will read it",
    "not yet": "not yet",
}
"""What is said of an exercise in each state."""

MARKS = {"done": "[x]", "answered": "[x]", "not yet": "[ ]"}
OPEN = "[~]"

_shown: dict[str, int] = {}  # hints given so far, by exercise


class NotFound(ValueError):
    """There is no such exercise, hint or course; the message is one sentence that says what to do."""

    def _render_traceback_(self) -> list[str]:
        # IPython shows these lines in place of a traceback through this module.
        return textwrap.wrap(str(self), WIDTH)


@dataclass(frozen=True)
class Line:
    """One exercise or question, and how far it is: `state` is a key of `STATES`."""

    lesson: str
    id: str
    state: str


# ---------------------------------------------------------------- reading notebooks


def find_course(path: str | Path | None = None) -> Path:
    """The folder with the lessons: at `path` (default: here), beside it, or anywhere above it.

    Raises NotFound where there is none.
    """
    from strided import manifest

    start = Path.cwd() if path is None else Path(path).resolve()
    for folder in (start, *start.parents):
        for course in (folder / "course", folder):
            if any((course / name / f"{name}.ipynb").is_file() for name in manifest.lessons()):
                return course
    raise NotFound(
        f"There are no lessons in {start} or above it: go to the folder that holds course/, "
        "or name it, as in progress('path/to/course')."
    )


def states(course: Path) -> list[Line]:
    """How far every exercise and question of the course is, in order; lessons not there are left out."""
    from strided import manifest

    lines = []
    for lesson in manifest.lessons().values():
        path = course / lesson.name / f"{lesson.name}.ipynb"
        if not path.is_file():
            continue
        cells = _cells(path)
        for exercise in lesson.exercises:
            answer, check = cells.get(exercise.id), cells.get(f"test_{exercise.id}")
            lines.append(Line(lesson.name, exercise.id, _state(exercise.id, answer, check)))
        for question in lesson.manual:
            answer = cells.get(question.id)
            state = "answered" if answer and _is_answered(answer) else "not yet"
            lines.append(Line(lesson.name, question.id, state))
    return lines


def _cells(path: Path) -> dict[str, dict[str, Any]]:
    """A notebook's cells by their nbgrader id."""
    import json

    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return {
            cell["metadata"]["nbgrader"]["grade_id"]: cell
            for cell in cells
            if "nbgrader" in cell["metadata"]
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotFound(f"{path} is no notebook that can be read: {error}.") from None


def _state(exercise: str, answer: dict | None, check: dict | None) -> str:
    """The state of one exercise, by its two cells as they were saved."""
    if not answer or not check or not _is_answered(answer):
        return "not yet"
    if not check.get("execution_count"):
        return "written"
    outputs = check.get("outputs", [])
    if any(output["output_type"] == "error" for output in outputs):
        return "tried"
    said = "".join(_text(output.get("text", "")) for output in outputs)
    if not any(line.startswith(f"{exercise}: all ") for line in said.splitlines()):
        return "partly" if said else "written"
    # Run later than its check, the answer may be another one now.
    later = (answer.get("execution_count") or 0) > check["execution_count"]
    return "changed" if later else "done"


def _is_answered(cell: dict) -> bool:
    """Whether an answer cell holds something else than when it was handed out."""
    handed_out = cell["metadata"]["nbgrader"].get("checksum")
    return bool(_text(cell["source"]).strip()) and _checksum(cell) != handed_out


def _checksum(cell: dict) -> str:
    """What nbgrader writes into a released cell's metadata (its `utils.compute_checksum`)."""
    import hashlib

    given = cell["metadata"]["nbgrader"]
    parts = [_text(cell["source"]), cell["cell_type"]]
    parts += [str(bool(given.get(key))) for key in ("grade", "solution", "locked")]
    parts += [given["grade_id"]] + ([str(float(given["points"]))] if given.get("grade") else [])
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


# ---------------------------------------------------------------- telling


def progress(path: str | Path | None = None) -> None:
    """Print where you stand: a line for every exercise, and what comes next.

    It reads notebooks as they were last saved. `path` is the course's folder, a lesson's, or one above
    (default: found from the current folder upwards). Raises NotFound where there is no course.
    """
    print(report(find_course(path), "strided.hint({!r})"))


def report(course: Path, ask: str) -> str:
    """The text of `progress` for a course's folder; `ask` is how to ask for a hint, `{!r}` for what."""
    from strided import manifest

    lines = states(course)
    width = max(len(line.id) for line in lines)
    text = [f"In {course}, as last saved:"]
    for lesson in manifest.lessons().values():
        of_lesson = [line for line in lines if line.lesson == lesson.name]
        if not of_lesson:
            continue
        done = sum(line.state in ("done", "answered") for line in of_lesson)
        text += ["", f"{lesson.name}: {done} of {len(of_lesson)}"]
        for line in of_lesson:
            mark = MARKS.get(line.state, OPEN)
            text.append(f"  {mark} {line.id:<{width}}  {STATES[line.state]}")
    return "\n".join([*text, "", *_next(lines, ask)])


def _next(lines: list[Line], ask: str) -> list[str]:
    """What to do next: go on with what was begun, else begin the first that is not."""
    from strided import manifest

    todo = [line for line in lines if line.state not in ("done", "answered")]
    if not todo:
        return ["Everything is done."]
    line = next((line for line in todo if line.state != "not yet"), todo[0])
    said = [f"Next: {line.id} in {line.lesson}."]
    exercise = manifest.exercises().get(line.id)
    if exercise and exercise.hints:
        said.append(f"For a hint, one of {len(exercise.hints)}: {ask.format(line.id)}")
    return said


def hint(exercise: str, number: int | None = None) -> None:
    """Print a hint for an exercise: the first, and one more each time you ask; or hint `number`.

    Raises NotFound where there is no such exercise or hint.
    """
    hints = _hints(exercise)
    last = _shown.get(exercise, 0)
    asked = min(last + 1, len(hints)) if number is None else number
    print(hint_text(exercise, asked))
    if number is None:
        _shown[exercise] = asked
        more = "For one more, run this again." if asked < len(hints) else "There are no more hints."
        print(more)


def hint_text(exercise: str, number: int) -> str:
    """One hint as text. Raises NotFound where there is no such exercise or hint."""
    hints = _hints(exercise)
    if not 1 <= number <= len(hints):
        raise NotFound(f"{exercise} has no hint {number}: ask for one from 1 to {len(hints)}.")
    words = f"Hint {number} of {len(hints)} for {exercise}: {hints[number - 1]}"
    return textwrap.fill(words, WIDTH, break_on_hyphens=False, break_long_words=False)


def _hints(exercise: str) -> tuple[str, ...]:
    import difflib

    from strided import manifest

    known = manifest.exercises()
    if exercise in known:
        return known[exercise].hints
    if any(exercise == q.id for lesson in manifest.lessons().values() for q in lesson.manual):
        raise NotFound(f"{exercise} is a question that a person grades; it has no hints.")
    near = difflib.get_close_matches(str(exercise), known, n=3, cutoff=0.5)
    if near:
        raise NotFound(f"There is no exercise {exercise!r}; did you mean {' or '.join(near)}?")
    raise NotFound(f"There is no exercise {exercise!r}; the exercises are {', '.join(known)}.")
