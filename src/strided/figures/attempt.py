"""An answer's result beside the target, where a click on an output shows what it reads.

The picture is one SVG that needs no script: it shows the windows of one output. A small script lets
you choose another, with a click or the arrow keys; what every output reads is in the page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from strided.figures.grid import FILLS, INNER, STROKES
from strided.figures.grids import ROLES, described_arrays
from strided.figures.svg import MAX_BYTES, Figure, clean, short
from strided.indices import entries

NAMES = {
    "window": "what it should read",
    "second": "what yours reads",
    "output": "the chosen output",
}
HINT = "Click an output, or press Tab and then the arrow keys, to choose another."

Index = tuple[int, ...]


@dataclass(frozen=True)
class Result:
    """One array of results, and what each of its entries reads.

    name: what it is called in an index, such as `out`.
    target, yours: titles of its drawings; `yours` is "" where there is none.
    should: booleans of the target's shape and then of the shape of what is read.
    did: likewise of the answer's result, or None where that is not known.
    """

    name: str
    target: str
    yours: str
    should: np.ndarray
    did: np.ndarray | None = None


def sentence(source: str, output: str, should: np.ndarray, did: np.ndarray | None) -> str:
    """Say what an output should read, and what it did read, as booleans of the shape of `source`."""
    words = f"{output} should read {entries(source, should)}"
    if did is None:
        return f"{words}."
    same = np.array_equal(did, should)
    return f"{words}; {'yours reads the same' if same else _read(source, did)}."


def _read(source: str, did: np.ndarray) -> str:
    if not did.any():
        return f"yours does not seem to read {source}"
    return f"yours reads {entries(source, did)}"


def attempt(
    named: Mapping[str, ArrayLike],
    source: str,
    results: Sequence[Result],
    marks: Mapping[str, ArrayLike] | None = None,
    caption: str = "",
) -> Figure:
    """Draw arrays side by side; choosing an entry of an output marks what it should and did read.

    The first output that differs is chosen at first, else the first one.

    Args:
        named: title → array, as in `arrays`.
        source: title of the array that is read.
        results: those that can be chosen from.
        marks: title → booleans: the cells to outline as "differs".
        caption: a sentence of your own, shown first.

    Raises:
        ValueError: as in `arrays`; or a title that is not in `named`, or shapes that do not fit.
    """
    shapes = {title: np.shape(array) for title, array in named.items()}
    _check(shapes, source, results)
    told = [_told(result, named, source) for result in results]
    differs = {title: np.asarray(where, dtype=bool) for title, where in (marks or {}).items()}
    number, at = _start(results, differs, len(shapes[results[0].target]))
    chosen = results[number]
    drawn: dict[str, dict[str, ArrayLike]] = {
        title: {"differs": differs[title]} if title in differs else {} for title in named
    }
    drawn[source]["window"] = chosen.should[at]
    if chosen.did is not None and (did := _at(chosen.did, at, len(shapes[source]))) is not None:
        drawn[source]["second"] = did
    for title in filter(None, (chosen.target, chosen.yours)):
        if (one := _one(shapes[title], at)) is not None:
            drawn[title] = {"output": one} | drawn[title]
    picture, alt, notes = described_arrays(named, drawn, caption, NAMES)
    start = int(np.ravel_multi_index(at, told[number]["shape"][4 - len(at) :]))
    says = told[number]["says"][start]

    def lines(role: str, inset: float) -> list[tuple[float, str]]:
        """The lines around a role's cells: how far inside, and their look."""
        inner = [(inset + 3, INNER[role])] if role in INNER else []
        return [(inset, STROKES[role]), *inner]

    roles = {
        role: {"fill": FILLS[role], "lines": lines(role, inset)} for role, inset in ROLES.items()
    }
    data = {
        "source": source,
        "shape": _four(shapes[source]),
        "outputs": told,
        "start": [number, start],
        "roles": roles,
        "hint": HINT,
    }
    still = picture.figure(f"{alt} {says}", notes)
    inside = still.html.removeprefix("<figure").removesuffix("</figure>")
    html = (
        f'<figure data-attempt=""{inside}'
        f'<p role="status" style="margin:.4em 0;font-weight:600">{clean(says)}</p>'
        f'<p data-hint="" style="margin:.2em 0"></p>'
        f'<script type="application/json">{_json(data)}</script>'
        f"<script>{_script()}</script></figure>"
    )
    if len(html.encode()) > MAX_BYTES:
        raise ValueError(
            f"the figure would be {len(html.encode()) // 1000} kB: show smaller arrays"
        )
    return replace(still, html=html)


