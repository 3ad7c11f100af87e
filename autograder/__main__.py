"""The command line: `autograder COMMAND`; `autograder --help` lists the commands."""

import argparse
import sys
from pathlib import Path

from autograder.paths import CLASS, UserError
from strided.manifest import ManifestError


def main(arguments: list[str] | None = None) -> int:
    """Run a command; the exit code.

    0 done, 1 a check found something, 2 something to mend first, 3 no sandbox to grade in.
    """
    parser = argparse.ArgumentParser(
        prog="autograder", description="Build the course, grade a class."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    build = commands.add_parser("build", help="make the notebooks from the lessons' text")
    build.add_argument("--check", action="store_true", help="only say which are out of date")

    grade = commands.add_parser("grade", help="grade the submissions of some lessons")
    grade.add_argument("lessons", nargs="+", metavar="LESSON", help="as in 05_convolution")
    _class_options(grade)
    grade.add_argument(
        "--force", action="store_true", help="grade again what has not changed since it was graded"
    )
    grade.add_argument(
        "--workers", type=_positive, metavar="N", help="processes that grade (default: one a core)"
    )
    grade.add_argument(
        "--scheduler",
        default="",
        metavar="tcp://HOST:PORT",
        help="grade on this Dask cluster instead; its machines need this package, the same lessons, "
        "and workers of one thread",
    )
    grade.add_argument(
        "--trust-submissions",
        action="store_true",
        help="grade without the sandbox: only for code that you would run yourself",
    )

    feedback = commands.add_parser(
        "feedback",
        help="write the students' pages anew, with the points and comments that people gave",
    )
    feedback.add_argument(
        "lessons", nargs="*", metavar="LESSON", help="as in 05_convolution (default: all)"
    )
    _class_options(feedback)

    commands.add_parser("doctor", help="say what isolation this machine gives, by trying it")

    mutants = commands.add_parser(
        "mutants", help="test the tests: slips must be rejected and named, right answers accepted"
    )
    mutants.add_argument("exercises", nargs="*", metavar="EXERCISE", help="as in conv2d")

    sample = commands.add_parser("sample-class", help="write a class of made-up submissions")
    sample.add_argument("folder", type=Path, metavar="DIR")

    handout = commands.add_parser("handout", help="write the zip file that students get")
    handout.add_argument("archive", type=Path, metavar="FILE.zip")

    demo = commands.add_parser(
        "demo", help="build, write a sample class, grade it, show the result"
    )
    demo.add_argument("folder", type=Path, metavar="DIR")

    options = parser.parse_args(arguments)
    try:
        if options.command == "grade":
            return _grade(options)
        from autograder import commands as run  # imports nbgrader, which takes seconds

        if options.command == "build":
            return run.check_build() if options.check else run.build()
        if options.command == "feedback":
            from autograder.classroom import Class

            room = Class(options.class_folder.resolve(), options.db_url)
            return run.feedback(options.lessons, room, options.students or [])
        if options.command == "doctor":
            return run.doctor()
        if options.command == "mutants":
            return run.mutants(options.exercises)
        if options.command == "sample-class":
            return run.sample_class(options.folder.resolve())
        if options.command == "handout":
            return run.hand_out(options.archive)
        return run.demo(options.folder.resolve())
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except ManifestError as error:
        print(f"{error}.", file=sys.stderr)
        return UserError.exit_code
    except OSError as error:
        print(f"{error.filename or 'The system'}: {error.strerror or error}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        on = (
            "with --force the same command begins again"
            if getattr(options, "force", False)
            else ("the same command goes on from here")
        )
        print(f"Stopped. What was graded is kept; {on}.", file=sys.stderr)
        return 130


def _grade(options: argparse.Namespace) -> int:
    """Let the workers import what they need, and meanwhile import what the run needs itself."""
    from autograder.workers import Workers, start_importing

    if not options.scheduler:
        start_importing()
    from autograder import commands as run
    from autograder.classroom import Class
    from autograder.grade import Wanted

    with Workers(options.workers, options.scheduler) as workers:
        room = Class(options.class_folder.resolve(), options.db_url)
        wanted = Wanted(
            options.lessons,
            room,
            options.force,
            options.students or [],
            options.trust_submissions,
        )
        return run.grade(wanted, workers)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of processes; one is the least")
    return int(text)


def _class_options(parser: argparse.ArgumentParser) -> None:
    """Which class, which of its students, and where its gradebook is."""
    parser.add_argument(
        "--class",
        dest="class_folder",
        type=Path,
        default=CLASS,
        metavar="DIR",
        help="the class's folder (default: autograder/class)",
    )
    parser.add_argument(
        "--student",
        dest="students",
        action="append",
        metavar="NAME",
        help="only this student's submissions; may be given several times",
    )
    parser.add_argument(
        "--db-url",
        default="",
        metavar="URL",
        help="the gradebook's address, as postgresql://user@host/name, where it is not gradebook.db "
        "in the class's folder; give it in every run. The password belongs in ~/.pgpass",
    )


if __name__ == "__main__":
    sys.exit(main())
