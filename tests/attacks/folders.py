"""Attacks that are not code but files: what lies in a submission's folder, and what the notebook is.

Each function gets the student's folder of the lesson, which is there and empty, and the released notebook with
a wrong answer. Its docstring tells what it tries; `expects` says which status the row may have. The
exercise is worth nothing in any case.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

LESSON = "01_one_step_many_names"
EXERCISE = "keep_every"
FILE = f"{LESSON}.ipynb"
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
ATTACKS: dict[str, tuple[Callable[[Path, NotebookNode], None], set[str]]] = {}


def expects(*status: str) -> Callable:
    """Enter an attack into the list, with the statuses that it may get."""

    def enter(attack: Callable) -> Callable:
        ATTACKS["folder-" + attack.__name__.replace("_", "-")] = attack, set(status)
        return attack

    return enter


def save(folder: Path, notebook: NotebookNode, name: str = FILE) -> None:
    (folder / name).write_text(json.dumps(notebook), encoding="utf-8")


def cell(notebook: NotebookNode, id: str) -> NotebookNode:
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == id)


def other(folder: Path) -> Path:
    """The submission of somebody who has the right answers."""
    return folder.parent.parent / "honest-loops" / LESSON


# ---------------------------------------------------------------- links and odd files


@expects("invalid")
def link_to_another_submission(folder, notebook):
    """The notebook is a link to another student's."""
    (folder / FILE).symlink_to(other(folder) / FILE)


@expects("invalid")
def hard_to_name_link(folder, notebook):
    """A notebook of another name is a link to another student's."""
    (folder / "mine.ipynb").symlink_to(other(folder) / FILE)


@expects("invalid")
def lesson_folder_is_a_link(folder, notebook):
    """The lesson's folder is a link to another student's."""
    folder.rmdir()
    folder.symlink_to(other(folder))


@expects("invalid")
def student_folder_is_a_link(folder, notebook):
    """The student's whole folder is a link to another student's."""
    folder.rmdir()
    folder.parent.rmdir()
    folder.parent.symlink_to(other(folder).parent)


@expects("invalid")
def link_without_end(folder, notebook):
    """The notebook is a link to a device from which one can read for ever."""
    (folder / FILE).symlink_to("/dev/zero")


@expects("invalid")
def link_to_itself(folder, notebook):
    """The notebook is a link to itself."""
    (folder / FILE).symlink_to(folder / FILE)


@expects("invalid")
def pipe(folder, notebook):
    """The notebook is a named pipe, whose reader waits for ever."""
    os.mkfifo(folder / FILE)


@expects("missing")
def folder_as_notebook(folder, notebook):
    """The notebook is a folder."""
    (folder / FILE).mkdir()


@expects("invalid")
def ten_gigabytes(folder, notebook):
    """The notebook is a file with a hole of 10 GB."""
    with (folder / FILE).open("wb") as file:
        file.truncate(10 * 2**30)


@expects("failed")
def name_with_commands(folder, notebook):
    """The notebook's name has line ends, commands for the terminal, and script."""
    save(folder, notebook, "\x1b]0;owned\x07\x1b[2J\n<script>alert(1)<script>.ipynb")


@expects("failed")
def name_that_is_no_text(folder, notebook):
    """The notebook's name is no UTF-8."""
    path = os.fsencode(folder) + b"/\xff\xfe.ipynb"
    with open(path, "w", encoding="utf-8") as file:
        json.dump(notebook, file)


@expects("missing")
def name_elsewhere_that_is_no_text(folder, notebook):
    """A notebook whose name is no UTF-8 lies beside the lesson's folder, which is not there."""
    folder.rmdir()
    with open(os.fsencode(folder.parent) + b"/x\xff\x1b[2J.ipynb", "w", encoding="utf-8") as file:
        json.dump(notebook, file)


@expects("failed")
def neighbours(folder, notebook):
    """Modules named like Python's own, start-up files and a .env lie beside the notebook."""
    save(folder, notebook)
    for name in ("json.py", "numpy.py", "strided.py", "sitecustomize.py", "nbgrader_config.py"):
        (folder / name).write_text("raise SystemExit('owned')")
    (folder / "05_convolution.db").write_bytes(b"\0" * 100)


