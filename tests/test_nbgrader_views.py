"""nbgrader's own pages of hostile submissions: its feedback, and formgrader's view of a submission."""

import copy
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import hostile
import nbformat
import pytest
from here import graded_here
from hostile import LESSON, QUESTION
from nbconvert.exporters import HTMLExporter
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder import harmless
from autograder.classroom import Class
from autograder.notebooks import cells_by_id, released, solved
from autograder.paths import ROOT

CHROMIUM = shutil.which("chromium")
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"  # nbgrader's own feedback loads it
WRONG = """
def mixing_matrix(operator, in_channels):
    print("told")
    raise ZeroDivisionError("by the student")
"""


@pytest.fixture(scope="module")
def room(tmp_path_factory, trusted) -> Class:
    """A class whose students are hostile, honest, and wrong."""
    folder = tmp_path_factory.mktemp("views")
    honest, wrong = (copy.deepcopy(released(LESSON.name)) for _ in range(2))
    cells_by_id(honest)[QUESTION.id].source = hostile.FORMULA
    cells_by_id(wrong)["mixing_matrix"].source = WRONG
    cells_by_id(wrong)["conv2d_groups"].source += "\n1 / 0"
    both = {"eve": hostile.notebook(hostile.MARKDOWN[1]), "ada": honest, "bob": wrong}
    return graded_here(folder, LESSON.name, both, trusted)


@pytest.fixture(scope="module")
def feedback(room, tmp_path_factory) -> dict[str, Path]:
    """nbgrader's own feedback pages, by student."""
    pages = tmp_path_factory.mktemp("nbgrader-feedback")
    config = Config(room.config())
    config.CourseDirectory.feedback_directory = str(pages)
    config.CourseDirectory.assignment_id = LESSON.name
    GenerateFeedback(coursedir=CourseDirectory(config=config), config=config).start()
    return {s: pages / s / LESSON.name / f"{LESSON.name}.html" for s in ("eve", "ada", "bob")}


def view(room: Class, student: str) -> str:
    """A submission as formgrader's exporter shows it."""
    from nbgrader.server_extensions.formgrader import handlers

    config = Config(room.config())
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    names = (
        "assignment_id",
        "notebook_id",
        "submission_id",
        "base_url",
        "student",
        "notebook_path",
    )
    resources = dict.fromkeys(names, "x") | {
        "index": 0,
        "total": 1,
        "last_name": "",
        "first_name": "",
    }
    path = room.autograded(student, LESSON.name)
    return HTMLExporter(config=config).from_filename(str(path), resources=resources)[0]


# ---------------------------------------------------------------- Markdown


@pytest.mark.parametrize("source", hostile.MARKDOWN)
def test_what_is_more_than_text_is_shown_as_it_was_typed(source):
    assert not harmless.is_plain_markdown(source)
    shown = harmless.as_typed(source)
    assert source.replace("\n", "") in shown.replace("\n", "")
    if len(shown) < harmless.PARSED:
        assert harmless.is_plain_markdown(shown)


@pytest.mark.parametrize(
    "source",
    [
        *hostile.TEXT,
        hostile.FORMULA,
        "Every *SubSampling* is a **convolution**:\n\n- `w<k>` is constant\n- a < b\n\n> since 1 > 0",
        "$$\\begin{align} a &< b \\\\ c &> d \\end{align}$$\n\n\\begin{equation}x<y\\end{equation}",
        "| a | b |\n|---|---|\n| 1 | $x<y$ |\n\n```python\nif a < b: print('<b>')\n```",
        "See [the paper](https://arxiv.org/abs/1603.07285) or https://pytorch.org.",
        "",
    ],
)
def test_text_formulas_code_tables_and_links_stay_as_they_are(source):
    assert harmless.is_plain_markdown(source)


@pytest.mark.parametrize("source", ["\\begin{a}", "\\\\(", "[", "![", "<", "a|", "> ", "*a "])
def test_no_text_takes_long_to_judge(source):
    # The parser's steps grow with the square of the length, which is why that is bounded.
    assert harmless.PARSED <= 10_000
    harmless.is_plain_markdown((source * harmless.PARSED)[: harmless.PARSED])


