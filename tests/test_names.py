"""What frameworks call things: tables that fit together, and the translation from Keras 1."""

import pytest

from strided import geometry, names
from strided.names import keras1_to_keras2


def test_a_layer_translated_by_hand():
    old = {
        "nb_filter": 8,
        "nb_row": 3,
        "nb_col": 5,
        "subsample": (2, 1),
        "border_mode": "same",
        "dim_ordering": "th",
        "bias": False,
        "activation": "relu",
    }
    assert keras1_to_keras2("Convolution2D", old) == (
        "Conv2D",
        {
            "filters": 8,
            "kernel_size": (3, 5),
            "strides": (2, 1),
            "padding": "same",
            "data_format": "channels_first",
            "use_bias": False,
            "activation": "relu",
        },
    )
    assert old["subsample"] == (2, 1) and len(old) == 8


def test_pooling_keeps_its_name_and_its_strides():
    old = {"strides": (2, 1), "border_mode": "valid", "dim_ordering": "tf"}
    assert keras1_to_keras2("MaxPooling2D", old) == (
        "MaxPooling2D",
        {"strides": (2, 1), "padding": "valid", "data_format": "channels_last"},
    )


def test_one_dimension_has_names_of_its_own():
    assert keras1_to_keras2("Convolution1D", {"filter_length": 7, "subsample_length": 3}) == (
        "Conv1D",
        {"kernel_size": 7, "strides": 3},
    )


@pytest.mark.parametrize("old, new", names.ARGUMENTS.items())
def test_both_names_raise_and_are_named(old, new):
    arguments = (
        {"nb_row": 3, "nb_col": 5} if new == "kernel_size" and old != "filter_length" else {}
    )
    with pytest.raises(ValueError, match=rf"'{old if not arguments else 'nb_row'}' and '{new}'"):
        keras1_to_keras2("Convolution2D", {**arguments, old: 3, new: 3})


@pytest.mark.parametrize("given", ["nb_row", "nb_col"])
def test_rows_and_columns_come_together(given):
    with pytest.raises(ValueError, match="'nb_row' and 'nb_col' together"):
        keras1_to_keras2("Convolution2D", {given: 3})


def test_translating_twice_changes_nothing_more():
    once = keras1_to_keras2("Convolution2D", dict.fromkeys(names.ARGUMENTS, 3) | {"nb_filter": 4})
    assert keras1_to_keras2(*once) == once


def test_the_table_of_renamings_shows_every_name_once():
    shown = repr(names.renamings())
    for old in names.LAYERS | names.ARGUMENTS:
        assert shown.count(f"`{old}`") == 1, old
    for value in (*names.DATA_FORMATS, *names.DATA_FORMATS.values()):
        assert f'"{value}"' in shown


def test_the_table_of_frameworks_has_the_defaults_that_differ():
    steps = {f.name: f.pool_step for f in names.FRAMEWORKS}
    assert steps["Torch7"] == steps["Caffe"] == steps["ONNX"] == "1"
    assert steps["PyTorch"] == steps["Keras 1"] == "the kernel"
    shown = repr(names.frameworks())
    assert all(f.name in shown and f.step in shown for f in names.FRAMEWORKS)


def test_the_table_of_frameworks_agrees_with_what_they_count():
    rounding = {f.name: f.rounding for f in names.FRAMEWORKS}
    guards = {"Torch7": "padded", "Caffe": "padded", "PyTorch": "always"}
    for name, guard in guards.items():
        kept = geometry.output_size(6, 1, 4, ceil_mode=True, guard=guard) == 3
        assert ("only if there is padding" in rounding[name]) == kept
        assert ("always dropped" in rounding[name]) != kept
    divisor = {f.name: f.divisor for f in names.FRAMEWORKS}
    for name, convention in (
        ("Torch7", "torch7"),
        ("Caffe", "caffe"),
        ("PyTorch", "pytorch"),
        ("ONNX", "onnx"),
    ):
        counted = geometry.pooling_divisors(4, 4, 2, 2, 1, convention=convention)[0, 0] == 4
        assert divisor[name].startswith("counts padding" if counted else "leaves padding out")


def test_twelve_snippets_use_every_meaning_and_nothing_else():
    assert len(names.SNIPPETS) == 12
    assert {snippet.meaning for snippet in names.SNIPPETS.values()} == set(names.MEANINGS)
    assert all(f'"{word}"' in repr(names.meanings()) for word in names.MEANINGS)
