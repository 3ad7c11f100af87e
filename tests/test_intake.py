"""Whatever is handed in becomes a notebook with every graded cell in place, or one sentence."""

import copy
import json

import nbformat
import pytest
from nbgrader.utils import compute_checksum

from autograder import intake
from autograder.notebooks import cells_by_id, grade_id, released, solved
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
def test_a_broken_file_is_refused_with_its_reason(content, reason):
    with pytest.raises(ValueError, match=reason) as refused:
        intake.read(content)
    assert "\n" not in str(refused.value)


def test_no_notebook_is_missing(tmp_path):
    for folder in (tmp_path / "here", tmp_path / "never" / "there"):
        handed = intake.collect(folder, LESSON.name)
        assert handed.status == "missing" and handed.remarks == ()


def test_a_link_is_not_followed(tmp_path, notebook):
    nbformat.write(notebook, tmp_path / "elsewhere.ipynb")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / FILE).symlink_to(tmp_path / "elsewhere.ipynb")
    handed = intake.collect(folder, LESSON.name)
    assert handed.status == "invalid" and "link" in handed.reason and not handed.content


def test_what_is_too_large_is_not_read(tmp_path):
    with (tmp_path / FILE).open("wb") as file:
        file.truncate(intake.SIZE_LIMIT + 1)
    handed = intake.collect(tmp_path, LESSON.name)
    assert handed.status == "invalid" and "are read" in handed.reason and not handed.content


def test_a_renamed_notebook_is_found_and_told(tmp_path, notebook):
    nbformat.write(notebook, tmp_path / "final (2).ipynb")
    handed = intake.collect(tmp_path, LESSON.name)
    found = intake.read(handed.content)
    assert len(found.cells) == len(notebook.cells)
    assert "final (2).ipynb" in handed.remarks[0]


@pytest.mark.parametrize(
    "place", ["mine.ipynb", "05-Convolution/a.ipynb", "05_convolution/b/a.ipynb"]
)
def test_a_notebook_in_a_wrong_place_is_named(tmp_path, notebook, place):
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, tmp_path / place)
    handed = intake.collect(tmp_path / LESSON.name, LESSON.name)
    assert handed.status == "missing"
    assert len(handed.remarks) == 1 and place in handed.remarks[0]


def test_a_notebook_of_another_lesson_is_no_stray(tmp_path, notebook):
    other = tmp_path / "03_average_pooling"
    other.mkdir()
    nbformat.write(notebook, other / "any.ipynb")
    assert intake.collect(tmp_path / LESSON.name, LESSON.name).remarks == ()


def test_an_older_format_is_read(notebook):
    old = nbformat.convert(copy.deepcopy(notebook), 3)
    found = intake.read(json.dumps(old).encode())
    assert found.nbformat == 4
    intake.restore(found, LESSON)
    assert whole(found)


def test_cells_without_ids_get_them(notebook):
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]
    found = intake.read(json.dumps(notebook).encode())
    intake.restore(found, LESSON)
    assert whole(found)


@pytest.mark.parametrize(
    "odd", [{"tags": "no list"}, {"collapsed": "perhaps"}, {"name": 3}, {"tags": ["a", "a"]}]
)
def test_odd_metadata_costs_itself_and_not_the_notebook(notebook, odd):
    cells_by_id(notebook)["conv2d"].source = "def conv2d(): return 'mine'"
    cells_by_id(notebook)["conv2d"].metadata.update(odd)
    found = intake.read(json.dumps(notebook).encode())
    assert intake.restore(found, LESSON) == [] and whole(found)
    assert "mine" in cells_by_id(found)["conv2d"].source


def test_odd_metadata_of_the_notebook_is_dropped(notebook):
    notebook.metadata["kernelspec"] = {"display_name": 3}
    found = intake.read(json.dumps(notebook).encode())
    assert len(found.cells) == len(notebook.cells)


def test_odd_outputs_do_not_matter(notebook):
    cells_by_id(notebook)["conv2d"].outputs = [{"output_type": "nonsense"}]
    found = intake.read(json.dumps(notebook).encode())
    assert cells_by_id(found)["conv2d"].outputs == []


def test_an_answer_in_a_copy_of_another_answers_cell_is_recognised(notebook):
    cells = cells_by_id(notebook)
    cells["conv2d"].source = "def conv2d(): return 'mine'"
    cells["conv2d"].metadata["nbgrader"]["grade_id"] = "correlate_or_convolve"
    cells["conv2d"]["id"] = "copied"
    remarks = intake.restore(notebook, LESSON)
    assert whole(notebook) and not any("deleted" in remark for remark in remarks)
    assert "mine" in cells_by_id(notebook)["conv2d"].source


def test_locked_cells_are_as_the_gradebook_has_them(notebook):
    cells_by_id(notebook)["test_conv2d"].source = "assert True"
    intake.restore(notebook, LESSON)
    check = cells_by_id(notebook)["test_conv2d"]
    assert check.source == cells_by_id(solved(LESSON.name))["test_conv2d"].source
    assert check.metadata.nbgrader.checksum == compute_checksum(check)


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


def test_half_a_character_is_no_reason_to_stop(notebook):
    text = nbformat.writes(notebook).replace("# ", "# \\ud800 ", 3)
    found = intake.read(text.encode())
    assert "?" in json.dumps(found) and "ud800" not in json.dumps(found)


QUESTION = manifest.lessons()["06_channel_mixing"]
ASKED = QUESTION.manual[0].id


