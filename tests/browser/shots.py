"""Screenshots of what people see: `python tests/browser/shots.py FOLDER` (or `make shots`).

Every lesson in its solved form and the demos, in a real JupyterLab, light and dark; formgrader, a feedback page
and the class page. Three of them are the README's: it names them, and `make shots` copies them to where it looks.
"""

import sys
import tempfile
from pathlib import Path

import lab
import nbformat
from office import (
    MISHAPS,
    STORIES,
    graded_class,
    open_formgrader,
    open_submission,
    open_submissions,
)
from playwright.sync_api import Browser, Page, expect, sync_playwright

from autograder import build
from autograder.answers import answers
from autograder.notebooks import cells_by_id, grade_id, released
from autograder.paths import COURSE
from strided import manifest

WIDTH, HEIGHT = 1100, 1000
SHARP = 2  # pixels for one, in the README's pictures


def shoot_notebook(page: Page, path: Path) -> None:
    """Take the whole open notebook as one tall picture."""
    lab.settle(page)
    height = page.evaluate(
        "[...document.querySelectorAll('.jp-Notebook .jp-Cell')]"
        ".reduce((sum, cell) => sum + cell.getBoundingClientRect().height, 0)"
    )
    page.set_viewport_size({"width": WIDTH, "height": int(height) + 400})
    page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
    lab.settle(page)
    page.locator(".jp-Notebook").screenshot(path=path)
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


def wrong_answer() -> nbformat.NotebookNode:
    """Lesson 05's check of a convolution that flips its kernel, and what it needs."""
    notebook = nbformat.from_dict(dict(released("05_convolution")))
    keep = ("conv2d", "test_conv2d")
    notebook.cells = [
        c for c in notebook.cells if grade_id(c) in keep or "import numpy" in c.source
    ]
    source = answers("05_convolution")["conv2d", "slip:flipped_kernel"]
    cells_by_id(notebook)["conv2d"].source = source.rstrip()
    return notebook


def shoot_lab(browser: Browser, folder: Path, out: Path) -> None:
    """Every lesson and the demos, light and dark; a wrong answer, and the window explorer."""
    lessons = {lesson.name: build.read_lesson(lesson) for lesson in manifest.lessons().values()}
    lessons["demos"] = nbformat.read(COURSE / "demos" / "demos.ipynb", as_version=4)
    lessons["wrong-answer"] = wrong_answer()
    for name, notebook in lessons.items():
        nbformat.write(notebook, folder / f"{name}.ipynb")
    with lab.jupyter_lab(folder) as running:
        for name in lessons:
            context, _ = lab.shut_in(
                browser,
                viewport={"width": WIDTH, "height": HEIGHT},
                device_scale_factor=SHARP if name == "wrong-answer" else 1,
            )
            page = context.new_page()
            running.open(page, f"{name}.ipynb")
            if lab.run_all(page) == (name == "wrong-answer"):
                raise RuntimeError(f"{name}.ipynb did not run as it should")
            if name == "wrong-answer":
                lab.settle(page)
                lab.cell(page, "assert checks").locator(".jp-OutputArea").screenshot(
                    path=out / f"{name}.png"
                )
                context.close()
                continue
            for theme in ("Light", "Dark"):
                running.theme(page, theme)
                shoot_notebook(page, out / f"{name}-{theme.lower()}.png")
                print(out / f"{name}-{theme.lower()}.png", flush=True)
            context.close()
        shoot_explorer(browser, running, out)


def shoot_explorer(browser: Browser, running: lab.Lab, out: Path) -> None:
    """The window explorer, moved by the arrow keys."""
    context, _ = lab.shut_in(
        browser, viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SHARP
    )
    page = context.new_page()
    running.open(page, "demos.ipynb")
    lab.run_all(page)
    demo = lab.cell(page, "demos.explore()").locator(".jp-OutputArea")
    demo.locator(".strided-surface").focus()
    for key in ("ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect(demo.get_by_label("Output column", exact=True)).to_have_value("1")
    demo.locator(".strided-surface").blur()
    lab.settle(page)
    demo.locator(".jp-OutputArea-output").screenshot(path=out / "window-explorer.png")
    context.close()


def shoot_class(browser: Browser, folder: Path, out: Path) -> None:
    """A graded class: formgrader's page of an answer, every student's feedback, and the class page."""
    room = graded_class(folder, [*STORIES, *MISHAPS])
    with lab.jupyter_lab(folder) as running:
        context, _ = lab.shut_in(browser, viewport={"width": 1300, "height": HEIGHT})
        page = context.new_page()
        form = open_formgrader(page, running)
        page.evaluate("jupyterapp.shell.collapseLeft()")  # nbgrader's page needs the room
        open_submission(open_submissions(form).first)
        points = form.locator("input.score").last
        points.focus()  # nbgrader's page scrolls there itself, and would undo a scroll of ours
        expect(points).to_be_in_viewport(ratio=1)
        lab.settle(page)
        page.screenshot(path=out / "formgrader.png")
        context.close()
    pages = {path.parent.parent.name: path for path in (room / "feedback").glob("*/*/*.html")}
    for scheme in ("light", "dark"):
        context, _ = lab.shut_in(
            browser, viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme
        )
        page = context.new_page()
        for name, path in {**pages, "class": room / "class.html"}.items():
            page.goto(path.as_uri())
            kind = "class-page" if name == "class" else f"feedback-{name}"
            page.screenshot(path=out / f"{kind}-{scheme}.png", full_page=True)
            print(out / f"{kind}-{scheme}.png", flush=True)
        context.close()
    context, _ = lab.shut_in(
        browser, viewport={"width": WIDTH, "height": 830}, device_scale_factor=SHARP
    )
    page = context.new_page()
    page.goto((room / "class.html").as_uri())
    page.screenshot(path=out / "class-page.png")
    context.close()


def main(out: Path) -> None:
    """Take every screenshot into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = lab.chromium(playwright)
        for part, shoot in {"lab": shoot_lab, "class": shoot_class}.items():
            folder = Path(scratch) / part
            folder.mkdir()
            shoot(browser, folder, out)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
