"""The same in PyTorch: a student's function and torch's on the same arrays, results and times.

`with_torch("conv2d", conv2d)` is all that a lesson says; the table below knows the arrays and the
call of each exercise. It shows and never judges: checks do that.
"""

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from strided import operators
from strided.checks.core import as_array, case, run, show
from strided.display import Html, table

RUNS = 5
SEED = 201637


@dataclass(frozen=True)
class Counterpart:
    """What stands beside one exercise in PyTorch.

    arrays: shapes of the random arrays by name.
    yours, torch: both calls, written as one types them; exactly this text is run and shown. `F` is
        `torch.nn.functional`, `vjp` is `torch.autograd.functional.vjp`, `operators` is
        `strided.operators`; the arrays are NumPy's in the one and torch's in the other.
    """

    arrays: dict[str, tuple[int, ...]]
    yours: str
    torch: str


# Large enough to show who is fast, small enough for an answer in plain loops.
COUNTERPARTS = {
    "keep_every": Counterpart(
        {"y": (4, 3, 57, 80)}, "keep_every(y, (2, 3), phase=(1, 2))", "y[..., 1::2, 2::3]"
    ),
    "strided_from_dense": Counterpart(
        # The operator is the library's: large enough for the work that is thrown away to show.
        {"x": (4, 16, 57, 80), "weight": (16, 16, 3, 2)},
        "strided_from_dense(lambda x: operators.conv2d(x, weight), x, (2, 3))",
        "F.conv2d(x, weight, stride=(2, 3))",
    ),
    "output_size": Counterpart(
        {"x": (1, 1, 57, 80)},
        "[output_size(n, 3, 6, 1, dilation=2, ceil_mode=True) for n in x.shape[2:]]",
        "F.max_pool2d(x, 3, 6, 1, dilation=2, ceil_mode=True).shape[2:]",
    ),
    "lost_border": Counterpart(
        {"x": (1, 1, 57), "weight": (1, 1, 4)},
        "lost_border(57, 4, 3)",
        "57 - F.conv_transpose1d(F.avg_pool1d(x, 4, 3), weight, stride=3).shape[2]",
    ),
    "input_sizes": Counterpart(
        {"x": (1, 1, 28), "weight": (1, 1, 3)},
        "input_sizes(28, 3, 2)",
        "[F.conv_transpose1d(x, weight, stride=2, output_padding=p).shape[2] for p in (0, 1)]",
    ),
    "avg_pool2d": Counterpart(
        {"x": (4, 3, 57, 80)},
        "avg_pool2d(x, (3, 2), stride=(2, 3), padding=(1, 0), ceil_mode=True)",
        "F.avg_pool2d(x, (3, 2), stride=(2, 3), padding=(1, 0), ceil_mode=True)",
    ),
    "subsample2d": Counterpart(
        {"x": (4, 3, 57, 80), "weight": (3,), "bias": (3,)},
        "subsample2d(x, weight, bias, (3, 2), stride=(2, 1))",
        "F.conv2d(x, weight.reshape(3, 1, 1, 1).expand(3, 1, 3, 2), bias, stride=(2, 1), groups=3)",
    ),
    "average_as_subsampling": Counterpart(
        {"x": (4, 3, 57, 80)},
        "operators.subsample2d(x, *average_as_subsampling(3, (3, 2)), (3, 2), stride=(3, 2))",
        "F.avg_pool2d(x, (3, 2))",
    ),
    "correlate_or_convolve": Counterpart(
        {"x": (57, 80), "weight": (3, 2)},
        "correlate_or_convolve(x, weight)[0]",
        "F.conv2d(x[None, None], weight[None, None])[0, 0]",
    ),
    "conv2d": Counterpart(
        {"x": (4, 3, 57, 80), "weight": (4, 3, 3, 2), "bias": (4,)},
        "conv2d(x, weight, bias, stride=(2, 3), padding=(1, 0))",
        "F.conv2d(x, weight, bias, stride=(2, 3), padding=(1, 0))",
    ),
    "conv2d_groups": Counterpart(
        {"x": (4, 6, 57, 80), "weight": (8, 3, 3, 2), "bias": (8,)},
        "conv2d_groups(x, weight, bias, stride=(2, 3), padding=(1, 0), groups=2)",
        "F.conv2d(x, weight, bias, stride=(2, 3), padding=(1, 0), groups=2)",
    ),
    "conv2d_table": Counterpart(
        # The table lacks the first of four connections: in its place, a kernel of zeros.
        {"x": (4, 2, 57, 80), "kernels": (3, 3, 2), "bias": (2,)},
        "conv2d_table(x, [[1], [0, 1]], kernels, bias, stride=(2, 3))",
        "F.conv2d(x, F.pad(kernels, (0, 0, 0, 0, 1, 0)).reshape(2, 2, 3, 2), bias, stride=(2, 3))",
    ),
    "as_conv_weight": Counterpart(
        {"x": (4, 3, 57, 80)},
        'operators.conv2d(x, as_conv_weight("average", 3, (3, 2)), stride=(3, 2))',
        "F.avg_pool2d(x, (3, 2))",
    ),
    "coverage": Counterpart(
        {"x": (1, 1, 57, 80)},
        "coverage(57, 80, (3, 2), stride=(2, 1), padding=(1, 0))",
        "F.fold(F.unfold(x**0, (3, 2), stride=(2, 1), padding=(1, 0)), (57, 80), (3, 2), "
        "stride=(2, 1), padding=(1, 0))[0, 0]",
    ),
    "avg_pool2d_backward": Counterpart(
        {"grad_output": (4, 3, 29, 40), "x": (4, 3, 57, 81)},
        "avg_pool2d_backward(grad_output, x.shape, (3, 2), stride=2, padding=(1, 0))",
        "vjp(lambda x: F.avg_pool2d(x, (3, 2), stride=2, padding=(1, 0)), x, grad_output)[1]",
    ),
    "subsample2d_backward": Counterpart(
        {"grad_output": (2, 3, 13, 24), "x": (2, 3, 27, 25), "weight": (3,)},
        "subsample2d_backward(grad_output, x, weight, (3, 2), stride=(2, 1))[1]",
        "vjp(lambda weight: F.conv2d(x, weight.reshape(3, 1, 1, 1).expand(3, 1, 3, 2), "
        "stride=(2, 1), groups=3), weight, grad_output)[1]",
    ),
    "conv2d_backward": Counterpart(
        {"grad_output": (4, 4, 29, 27), "x": (4, 3, 58, 81), "weight": (4, 3, 3, 2)},
        "conv2d_backward(grad_output, x, weight, stride=(2, 3), padding=(1, 0))[0]",
        "F.conv_transpose2d(grad_output, weight, stride=(2, 3), padding=(1, 0), "
        "output_padding=(1, 1))",
    ),
    "polyphase_split": Counterpart(
        {"x": (4, 3, 56, 80)},
        "polyphase_split(x, (2, 2))",
        "F.pixel_unshuffle(x, 2).unflatten(1, (3, 4)).movedim(2, 0)",
    ),
    "polyphase_merge": Counterpart(
        {"parts": (4, 4, 3, 28, 40)},
        "polyphase_merge(list(parts), (2, 2))",
        "F.pixel_shuffle(parts.movedim(0, 2).flatten(1, 2), 2)",
    ),
    "conv2d_polyphase": Counterpart(
        {"x": (4, 3, 57, 80), "weight": (4, 3, 3, 2)},
        "conv2d_polyphase(x, weight, (2, 3))",
        "F.conv2d(x, weight, stride=(2, 3))",
    ),
    "blur_subsample": Counterpart(
        {"x": (4, 3, 57, 80)},
        "blur_subsample(x, (2, 3))",
        "F.avg_pool2d(F.avg_pool2d(F.pad(x, (1, 1, 1, 1), 'circular'), 2, 1), 2, (2, 3))",
    ),
}


