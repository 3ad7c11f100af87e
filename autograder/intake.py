"""From whatever lies in a submission folder to a notebook whose graded cells are all in their place.

Students rename notebooks, duplicate cells, delete checks, lose nbgrader's metadata and hand in broken files.
What can be mended is mended here, with a remark that the feedback shows; what cannot is told in one sentence.
"""

import ast
import contextlib
import copy
import gc
import json
import os
import stat
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum, is_locked, parse_utc

from autograder import bounds
from autograder.notebooks import cells_by_id, grade_id, released, solved
from strided import manifest

SIZE_LIMIT = 32 * 2**20  # bytes of a notebook file
CELLS = 2000  # cells of a notebook
TEXT = 4 * 10**6  # characters of all its cells
PARSED = 10**5  # characters of a cell that is looked through for what it defines
NEAR = 0.75  # how alike two names must be, from 0 to 1, for one to be the other misspelt


def find(folder: Path, lesson: str) -> tuple[Path | None, list[str]]:
    """The notebook of a lesson in a student's submission folder, under whatever name."""
    expected = folder / f"{lesson}.ipynb"
    if expected.is_symlink() or expected.exists() and not expected.is_dir():
        return expected, []
    others = [path for path in folder.glob("*.ipynb") if path.is_file() or path.is_symlink()]
    if not others:
        return None, []
    newest = max(others, key=lambda path: (path.lstat().st_mtime, path.name))
    remark = f"The notebook was called {shown(newest)}; it is graded as {expected.name}."
    return newest, [remark]


def shown(path: Path) -> str:
    """A file's name as it can be shown: it may hold line ends, a terminal's commands, or no text."""
    name = "".join(c if c.isprintable() else "?" for c in path.name)
    return name if len(name) <= 100 else name[:100] + "…"


def content(path: Path) -> bytes:
    """The bytes of a submitted file. Raises ValueError for what is none, and for too large a one.

    Nothing outside the student's own folder is read, and nothing that never ends.
    """
    if path.parent.is_symlink() or path.parent.parent.is_symlink():
        raise ValueError("its folder is a link")
    if path.is_symlink():
        raise ValueError("it is a link, not a file")
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no regular file")
        if status.st_size > SIZE_LIMIT:
            raise ValueError(f"it has {status.st_size} bytes; at most {SIZE_LIMIT} are read")
        return file.read(SIZE_LIMIT)


def digest(folder: Path, lesson: str) -> bytes:
    """What identifies a submission: its file's name, time and content, or why it cannot be read."""
    path, _ = find(folder, lesson)
    if path is None:
        return b""
    when, _ = timestamp(folder)
    try:
        return os.fsencode(path.name) + f"{when or ''}\n".encode() + content(path)
    except (ValueError, OSError) as error:
        return f"{shown(path)}: {error}".encode("utf-8", "replace")


@dataclass(frozen=True)
class Handed:
    """What a student handed in for a lesson, as found: it can cross to another machine.

    content: the notebook file's bytes; remarks: on how it was found; when: in UTC, None if that is not known.
    status: "missing" or "invalid" where there is nothing to grade, and then reason says why; else both are "".
    """

    content: bytes = b""
    remarks: tuple[str, ...] = ()
    status: str = ""
    reason: str = ""
    when: datetime | None = None


def collect(folder: Path, lesson: str) -> Handed:
    """What lies in a student's folder of a lesson."""
    path, remarks = find(folder, lesson)
    if path is None:
        astray = tuple(strays(folder.parent))
        return Handed(remarks=astray, status="missing", reason="No notebook was handed in.")
    when, doubts = timestamp(folder)
    remarks += doubts
    try:
        return Handed(content(path), tuple(remarks), when=when)
    except (ValueError, OSError) as error:
        text = error.strerror if isinstance(error, OSError) else str(error)
        reason = f"{shown(path)} cannot be read: {text}."
        return Handed(remarks=tuple(remarks), status="invalid", reason=reason, when=when)


