"""The course as pages to read, from disk and without a network.

`python docs/export.py site FOLDER` makes a site of the lessons and demos, as students get them;
`python docs/export.py slides FOLDER` makes a deck of the demos, with the script as speaker notes.
Only what needs no answer is run: a cell that uses a student's function, or waits for a prediction,
is shown without output.
"""

import ast
import re
import shutil
import sys
import tempfile
from collections.abc import Collection
from importlib.resources import files
from pathlib import Path

import jinja2
import nbformat
from latex2mathml.converter import convert
from nbclient import NotebookClient
from nbconvert import SlidesExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from sphinx.cmd.build import build_main

from autograder.paths import COURSE, ROOT, SOLUTIONS
from strided import figures, manifest

HERE = Path(__file__).parent
DEMOS = Path("demos/demos.ipynb")
# reveal.js comes with a Sphinx extension that makes decks of another kind.
REVEAL = Path(str(files("sphinx_revealjs") / "_static/revealjs"))
REVEAL_PARTS = [
    "LICENSE",
    "dist/reveal.css",
    "dist/reveal.js",
    "dist/theme/white.css",
    "dist/theme/fonts/source-sans-pro",
    "plugin/notes/notes.js",
]
WAITS = "skip-execution"  # nbclient leaves a cell with this tag alone
WIDGET = "application/vnd.jupyter.widget-view+json"


def run(path: Path, exercises: Collection[str] = ()) -> nbformat.NotebookNode:
    """A notebook with the outputs of every cell that waits for none of the exercises.

    A demo keeps the form that needs no kernel. Raises CellExecutionError where a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code" and waits(cell.source, exercises):
            cell.metadata.setdefault("tags", []).append(WAITS)
    NotebookClient(notebook, timeout=120).execute()
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
    return notebook


def waits(source: str, exercises: Collection[str]) -> bool:
    """Whether a cell needs a student: it names one of the exercises, or has dots for a prediction."""
    return any(
        (isinstance(node, ast.FunctionDef) and node.name in exercises)
        or (isinstance(node, ast.Name) and node.id in exercises)
        or (isinstance(node, ast.Assign) and getattr(node.value, "value", None) is ...)
        for node in ast.walk(ast.parse(source))
    )


def lesson_page(lesson: manifest.Lesson) -> nbformat.NotebookNode:
    """A lesson's released notebook, run as far as it goes unsolved, with a line on where to work."""
    path = COURSE / lesson.name / f"{lesson.name}.ipynb"
    notebook = run(path, [item.id for item in lesson.graded])
    where = nbformat.v4.new_markdown_cell(
        "```{admonition} This page is for reading\n"
        f"To answer, open `{path.relative_to(ROOT)}` in JupyterLab: [how to start](start.md).\n```"
    )
    notebook.cells.insert(1, where)
    return notebook


def question(notebook: nbformat.NotebookNode) -> str:
    """The question that a lesson opens with, without its source."""
    found = re.search(
        r"^> \*(.+?)\*\s(?:> )?\(", notebook.cells[0].source, re.DOTALL | re.MULTILINE
    )
    if not found:
        raise SystemExit("A lesson has no question under its title: > *question* (source)")
    return found[1].replace("\n> ", " ").strip('"')


def section(text: str, heading: str) -> str:
    """What stands under a heading of a Markdown text, up to the next of its level or a higher one."""
    level = heading.split(" ")[0]
    found = re.search(
        rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.DOTALL | re.MULTILINE
    )
    if not found:
        raise SystemExit(f"The site shows the section {heading!r}, which is missing.")
    return found[1].strip()


def pages(folder: Path) -> None:
    """Write what the generator reads: the landing page, how to start, the lessons, the demos."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    title = readme.partition("\n")[0]
    lessons = list(manifest.lessons().values())
    questions = {}
    for lesson in lessons:
        notebook = lesson_page(lesson)
        questions[lesson.name] = question(notebook)
        nbformat.write(notebook, folder / f"{lesson.name}.ipynb")
    nbformat.write(run(COURSE / DEMOS), folder / DEMOS.name)
    wrong_answer = re.search(r"^!\[[^]]+\]\((\S+wrong-answer\.png)\)$", readme, re.MULTILINE)
    if not wrong_answer:
        raise SystemExit("The site shows the README's picture of a wrong answer, which is missing.")
    (folder / wrong_answer[1]).parent.mkdir()
    shutil.copy(ROOT / wrong_answer[1], folder / wrong_answer[1])
    landing = jinja2.Template((HERE / "site/index.md").read_text(encoding="utf-8"))
    (folder / "index.md").write_text(
        landing.render(
            title=title.removeprefix("# "),
            about=section(readme, title).partition("\n\n")[0],
            picture=figures.hop_or_keep().html,
            lessons=lessons,
            questions=questions,
            wrong_answer=wrong_answer[0],
        ),
        encoding="utf-8",
    )
    start = section((COURSE / "README.md").read_text(encoding="utf-8"), title)
    (folder / "start.md").write_text(f"# How to start\n\n{start}", encoding="utf-8")


def clear(folder: Path) -> None:
    """Remove what an earlier export left; nothing else. Raises SystemExit for a folder of other things."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "index.html").is_file():
        raise SystemExit(
            f"{folder} holds something else than a site or a deck: name another folder."
        )
    shutil.rmtree(folder, ignore_errors=True)


def site(folder: Path) -> None:
    """Make the site in a folder, in place of what was there, with the slides below it."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "pages")
        source.mkdir()
        pages(source)
        options = ["-c", str(HERE / "site"), "-d", f"{scratch}/cache", "-q", "-W", "--keep-going"]
        clear(folder)
        if build_main([*options, str(source), str(folder)]):
            raise SystemExit("The site was not made; the lines above say why.")
    slides(folder / "slides")


def slides(folder: Path) -> None:
    """Make the deck of the demos in a folder, in place of what was there."""
    exporter = SlidesExporter(
        extra_template_basedirs=[str(HERE)],
        template_name="slides",
        reveal_url_prefix="reveal.js",
        reveal_theme="white",
        exclude_input=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
        filters={"markdown2html": markdown_to_html},
    )
    html, _ = exporter.from_notebook_node(run(SOLUTIONS / DEMOS))
    clear(folder)
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(html, encoding="utf-8")
    shutil.copy(HERE / "slides/deck.css", folder)
    for part in REVEAL_PARTS:
        original, copy = REVEAL / part, folder / "reveal.js" / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if original.is_dir() else shutil.copy)(original, copy)


class MathML(IPythonRenderer):
    """nbconvert's Markdown, with formulas that need no script."""

    def inline_math(self, body: str) -> str:
        """A formula that stands in a sentence."""
        return convert(body)

    def block_math(self, body: str) -> str:
        """A formula that has a line of its own."""
        return convert(body, display="block")


def markdown_to_html(text: str) -> str:
    """A Markdown cell as a slide shows it."""
    return MarkdownWithMath(renderer=MathML(escape=False, exclude_anchor_links=True)).render(text)


if __name__ == "__main__":
    what, folder = sys.argv[1:]
    place = Path(folder).resolve()
    {"site": site, "slides": slides}[what](place)
    print(f"Open {place / 'index.html'}")