def with_torch(exercise: str, function: Callable) -> Html:
    """Run a student's function and torch's counterpart on the same random float64 arrays.

    Shows both calls, the shapes of both results, the median time of a few runs of each, and the
    largest difference between the results. Where the function is not written yet, raises, or
    returns something else than an array of torch's shape, says so instead.

    Raises ValueError for an exercise that has no counterpart.
    """
    if exercise not in COUNTERPARTS:
        known = ", ".join(COUNTERPARTS)
        raise ValueError(f"{exercise!r} has no counterpart in PyTorch; these have one: {known}")
    try:
        import torch
    except ImportError:
        return _note("PyTorch is not installed here, so there is nothing to compare with.")
    pair = COUNTERPARTS[exercise]
    rng = np.random.default_rng(SEED)
    arrays = {name: rng.normal(size=shape) for name, shape in pair.arrays.items()}
    tensors = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
    yours = _callable(pair.yours, {exercise: function, "operators": operators})
    names = {"F": torch.nn.functional, "vjp": torch.autograd.functional.vjp}
    theirs = _callable(pair.torch, names)

    outcome = run(yours, case(**arrays))
    if isinstance(outcome.error, NotImplementedError):
        return _note(f"{exercise} is not written yet. Come back when its check passes.")
    if outcome.error is not None:
        return _note(
            f"Come back when the check of {exercise} passes: {pair.yours} raised "
            f"{type(outcome.error).__name__}: {outcome.error}"
        )
    expected = np.asarray(theirs(**tensors))  # a tensor, or the sizes of one
    got = as_array(outcome.value)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # waking threads costs more than these small arrays take
    try:
        times = _milliseconds(yours, arrays), _milliseconds(theirs, tensors)
    finally:
        torch.set_num_threads(threads)
    rows = [
        ("your call", f"`{pair.yours}`", _shape(outcome.value), times[0]),
        ("PyTorch's", f"`{pair.torch}`", _shape(expected), times[1]),
    ]
    if got is None:
        verdict = "Your result is not an array of numbers, so there is no difference to take."
    elif got.shape != expected.shape:
        verdict = "The shapes differ, so there is no difference to take."
    else:
        verdict = (
            f"Largest difference: {np.abs(got - expected).max():.1e}, "
            f"between values as large as {np.abs(expected).max():.1f}."
        )
    inputs = ", ".join(f"{name} {'x'.join(map(str, s))}" for name, s in pair.arrays.items())
    note = (
        f"{verdict} Same random {inputs}, in float64; times are medians of {RUNS} runs, "
        "PyTorch's on one thread."
    )
    return table(("", "called", "result", "time"), rows, note)