def timestamp(folder: Path) -> tuple[datetime | None, list[str]]:
    """When a submission was handed in, in UTC, from the file that nbgrader's collector writes; remarks on it."""
    path = folder / "timestamp.txt"
    if not path.exists() and not path.is_symlink():
        return None, []
    try:
        text = content(path).decode("ascii").strip()
        if text and len(text) <= 100:
            return parse_utc(text), []
    except Exception:  # what nbgrader's parser, and the two behind it, raise for nonsense
        pass
    return None, ["The file timestamp.txt holds no time, so when this was handed in is not known."]


def strays(student: Path) -> list[str]:
    """A remark on each notebook of a student that lies in no lesson's folder, where nobody looks."""
    remarks = []
    for path in sorted(student.rglob("*.ipynb")):
        place = path.relative_to(student)
        name = "/".join(shown(Path(part)) for part in place.parts)
        if ".ipynb_checkpoints" in place.parts:
            continue
        if len(place.parts) != 2 or place.parts[0] not in manifest.lessons():
            remarks.append(
                f"The file {name} lies in no lesson's folder, so it was not graded; "
                "its place would be LESSON/LESSON.ipynb."
            )
    return remarks


PACKED = {".zip", ".gz", ".tgz", ".tar", ".7z", ".rar"}


def not_graded(submitted: Path) -> list[str]:
    """A sentence on whatever lies among a class's submissions in a place where nobody looks."""
    sentences = []
    lessons = manifest.lessons()
    for student in _listed(submitted):
        name = f"{submitted.name}/{shown(student)}"
        if not student.is_dir():
            if student.suffix == ".ipynb":
                where = f"{submitted.name}/STUDENT/LESSON/LESSON.ipynb"
                sentences.append(f"{name} lies in no student's folder; its place would be {where}.")
            continue
        for path in _listed(student):
            place = f"{name}/{shown(path)}"
            real = path.is_dir() and not path.is_symlink()  # a link may lead anywhere
            if real and path.name not in lessons and any(path.rglob("*.ipynb")):
                near = get_close_matches(path.name.lower(), lessons, 1)
                meant = f"; did you mean {near[0]}" if near else ""
                mark = "?" if near else "."
                sentences.append(f"{place} is no lesson{meant}{mark}")
            elif real and path.name in lessons and not any(path.rglob("*.ipynb")):
                other = [file for file in _listed(path) if file.suffix in PACKED]
                if other:
                    sentences.append(f"{place} holds {shown(other[0])} and no notebook: unpack it.")
            elif path.suffix == ".ipynb" and not path.is_dir():
                where = f"{name}/LESSON/LESSON.ipynb"
                sentences.append(f"{place} lies in no lesson's folder; its place would be {where}.")
    return [f"Not graded: {sentence}" for sentence in sentences]


def _listed(folder: Path) -> list[Path]:
    """What lies in a folder, in order; nothing where it cannot be looked into."""
    with contextlib.suppress(OSError):
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    return []


class RestoreCells(NbGraderPreprocessor):
    """The first step of sanitizing: mend the notebook, and note what was mended in its metadata."""

    def preprocess(self, nb: Any, resources: Any) -> Any:
        """Restore the lesson's cells; the remarks are in `nb.metadata.strided.remarks`.

        Beside them, `instead` is the lesson whose notebook was handed in in this one's place, or "".
        """
        lesson = manifest.lessons()[resources["nbgrader"]["assignment"]]
        instead = other_lesson(nb, lesson)
        remarks = restore(nb, lesson)
        if instead:  # then every cell of this lesson is missing, and to say so of each helps nobody
            remarks = [f"This is the notebook of {instead}; that of {lesson.name} is missing."]
        nb.metadata = NotebookNode(strided={"remarks": remarks, "instead": instead})
        nb.metadata["kernelspec"] = copy.deepcopy(released(lesson.name).metadata["kernelspec"])
        return nb, resources


def read(content: bytes) -> NotebookNode:
    """A notebook file's bytes as an nbformat 4 notebook, with only what grades depend on.

    Raises ValueError with the reason where there is no reading it.
    """
    try:
        with bounds.memory(2 * bounds.ROOM):
            return _read(content)
    except MemoryError:
        raise ValueError("it takes too much memory") from None


