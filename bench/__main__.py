"""Run the parts of the bench that are named, or all: `python -m bench [PART ...]`.

A part is a module of this package with a function `run(options, console)`.
"""

import argparse
import os
import time
from importlib import import_module

from rich.console import Console

PARTS = {
    "operators": "the operators against PyTorch's, forward and backward",
    "lessons": "every lesson's solved notebook: time, memory, and the time of its checks",
    "grading": "a class run against stock nbgrader's, and where its time goes",
}


def main() -> None:
    """Read the command line and run the parts."""
    cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure against the goals. Progress goes to stderr, Markdown to stdout.",
        epilog="parts: " + "; ".join(f"{name} ({what})" for name, what in PARTS.items()),
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="a part's name; all, if none")
    parser.add_argument(
        "--threads",
        type=int,
        default=cores,
        help=f"threads for NumPy's matrix products and for PyTorch alike (default: {cores})",
    )
    parser.add_argument(
        "--submissions", type=int, default=60, metavar="N", help="the class of the part grading"
    )
    more = {
        "long": "classes of 10, 100 and 1,000",
        "machines": "two machines, as network namespaces (as root)",
    }
    for name, what in more.items():
        parser.add_argument(
            f"--{name}",
            action=argparse.BooleanOptionalAction,
            default=True,
            help=f"grading: {what}",
        )
    options = parser.parse_args()
    if unknown := sorted(set(options.parts) - set(PARTS)):
        parser.error(f"no part is called {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if options.threads < 1:
        parser.error(f"--threads must be at least 1, got {options.threads}")
    console = Console(stderr=True)
    for name in options.parts or PARTS:
        start = time.perf_counter()
        import_module(f"bench.{name}").run(options, console)
        console.print(f"{name}: {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
