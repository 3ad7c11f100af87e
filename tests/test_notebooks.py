"""Every lesson run top to bottom in a real kernel, as a student would: solved, and as released."""

import nbformat
import pytest
from nbclient import NotebookClient

from autograder import build
from autograder.notebooks import released
from strided import manifest

LESSONS = list(manifest.lessons().values())


def run(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    NotebookClient(notebook, timeout=60, allow_errors=True).execute()
    return notebook


def faults(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """Cells that wrote to stderr or failed, and figures without alt text: (cell id, what)."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                found.append((cell.id, output.ename))
            elif output.output_type == "stream" and output.name == "stderr":
                found.append((cell.id, output.text.strip()))
            html = output.get("data", {}).get("text/html", "")
            if "<svg" in html and "aria-label" not in html:
                found.append((cell.id, "a figure without alt text"))
            if "http" in html.replace("http://www.w3.org/2000/svg", ""):
                found.append((cell.id, "an address in an output"))
            if "image/png" in output.get("data", {}):
                found.append((cell.id, "a picture without alt text"))
    return found


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_solved_lesson_runs_from_top_to_bottom_without_a_fault(lesson):
    notebook = run(build.read_lesson(lesson))
    assert faults(notebook) == []
    figures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "<svg" in output.get("data", {}).get("text/html", "")
    ]
    assert len(figures) >= 2


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_in_the_released_lesson_nothing_fails_but_what_is_unsolved(lesson):
    notebook = run(nbformat.from_dict(dict(released(lesson.name))))
    allowed = {e.id for e in lesson.exercises} | {f"test_{e.id}" for e in lesson.exercises}
    assert {id for id, _ in faults(notebook)} <= allowed
    tests = [cell for cell in notebook.cells if cell.id.startswith("test_")]
    assert all(any(o.output_type == "error" for o in cell.outputs) for cell in tests)


@pytest.mark.parametrize(
    "source, what",
    [
        ("import sys; print('x', file=sys.stderr)", "x"),
        ("1 / 0", "ZeroDivisionError"),
        (
            "from strided.display import Html\nHtml('<svg></svg>', '')",
            "a figure without alt text",
        ),
    ],
)
def test_a_fault_is_seen(source, what):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    assert [fault for _, fault in faults(run(notebook))] == [what]
