"""What a check draws: a case's arrays, the target, and an answer's result beside it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from strided.checks.core import (
    Case,
    Check,
    Outcome,
    are_arrays,
    as_array,
    differing,
    index_text,
    is_array,
    run,
    same,
)
from strided.checks.reading import place_of_array, reads

if TYPE_CHECKING:
    from strided.checks.probe import Affine
    from strided.figures import Figure

LARGEST = 1_000  # numbers in all: what is drawn is to be read
MOST_BYTES = 100_000

Index = tuple[int, ...]


def inputs(check: Check, call: Case) -> dict[str, np.ndarray]:
    """The arrays that a case hands over, by name: those of two axes or more, and the one that is read."""
    named = {}
    place = place_of_array(call.args)
    for n, (name, value) in enumerate(zip(check.arguments, call.args, strict=False)):
        if is_array(value) and (value.ndim >= 2 or n == place):
            named[name] = value
        elif are_arrays(value):
            named |= {f"{name}[{i}]": array for i, array in enumerate(value)}
    return named


def results(check: Check, call: Case, expected: Any) -> dict[str, Any]:
    """What a call must return, by name: one result, or several where the check names them."""
    names = check.names(call)
    if names and isinstance(expected, tuple | list):
        return dict(zip(names, expected, strict=True))
    return {"": expected}


def beside(check: Check, call: Case, got: Any, expected: Any) -> tuple[dict, dict]:
    """The case, the target and the answer's result by title, and where the result differs.

    Results that are no arrays of numbers are left out. Of complex ones the real part has the title, and
    the imaginary part stands beside it.
    """
    named, marks = inputs(check, call), {}
    targets = results(check, call, expected)
    mine = [got]
    if "" not in targets:
        mine = check.results(got, expected) or []
    named |= {_target(name): np.asarray(part) for name, part in targets.items()}
    for (name, target), part in zip(targets.items(), mine, strict=False):
        array, title = as_array(part), _mine(name)
        if array is not None and 0 < array.ndim <= 4:
            named[title] = array.real
            if differing(
                array, array.real
            ).any():  # more than a Fourier transform's rounding leaves
                named[f"imaginary part of {title}"] = array.imag
            if array.shape == np.shape(target):
                marks[title] = {"differs": differing(array, np.asarray(target))}
    return named, marks


def target(check: Check, call: Case) -> Figure:
    """A picture of a case and the result it must give."""
    from strided import figures

    parts = results(check, call, check.reference(*call.args, **call.kwargs))
    named = {_target(name): np.asarray(part) for name, part in parts.items()}
    return figures.arrays(inputs(check, call) | named, caption=check.described(call))


def wrong_result(
    check: Check,
    call: Case,
    outcome: Outcome,
    reference: Callable,
    reading: Affine | None,
    like: Callable | None,
) -> Figure | None:
    """A picture of a wrong result beside the target, with what its first wrong output must read.

    Args:
        check, call, outcome: the check, the case that failed, and what the answer did.
        reference: what returns the target.
        reading: what the first wrong output reads, if that was found.
        like: else a function that does the same as the answer, if one is known.

    Returns:
        The picture, or None where the call gave no array or should not, or the arrays are large.
    """
    from strided import figures
    from strided.figures.attempt import NAMES, sentence

    if call.raises is not None or outcome.error is not None or outcome.value is None:
        return None
    got = outcome.value
    expected = reference(*copy.deepcopy(call.args), **copy.deepcopy(call.kwargs))
    named, marks = beside(check, call, got, expected)
    targets = results(check, call, expected)
    drawn = set(named) & {_mine(name) for name in targets}
    if not drawn or not any(map(is_array, targets.values())) or same(got, expected):
        return None
    if sum(array.size for array in named.values()) > LARGEST:
        return None
    caption, names = check.described(call), {}
    for name, part in targets.items():
        one, other = np.shape(part), named[_mine(name)].shape if _mine(name) in named else None
        if other not in (one, None):
            caption += f". {_mine(name).capitalize()} has shape {other}, {_target(name)} {one}"
    index, place = check.first_wrong(got, expected), place_of_array(call.args)
    if index is not None:
        part, at = (index[0], index[1:]) if check.names(call) else (0, index)
        name = list(targets)[part]
        for title in (_target(name), _mine(name)):
            one = np.zeros(named[title].shape, dtype=bool)
            one[at] = True
            marks[title] = {"output": one} | marks.get(title, {})
        names["output"] = output = index_text(name or check.result, at)
        should = None if place is None else entries_read(check, call, reference, index)
        if place is not None and should is not None:
            source, did = check.arguments[place], None
            if reading is not None:
                did = reading.where(should.shape)
            elif like is not None:
                did = entries_read(check, call, check.adapted(like), index)
            marks[source] = {"window": should} | ({} if did is None else {"second": did})
            names = NAMES | names
            caption += f". {sentence(source, output, should, did)}"
    figure = figures.arrays(named, marks, caption, names)
    return figure if len(figure.html) < MOST_BYTES else None


def _target(name: str) -> str:
    return f"target {name}" if name else "target"


def _mine(name: str) -> str:
    return f"your {name}" if name else "yours"


def all_reads(check: Check, call: Case, function: Callable) -> tuple[np.ndarray, ...] | None:
    """What every output of a function reads of a case's first array, as `reading.reads` tells it."""
    expected = check.reference(*copy.deepcopy(call.args), **copy.deepcopy(call.kwargs))
    if check.parts and isinstance(expected, tuple | list):
        single = function

        def function(*args: Any, **kwargs: Any) -> tuple:
            return tuple(check.results(single(*args, **kwargs), expected) or ())

    return reads(function, *call.args, **call.kwargs)


