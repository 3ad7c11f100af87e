"""The checks of lesson 09: two ports, judged by running them, and tests, judged by what they reject."""

import contextlib
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np

from strided import operators, porting
from strided.checks.core import (
    Case,
    Check,
    Fault,
    Outcome,
    WrongAnswer,
    block,
    case,
    is_array,
    not_a_function,
    not_written,
    show,
    span,
    wrap,
)
from strided.porting import Axis
from strided.slips.core import Slip

# ---------------------------------------------------------------- ports


def layer_text(name: str, layer: Mapping[str, Any]) -> str:
    """A layer as one reads it: `SpatialConvolution(kW=3, kH=2, weight 2x1x2x3)`."""
    words = []
    for key, value in layer.items():
        if is_array(value):
            words.append(f"{key} {show(value)}")
        elif key == "weights":
            words.append(f"weights [{', '.join('x'.join(map(str, a.shape)) for a in value)}]")
        else:
            words.append(f"{key}={show(value)}")
    return f"{name}({', '.join(words)})"


def _layers(spec: Any) -> list:
    return spec["layers"] if isinstance(spec, dict) else spec


class PortCheck(Check):
    """A check of a function that translates a spec into calls: it runs the calls on images.

    A case holds the spec and the images; the reference computes what the network computes by its own
    framework's rules. Which calls they are does not matter.
    """

    def adapted(self, answer: Callable) -> Callable:
        """Run the list of calls that the answer returns."""

        def ported(spec, x):
            calls = answer(spec)
            return None if calls is None else porting.run(calls, x)

        return ported

    def _problem(self, outcome: Outcome, call: Case, reference: Callable) -> Fault | None:
        if isinstance(outcome.error, porting.CannotRun):
            return Fault("failed", wrap(f"what it returned does not run: {outcome.error}"))
        return super()._problem(outcome, call, reference)

    def _call(self, call: Case) -> str:
        spec, x = call.args
        lines = [f"{self.exercise}(spec), run on x {show(x)}, where spec is"]
        if isinstance(spec, dict):
            settings = {key: value for key, value in spec.items() if key != "layers"}
            lines.append(wrap(", ".join(f"{key}={show(value)}" for key, value in settings.items())))
        lines += [wrap(layer_text(*layer)) for layer in _layers(spec)]
        return "\n".join(lines)


