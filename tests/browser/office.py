"""An instructor's folder: the course, nbgrader's configuration as it is, and a class that has been graded."""

import csv
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lab import Lab
from playwright.sync_api import Frame, FrameLocator, Locator, Page

from autograder import sample
from autograder.paths import ROOT
from strided import manifest

LESSON = manifest.lessons()["06_channel_mixing"]
STORIES = ("blank", "loops", "slip-01")
# What else can become of an exercise, but for a time-out and for a part of the points, which other lessons have.
MISHAPS = ("broken-file", "crash", "memory-hog", "no-notebook", "returns-nothing", "syntax-error")


def graded_class(
    root: Path,
    stories: Sequence[str] = STORIES,
    lesson: manifest.Lesson = LESSON,
    settings: str = "",
) -> Path:
    """Copy the course into a folder, hand in made-up answers to a lesson, grade them; the class's folder.

    settings: the class's own, as its nbgrader_config.py has them.
    """
    for part in ("solutions", "course"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns(".*"))
    for part in ("nbgrader_config.py", "autograder/nbgrader_config.py"):
        (root / part).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / part, root / part)
    room = root / "autograder" / "class"
    known = {story.id: story for story in sample.students()}
    for story in stories:
        sample.hand_in(room, known[story], lesson)
    if settings:
        (room / "nbgrader_config.py").write_text(settings)
    grade(room, lesson)
    return room


def grade(room: Path, lesson: manifest.Lesson = LESSON) -> list[dict[str, str]]:
    """Run `autograder grade` on a class's folder; the rows of its grades.csv."""
    command = [sys.executable, "-m", "autograder", "grade", lesson.name, "--class", str(room)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if run.returncode:
        raise RuntimeError(run.stderr)
    with (room / "grades.csv").open() as file:
        return list(csv.DictReader(file))


def open_formgrader(page: Page, running: Lab) -> FrameLocator:
    """Open formgrader from JupyterLab's menu."""
    page.goto(running.url("lab"))
    page.get_by_role("menuitem", name="Nbgrader").click()
    page.get_by_role("menuitem", name="Formgrader", exact=True).click()
    return page.frame_locator("iframe")


def open_submissions(form: FrameLocator) -> Locator:
    """Open the list of the lesson's submissions; the lines of those that wait for a person."""
    form.get_by_role("link", name="Manual Grading").click()
    form.get_by_role("link", name=LESSON.name).click()  # the assignment
    form.get_by_role("link", name=LESSON.name).click()  # its one notebook
    return form.get_by_role("row").filter(has=form.locator(".needs-manual-grade .glyphicon-ok"))


def open_submission(line: Locator) -> Frame:
    """Open the submission of a line, by the number that stands for a student; the frame that shows it.

    Returns when the page takes points and comments: before that it would lose them without a word, and when its
    formulas are drawn it moves the focus.
    """
    frame = line.element_handle().owner_frame()
    line.get_by_role("link", name=re.compile("Submission #")).click()
    frame.wait_for_function(
        "() => { const form = window.formgrader; return form?.loaded"
        " && form.grades.loaded && form.comments.loaded && MathJax.loaded; }"
    )
    return frame
