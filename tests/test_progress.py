"""Where a student stands, read from notebooks as they were saved; and hints, one at a time."""

import importlib
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.utils import compute_checksum

import strided
from autograder import build
from autograder.answers import answers
from strided import manifest, progress
from strided.__main__ import main
from strided.progress import NotFound, find_course, states

LESSON = manifest.lessons()["05_convolution"]
NAMES = [exercise.id for exercise in LESSON.exercises]


def released(lesson: manifest.Lesson) -> nbformat.NotebookNode:
    """A lesson as it is handed out: stubs in place of solutions, with nbgrader's checksums."""
    notebook = build.read_lesson(lesson)
    for cell in notebook.cells:
        given = cell.metadata.get("nbgrader")
        if not given:
            continue
        if given["solution"]:
            stub = "raise NotImplementedError()" if cell.cell_type == "code" else "YOUR ANSWER HERE"
            cell.source = f"# as handed out\n{stub}"
        cell.source = cell.source.partition("\n### BEGIN")[0]
        given["checksum"] = compute_checksum(cell)
    return notebook


class Course:
    """A course folder with one lesson, and what a student does to it."""

    def __init__(self, folder, lesson: manifest.Lesson = LESSON):
        self.folder = folder / "course"
        self.file = self.folder / lesson.name / f"{lesson.name}.ipynb"
        self.file.parent.mkdir(parents=True)
        self.notebook = released(lesson)
        self.save()

    def save(self) -> None:
        nbformat.write(self.notebook, self.file)

    def cell(self, id: str):
        return next(
            cell
            for cell in self.notebook.cells
            if cell.metadata.get("nbgrader", {}).get("grade_id") == id
        )

    def write(self, id: str, text: str) -> None:
        self.cell(id).source = text
        self.save()

    def checked(self, id: str, *outputs, answered: int = 1, counted: int = 2) -> None:
        self.cell(id).execution_count = answered
        check = self.cell(f"test_{id}")
        check.execution_count, check.outputs = counted, list(outputs)
        self.save()

    def state(self, id: str) -> str:
        return {line.id: line.state for line in states(self.folder)}[id]


def stream(text: str):
    return nbformat.v4.new_output("stream", name="stdout", text=text)


WRONG = nbformat.v4.new_output("error", ename="WrongAnswer", evalue="", traceback=["no"])
PART = nbformat.v4.new_output("execute_result", data={"text/plain": "1.5"})
PASSED = stream("hello\nconv2d: all 7 cases are right.\n")


@pytest.fixture
def course(tmp_path):
    return Course(tmp_path)


@pytest.fixture(autouse=True)
def no_hints_given(monkeypatch):
    monkeypatch.setattr(sys.modules["strided.progress"], "_shown", {})


def test_an_untouched_notebook_has_everything_before_it(course):
    assert [line.state for line in states(course.folder)] == ["not yet"] * len(NAMES)


@pytest.mark.parametrize(
    "outputs, counts, state",
    [
        ([PASSED], (1, 2), "done"),
        ([PASSED], (3, 2), "changed"),
        ([WRONG], (1, 2), "tried"),
        ([PASSED, WRONG], (1, 2), "tried"),
        ([stream("conv2d: 9 of 12 answers are right.\n"), PART], (1, 2), "partly"),
        ([stream("conv2d_groups: all 7 cases are right.\n")], (1, 2), "partly"),
        ([], (1, None), "written"),
        ([PASSED], (1, None), "written"),
        ([], (1, 2), "written"),
    ],
)
def test_a_written_answer_is_what_its_check_said(course, outputs, counts, state):
    course.write("conv2d", "def conv2d(x, weight):\n    return x\n")
    course.checked("conv2d", *outputs, answered=counts[0], counted=counts[1])
    assert course.state("conv2d") == state


@pytest.mark.parametrize("text", [None, "", "  \n"])
def test_without_an_answer_nothing_is_done_whatever_the_check_said(course, text):
    if text is not None:
        course.write("conv2d", text)
    course.checked("conv2d", PASSED)
    assert course.state("conv2d") == "not yet"


def test_a_question_for_a_person_is_answered_when_its_text_is_another(tmp_path):
    lesson = next(lesson for lesson in manifest.lessons().values() if lesson.manual)
    course, id = Course(tmp_path, lesson), lesson.manual[0].id
    assert course.state(id) == "not yet"
    course.write(id, "Every SubSampling is a strided convolution.")
    assert course.state(id) == "answered"
    with pytest.raises(NotFound, match="a person grades"):
        strided.hint(id)


