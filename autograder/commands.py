"""What each command of the command line does, in terms of the other modules."""

import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder import build as building
from autograder import classpage, handout, intake, report, sample
from autograder import doctor as diagnosis
from autograder import grade as grading
from autograder import mutants as mutation
from autograder.classroom import Class, Row, check_lessons
from autograder.paths import COURSE, ROOT, UserError
from autograder.progress import Bar, Lines
from autograder.record import Recorder
from autograder.sandbox import NoSandbox
from autograder.workers import Workers
from strided import manifest

ASTRAY = 10  # sentences on what was not graded, at the end of a run
WIDE = 130  # characters of a table where the output is no terminal


def console() -> Console:
    """The terminal, or a plain wide page where the output goes elsewhere."""
    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=WIDE)


def build() -> int:
    """Make every notebook from its lesson's text, and remove those of lessons that are no more."""
    changed, strays = building.build(), building.remove_strays()
    for path in changed:
        print(f"made {path.relative_to(ROOT)}")
    for path in strays:
        print(f"removed {path.relative_to(ROOT)}, which no lesson makes")
    if not changed and not strays:
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
    """Grade some lessons of a class, with progress, and write grades.csv and the class page."""
    screen = console()
    rows, path = _recorded(wanted, workers, screen)
    page = _class_page(wanted.room, rows, screen)
    screen.print(f"The grades are in {path}", soft_wrap=True, markup=False)
    screen.print(f"What to do next is on the class page, {page}", soft_wrap=True, markup=False)
    return 0


def feedback(names: list[str], room: Class, students: list[str]) -> int:
    """Write feedback pages anew from what was recorded; no student's code runs."""
    lessons = check_lessons(names or list(manifest.lessons()))
    people = room.students(students)
    if not any(room.autograded(p, lesson.name).is_file() for p in people for lesson in lessons):
        whose = f" of {', '.join(students)}" if students else ""
        which = f" in {', '.join(names)}" if names else ""
        raise UserError(f"Nothing{whose} is graded yet{which}: run `autograder grade` first.")
    with room.alone(), Recorder(room) as recorder:
        for lesson in lessons:
            pages = recorder.write_pages(lesson, people)
            if pages or names:
                print(f"{lesson.name}: {len(pages)} pages")
    print(f"The pages are in {room.folder / 'feedback'}, as <student>/<lesson>/<lesson>.html")
    return 0


def _class_page(room: Class, rows: list[Row], screen: Console) -> Path:
    """Write the class page, and say what was handed in and not graded: the page's path."""
    astray = intake.not_graded(room.submitted)
    said = astray + classpage.instead(room, rows)
    for sentence in said[:ASTRAY]:
        screen.print(sentence, soft_wrap=True, markup=False)
    if len(said) > ASTRAY:
        screen.print(f"{len(said) - ASTRAY} more are not graded; the class page names them.")
    return classpage.write(room, rows, astray)


def doctor() -> int:
    """Try every wall between a student's code and this machine; exit code 3 if one is missing."""
    broken = 0
    try:
        for wall, held in diagnosis.examine():
            print(f"{'held  ' if held else 'BROKEN'}  {wall}", flush=True)
            broken += not held
    except NoSandbox as error:
        print(f"There is no sandbox here. {error}")
        return NoSandbox.exit_code
    if broken:
        print(f"{broken} of these walls did not hold: do not grade unknown code here.")
        return NoSandbox.exit_code
    print("Every wall held: unknown code can be graded here.")
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


def mutants(exercises: Sequence[str]) -> int:
    """Run every slip and every right answer through the tests; exit code 1 if a test is at fault."""
    known = list(manifest.exercises())
    for id in exercises:
        if id not in known:
            raise UserError(f"There is no exercise {id}; the exercises are {', '.join(known)}.")
    ids = list(exercises) or known
    seed = secrets.randbelow(2**32)
    screen = console()
    found: list[mutation.Survey] = []
    for survey in mutation.surveys(ids, seed):
        found.append(survey)
        screen.print(f"[{len(found)}/{len(ids)}] {survey.exercise}", markup=False)
    found.sort(key=lambda survey: ids.index(survey.exercise))
    screen.print(_table(found))
    for sentence in [line for survey in found for line in (*survey.unnamed, *survey.faults)]:
        screen.print(sentence, soft_wrap=True, markup=False)
    faults = sum(len(survey.faults) for survey in found)
    named = mutation.enough_named(found)
    if not named:
        screen.print(f"Fewer than {mutation.NAMED:.0%} of the slips are named.")
    if faults:
        screen.print(f"{faults} faults; STRIDED_SEED={seed} repeats the hidden tests.")
    return 1 if faults or not named else 0


def _table(found: Sequence[mutation.Survey]) -> Table:
    """A row an exercise, and their total."""
    table = Table(show_footer=True)
    rows = [
        (
            s.slips,
            s.checked,
            s.slips if s.hidden is None else s.hidden,
            s.named,
            s.right,
            s.accepted,
        )
        for s in found
    ]
    total = [sum(column) for column in zip(*rows, strict=True)]
    heads = (
        "slips",
        "check rejects",
        "hidden test rejects",
        "check names",
        "right answers",
        "accepted",
    )
    table.add_column("exercise", "total", no_wrap=True)
    for head, number in zip(heads, total, strict=True):
        table.add_column(head, str(number), justify="right")
    for survey, row in zip(found, rows, strict=True):
        cells = [str(number) for number in row]
        if survey.hidden is None:
            cells[2] = "has none"
        table.add_row(survey.exercise, *cells)
    return table


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
    trouble = diagnosis.missing()
    if trouble:
        print(f"This machine gives no sandbox ({trouble}); the sample class is graded without one.")
    with Workers() as workers:
        wanted = grading.Wanted(list(manifest.lessons()), Class(folder), trusted=bool(trouble))
        rows, path = _recorded(wanted, workers, screen)
    report.print_tables(rows, screen)
    worst = min(rows, key=lambda row: (row.slip == "", row.score))
    page = Class(folder).feedback(worst.student_id, worst.lesson)
    overview = _class_page(wanted.room, rows, screen)
    for line in (
        f"The grades:          {path}",
        f"The class page:      {overview}",
        f"A page of feedback:  {page}",
        f"The students' room:  make lab   (JupyterLab on {COURSE.relative_to(ROOT)}/)",
    ):
        screen.print(line, soft_wrap=True)
    return 0
