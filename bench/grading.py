"""The class run against stock `nbgrader autograde`: the same class, machine and scores, in one run."""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbgrader.api import Gradebook
from rich.console import Console

from autograder import sample
from autograder.paths import ROOT
from bench.table import markdown
from strided import manifest

LESSON = manifest.lessons()["05_convolution"]
HONEST = ("as-strided", "loops", "sliding-windows", "tap-by-tap", "half-done", "slip-01", "slip-02")
NETWORK, PORT = "198.18", 18786  # addresses kept free for benchmarks (RFC 2544)
SETTINGS = """
load_subconfig({config!r})
c.CourseDirectory.root = {here!r}
c.CourseDirectory.source_directory = {solutions!r}
for step in ("submitted", "autograded", "feedback", "release"):
    c.CourseDirectory[step + "_directory"] = step
c.CourseDirectory.db_url = "sqlite:///" + {here!r} + "/gradebook.db"
"""
STOCK = """
from nbgrader.converters import Autograde
c.Autograde.sanitize_preprocessors = Autograde.sanitize_preprocessors.default_args[0]
c.Autograde.autograde_preprocessors = Autograde.autograde_preprocessors.default_args[0]
"""


def hand_in(folder: Path, number: int, endless: int = 0) -> Path:
    """A class of so many honest submissions, and some that loop for ever, spread among them."""
    known = {story.id: story for story in sample.students()}
    for place in range(number + endless):
        story = HONEST[place % len(HONEST)] if place < number else "endless-loop"
        notebook, _ = sample.submission(known[story], LESSON)
        student = f"s{place * 7919 % 10007:05}"
        path = folder / "submitted" / student / LESSON.name / f"{LESSON.name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    return folder


def scores(folder: Path, lesson: str = LESSON.name) -> dict[tuple[str, str], float]:
    """Every score of a lesson in a class's gradebook, by student and cell."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "strided") as gradebook:
        return {
            (grade.student.id, grade.name): grade.score
            for submission in gradebook.assignment_submissions(lesson)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def settings(folder: Path) -> str:
    """nbgrader's configuration for a class in a folder: the course's own, steps and all."""
    return SETTINGS.format(
        config=str(ROOT / "autograder" / "nbgrader_config.py"),
        solutions=str(ROOT / "solutions"),
        here=str(folder),
    )


def stock(folder: Path, lesson: str = LESSON.name) -> float:
    """Grade a lesson of a class by stock nbgrader; the seconds that its `autograde` took."""
    (folder / "nbgrader_config.py").write_text(settings(folder) + STOCK)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # nbgrader calls `alembic`
    environment = os.environ | {"PATH": path, "JUPYTER_CONFIG_DIR": str(folder)}
    seconds = 0.0
    for verb in ("generate_assignment", "autograde"):
        started = time.monotonic()
        command = [sys.executable, "-m", "nbgrader", verb, lesson]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment)
        seconds = time.monotonic() - started
    return seconds


class Timed:
    """A class run: seconds in all, seconds to the first result, and the largest memory of each kind.

    memory: MiB of the writer, of a worker and of a warm process, each the most that one took; of workers on
    other machines nothing is known.
    """

    def __init__(self, folder: Path, *options: str):
        command = [sys.executable, "-m", "autograder", "grade", LESSON.name, "--class", str(folder)]
        started = time.monotonic()
        run = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
        process = psutil.Process(run.pid)
        self.first, looked = 0.0, 0.0
        self.memory = dict.fromkeys(("writer", "worker", "warm process"), 0.0)
        assert run.stdout is not None
        for line in run.stdout:
            if line.startswith("["):
                now = time.monotonic()
                self.first = self.first or now - started
                if now - looked > 1:
                    self._look(process)
                    looked = time.monotonic()
        if run.wait():
            raise SystemExit(f"The class run ended with exit code {run.returncode}.")
        self.seconds = time.monotonic() - started

    def _look(self, process: psutil.Process) -> None:
        with contextlib.suppress(psutil.Error):
            self._take("writer", process)
            for child in process.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    words = " ".join(child.cmdline())
                    if "autograder.warm" in words:
                        self._take("warm process", child)
                    elif "forkserver" in words:
                        self._take("worker", child)

    def _take(self, kind: str, process: psutil.Process) -> None:
        self.memory[kind] = max(self.memory[kind], process.memory_info().rss / 2**20)


def table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print one table and what it shows."""
    print(f"\n{title}\n\n{markdown(columns, rows)}", flush=True)