def _read(content: bytes) -> NotebookNode:
    if not content:
        raise ValueError("the file is empty")
    collecting = gc.isenabled()
    gc.disable()  # millions of small lists: looking through them again and again takes a minute
    try:
        data = json.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, RecursionError):
        raise ValueError("it is no text file") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no valid JSON (line {error.lineno})") from None
    finally:
        if collecting:
            gc.enable()
    if not isinstance(data, dict) or not ("cells" in data or "worksheets" in data):
        raise ValueError("it is JSON, but no notebook")
    _forget_the_rest(data)
    try:
        # JSON may hold half of a two-part character, which no file can; it becomes a question mark.
        text = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace").decode()
        notebook = nbformat.convert(nbformat.reader.reads(text), 4)
        if notebook.nbformat_minor < 5:  # the lessons' cells have ids, so every cell gets one
            notebook = nbformat.v4.upgrade(notebook, from_version=4)
        _, notebook = nbformat.validator.normalize(notebook)
        nbformat.validate(notebook)
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(f"it is no valid notebook ({reason[0]})") from None
    return notebook


# What a notebook and a cell may hold, in formats 3 and 4, and grades may depend on.
NOTEBOOK_KEYS = {"cells", "worksheets", "nbformat", "nbformat_minor", "metadata"}
CELL_KEYS = {"cell_type", "id", "source", "metadata", "outputs", "execution_count"}
CELL_KEYS |= {"input", "language", "level", "collapsed"}


def _forget_the_rest(content: dict) -> None:
    """Drop, in place, what no grade depends on and can be huge. Raises ValueError for too many cells.

    Outputs, attachments, and all metadata but nbgrader's.
    """
    for key in content.keys() - NOTEBOOK_KEYS:
        del content[key]
    content["metadata"] = {}
    sheets = content.get("worksheets", [])
    lists = [sheet.get("cells") for sheet in [content, *_few(sheets)] if isinstance(sheet, dict)]
    size = 0
    for cell in _few([cell for cells in lists for cell in _few(cells)]):
        if not isinstance(cell, dict):
            continue  # nbformat says what is wrong with it
        for key in cell.keys() - CELL_KEYS:
            del cell[key]
        size += len(str(cell.get("source") or cell.get("input")))
        if cell.get("cell_type") == "code":
            cell["outputs"] = []
        meta = cell.get("metadata")
        nbgrader = meta.get("nbgrader") if isinstance(meta, dict) else None
        cell["metadata"] = {}
        if isinstance(nbgrader, dict):
            cell["metadata"]["nbgrader"] = {
                key: nbgrader[key] for key in ("grade_id", "solution") if key in nbgrader
            }
    if size > TEXT:
        raise ValueError(f"its cells have {size} characters; at most {TEXT} are read")


def _few(items: Any) -> list:
    """The list, or an empty one for what is none. Raises ValueError if it is long."""
    if isinstance(items, list) and len(items) > CELLS:
        raise ValueError(f"it has {len(items)} cells; at most {CELLS} are read")
    return items if isinstance(items, list) else []


def other_lesson(notebook: NotebookNode, lesson: manifest.Lesson) -> str:
    """The lesson whose notebook this is, where it has nothing of the one that was asked for; else ""."""
    ids = {_id_of(cell) for cell in notebook.cells} | {cell.get("id") for cell in notebook.cells}
    if any({exercise.id, f"test_{exercise.id}"} & ids for exercise in lesson.exercises):
        return ""
    sources = {cell.source.strip() for cell in notebook.cells if cell.cell_type == "code"}
    defined = {name for source in sources for name in defined_names(source)}
    found = {}
    for name, other in manifest.lessons().items():
        checks = {e.id: cells_by_id(released(name))[f"test_{e.id}"].source for e in other.exercises}
        found[name] = sum(
            id in defined or f"test_{id}" in ids or check.strip() in sources
            for id, check in checks.items()
        )
    most = max(found, key=lambda name: found[name])
    return most if found[most] and not found[lesson.name] else ""


def _id_of(cell: NotebookNode) -> str | None:
    """What a submitted cell has in the place of its nbgrader id, if that is a text."""
    meta = cell.metadata.get("nbgrader")
    id = meta.get("grade_id") if isinstance(meta, dict) else None
    return id if isinstance(id, str) else None


