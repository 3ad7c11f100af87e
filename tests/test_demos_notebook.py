"""The demos' notebook: a section and a script for every demo, true scripts, and none of them released."""

import re
from pathlib import Path

import nbformat
import pytest
import test_notebooks
from demo_calls import CALLS, made

from autograder import build, handout
from autograder.classroom import check_lessons
from autograder.paths import COURSE, SOLUTIONS, UserError
from strided import demos
from strided.demos.panel import Choice, Demo, Number
from strided.slips import bank

NOTEBOOK = build.read_demos()


def scripts() -> dict[str, str]:
    """The line that shows a demo → the script below it."""
    found, last = {}, ""
    for cell in NOTEBOOK.cells:
        if cell.cell_type == "code":
            last = cell.source
        elif cell.metadata.get("tags") == ["script"] and last:
            found[last] = cell.source
    return {call.removeprefix("demos."): script for call, script in found.items()}


SCRIPTS = scripts()


def test_every_demo_has_a_section_and_a_script():
    cells = NOTEBOOK.cells
    shown = [c.source for c in cells if c.cell_type == "code" and c.source.startswith("demos.")]
    assert sorted(shown) == sorted(f"demos.{call}" for call in CALLS)
    assert set(SCRIPTS) == set(CALLS)
    for call, script in SCRIPTS.items():
        parts = re.findall(r"^\*\*([A-Z][a-z ]+)\.\*\*", script, re.M)
        assert parts == ["Ask", "They will say", "Show", "Say"], call
    for before, cell, after in zip(cells, cells[1:], cells[2:], strict=False):
        if cell.source.startswith("demos."):
            assert re.match(r"## [A-Z][a-z]+\b.*\n\n", before.source), cell.source
            assert before.metadata["slideshow"]["slide_type"] == "slide"
            assert after.metadata["slideshow"]["slide_type"] == "notes"


def control(demo: Demo, setting: str) -> tuple[str, object]:
    """The name and the value behind `Stride down 2`, as a person reads them on the screen."""
    fitting = [n for n, c in demo.controls.items() if setting.startswith(f"{c.label} ")]
    assert fitting, f"no control is called as in {setting!r}"
    name = max(fitting, key=lambda n: len(demo.controls[n].label))
    chosen = demo.controls[name]
    said = setting.removeprefix(f"{chosen.label} ")
    if isinstance(chosen, Number):
        return name, int(said)
    if isinstance(chosen, Choice):
        return name, dict(chosen.shown)[said]
    return name, {"on": True, "off": False}[said]


def untrue(demo: Demo, script: str) -> list[tuple[str, str]]:
    """What a script says stands on the screen and does not: (the settings, the words)."""
    wrong = []
    for bullet in re.findall(r"^- (`[^`]+ [^`]+`:.*(?:\n  .*)*)", script, re.M):
        line = " ".join(bullet.split())
        settings = re.match(r"`([^`]+)`", line)
        demo.set(**dict(control(demo, setting) for setting in settings[1].split(" · ")))
        shown = demo.show()
        page = re.sub(r"<[^>]+>", " ", shown.html.replace("&#x27;", "'"))
        page = " ".join(f"{shown.alt} {shown.said} {page}".split())
        wrong += [
            (settings[1], words)
            for words in re.findall(r"\*\*(.+?)\*\*", line)
            if words not in page
        ]
    return wrong


@pytest.mark.parametrize("call", CALLS)
def test_what_a_script_shows_is_what_the_demo_shows(call):
    demo = made(call)
    script = SCRIPTS[call]
    assert re.findall(r"^- `[^`]+ [^`]+`:.*\*\*", script, re.M)
    assert untrue(demo, script) == []


def test_a_number_that_the_demo_does_not_show_is_seen():
    script = "- `Pixels 7`: **3 windows**.\n- `Stride 3`: **3\n  windows**, **2 windows**."
    assert untrue(demos.ruler(), script) == [("Stride 3", "3 windows")]


@pytest.mark.parametrize("call", SCRIPTS)
def test_the_mistakes_that_a_script_names_are_in_the_bank(call):
    for exercise, slip in re.findall(r"`(\w+)\.(\w+)`", SCRIPTS[call]):
        assert slip in bank(exercise)


def test_the_scripts_name_mistakes():
    assert len(re.findall(r"`\w+\.\w+`", " ".join(SCRIPTS.values()))) > 15


def test_students_get_the_demos_without_the_scripts():
    path = COURSE / "demos" / "demos.ipynb"
    released = nbformat.read(path, as_version=4)
    nbformat.validate(released)
    assert "They will say" not in path.read_text(encoding="utf-8")
    assert [c.source for c in released.cells] == [
        c.source for c in NOTEBOOK.cells if c.metadata.get("tags") != ["script"]
    ]
    assert len(released.cells) < len(NOTEBOOK.cells)
    assert Path("course/demos/demos.ipynb") in handout.contents()


def test_the_demos_notebook_carries_no_points():
    assert all("nbgrader" not in cell.metadata for cell in NOTEBOOK.cells)
    with pytest.raises(UserError, match="There is no lesson 'demos'"):
        check_lessons(["demos"])


def test_the_demos_run_from_top_to_bottom():
    released = nbformat.read(COURSE / "demos" / "demos.ipynb", as_version=4)
    first = "import sys; sys.modules['torch'] = None  # a demo needs no torch"
    released.cells.insert(0, nbformat.v4.new_code_cell(first))
    notebook = test_notebooks.run(released)
    assert test_notebooks.faults(notebook) == []
    for cell in notebook.cells:
        if cell.source.startswith("demos."):
            data = cell.outputs[0].data
            assert "application/vnd.jupyter.widget-view+json" in data
            steps = data["text/html"].split("<details")[1:]
            assert steps and all("<svg" in step for step in steps)


@pytest.mark.parametrize(
    "old, new, complaint",
    [
        ('tags=["script"]', 'tags=["scripts"]', "scripts"),
        ('["slide"]', '["slide", "script"]', "one of"),
    ],
)
def test_an_unknown_tag_is_refused(tmp_path, old, new, complaint):
    text = (SOLUTIONS / "demos" / "demos.py").read_text(encoding="utf-8")
    (tmp_path / "demos").mkdir()
    (tmp_path / "demos" / "demos.py").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(build.LessonError, match=complaint):
        build.read_demos(tmp_path)


def test_a_missing_text_is_refused(tmp_path):
    with pytest.raises(build.LessonError, match="is missing"):
        build.read_demos(tmp_path)


def test_the_build_keeps_the_demos(tmp_path):
    for top in ("solutions", "course"):
        (tmp_path / top / "demos").mkdir(parents=True)
        (tmp_path / top / "demos" / "demos.ipynb").write_text("{}")
    assert build.remove_strays(tmp_path) == []
    assert {str(path) for path in build.stale(root=tmp_path)} >= {
        "course/demos/demos.ipynb",
        "solutions/demos/demos.ipynb",
    }
