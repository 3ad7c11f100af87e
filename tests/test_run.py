"""A class run survives whatever ends it: its own death, its workers', and other runs."""

import csv
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import here
import nbformat
import psutil
import pytest
from here import Here
from nbgrader.api import Gradebook

from autograder import doctor, grade, sample
from autograder.classroom import Class
from autograder.paths import UserError
from strided import manifest

LESSON = manifest.lessons()["05_convolution"]
COMMAND = [sys.executable, "-m", "autograder"]
QUICK = ("as-strided", "blank", "half-done", "loops", "slip-01", "slip-02")


def hand_in(folder: Path, stories: dict[str, str]) -> Path:
    """A class of students, each with one of the sample's stories."""
    known = {story.id: story for story in sample.students()}
    for student, story in stories.items():
        notebook, _ = sample.submission(known[story], LESSON)
        here.hand_in(Class(folder), student, LESSON.name, notebook)
    return folder


def start(folder: Path, *options: object, **more) -> subprocess.Popen:
    command = [*COMMAND, "grade", LESSON.name, "--class", str(folder), *map(str, options)]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, start_new_session=True, **more
    )


def finish(folder: Path, *options: object, **more) -> str:
    run = start(folder, *options, **more)
    out, err = run.communicate(timeout=300)
    assert run.returncode == 0, err
    return out


def results(folder: Path) -> tuple[str, list]:
    """The class's grades.csv, and its gradebook's scores."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "strided") as gradebook:
        scores = sorted(
            (grade.student.id, grade.name, grade.score, grade.needs_manual_grade)
            for submission in gradebook.assignment_submissions(LESSON.name)
            for notebook in submission.notebooks
            for grade in notebook.grades
        )
    return (folder / "grades.csv").read_text(), scores


def gone(processes: list[psutil.Process], seconds: float = 30) -> bool:
    """Whether these processes end; one that nobody has waited for has ended too."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def cluster():
    """Two workers that outlive the runs, as on an existing Dask cluster."""
    from autograder.workers import Workers

    with Workers(2) as workers:
        yield workers.cluster.scheduler_address