def _torch7_counts(name: str, layer: Mapping, size: tuple[int, int]) -> list[str]:
    word = "ceil" if layer.get("ceil_mode") else "floor"
    lines = []
    for side, axis in zip(("height", "width"), porting.torch7_axes(name, layer, size), strict=True):
        room = f"{axis.size} + 2*{axis.before} - {axis.kernel}"
        line = f"{side} = {word}(({room}) / {axis.step}) + 1"
        exact = -(-(axis.size + 2 * axis.before - axis.kernel) // axis.step) + 1
        if layer.get("ceil_mode") and exact > axis.count:
            line += ", less one that starts beyond the image,"
        lines.append(f"{line} = {axis.count}")
    return lines


def _keras1_counts(name: str, layer: Mapping, size: tuple[int, int]) -> list[str]:
    lines = []
    for side, axis in zip(("height", "width"), porting.keras1_axes(name, layer, size), strict=True):
        if layer.get("border_mode") == "same":
            lines.append(
                f"{side} = ceil({axis.size} / {axis.step}) = {axis.count}, "
                f"which takes {axis.before} + {axis.after} of padding"
            )
        else:
            lines.append(
                f"{side} = floor(({axis.size} - {axis.kernel}) / {axis.step}) + 1 = {axis.count}"
            )
    return lines


def _windowed(spec: Any) -> bool:
    """Whether the spec is one layer that has windows."""
    layers = _layers(spec)
    return len(layers) == 1 and any(word in layers[0][0] for word in ("Conv", "Sub", "Average"))


WHOLE = (
    "Every layer with windows was right when it was alone, in the cases before.\n"
    "Look at the other layers, at the order of the calls, and at the image's\n"
    "size, which changes from one layer to the next."
)


def port_shape(call: Case) -> str:
    """Derive the output's height and width where the spec is a single layer."""
    spec, x = call.args
    if _windowed(spec):
        counts = _keras1_counts if isinstance(spec, dict) else _torch7_counts
        name, layer = _layers(spec)[0]
        return "\n".join(counts(name, layer, x.shape[2:]))
    if len(_layers(spec)) > 1:
        return WHOLE
    if _layers(spec)[0][0] == "SpatialZeroPadding":
        return (
            "pad_l and pad_r are columns at the left and right, pad_t and pad_b rows\n"
            "above and below; what is not given is as large as pad_l"
        )
    return "it changes each number alone"


def port_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say which window one output must read, where the spec is a single layer, and what comes of it."""
    spec, x = call.args
    if not _windowed(spec):
        return port_shape(call)
    name, layer = _layers(spec)[0]
    find = porting.keras1_axes if isinstance(spec, dict) else porting.torch7_axes
    rows, columns = find(name, layer, x.shape[2:])
    n, k, i, j = index
    channels = ":" if "Convolution" in name else str(k)
    lines = [
        f"it must read x[{n}, {channels}, {span(*rows.window(i))}, {span(*columns.window(j))}]   "
        "(start = index * step - padding before)"
    ]
    inside = slice(*rows.inside(i)), slice(*columns.inside(j))
    pixels = x[(n, slice(None) if channels == ":" else k, *inside)]
    lines.append(block(pixels))
    lines += _comes_of_it(spec, name, layer, (rows, columns), (k, i, j))
    return "\n".join(lines)


def _comes_of_it(
    spec: Any, name: str, layer: Mapping, axes: tuple[Axis, Axis], place: tuple[int, int, int]
) -> list[str]:
    """What a window's numbers are multiplied or divided by, in a line or two."""
    k, i, j = place
    if name == "Convolution2D":
        tap = f"weights[0][t, s, l, {k}]" if spec["image_dim_ordering"] == "tf" else (
            f"weights[0][{k}, l, t, s]"
        )  # fmt: skip
        turned = ["where Theano turns each kernel by half a turn"]
        lines = [f"times {tap} for tap row t, column s, input channel l"]
        return lines + turned if spec["backend"] == "theano" else lines
    if name == "SpatialConvolution":
        return [f"times weight[{k}, l, t, s] for tap row t, column s, plus bias[{k}]"]
    if name == "SpatialSubSampling":
        return [f"their sum, times weight[{k}] = {show(layer['weight'][k])}, plus bias[{k}]"]
    counted = 1
    for axis, at in zip(axes, (i, j), strict=True):
        start, stop = axis.inside(at)
        if name == "SpatialAveragePooling" and layer.get("count_include_pad", True):
            start, stop = axis.window(at)[0], min(axis.window(at)[1], axis.size + axis.after)
        counted *= stop - start
    return [f"their sum, divided by {counted}"]


def _image(*shape: int) -> np.ndarray:
    """Small whole numbers in no simple order, zeros and negative ones among them."""
    return ((np.arange(int(np.prod(shape))) * 37) % 61 % 17 - 5.0).reshape(shape)


def _weights(*shape: int) -> np.ndarray:
    """Small whole numbers that no turn and no transposition leaves as they are."""
    return (np.arange(int(np.prod(shape))) * 5 % 11 - 4.0).reshape(shape)


def _torch7_convolution(
    inputs: int, outputs: int, kW: int, kH: int, scale: float = 1, **more: int
) -> tuple:
    sizes = {"nInputPlane": inputs, "nOutputPlane": outputs, "kW": kW, "kH": kH, **more}
    weight, bias = _weights(outputs, inputs, kH, kW), 10.0 * np.arange(1, outputs + 1)
    arrays = {"weight": scale * weight, "bias": scale * bias}
    return "SpatialConvolution", sizes | arrays


def _subsampling(planes: int, kW: int, kH: int, **more: int) -> tuple:
    arrays = {"weight": _weights(planes) / 2, "bias": 3.0 + np.arange(planes)}
    return "SpatialSubSampling", {"nInputPlane": planes, "kW": kW, "kH": kH, **more, **arrays}


def _average(**layer: Any) -> tuple:
    return "SpatialAveragePooling", layer


port_torch7 = PortCheck(
    exercise="port_torch7",
    reference=porting.torch7,
    arguments=("spec", "x"),
    cases=(
        case([_average(kW=3, kH=2)], _image(1, 1, 4, 6)),
        case([_average(kW=2, kH=3, dW=3)], _image(1, 2, 6, 9)),
        case([_subsampling(2, kW=3, kH=2, dW=2)], _image(2, 2, 5, 8)),
        case([_torch7_convolution(2, 2, kW=2, kH=2, dW=2, dH=1)], _image(1, 2, 4, 7)),
        case([_torch7_convolution(1, 2, kW=3, kH=2, padW=2)], _image(1, 1, 4, 5)),
        case(
            [_torch7_convolution(2, 1, kW=2, kH=3, dW=2, dH=3, padW=1, padH=0)], _image(1, 2, 7, 8)
        ),
        case([_average(kW=2, kH=4, dW=2, dH=3, padW=1, padH=2)], _image(1, 2, 7, 6)),
        case(
            [_average(kW=4, kH=3, dW=3, dH=2, padW=2, padH=1, ceil_mode=True)], _image(1, 2, 6, 9)
        ),
        case(
            [_average(kW=3, kH=2, dW=2, dH=2, padW=1, padH=1, count_include_pad=False)],
            _image(1, 2, 5, 8),
        ),
        case([("SpatialZeroPadding", {"pad_l": 1, "pad_r": 0, "pad_t": 2})], _image(1, 2, 3, 4)),
        case(
            [
                ("SpatialZeroPadding", {"pad_l": 2, "pad_t": 1, "pad_b": 0}),
                _torch7_convolution(1, 2, kW=3, kH=2, scale=0.02, dW=1, dH=2),
                ("ReLU", {}),
                _average(kW=2, kH=1, ceil_mode=True),
                ("Tanh", {}),
                _subsampling(2, kW=2, kH=2, dW=2, dH=2),
            ],
            _image(2, 1, 9, 8),
        ),
    ),
    shape=port_shape,
    reads=port_reads,
)


def _keras1(order: str, size: tuple[int, int], channels: int, *layers: tuple, **more: str) -> dict:
    shape = (*size, channels) if order == "tf" else (channels, *size)
    settings = {"backend": "tensorflow", "image_dim_ordering": order, "input_shape": shape}
    return settings | more | {"layers": list(layers)}


def _keras1_convolution(
    order: str, inputs: int, outputs: int, rows: int, columns: int, bias: bool = True, **more: Any
) -> tuple:
    axes = {"tf": (rows, columns, inputs, outputs), "th": (outputs, inputs, rows, columns)}
    weight = _weights(*axes[order])
    arrays = [weight, 10.0 * np.arange(1, outputs + 1)] if bias else [weight]
    sizes = {"nb_filter": outputs, "nb_row": rows, "nb_col": columns}
    more = more if bias else {**more, "bias": False}
    return "Convolution2D", {**sizes, **more, "weights": arrays}


port_keras1 = PortCheck(
    exercise="port_keras1",
    reference=porting.keras1,
    arguments=("spec", "x"),
    cases=(
        case(
            _keras1("tf", (5, 8), 1, ("AveragePooling2D", {"pool_size": (2, 3)})),
            _image(1, 1, 5, 8),
        ),
        case(
            _keras1("tf", (4, 5), 2, _keras1_convolution("tf", 2, 2, 2, 2, subsample=(1, 2))),
            _image(1, 2, 4, 5),
        ),
        case(
            _keras1("th", (4, 5), 2, _keras1_convolution("th", 2, 2, 2, 3, bias=False)),
            _image(1, 2, 4, 5),
        ),
        case(
            _keras1("th", (4, 6), 2, _keras1_convolution("th", 2, 2, 3, 2), backend="theano"),
            _image(1, 2, 4, 6),
        ),
        case(
            _keras1("tf", (4, 5), 1, _keras1_convolution("tf", 1, 2, 2, 3), backend="theano"),
            _image(2, 1, 4, 5),
        ),
        case(
            _keras1(
                "tf", (6, 9), 1,
                _keras1_convolution("tf", 1, 1, 3, 2, subsample=(2, 3), border_mode="same"),
            ),
            _image(1, 1, 6, 9),
        ),
        case(
            _keras1("th", (7, 6), 1, _keras1_convolution("th", 1, 2, 4, 5, border_mode="same")),
            _image(1, 1, 7, 6),
        ),
        case(
            _keras1(
                "tf", (8, 7), 2,
                ("AveragePooling2D",
                 {"pool_size": (3, 2), "strides": (2, 3), "border_mode": "same"}),
            ),
            _image(1, 2, 8, 7),
        ),
        case(
            _keras1(
                "tf", (7, 8), 1,
                ("AveragePooling2D",
                 {"pool_size": (2, 3), "strides": None, "border_mode": "same"}),
            ),
            _image(1, 1, 7, 8),
        ),
        case(
            _keras1(
                "tf", (4, 5), 1,
                _keras1_convolution("tf", 1, 2, 2, 3, activation="linear"),
                ("Activation", {"activation": "linear"}),
            ),
            _image(1, 1, 4, 5),
        ),
        case(
            _keras1(
                "tf", (10, 9), 1,
                _keras1_convolution(
                    "tf", 1, 2, 3, 2, bias=False, subsample=(2, 1), border_mode="same",
                    activation="relu",
                ),
                ("AveragePooling2D", {"border_mode": "same"}),
                _keras1_convolution("tf", 2, 1, 2, 3, bias=False, border_mode="same",
                                    subsample=(2, 2)),
                ("Activation", {"activation": "tanh"}),
            ),
            _image(2, 1, 10, 9) / 400,
        ),
    ),
    shape=port_shape,
    reads=port_reads,
)  # fmt: skip

# ---------------------------------------------------------------- tests of tests

VISIBLE = (
    "width_first",
    "default_step_one",
    "stride_ignored",
    "always_floor",
    "padding_ignored",
    "whole_kernel",
    "pad_always_counted",
    "channels_summed",
    "first_image_only",
    "zeros_not_counted",
    "cut_to_integers",
    "sums_written_into_x",
)
"""The wrong average poolings of the visible check, by their slip in lesson 03."""

KINDS = {
    "steps and pairs": (
        "default_step_one",
        "stride_ignored",
        "width_first",
        "kernel_swapped",
        "strides_swapped",
        "paddings_swapped",
        "square_only",
    ),
    "how many windows there are": (
        "always_floor",
        "always_ceil",
        "never_guarded",
        "guarded_at_the_paddings_end",
        "guarded_when_padded",
    ),
    "where windows start, and what lies around the image": (
        "padding_ignored",
        "padded_at_the_end",
        "negative_slice",
        "one_pixel_late",
        "first_taps_dropped",
        "edge_repeated",
    ),
    "what each sum is divided by": (
        "never_divided",
        "whole_kernel",
        "overhang_counted",
        "pad_always_counted",
        "pad_never_counted",
        "flag_reversed",
        "zeros_not_counted",
    ),
    "images and channels": (
        "channels_summed",
        "channels_averaged",
        "first_channel_only",
        "first_image_only",
    ),
    "numbers and arrays: their type, and the input itself": (
        "cut_to_integers",
        "sums_written_into_x",
    ),
}
"""What a wrong average pooling is wrong about, in words that tell no slip."""


def wrong_implementations() -> dict[str, Callable]:
    """Every wrong average pooling of lesson 03's bank, by its slip."""
    from strided.slips import bank

    return {id: slip.function for id, slip in bank("avg_pool2d").items()}


def _window_by_window(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
) -> np.ndarray:
    zeros, image = np.zeros(x.shape), x.shape[-2:]
    size = operators.avg_pool2d(zeros, kernel_size, stride, padding, ceil_mode).shape[-2:]
    kernel, step, pad = (
        np.broadcast_to(v, 2)
        for v in (kernel_size, kernel_size if stride is None else stride, padding)
    )
    out = np.empty((*x.shape[:-2], *size))
    for place in np.ndindex(size):
        start = np.array(place) * step - pad
        stop = np.minimum(start + kernel, np.array(image) + pad)
        (top, left), (bottom, right) = np.maximum(start, 0), np.minimum(stop, image)
        window = x[..., top:bottom, left:right]
        taps = np.prod(stop - start) if count_include_pad else (bottom - top) * (right - left)
        out[(..., *place)] = window.sum(axis=(-2, -1)) / taps
    return out


def _in_float32(x, *settings, **more) -> np.ndarray:
    return operators.avg_pool2d(np.asarray(x, np.float32), *settings, **more)


def _turned_in_memory(x, *settings, **more) -> np.ndarray:
    return np.asfortranarray(operators.avg_pool2d(np.asarray(x, float), *settings, **more))


def _rounding_otherwise(x, *settings, **more) -> np.ndarray:
    x = np.asarray(x, float)
    return operators.avg_pool2d(x + 1000, *settings, **more) - operators.avg_pool2d(
        np.full(x.shape, 1000.0), *settings, **more
    )


LIBRARY = "the library's own"
RIGHT: dict[str, Callable] = {
    LIBRARY: operators.avg_pool2d,
    "one that goes window by window": _window_by_window,
    "one that computes in float32": _in_float32,
    "one whose result lies in memory in another order": _turned_in_memory,
    "one that rounds otherwise in the last digits": _rounding_otherwise,
}
"""Right average poolings, in words that complete "a right implementation: …"."""


def handed(function: Callable) -> Callable:
    """An implementation as tests get it: one signature for all, and no name that tells which it is.

    What it says to a call that is not allowed tells nothing either: all refuse it as the library does.
    """

    def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        x = x if is_array(x) else np.asarray(x)
        settings = kernel_size, stride, padding, ceil_mode, count_include_pad
        with np.errstate(all="ignore"):
            operators.avg_pool2d(x, *settings)
            return function(x, *settings)

    return avg_pool2d


def objection(tests: Callable, implementation: Callable) -> str:
    """What tests say against an implementation; empty if they accept it.

    Tests reject by raising whatever it is, sys.exit() included, or by returning False.
    """
    quiet = io.StringIO()
    try:
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            verdict = tests(handed(implementation))
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    rejected = isinstance(verdict, bool | np.bool_) and not verdict
    return "it returned False" if rejected else ""


@dataclass(frozen=True)
class Trial:
    """What became of some implementations at the hands of tests.

    tried: slips of the wrong ones; missed: those that got past.
    accused: what the tests said, by the right implementation that they rejected.
    """

    tried: tuple[str, ...]
    missed: frozenset[str]
    accused: dict[str, str]

    @property
    def rejected(self) -> int:
        """How many wrong implementations were rejected."""
        return len(self.tried) - len(self.missed)

    def tally(self) -> str:
        """The two counts, in a clause."""
        return (
            f"rejected {self.rejected} of {len(self.tried)} wrong implementations, "
            f"and {len(self.accused)} of {len(RIGHT)} right ones"
        )


def try_tests(
    tests: Callable, wrong: Iterable[str], order: np.random.Generator | None = None
) -> Trial:
    """Hand every right and some wrong implementations to tests, in a random order.

    Tests that remember cannot know by the order which ones are right. Raises WrongAnswer where the
    tests are not written yet: where all that they ever say is the stub's own exception.
    """
    wrong = tuple(wrong)
    jobs = RIGHT | {id: wrong_implementations()[id] for id in wrong}
    said = {}
    for name in (order or np.random.default_rng()).permutation(list(jobs)):
        said[str(name)] = objection(tests, jobs[name])
    if set(said.values()) == {NotImplementedError.__name__}:
        raise not_written("my_tests", "tests")
    accused = {name: said[name] for name in RIGHT if said[name]}
    return Trial(wrong, frozenset(id for id in wrong if not said[id]), accused)


@cache
def _of_weak_tests(id: str, wrong: tuple[str, ...]) -> Trial:
    from strided.slips import bank

    return try_tests(bank("my_tests")[id].function, wrong)


def weaknesses(trial: Trial) -> list[Slip]:
    """The named weak tests past which the same wrong implementations got.

    Where these tests reject right implementations: those that reject most of the same, and the
    library's own only where these do.
    """
    from strided.slips import bank

    if not trial.missed and not trial.accused:
        return []
    found: dict[str, int] = {}
    for id in bank("my_tests"):
        weak = _of_weak_tests(id, tuple(sorted(trial.tried)))
        if trial.accused:
            if weak.accused and (LIBRARY in weak.accused) == (LIBRARY in trial.accused):
                found[id] = len(weak.accused.keys() & trial.accused.keys())
        elif not weak.accused and weak.missed == trial.missed:
            found[id] = len(weak.missed)
    most = max(found.values(), default=0)
    return [bank("my_tests")[id] for id, many in found.items() if many == most > 0]


def advice(found: list[Slip], accused: bool) -> list[str]:
    """Lines that name the weakness, if it has a name, and say what to do about it."""
    if not found and not accused:
        return [
            wrap("For each of them, think of a call that gives it away: of its image and settings.")
        ]
    lines = []
    for slip in found:
        if not accused:
            lines.append(wrap(f"The same ones get past {slip.gives}."))
        lines.append(wrap(slip.advice))
    return lines


def require_tests(tests: object) -> None:
    """Raise a WrongAnswer unless the answer is a function."""
    if not callable(tests):
        raise not_a_function("my_tests", tests, "(avg_pool2d):")


def refuse_useless(trial: Trial, words: str = "") -> None:
    """Raise a WrongAnswer if the tests reject a right implementation, or no wrong one."""
    found = weaknesses(trial)
    slip = "|".join(slip.id for slip in found)
    head = words or f"my_tests {trial.tally()}."
    if trial.accused:
        name = LIBRARY if LIBRARY in trial.accused else next(iter(trial.accused))
        lines = [wrap(f"They reject a right implementation: {name}.")]
        if not words:  # in a hidden test, what they say can be what an answer kept of another one
            lines += [wrap(f"What they said: {trial.accused[name]:.300}")]
        lines += advice(found, accused=True)
        lines.append(wrap("Tests that reject a right implementation lose all their points."))
        raise WrongAnswer("\n".join([head, *lines]), slip=slip)
    if not trial.rejected:
        raise WrongAnswer("\n".join([head, *advice(found, accused=False)]), slip=slip)


def my_tests(tests: Callable) -> Literal[True]:
    """Try tests on some implementations of average pooling, and tell which wrong ones got past.

    Raises WrongAnswer where they reject a right implementation, or no wrong one. The points are
    given by the share of all wrong implementations that are rejected, when the lesson is graded.
    """
    require_tests(tests)
    trial = try_tests(tests, VISIBLE)
    refuse_useless(trial)
    print(f"my_tests {trial.tally()}.")
    if trial.missed:
        from strided.slips import bank

        print("What got past them is an average pooling that gives the result of")
        for id in VISIBLE:
            if id in trial.missed:
                print(wrap(f"- {bank('avg_pool2d')[id].gives.rstrip(',')}"))
        print("\n".join(["", *advice(weaknesses(trial), accused=False)]).rstrip())
    else:
        print(f"my_tests: all {len(trial.tried)} wrong implementations here are rejected.")
    print(wrap(f"Grading tries {len(wrong_implementations())} wrong ones."))
    return True
