"""Where things are, and how the person at the keyboard is told what is amiss there."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOLUTIONS = ROOT / "solutions"
COURSE = ROOT / "course"
CLASS = ROOT / "autograder" / "class"


class UserError(Exception):
    """What the person at the keyboard can mend: one sentence, and the exit code."""

    exit_code = 2
