"""Lesson text to notebooks: `solutions/*/*.py` to the solution notebook and the released one.

A lesson's text is py:percent. Short tags say what a cell is, and are expanded here into nbgrader's
metadata: `solution:ID` for the cell that students complete, `test:ID` for its check cell,
`manual:ID` for a question that a person grades and `answer:ID` for the cell of its answer,
`demonstration` for a locked cell that grading skips. The hidden half of a test cell, the hints and a
question's rubric are written from the manifest. Building twice gives the same bytes.

The demos, which are no lesson, have a text of the same kind in `solutions/demos`. Its tags make slides of the
notebook, and tell the instructor's scripts apart, which students do not get.
"""

import ast
import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from html import escape
from pathlib import Path

import jupytext
import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder import hidden
from autograder.config import nbgrader_config
from autograder.intake import defined_names
from autograder.notebooks import HIDDEN_BEGIN, HIDDEN_END
from autograder.paths import COURSE, ROOT, SOLUTIONS, UserError
from strided import manifest

KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

DEMOS = "demos"
"""The notebook that an instructor shows: a folder like a lesson's, but no assignment."""

SLIDES = {"slide": "slide", "fragment": "fragment", "script": "notes"}
"""Tag of a cell of the demos → what it is in a deck; cells without a tag stay on the slide before them."""


class LessonError(UserError):
    """A lesson's text and the manifest do not fit together; the message names the place."""


def read_lesson(lesson: manifest.Lesson, folder: Path = SOLUTIONS) -> nbformat.NotebookNode:
    """The solution notebook of a lesson, made from its text.

    Raises LessonError where the text is missing or does not fit the manifest.
    """
    path = folder / lesson.name / f"{lesson.name}.py"
    if not path.is_file():
        raise LessonError(f"{path} is missing; the manifest lists the lesson {lesson.name}")
    text = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    exercises = {exercise.id: exercise for exercise in lesson.exercises}
    manual = {question.id: question for question in lesson.manual}
    known: dict[str, Mapping[str, object]]
    known = {"solution": exercises, "test": exercises, "manual": manual, "answer": manual}
    cells, seen = [], []
    for cell in text.cells:
        tags = cell.metadata.pop("tags", [])
        cell.metadata.clear()
        if len(tags) > 1:
            raise LessonError(f"{path}: a cell has the tags {tags}; give it one")
        role, _, id = (tags[0] if tags else "").partition(":")
        seen.append((role, id))
        if role in known and id not in known[role]:
            raise LessonError(f"{path}: the tag {tags[0]} names nothing of the manifest")
        if role == "solution":
            _mark(cell, id, solution=True)
        elif role == "test":
            if ends_in_expression(cell.source):
                raise LessonError(
                    f"{path}: the check cell of {id} ends in an expression, "
                    "which nbgrader would take for a score; end it in a statement"
                )
            cell.source += hidden_tests(lesson, id)
            _mark(cell, f"test_{id}", grade=True, locked=True, points=exercises[id].points)
        elif role == "manual":
            cell.source += rubric(manual[id])
            _mark(cell, f"rubric_{id}", locked=True)
        elif role == "answer":
            _mark(cell, id, grade=True, solution=True, points=manual[id].points)
        elif role == "demonstration":
            _mark(cell, f"demonstration_{_digest(cell.source)}", locked=True)
            cell.metadata["tags"] = ["demonstration"]
        elif role:
            raise LessonError(f"{path}: unknown tag {tags[0]!r}")
        cells.append(cell)
        if role == "test":
            cells.append(nbformat.v4.new_markdown_cell(hints(exercises[id])))
    for role, ids in known.items():
        for id in ids:
            if seen.count((role, id)) != 1:
                raise LessonError(
                    f"{path}: {id} needs one cell tagged {role}:{id}, "
                    f"and has {seen.count((role, id))}"
                )
    _name_cells(cells)
    return nbformat.v4.new_notebook(cells=cells, metadata=KERNEL)