def against_stock(folder: Path, number: int) -> None:
    """Stock nbgrader, and the class run with two workers and with one, each after a run that is not timed.

    Stock nbgrader's is the one that makes the assignment.
    """
    Timed(hand_in(folder / "first", 2))
    base = hand_in(folder / "stock", number)
    runs = {}
    for workers in (2, 1):
        ours = folder / f"with-{workers}"
        shutil.copytree(base / "submitted", ours / "submitted")
        runs[workers] = Timed(ours, "--workers", str(workers))
    theirs, expected = stock(base), scores(base)
    if len({student for student, _ in expected}) != number:
        raise SystemExit("Stock nbgrader did not grade the whole class.")
    for workers in runs:
        if scores(folder / f"with-{workers}") != expected:
            raise SystemExit(f"The scores with {workers} workers are not stock nbgrader's.")
    rows = [["nbgrader autograde", f"{theirs:.1f} s", f"{theirs / number:.3f} s", "1.0x", "", ""]]
    for workers, run in runs.items():
        rows.append(
            [
                f"autograder grade --workers {workers}",
                f"{run.seconds:.1f} s",
                f"{run.seconds / number:.3f} s",
                f"{theirs / run.seconds:.1f}x",
                {2: "25x", 1: "12x"}[workers],
                f"{run.first:.1f} s",
            ]
        )
    title = f"{number} submissions of {LESSON.name}, equal scores; goal for the first result: 6 s"
    table(title, ["run", "time", "each", "speed", "goal", "first"], rows)