def torch_judged_by(tests: Callable) -> Html:
    """Hand PyTorch's average pooling to a student's tests, and tell what they say of it."""
    try:
        import torch
    except ImportError:
        return _note("PyTorch is not installed here, so there is nothing to judge.")

    def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        settings = [
            v if v is None else tuple(int(n) for n in np.broadcast_to(v, 2))
            for v in (kernel_size, stride, padding)
        ]
        images = torch.from_numpy(np.array(x, dtype=np.float64))
        pooled = torch.nn.functional.avg_pool2d(images, *settings, ceil_mode, count_include_pad)
        return pooled.numpy()

    outcome = run(tests, case(avg_pool2d))
    if isinstance(outcome.error, NotImplementedError):
        return _note("my_tests is not written yet. Come back when its check passes.")
    if outcome.error is not None:
        said = f"{type(outcome.error).__name__}: {outcome.error}"
        return _note(f"Your tests reject PyTorch's avg_pool2d: {said}")
    if outcome.value is False:
        return _note("Your tests reject PyTorch's avg_pool2d: they returned False.")
    return _note("Your tests accept PyTorch's avg_pool2d.")


def _callable(text: str, names: dict[str, Any]) -> Callable:
    """Turn a call's text into a function of the arrays it names: what is shown is what is run."""
    code = compile(text, "<the call>", "eval")
    return lambda **arrays: eval(code, names | arrays)


def _milliseconds(call: Callable, arrays: dict[str, Any]) -> str:
    """Median time of a few calls, each on fresh copies, as text."""
    seconds = []
    for _ in range(RUNS):
        fresh = {name: value + 0 for name, value in arrays.items()}
        quiet = io.StringIO()  # what the function prints was shown once, before
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            start = perf_counter()
            call(**fresh)
            seconds.append(perf_counter() - start)
    return f"{median(seconds) * 1000:.2f} ms"


def _shape(value: object) -> str:
    array = as_array(value)
    if array is None:
        return type(value).__name__
    if array.ndim < 2 and array.size <= 8 and (array == np.round(array)).all():
        return show(array)  # sizes: the numbers themselves
    return "x".join(map(str, array.shape)) or "a number"


def _note(text: str) -> Html:
    return Html(f"<p>{escape(text)}</p>", text)
