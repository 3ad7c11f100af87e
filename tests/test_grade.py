"""The main job, end to end: a class graded by the command line, and by stock nbgrader."""

import csv
import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

from autograder import intake, sample
from autograder.classroom import Class
from autograder.mark import Submission, mark
from autograder.notebooks import cells_by_id, digest, verdict_of
from autograder.paths import ROOT, UserError
from autograder.record import Recorder
from bench import grading
from strided import manifest

LESSONS = list(manifest.lessons())
COLUMNS = ["student_id", "lesson", "exercise", "score", "max_score", "status", "slip"]
BIN = Path(sys.executable).parent


def autograder(*arguments, **options) -> subprocess.CompletedProcess:
    command = [str(BIN / "autograder"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=1200, **options)


def table(path: Path) -> dict[tuple[str, str, str], dict]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == COLUMNS
        found = list(reader)
    rows = {(row["student_id"], row["lesson"], row["exercise"]): row for row in found}
    assert len(rows) == len(found), "a row stands there twice"
    return rows


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Path:
    """The sample class, graded over every lesson."""
    folder = tmp_path_factory.mktemp("grade") / "class"
    assert autograder("sample-class", folder).returncode == 0
    run = autograder("grade", *LESSONS, "--class", folder)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    total = len(sample.students()) * len(LESSONS)
    assert f"[{total}/{total}]" in run.stdout and " left" in run.stdout
    return folder


def test_every_row_is_what_the_sample_says(graded):
    expected, got = table(graded / "expected.csv"), table(graded / "grades.csv")
    assert got.keys() == expected.keys()
    different = [(expected[key], got[key]) for key in expected if got[key] != expected[key]]
    assert different == []


def test_the_sample_class_covers_every_status_and_is_the_same_each_time(graded, tmp_path):
    rows = table(graded / "expected.csv").values()
    assert len(sample.students()) >= 16
    statuses = {"passed", "failed", "partial", "blank", "error", "timeout", "memory", "killed"}
    assert {row["status"] for row in rows} == statuses | {"invalid", "missing"}
    sample.write(tmp_path / "again")
    for path in (tmp_path / "again").rglob("*.*"):
        if path.is_file():
            twin = graded / path.relative_to(tmp_path / "again")
            assert path.read_bytes() == twin.read_bytes(), path


def test_feedback_names_the_slip_and_shows_no_test(graded):
    pages = list((graded / "feedback").glob("*/*/*.html"))
    assert len(pages) == len(sample.students()) * len(LESSONS)
    for page in pages:
        text = page.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
        for secret in ("autograder.hidden", "HIDDEN TESTS", str(ROOT), "http://", "<script"):
            assert secret not in text, (page, secret)
    wrong = graded / "feedback" / "slip-01" / "05_convolution" / "05_convolution.html"
    text = wrong.read_text(encoding="utf-8")
    assert "Your output is exactly what" in text and "not right yet" in text


def test_remarks_tell_what_was_mended(graded):
    def remarks(student):
        path = graded / "autograded" / student / "05_convolution" / "05_convolution.ipynb"
        return " ".join(nbformat.read(path, as_version=4).metadata.strided.remarks)

    assert "more than once" in remarks("duplicated-cell")
    assert "was put back" in remarks("deleted-test")
    assert "was edited" in remarks("edited-test")
    assert "had lost its nbgrader metadata" in remarks("stripped-metadata")
    assert "it is graded as" in remarks("renamed-notebook")
    assert "cannot be read" in remarks("broken-file")
    assert remarks("loops") == ""


@pytest.fixture
def small(graded, tmp_path) -> Path:
    """Three students of the graded class, to be changed and graded again."""
    for part in ("submitted", "autograded", "feedback"):
        for student in ("blank", "loops", "slip-01"):
            shutil.copytree(graded / part / student, tmp_path / part / student)
    shutil.copy(graded / "gradebook.db", tmp_path)
    return tmp_path


def test_a_second_run_grades_only_what_changed(small):
    lesson = "05_convolution"

    def graded_at(student):
        return (small / "autograded" / student / lesson / f"{lesson}.ipynb").stat().st_mtime_ns

    before = {student: graded_at(student) for student in ("blank", "loops", "slip-01")}
    theirs = small / "submitted" / "blank" / lesson / f"{lesson}.ipynb"
    shutil.copy(small / "submitted" / "loops" / lesson / f"{lesson}.ipynb", theirs)
    assert autograder("grade", lesson, "--class", small).returncode == 0
    assert graded_at("blank") > before["blank"]
    assert graded_at("loops") == before["loops"] and graded_at("slip-01") == before["slip-01"]
    rows = table(small / "grades.csv")
    assert rows["blank", lesson, "conv2d"]["status"] == "passed"
    theirs.unlink()
    assert autograder("grade", lesson, "--class", small).returncode == 0
    assert table(small / "grades.csv")["blank", lesson, "conv2d"]["score"] == "0"


def submission(folder: Path, student: str, lesson: str) -> Submission:
    handed = intake.collect(folder / "submitted" / student / lesson, lesson)
    return Submission(student, lesson, handed, digest(lesson))


def test_what_nobody_foresaw_is_an_invalid_submission(small, monkeypatch):
    def surprising(content):
        raise KeyError("a bug")

    monkeypatch.setattr(intake, "read", surprising)
    marked = mark(submission(small, "loops", "05_convolution"))
    cells = cells_by_id(nbformat.reads(marked.notebook, as_version=4))
    assert verdict_of(cells["test_conv2d"])["status"] == "invalid"
    assert "a bug" in marked.page


def test_a_submission_is_recorded_whole_or_not_at_all(tmp_path, small):
    def failing(notebook, resources):
        raise OSError("the disk is full")

    lesson = manifest.lessons()["05_convolution"]
    job = submission(small, "loops", lesson.name)
    marked = mark(job)
    other = tmp_path / "other"
    other.mkdir()
    with Recorder(Class(other)) as recorder:
        recorder.prepare(lesson)
        steps = recorder.steps
        recorder.steps = [*steps, failing]
        with pytest.raises(OSError, match="full"):
            recorder.record(job, marked, "first")
        assert recorder.scores(lesson.name) == {}
        recorder.steps = steps
        recorder.record(job, marked, "second")
        recorded = recorder.scores(lesson.name)["loops"]
    assert {score.score == score.max_score for score in recorded.values()} == {True}


def test_what_a_run_leaves_out_of_nbgrader_can_be_imported_later():
    code = """
import sys, autograder.lean, nbgrader.converters
assert "nbgrader.server_extensions.formgrader" not in sys.modules
from nbgrader.server_extensions.formgrader import load_jupyter_server_extension
assert callable(load_jupyter_server_extension)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_worker_with_another_course_says_so(small):
    other = dataclasses.replace(submission(small, "loops", "05_convolution"), course="another")
    with pytest.raises(UserError, match="another version of 05_convolution"):
        mark(other)


def test_only_the_named_students_are_graded_and_force_grades_again(small):
    lesson = "05_convolution"

    def graded_at(student):
        return (small / "autograded" / student / lesson / f"{lesson}.ipynb").stat().st_mtime_ns

    before = {student: graded_at(student) for student in ("blank", "loops", "slip-01")}
    run = autograder("grade", lesson, "--class", small, "--force", "--student", "blank")
    assert run.returncode == 0 and "1 to grade" in run.stdout
    assert graded_at("blank") > before["blank"] and graded_at("loops") == before["loops"]
    run = autograder("grade", lesson, "--class", small)
    assert "3 unchanged since they were graded." in run.stdout
    rows = table(small / "grades.csv")
    assert {student for student, _, _ in rows} == {"blank", "loops", "slip-01"}


def test_the_class_run_and_nbgrader_autograde_make_the_same_notebook(graded, tmp_path):
    """Up to the marks of a class run: cells, outputs and nbgrader's metadata."""
    lesson = "05_convolution"
    settings = grading.settings(tmp_path)
    (tmp_path / "nbgrader_config.py").write_text(settings)
    for student in ("loops", "edited-test", "duplicated-cell"):
        theirs = graded / "submitted" / student / lesson
        shutil.copytree(theirs, tmp_path / "submitted" / student / lesson)
    nbgrader(tmp_path, "generate_assignment", lesson)
    said = nbgrader(tmp_path, "autograde", lesson)
    assert "has changed!" not in said  # nothing is left for OverwriteCells to put back
    for student in ("loops", "edited-test", "duplicated-cell"):
        place = Path("autograded") / student / lesson / f"{lesson}.ipynb"
        one, other = (nbformat.read(root / place, 4) for root in (graded, tmp_path))
        assert one.cells == other.cells


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["05_nothing"], "There is no lesson '05_nothing'; the lessons are"),
        (["05_convolution", "--class", "{empty}"], "There are no submissions"),
        (["05_convolution", "--class", "{empty}/never"], "There is no class folder"),
        (["05_convolution", "--scheduler", "tcp://127.0.0.1:1"], "There is no Dask scheduler at"),
        (["05_convolution", "--scheduler", "nonsense"], "nonsense is no address"),
        (["05_convolution", "--scheduler", "tcp://here"], "tcp://here is no address"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2(tmp_path, arguments, sentence):
    run = autograder("grade", *[a.format(empty=tmp_path) for a in arguments])
    assert run.returncode == 2
    assert run.stderr.startswith(sentence) and run.stderr.count("\n") == 1


def test_a_sample_class_is_not_written_over_something(tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    run = autograder("sample-class", tmp_path)
    assert run.returncode == 2 and "is not empty" in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_ctrl_c_ends_the_run_with_one_sentence(graded, tmp_path):
    lesson = "05_convolution"
    theirs = graded / "submitted" / "endless-loop" / lesson
    shutil.copytree(theirs, tmp_path / "submitted" / "endless-loop" / lesson)
    run = subprocess.Popen(
        [str(BIN / "autograder"), "grade", lesson, "--class", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stdout.readline().startswith("1 to grade")
    time.sleep(2)
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert run.returncode == 130
    assert said.startswith("Stopped. What was graded is kept") and said.count("\n") == 1


# ---------------------------------------------------------------- stock nbgrader

HONEST = ("as-strided", "blank", "extra-cells", "slip-01", "slip-02", "warnings")


def nbgrader(here: Path, *arguments) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=here,
        capture_output=True,
        text=True,
        timeout=1200,
        # nbgrader calls `alembic`, which an activated environment has on its path.
        env=os.environ | {"JUPYTER_CONFIG_DIR": str(here), "PATH": f"{BIN}:{os.environ['PATH']}"},
    )
    assert run.returncode == 0, run.stderr
    return run.stdout + run.stderr


@pytest.mark.parametrize("lesson", ["01_one_step_many_names", "05_convolution"])
def test_nbgrader_with_our_steps_gives_honest_students_the_same_scores(graded, tmp_path, lesson):
    """`test_stock` does the same with nbgrader's own steps."""
    from nbgrader.api import Gradebook

    for student in HONEST:
        theirs = graded / "submitted" / student / lesson
        shutil.copytree(theirs, tmp_path / "submitted" / student / lesson)
    settings = grading.settings(tmp_path)
    (tmp_path / "nbgrader_config.py").write_text(settings)
    nbgrader(tmp_path, "generate_assignment", lesson)
    made = (tmp_path / "release" / lesson / f"{lesson}.ipynb").read_bytes()
    assert made == (ROOT / "course" / lesson / f"{lesson}.ipynb").read_bytes()
    nbgrader(tmp_path, "autograde", lesson)
    ours = table(graded / "grades.csv")
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}", "strided") as gradebook:
        for student in HONEST:
            record = gradebook.find_submission_notebook(lesson, lesson, student)
            assert not record.needs_manual_grade
            for grade in record.grades:
                row = ours[student, lesson, grade.name.removeprefix("test_")]
                assert grade.score == float(row["score"]), (student, grade.name)
    nbgrader(tmp_path, "generate_feedback", lesson)
    page = tmp_path / "feedback" / "slip-01" / lesson / f"{lesson}.html"
    assert "Your output is exactly what" in page.read_text(encoding="utf-8")


def test_the_untouched_release_scores_nothing_and_nothing_else_is_blank(graded):
    rows = table(graded / "grades.csv").values()
    assert all(r["score"] == "0" for r in rows if r["student_id"] == "blank")
    cells = cells_by_id(
        nbformat.read(graded / "autograded/blank/05_convolution/05_convolution.ipynb", 4)
    )
    assert verdict_of(cells["test_conv2d"])["status"] == "blank"


def test_formgrader_lists_and_opens_the_graded_class(graded, tmp_path):
    settings = grading.settings(graded)
    (graded / "nbgrader_config.py").write_text(settings)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.port={port}", "--IdentityProvider.token=key"]
    home = {"JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_DATA_DIR": str(tmp_path)}

    def get(path: str) -> str:
        address = f"http://127.0.0.1:{port}/formgrader/{path}?token=key"
        return urllib.request.urlopen(address, timeout=60).read().decode()

    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=graded, stdout=log, stderr=log, env=os.environ | home
        )
    try:
        for _ in range(120):
            try:
                listed = json.loads(get("api/assignments"))
                break
            except OSError:
                time.sleep(0.5)
        else:
            raise AssertionError((tmp_path / "log").read_text())
        assert {assignment["name"] for assignment in listed} == {*LESSONS, "demos"}
        lesson = "05_convolution"
        theirs = json.loads(get(f"api/submitted_notebooks/{lesson}/{lesson}"))
        assert len(theirs) == len(sample.students())
        wrong = next(entry for entry in theirs if entry["student"] == "slip-01")
        assert "Your output is exactly what" in get(f"submissions/{wrong['id']}/")
    finally:
        server.terminate()
        server.wait()