def entries_read(check: Check, call: Case, function: Callable, index: Index) -> np.ndarray | None:
    """What one output of a function reads of a case's first array; None where that is not found.

    With several results, `index` begins with the result's number.
    """
    found, place = all_reads(check, call, function), place_of_array(call.args)
    part, at = (index[0], index[1:]) if check.names(call) else (0, index)
    if found is None or place is None or part >= len(found):
        return None
    outputs = found[part].shape[: found[part].ndim - call.args[place].ndim]
    inside = len(outputs) == len(at) and all(i < n for i, n in zip(at, outputs, strict=True))
    return found[part][at] if inside else None


def yours(check: Check, call: Case, function: Callable) -> Figure:
    """The target picture with an answer's result beside it, differing outputs marked.

    Where the function reads an array, a click on an output shows what it should read and what it read.
    """
    from strided import figures
    from strided.figures.attempt import Result

    expected = check.reference(*copy.deepcopy(call.args), **copy.deepcopy(call.kwargs))
    adapted = check.adapted(function)
    outcome = run(adapted, call)
    named, marks = beside(check, call, outcome.value, expected)
    caption = f"{check.described(call)}. {_instead(outcome)}"
    place, should = place_of_array(call.args), all_reads(check, call, check.reference)
    if place is not None and should is not None:
        did = all_reads(check, call, adapted) if outcome.error is None else None
        outputs = [
            Result(
                name or check.result,
                _target(name),
                _mine(name) if _mine(name) in named else "",
                read,
                None if did is None or part >= len(did) else did[part],
            )
            for part, (name, read) in enumerate(
                zip(results(check, call, expected), should, strict=True)
            )
        ]
        differing_cells = {title: mark["differs"] for title, mark in marks.items()}
        try:
            return figures.attempt(named, check.arguments[place], outputs, differing_cells, caption)
        except ValueError:  # too large a result
            pass
    return figures.arrays(named, marks, caption)


def _instead(outcome: Outcome) -> str:
    """What an answer did in place of returning something, as a sentence."""
    if isinstance(outcome.error, NotImplementedError):
        return "Your function is not written yet."
    if outcome.error is not None:
        return f"Your function raised {type(outcome.error).__name__}: {outcome.error}."
    return "Your function returned None." if outcome.value is None else ""
