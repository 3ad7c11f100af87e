"""The walls around student code hold on this machine, and a wall that does not is seen."""

import subprocess
import sys

import nbformat
import pytest

from autograder import commands, doctor, sandbox
from autograder.notebooks import released
from autograder.paths import ROOT
from autograder.warm import Warm

needs_sandbox = pytest.mark.skipif(bool(doctor.missing()), reason=doctor.missing())


@needs_sandbox
def test_every_wall_holds():
    assert [wall for wall, held in doctor.examine() if not held] == []


@pytest.mark.parametrize(
    "source", ["held = False", "1 / 0", "held = 'yes'", "import os; os._exit(0)", "pass"]
)
def test_a_wall_that_does_not_hold_is_seen(source):
    with Warm(trusted=True) as warm:
        assert not doctor.held(doctor.Probe("none", source), warm)
        assert doctor.held(doctor.Probe("one", "held = True"), warm)


def test_without_the_sandbox_these_walls_are_not_there():
    """Only probes that look, not those that act."""
    looks = [probe for probe in doctor.PROBES if "exists" in probe.source]
    with Warm(trusted=True) as warm:
        assert [doctor.held(probe, warm) for probe in looks] == [False] * len(looks)
    assert len(looks) >= 3


def test_a_missing_sandbox_is_told_in_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    assert "bubblewrap is not installed" in doctor.missing()
    assert commands.doctor() == 3
    assert "apt-get install bubblewrap" in capsys.readouterr().out


@needs_sandbox
def test_a_sandbox_that_does_not_start_is_told_in_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sandbox, "python", lambda: ["false"])
    assert "ends as soon as it is started" in doctor.missing()
    assert commands.doctor() == 3
    assert capsys.readouterr().err == ""


def test_grade_refuses_without_a_sandbox_and_exits_with_3(tmp_path):
    """The command line, where `bwrap` is not on the path."""
    lesson = "05_convolution"
    place = tmp_path / "submitted" / "ada" / lesson / f"{lesson}.ipynb"
    place.parent.mkdir(parents=True)
    place.write_text(nbformat.writes(released(lesson)))
    run = subprocess.run(
        [sys.executable, "-m", "autograder", "grade", lesson, "--class", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": str(tmp_path), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
    )
    assert run.returncode == 3 and "Traceback" not in run.stderr, run.stderr
    assert "--trust-submissions" in run.stderr
    assert not (tmp_path / "grades.csv").exists()
