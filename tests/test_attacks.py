"""A class of attackers, graded in one run with honest students: nobody gains, nobody else loses.

The corpus is in `attacks/`: a text file for each attack that is code in an answer's cell, and `folders.py`
for those that are files. It is run through the command line and its sandbox, never without. What an attack
gets hold of it prints after "GOT IN", and what must not get out of anywhere is a canary.
"""

import contextlib
import copy
import csv
import ctypes
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from attacks import folders
from here import Here

from autograder import doctor, execute, grade, sample
from autograder.classroom import Class
from autograder.examiner import Verdict
from autograder.notebooks import cells_by_id, released
from autograder.paths import ROOT
from strided import manifest

LESSON = manifest.lessons()[folders.LESSON]
WRONG = "\n\ndef keep_every(y, stride, phase=(0, 0)):\n    return y\n"
HONEST = {"honest-loops": "loops", "honest-windows": "windows", "honest-blank": ""}
SETTINGS = """c = get_config()
c.ExecuteLesson.cell_seconds = 2
c.ExecuteLesson.notebook_seconds = 8
"""
# What no attacker may find: in the environment, at home, in another submission, in tests and solutions.
ENVIRONMENT, HOME, OTHER = "canary-environment", "canary-home", "canary-submission"
# What `read-kept-and-returned` returns once it has seen a hidden test.
KEPT = str(23 * 32147)
CANARIES = (
    ENVIRONMENT,
    HOME,
    OTHER,
    KEPT,
    "canary-malformed",
    "index_one_by_one",
    "BEGIN SOLUTION",
    "BEGIN HIDDEN",
)
SANDBOX = doctor.missing()


@dataclass(frozen=True)
class Attack:
    """An attack that is code. expected: the statuses that its row may have."""

    name: str
    expected: set[str]
    exercise: str
    code: str


def read(path: Path) -> Attack:
    """An attack's file: what it tries, a few `key: value` lines, a line of dashes, the code."""
    head, _, code = path.read_text(encoding="utf-8").partition("\n----\n")
    title, _, rest = head.partition("\n\n")
    keys = dict(re.findall(r"^([a-z ]+): (.*(?:\n(?![a-z ]+: ).*)*)", rest, re.M))
    assert title and code and keys.keys() >= {"stops it", "expected"}, path
    exercise = keys.get("exercise", folders.EXERCISE)
    if f"def {exercise}" not in code:
        code += WRONG
    return Attack(path.stem, set(keys["expected"].split("|")), exercise, code)


ATTACKS = [read(path) for path in sorted(Path(folders.__file__).parent.glob("*.txt"))]


def notebook_with(**answers: str) -> nbformat.NotebookNode:
    """The released notebook with some answers in it."""
    notebook = copy.deepcopy(released(LESSON.name))
    for exercise, source in answers.items():
        cells_by_id(notebook)[exercise].source = source
    return notebook


def hand_in(class_folder: Path, student: str, notebook: nbformat.NotebookNode | None) -> Path:
    place = class_folder / "submitted" / student / LESSON.name
    place.mkdir(parents=True)
    if notebook is not None:
        nbformat.write(notebook, place / folders.FILE)
    return place


def honest(class_folder: Path) -> None:
    for student, style in HONEST.items():
        answers = {
            exercise.id: sample.right(LESSON, exercise.id, style) + f"\n# {OTHER}"
            for exercise in LESSON.exercises
            if style
        }
        hand_in(class_folder, student, notebook_with(**answers))


def attackers(class_folder: Path, home: Path, attacks: list[Attack]) -> None:
    places = {"{root}": str(ROOT), "{class}": str(class_folder), "{home}": str(home)}
    for attack in attacks:
        code = attack.code
        for name, place in places.items():
            code = code.replace(name, place)
        hand_in(class_folder, attack.name, notebook_with(**{attack.exercise: code}))


def run(class_folder: Path, home: Path, lesson: str = LESSON.name) -> dict[tuple[str, str], dict]:
    """Grade a class by the command line; its rows by student and exercise."""
    (class_folder / "nbgrader_config.py").write_text(SETTINGS)
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "grade", lesson, "--class", str(class_folder)],
        capture_output=True,
        cwd=ROOT,
        timeout=600,
        env=os.environ
        | {
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "STRIDED_CANARY": ENVIRONMENT,
            "HOME": str(home),
        },
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert b"\x1b" not in done.stdout + done.stderr
    with (class_folder / "grades.csv").open(newline="", encoding="utf-8") as file:
        return {(row["student_id"], row["exercise"]): row for row in csv.DictReader(file)}


# ---------------------------------------------------------------- what is checked


