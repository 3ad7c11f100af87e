"""What students get holds what they need, and nothing that gives an answer away."""

import subprocess
import sys
import zipfile

import pytest

from autograder import handout
from autograder.paths import UserError
from strided import manifest


@pytest.fixture
def unpacked(tmp_path):
    handout.write(tmp_path / "strided-course.zip")
    with zipfile.ZipFile(tmp_path / "strided-course.zip") as file:
        file.extractall(tmp_path)
    return tmp_path / "strided-course"


def test_it_holds_every_lesson_and_no_answer(unpacked):
    names = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    for lesson in manifest.lessons():
        assert f"course/{lesson}/{lesson}.ipynb" in names
    assert {"README.md", "pyproject.toml", "constraints.txt", "environment.yml"} <= names
    assert not any(name.startswith(("solutions", "autograder", "tests")) for name in names)
    assert "[project.scripts]" not in (unpacked / "pyproject.toml").read_text(encoding="utf-8")
    for path in unpacked.rglob("*.ipynb"):
        assert "BEGIN SOLUTION" not in path.read_text(encoding="utf-8")


def test_the_library_in_it_runs_alone(unpacked):
    code = "from strided import checks, operators; checks.conv2d(operators.conv2d)"
    paths = [str(unpacked / "src"), *sys.path[1:]]
    code = f"import sys; sys.path = {paths!r}; {code}; import strided; print(strided.__file__)"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "conv2d: all" in run.stdout and str(unpacked) in run.stdout


def test_a_stale_course_is_not_handed_out(tmp_path, monkeypatch):
    monkeypatch.setattr(handout, "stale", lambda: ["course/x.ipynb"])
    with pytest.raises(UserError, match="out of date"):
        handout.write(tmp_path / "course.zip")
    assert not (tmp_path / "course.zip").exists()
