"""Whatever is handed in becomes a notebook with every graded cell in place, or one sentence."""

import copy
import json

import nbformat
import pytest

from autograder import intake
from autograder.execute import cells_by_id, released
from strided import manifest

LESSON = manifest.lessons()["05_convolution"]
FILE = f"{LESSON.name}.ipynb"


@pytest.fixture
def notebook():
    return copy.deepcopy(released(LESSON.name))


def whole(notebook) -> bool:
    """Whether every graded cell is there, once, and of the right kind."""
    cells = cells_by_id(notebook)
    wanted = {e.id for e in LESSON.exercises} | {f"test_{e.id}" for e in LESSON.exercises}
    ids = [intake.grade_id(cell) for cell in notebook.cells if intake.grade_id(cell) in wanted]
    nbformat.validate(notebook)
    return sorted(ids) == sorted(wanted) and all(cells[id].cell_type == "code" for id in wanted)


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", "empty"),
        (b"\xff\xfe\x00", "no text file"),
        (b'{"cells": [', "no valid JSON"),
        (b"[1, 2]", "no notebook"),
        (b'{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "no valid notebook"),
        (b'{"cells": [{"cell_type": "x"}], "metadata": {}}', "no valid notebook"),
        (b"[" * 100_000, "no "),
    ],
)
def test_a_broken_file_is_refused_with_its_reason(tmp_path, content, reason):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(intake.Refused, match=reason) as refused:
        intake.take(tmp_path, LESSON.name)
    assert refused.value.status == "invalid" and "\n" not in str(refused.value)


def test_no_notebook_is_missing(tmp_path):
    for folder in (tmp_path, tmp_path / "never"):
        with pytest.raises(intake.Refused) as refused:
            intake.take(folder, LESSON.name)
        assert refused.value.status == "missing"


def test_a_link_is_not_followed(tmp_path, notebook):
    nbformat.write(notebook, tmp_path / "elsewhere.ipynb")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / FILE).symlink_to(tmp_path / "elsewhere.ipynb")
    with pytest.raises(intake.Refused, match="link"):
        intake.take(folder, LESSON.name)


def test_a_renamed_notebook_is_found_and_told(tmp_path, notebook):
    nbformat.write(notebook, tmp_path / "final (2).ipynb")
    found, remarks = intake.take(tmp_path, LESSON.name)
    assert len(found.cells) == len(notebook.cells)
    assert "final (2).ipynb" in remarks[0]


def test_an_older_format_is_read(tmp_path, notebook):
    old = nbformat.convert(copy.deepcopy(notebook), 3)
    (tmp_path / FILE).write_text(json.dumps(old))
    found, _ = intake.take(tmp_path, LESSON.name)
    assert found.nbformat == 4
    intake.restore(found, LESSON)
    assert whole(found)


def test_an_untouched_notebook_needs_no_remark(notebook):
    assert intake.restore(notebook, LESSON) == []
    assert whole(notebook)


def test_deleted_cells_come_back(notebook):
    notebook.cells = [c for c in notebook.cells if c.id not in ("conv2d", "test_conv2d")]
    remarks = intake.restore(notebook, LESSON)
    assert whole(notebook) and len(remarks) == 2
    notebook.cells = []
    intake.restore(notebook, LESSON)
    assert whole(notebook)


def test_of_duplicated_cells_the_last_counts(notebook):
    cell = cells_by_id(notebook)["conv2d"]
    twin = copy.deepcopy(cell)
    twin["id"], twin.source = "twin", "def conv2d(): return 'the last'"
    notebook.cells.insert(notebook.cells.index(cell) + 1, twin)
    remarks = intake.restore(notebook, LESSON)
    assert whole(notebook) and cells_by_id(notebook)["conv2d"].source.endswith("'the last'")
    assert remarks == ["The cell conv2d stood there more than once; the last one counts."]


@pytest.mark.parametrize("keep_ids", [True, False])
def test_stripped_answers_are_recognised(notebook, keep_ids):
    cells_by_id(notebook)["conv2d"].source = "def conv2d(x, weight): return 'mine'"
    for number, cell in enumerate(notebook.cells):
        cell.metadata.clear()
        if not keep_ids:
            cell["id"] = f"c{number}"
    remarks = intake.restore(notebook, LESSON)
    assert whole(notebook) and any("conv2d had lost" in remark for remark in remarks)
    assert "mine" in cells_by_id(notebook)["conv2d"].source


@pytest.mark.parametrize(
    "meta",
    [
        {"grade_id": "conv2d", "points": 1000, "grade": True, "solution": True, "locked": False},
        {"grade_id": "conv2d"},
        {"grade_id": "no_such_cell"},
        {"grade_id": ["conv2d"]},
        "nonsense",
        None,
        [],
        {},
    ],
)
def test_forged_or_malformed_metadata_is_put_right(notebook, meta):
    cells_by_id(notebook)["conv2d"].metadata["nbgrader"] = meta
    intake.restore(notebook, LESSON)
    assert whole(notebook)
    cell = cells_by_id(notebook)["conv2d"]
    assert cell.metadata.nbgrader == cells_by_id(released(LESSON.name))["conv2d"].metadata.nbgrader


def test_an_edited_check_and_a_changed_cell_type_are_told(notebook):
    cells = cells_by_id(notebook)
    cells["test_conv2d"].source = "assert True"
    cell = cells["conv2d"]
    cell.cell_type = "markdown"
    for key in ("outputs", "execution_count"):
        del cell[key]
    remarks = intake.restore(notebook, LESSON)
    assert whole(notebook)
    assert any("was edited" in remark for remark in remarks)
    assert any("markdown" in remark for remark in remarks)


def test_half_a_character_is_no_reason_to_stop(tmp_path, notebook):
    text = nbformat.writes(notebook).replace("# ", "# \\ud800 ", 3)
    (tmp_path / FILE).write_text(text)
    found, _ = intake.take(tmp_path, LESSON.name)
    assert "?" in json.dumps(found) and "ud800" not in json.dumps(found)
