"""A class whose gradebook is on a real PostgreSQL server, started here as Debian's package has it."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from test_run import LESSON, finish, hand_in, start


def programs() -> Path | None:
    """Where the server's programs are: on the path, or where Debian puts them."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return places[-1].parent if places else None


@pytest.fixture
def server():
    """A server of our own on a private socket, run by a user without privileges: its address."""
    place = programs()
    if place is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    # Not tmp_path: a socket's path is short, and an unprivileged user must get there.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def run(program: str, *arguments: str) -> None:
        command = [str(place / program), "-D", str(folder / "data"), *arguments]
        done = subprocess.run(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=120, env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, **user,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout

    try:
        run("initdb", "-U", "teacher", "-A", "trust", "-E", "UTF8")
        options = f"-c listen_addresses='' -k {folder}"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://teacher@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def scores(address: str) -> list:
    with Gradebook(address, "strided") as gradebook:
        return sorted(
            (grade.student.id, grade.name, grade.score, grade.needs_manual_grade)
            for submission in gradebook.assignment_submissions(LESSON.name)
            for notebook in submission.notebooks
            for grade in notebook.grades
        )


def test_a_class_is_graded_into_postgresql_as_into_sqlite(tmp_path, server):
    stories = {"ann": "loops", "bob": "slip-01", "cleo": "blank", "dan": "half-done"}
    one, other = (hand_in(tmp_path / name, stories) for name in ("one", "other"))
    finish(one)
    finish(other, "--db-url", server)
    assert not (other / "gradebook.db").exists()
    assert (other / "grades.csv").read_text() == (one / "grades.csv").read_text()
    assert scores(server) == scores(f"sqlite:///{one / 'gradebook.db'}")
    assert "4 unchanged" in finish(other, "--db-url", server)
    # Another gradebook knows nothing of them yet.
    assert "4 to grade" in finish(other)
    # The class's own configuration may name it too.
    (other / "nbgrader_config.py").write_text(f"c.CourseDirectory.db_url = {server!r}\n")
    assert "4 unchanged" in finish(other)


def test_a_gradebook_that_cannot_be_reached_is_one_sentence(tmp_path):
    folder = hand_in(tmp_path, {"ann": "loops"})
    run = start(folder, "--db-url", "postgresql://teacher@/none?host=/nowhere")
    _, said = run.communicate(timeout=120)
    assert run.returncode == 2
    assert said.startswith("The gradebook cannot be opened") and said.count("\n") == 1