@cache
def _script() -> str:
    text = (files("strided.figures") / "attempt.js").read_text(encoding="utf-8")
    return "{\n" + text + "}"  # in a block: what it names stays its own


def _json(data: object) -> str:
    # "</script>" would end the script, whatever quotes stand around it.
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")


def _check(shapes: Mapping[str, Index], source: str, results: Sequence[Result]) -> None:
    if not results:
        raise ValueError("results is empty: give at least one")
    for title in (source, *(t for r in results for t in (r.target, r.yours) if t)):
        if title not in shapes:
            raise ValueError(f"there is no array {title!r} in named, only {list(shapes)}")
    for result in results:
        wanted = (*shapes[result.target], *shapes[source])
        if result.should.shape != wanted or 0 in wanted:
            raise ValueError(f"should has shape {result.should.shape}, expected {wanted}")


def _four(shape: Index) -> Index:
    return (1,) * (4 - len(shape)) + tuple(shape)


def _at(reads: np.ndarray, at: Index, axes: int) -> np.ndarray | None:
    """What the output at an index reads, or None where there is no such output."""
    outputs = reads.shape[: reads.ndim - axes]
    inside = len(outputs) == len(at) and all(i < n for i, n in zip(at, outputs, strict=True))
    return reads[at] if inside else None


def _one(shape: Index, at: Index) -> np.ndarray | None:
    """An array with one entry marked, or None where it has no such entry."""
    one = np.zeros(shape, dtype=bool)
    if len(shape) != len(at) or any(i >= n for i, n in zip(at, shape, strict=True)):
        return None
    one[at] = True
    return one


def _value(array: ArrayLike, at: Index) -> str:
    """A number as it is drawn, or nothing where there is none."""
    values = np.asarray(array)
    return "" if _one(values.shape, at) is None else short(values[at])


def _start(
    results: Sequence[Result], differs: Mapping[str, np.ndarray], rank: int
) -> tuple[int, Index]:
    """The first output that differs, else the first: its array's number and its index."""
    for number, result in enumerate(results):
        where = np.argwhere(differs.get(result.yours, np.zeros(1)))
        if len(where):
            return number, tuple(where[0].tolist())
    return 0, (0,) * rank


def _told(result: Result, named: Mapping[str, ArrayLike], source: str) -> dict[str, Any]:
    """What the script is told of one array of results: for every entry a sentence and what it reads."""
    shapes = {title: np.shape(array) for title, array in named.items()}
    target, mine = shapes[result.target], shapes.get(result.yours, ())
    alike = len(target) == len(mine)
    both = tuple(map(max, target, mine)) if alike else target
    axes = len(shapes[source])
    should, did, says = [], [], []
    for at in np.ndindex(*both):
        name = f"{result.name}[{', '.join(map(str, at))}]"
        wanted = _at(result.should, at, axes)
        read = None if result.did is None else _at(result.did, at, axes)
        should.append([] if wanted is None else np.flatnonzero(wanted).tolist())
        did.append([] if read is None else np.flatnonzero(read).tolist())
        if wanted is None:
            words = f"{name} should not exist: the target has shape {target}"
            says.append(words + (f"; {_read(source, read)}." if read is not None else "."))
        elif alike and _one(mine, at) is None:
            says.append(f"{sentence(source, name, wanted, None)[:-1]}; yours has no such output.")
        else:
            says.append(sentence(source, name, wanted, read))
    titles = [result.target, result.yours] if alike and result.yours else [result.target]
    return {
        "titles": titles,
        "values": [[_value(named[title], at) for at in np.ndindex(*both)] for title in titles],
        "shape": _four(both),
        "should": should,
        "did": did if result.did is not None else None,
        "says": says,
    }