def expectations() -> dict[tuple[str, str], set[str]]:
    """The statuses that each attacked row may have."""
    code = {(attack.name, attack.exercise): attack.expected for attack in ATTACKS}
    files = {(name, folders.EXERCISE): status for name, (_, status) in folders.ATTACKS.items()}
    return code | files


def gained(rows: dict, expected: dict[tuple[str, str], set[str]]) -> list[str]:
    """The attacks that got a point, another row than they must get, or none."""
    faults = []
    for key, statuses in expected.items():
        row = rows.get(key)
        if row is None or float(row["score"]) != 0 or row["status"] not in statuses:
            faults.append(f"{key}: {row and (row['score'], row['status'])}, not {sorted(statuses)}")
    return faults


def got_out(class_folder: Path, students: list[str]) -> list[str]:
    """What attackers got hold of: on the page they get back, or printed in their notebook."""
    faults = []
    for student in students:
        page = class_folder / "feedback" / student / LESSON.name / f"{LESSON.name}.html"
        notebook = class_folder / "autograded" / student / LESSON.name / folders.FILE
        text, outputs = page.read_text(encoding="utf-8"), printed(notebook)
        faults += [f"{student}: {canary}" for canary in CANARIES if canary in text + outputs]
        faults += [f"{student}: {found} on the page" for found in script(text)]
        lines = outputs.splitlines()
        faults += [f"{student}: {line[:200]}" for line in lines if line.startswith("GOT IN")]
    return faults


def printed(path: Path) -> str:
    """All that a graded notebook's cells show."""
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    texts = [output.get("text", "") for output in outputs]
    texts += ["\n".join(output.get("traceback", [])) for output in outputs]
    return "\n".join(texts + [str(output.get("data", "")) for output in outputs])


def script(page: str) -> list[str]:
    """What a browser would run on a page; the library's own pictures are none of it."""
    page = re.sub(r'<svg xmlns="[^"]*" role="img" aria-label="[^"<>]*" ', "", page)
    return re.findall(r"<script|<svg|<iframe|<[a-z]+[^>&]*\son[a-z]+\s*=|javascript:", page, re.I)


def children() -> set[str]:
    """The processes that have come from this one."""
    threads = Path("/proc/self/task").glob("*/children")
    return {pid for path in threads for pid in path.read_text().split()}


def alive(pid: str) -> bool:
    """Whether a process still runs: one that has ended may wait to be asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextlib.contextmanager
def heir() -> Iterator[None]:
    """Let whatever outlives its parent become this process's child."""
    libc = ctypes.CDLL(None)
    libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    try:
        yield
    finally:
        libc.prctl(36, 0, 0, 0, 0)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


# ---------------------------------------------------------------- the run


@dataclass(frozen=True)
class Graded:
    """Two class runs: the honest alone, and together with the attackers."""

    folder: Path
    alone: dict
    together: dict
    home: Path
    survivors: set[str]
    left: set[str]


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Graded:
    if SANDBOX:
        pytest.skip(SANDBOX)
    home = tmp_path_factory.mktemp("home")
    (home / "secret.txt").write_text(HOME)
    alone, together = (tmp_path_factory.mktemp(name) for name in ("alone", "together"))
    for place in (alone, together):
        honest(place)
    attackers(together, home, ATTACKS)
    for name, (attack, _) in folders.ATTACKS.items():
        attack(hand_in(together, name, None), notebook_with(keep_every=WRONG.strip()))
    submitted, before = files(together), children()
    with heir():
        rows = run(alone, home), run(together, home)
        survivors = children() - before
        for _ in range(100):  # the run's own helpers may take a moment to end
            survivors = {pid for pid in survivors if alive(pid)}
            if not survivors:
                break
            time.sleep(0.1)
    made = {name for name in files(together) - submitted if name.split("/")[0] not in PLACES}
    made |= {str(place) for place in OUTSIDE if (place / "strided-attack").exists()}
    return Graded(together, *rows, home, survivors, made)


# Where an attack on files wants to write, and where a class run does.
OUTSIDE = (ROOT, ROOT / "tests", Path("/"), Path("/usr/lib"), Path("/var/tmp"))
PLACES = {"autograded", "feedback", "gradebook.db", "grades.csv", "class.html"}
PLACES |= {"nbgrader_config.py", ".grading"}


def test_no_attack_gains_a_point(graded):
    assert gained(graded.together, expectations()) == []


def test_an_attacker_gains_nothing_elsewhere(graded):
    attackers = {name for name, _ in expectations()}
    assert [
        r
        for (student, _), r in graded.together.items()
        if student in attackers and float(r["score"])
    ] == []


def test_honest_students_get_what_they_get_without_attackers(graded):
    assert len(graded.alone) >= len(HONEST) * len(LESSON.exercises)
    assert {key: graded.together[key] for key in graded.alone} == graded.alone
    passed = [r for (student, _), r in graded.alone.items() if student == "honest-loops"]
    assert all(row["score"] == row["max_score"] for row in passed)