def restore(notebook: NotebookNode, lesson: manifest.Lesson) -> list[str]:
    """Put every graded cell of a lesson in its place, in place; return what was mended."""
    source = cells_by_id(solved(lesson.name))
    release = cells_by_id(released(lesson.name))
    _forget_unknown(notebook, source)
    _forget_mixed_up(notebook, lesson)
    remarks = _match_stripped(notebook, lesson, release)
    remarks += _keep_last(notebook)
    for id, cell in cells_by_id(notebook).items():
        # Whatever was handed in, these are the instructor's to say.
        cell.metadata = copy.deepcopy(release[id].metadata)
        if cell.cell_type != release[id].cell_type:
            right = release[id].cell_type
            remarks.append(
                f"The cell {id} had become a {cell.cell_type} cell; it is {right} again."
            )
            _make(cell, right)
        if id.startswith("test_") and cell.source.strip() != release[id].source.strip():
            remarks.append(f"The check cell {id} was edited; the original was run.")
    remarks += _add_missing(notebook, lesson, release)
    remarks += _gather_answers(notebook, lesson, release)
    for id, cell in cells_by_id(notebook).items():
        if is_locked(cell):
            # As the gradebook has them, so that nbgrader's own steps find nothing to put back.
            cell.source = source[id].source
            cell.metadata["nbgrader"]["checksum"] = compute_checksum(cell)
    return remarks


def _forget_unknown(notebook: NotebookNode, source: dict) -> None:
    """Drop nbgrader metadata that is malformed or names no cell of the lesson."""
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata and _id_of(cell) not in source:
            del cell.metadata["nbgrader"]


def _forget_mixed_up(notebook: NotebookNode, lesson: manifest.Lesson) -> None:
    """Drop the metadata of an answer that stands in a copy of another answer's cell."""
    exercises = {exercise.id for exercise in lesson.exercises}
    for cell in notebook.cells:
        answers = defined_names(cell.source) & exercises if grade_id(cell) in exercises else set()
        if answers and grade_id(cell) not in answers and not answers & cells_by_id(notebook).keys():
            del cell.metadata["nbgrader"]


def _match_stripped(notebook: NotebookNode, lesson: manifest.Lesson, release: dict) -> list[str]:
    """Find the answers among cells that lost their metadata: by cell id, then by what they define."""
    remarks = []
    known = cells_by_id(notebook)
    for id in release:
        if id in known:
            continue
        kind = release[id].cell_type
        free = [c for c in notebook.cells if not grade_id(c) and c.cell_type == kind]
        found = [c for c in free if c.get("id") == id]
        if id in {exercise.id for exercise in lesson.exercises}:
            found = found or [c for c in free if id in defined_names(c.source)]
        elif id in {question.id for question in lesson.manual}:
            stub = release[id].source.strip()
            here = _after(notebook, f"rubric_{id}")
            own = [c for c in free if c.source.strip() == stub or not _is_the_lessons(c, lesson)]
            found = found or [c for c in own if c is here]
        else:
            found = found or [c for c in free if c.source.strip() == release[id].source.strip()]
        if found:
            found[-1].metadata["nbgrader"] = copy.deepcopy(release[id].metadata["nbgrader"])
            if _is_the_students_affair(id):
                remarks.append(f"The cell {id} had lost its nbgrader metadata; it was recognised.")
    return remarks


def _is_the_lessons(cell: NotebookNode, lesson: manifest.Lesson) -> bool:
    """Whether a cell stands like this in the lesson, so that it is no student's writing."""
    return cell.source.strip() in {c.source.strip() for c in released(lesson.name).cells}


def _gather_answers(notebook: NotebookNode, lesson: manifest.Lesson, release: dict) -> list[str]:
    """Take the answer to a question from the cells around it, where its own cell was left empty."""
    remarks = []
    for question in lesson.manual:
        cells = notebook.cells
        ids = [grade_id(cell) for cell in cells]
        at, rubric = ids.index(question.id), ids.index(f"rubric_{question.id}")
        if cells[at].source.strip() != release[question.id].source.strip():
            continue
        around = []
        for step in (-1, 1):
            place = at + step
            while 0 <= place < len(cells) and (
                place == rubric or not (ids[place] or _is_the_lessons(cells[place], lesson))
            ):
                around.append(place)
                place += step
        known = ("", release[ids[rubric]].source.strip())
        texts = [cells[place].source.strip() for place in sorted(around)]
        texts = [text for text in texts if text not in known]
        if texts:
            cells[at].source = "\n\n".join(texts)
            remarks.append(
                f"The answer to {question.id} stood beside its cell; it was taken from there."
            )
    return remarks


