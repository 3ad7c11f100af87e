"""The command line of students: `python -m strided progress | hint`."""

import argparse
import sys

from strided.progress import NotFound, find_course, hint_text, report


def main(arguments: list[str] | None = None) -> int:
    """Run a command; the exit code: 0 done, 2 something was named that is not there."""
    parser = argparse.ArgumentParser(
        prog="python -m strided", description="See where you stand, and ask for hints."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    progress = commands.add_parser("progress", help="a line for every exercise: done or not yet")
    progress.add_argument("path", nargs="?", help="the course's folder (default: found from here)")
    hint = commands.add_parser("hint", help="a hint for an exercise, never its solution")
    hint.add_argument("exercise", help="as in conv2d")
    hint.add_argument("number", nargs="?", type=int, default=1, help="which hint (default: 1)")
    options = parser.parse_args(arguments)
    try:
        if options.command == "progress":
            print(report(find_course(options.path), "python -m strided hint {}"))
        else:
            print(hint_text(options.exercise, options.number))
    except NotFound as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
