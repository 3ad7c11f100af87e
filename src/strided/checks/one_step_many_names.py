"""The checks of lesson 01: keep every n-th, stride any operator, translate names, name the step."""

from collections.abc import Callable
from typing import Literal

import numpy as np

from strided import names, operators, phase
from strided.checks.core import (
    Case,
    Check,
    WrongAnswer,
    award,
    block,
    case,
    index_text,
    integers,
    show,
    wrap,
)

# ---------------------------------------------------------------- keep_every


def _kept(shape: tuple[int, ...], stride: tuple[int, int], first: tuple[int, int]) -> str:
    """Name the rows and columns that are kept, and count them."""
    rows, columns = (range(n)[p::s] for n, s, p in zip(shape[-2:], stride, first, strict=True))
    listed = [", ".join(map(str, kept)) for kept in (rows, columns)]
    return f"rows {listed[0]} and columns {listed[1]} are kept: {len(rows)} x {len(columns)}"


def keep_every_shape(call: Case) -> str:
    """Derive the result's last two axes from a case, as a sentence."""
    y, stride = call.args
    return _kept(y.shape, stride, call.kwargs.get("phase", (0, 0)))


def keep_every_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say which entry one output must be, and show the rows and columns around it."""
    y, (sh, sw), (ph, pw) = (*call.args, call.kwargs.get("phase", (0, 0)))
    *lead, i, j = index
    entry = index_text("y", (*lead, i * sh + ph, j * sw + pw))
    image = index_text("y", lead) if lead else "y"
    note = "(index * stride + phase)"
    return f"it must be {entry}   {note}, where {image} is\n{block(y[tuple(lead)])}"


_NUMBERED = np.arange(35.0).reshape(5, 7)
_IMAGES = np.arange(2 * 2 * 6 * 9).reshape(2, 2, 6, 9) % 97 - 10.0

keep_every = Check(
    exercise="keep_every",
    reference=phase.keep_every,
    arguments=("y", "stride", "phase"),
    cases=(
        case(_NUMBERED, (3, 2)),
        case(_NUMBERED, (2, 3), phase=(1, 0)),
        case(_IMAGES[0], (3, 2), phase=(0, 3)),
        case(_IMAGES[0], (4, 2), phase=(1, 0)),
        case(_IMAGES, (1, 4), phase=(2, 1)),
    ),
    shape=keep_every_shape,
    reads=keep_every_reads,
)

# ---------------------------------------------------------------- strided_from_dense


def largest_2x3(x: np.ndarray) -> np.ndarray:
    """The largest number of every 2x3 window at step 1: `(N, C, H, W)` → `(N, C, H-1, W-2)`."""
    return np.lib.stride_tricks.sliding_window_view(x, (2, 3), axis=(-2, -1)).max(axis=(-2, -1))


_KERNELS = np.array([[[[1.0, 2], [0, -1], [3, 1]], [[2, 0], [1, 1], [0, -2]]],
                     [[[0.0, 1], [1, 0], [2, 2]], [[1, 3], [-1, 0], [1, 1]]],
                     [[[2.0, 0], [0, 1], [-1, 1]], [[0, 1], [4, 0], [1, 0]]]])  # fmt: skip


def convolve_3x2(x: np.ndarray) -> np.ndarray:
    """A convolution from 2 to 3 channels with 3x2 kernels at step 1, plus 10, 20 and 30."""
    return operators.conv2d(x, _KERNELS, np.array([10.0, 20, 30]))


def average_2x1(x: np.ndarray) -> np.ndarray:
    """The mean of every 2x1 window at step 1."""
    return operators.avg_pool2d(x, (2, 1), 1)


def keep_of_dense(dense: Callable, x: np.ndarray, stride: tuple[int, int]) -> np.ndarray:
    """Stride any operator: `dense` at every position, of which every `stride`-th is kept."""
    return phase.keep_every(dense(x), stride)


def strided_from_dense_shape(call: Case) -> str:
    """Derive the result's shape from the dense operator's, as a sentence."""
    dense, x, stride = call.args
    shape = dense(x).shape
    return f"dense(x) has shape {shape}, of which\n{_kept(shape, stride, (0, 0))}"


def strided_from_dense_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say which output of the dense operator one strided output must be."""
    dense, x, (sh, sw) = call.args
    n, k, i, j = index
    entry = index_text("dense(x)", (n, k, i * sh, j * sw))
    image = index_text("dense(x)", (n, k))
    return f"it must be {entry}   (index * stride), where\n{image} is\n{block(dense(x)[n, k])}"


