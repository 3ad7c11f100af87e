"""What every hidden test needs: a fresh seed, random arrays, and words for what failed."""

import contextlib
import functools
import os
import secrets
import sys
from collections.abc import Callable

import numpy as np

from strided.checks.core import WrongAnswer, as_array, differing, hidden_failure


def seeded(test: Callable) -> Callable:
    """Draw a fresh seed for a hidden test, hand it a generator, and print the seed on failure.

    `STRIDED_SEED` in the environment repeats a run.
    """

    @functools.wraps(test)
    def run(answer) -> bool:
        seed = int(os.environ.get("STRIDED_SEED") or secrets.randbelow(2**32))
        try:
            # Stock nbgrader gives no points to a cell that writes to stderr, even for a warning.
            with contextlib.redirect_stderr(sys.stdout):
                test(answer, np.random.default_rng(seed))
        except WrongAnswer as wrong:
            raise WrongAnswer(f"{wrong}\n  (seed {seed})", wrong.status, wrong.slip) from None
        return True

    return run


def unequal_pair(rng: np.random.Generator, least: int, most: int) -> tuple[int, int]:
    """Two different numbers from `least` to `most`."""
    first, second = rng.choice(np.arange(least, most + 1), 2, replace=False)
    return int(first), int(second)


def require(holds: bool, words: str) -> None:
    """Raise a WrongAnswer that tells a property in words, unless it holds."""
    if not holds:
        raise WrongAnswer(hidden_failure(words))


def alike(got, expected) -> bool:
    """Whether two results have one shape and the same values, up to float32's precision."""
    got, expected = np.asarray(got), np.asarray(expected)
    return got.shape == expected.shape and not differing(got, expected).any()


def called(function: Callable, *args, **kwargs) -> np.ndarray:
    """What an answer returns, as an array; a WrongAnswer if it raises or returns something else."""
    try:
        value = function(*args, **kwargs)
    except Exception as error:
        words = f"it raised {type(error).__name__}"
        raise WrongAnswer(hidden_failure(words), status="error") from None
    array = as_array(value)
    if array is None:
        words = f"it must return numbers, and returned a {type(value).__name__}"
        raise WrongAnswer(hidden_failure(words))
    return array
