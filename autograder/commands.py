"""What each command of the command line does, in terms of the other modules."""

import shutil
from pathlib import Path

from rich.console import Console

from autograder import build as building
from autograder import grade as grading
from autograder import handout, report, sample
from autograder.classroom import Class, Row
from autograder.paths import COURSE, ROOT, UserError
from autograder.progress import Bar, Lines
from autograder.workers import Workers
from strided import manifest

WIDE = 130  # characters of a table where the output is no terminal


def console() -> Console:
    """The terminal, or a plain wide page where the output goes elsewhere."""
    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=WIDE)


def build() -> int:
    """Make every notebook from its lesson's text."""
    changed = building.build()
    for path in changed:
        print(f"made {path.relative_to(ROOT)}")
    if not changed:
        print("Every notebook is up to date.")
    return 0


def check_build() -> int:
    """Say which notebooks are out of date; exit code 1 if there are any."""
    stale = building.stale()
    for path in stale:
        print(f"{path} is out of date: run `make build` and commit it.")
    if not stale:
        print("Every notebook is up to date.")
    return 1 if stale else 0


def grade(wanted: grading.Wanted, workers: Workers) -> int:
    """Grade some lessons of a class, with progress, and write grades.csv."""
    screen = console()
    _, path = _recorded(wanted, workers, screen)
    screen.print(f"The grades are in {path}", soft_wrap=True)
    return 0


def _recorded(wanted: grading.Wanted, workers: Workers, screen: Console) -> tuple[list[Row], Path]:
    """Grade, and write grades.csv: its rows and its path."""
    path = wanted.room.folder / "grades.csv"
    if screen.is_terminal:
        with Bar(workers.number, screen) as bar:
            rows = grading.grade(wanted, workers, bar)
    else:
        rows = grading.grade(wanted, workers, Lines(workers.number))
    report.write_csv(rows, path)
    return rows, path


def sample_class(folder: Path) -> int:
    """Write the sample class; refuse to write over a folder that holds something else."""
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty; name a new folder.")
    sample.write(folder)
    print(f"{len(sample.students())} students are in {folder / 'submitted'}")
    return 0


def hand_out(archive: Path) -> int:
    """Write what students get: notebooks and library, without solutions and autograder."""
    handout.write(archive)
    print(f"Give your students {archive}; its README says how they start.")
    return 0


def demo(folder: Path) -> int:
    """Build the course, grade a fresh sample class, and show what an instructor gets."""
    screen = console()
    build()
    if (folder / "submitted").is_dir():
        print(f"Replacing the last demo's class in {folder}")
        shutil.rmtree(folder)
    sample_class(folder)
    with Workers() as workers:
        wanted = grading.Wanted(list(manifest.lessons()), Class(folder))
        rows, path = _recorded(wanted, workers, screen)
    report.print_tables(rows, screen)
    worst = min(rows, key=lambda row: (row.slip == "", row.score))
    page = Class(folder).feedback(worst.student_id, worst.lesson)
    for line in (
        f"The grades:          {path}",
        f"A page of feedback:  {page}",
        f"The students' room:  make lab   (JupyterLab on {COURSE.relative_to(ROOT)}/)",
    ):
        screen.print(line, soft_wrap=True)
    return 0