@expects("invalid")
def timestamp(folder, notebook):
    """A timestamp of the year 9999, and one that is no time; and no notebook worth the name."""
    (folder / "timestamp.txt").write_text("9999-99-99 nonsense")
    (folder / FILE).write_text("[]")


# ---------------------------------------------------------------- files that are no notebook


@expects("invalid")
def empty_file(folder, notebook):
    """The file is empty."""
    (folder / FILE).touch()


@expects("invalid")
def half_a_notebook(folder, notebook):
    """The file ends in the middle."""
    (folder / FILE).write_text(json.dumps(notebook)[:-5000])


@expects("invalid")
def bottomless_json(folder, notebook):
    """A hundred thousand lists within lists."""
    (folder / FILE).write_text('{"cells": ' + "[" * 10**5 + "]" * 10**5 + "}")


@expects("invalid")
def three_million_lists(folder, notebook):
    """Lists that are small in the file and large in memory."""
    (folder / FILE).write_text('{"nbformat": 4, "cells": [' + "[]," * (3 * 10**6) + "[]]}")


@expects("invalid")
def endless_number(folder, notebook):
    """A number of a million digits where the format's version stands."""
    (folder / FILE).write_text('{"cells": [], "nbformat": ' + "9" * 10**6 + "}")


@expects("invalid")
def format_of_the_future(folder, notebook):
    """The notebook's format is one that does not exist."""
    save(folder, NotebookNode(notebook, nbformat=99))


@expects("invalid")
def cells_of_the_wrong_kind(folder, notebook):
    """Cells that are numbers, null, text and lists."""
    save(folder, NotebookNode(notebook, cells=[1, None, "x", [], {}]))


@expects("blank", "failed", "invalid")
def old_format(folder, notebook):
    """The notebook is of format 3, where cells lie in worksheets and have no ids."""
    (folder / FILE).write_text(nbformat.v3.writes_json(nbformat.convert(notebook, 3)))


# ---------------------------------------------------------------- notebooks


@expects("failed")
def skip_execution(folder, notebook):
    """Every test cell has the tag by which nbclient does not run it."""
    for each in notebook.cells:
        each.metadata["tags"] = ["skip-execution", "raises-exception", "remove-cell"]
    save(folder, notebook)


@expects("failed")
def forged_outputs(folder, notebook):
    """The test cells come with the outputs of a success, in every format that is read."""
    from autograder.execute import VERDICT

    verdict = {"exercise": EXERCISE, "status": "passed", "slip": "", "text": ""}
    for each in notebook.cells:
        if each.cell_type == "code":
            each["outputs"] = [
                {"output_type": "display_data", "data": {VERDICT: verdict}, "metadata": {}},
                {
                    "output_type": "execute_result",
                    "data": {"text/plain": "2"},
                    "metadata": {},
                    "execution_count": 1,
                },
            ]
    save(folder, notebook)


@expects("failed")
def forged_metadata(folder, notebook):
    """The graded cells claim other points, and that they are neither tests nor locked."""
    for each in notebook.cells:
        if "nbgrader" in each.metadata:
            each.metadata.nbgrader |= {
                "points": 1000,
                "grade": False,
                "locked": False,
                "task": True,
            }
    notebook.metadata["strided"] = {"remarks": ["passed"], "submission": "x", "refused": ""}
    save(folder, notebook)


@expects("failed")
def test_cell_rewritten(folder, notebook):
    """The test cell checks nothing."""
    cell(notebook, f"test_{EXERCISE}").source = "assert True"
    save(folder, notebook)


@expects("failed", "error")
def test_cell_as_answer(folder, notebook):
    """The answer cell and the test cell have exchanged their ids."""
    answer, test = cell(notebook, EXERCISE), cell(notebook, f"test_{EXERCISE}")
    answer.source, test.source = test.source, answer.source
    save(folder, notebook)