def test_no_attacker_gets_anything_out(graded):
    assert got_out(graded.folder, sorted({name for name, _ in expectations()})) == []


def test_nothing_survives(graded):
    assert graded.left == set()
    assert files(graded.home) == {"secret.txt"}
    assert graded.survivors == set()


def test_what_is_kept_of_an_attacker_is_small(graded):
    large = [
        str(path.relative_to(graded.folder))
        for place in ("autograded", "feedback")
        for path in (graded.folder / place).rglob("*.*")
        if path.stat().st_size > 8 * 2**20
    ]
    assert large == []


SLOW = """import numpy as np

def my_tests(avg_pool2d):
    image = np.ones((1, 1, 700, 700))
    for _ in range(1000):
        avg_pool2d(image, 1)
"""


@pytest.mark.skipif(bool(SANDBOX), reason=SANDBOX)
def test_work_that_the_examiner_is_given_ends_with_the_cells_time(tmp_path):
    """Tests of tests: what they call runs in the examiner, window by window at that."""
    lesson = manifest.lessons()["09_porting_lab"]
    for student, source in {"slow": SLOW, "honest": sample.right(lesson, "my_tests")}.items():
        notebook = copy.deepcopy(released(lesson.name))
        cells_by_id(notebook)["my_tests"].source = source
        place = tmp_path / "submitted" / student / lesson.name
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{lesson.name}.ipynb")
    rows = run(tmp_path, tmp_path, lesson.name)
    slow, honest = rows["slow", "my_tests"], rows["honest", "my_tests"]
    assert (slow["status"], slow["score"]) == ("timeout", "0")
    assert honest["status"] == "passed" and honest["score"] == honest["max_score"]


def test_the_corpus_is_large_and_each_kind_is_in_it():
    kinds = {name.split("-")[0] for name, _ in expectations()}
    assert kinds >= {
        "forge",
        "read",
        "write",
        "survive",
        "network",
        "bomb",
        "signal",
        "value",
        "reply",
    }
    assert len(expectations()) >= 100


# ---------------------------------------------------------------- fixtures that must fail


def test_an_examiner_that_trusts_the_session_is_caught(graded, tmp_path, monkeypatch):
    """Stock nbgrader's way: the test cell runs in the student's session, and no error is a pass."""

    def trusting(source, points, student):
        error = student.run(source)["error"]
        return Verdict("error", 0, text=error["text"]) if error else Verdict("passed", points)

    monkeypatch.setattr(execute, "examine", trusting)
    few = [
        attack
        for attack in ATTACKS
        if attack.name in ("forge-displayhook", "forge-ast-transformer")
    ]
    attackers(tmp_path, graded.home, few)
    rows = {
        (row.student_id, row.exercise): {"score": row.score, "status": row.status}
        for row in grade.grade(grade.Wanted([LESSON.name], Class(tmp_path)), Here())
    }
    expected = {
        key: value for key, value in expectations().items() if key[0] in {a.name for a in few}
    }
    assert len(gained(rows, expected)) == len(few) == 2


def test_what_is_kept_of_a_hidden_test_gets_out_without_a_second_session(
    graded, tmp_path, monkeypatch
):
    monkeypatch.setattr(execute, "_retell", lambda *_: None)
    few = [attack for attack in ATTACKS if attack.name.startswith("read-kept")]
    attackers(tmp_path, graded.home, few)
    grade.grade(grade.Wanted([LESSON.name], Class(tmp_path)), Here())
    assert len(few) == 3
    assert [a.name for a in few if not got_out(tmp_path, [a.name])] == []


def test_a_canary_that_gets_out_is_caught(graded, tmp_path):
    for place in ("autograded", "feedback"):
        shutil.copytree(graded.folder / place / "forge-award", tmp_path / place / "forge-award")
    assert got_out(tmp_path, ["forge-award"]) == []
    page = next((tmp_path / "feedback").rglob("*.html"))
    clean = page.read_text(encoding="utf-8")
    for leak in (*CANARIES, "<script>alert(1)</script>", "<img src=x onerror=alert(1)>"):
        page.write_text(clean.replace("</body>", leak + "</body>"), encoding="utf-8")
        assert len(got_out(tmp_path, ["forge-award"])) == 1, leak
    page.write_text(clean, encoding="utf-8")
    path = next((tmp_path / "autograded").rglob("*.ipynb"))
    notebook = nbformat.read(path, as_version=4)
    cells_by_id(notebook)["keep_every"].outputs = [
        nbformat.v4.new_output("stream", text="GOT IN /etc/shadow\n")
    ]
    nbformat.write(notebook, path)
    assert len(got_out(tmp_path, ["forge-award"])) == 1