@pytest.mark.parametrize("place", ["after", "before", "rubric", "code"])
def test_an_answer_beside_its_empty_cell_is_read(place):
    notebook = copy.deepcopy(released(QUESTION.name))
    at = [intake.grade_id(cell) for cell in notebook.cells].index(ASKED)
    text = "Every SubSampling is a strided convolution."
    if place == "rubric":
        notebook.cells[at - 1].source += f"\n\n{text}"
    else:
        make = nbformat.v4.new_code_cell if place == "code" else nbformat.v4.new_markdown_cell
        notebook.cells.insert(at if place == "before" else at + 1, make(text, id="mine"))
    remarks = intake.restore(notebook, QUESTION)
    assert text in cells_by_id(notebook)[ASKED].source
    assert text not in cells_by_id(notebook)[f"rubric_{ASKED}"].source
    assert len(remarks) == 1 and "beside" in remarks[0]


def test_the_lessons_own_cells_are_no_answer():
    notebook = copy.deepcopy(released(QUESTION.name))
    assert intake.restore(notebook, QUESTION) == []
    stub = cells_by_id(notebook)[ASKED].source
    notebook = copy.deepcopy(released(QUESTION.name))
    notebook.cells = [cell for cell in notebook.cells if intake.grade_id(cell) != ASKED]
    assert "deleted" in intake.restore(notebook, QUESTION)[0]
    assert cells_by_id(notebook)[ASKED].source == stub


def test_answers_in_one_cell_are_all_run():
    notebook = copy.deepcopy(released(LESSON.name))
    cells = cells_by_id(notebook)
    ids = [exercise.id for exercise in LESSON.exercises]
    cells[ids[0]].source = "\n".join(f"def {id}(): return 1" for id in ids)
    notebook.cells = [cell for cell in notebook.cells if intake.grade_id(cell) not in ids[1:]]
    remarks = intake.restore(notebook, LESSON)
    assert [cells_by_id(notebook)[id].source for id in ids[1:]] == ["", ""]
    assert len(remarks) == 2 and all("another cell" in remark for remark in remarks)


def test_what_lies_where_nobody_looks_is_named_with_what_was_meant(tmp_path, notebook):
    submitted = tmp_path / "submitted"
    for place in (
        f"ann/05_convolutoin/{FILE}",
        f"ben/Homework/{FILE}",
        f"cyd/{LESSON.name}/{FILE}",
        f"cyd/.ipynb_checkpoints/{FILE}",
        "cyd/data/notes.txt",
        f"dee/{FILE}",
        f"eve/{LESSON.name}/work.zip",
        FILE,
    ):
        path = submitted / place
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
    (submitted / "cyd" / "away").symlink_to(submitted / "ann")
    assert intake.not_graded(submitted) == [
        f"Not graded: submitted/{FILE} lies in no student's folder; "
        "its place would be submitted/STUDENT/LESSON/LESSON.ipynb.",
        "Not graded: submitted/ann/05_convolutoin is no lesson; did you mean 05_convolution?",
        "Not graded: submitted/ben/Homework is no lesson.",
        f"Not graded: submitted/dee/{FILE} lies in no lesson's folder; "
        "its place would be submitted/dee/LESSON/LESSON.ipynb.",
        f"Not graded: submitted/eve/{LESSON.name} holds work.zip and no notebook: unpack it.",
    ]


@pytest.mark.parametrize(
    "written, near",
    [
        ("def conv_2d(x): pass", "conv_2d"),
        ("def Conv2D(x): pass", "Conv2D"),
        ("def con2d(x): pass", "con2d"),
        ("def conv2d_by_loops(x): pass", ""),
        ("def conv2d_groups(x): pass", ""),  # another exercise's name
        ("conv_2d = 3", ""),
        ("def helper(x): pass\nconv_2d = lambda x: helper(x)", "conv_2d"),
        ("async def conv_2d(x): pass", "conv_2d"),
        ("def conv_2d(x: pass", ""),
        ("def f(x):\n    def conv_2d(x): pass", ""),
    ],
)
def test_a_name_that_is_nearly_the_exercises_is_found(notebook, written, near):
    for place in (cells_by_id(notebook)["conv2d"], nbformat.v4.new_code_cell("")):
        mine = copy.deepcopy(notebook)
        cells_by_id(mine)["conv2d"].source = "" if grade_id(place) else "pass"
        place.source = written
        mine.cells.append(copy.deepcopy(place))
        assert intake.misspelt(mine, LESSON, "conv2d") == near


def test_nothing_that_a_lesson_defines_is_an_exercises_name_misspelt():
    for lesson in manifest.lessons().values():
        own = released(lesson.name)
        assert not any(intake.misspelt(own, lesson, exercise.id) for exercise in lesson.exercises)


@pytest.mark.parametrize("keep", ["everything", "ids", "metadata", "code"])
@pytest.mark.parametrize("other", list(manifest.lessons()))
def test_another_lessons_notebook_is_known_and_this_ones_never(other, keep):
    for wanted in manifest.lessons().values():
        notebook = copy.deepcopy(released(other))
        for number, cell in enumerate(notebook.cells):
            if keep in ("ids", "code"):
                cell.metadata.clear()
            if keep in ("metadata", "code"):
                cell["id"] = f"c{number}"
        instead = "" if wanted.name == other else other
        assert intake.other_lesson(notebook, wanted) == instead


def test_a_notebook_of_ones_own_is_no_other_lessons(notebook):
    mine = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("def helper(): pass")])
    assert intake.other_lesson(mine, LESSON) == ""
    mine.cells += copy.deepcopy(released("03_average_pooling").cells)
    assert intake.other_lesson(mine, LESSON) == "03_average_pooling"
    mine.cells.append(nbformat.v4.new_code_cell("def conv2d(x): return x"))
    assert intake.other_lesson(mine, LESSON) == ""
    mine.cells[0].metadata["nbgrader"] = {"grade_id": ["conv2d"]}
    assert intake.other_lesson(mine, LESSON) == ""