def test_a_real_run_is_read_rightly(tmp_path):
    lesson = manifest.lessons()["01_one_step_many_names"]
    course = Course(tmp_path, lesson)
    written = answers(lesson.name)
    course.write("keep_every", written["keep_every", "slices"])
    course.write("strided_from_dense", written["strided_from_dense", "slip:kept_before"])
    right = written["name_the_step", "literal"]
    course.write("name_the_step", right.replace('"memory"', '"window"', 1))
    wanted = {"keep_every", "strided_from_dense", "name_the_step"}
    wanted |= {f"test_{id}" for id in wanted}
    course.notebook.cells = [
        cell
        for cell in course.notebook.cells
        if "import numpy" in cell.source
        or cell.metadata.get("nbgrader", {}).get("grade_id") in wanted
    ]
    NotebookClient(course.notebook, allow_errors=True, timeout=60).execute()
    course.save()
    said = {line.id: line.state for line in states(course.folder)}
    assert said == {
        "keep_every": "done",
        "strided_from_dense": "tried",
        "keras1_to_keras2": "not yet",
        "name_the_step": "partly",
    }


def test_every_line_fits_and_says_what_comes_next(course, capsys):
    course.write("conv2d", "def conv2d(x, weight):\n    return x\n")
    course.checked("conv2d", WRONG)
    strided.progress(course.folder)
    out = capsys.readouterr().out
    lines = out.splitlines()[1:]
    assert all(len(line) < 80 for line in lines)
    assert "  [~] conv2d                     tried; its check says what is wrong" in lines
    assert "  [ ] correlate_or_convolve      not yet" in lines
    assert "05_convolution: 0 of 3" in lines
    assert "Next: conv2d in 05_convolution." in lines
    assert lines[-1].endswith("strided.hint('conv2d')")
    for id in NAMES:
        course.write(id, f"{id} = 1")
        course.checked(id, stream(f"{id}: all is right.\n"))
    strided.progress(course.folder)
    assert capsys.readouterr().out.endswith("Everything is done.\n")


def test_the_course_is_found_from_anywhere_in_it(course, monkeypatch, tmp_path):
    deep = tmp_path / "src" / "deep"
    deep.mkdir(parents=True)
    for place in (tmp_path, course.folder, course.file.parent, deep):
        monkeypatch.chdir(place)
        assert find_course() == course.folder
        assert find_course(place) == course.folder


def test_where_there_is_no_course_or_no_notebook_it_is_said_in_a_sentence(course, tmp_path, capsys):
    nowhere = tmp_path.parent
    assert main(["progress", str(nowhere)]) == 2
    assert "There are no lessons in" in capsys.readouterr().err
    for text in ("{", "[]", '{"cells": [1]}', "\x00"):
        course.file.write_text(text)
        assert main(["progress", str(course.folder)]) == 2
        assert "no notebook that can be read" in capsys.readouterr().err


def test_hints_come_one_at_a_time(capsys):
    hints = manifest.exercises()["conv2d"].hints
    for number, words in enumerate([*hints, hints[-1]], 1):
        strided.hint("conv2d")
        out = " ".join(capsys.readouterr().out.split())
        shown = min(number, len(hints))
        assert out.startswith(f"Hint {shown} of {len(hints)} for conv2d: {' '.join(words.split())}")
        assert ("no more hints" in out) == (shown == len(hints))
    strided.hint("conv2d", 1)
    assert "Hint 1 of" in capsys.readouterr().out


@pytest.mark.parametrize(
    "asked, words",
    [
        (["convd"], "did you mean conv2d"),
        (["zzz"], "the exercises are keep_every,"),
        (["conv2d", "9"], "conv2d has no hint 9: ask for one from 1 to"),
        (["conv2d", "0"], "conv2d has no hint 0"),
    ],
)
def test_what_is_not_there_is_told_in_a_sentence(asked, words, capsys):
    assert main(["hint", *asked]) == 2
    captured = capsys.readouterr()
    assert words in captured.err and captured.out == "" and "Traceback" not in captured.err
    with pytest.raises(NotFound) as caught:
        strided.hint(asked[0], *map(int, asked[1:]))
    shown = caught.value._render_traceback_()
    assert words in " ".join(shown) and all(len(line) < 80 for line in shown)


def test_the_terminal_says_the_same(course):
    for arguments, words in (
        (["progress"], "python -m strided hint correlate_or_convolve"),
        (["hint", "conv2d", "2"], "Hint 2 of"),
    ):
        run = subprocess.run(
            [sys.executable, "-m", "strided", *arguments],
            capture_output=True,
            text=True,
            cwd=course.file.parent,
        )
        assert run.returncode == 0 and words in run.stdout and run.stderr == "", run


def test_no_hint_and_no_progress_shows_a_solution(course, capsys):
    course.write("conv2d", "SECRET = 1")
    strided.progress(course.folder)
    assert "SECRET" not in capsys.readouterr().out


def test_the_library_s_names_are_functions_and_importing_it_is_light():
    importlib.import_module("strided.progress")
    assert callable(strided.progress) and strided.progress is progress
    code = "import sys, strided; print(*sorted({'torch', 'numpy', 'tomllib'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
