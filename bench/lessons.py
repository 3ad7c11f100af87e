"""Every lesson's solved notebook from top to bottom, as a student would run it.

The hidden tests are left out: students do not have them.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from rich.console import Console
from rich.progress import Progress

from autograder.build import HIDDEN_BEGIN, HIDDEN_END, LessonError, read_lesson
from autograder.paths import SOLUTIONS
from bench.table import markdown, verdict
from strided import manifest

LESSON_SECONDS, LESSON_MIB, CHECK_SECONDS, IMPORT_SECONDS = 60, 1024, 0.3, 0.25
CHECKS = 5  # runs of every check cell
IMPORTS = 7

HIDDEN = re.compile(rf"\n{HIDDEN_BEGIN}\n.*{HIDDEN_END}", re.S)
# Linux keeps a process's highest resident memory here, in KiB. What `resource` tells counts in the
# memory of the process that started the kernel.
PEAK = """
from pathlib import Path
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""
IMPORT = """
import time
start = time.perf_counter()
import strided, strided.operators, strided.checks, strided.figures, strided.quiz
print(time.perf_counter() - start)
"""


@dataclass
class Run:
    """What one lesson took: seconds for the notebook and for each check cell, and MiB."""

    lesson: str
    seconds: float
    mib: float
    checks: dict[str, float]


def run_lesson(lesson: manifest.Lesson) -> Run:
    """Run a lesson's solved notebook in a kernel of its own, then its check cells some times more."""
    notebook = read_lesson(lesson)
    for cell in notebook.cells:
        cell.source = HIDDEN.sub("", cell.source)
    client = NotebookClient(
        notebook,
        timeout=5 * LESSON_SECONDS,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(SOLUTIONS / lesson.name)}},
    )
    start = time.perf_counter()
    with client.setup_kernel():
        for index, cell in enumerate(list(notebook.cells)):
            client.execute_cell(cell, index)
        seconds = time.perf_counter() - start
        peak = int(_execute(client, PEAK))
        checks = {}
        for cell in list(notebook.cells):
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if cell.cell_type == "code" and name.startswith("test_"):
                times = [_seconds(client, cell.source) for _ in range(CHECKS)]
                checks[name.removeprefix("test_")] = statistics.median(times)
    return Run(lesson.name, seconds, peak / 1024, checks)


def _seconds(client: NotebookClient, source: str) -> float:
    """From run to verdict, as a student waits for it."""
    start = time.perf_counter()
    _execute(client, source)
    return time.perf_counter() - start


def _execute(client: NotebookClient, source: str) -> str:
    """Run a cell that is not the lesson's; return what it printed."""
    cell = nbformat.v4.new_code_cell(source)
    client.nb.cells.append(cell)
    client.execute_cell(cell, len(client.nb.cells) - 1)
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def import_seconds() -> float:
    """Return how long a new process takes to import the library."""
    runs = (
        subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
        for _ in range(IMPORTS)
    )
    return statistics.median(float(run.stdout) for run in runs)


def run(options: argparse.Namespace, console: Console) -> None:
    """Run every lesson of the manifest, and print the tables."""
    print("## Lessons\n", flush=True)
    runs, failed = [], []
    with Progress(console=console) as progress:
        lessons = manifest.lessons().values()
        for lesson in progress.track(lessons, description="lessons"):
            try:
                runs.append(run_lesson(lesson))
            except (LessonError, CellControlSignal, DeadKernelError) as error:
                failed.append(f"- {lesson.name} did not run: {str(error).strip().splitlines()[-1]}")
    lines = []
    for one in runs:
        slowest = max(one.checks, key=lambda name: one.checks[name])
        met = one.seconds <= LESSON_SECONDS and one.mib <= LESSON_MIB
        met = met and one.checks[slowest] <= CHECK_SECONDS
        lines.append(
            [
                f"`{one.lesson}`",
                f"{one.seconds:.1f}",
                f"{one.mib:.0f}",
                f"{statistics.median(one.checks.values()):.3f}",
                f"{one.checks[slowest]:.3f} (`{slowest}`)",
                "met" if met else "missed",
            ]
        )
    head = ["lesson, solved, run all", f"seconds (≤ {LESSON_SECONDS})"]
    head += [f"peak of the kernel, MiB (≤ {LESSON_MIB})", "check cells, median s"]
    print(markdown([*head, f"the slowest check, s (≤ {CHECK_SECONDS})", "goals are"], lines))
    importing = import_seconds()
    print(
        f"\nImporting the library in a new process: {importing:.3f} s, goal ≤ {IMPORT_SECONDS} s, "
        f"{verdict(importing, IMPORT_SECONDS)}. A check cell's time is the median of {CHECKS} runs, "
        "from sending it to the kernel to its verdict.\n"
    )
    if failed:
        print("\n".join([*failed, ""]))
