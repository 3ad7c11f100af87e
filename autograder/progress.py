"""What a run shows: how far it is, how fast, and how long it will take."""

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from autograder.grade import Watcher

START = 5.0  # seconds until the first submission is graded, as long as this run has graded none
EACH = 0.2  # seconds that a worker takes for a submission, until this run has measured it
WEIGHT = 4  # how many submissions that guess counts for


class Rate:
    """Speed and time left, from the first moment on."""

    def __init__(self, total: int, workers: int):
        self.total, self.done = total, 0
        self.guess = EACH / workers
        self.started = time.monotonic()
        self.first = 0.0

    def step(self) -> None:
        """One more is done."""
        self.done += 1
        self.first = self.first or time.monotonic()

    def each(self) -> float:
        """Seconds from one result to the next; the workers' start does not count."""
        passed = time.monotonic() - self.first if self.done else 0.0
        return (passed + WEIGHT * self.guess) / (max(self.done - 1, 0) + WEIGHT)

    def left(self) -> float:
        """Seconds until the end, as it looks now."""
        start = 0.0 if self.done else max(START - (time.monotonic() - self.started), 0)
        return start + self.each() * (self.total - self.done)

    def __str__(self) -> str:
        speed = f"{1 / self.each():.1f} a second, " if self.done else ""
        return f"{speed}{duration(self.left())} left"


def duration(seconds: float) -> str:
    """A time as one says it: "about 8 s", "about 3 min"."""
    if seconds < 90:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"


def to_be_read(number: int) -> str:
    """A sentence on the answers that wait for a person."""
    answers = "1 answer waits" if number == 1 else f"{number} answers wait"
    return f"{answers} to be read, in formgrader; then grade again."


class Lines(Watcher):
    """A line a submission, for a log."""

    def __init__(self, workers: int):
        self.workers = workers

    def plan(self, todo: int, unchanged: int) -> None:
        """Say what there is to do."""
        self.rate = Rate(todo, self.workers)
        if unchanged:
            print(f"{unchanged} unchanged since they were graded.", flush=True)
        if todo:
            print(f"{todo} to grade, {duration(self.rate.left())}.", flush=True)

    def graded(self, student: str, lesson: str) -> None:
        """Say who was graded, and what is left."""
        rate = self.rate
        rate.step()
        print(f"[{rate.done}/{rate.total}] {student} {lesson}, {rate}", flush=True)

    def waiting(self, number: int) -> None:
        """Say so."""
        if number:
            print(to_be_read(number), flush=True)


class Bar(Watcher):
    """A moving bar, for a terminal. Usable as a context."""

    def __init__(self, workers: int, screen: Console):
        self.workers, self.screen = workers, screen
        columns = (TextColumn("grading"), BarColumn(), MofNCompleteColumn())
        self.bar = Progress(
            *columns, TextColumn("{task.fields[rate]}"), console=screen, transient=True
        )

    def __enter__(self) -> "Bar":
        self.bar.start()
        self.task = self.bar.add_task("", total=None, rate="starting")
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.stop()

    def plan(self, todo: int, unchanged: int) -> None:
        """Say what there is to do."""
        self.rate = Rate(todo, self.workers)
        if unchanged:
            self.screen.print(f"{unchanged} unchanged since they were graded.")
        self.bar.update(self.task, total=todo, rate=str(self.rate))

    def graded(self, student: str, lesson: str) -> None:
        """Move on."""
        self.rate.step()
        self.bar.update(self.task, completed=self.rate.done, rate=str(self.rate))

    def waiting(self, number: int) -> None:
        """Say so."""
        if number:
            self.screen.print(to_be_read(number))
