"""The figures of the way back say what is true."""

from xml.etree import ElementTree

import numpy as np
import pytest

from strided import figures, geometry, operators, slips
from strided.figures.coverage import SUM_LOSS

SVG = "{http://www.w3.org/2000/svg}"


def texts(figure: figures.Figure) -> list[str]:
    root = ElementTree.fromstring(figure.html)
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_the_rows_are_counted_right():
    alt = figures.coverage_rows().alt
    assert "Kernel 3, stride 2: 1 1 2 1 2 1 2 1 1." in alt
    assert "Kernel 2, stride 3: 1 1 0 1 1 0 1 1 0." in alt
    assert "never read" in texts(figures.coverage_rows())
    assert "never read" not in texts(figures.coverage_rows(9, [(3, 2)]))


@pytest.mark.parametrize(
    "setting", [(7, 10, 3, 2, 0), (6, 9, (3, 2), (2, 3), (1, 0)), (4, 5, 1, 3, 0)]
)
def test_the_map_is_the_gradient_of_a_sum_of_window_sums(setting):
    height, width, kernel_size, stride, padding = setting
    x, ones = np.zeros((1, height, width)), np.ones((1, 1, *np.broadcast_to(kernel_size, 2)))
    outputs = np.ones_like(operators.conv2d(x, ones, None, stride, padding))
    counts = operators.conv2d_backward(outputs, x, ones, stride, padding)[0][0].astype(int)
    figure = figures.coverage_map(*setting)
    assert "; ".join(" ".join(map(str, line)) for line in counts) in figure.alt
    unread = int((counts == 0).sum())
    assert (f"{unread} of {counts.size} pixels are read by no window" in figure.alt) == (unread > 0)


def test_the_followed_pixel_collects_what_its_readers_send():
    figure = figures.spread_back()
    assert "read by out[0, 0], out[0, 1], out[1, 0] and out[1, 1], so it receives" in figure.alt
    assert "1 + 3 + 4 + (−2) = 6." in figure.alt
    assert {"A", "B", "C", "D"} <= set(texts(figure))
    one = figures.spread_back(pixel=(0, 0)).alt
    assert "Pixel [0, 0] was read by out[0, 0], so it receives 1." in one


def test_a_pixel_that_nobody_reads_receives_nothing():
    figure = figures.spread_back([[1, 2], [3, 4]], 2, 3, (2, 2), (6, 7))
    assert "Pixel [2, 2] was read by no window, so it receives 0." in figure.alt


def test_the_sum_loss_sees_none_of_the_five_and_other_numbers_see_all():
    figure = figures.sum_loss_test()
    assert len(SUM_LOSS) == 5
    assert "with ones, 5 of 5 pass; with different numbers, 0 of 5 pass" in figure.alt
    assert sum("0 of 40 differ: passes" in text for text in texts(figure)) == 5
    assert sum("differ: caught" in text for text in texts(figure)) == 5
    for id in SUM_LOSS:
        assert slips.bank("conv2d_backward")[id].gives in figure.alt


def test_a_slip_that_a_sum_does_see_is_told_so():
    assert "with ones, 0 of 1 pass" in figures.sum_loss_test(["kernel_turned"]).alt


@pytest.mark.parametrize(
    "draw, words",
    [
        (lambda: figures.coverage_rows(17), "at most 16"),
        (lambda: figures.coverage_rows(9, []), "1 to 6 pairs"),
        (lambda: figures.coverage_map(2, 2, 3), "no window fits"),
        (lambda: figures.spread_back(size=(9, 9)), "has not the"),
        (lambda: figures.spread_back(pixel=(3, 0)), "outside"),
        (lambda: figures.spread_back(np.ones((3, 9))), "at most 26"),
        (lambda: figures.sum_loss_test(["none"]), "no slip 'none'"),
        (lambda: figures.sum_loss_test([]), "1 to 8"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, words):
    with pytest.raises(ValueError, match=words):
        draw()


def test_coverage_along_an_axis_counts_windows():
    assert geometry.coverage(7, 4, 2).tolist() == [1, 1, 2, 2, 1, 1, 0]
    assert geometry.coverage(5, 3, 2, 1).tolist() == [1, 2, 1, 2, 1]
    for n, k, d, p in np.ndindex(8, 4, 4, 3):
        setting = n + k + 1, k + 1, d + 1, p
        windows = [geometry.window(i, *setting[1:]) for i in range(geometry.output_size(*setting))]
        expected = [sum(a <= pixel < b for a, b in windows) for pixel in range(setting[0])]
        assert geometry.coverage(*setting).tolist() == expected