def _mark(cell, grade_id: str, grade=False, solution=False, locked=False, points=None) -> None:
    """Write nbgrader's metadata into a cell."""
    cell.metadata["nbgrader"] = {
        "grade": grade,
        "grade_id": grade_id,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if grade:
        cell.metadata["nbgrader"]["points"] = points


def hidden_tests(lesson: manifest.Lesson, exercise: str) -> str:
    """The hidden half of an exercise's test cell; empty if its visible check is the whole test."""
    # Its text is enough: importing it takes torch with it, which a run's own process does without.
    path = Path(hidden.__file__).parent / f"{lesson.module}.py"
    if not path.is_file():
        raise LessonError(f"autograder/hidden/{lesson.module}.py is missing")
    if exercise not in defined_names(path.read_text(encoding="utf-8")):
        return ""
    return (
        f"\n{HIDDEN_BEGIN}\n"
        f"from autograder.hidden import {lesson.module}\n"
        f"assert {lesson.module}.{exercise}({exercise})\n"
        f"{HIDDEN_END}"
    )


def rubric(question: manifest.Manual) -> str:
    """What a question's points are for, as nbgrader's mark scheme, which students do not get.

    Where the mark scheme begins and ends is said in `nbgrader_config.py`, in words that do not show.
    """
    lines = "\n".join(f"- {line}" for line in question.rubric)
    return (
        "\n\n<!-- BEGIN MARK SCHEME -->\n\n"
        f"**For whoever grades.**\n\n{lines}\n\n<!-- END MARK SCHEME -->"
    )


def hints(exercise: manifest.Exercise) -> str:
    """An exercise's hints, each closed until the student opens it."""
    return "\n".join(
        f"<details><summary>Hint {number} for <code>{exercise.id}</code></summary>"
        f"<p>{escape(hint)}</p></details>"
        for number, hint in enumerate(exercise.hints, 1)
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _name_cells(cells: list) -> None:
    """Give every cell an id that depends on its grade_id or its text, never on chance."""
    used: set[str] = set()
    for cell in cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id") or (
            f"{cell.cell_type}-{_digest(cell.source)}"
        )
        number, id = 2, name
        while id in used:
            number, id = number + 1, f"{name}-{number}"
        used.add(id)
        cell["id"] = id


def ends_in_expression(source: str) -> bool:
    """Whether a cell's last statement is an expression, whose value nbgrader takes for a score."""
    body = ast.parse(source).body
    return bool(body) and isinstance(body[-1], ast.Expr)


def read_demos(folder: Path = SOLUTIONS) -> nbformat.NotebookNode:
    """The demos' notebook with the instructor's scripts, made from its text.

    Raises LessonError where the text is missing or a tag is unknown.
    """
    path = folder / DEMOS / f"{DEMOS}.py"
    if not path.is_file():
        raise LessonError(f"{path} is missing")
    text = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    for cell in text.cells:
        tags = cell.metadata.pop("tags", [])
        cell.metadata.clear()
        if len(tags) > 1 or any(tag not in SLIDES for tag in tags):
            raise LessonError(f"{path}: a cell has the tags {tags}; give it one of {list(SLIDES)}")
        for tag in tags:
            cell.metadata["tags"] = [tag]
            cell.metadata["slideshow"] = {"slide_type": SLIDES[tag]}
    _name_cells(text.cells)
    return nbformat.v4.new_notebook(cells=text.cells, metadata=KERNEL)


def without_scripts(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The demos' notebook as students get it."""
    cells = [cell for cell in notebook.cells if cell.metadata.get("tags") != ["script"]]
    return nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)


def build(into: Path = ROOT, source: Path = SOLUTIONS) -> list[Path]:
    """Write the two notebooks of every lesson and of the demos under `into`; return those whose bytes changed.

    Raises LessonError where a lesson's text does not fit the manifest.
    """
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch)
        for lesson in manifest.lessons().values():
            folder = made / "solutions" / lesson.name
            folder.mkdir(parents=True)
            notebook = read_lesson(lesson, source)
            nbformat.write(notebook, folder / f"{lesson.name}.ipynb")
            release(lesson.name, made)
        demos = read_demos(source)
        for place, notebook in ((SOLUTIONS, demos), (COURSE, without_scripts(demos))):
            path = made / place.name / DEMOS / f"{DEMOS}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(notebook, path)
        changed = []
        for new in sorted(made.glob("*/*/*.ipynb")):
            old = into / new.relative_to(made)
            if not old.exists() or old.read_bytes() != new.read_bytes():
                old.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(new, old)
                changed.append(old)
    return changed


def release(lesson: str, root: Path) -> None:
    """Make the released notebook under `root` from the solution notebook, without a gradebook."""
    config = nbgrader_config(root)
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    generate(lesson, config)


def generate(lesson: str, config: Config) -> None:
    """Run nbgrader's generate_assignment on a lesson."""
    coursedir = CourseDirectory(config=config)
    coursedir.assignment_id = lesson
    converter = GenerateAssignment(coursedir=coursedir, config=config)
    converter.log.setLevel("ERROR")
    converter.start()


def stale(source: Path = SOLUTIONS, root: Path = ROOT) -> list[Path]:
    """The generated notebooks under `root` that are missing, out of date, or no longer made."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        build(fresh, source)
        made = {path.relative_to(fresh): path.read_bytes() for path in fresh.glob("*/*/*.ipynb")}
    found = {path.relative_to(root) for path in _generated(root)}
    wrong = [p for p, data in made.items() if p not in found or (root / p).read_bytes() != data]
    return sorted(wrong + list(found - set(made)))


def remove_strays(root: Path = ROOT) -> list[Path]:
    """Delete the notebooks under `root` of lessons since renamed or removed; return their paths."""
    kept = {*manifest.lessons(), DEMOS}
    strays = sorted(path for path in _generated(root) if path.stem not in kept)
    for path in strays:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return strays


def _generated(root: Path) -> list[Path]:
    """The notebooks that some build made: each has its folder's name. Others are somebody's own."""
    return [
        path
        for top in (root / SOLUTIONS.name, root / COURSE.name)
        for folder in ("[0-9][0-9]_*", DEMOS)
        for path in top.glob(f"{folder}/*.ipynb")
        if path.stem == path.parent.name
    ]
