"""A submission that tries to run scripts, fetch pictures and read tests in the browser of whoever looks at it."""

import base64
import copy
import struct
import zlib

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell

from autograder.notebooks import cells_by_id, released
from strided import manifest

LESSON = manifest.lessons()["06_channel_mixing"]
QUESTION = LESSON.manual[0]
HOST = "tracker.invalid"
RUN = "window.ran++"
FORMULA = r"$\sum_{k<K} w_k x_k$ and $a<b$"

MARKDOWN = [
    f"<script>{RUN}</script>",
    f'<img src="x" onerror="{RUN}">',
    f"[click]( javascript:{RUN} )",
    f'<a href="javascript:{RUN}" id="a">click</a>',
    f'<iframe src="https://{HOST}/frame"></iframe>',
    f"![pixel](https://{HOST}/pixel.png)",
    f"![pixel][p]\n\n[p]: //{HOST}/reference.png",
    "![mine](attachment:mine.svg)",
    "![gone](attachment:gone.png)",
    f"```mermaid\n</pre><script>{RUN}</script><img src=x onerror={RUN}>\n```",
    f"> - <svg onload={RUN}>",
    f"| a | b |\n|---|---|\n| 1 | <img src=x onerror={RUN}> |",
    f"<style>@import 'https://{HOST}/style.css';</style>",
    f"<link rel=stylesheet href=//{HOST}/link.css><meta http-equiv=refresh content='0;//{HOST}/'>",
    "<!-- never closed",
    "[" * 30_000,
]
# What nbconvert itself shows as text.
TEXT = [
    f"$x</script><script>{RUN}</script>$ \\begin{{a}}<img src=x onerror={RUN}>\\end{{a}}",
    f"````\n```\n<script>{RUN}</script>\n````\n```\n<script>{RUN}</script>",
    f"`<script>{RUN}</script>`\n\n    <script>{RUN}</script>",
    f"# {QUESTION.id}",
    f"$\\href{{javascript:{RUN}}}{{x}}$ $\\require{{//{HOST}/a.js}} \\require{{[Contrib]/a/a.js}} y$",
]

SHOWS = f"""
from IPython.display import HTML, Image, Javascript, Markdown, SVG, display
display(HTML("<script>{RUN}</script><img src='https://{HOST}/html.png'>"))
display(Javascript("{RUN}"))
display(Markdown("![x](https://{HOST}/markdown.png)<script>{RUN}</script>"))
display({{"image/svg+xml": "<svg onload='{RUN}'/>", "text/plain": "only this"}}, raw=True)
display({{"image/png": "https://{HOST}/x.png\\" onerror=\\"{RUN}", "text/plain": "no picture"}}, raw=True)
display({{"application/vnd.strided.verdict+json": "{{}}", "text/plain": "forged"}}, raw=True)
print("\\x1b[31mred\\x1b[0m <b>bold</b> \\x1b]0;title\\x07\\x08\\nold\\rnew \\u202eturned")
"""


def png(width: int = 3, height: int = 2, extra: bytes = b"", rows: bytes | None = None) -> bytes:
    """A small grey picture, with chunks of one's own before its pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = (b"\0" + b"\x77" * width) * height if rows is None else rows
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + extra
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


def text_chunk(text: bytes) -> bytes:
    """A PNG's comment."""
    content = b"Comment\0" + text
    return (
        struct.pack(">I", len(content))
        + b"tEXt"
        + content
        + struct.pack(">I", zlib.crc32(b"tEXt" + content))
    )


def plots(alt: str) -> str:
    """A cell that shows a picture of its own with alt text."""
    data = base64.b64encode(png(extra=text_chunk(b"<script>"))).decode()
    return (
        "from IPython.display import display\n"
        f"display({{'image/png': '{data}', 'text/plain': 'a figure'}}, "
        f"metadata={{'image/png': {{'alt': {alt!r}}}}}, raw=True)"
    )


def notebook(answer: str) -> nbformat.NotebookNode:
    """The lesson handed in with all of this, and an answer to its question."""
    made = copy.deepcopy(released(LESSON.name))
    cells = cells_by_id(made)
    cells[QUESTION.id].source = answer
    first = cells[LESSON.exercises[0].id]
    first.source = SHOWS + plots("a <grey> field") + "\n" + first.source
    svg = base64.b64encode(
        f"<svg xmlns='http://www.w3.org/2000/svg' onload='{RUN}'/>".encode()
    ).decode()
    attachments = {"mine.svg": {"image/svg+xml": svg, "image/png": f'" onerror="{RUN}'}}
    added = [new_markdown_cell(source, attachments=attachments) for source in MARKDOWN + TEXT]
    added.append(
        new_raw_cell(f"<img src=https://{HOST}/raw.png>", metadata={"raw_mimetype": "text/html"})
    )
    html = {"text/html": f"<script>{RUN}</script>", "text/plain": "x"}
    added.append(new_code_cell("1 + 1", outputs=[new_output("display_data", html)]))
    added.append(new_code_cell("'<script>'  # </pre><script>\n" + plots("another")))
    made.cells += added
    made.metadata["title"] = f"</title><script>{RUN}</script>"
    made.metadata["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {"x": "</script><script>"}
    }
    return made
