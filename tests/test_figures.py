"""Figures: what they say is true, nothing is missing, and they look as they did when last looked
at."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from strided import figures, formulas, geometry
from strided.figures import svg
from strided.figures.attempt import Result
from strided.figures.cells import IMAGE
from strided.figures.explorer import Answer
from strided.figures.grids import TONES, tone_colour
from strided.operators import conv2d

GOLDEN = Path(__file__).parent / "golden" / "figures"
SVG = "{http://www.w3.org/2000/svg}"

BATCH = np.arange(2 * 2 * 2 * 3).reshape(2, 2, 2, 3) - 9
TARGET = np.array([[[1, 2.5, -3], [4, 0, 1 / 3]], [[1, 2, 3], [4, -5, 6]]])
MARKS = TARGET == np.array([[[2.5]], [[6]]])

X = np.arange(12.0).reshape(3, 4)
SHOULD = np.zeros((2, 2, 3, 4), dtype=bool)
DID = np.zeros((2, 2, 3, 4), dtype=bool)
for _row, _column in np.ndindex(2, 2):
    SHOULD[_row, _column, _row : _row + 2, 2 * _column : 2 * _column + 2] = True
    DID[_row, _column, _row : _row + 2, _column : _column + 2] = True


def attempted() -> figures.Figure:
    """Sums of 2 x 2 windows that should hop by (1, 2), and hop by (1, 1)."""
    target, mine = (SHOULD * X).sum((2, 3)), (DID * X).sum((2, 3))
    return figures.attempt(
        {"x": X, "target": target, "yours": mine},
        "x",
        [Result("out", "target", "yours", SHOULD, DID)],
        {"yours": target != mine},
        "f(x 3x4)",
    )


VOTES = (
    "How many outputs do 4 pixels give, with windows of 2 & stride 2?",
    ["1", "2", "none: it is < invalid"],
    [3, 8, 0],
    "2",
    ["The 1 is added before the division.", "Two windows.", "Nothing is invalid."],
    "floor((4 - 2)/2) + 1 = 2.",
)

MIRRORED = conv2d(IMAGE[:, :, ::-1], np.ones((1, 2, 2, 3)))
SHIFTED = np.zeros((2, 4, 5), dtype=bool)
SHIFTED[:, 1:3, 0:3] = True

EXAMPLES: dict[str, Callable[[], figures.Figure]] = {
    "arrays": lambda: figures.arrays(
        {"target": TARGET, "yours": TARGET + MARKS}, {"yours": MARKS}, "f(x 2x2x3)"
    ),
    "arrays_batch": lambda: figures.arrays({"x": BATCH}),
    "arrays_large": lambda: figures.arrays({"digit": figures.digit(30), "row": np.arange(5)}),
    "arrays_odd": lambda: figures.arrays(
        {'a <b> & "c"': [[np.nan, np.inf], [-1e9, -1234.5]], "none": np.zeros((2, 0))}
    ),
    "arrays_windows": lambda: figures.arrays(
        {"x": X, "out": [[5, 7]]},
        {
            "x": {"window": SHOULD[0, 1], "second": (X % 5 == 0)},
            "out": {"output": [[False, True]], "differs": [[True, False]]},
        },
    ),
    "attempt": attempted,
    "maps_grey": lambda: figures.maps({"digit": figures.digit(), "small": figures.digit(14)}),
    "maps_signed": lambda: figures.maps({"edges": np.diff(figures.digit()), "two": BATCH[0]}),
    "hop_or_keep": figures.hop_or_keep,
    "hop_or_keep_overlap": lambda: figures.hop_or_keep(7, 9, (3, 2), (2, 1)),
    "as_written": figures.as_written_as_coded,
    "as_written_square": lambda: figures.as_written_as_coded(8, 8, 2, 2, (3, 3)),
    "as_written_outside": lambda: figures.as_written_as_coded(5, 8, output=(2, 1)),
    "divisor_maps": figures.divisor_maps,
    "divisor_maps_set": lambda: figures.divisor_maps(
        ceil_mode=True, count_include_pad=False, frameworks=("caffe", "pytorch")
    ),
    "divisor_maps_square": lambda: figures.divisor_maps(7, 9, 3, 2, 1),
    "lenet_s2": figures.lenet_s2,
    "convolution_cell": figures.convolution_cell,
    "convolution_cell_padded": lambda: figures.convolution_cell(
        stride=(2, 1), padding=(1, 2), output=(0, 0, 1)
    ),
    "pooling_cell_average": figures.pooling_cell,
    "pooling_cell_padded": lambda: figures.pooling_cell(padding=(1, 1), output=(1, 0, 0)),
    "pooling_cell_subsampling": lambda: figures.pooling_cell("subsampling", output=(1, 2, 1)),
    "channel_wiring": figures.channel_wiring,
    "channel_wiring_depthwise": lambda: figures.channel_wiring(("depthwise", "convolution"), 6, 4),
    "flip": figures.flip,
    "coverage_rows": figures.coverage_rows,
    "coverage_map": figures.coverage_map,
    "coverage_map_padded": lambda: figures.coverage_map(6, 9, (3, 2), (2, 3), (1, 0)),
    "spread_back": figures.spread_back,
    "spread_back_unread": lambda: figures.spread_back([[1, 2], [3, 4]], 2, 3, (2, 2), (6, 7)),
    "sum_loss_test": figures.sum_loss_test,
    "one_pixel_shift": figures.one_pixel_shift,
    "one_pixel_shift_blurred": lambda: figures.one_pixel_shift((0, 1, 2), "[1, 2, 1] / 4", 6),
    "one_pixel_shift_coarse": lambda: figures.one_pixel_shift(3, "average, k = 3", 1, 8),
    "polyphase_parts": figures.polyphase_parts,
    "stride_by_parts": figures.stride_by_parts,
    "stride_by_parts_unread": lambda: figures.stride_by_parts(5, 8, (1, 3), 2, (1, 1)),
    "stripes_halved": figures.stripes_halved,
    "mixing_matrix": figures.mixing_matrix,
    "mixing_matrix_unequal": lambda: figures.mixing_matrix(
        ("average", "grouped", "table", "convolution"), 6, 4, (3, 2), table=[[5], [0, 2], [1], [3]]
    ),
    "channel_moved": figures.channel_moved,
    "channel_moved_asked": lambda: figures.channel_moved("grouped", 4, False),
    "channel_moved_one_to_one": lambda: figures.channel_moved("average", 5, kernel_size=(2, 3)),
    "connection_table": figures.connection_table,
    "nested_sets": figures.nested_sets,
    "ruler": figures.ruler,
    "ruler_ceil": lambda: figures.ruler(ceil_mode=True),
    "ruler_dilated": lambda: figures.ruler(9, 3, 2, 1, 2),
    "ruler_dropped": lambda: figures.ruler(6, 1, 4, ceil_mode=True),
    "ruler_same": lambda: figures.ruler(6, 3, 2, (0, 1)),
    "same_windows": figures.same_windows,
    "same_windows_even": lambda: figures.same_windows(7, 4, 3),
    "ruler_caffe": lambda: figures.ruler(7, 2, 2, 1, convention="caffe"),
    "ruler_tensorflow": lambda: figures.ruler(8, 3, 2, 1, 1, True, "tensorflow"),
    "ruler_torch7": lambda: figures.ruler(5, 1, 3, ceil_mode=True, convention="torch7"),
    "window_explorer": lambda: figures.window_explorer(stride=(1, 2), output=(0, 1, 1)),
    "window_explorer_ceil": lambda: figures.window_explorer(
        "average", kernel_size=(3, 2), stride=2, padding=1, ceil_mode=True, output=(1, 2, 2)
    ),
    "window_explorer_subsampling": lambda: figures.window_explorer(
        "subsampling", weight=[2, 3], bias=[1, -1], kernel_size=2, output=(1, 2, 0)
    ),
    "window_explorer_answer": lambda: figures.window_explorer(
        output=(0, 0, 1), answer=Answer(MIRRORED, SHIFTED)
    ),
    "size_map": figures.size_map,
    "size_map_padded": lambda: figures.size_map(5, 1, 14, 6),
    "votes": lambda: figures.votes(*VOTES),
    "votes_revealed": lambda: figures.votes(*VOTES, revealed=True),
}

each_figure = pytest.mark.parametrize("name", EXAMPLES)


def parts(figure: figures.Figure) -> tuple[ElementTree.Element, ElementTree.Element]:
    """Return the svg and the caption."""
    root = ElementTree.fromstring(re.sub("(?s)<script.*?</script>", "", figure.html))
    assert root.tag == "figure"
    picture, caption, *rest = root
    assert [part.tag for part in rest] == (["p", "p"] if "data-attempt" in root.attrib else [])
    assert (picture.tag, caption.tag) == (f"{SVG}svg", "figcaption")
    return picture, caption


def texts(figure: figures.Figure) -> list[str]:
    return [element.text or "" for element in parts(figure)[0].iter(f"{SVG}text")]


def caption(figure: figures.Figure) -> str:
    return parts(figure)[1].text or ""


def text_boxes(picture: ElementTree.Element) -> list[tuple[str, float, float, float, float]]:
    """Return `(text, left, top, right, bottom)` of every text, with the groups around it
    applied."""
    boxes = []

    def visit(element: ElementTree.Element, dx: float, dy: float, style: dict[str, str]) -> None:
        style = style | element.attrib
        move = re.fullmatch(r"translate\((\S+) (\S+)\)", element.get("transform", ""))
        if move:
            dx, dy = dx + float(move[1]), dy + float(move[2])
        if element.tag == f"{SVG}text":
            size, text = float(style["font-size"]), element.text or ""
            width = svg.text_width(text, size, "font-weight" in style)
            share = {"start": 0.0, "middle": 0.5, "end": 1.0}[style["text-anchor"]]
            left, baseline = (
                dx + float(element.attrib["x"]) - share * width,
                dy + float(element.attrib["y"]),
            )
            boxes.append((text, left, baseline - 0.72 * size, left + width, baseline))
        for child in element:
            visit(child, dx, dy, style)

    visit(picture, 0, 0, {})
    return boxes


def outlined(figure: figures.Figure) -> int:
    """How many cells are outlined as "differs"."""
    paths = [p.attrib for p in parts(figure)[0].iter(f"{SVG}path")]
    return sum(p["d"].count("M") for p in paths if p.get("stroke-width") == "2.6")


@each_figure
def test_is_a_figure_with_words(name):
    figure = EXAMPLES[name]()
    picture, below = parts(figure)
    assert picture.get("role") == "img"
    assert picture.get("aria-label") == figure.alt
    assert "max-width:100%" in picture.get("style", "")
    assert len(figure.alt) > 40 and len(below.text or "") > 40
    assert figure._repr_html_() == figure.html
    assert figure._repr_mimebundle_() == {"text/html": figure.html, "text/plain": figure.alt}


@each_figure
def test_is_small_and_needs_nothing_from_outside(name):
    html = EXAMPLES[name]().html
    assert len(html.encode()) < 200_000
    if name == "attempt":  # its script is looked at in test_attempt.py
        html = re.sub("(?s)<script.*?</script>", "", html)
    assert not re.search(r"<script|<style|<image|<use|href|url\(|@import|\son\w+=", html)
    assert re.findall(r"https?://[^\"]+", html) == ["http://www.w3.org/2000/svg"]


@each_figure
def test_text_takes_the_colour_of_the_page(name):
    picture, _ = parts(EXAMPLES[name]())
    assert picture.get("fill") == "currentColor"
    for element in picture.iter():
        if element.tag == f"{SVG}text" or element.find(f"{SVG}text") is not None:
            assert element.get("fill") in (None, "currentColor")


@each_figure
def test_no_two_texts_overlap_and_none_is_cut_off(name):
    picture, _ = parts(EXAMPLES[name]())
    left, top, width, height = map(float, picture.attrib["viewBox"].split())
    boxes = text_boxes(picture)
    assert boxes
    for i, (text, x1, y1, x2, y2) in enumerate(boxes):
        assert left <= x1 and x2 <= left + width and top <= y1 and y2 <= top + height, text
        for other, u1, v1, u2, v2 in boxes[:i]:
            apart = x2 <= u1 or u2 <= x1 or y2 <= v1 or v2 <= y1
            assert apart, f"{text!r} overlaps {other!r}"


def test_the_overlap_test_sees_an_overlap():
    canvas = svg.Canvas()
    canvas.text(0, 0, "one")
    canvas.text(4, 4, "two")
    first, second = text_boxes(ElementTree.fromstring(canvas.svg("two words")))
    assert first[3] > second[1] and first[4] > second[2]


def test_figures_on_one_page_share_no_ids():
    page = "".join(make().html for make in EXAMPLES.values())
    ids = re.findall(r"\bid=\"([^\"]*)\"", page)
    assert len(ids) == len(set(ids))
    assert "url(#" not in page


@each_figure
def test_looks_as_it_did(name, update_golden):
    path = GOLDEN / f"{name}.html"
    html = EXAMPLES[name]().html + "\n"
    if update_golden:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, encoding="utf-8")
    assert path.exists(), f"{path} is missing: run pytest tests/test_figures.py --update-golden"
    assert html == path.read_text(encoding="utf-8"), (
        f"{name} has changed: look at it, then run pytest tests/test_figures.py --update-golden"
    )


def test_every_golden_file_belongs_to_an_example():
    assert {path.stem for path in GOLDEN.glob("*.html")} == set(EXAMPLES)


def test_every_public_figure_has_an_example():
    made = {name for name in figures.__all__ if name not in ("Figure", "attempt", "digit")}
    sources = " ".join(
        " ".join((*make.__code__.co_names, make.__name__)) for make in EXAMPLES.values()
    )
    assert {name for name in made if name not in sources} == set()


def test_same_settings_same_bytes_in_another_process():
    code = (
        "from strided import figures; print(figures.hop_or_keep().html + figures.lenet_s2().html)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert run.stdout.rstrip("\n") == figures.hop_or_keep().html + figures.lenet_s2().html


# arrays


def test_arrays_writes_every_number_and_shape():
    seen = texts(EXAMPLES["arrays"]())
    assert {"target", "yours", "shape (2, 2, 3)", "[0]", "[1]"} <= set(seen)
    for value in TARGET.ravel():
        assert seen.count(svg.short(value)) >= 1
    assert sum(seen.count(svg.short(v)) for v in np.unique(TARGET)) >= TARGET.size


def test_arrays_tints_by_size_and_by_no_hue():
    figure = figures.arrays({"a": [[-4, 0, 4]]})
    assert "the smallest, −4, has none" in caption(figure)
    paths = [p.attrib for p in parts(figure)[0].iter(f"{SVG}path") if "fill-opacity" in p.attrib]
    assert [p["fill"] for p in paths] == ["currentColor"] * 2  # 0 and 4, but not −4
    assert float(paths[0]["fill-opacity"]) < float(paths[1]["fill-opacity"])
    assert "has none" not in caption(figures.arrays({"a": [[0, 4]]}))


def test_arrays_marks_roles_with_a_legend_and_words():
    figure = EXAMPLES["arrays_windows"]()
    assert {"window", "another reading", "this output", "differs"} <= set(texts(figure))
    assert "Marked as window: x[0:2, 2:4]." in figure.alt
    assert "Marked as another reading: x[0, 0], x[1, 1], x[2, 2]." in figure.alt
    assert (
        "Marked as this output: out[0, 1]." in figure.alt and "1 of 2 differ: [0, 0]." in figure.alt
    )
    dashed = [r for r in parts(figure)[0].iter(f"{SVG}rect") if "stroke-dasharray" in r.attrib]
    assert len(dashed) == 3 + 1  # three cells that are no block, and the legend's
    called = figures.arrays({"x": X}, {"x": {"window": X > 9}}, names={"window": "what it reads"})
    assert "what it reads" in texts(called) and "Marked as what it reads: x[2, 2:4]." in called.alt


def test_colours_are_named_in_one_place():
    pattern = re.compile(
        r"#[0-9a-fA-F]{3,6}\b|\brgba?\(|fill=\"(?!none|currentColor|\{|transparent)"
    )
    folder = Path(svg.__file__).parent
    found = {
        path.name
        for path in [*folder.glob("*.py"), *folder.glob("*.js")]
        if pattern.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"svg.py"}


def test_arrays_says_in_words_what_differs():
    figure = EXAMPLES["arrays"]()
    assert "target, shape (2, 2, 3): [0]: 1 2.5 −3; 4 0 0.333. [1]: 1 2 3; 4 −5 6." in figure.alt
    assert "2 of 12 differ: [0, 0, 1], [1, 1, 2]." in figure.alt
    assert "differs (2 of 12)" in caption(figure)
    assert "f(x 2x2x3)." in caption(figure)
    assert outlined(figure) == 2


def test_arrays_shows_a_batch_as_rows_of_channels():
    picture, _ = parts(EXAMPLES["arrays_batch"]())
    where = {text: (x, y) for text, x, y, *_ in text_boxes(picture) if text.startswith("[")}
    assert set(where) == {"[0, 0]", "[0, 1]", "[1, 0]", "[1, 1]"}
    assert where["[0, 0]"][1] == where["[0, 1]"][1] < where["[1, 0]"][1]
    assert where["[0, 0]"][0] == where["[1, 0]"][0] < where["[0, 1]"][0]


def test_arrays_says_what_it_leaves_out():
    figure = EXAMPLES["arrays_large"]()
    assert "only the first 28 × 28 drawn" in texts(figure)
    assert "digit, shape (30, 30), values from 0 to 1." in figure.alt
    wide = figures.arrays({"w": np.zeros((16, 6, 2, 3))})
    assert "only the first 4 × 4 × 2 × 3 drawn" in texts(wide)


@pytest.mark.parametrize(
    "array",
    [np.full((2, 3), np.nan), np.full((20, 20), np.inf), np.array(3), np.zeros(0), [[True]]],
)
def test_arrays_draws_whatever_numbers_come_without_a_warning(array):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert str(np.shape(array)) in figures.arrays({"yours": array}).alt


def test_arrays_stays_small_when_everything_is_wrong():
    target = np.random.default_rng(0).normal(size=(2, 2, 12, 12))
    everywhere = np.ones(target.shape, dtype=bool)
    figure = figures.arrays(
        {"x": target, "target": target, "yours": -target}, {"yours": everywhere}
    )
    assert outlined(figure) == target.size
    huge = np.random.default_rng(1).normal(size=(9, 9, 99, 99))
    figure = figures.arrays({"x": target, "target": target, "yours": huge})
    assert "only the first 2 × 2 × 28 × 28 drawn" in texts(figure)


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (-0.0, "0"), (1 / 3, "0.333"), (-2.5, "−2.5"), (12345, "12345"), (1e9, "1e9")]
    + [(1234.5, "1.23e3"), (1.5e-7, "1.5e-7"), (np.nan, "nan"), (-np.inf, "−∞")],
)
def test_numbers_are_written_shortly(value, text):
    assert svg.short(value).replace("e−", "e-") == text


# maps


def test_maps_share_one_stated_scale():
    grey, signed = EXAMPLES["maps_grey"](), EXAMPLES["maps_signed"]()
    assert "black 0, white 1" in caption(grey) and "black 0, white 1" in grey.alt
    assert "dark blue −9, grey 0, light yellow 9" in caption(signed)
    assert {"−9", "0", "9", "edges", "28 × 27", "two [0]", "two [1]"} <= set(texts(signed))
    r, c = np.unravel_index(figures.digit().argmax(), (28, 28))
    assert (
        f"digit: 28 × 28, values from 0 to 1, mean {svg.short(figures.digit().mean())}, "
        in grey.alt
    )
    assert f"largest at row {r}, column {c}." in grey.alt


@pytest.mark.parametrize("diverging", [False, True])
def test_scales_keep_their_order_without_colour(diverging):
    def lightness(colour):
        r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    scale = [lightness(tone_colour(step, diverging)) for step in range(TONES)]
    assert all(a < b for a, b in zip(scale, scale[1:], strict=False))


def test_a_map_draws_each_pixel_in_its_tone():
    picture, _ = parts(figures.maps({"m": [[0, 0, 0], [1, 0, 1]]}))
    paths = [
        p.attrib
        for p in picture.iter(f"{SVG}path")
        if p.get("fill") == tone_colour(TONES - 1, False)
    ]
    # The first is the map's, the second the scale's.
    assert paths[0]["d"] == "M0 16h16v16h-16zM32 16h16v16h-16z"


# hop or keep


@pytest.mark.parametrize(
    "setting",
    [(6, 8, (2, 3), (2, 3)), (7, 9, (3, 2), (2, 1)), (5, 5, (1, 1), (1, 1)), (4, 6, 3, 5)],
)
def test_hop_or_keep_counts_the_work(setting):
    height, width, kernel, stride = setting
    figure = figures.hop_or_keep(*setting)
    (kh, kw), (dh, dw) = np.broadcast_to(kernel, 2), np.broadcast_to(stride, 2)
    computed = (height - kh + 1) * (width - kw + 1)
    kept = len(range(0, height - kh + 1, dh)) * len(range(0, width - kw + 1, dw))
    for words in (figure.alt, caption(figure)):
        work = svg.counted(kept * kh * kw, "multiplication")
        assert f"computes {svg.counted(kept, 'output')} with {work}" in words
        assert f"{computed} outputs and {computed * kh * kw} multiplications" in words
        assert f"throws {computed - kept} of {computed} outputs away" in words
    assert ("thrown away" in texts(figure)) == (computed > kept)


def test_hop_or_keep_lights_up_the_same_numbers_on_both_sides():
    figure = figures.hop_or_keep()
    image = np.array([[(3 * r + 5 * c + r * c) % 10 for c in range(8)] for r in range(6)])
    kept = [[image[r : r + 2, c : c + 3].sum() for c in (0, 3)] for r in (0, 2, 4)]
    assert f"both sides: {'; '.join(' '.join(map(str, line)) for line in kept)}." in figure.alt
    seen = texts(figure)
    for letter in "ABCDEF":
        assert seen.count(letter) == 4  # window, dense result, and the two results
    for value in np.ravel(kept):
        assert seen.count(str(value)) >= 3
    assert "12 of 48 input cells are never read" in figure.alt and "never read" in seen
    crosses = [p for p in parts(figure)[0].iter(f"{SVG}path") if "#D55E00" in p.get("stroke", "")]
    assert crosses[0].attrib["d"].count("M") == 2 * 24


# the printed formula


def read_windows(height, width, kernel, stride, i, j):
    """The cells of the two readings, by the letter."""
    (kh, kw), (dh, dw) = kernel, stride
    taps = [(s, t) for s in range(1, kw + 1) for t in range(1, kh + 1)]
    written = {
        (dW, dH) for dW, dH in ((dw * (i - 1) + s - 1, dh * (j - 1) + t - 1) for s, t in taps)
    }
    return written, {(column, row) for row, column in written}


@pytest.mark.parametrize(
    "setting",
    [
        (6, 8, (2, 3), (2, 3)),
        (8, 8, (2, 2), (2, 2)),
        (7, 9, (2, 2), (1, 3)),
        (9, 9, (1, 1), (2, 3)),
    ],
)
def test_as_written_agrees_where_both_read_the_same_cells(setting):
    height, width, kernel, stride = setting
    rows = geometry.output_size(height, kernel[0], stride[0])
    columns = geometry.output_size(width, kernel[1], stride[1])
    outputs = [(i, j) for i in range(1, columns + 1) for j in range(1, rows + 1)]
    same = []
    for i, j in outputs:
        written, coded = read_windows(height, width, kernel, stride, i, j)
        same += [(i, j)] if written == coded else []
        here = "the same window" if written == coded else "different windows"
        figure = figures.as_written_as_coded(*setting, output=(i, j))
        assert f"At this output they read {here}." in figure.alt
        off = sum(r >= height or c >= width for r, c in written)
        assert ("runs off the image" in figure.alt) == bool(off)
        assert (f"{off} of {len(written)} cells are outside the image" in texts(figure)) == bool(
            off
        )
    listed = f"at {len(same)} of {len(outputs)} outputs (i, j): {', '.join(map(str, same))}."
    assert (listed if same else f"at none of the {len(outputs)} outputs") in figure.alt
    assert (listed if same else f"at none of the {len(outputs)} outputs") in caption(figure)


def test_as_written_agrees_on_the_diagonal_of_the_square_case():
    words = caption(figures.as_written_as_coded(8, 8, 2, 2, (3, 3)))
    assert "the same window" in words
    assert "at 4 of 16 outputs (i, j): (1, 1), (2, 2), (3, 3), (4, 4)." in words


# divisors


def test_divisor_maps_show_every_framework_and_its_divisors():
    figure = figures.divisor_maps()
    seen = texts(figure)
    for name in ("Torch7", "Caffe", "TensorFlow", "PyTorch", "ONNX"):
        assert seen.count(name) == 1
    expected = {
        "Torch7 (floor, padding counted), 2 × 3 outputs: 6 6 6; 6 6 6.",
        "Caffe (ceil, padding counted), 2 × 4 outputs: 6 6 6 3; 6 6 6 3.",
        "TensorFlow (SAME, padding not counted), 2 × 4 outputs: 6 6 6 3; 4 4 4 2.",
        "PyTorch (floor, padding counted), 2 × 3 outputs: 6 6 6; 6 6 6.",
        "ONNX (floor, padding not counted), 2 × 3 outputs: 4 4 4; 6 6 6.",
    }
    assert all(sentence in figure.alt for sentence in expected)
    # Outlined: 2 of Caffe's, 5 of TensorFlow's, 3 of ONNX's, and the swatch of the legend.
    assert outlined(figure) == 2 + 5 + 3 + 1


def test_divisor_maps_without_padding_say_valid():
    figure = figures.divisor_maps(padding=0)
    assert "TensorFlow (VALID, no padding)" in figure.alt and "VALID" in texts(figure)


# LeNet-5


def test_lenet_s2_tells_the_ranges():
    figure = figures.lenet_s2(gains=(1,), biases=(0, -2))
    digit = figures.digit()
    sums = digit[::2, ::2] + digit[1::2, ::2] + digit[::2, 1::2] + digit[1::2, 1::2]
    for bias in (0, -2):
        out = 1.7159 * np.tanh(2 / 3 * (sums + bias))
        low, high = svg.short(out.min()), svg.short(out.max())
        assert f"Gain 1, bias {svg.short(bias)}: from {low} to {high}" in figure.alt
    assert {"gain 1", "bias 0", "bias −2", "digit", "28 × 28", "14 × 14"} <= set(texts(figure))


def test_digit_is_ink_on_paper():
    digit = figures.digit()
    assert digit.shape == (28, 28) and digit.dtype == np.float64
    assert digit.min() == 0 and digit.max() == 1
    assert np.array_equal(digit, figures.digit()) and np.array_equal(
        np.rint(255 * digit), 255 * digit
    )
    assert not digit[[0, -1]].any() and not digit[:, [0, -1]].any()
    assert 0.05 < digit.mean() < 0.25
    assert figures.digit(14).shape == (14, 14)


# one output


def total(figure: figures.Figure) -> str:
    """The last result that the words give."""
    return re.findall(r"[=≈] (−?[\d.e−]*\d)", figure.alt)[-1]


def test_convolution_cell_adds_up():
    x = np.arange(2 * 5 * 4).reshape(2, 5, 4) % 7
    weight = np.arange(2 * 2 * 3 * 2).reshape(2, 2, 3, 2) - 9
    bias = np.array([5, -3])
    expected = formulas.conv2d(x, weight, bias, (2, 1), (1, 1))
    for k, y, column in np.ndindex(expected.shape):
        figure = figures.convolution_cell(x, weight, bias, (2, 1), (1, 1), (k, y, column))
        answer = svg.short(expected[k, y, column])
        assert total(figure) == answer
        seen = texts(figure)
        assert {answer, f"out[{k}, {y}, {column}]", f"bias[{k}]", "padding (zeros)"} <= set(seen)
        assert {"x[0]", "x[1]", f"weight[{k}, 0]", f"weight[{k}, 1]", "products", "sum"} <= set(
            seen
        )


def test_convolution_cell_without_bias_shows_none():
    figure = figures.convolution_cell(np.ones((1, 3, 4)), np.ones((1, 1, 2, 3)))
    assert figure.alt.endswith("sum 6. 6 = 6.")
    assert not [text for text in texts(figure) if text.startswith("bias")]


def test_convolution_cell_default_by_hand():
    figure = figures.convolution_cell()
    assert (
        "Channel 0: window 1 0 4; 3 1 2; kernel 1 2 0; 0 −1 3; products 1 0 0; 0 −1 6; sum 6."
        in figure.alt
    )
    assert (
        "Channel 1: window 2 3 1; 0 2 4; kernel 2 0 1; 1 1 −2; products 4 0 1; 0 2 −8; sum −1."
        in figure.alt
    )
    assert "6 + −1 + bias 1 = 6" in caption(figure)


def test_pooling_cell_adds_up():
    x = np.arange(2 * 5 * 4).reshape(2, 5, 4) % 7
    average = formulas.avg_pool2d(np.pad(x, ((0, 0), (1, 1), (1, 1))), (3, 2), (2, 1))
    sub = formulas.subsample2d(x, np.array([2, -3]), np.array([5, 4]), (3, 2), (2, 1))
    for k, y, column in np.ndindex(average.shape):
        figure = figures.pooling_cell(
            "average", x, None, None, (3, 2), (2, 1), (1, 1), (k, y, column)
        )
        assert total(figure) == svg.short(average[k, y, column])
        assert {"1/6", "1/(kH·kW)", "not read by this output"} <= set(texts(figure))
    for k, y, column in np.ndindex(sub.shape):
        figure = figures.pooling_cell(
            "subsampling", x, [2, -3], [5, 4], (3, 2), (2, 1), output=(k, y, column)
        )
        assert total(figure) == svg.short(sub[k, y, column])
        assert {f"weight[{k}]", f"bias[{k}]", f"out[{k}, {y}, {column}]"} <= set(texts(figure))


def test_the_three_operators_read_the_same_window_by_default():
    assert "window 1 0 4; 3 1 2" in figures.convolution_cell().alt
    assert "Window in channel 0: 1 0 4; 3 1 2" in figures.pooling_cell().alt
    assert "Window in channel 0: 1 0 4; 3 1 2" in figures.pooling_cell("subsampling").alt


def test_flip_turns_rows_and_columns():
    figure = figures.flip()
    assert "Kernel 1 2 3; 4 5 6; turned by 180° 6 5 4; 3 2 1;" in figure.alt
    assert "Cross-correlation gives 56, convolution 49." in figure.alt
    assert "56 and 49" in caption(figure)
    assert {"cross-correlation", "convolution", "56", "49"} <= set(texts(figure))
    assert "nothing tells the two apart" in caption(figures.flip(np.ones((2, 3))))


# channels


def test_channel_wiring_counts_lines_and_parameters():
    figure = figures.channel_wiring(
        ("average", "subsampling", "depthwise", "convolution"), 6, 4, (2, 2)
    )
    for name, lines, parameters in (
        ("Average pooling", 6, "0"),
        ("SubSampling", 6, "6 + 6 = 12"),  # LeNet-5's S2
        ("Depthwise convolution", 6, "6·2·2 + 6 = 30"),
        ("Convolution", 24, "4·6·2·2 + 4 = 100"),
    ):
        assert name in texts(figure) and f"parameters: {parameters}" in texts(figure)
        sentence = next(
            part for part in figure.alt.split("Parameters: ") if f"{name}: 6 input" in part
        )
        assert f"{lines} lines" in sentence
        assert f"Parameters: {parameters}." in figure.alt
    drawn = [p.attrib["d"].count("M") for p in parts(figure)[0].iter(f"{SVG}path")]
    assert [n for n in drawn if n in (6, 24)] == [6, 6, 6, 24]


# what is refused


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: figures.arrays({}), "named is empty"),
        (lambda: figures.arrays({"x": [[1, 2], [3]]}), "ragged"),
        (lambda: figures.arrays({"x": None}), "dtype object"),
        (lambda: figures.arrays({"x": [[1j]]}), "dtype complex"),
        (lambda: figures.arrays({"x": np.zeros((1, 1, 1, 1, 1))}), "at most 4 axes"),
        (lambda: figures.arrays({"x": [[1]]}, {"x": {"hue": [[True]]}}), "the role 'hue'"),
        (lambda: figures.arrays({"x": [[1]]}, {"y": [[True]]}), "'y'"),
        (lambda: figures.arrays({"x": [[1]]}, {"x": [True]}), r"\(1,\), its array \(1, 1\)"),
        (lambda: figures.maps({}), "named is empty"),
        (lambda: figures.maps({"x": [1, 2]}), r"2-D or 3-D, got shape \(2,\)"),
        (lambda: figures.maps({"x": [[np.nan]]}), "not finite"),
        (lambda: figures.maps({"x": np.zeros((200, 200))}), "40000 pixels"),
        (
            lambda: figures.maps(
                {str(i): np.random.default_rng(i).random((120, 120)) for i in (1, 2)}
            ),
            "kB",
        ),
        (lambda: figures.hop_or_keep(0), "height must be at least 1"),
        (lambda: figures.hop_or_keep(40), "at most 12"),
        (lambda: figures.hop_or_keep(3, 3, (4, 1)), "no window fits"),
        (lambda: figures.hop_or_keep(stride=0), "stride must be at least 1, got 0"),
        (lambda: figures.hop_or_keep(stride=(1, 2, 3)), "pair"),
        (lambda: figures.as_written_as_coded(output=(9, 1)), r"only 2 outputs along the width"),
        (lambda: figures.as_written_as_coded(output=(0, 1)), r"output\[0\]"),
        (lambda: figures.divisor_maps(padding=5), "padding"),
        (lambda: figures.divisor_maps(24, 24, 2, 1), "12 x 12"),
        (lambda: figures.lenet_s2(gains=()), "gains"),
        (lambda: figures.lenet_s2(biases=(np.inf,)), "finite"),
        (lambda: figures.digit(4), "size"),
        (lambda: figures.convolution_cell(np.zeros((5, 4, 4))), "at most 4 channels"),
        (lambda: figures.convolution_cell(np.zeros((1, 4, 4))), "2 input channels"),
        (lambda: figures.convolution_cell(output=(0, 9, 9)), r"the output has shape \(1, 3, 3\)"),
        (lambda: figures.convolution_cell(output=(0, 1)), "channel, row, column"),
        (lambda: figures.convolution_cell(bias=[1, 2]), r"bias has shape \(2,\)"),
        (lambda: figures.pooling_cell("max"), "kind must be one of"),
        (lambda: figures.pooling_cell(weight=[1, 2]), "no weight"),
        (lambda: figures.pooling_cell("subsampling", weight=[1]), r"weight has shape \(1,\)"),
        (lambda: figures.pooling_cell("subsampling", padding=1), "no padding"),
        (lambda: figures.pooling_cell(padding=(2, 0)), "half"),
        (lambda: figures.flip([1, 2]), "2-D"),
        (lambda: figures.flip(np.zeros((7, 2))), "6 x 6"),
        (lambda: figures.channel_wiring("grouped"), "kind must be one of"),
        (lambda: figures.channel_wiring(channels=9), "at most 8"),
    ],
)
def test_bad_settings_are_refused_in_words(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_a_size_that_is_no_integer_is_refused():
    with pytest.raises(TypeError, match="height must be an int, got 6.0"):
        figures.hop_or_keep(6.0)
