"""The figures of channel mixing say what is true."""

from xml.etree import ElementTree

import numpy as np
import pytest

from strided import channels, figures

SVG = "{http://www.w3.org/2000/svg}"


def texts(figure: figures.Figure) -> list[str]:
    return [
        element.text or "" for element in ElementTree.fromstring(figure.html).iter(f"{SVG}text")
    ]


@pytest.mark.parametrize(
    ("kind", "dots", "count"),
    [
        ("average", 6, "0"),
        ("subsampling", 6, "6 + 6 = 12"),  # LeNet-5's S2
        ("depthwise", 6, "6·2·2 + 6 = 30"),
        ("grouped", 12, "12·2·2 + 4 = 52"),
        ("table", 8, "8·2·2 + 4 = 36"),
        ("pointwise", 24, "24 + 4 = 28"),
        ("convolution", 24, "24·2·2 + 4 = 100"),
    ],
)
def test_a_matrix_has_a_dot_for_each_connection(kind, dots, count):
    figure = figures.mixing_matrix(kind, 6, 4, 2)
    assert texts(figure).count("●") == dots
    assert f"connections: {dots}" in texts(figure) and f"parameters: {count}" in texts(figure)
    assert f"{dots} connections" in figure.alt and f"Parameters: {count}." in figure.alt


def test_the_words_are_the_matrix():
    table = [[2, 0], [1]]
    figure = figures.mixing_matrix("table", 3, 2, table=table)
    assert "output 0 reads 0, 2; output 1 reads 1)" in figure.alt


def test_the_table_is_that_of_lenet():
    figure = figures.connection_table()
    assert texts(figure).count("●") == 60
    assert "60·5·5 + 16 = 1,516" in figure.alt and "96·5·5 + 16 = 2,416" in figure.alt
    assert "output 12 reads 0, 1, 3, 4" in figure.alt
    assert "60 of 96 possible connections" in figure.html


def test_the_nested_sets_show_every_witness():
    figure = figures.nested_sets()
    places = [figure.alt.index(f"{name}: ") for name in ("Average pooling", "SubSampling")]
    assert places == sorted(places)
    for weight, _ in channels.witnesses().values():
        for k, c in np.ndindex(2, 2):
            numbers = "; ".join(" ".join(f"{v:g}" for v in line) for line in weight[k, c])
            assert f"from input {c} to output {k} {numbers.replace('-', '−')}" in figure.alt


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: figures.mixing_matrix("dense"), "kind must be one of"),
        (lambda: figures.mixing_matrix(()), "kind must be one of"),
        (lambda: figures.mixing_matrix(channels=13), "at most 12"),
        (lambda: figures.mixing_matrix("grouped", 4, 6, groups=3), "groups=3 must divide 4 inputs"),
        (lambda: figures.mixing_matrix("table", 3, table=[[0]]), "1 rows for 3 output"),
        (lambda: figures.mixing_matrix("table", 2, table=[[0], [2]]), r"table\[1\].*\[2\]"),
        (lambda: figures.connection_table([[0], []]), r"table\[1\] must list"),
        (lambda: figures.connection_table([[]]), "number of input channels"),
    ],
)
def test_bad_settings_are_refused_in_words(call, says):
    with pytest.raises(ValueError, match=says):
        call()
