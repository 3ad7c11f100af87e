"""The operators against PyTorch's, on layers of LeNet-5, VGG-16 and ResNet-18, in float32.

Each side runs in a process of its own, on the same number of threads, and they take turns on every
layer: torch's threads, which spin while they wait, would slow down what shares their process. A turn
is as many calls as fit in a moment, at least one. A layer's time is the median over all turns.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import Progress

from autograder.warm import ONE_THREAD
from bench.layers import CONVOLUTIONS, LENET, POOLINGS, RESNET, SUBSAMPLINGS, VGG, Layer
from bench.table import markdown, verdict

# (operator, its layers, what torch is timed at, the most that time(ours) / time(torch) should be)
GOALS = [
    ("avg_pool2d", POOLINGS, "`avg_pool2d`", 1.0),
    ("subsample2d", SUBSAMPLINGS, "`conv2d`, depthwise, the taps all equal", 1.0),
    ("conv2d", CONVOLUTIONS, "`conv2d`", 2.0),
    ("avg_pool2d_backward", POOLINGS, "autograd's backward pass alone: input", 3.0),
    ("subsample2d_backward", SUBSAMPLINGS, "the same: input, every tap, bias", 3.0),
    ("conv2d_backward", CONVOLUTIONS, "the same: input, weight, bias", 3.0),
]

TURNS = 5
TURN_SECONDS = 0.03
# The threads of either side spin for a while after their last call. The other side waits for that.
PAUSE_SECONDS = 0.05
# A load at which other programs take part in the result: torch suffers most, from one core too few.
BUSY = 0.5


@dataclass
class Side:
    """A worker process for one side."""

    process: subprocess.Popen[str]

    def ask(self, *question: object) -> Any:
        """Send a question and wait for its answer."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the worker ended at {question}")
        return json.loads(answer)


@contextmanager
def side(name: str, threads: int) -> Iterator[Side]:
    """Start a worker, and end it with its stdin."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.worker", name, str(threads)],
        env=os.environ | dict.fromkeys(ONE_THREAD, str(threads)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Side(process)
        if process.stdin:
            process.stdin.close()


@dataclass
class Result:
    """One operator on one layer. Times are in seconds, memory in MiB."""

    layer: Layer
    ours: float
    torch: float
    ratios: list[float]  # of every turn
    memory: tuple[float, float | None]
    shares: list[tuple[str, float]]

    @property
    def ratio(self) -> float:
        """Time of ours over torch's."""
        return self.ours / self.torch

    def row(self) -> list[str]:
        """The result as a line of a table."""
        ours, torch = self.memory
        return [
            f"{self.layer.network} {self.layer.name}",
            str(self.layer),
            f"{self.ours * 1e3:.3f}",
            f"{self.torch * 1e3:.3f}",
            f"{self.ratio:.2f}",
            f"{min(self.ratios):.2f} to {max(self.ratios):.2f}",
            f"{ours:.1f}",
            "not measured" if torch is None else f"{torch:.1f}",
        ]


def measure(operator: str, layer: Layer, ours: Side, torch: Side) -> Result:
    """Time both sides in turns."""
    memory = ours.ask("prepare", operator, layer), torch.ask("prepare", operator, layer)
    times: tuple[list[float], list[float]] = ([], [])
    ratios = []
    for _ in range(TURNS):
        medians = []
        for worker, all_times in zip((ours, torch), times, strict=True):
            time.sleep(PAUSE_SECONDS)
            turn = worker.ask("time", TURN_SECONDS)
            all_times += turn
            medians.append(statistics.median(turn))
        ratios.append(medians[0] / medians[1])
    medians = [statistics.median(all_times) for all_times in times]
    return Result(layer, medians[0], medians[1], ratios, memory, ours.ask("shares", 3))


def report(operator: str, results: list[Result], goal: float) -> None:
    """Print an operator's table, and what the time went to on the layers beyond the goal."""
    head = ["layer", "input, window", "ours, ms", "torch, ms", "ratio", "its turns"]
    head += ["ours, MiB", "torch, MiB"]
    print(f"### {operator}\n\n{markdown(head, [result.row() for result in results])}\n")
    slow = [result for result in results if result.ratio > goal]
    for result in sorted(slow, key=lambda result: -result.ratio):
        parts = ", ".join(f"{name} {share:.0%}" for name, share in result.shares)
        print(f"- {result.layer.network} {result.layer.name} takes {result.ratio:.1f}x: {parts}")
    if slow:
        print()


def run(options: argparse.Namespace, console: Console) -> None:
    """Measure every operator on every layer, and print the tables."""
    threads = options.threads
    print(f"## Operators against PyTorch, float32, threads: {threads}\n", flush=True)
    summary = []
    load = os.getloadavg()[0]
    busy = load > BUSY
    if busy:
        console.print(
            f"Other programs keep this machine busy (load {load:.1f}): run this again later"
        )
    with (
        side("ours", threads) as ours,
        side("torch", threads) as torch,
        Progress(console=console) as progress,
    ):
        task = progress.add_task("", total=sum(len(layers) for _, layers, _, _ in GOALS))
        for operator, layers, against, goal in GOALS:
            results = []
            for layer in layers:
                progress.update(task, description=f"{operator} {layer.network} {layer.name}")
                results.append(measure(operator, layer, ours, torch))
                progress.advance(task)
            report(operator, results, goal)
            mean = statistics.geometric_mean(result.ratio for result in results)
            turns = [
                statistics.geometric_mean(result.ratios[turn] for result in results)
                for turn in range(TURNS)
            ]
            summary.append(
                [
                    f"`{operator}`",
                    against,
                    len(layers),
                    f"≤ {goal:.1f}",
                    f"{mean:.2f}",
                    f"{min(turns):.2f} to {max(turns):.2f}",
                    "not known" if busy else verdict(mean, goal),
                ]
            )
    batches = ", ".join(f"batches of {images} in {name}" for name, images in (LENET, VGG, RESNET))
    head = ["operator", "against torch's", "layers", "goal", "time(ours) / time(torch)"]
    print(markdown([*head, "its turns", "goal is"], summary))
    print(
        f"\nGeometric means over the layers, float32, threads on either side: {threads}; {batches}. "
        "A backward pass is timed without its forward "
        "pass on both sides. Memory is the peak of a call with its result: what NumPy allocates on "
        "our side, the growth of resident memory on torch's. The machine's load before it began: "
        f"{load:.1f}.\n"
    )
    if busy:
        print("Other programs kept the machine busy. These numbers do not count.\n")