def test_a_run_killed_a_hundred_times_ends_as_an_uninterrupted_one(tmp_path, cluster):
    kills, runs = 100, 2
    stories = {f"s{n:02}": QUICK[n % len(QUICK)] for n in range(12)}
    whole = hand_in(tmp_path / "whole", stories)
    finish(whole, "--scheduler", cluster)
    seed = random.randrange(2**32)
    print("seed", seed)

    def torment(number: int) -> Path:
        chance = random.Random(seed + number)
        folder = hand_in(tmp_path / f"class-{number}", stories)
        for _ in range(kills // runs):
            done = len(list((folder / "autograded").glob("*/*/*.ipynb")))
            run = start(folder, "--scheduler", cluster, *(["--force"] if done == 12 else []))
            if chance.random() < 0.9:  # from its first line on it records; before, it starts
                run.stdout.readline()
                time.sleep(chance.uniform(0, 0.3))
            else:
                time.sleep(chance.uniform(0, 2))
            run.kill()
            run.communicate()
        return folder

    with ThreadPoolExecutor(runs) as pool:
        for folder in pool.map(torment, range(runs)):
            finish(folder, "--scheduler", cluster)
            assert results(folder) == results(whole)
            assert len(list((folder / "feedback").glob("*/*/*.html"))) == 12
            assert "12 unchanged" in finish(folder, "--scheduler", cluster)


def test_a_cluster_that_goes_away_is_one_sentence(tmp_path):
    from autograder.workers import Workers

    folder = hand_in(tmp_path, {"endless": "endless-loop", "quick": "loops"})
    with Workers(2) as workers:
        run = start(folder, "--scheduler", workers.cluster.scheduler_address)
        while "quick" not in run.stdout.readline():
            assert run.poll() is None, run.stderr.read()
    _, said = run.communicate(timeout=120)
    assert run.returncode == 2 and said.count("\n") == 1, said
    assert [path.name for path in (folder / "autograded").iterdir()] == ["quick"]


def test_a_cluster_without_workers_is_one_sentence(monkeypatch):
    from distributed import LocalCluster

    from autograder import workers

    monkeypatch.setattr(workers, "PATIENCE", 1.0)
    with (
        LocalCluster(n_workers=0, dashboard_address=None) as cluster,
        workers.Workers(scheduler=cluster.scheduler_address) as none,
        pytest.raises(UserError, match="No worker has come to tcp://.* start some"),
    ):
        next(none.mark(iter([])))


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_the_run(tmp_path, ending):
    folder = hand_in(tmp_path, {"endless": "endless-loop", "quick": "loops"})
    run = start(folder)
    while "quick" not in run.stdout.readline():
        assert run.poll() is None, run.stderr.read()
    family = psutil.Process(run.pid).children(recursive=True)
    assert any("autograder.warm" in process.cmdline() for process in family)
    os.kill(run.pid, ending)
    run.communicate(timeout=60)
    assert gone(family)
    assert [path.name for path in (folder / "autograded").iterdir()] == ["quick"]


# The fault is planted from outside, in the process from which the workers are forked.
PLANT = """
import os, sys
if "multiprocessing.forkserver" in " ".join(sys.orig_argv):
    from autograder import intake
    read = intake.read
    def deadly(content):
        if b"this one kills" in content:
            with open({log!r}, "a") as log:
                log.write("died\\n")
            os._exit(9)
        return read(content)
    intake.read = deadly
"""


def test_a_submission_that_kills_its_worker_twice_is_recorded_and_the_class_goes_on(tmp_path):
    stories = {f"s{n:02}": QUICK[n % len(QUICK)] for n in range(8)}
    folder = hand_in(tmp_path / "class", stories)
    path = folder / "submitted" / "s03" / LESSON.name / f"{LESSON.name}.ipynb"
    notebook = nbformat.read(path, 4)
    notebook.cells.append(nbformat.v4.new_code_cell("# this one kills"))
    nbformat.write(notebook, path)
    log = tmp_path / "deaths"
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(PLANT.format(log=str(log)))
    path = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
    finish(folder, env=os.environ | {"PYTHONPATH": path})
    with (folder / "grades.csv").open(newline="") as file:
        rows = {(row["student_id"], row["exercise"]): row for row in csv.DictReader(file)}
    assert log.read_text().split() == ["died", "died"]
    known = {story.id: story for story in sample.students()}
    for student, story in stories.items():
        _, expected = sample.submission(known[story], LESSON)
        for row in expected:
            if row.exercise in {exercise.id for exercise in LESSON.exercises}:
                status = "killed" if student == "s03" else row.status
                assert rows[student, row.exercise]["status"] == status
    page = (folder / "feedback" / "s03" / LESSON.name / f"{LESSON.name}.html").read_text()
    assert "ended the grader&#39;s own process" in page


def spoil(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def kill(path: Path) -> None:
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = "import os\nos._exit(1)"
    nbformat.write(notebook, path)


@pytest.mark.skipif(bool(doctor.missing()), reason=doctor.missing())
@pytest.mark.parametrize(
    "mishap, status", [(spoil, "invalid"), (Path.unlink, "missing"), (kill, "killed")]
)
def test_a_second_grading_that_fails_leaves_none_of_the_first_ones_scores(tmp_path, mishap, status):
    folder = hand_in(tmp_path / "class", {"ada": "loops", "bob": "loops"})
    wanted = grade.Wanted([LESSON.name], Class(folder))
    before = {(r.student_id, r.exercise): r for r in grade.grade(wanted, Here())}
    assert all(row.score == row.max_score for row in before.values())
    mishap(folder / "submitted" / "ada" / LESSON.name / f"{LESSON.name}.ipynb")
    after = {(r.student_id, r.exercise): r for r in grade.grade(wanted, Here())}
    assert after.keys() == before.keys()
    theirs = [row for row in after.values() if row.student_id == "ada"]
    assert {(row.status, row.score) for row in theirs} == {(status, 0)}
    assert [row for row in after.values() if row.student_id == "bob"] == [
        row for row in before.values() if row.student_id == "bob"
    ]
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "strided") as gradebook:
        assert gradebook.find_submission(LESSON.name, "ada").score == 0
