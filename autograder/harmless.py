"""What students wrote and showed, made such that a page with it runs nothing and fetches nothing.

nbgrader's pages render a student's Markdown with whatever HTML stands in it. A graded notebook is a copy, so
there each cell of theirs that holds more than text, links and formulas is shown as it was typed.
"""

import base64
import binascii
import re
import struct
import zlib
from functools import cache
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.notebooks import grade_id, released

# ---------------------------------------------------------------- text

# Escape sequences of a terminal; control characters but tab and line end; what turns the direction of text.
TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~]?)")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
REWRITTEN = re.compile(r"^.*\r(?=[^\r\n])", re.MULTILINE)
SEED = re.compile(r"\n  \(seed \d+\)(?=\n|$)")


def plain(text: str) -> str:
    """The text as a terminal would have left it, without colours, control characters and overwritten lines."""
    return CONTROLS.sub("", REWRITTEN.sub("", TERMINAL.sub("", text)))


def without_seed(text: str) -> str:
    """A verdict's explanation without the number from which an instructor can repeat a hidden test."""
    return SEED.sub("", text)


# ---------------------------------------------------------------- pictures

PNG = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
PIXELS = 2**22


def picture(data: str, limit: int) -> str:
    """A PNG in base64, checked and written anew with nothing in it but its pixels; "" if it is none.

    limit: characters of base64. A picture that says one size and holds another is none, nor is an
    interlaced one.
    """
    if len(data) > limit:
        return ""
    try:
        return base64.b64encode(_png(base64.b64decode(data, validate=False))).decode()
    except (ValueError, binascii.Error, struct.error, zlib.error):
        return ""


def _png(file: bytes) -> bytes:
    if not file.startswith(PNG):
        raise ValueError("no PNG")
    parts: dict[bytes, bytes] = {}
    at = len(PNG)
    while at < len(file):
        length, kind = struct.unpack_from(">I4s", file, at)
        if at + 12 + length > len(file):
            raise ValueError("cut off")
        if kind in (b"IHDR", b"PLTE", b"tRNS", b"IDAT"):
            parts[kind] = parts.get(kind, b"") + file[at + 8 : at + 8 + length]
        at += 12 + length
    head = parts.get(b"IHDR", b"")
    width, height, depth, colour, *methods = struct.unpack(">IIBBBBB", head)
    if not (0 < width * height <= PIXELS) or colour not in CHANNELS or any(methods):
        raise ValueError("no picture to show")
    row = 1 + (width * CHANNELS[colour] * depth + 7) // 8
    unpacked = zlib.decompressobj()
    pixels = unpacked.decompress(parts.get(b"IDAT", b""), row * height + 1)
    if len(pixels) != row * height:
        raise ValueError("another size")
    palette, opacity = parts.get(b"PLTE", b""), parts.get(b"tRNS", b"")
    if depth not in (1, 2, 4, 8, 16) or len(palette) > 768 or len(opacity) > 256:
        raise ValueError("no picture to show")
    chunks = [(b"IHDR", head), (b"PLTE", palette), (b"tRNS", opacity), (b"IDAT", parts[b"IDAT"])]
    kept = [chunk for chunk in chunks if chunk[1]] + [(b"IEND", b"")]
    return PNG + b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in kept
    )


# ---------------------------------------------------------------- Markdown

PARSED = 10_000  # characters of a cell that is parsed: the parser's time grows with their square
PARSED_IN_ALL = 40_000  # of a notebook's cells
LINE = 4_000  # of a line of Markdown: nbconvert's time grows with the square of these, too
WIDTH = 200  # of a line that is shown as it was typed
REST = 500  # characters that are shown of each cell beyond PARSED_IN_ALL
AS_TYPED = "*This cell holds HTML, pictures or more than is read; here it stands as it was typed:*"
SAFE = set(
    """
    paragraph text softbreak linebreak blank_line newline heading thematic_break list list_item block_text
    block_quote emphasis strong strikethrough codespan block_code inline_math block_math latex_environment
    task_list_item table table_head table_body table_row table_cell def_list def_list_head def_list_item link
    """.split()
)
LINKS = re.compile(r"(https?://|mailto:)", re.IGNORECASE)


def is_plain_markdown(source: str) -> bool:
    """Whether a Markdown text, as nbconvert reads it, has no HTML, no picture and no unusual link."""
    if len(source) > PARSED or max(map(len, source.splitlines()), default=0) > LINE:
        return False
    try:
        tokens, _ = _parser().parse(source)
    except Exception:  # what cannot be parsed would break the page
        return False
    return all(map(_is_safe, tokens))


@cache
def _parser() -> Any:
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    parser = MarkdownWithMath(IPythonRenderer())
    parser.renderer = None  # tokens, not HTML
    return parser


def _is_safe(token: dict[str, Any]) -> bool:
    kind, attributes = token["type"], token.get("attrs") or {}
    if kind not in SAFE:
        return False
    if kind == "link" and not LINKS.match(attributes["url"]):
        return False
    if kind == "block_code" and "mermaid" in attributes.get("info", ""):
        return False  # nbconvert puts a diagram's text on the page as it is
    return all(map(_is_safe, token.get("children", [])))


def as_typed(source: str) -> str:
    """Markdown that shows a text as it was typed, only with shorter lines."""
    source = re.sub(f"(.{{{WIDTH}}})(?=.)", r"\1\n", source)
    runs = re.findall("`+", source)
    fence = "`" * max(3, 1 + max(map(len, runs), default=0))
    return f"{AS_TYPED}\n\n{fence}\n{source}\n{fence}"


def typed(cell: NotebookNode) -> str:
    """What a student typed into a cell, whatever a page of nbgrader's is to show."""
    return cell.metadata.get("strided", {}).get("typed", cell.source)


class ShowAsTyped(NbGraderPreprocessor):
    """A step of grading: the student's Markdown and raw cells such that nbgrader's pages can show them."""

    def preprocess(self, nb: Any, resources: Any) -> Any:
        """Replace what is not plain Markdown; `typed` still finds the original."""
        lesson = resources["nbgrader"]["assignment"]
        known = {cell.source for cell in released(lesson).cells}
        room = PARSED_IN_ALL
        for cell in nb.cells:
            own = cell.metadata.get("nbgrader", {}).get("solution")
            if cell.cell_type == "code" or cell.source in known or grade_id(cell) and not own:
                continue
            cell.pop("attachments", None)
            room -= len(cell.source)
            if cell.cell_type == "markdown" and room >= 0 and is_plain_markdown(cell.source):
                continue
            cell.cell_type = "markdown"
            cell.metadata["strided"] = {"typed": cell.source}
            most = PARSED if room >= 0 else REST
            cut = cell.source if len(cell.source) <= most else cell.source[:most] + "…"
            cell.source = as_typed(cut)
        return nb, resources


class LeaveOutSeeds(NbGraderPreprocessor):
    """A step of nbgrader's own feedback: verdicts as students may read them, and no tracebacks.

    A traceback shows where this machine keeps what.
    """

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> Any:
        """Shorten a code cell's outputs."""
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                last = "\n".join(output.traceback) if grade_id(cell).startswith("test_") else ""
                name = f"{output.ename}: {output.evalue}"
                output.traceback = [without_seed(last) or name]
            elif "text/plain" in output.get("data", {}):
                output.data["text/plain"] = without_seed(output.data["text/plain"])
        return cell, resources
