"""What students get: the released notebooks and the library; no solutions, no autograder."""

import zipfile
from pathlib import Path

from autograder.build import stale
from autograder.paths import ROOT, UserError

FILES = (
    "course/**/*",
    "src/strided/**/*",
    "pyproject.toml",
    "constraints.txt",
    "environment.yml",
    "LICENSE",
)
COMMAND = b'[project.scripts]\nautograder = "autograder.__main__:main"\n\n'
LEFT_OUT = {"__pycache__", ".ipynb_checkpoints"}


def contents() -> list[Path]:
    """The files of the handout, relative to the repository."""
    found = [path for pattern in FILES for path in ROOT.glob(pattern) if path.is_file()]
    return sorted(p.relative_to(ROOT) for p in found if not LEFT_OUT & set(p.parts))


def write(archive: Path) -> None:
    """Write the handout as a zip file. Raises UserError where notebooks are out of date."""
    if stale():
        raise UserError("The notebooks are out of date: run `make build` first.")
    top = archive.stem
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in contents():
            # A student reads the course's own README first; the repository's is for instructors.
            name = "README.md" if path == Path("course/README.md") else str(path)
            text = (ROOT / path).read_bytes()
            if path.name == "pyproject.toml":
                text = text.replace(COMMAND, b"")
            file.writestr(f"{top}/{name}", text)