def _after(notebook: NotebookNode, id: str) -> NotebookNode | None:
    """The cell that follows the cell of an id."""
    ids = [grade_id(cell) for cell in notebook.cells[:-1]]
    return notebook.cells[ids.index(id) + 1] if id in ids else None


def defined_names(source: str) -> set[str]:
    """Names that a cell defines at its top level; none if it does not parse."""
    names = _functions(source)
    for node in _statements(source):
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def _functions(source: str) -> set[str]:
    names = set()
    for node in _statements(source):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def _statements(source: str) -> list[ast.stmt]:
    """The statements of a cell's top level; none if it does not parse."""
    if len(source) > PARSED:
        return []  # the parser takes a hundred times as much memory as its text
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def misspelt(notebook: NotebookNode, lesson: manifest.Lesson, exercise: str) -> str:
    """The function of a student's whose name is nearest to an exercise's, as `conv_2d` is; "" if none is near.

    What the lesson itself defines is none of theirs, and no exercise's name is a slip of the pen.
    """
    given = set(manifest.exercises())
    for cell in released(lesson.name).cells:
        if cell.cell_type == "code":
            given |= _functions(cell.source)
    own: dict[str, str] = {}
    left = PARSED
    for cell in sorted(notebook.cells, key=lambda cell: grade_id(cell) != exercise):
        left -= len(cell.source)
        if cell.cell_type == "code" and left > 0:
            own |= {_letters(name): name for name in sorted(_functions(cell.source) - given)}
    near = get_close_matches(_letters(exercise), own, 1, NEAR)
    return own[near[0]] if near else ""


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


def _keep_last(notebook: NotebookNode) -> list[str]:
    """Of duplicated cells the last counts; earlier answers still run, earlier checks are dropped."""
    remarks = []
    last = {grade_id(cell): number for number, cell in enumerate(notebook.cells)}
    kept = []
    for number, cell in enumerate(notebook.cells):
        id = grade_id(cell)
        if id and last[id] != number:
            if _is_the_students_affair(id):
                remarks.append(f"The cell {id} stood there more than once; the last one counts.")
            if not cell.metadata["nbgrader"].get("solution"):
                continue
            cell.metadata = NotebookNode()
            cell["id"] = f"{id}-earlier-{number}"
        kept.append(cell)
    notebook.cells = kept
    return remarks


def _make(cell: NotebookNode, kind: str) -> None:
    """Turn a cell into a code or a Markdown cell."""
    cell.cell_type = kind
    for part in ("attachments", "outputs", "execution_count"):
        cell.pop(part, None)
    if kind == "code":
        cell.outputs = []
        cell.execution_count = None


def _is_the_students_affair(id: str) -> bool:
    """Whether it is worth a remark that a cell was mended: it holds an answer or a check."""
    return not id.startswith(("demonstration", "rubric_"))


def _add_missing(notebook: NotebookNode, lesson: manifest.Lesson, release: dict) -> list[str]:
    """Add cells that were deleted, each after the one it belongs to; a deleted answer is blank."""
    pairs = [(exercise.id, f"test_{exercise.id}") for exercise in lesson.exercises]
    pairs += [(f"rubric_{question.id}", question.id) for question in lesson.manual]
    remarks = []
    known = cells_by_id(notebook)
    for first, second in pairs:
        for id in (first, second):
            if id in known:
                continue
            cell = copy.deepcopy(release[id])
            if id.startswith("test_"):
                remarks.append(f"The check cell {id} was deleted; it was put back.")
            elif any(
                id in defined_names(c.source) for c in notebook.cells if c.cell_type == "code"
            ):
                cell.source = ""  # a blank answer would take the place of what is defined elsewhere
                remarks.append(f"The answer to {id} stands in another cell.")
            elif _is_the_students_affair(id):
                remarks.append(f"The cell {id} was deleted; it counts as not answered.")
            places = [n for n, c in enumerate(notebook.cells) if grade_id(c) == first]
            at = places[0] + 1 if places else len(notebook.cells)
            notebook.cells.insert(at, cell)
    return remarks
