"""The ruler and the map of sizes: what they say is what an enumeration of windows says."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_figures import caption, parts, texts

from strided import figures
from strided.geometry import lost_border, output_size

SVG = "{http://www.w3.org/2000/svg}"


def outputs(figure: figures.Figure) -> list[list[int]]:
    """The positions that each output reads, told from the words."""
    read = []
    for words in re.findall(r"Output \d+ reads ([^.]+)\.", figure.alt.replace("−", "-")):
        if " to " in words:
            first, last = map(int, words.split(" to "))
            read.append(list(range(first, last + 1)))
        else:
            read.append([int(word) for word in words.split(", ")])
    return read


@settings(deadline=None)
@given(
    st.integers(1, 14),
    st.integers(1, 4),
    st.integers(1, 4),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
    st.integers(1, 2),
    st.booleans(),
)
def test_the_ruler_tells_its_windows(n, kernel, stride, pads, dilation, ceil_mode):
    reach = dilation * (kernel - 1) + 1
    assume(n + sum(pads) >= reach)
    figure = figures.ruler(n, kernel, stride, pads, dilation, ceil_mode)
    windows = output_size(n, kernel, stride, pads, dilation, ceil_mode)
    expected = [
        [i * stride - pads[0] + tap * dilation for tap in range(kernel)] for i in range(windows)
    ]
    assert outputs(figure) == expected

    unread = sorted(set(range(n)) - {position for window in expected for position in window})
    listed = re.search(r"Pixels? ([\d, ]+) (?:is|are) never read", figure.alt)
    assert (list(map(int, listed[1].split(", "))) if listed else []) == unread
    assert ("never read" in texts(figure)) == bool(unread)

    overhangs = expected[-1][-1] >= n + pads[1]
    assert ("overhang" in texts(figure)) == overhangs == ("overhangs" in figure.alt)
    kept = re.search(r"= (\d+) windows?(?:\.|, of which (\d+) stay)", caption(figure))
    assert int(kept[2] or kept[1]) == windows
    assert ("dropped" in texts(figure)) == bool(kept[2]) == ("dropped" in figure.alt)
    gap = expected[-1][-1] < n + pads[1] - 1
    assert ("does not fit" in texts(figure)) == (gap and not ceil_mode)


def test_the_ruler_draws_every_window_and_its_output():
    figure = figures.ruler(9, 4, 3, 1)
    strokes = [rect.get("stroke-width") for rect in parts(figure)[0].iter(f"{SVG}rect")]
    assert strokes.count("2.6") == 3 + 1  # and the swatch of the legend
    assert texts(figure).count("→") == 3
    crossed = [p for p in parts(figure)[0].iter(f"{SVG}path") if p.get("stroke") == "#D55E00"]
    assert crossed[0].attrib["d"].count("M") == 2 * 4


def test_the_ruler_by_hand():
    figure = figures.ruler()
    assert figure.alt == (
        "A row of 8 pixels, 0 to 7, with no padding; windows of 3 pixels, stride 2. "
        "Output 0 reads 0 to 2. Output 1 reads 2 to 4. Output 2 reads 4 to 6. "
        "Pixel 7 is never read. "
        "Crossed out: one more window would need 6 to 8, but what there is ends with 7."
    )
    assert caption(figure) == "⌊(8 − 3)/2⌋ + 1 = ⌊2.5⌋ + 1 = 3 windows. Pixel 7 is never read."
    dropped = figures.ruler(6, 1, 4, ceil_mode=True)
    assert "⌈(6 − 1)/4⌉ + 1 = ⌈1.25⌉ + 1 = 3 windows, of which 2 stay." in caption(dropped)
    assert "would start at 8, where no pixel is left, and is dropped." in dropped.alt
    padding_only = figures.ruler(10, 4, 3, 2)
    assert "Every pixel is read all the same." in caption(padding_only)


@pytest.mark.parametrize(("kernel", "padding", "largest", "strides"), [(3, 0, 16, 5), (5, 1, 9, 6)])
def test_the_map_tells_outputs_and_losses(kernel, padding, largest, strides):
    figure = figures.size_map(kernel, padding, largest, strides)
    sizes = range(kernel - 2 * padding, largest + 1)
    uneven = 0
    for stride in range(1, strides + 1):
        line = re.search(rf"Stride {stride}: ([\d ]+) outputs, losing ([\d ]+) pixels", figure.alt)
        counted, lost = ([int(word) for word in group.split()] for group in line.groups())
        assert counted == [output_size(n, kernel, stride, padding) for n in sizes]
        assert lost == [lost_border(n, kernel, stride, padding) for n in sizes]
        uneven += sum((n + 2 * padding - kernel) % stride > 0 for n in sizes)
    assert f"Of {strides * len(sizes)} pairs, {uneven} leave a remainder" in caption(figure)
    assert sum(text.startswith("−") for text in texts(figure)) + texts(figure).count("0") == uneven


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: figures.ruler(25), "n must be at most 24"),
        (lambda: figures.ruler(4, 6), "no window fits"),
        (lambda: figures.ruler(stride=0), "stride must be at least 1, got 0"),
        (lambda: figures.ruler(padding=7), "padding must be at most 6"),
        (lambda: figures.ruler(padding=(1, 2, 3)), "before, after"),
        (lambda: figures.ruler(24, 4, 24, 6), "the ruler would be 55 cells wide"),
        (lambda: figures.size_map(largest=2), "largest must be at least 3"),
        (lambda: figures.size_map(largest=20), "largest must be at most 19"),
        (lambda: figures.size_map(strides=9), "strides must be at most 8"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(call, says):
    with pytest.raises(ValueError, match=says):
        call()
