"""Hidden tests of lesson 09: random networks by their own rules, and every wrong average pooling."""

from typing import Any

import numpy as np

from autograder.hidden.kit import seeded
from strided import checks
from strided.checks import porting_lab
from strided.checks.core import Case, award, case, wrap


def two(rng: np.random.Generator, least: int, most: int) -> tuple[int, int]:
    """Two different numbers from `least` to `most`."""
    first, second = rng.permutation(np.arange(least, most + 1))[:2]
    return int(first), int(second)


def photos(rng: np.random.Generator, channels: int, size: tuple[int, int]) -> np.ndarray:
    """Two images."""
    return rng.normal(size=(2, channels, *size))


# ---------------------------------------------------------------- port_torch7


def random_convolution(rng: np.random.Generator, inputs: int, outputs: int, **more: int) -> tuple:
    """A convolution whose kernel is not square."""
    kW, kH = two(rng, 2, 4)
    arrays = {
        "weight": rng.normal(size=(outputs, inputs, kH, kW)),
        "bias": rng.normal(size=outputs),
    }
    sizes = {"nInputPlane": inputs, "nOutputPlane": outputs, "kW": kW, "kH": kH}
    return "SpatialConvolution", {**sizes, **more, **arrays}


def random_average(rng: np.random.Generator, **more: Any) -> tuple:
    """An average pooling whose kernel is not square and whose pads, if it has any, differ."""
    kW, kH = two(rng, 2, 4)
    return "SpatialAveragePooling", {"kW": kW, "kH": kH, **more}


def random_subsampling(rng: np.random.Generator, planes: int, **more: int) -> tuple:
    """A subsampling with random gains and offsets."""
    kW, kH = two(rng, 2, 3)
    arrays = {"weight": rng.normal(size=planes), "bias": rng.normal(size=planes)}
    return "SpatialSubSampling", {"nInputPlane": planes, "kW": kW, "kH": kH, **more, **arrays}


def torch7_layers(rng: np.random.Generator) -> list[Case]:
    """One layer of every kind that has a trap in it."""
    steps = dict(zip(("dW", "dH"), two(rng, 1, 2), strict=True))
    pads = dict(zip(("padW", "padH"), two(rng, 0, 1), strict=True))
    sides = rng.permutation([0, 1, 2, 3])
    padding = dict(zip(("pad_l", "pad_r", "pad_t", "pad_b"), map(int, sides), strict=True))
    layers = [
        random_average(rng),
        random_average(rng, dW=2),
        random_average(rng, dH=2),
        random_average(rng, **steps, **pads),
        random_average(rng, **steps, padW=1, padH=1, count_include_pad=False),
        random_subsampling(rng, 2, **steps),
        random_subsampling(rng, 2),
        random_convolution(rng, 2, 3, **steps),
        random_convolution(rng, 2, 3, **steps, padW=1 + int(rng.integers(2))),
        random_convolution(rng, 2, 1, padW=pads["padH"], padH=pads["padW"]),
        ("SpatialZeroPadding", padding),
        ("SpatialZeroPadding", {"pad_l": 1 + int(rng.integers(3))}),
        ("Tanh", {}),
        ("ReLU", {}),
    ]
    ceil = random_average(rng, dW=2, dH=2, ceil_mode=True)
    left_over = (ceil[1]["kH"] + 5, ceil[1]["kW"] + 3)  # at step 2, windows never fit these exactly
    cases = [case([layer], photos(rng, 2, (9, 10))) for layer in layers]
    return [*cases, case([ceil], photos(rng, 2, left_over))]


def torch7_network(rng: np.random.Generator) -> Case:
    """A small network in the manner of LeNet."""
    layers = [
        ("SpatialZeroPadding", {"pad_l": 2, "pad_t": 1}),
        random_convolution(rng, 1, 3, padW=1),
        ("Tanh", {}),
        random_average(rng, dW=2),
        random_convolution(rng, 3, 2, dW=2, dH=1),
        ("ReLU", {}),
        random_subsampling(rng, 2, dH=2),
    ]
    return case(layers, photos(rng, 1, (16, 19)))


@seeded
def port_torch7(function, rng: np.random.Generator) -> None:
    """Random layers and networks must compute what Torch7's rules make of them."""
    checks.port_torch7.judge(
        function,
        torch7_layers(rng),
        words="a single layer, whatever its arguments, must compute what Torch7 computes",
    )
    checks.port_torch7.judge(
        function,
        [torch7_network(rng) for _ in range(2)],
        words="a network of several layers must compute what Torch7 computes",
    )


# ---------------------------------------------------------------- port_keras1


def keras1_spec(
    rng: np.random.Generator,
    size: tuple[int, int],
    channels: int,
    *layers: tuple[str, dict[str, Any]],
    backend: str = "tensorflow",
    order: str = "tf",
) -> Case:
    """A network on random images; a layer's "outputs" becomes its filters and random weights."""
    shape = (*size, channels) if order == "tf" else (channels, *size)
    inputs, made = channels, []
    for name, layer in layers:
        if name == "Convolution2D":
            rows, columns, outputs = layer["nb_row"], layer["nb_col"], layer["outputs"]
            axes = {"tf": (rows, columns, inputs, outputs), "th": (outputs, inputs, rows, columns)}
            weights = [rng.normal(size=axes[order])]
            if layer.get("bias", True):
                weights.append(rng.normal(size=outputs))
            layer = {"nb_filter": outputs, **layer, "weights": weights}
            del layer["outputs"]
            inputs = outputs
        made.append((name, layer))
    settings = {"backend": backend, "image_dim_ordering": order, "input_shape": shape}
    return case({**settings, "layers": made}, photos(rng, channels, size))


