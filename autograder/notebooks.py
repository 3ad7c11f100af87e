"""The lessons' notebooks as the grader needs them: the solved one, the released one, and their cells."""

import hashlib
from functools import cache
from pathlib import Path

import nbformat

from autograder.paths import COURSE, ROOT, SOLUTIONS, UserError
from strided import checks, manifest

VERDICT = "application/vnd.strided.verdict+json"

# nbgrader cuts from a released notebook what stands between these lines.
HIDDEN_BEGIN, HIDDEN_END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


@cache
def solved(lesson: str) -> nbformat.NotebookNode:
    """The lesson's solution notebook: the source of its test cells, whatever was submitted."""
    return nbformat.read(_built(SOLUTIONS, lesson), as_version=4)


@cache
def released(lesson: str) -> nbformat.NotebookNode:
    """The notebook as students got it."""
    return nbformat.read(_built(COURSE, lesson), as_version=4)


def _built(place: Path, lesson: str) -> Path:
    path = place / lesson / f"{lesson}.ipynb"
    if not path.is_file():
        raise UserError(f"{path} is missing: run `make build` first.")
    return path


@cache
def digest(name: str) -> str:
    """What a lesson's grades depend on besides the submission: its notebooks, its tests, and the grader."""
    lesson = manifest.lessons()[name]
    sum = hashlib.sha256()
    for path in (_built(SOLUTIONS, lesson.name), _built(COURSE, lesson.name), *_code(lesson)):
        sum.update(path.read_bytes())
    return sum.hexdigest()


def _code(lesson: manifest.Lesson) -> list[Path]:
    """The modules that grade a lesson; not those of other lessons."""
    library, grader = Path(checks.__file__).parent.parent, ROOT / "autograder"
    others = {other.module for other in manifest.lessons().values()} - {lesson.module}
    folders = (
        library / "checks",
        library / "slips",
        library / "operators",
        grader / "hidden",
        grader,
    )
    found = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    return [path for path in found if path.stem not in others]


def grade_id(cell: nbformat.NotebookNode) -> str:
    """A cell's nbgrader id, or ""."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def cells_by_id(notebook: nbformat.NotebookNode) -> dict[str, nbformat.NotebookNode]:
    """A notebook's nbgrader cells by their id."""
    return {grade_id(cell): cell for cell in notebook.cells if grade_id(cell)}


def verdict_of(cell: nbformat.NotebookNode) -> dict[str, str] | None:
    """The verdict kept in a test cell's outputs, or None."""
    for output in cell.get("outputs", []):
        if VERDICT in output.get("data", {}):
            return output["data"][VERDICT]
    return None
