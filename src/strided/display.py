"""What a notebook shows that is neither a figure nor a check: HTML with the same content as text."""

import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Sequence
from html import escape


def in_notebook() -> bool:
    """Whether this runs in a notebook's kernel, which can show pictures."""
    ipython = sys.modules.get("IPython")  # a notebook has imported it; nobody else waits for it
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


def show(piece: object) -> None:
    """Show a piece in the notebook now, wherever in a cell that is."""
    from IPython.display import display

    display(piece)


class Html:
    """A piece of HTML for a notebook, with the same content as plain text."""

    def __init__(self, html: str, text: str):
        self.html = html
        self.text = text

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def source(function: Callable) -> Html:
    """Show a function's code: how a lesson prints a specification without a second copy of it."""
    code = inspect.getsource(function).rstrip()
    return Html(f"<pre><code>{escape(code)}</code></pre>", code)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> Html:
    """Show rows of words under a head, with a note below.

    The first cell of a row names it, and `backticks` mark code.
    """

    def cell(word: str, tag: str, scope: str = "") -> str:
        inside = re.sub("`([^`]+)`", r"<code>\1</code>", escape(word))
        inside = re.sub(r"(\d) ms\b", r"\1&nbsp;ms", inside)  # a time stays on one line
        return f'<{tag}{scope} style="text-align:left">{inside}</{tag}>'

    html = ["<table><thead><tr>", *(cell(word, "th", ' scope="col"') for word in head)]
    html.append("</tr></thead><tbody>")
    for first, *rest in rows:
        html += ["<tr>", cell(first, "th", ' scope="row"')]
        html += [*(cell(word, "td") for word in rest), "</tr>"]
    html.append("</tbody></table>" + (f"<p>{escape(note)}</p>" if note else ""))
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    text = [
        "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    ]
    if note:
        text.append(textwrap.fill(note, 78))
    return Html("".join(html), "\n".join(text))
