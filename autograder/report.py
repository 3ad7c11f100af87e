"""A class's results: `grades.csv`, and the tables that one looks at."""

import csv
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.classroom import Row
from strided import manifest


def write_csv(rows: Iterable[Row], path: Path) -> None:
    """Write rows with exactly the columns of `Row`; the file appears whole or not at all."""
    scratch = path.with_suffix(".part")
    with scratch.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)])
        writer.writeheader()
        for row in rows:
            writer.writerow(
                asdict(row) | {"score": f"{row.score:g}", "max_score": f"{row.max_score:g}"}
            )
    scratch.replace(path)


def reason(row: Row) -> str:
    """Why points were lost, in a word or two; empty if none were."""
    if row.status == "passed":
        return ""
    return row.slip.replace("_", " ").replace("|", " or ") or row.status


def _cell(row: Row | None) -> str:
    return f"{row.score:g}  {reason(row)}".rstrip() if row else "to be read"


def print_tables(rows: list[Row], console: Console) -> None:
    """A table a lesson: students down, exercises across, points and the reason for lost ones."""
    for name in dict.fromkeys(row.lesson for row in rows):
        lesson = manifest.lessons()[name]
        table = Table(title=f"{lesson.name}: {lesson.title}", title_justify="left")
        table.add_column("student", no_wrap=True)
        for item in lesson.graded:
            table.add_column(f"{item.id} ({item.points})")
        table.add_column(f"total ({lesson.points})", justify="right")
        results: dict[str, dict[str, Row]] = {}
        for row in rows:
            if row.lesson == name:
                results.setdefault(row.student_id, {})[row.exercise] = row
        for student, theirs in results.items():
            cells = [_cell(theirs.get(item.id)) for item in lesson.graded]
            table.add_row(student, *cells, f"{sum(row.score for row in theirs.values()):g}")
        console.print(table)