def keras1_convolution(rng: np.random.Generator, outputs: int, **more: Any) -> tuple[str, dict]:
    """A convolution whose kernel is not square."""
    rows, columns = two(rng, 2, 4)
    return "Convolution2D", {"nb_row": rows, "nb_col": columns, "outputs": outputs, **more}


def keras1_layers(rng: np.random.Generator) -> list[Case]:
    """One layer of every kind that has a trap in it."""
    step, pool = two(rng, 1, 3), two(rng, 2, 3)
    two_by_two = {"nb_row": 2, "nb_col": 2, "outputs": 2, "bias": False}
    cases = [
        keras1_spec(rng, (6, 8), 2, ("Convolution2D", two_by_two)),
        keras1_spec(rng, (7, 9), 2, keras1_convolution(rng, 3, subsample=step), order="th"),
        keras1_spec(rng, (7, 9), 2, ("AveragePooling2D", {"pool_size": pool})),
        keras1_spec(rng, (7, 9), 2, ("AveragePooling2D", {}), order="th"),
        keras1_spec(rng, (7, 9), 2, ("AveragePooling2D", {"pool_size": pool, "strides": step})),
        keras1_spec(rng, (5, 6), 1, keras1_convolution(rng, 2, activation="relu")),
        keras1_spec(rng, (5, 6), 1, keras1_convolution(rng, 2, activation="linear")),
        keras1_spec(
            rng, (5, 6), 1, keras1_convolution(rng, 2), ("Activation", {"activation": "linear"})
        ),
    ]
    for backend in ("tensorflow", "theano"):
        for order in ("tf", "th"):
            layer = keras1_convolution(rng, 3)
            cases.append(keras1_spec(rng, (5, 6), 2, layer, backend=backend, order=order))
    same: dict[str, Any] = {"border_mode": "same"}
    # An even size, an odd kernel and step 2 leave one pixel for the end; so do 3 steps on 3n + 1.
    odd = {"nb_row": 3, "nb_col": 5, "outputs": 2, "subsample": (2, 2), **same}
    even = {"nb_row": 4, "nb_col": 2, "outputs": 2, "subsample": (3, 1), **same}
    cases += [
        keras1_spec(rng, (8, 10), 2, ("Convolution2D", odd)),
        keras1_spec(rng, (10, 7), 1, ("Convolution2D", even), order="th"),
    ]
    for size, pool, strides in (
        ((8, 7), (3, 2), (2, 3)),
        ((7, 9), (2, 4), None),
        ((6, 7), (2, 4), (1, 1)),
    ):
        pooling = {"pool_size": pool, "strides": strides, **same}
        cases.append(keras1_spec(rng, size, 2, ("AveragePooling2D", pooling)))
    return cases


def keras1_network(rng: np.random.Generator, order: str) -> Case:
    """A small network of 'same' layers, whose sizes must be followed."""
    same = {"border_mode": "same"}
    size = (18 + 4 * int(rng.integers(2)), 15 + 4 * int(rng.integers(2)))
    return keras1_spec(
        rng,
        size,
        1,
        ("Convolution2D", {"nb_row": 3, "nb_col": 2, "outputs": 2, "subsample": (2, 1), **same}),
        ("Activation", {"activation": "tanh"}),
        ("AveragePooling2D", {"pool_size": (2, 3), **same}),
        ("Convolution2D", {"nb_row": 3, "nb_col": 3, "outputs": 3, "subsample": (2, 2), **same}),
        ("AveragePooling2D", {"pool_size": (2, 2), "strides": (1, 1), **same}),
        order=order,
    )


@seeded
def port_keras1(function, rng: np.random.Generator) -> None:
    """Random layers and networks must compute what Keras 1's rules make of them."""
    checks.port_keras1.judge(
        function,
        keras1_layers(rng),
        words="a single layer, whatever its order, backend and border, must compute what Keras 1 "
        "computes",
    )
    checks.port_keras1.judge(
        function,
        [keras1_network(rng, order) for order in ("tf", "th")],
        words="a network of several layers must compute what Keras 1 computes",
    )


# ---------------------------------------------------------------- my_tests


@seeded
def my_tests(tests, rng: np.random.Generator) -> None:
    """Every wrong implementation, and the right ones, in a random order: points by share rejected."""
    trial = porting_lab.try_tests(tests, porting_lab.wrong_implementations(), rng)
    tally = f"Of all implementations, in random order, my_tests {trial.tally()}."
    porting_lab.refuse_useless(trial, wrap(tally).strip())
    print(wrap(tally).strip())
    if not trial.missed:
        return
    print("What got past them is wrong about")
    for kind, ids in porting_lab.KINDS.items():
        many = len(trial.missed.intersection(ids))
        if many:
            print(wrap(f"- {kind} ({many})"))
    found = porting_lab.weaknesses(trial)
    print("\n".join(["", *porting_lab.advice(found, accused=False)]).rstrip())
    share = trial.rejected / len(trial.tried)
    award("my_tests", share, slip="|".join(slip.id for slip in found))
