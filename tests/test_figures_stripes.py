"""Stripes, phases and parts: what the figures of `strided.figures.stripes` say is true."""

from __future__ import annotations

import re

import numpy as np
import pytest
from test_figures import caption, parts, texts

from strided import figures, phase
from strided.figures.stripes import amplitudes, waves_across

SVG = "{http://www.w3.org/2000/svg}"


def test_stripes_are_the_finest_wave():
    assert waves_across(8, 4, 0).tolist() == [1, -1] * 4
    assert waves_across(8, 4, 1).tolist() == [-1, 1] * 4
    moved = np.roll(waves_across(12, 5, 0), 3)
    np.testing.assert_allclose(waves_across(12, 5, 3), moved, atol=1e-12)


@pytest.mark.parametrize("waves", range(9))
def test_amplitudes_find_the_wave_and_where_it_folds(waves):
    line = waves_across(16, waves, 0)
    assert np.flatnonzero(amplitudes(line) > 1e-9).tolist() == [waves]
    assert amplitudes(line)[waves] == pytest.approx(1)
    assert np.flatnonzero(amplitudes(line[::2]) > 1e-9).tolist() == [min(waves, 8 - waves)]


def test_one_pixel_flips_the_halved_stripes():
    figure = figures.one_pixel_shift()
    assert "Shift 0: the image's first row begins 1, −1, 1, −1, …;" in figure.alt
    assert "the halved one 1, 1, 1, 1, … (all 1), with no wave, a flat image." in figure.alt
    assert "Shift 1: the image's first row begins −1, 1, −1, 1, …;" in figure.alt
    assert "the halved one −1, −1, −1, −1, … (all −1)" in figure.alt
    assert {"shift 0", "shift 1", "all 1", "all −1", "folded spectrum"} <= set(texts(figure))
    assert "8 waves become 0" in caption(figure)


@pytest.mark.parametrize("way", phase.HALVINGS)
@pytest.mark.parametrize("waves", [0, 3, 4, 5, 8])
def test_the_words_name_the_wave_that_is_left(way, waves):
    alt = figures.one_pixel_shift(1, way, waves).alt
    halved = phase.HALVINGS[way](waves_across(16, waves, 1)[None])[0]
    found = np.flatnonzero(amplitudes(halved) > 1e-9)
    if not found.size:
        assert "with no wave at all" in alt
    elif found.tolist() == [0]:
        assert "with no wave, a flat image" in alt
    else:
        assert f"with {found[0]} wave" in alt
    assert ("become" in alt) == (waves > 4)


def test_bars_are_as_high_as_the_waves():
    picture, _ = parts(figures.one_pixel_shift(0, "average, k = 3", 8))
    bars = [r for r in picture.iter(f"{SVG}rect") if r.get("stroke-opacity") == ".6"]
    heights = sorted(float(r.attrib["height"]) for r in bars if float(r.attrib["width"]) < 30)
    assert heights == pytest.approx([56 / 3, 56], abs=0.01)


def test_four_ways_of_halving_have_the_numbers_of_the_library():
    figure = figures.stripes_halved((0, 1, 2), 6)
    for way, left in (
        ("keep every 2nd", "all 1 at shift 0, all −1 at shift 1, all 1 at shift 2"),
        ("average, k = 3", "all 0.333 at shift 0, all −0.333 at shift 1, all 0.333 at shift 2"),
        ("average, k = 2", "all 0 at shift 0, all 0 at shift 1, all 0 at shift 2"),
        ("[1, 2, 1] / 4", "all 0 at shift 0, all 0 at shift 1, all 0 at shift 2"),
    ):
        assert f"{way}: {left}." in figure.alt
        assert way in texts(figure)
    assert texts(figure).count("0.333") == 6 and texts(figure).count("−0.333") == 3


def test_every_cell_has_the_letter_of_its_part():
    figure = figures.polyphase_parts(4, 5, (3, 2))
    seen = texts(figure)
    for n, part in enumerate(
        phase.polyphase_split(10 * np.arange(4)[:, None] + np.arange(5), (3, 2))
    ):
        assert seen.count("ABCDEF"[n]) == 2 * part.size  # once in the image, once in the part
        size = f"{part.shape[0]} × {part.shape[1]}"
        p, q = divmod(n, 2)
        words = "; ".join(" ".join(f"{v:02}" for v in line) for line in part.tolist())
        assert f"parts[{n}], {'ABCDEF'[n]}, phase ({p}, {q}), {size}: {words}." in figure.alt


def test_parts_add_up_to_the_strided_output():
    figure = figures.stride_by_parts(output=(0, 1))
    total = re.search(r"gives (−?\d+)\.", figure.alt)[1]
    terms = re.search(r"Together (.*) = (−?\d+)\.", figure.alt)
    assert terms[2] == total
    numbers = [int(v.replace("−", "-")) for v in re.findall(r"−?\d+", terms[1])]
    assert len(numbers) == 4 and sum(numbers) == int(total.replace("−", "-"))
    image = [[0, 5, 0], [5, 1, 7], [0, 7, 4]]  # columns 2, 3, 4, as the figure has them
    kernel = [[0, 2, -1], [1, 3, 0], [2, -1, 1]]
    assert sum(numbers) == np.sum(np.multiply(image, kernel))


def test_parts_without_a_tap_are_never_read():
    figure = figures.stride_by_parts(5, 6, 1, 2, (0, 0))
    assert figure.alt.count("no tap: never read") == 3
    assert texts(figure).count("no tap: never read") == 3


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: figures.one_pixel_shift(way="max"), "way must be one of 'keep every 2nd'"),
        (lambda: figures.one_pixel_shift(()), "one to six"),
        (lambda: figures.one_pixel_shift(40), "shifts must be at most 16"),
        (lambda: figures.one_pixel_shift(waves=9), "waves must be at most 8"),
        (lambda: figures.one_pixel_shift(width=10), "multiple of 4"),
        (lambda: figures.stripes_halved(width=7), "even"),
        (lambda: figures.stripes_halved(range(7)), "one to six"),
        (lambda: figures.polyphase_parts(11), "height must be at most 10"),
        (lambda: figures.polyphase_parts(3, 3, 4), "fit into the 3 x 3 image"),
        (lambda: figures.stride_by_parts(output=(5, 0)), "only 2 x 3 outputs"),
        (lambda: figures.stride_by_parts(2, 2, 3), "no window fits"),
    ],
)
def test_bad_settings_are_refused_in_words(call, says):
    with pytest.raises(ValueError, match=says):
        call()