@contextlib.contextmanager
def clocked(spent: dict[str, float], places: list[tuple[str, Any, str]]) -> Iterator[None]:
    """Add up the seconds in some functions, each given by its label, its owner and its name."""

    def timed(label: str, function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                spent[label] = spent.get(label, 0.0) + time.perf_counter() - started

        return call

    old = [(owner, name, getattr(owner, name)) for _, owner, name in places]
    for label, owner, name in places:
        setattr(owner, name, timed(label, getattr(owner, name)))
    try:
        yield
    finally:
        for owner, name, function in old:
            setattr(owner, name, function)


def where_time_goes(folder: Path, number: int) -> None:
    """One worker's and the writer's stages, in this process, one submission after another."""
    from autograder import execute, feedback, intake
    from autograder import mark as marking
    from autograder.classroom import Class
    from autograder.notebooks import digest
    from autograder.record import Recorder
    from autograder.student import Student
    from autograder.warm import Warm

    room = Class(hand_in(folder, number))
    spent: dict[str, float] = {}
    places = [
        ("read and mend", intake, "read"),
        ("student cells", Student, "run"),
        ("of which fork", Warm, "fork"),
        ("examiner", execute, "examine"),
        ("end the session", Student, "__exit__"),
        ("feedback page", feedback, "page"),
        ("a worker, in all", marking, "mark"),
        ("the writer, in all", Recorder, "record"),
    ]
    with Recorder(room) as recorder:
        recorder.prepare(LESSON)
        jobs = [
            marking.Submission(
                student,
                LESSON.name,
                intake.collect(room.submitted / student / LESSON.name, LESSON.name),
                digest(LESSON.name),
            )
            for student in room.students()
        ]
        marking.mark(jobs[0])  # modules are imported, the warm process starts
        with clocked(spent, places):
            for job in jobs:
                recorder.record(job, marking.mark(job), "bench")
    parts = [label for label, _, _ in places[:6] if label != "of which fork"]
    spent["nbgrader's other steps"] = spent["a worker, in all"] - sum(spent[p] for p in parts)
    order = [label for label, _, _ in places]
    order.insert(6, "nbgrader's other steps")
    rows = [[label, f"{spent[label] / number * 1000:.1f} ms"] for label in order]
    table("Where the time of a submission goes", ["stage", "time"], rows)


def growth(folder: Path, sizes: tuple[int, ...]) -> None:
    """Memory and speed as the class grows, the second size being what the others are compared with."""
    runs = {size: Timed(hand_in(folder / str(size), size)) for size in sizes}
    rates = {size: (size - 1) / (run.seconds - run.first) for size, run in runs.items()}
    rows = []
    for size, run in runs.items():
        share = rates[size] / rates[sizes[1]]
        cells = [str(size), f"{run.seconds:.1f} s", f"{rates[size]:.1f} /s", f"{share:.0%}"]
        rows.append(cells + [f"{most:.0f} MiB" for most in run.memory.values()])
    title = (
        "As the class grows: memory is to be flat, the writer's below 500 MiB, the rate within 20 %"
    )
    head = ["class", "time", "rate", f"against {sizes[1]}", *next(iter(runs.values())).memory]
    table(title, head, rows)


def endless(folder: Path, number: int) -> None:
    """A class in which one in ten never ends, against the same without them."""
    from autograder.student import Limits

    loops = max(number // 10, 1)
    honest = Timed(hand_in(folder / "honest", number - loops))
    mixed = Timed(hand_in(folder / "mixed", number - loops, loops))
    budgets = loops * Limits.cell
    extra = mixed.seconds - honest.seconds
    row = [f"{loops} of {number}", f"{honest.seconds:.1f} s", f"{extra:.1f} s", f"{budgets:.0f} s"]
    table("Endless loops", ["loops", "without them", "their cost", "their budgets"], [row])


def two_machines(folder: Path, number: int) -> None:
    """The same class on one worker and on two, each in a network of its own, as on two machines."""
    if os.geteuid() or not shutil.which("ip"):
        print("Two machines: skipped, since network namespaces need root and `ip`.")
        return
    rows: list[list[str]] = []
    found: list[dict] = []
    with contextlib.ExitStack() as stack:
        home = f"{NETWORK}.1.1"
        address = f"tcp://{home}:{PORT}"
        for count in (1, 2):
            name = f"bench{os.getpid() % 10000}{count}"
            try:
                _network(name, count, home, stack)
            except subprocess.CalledProcessError as error:
                print(f"Two machines: skipped, since `{' '.join(error.cmd)}` was refused.")
                return
            if count == 1:
                _background(stack, ["scheduler", "--host", home, "--port", str(PORT)])
            there = ["worker", address, "--nthreads", "1"]
            there += ["--local-directory", str(folder / name)]
            _background(stack, there, ["ip", "netns", "exec", name])
            if not _have_come(address, count):
                print(f"Two machines: skipped, since worker {count} did not come.")
                return
            room = hand_in(folder / f"machines-{count}", number)
            Timed(room, "--scheduler", address)  # the workers import and start what they need
            run = Timed(room, "--scheduler", address, "--force")
            found.append(scores(room))
            rate = (number - 1) / (run.seconds - run.first)
            rows.append([str(count), f"{run.seconds:.1f} s", f"{rate:.1f} /s"])
    if found[0] != found[1]:
        raise SystemExit("Two machines do not give one machine's scores.")
    title = f"{number} submissions on machines that are network namespaces, with a worker each, equal scores"
    table(title, ["machines", "time", "rate"], rows)


def _have_come(address: str, count: int) -> bool:
    """Wait until a Dask scheduler has so many workers; whether they came within a minute."""
    from distributed import Client

    try:
        with Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)
    except (OSError, TimeoutError):
        return False
    return True


def _network(name: str, place: int, home: str, stack: contextlib.ExitStack) -> None:
    """A network namespace joined to this one, from which the address `home` of this one is reached."""

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    near, far = f"{NETWORK}.{place}.1", f"{NETWORK}.{place}.2"
    ip("netns", "add", name)
    stack.callback(subprocess.run, ["ip", "netns", "del", name], check=False)
    ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
    ip("addr", "add", f"{near}/24", "dev", name)
    ip("link", "set", name, "up")
    ip("-n", name, "addr", "add", f"{far}/24", "dev", "eth0")
    for device in ("eth0", "lo"):
        ip("-n", name, "link", "set", device, "up")
    if near != home:
        ip("-n", name, "route", "add", home, "via", near)


def _background(
    stack: contextlib.ExitStack, words: list[str], before: list[str] | None = None
) -> None:
    command = [*(before or []), sys.executable, "-m", "distributed.cli.dask_" + words[0]]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([*command, *words[1:], "--no-dashboard"], stdout=quiet, stderr=quiet)
    stack.callback(process.wait)
    stack.callback(process.terminate)


def run(options: argparse.Namespace, console: Console) -> None:
    """Measure, and print the tables."""
    number = options.submissions
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
        against_stock(folder / "against", number)
        where_time_goes(folder / "stages", number)
        endless(folder / "endless", number)
        if options.machines:
            two_machines(folder / "machines", number)
        if options.long:
            growth(folder / "growth", (10, 100, 1000))