def test_a_long_answer_is_cut_in_the_copy_which_keeps_it_beside():
    notebook = nbformat.v4.new_notebook()
    sizes = (
        100,
        harmless.PARSED,
        harmless.PARSED + 1,
        harmless.LINE + 1,
        harmless.PARSED_IN_ALL,
        9000,
    )
    notebook.cells = [nbformat.v4.new_markdown_cell("[\n" * (size // 2)) for size in sizes]
    notebook.cells[3].source = "[" * sizes[3]
    whole = [cell.source for cell in notebook.cells]
    step = harmless.ShowAsTyped()
    notebook, _ = step.preprocess(notebook, {"nbgrader": {"assignment": LESSON.name}})
    assert [harmless.typed(cell) for cell in notebook.cells] == whole
    shown = [cell.source for cell in notebook.cells]
    assert [a == b for a, b in zip(shown, whole, strict=True)] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    assert max(map(len, shown[3].splitlines())) == harmless.WIDTH
    assert len(shown[4]) < 2 * harmless.REST > len(shown[5])


def test_without_our_step_a_students_markdown_would_run(room):
    """The gate's own fixture: formgrader's exporter, given the notebook as it was typed."""
    notebook = nbformat.read(room.autograded("ada", LESSON.name), as_version=4)
    cells_by_id(notebook)[QUESTION.id].source = hostile.MARKDOWN[0]
    assert hostile.MARKDOWN[0] not in view(room, "ada")
    other = Class(room.folder / "typed")
    path = other.autograded("ada", LESSON.name)
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    assert hostile.MARKDOWN[0] in view(other, "ada")


def test_the_autograded_copy_keeps_what_was_typed(room):
    notebook = nbformat.read(room.autograded("eve", LESSON.name), as_version=4)
    cells = cells_by_id(notebook)
    assert harmless.typed(cells[QUESTION.id]) == hostile.MARKDOWN[1]
    typed = {harmless.typed(cell) for cell in notebook.cells}
    assert typed >= {*hostile.MARKDOWN, *hostile.TEXT}
    assert not [cell for cell in notebook.cells if cell.get("attachments")]
    assert set(notebook.metadata) <= {"kernelspec", "strided"}
    lesson = {cell.source for cell in released(LESSON.name).cells if cell.cell_type == "markdown"}
    lesson -= {cell.source for cell in cells_by_id(released(LESSON.name)).values()}
    assert lesson <= {cell.source for cell in notebook.cells}  # the lesson's own text is untouched


# ---------------------------------------------------------------- hidden tests stay hidden


def secrets() -> list[str]:
    """Lines of the lesson's hidden tests and rubrics, as its solution notebook has them."""
    tests = "\n".join(cell.source for cell in solved(LESSON.name).cells if "HIDDEN" in cell.source)
    lines = [line for line in tests.splitlines() if "channel_mixing" in line]
    assert len(lines) >= 2 * len(LESSON.exercises)
    return [*lines, *QUESTION.rubric]


def plain_text(html: str) -> str:
    from bs4 import BeautifulSoup

    return BeautifulSoup(html, "html.parser").get_text()


def test_nbgraders_feedback_tells_points_and_words_and_no_hidden_test(feedback):
    for page in feedback.values():
        text = plain_text(page.read_text(encoding="utf-8"))
        for secret in (*secrets(), "HIDDEN TESTS", "MARK SCHEME", "(seed", str(ROOT), sys.prefix):
            assert secret not in text, secret
    text = plain_text(feedback["bob"].read_text(encoding="utf-8"))
    assert "it raised ZeroDivisionError: by the student" in text
    assert (
        "ZeroDivisionError: division by zero" in text
    )  # a cell's own error, without its traceback
    assert "Score: 0.0 / " in text


def test_without_our_steps_nbgraders_feedback_would_show_the_hidden_tests(room, tmp_path):
    config = Config(room.config())
    config.CourseDirectory.feedback_directory = str(tmp_path)
    config.CourseDirectory.assignment_id = LESSON.name
    config.CourseDirectory.student_id = "bob"
    del config.GenerateFeedback["preprocessors"]
    GenerateFeedback(coursedir=CourseDirectory(config=config), config=config).start()
    text = plain_text((tmp_path / "bob" / LESSON.name / f"{LESSON.name}.html").read_text())
    assert all(secret in text for secret in secrets()[: 2 * len(LESSON.exercises)])


def test_formgrader_shows_an_instructor_formulas_and_what_was_typed(room):
    html = view(room, "ada")
    assert r"$\sum_{k&lt;K} w_k x_k$ and $a&lt;b$" in html
    assert hostile.MARKDOWN[1] in plain_text(view(room, "eve"))


# ---------------------------------------------------------------- in a browser

SPY = """
window.ran = 0;
for (const name of ["alert", "confirm", "prompt"]) window[name] = () => { window.ran += 1; };
"""


def opened(address: str, ours: str, ready: str = "true") -> tuple[int, list[str], str]:
    """A page in Chromium, shown for a while: how often a student's script ran, requests, and text.

    Every link that is a script is clicked. ready: in JavaScript, when the page is as people see it.
    """
    from playwright.sync_api import sync_playwright

    asked: list[str] = []

    def answer(route):
        url = route.request.url
        if url.startswith((ours, "data:")):
            route.continue_()
            return
        asked.append(url)
        route.abort()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.add_init_script(SPY)
        page.route("**/*", answer)
        page.goto(address)
        page.wait_for_function(ready, timeout=120_000)
        page.wait_for_timeout(500)
        for link in page.locator("a[href^='javascript:' i]").all():
            link.evaluate("link => link.click()")
        ran = page.evaluate("window.ran")
        text = page.locator("body").inner_text()
        browser.close()
    return ran, asked, text


needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium")


@needs_chromium
def test_the_browser_sees_what_runs_and_what_is_fetched(tmp_path):
    page = tmp_path / "bad.html"
    link = f"<a href='javascript:{hostile.RUN}'>link</a>"
    page.write_text(
        f"<body>x{hostile.MARKDOWN[0]}{link}<img src='https://{hostile.HOST}/pixel.png'>"
    )
    ran, asked, _ = opened(page.as_uri(), page.as_uri())
    assert ran == 2 and asked == [f"https://{hostile.HOST}/pixel.png"]


@needs_chromium
@pytest.mark.parametrize("maker", ["ours", "nbgrader's"])
def test_a_student_opens_a_page_of_feedback_and_nothing_runs(room, feedback, maker):
    page = room.feedback("eve", LESSON.name) if maker == "ours" else feedback["eve"]
    ran, asked, text = opened(page.as_uri(), page.as_uri())
    assert (ran, [url for url in asked if not url.startswith(MATHJAX)]) == (0, [])
    assert maker == "nbgrader's" or asked == []
    assert hostile.MARKDOWN[1] in text


@pytest.fixture(scope="module")
def formgrader(room) -> Iterator[str]:
    """The address of a real formgrader on this class."""
    settings = f"load_subconfig({str(ROOT / 'autograder' / 'nbgrader_config.py')!r})\n"
    settings += f"c.CourseDirectory.root = {str(room.folder)!r}\n"
    for step in ("submitted", "autograded", "feedback"):
        settings += f"c.CourseDirectory.{step}_directory = {step!r}\n"
    settings += f"c.CourseDirectory.source_directory = {str(ROOT / 'solutions')!r}\n"
    settings += f"c.CourseDirectory.db_url = 'sqlite:///{room.folder / 'gradebook.db'}'\n"
    (room.folder / "nbgrader_config.py").write_text(settings)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.port={port}", "--IdentityProvider.token=key"]
    home = {"JUPYTER_CONFIG_DIR": str(room.folder / "home"), "JUPYTER_DATA_DIR": str(room.folder)}
    with (room.folder / "log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=room.folder, stdout=log, stderr=log, env=os.environ | home
        )
        try:
            address = f"http://127.0.0.1:{port}/formgrader"
            for _ in range(240):
                try:
                    urllib.request.urlopen(f"{address}/api/assignments?token=key", timeout=60)
                    break
                except OSError:
                    time.sleep(0.5)
            else:
                raise AssertionError((room.folder / "log").read_text())
            yield address
        finally:
            server.terminate()
            server.wait()


@needs_chromium
@pytest.mark.parametrize("student", ["eve", "ada"])
def test_an_instructor_opens_formgrader_and_nothing_of_a_students_runs(formgrader, student):
    listed = f"{formgrader}/api/submitted_notebooks/{LESSON.name}/{LESSON.name}?token=key"
    theirs = json.loads(urllib.request.urlopen(listed, timeout=60).read())
    id = next(entry["id"] for entry in theirs if entry["student"] == student)
    ours = formgrader.removesuffix("/formgrader")
    drawn = "window.formgrader?.loaded && MathJax.loaded"
    ran, asked, text = opened(f"{formgrader}/submissions/{id}/?token=key", ours, drawn)
    assert (ran, asked) == (0, [])
    assert (hostile.MARKDOWN[1] if student == "eve" else "a<b") in text


def test_no_heading_of_a_students_takes_the_place_of_a_field(room):
    from bs4 import BeautifulSoup

    ids = [e["id"] for e in BeautifulSoup(view(room, "eve"), "html.parser").select("[id]")]
    assert ids.count(QUESTION.id) == 1