strided_from_dense = Check(
    exercise="strided_from_dense",
    reference=keep_of_dense,
    arguments=("dense", "x", "stride"),
    cases=(
        case(largest_2x3, integers(1, 1, 6, 9), (3, 2)),
        case(convolve_3x2, integers(2, 2, 6, 8), (2, 3)),
        case(average_2x1, integers(2, 2, 8, 6), (3, 1)),
    ),
    shape=strided_from_dense_shape,
    reads=strided_from_dense_reads,
)

# ---------------------------------------------------------------- keras1_to_keras2

keras1_to_keras2 = Check(
    exercise="keras1_to_keras2",
    reference=names.keras1_to_keras2,
    arguments=("layer", "arguments"),
    cases=(
        case("Convolution2D", {"nb_filter": 8, "nb_row": 3, "nb_col": 5, "subsample": (2, 1)}),
        case(
            "Convolution1D",
            {"nb_filter": 4, "filter_length": 7, "subsample_length": 3, "activation": "relu"},
        ),
        case(
            "MaxPooling2D",
            {"pool_size": (2, 3), "strides": (1, 2), "border_mode": "same", "dim_ordering": "th"},
        ),
        case(
            "Convolution2D",
            {"kernel_size": (1, 3), "strides": (2, 1), "dim_ordering": "tf", "bias": False},
        ),
        case("Convolution2D", {"init": "uniform", "W_regularizer": "l2", "b_regularizer": "l1"}),
        case("Convolution1D", {"W_constraint": "maxnorm", "b_constraint": "nonneg"}),
        Case(
            ("Convolution2D", {"subsample": (2, 1), "strides": (1, 3)}),
            raises=ValueError,
            mentions=("subsample", "strides"),
        ),
        Case(
            ("Convolution2D", {"nb_row": 3, "nb_col": 5, "kernel_size": (3, 5)}),
            raises=ValueError,
            mentions=("kernel_size",),
        ),
        Case(
            ("MaxPooling2D", {"padding": "same", "border_mode": "valid"}),
            raises=ValueError,
            mentions=("border_mode", "padding"),
        ),
    ),
    parts=("layer", "arguments"),
)

# ---------------------------------------------------------------- name_the_step


def name_the_step(answers: dict[str, str]) -> Literal[True]:
    """Mark the twelve answers: points for each right one, and a reason for each wrong one.

    Raises WrongAnswer where there is nothing to mark: untouched, no dict, or a missing line.
    """
    _require_form(answers)
    given = {line: _word(answers[line]) for line in names.SNIPPETS}
    wrong = [line for line in given if given[line] != names.SNIPPETS[line].meaning]
    total = len(given)
    if not wrong:
        print(f"name_the_step: all {total} answers are right.")
        return True

    print(f"name_the_step: {total - len(wrong)} of {total} answers are right.")
    choices = ", ".join(map(repr, names.MEANINGS))
    for line in wrong:
        print(f"\n{line}")
        if answers[line] is ...:
            print(wrap("is not answered yet."))
            continue
        unknown = given[line] not in names.MEANINGS
        print(
            wrap(f"is not {given[line]!r}" + (f", which is none of {choices}." if unknown else "."))
        )
        print(wrap(names.SNIPPETS[line].why))
    found = _mistakes(given)
    if found:
        print("\nWhat is behind this:")
    for slip in found:
        print(wrap(f"{slip.gives}. {slip.advice}"))
    share = 1 - len(wrong) / total
    award("name_the_step", share, slip="|".join(slip.id for slip in found))
    return True


def _require_form(answers: object) -> None:
    """Raise a WrongAnswer unless there are twelve answers, not all of them dots."""
    if not isinstance(answers, dict):
        raise WrongAnswer(
            f"name_the_step must be a dict of answers; it is of type {type(answers).__name__}.\n"
            "  Keep the twelve lines of the cell above and write a word beside each of them.",
            status="error",
        )
    for line in names.SNIPPETS:
        if line not in answers:
            raise WrongAnswer(
                f"name_the_step has no answer for this line:\n  {line!r}\n"
                "  Leave that text as it was, and change only the dots after it."
            )
    given = {line: answers[line] for line in names.SNIPPETS}
    if all(answer is ... for answer in given.values()):
        raise WrongAnswer(
            "name_the_step is not answered yet: write one of the five words in place of\n"
            "  each `...`, run that cell, then run this one again.",
            status="blank",
        )


def _word(answer: object) -> str:
    """An answer as a word, without the accidents of typing: spaces around it, capitals."""
    return answer.strip().lower() if isinstance(answer, str) else show(answer)


def _mistakes(given: dict[str, str]) -> list:
    """The slips whose wrong choices are all among the answers."""
    from strided.slips import bank  # as in `core`: only a wrong answer pays for it

    return [
        slip
        for slip in bank("name_the_step").values()
        if all(
            given[line] == choice
            for line, choice in slip.function.items()
            if choice != names.SNIPPETS[line].meaning
        )
    ]