@expects("failed")
def everything_doubled(folder, notebook):
    """Every cell stands there twice."""
    notebook.cells += [NotebookNode(each, id=f"{each.id[:50]}-again") for each in notebook.cells]
    save(folder, notebook)


@expects("failed")
def test_cells_deleted(folder, notebook):
    """There is no test cell."""
    ids = {f"test_{EXERCISE}", "test_strided_from_dense", "test_name_the_step"}
    notebook.cells = [
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") not in ids
    ]
    save(folder, notebook)


@expects("failed")
def metadata_stripped(folder, notebook):
    """No cell has metadata or an id of its own."""
    for number, each in enumerate(notebook.cells):
        each.metadata = {}
        each["id"] = f"c{number}"
    save(folder, notebook)


@expects("failed", "invalid")
def metadata_of_the_wrong_kind(folder, notebook):
    """nbgrader's metadata is a list, a number, a text, and names cells that do not exist."""
    odd = [[], 7, "x", {"grade_id": 5}, {"grade_id": "../../etc"}, {"grade_id": ["test"]}, None]
    for value, each in zip(odd, [c for c in notebook.cells if not c.metadata], strict=False):
        each.metadata["nbgrader"] = value
    save(folder, notebook)


@expects("failed")
def metadata_of_twenty_megabytes(folder, notebook):
    """The notebook's and a cell's metadata are huge."""
    notebook.metadata["x"] = [[] for _ in range(3 * 10**5)]
    notebook.cells[0].metadata["x"] = "y" * 10**7
    save(folder, notebook)


@expects("invalid")
def a_hundred_thousand_cells(folder, notebook):
    """So many empty cells that each step over them takes minutes."""
    empty = {
        "cell_type": "code",
        "source": "",
        "outputs": [],
        "metadata": {},
        "execution_count": None,
    }
    notebook.cells += [empty | {"id": f"n{n}"} for n in range(10**5)]
    save(folder, notebook)


@expects("failed", "timeout", "memory")
def answer_of_a_megabyte(folder, notebook):
    """The answer is so long that colouring or parsing it takes minutes, and gigabytes."""
    cell(notebook, EXERCISE).source += (
        "\nx = " + "(1," * 50 + ")" * 50 + "\ny = [" + "0," * 4 * 10**5 + "]"
    )
    save(folder, notebook)


@expects("error")
def answer_without_bottom(folder, notebook):
    """The answer is nested so deep that a parser can fall over it."""
    cell(notebook, EXERCISE).source = (
        "x = " + "(" * 10**4 + ")" * 10**4 + "\ny = " + "-" * 10**5 + "1"
    )
    save(folder, notebook)


@expects("failed", "error")
def other_languages(folder, notebook):
    """Cells in other languages, by magic, and a kernel that does not exist."""
    notebook.metadata["kernelspec"] = {
        "name": "bash; touch owned",
        "display_name": "x",
        "language": "sh",
    }
    for source in (
        "%%bash\necho GOT IN",
        "!echo GOT IN",
        "%%script sh\necho GOT IN",
        "%run -i /etc/passwd",
    ):
        notebook.cells.insert(1, nbformat.v4.new_code_cell(source))
    save(folder, notebook)


@expects("failed")
def script_in_markdown(folder, notebook):
    """Markdown with script, an attachment with script, and a name with script."""
    evil = nbformat.v4.new_markdown_cell(
        SCRIPT + "\n\n[x](javascript:alert(1)) ![y](attachment:z.svg)"
    )
    evil["attachments"] = {"z.svg": {"image/svg+xml": "<svg onload=alert(1)>"}}
    notebook.cells.insert(1, evil)
    save(folder, notebook)


@expects("failed")
def half_characters(folder, notebook):
    """Halves of two-part characters and zeros, which no file and no database holds."""
    cell(notebook, EXERCISE).source += "\n# \ud800\udfff \udcff \x00".replace("\x00", "")
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell("\ud83d \udc00 \x01\x1b[31m"))
    save(folder, notebook)
