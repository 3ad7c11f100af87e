"""An answer's result beside the target: what every output should read and did read, and how one asks."""

import json
import os
import re
import shutil
import sys

import numpy as np
import pytest

from strided import checks, figures, operators, slips
from strided.checks.core import Check
from strided.checks.reading import MOST, reads
from strided.figures.attempt import NAMES, Result, sentence
from strided.manifest import exercises

X = np.arange(35.0).reshape(5, 7)


def windows(x):
    """Sums of 2 x 3 windows that hop by (3, 2), in loops."""
    out = np.zeros((2, 3))
    for i, j in np.ndindex(2, 3):
        out[i, j] = x[3 * i : 3 * i + 2, 2 * j : 2 * j + 3].sum()
    return out


def expected_windows():
    where = np.zeros((2, 3, 5, 7), dtype=bool)
    for i, j in np.ndindex(2, 3):
        where[i, j, 3 * i : 3 * i + 2, 2 * j : 2 * j + 3] = True
    return where


# ---------------------------------------------------------------- what is read


@pytest.mark.parametrize(
    "function",
    [
        windows,
        lambda x: windows(x) - 4,
        lambda x: operators.conv2d(x[None], np.ones((1, 1, 2, 3)), stride=(3, 2))[0],  # not traced
        lambda x: [[float(v) for v in line] for line in windows(x)],  # not traced
        lambda x: np.tanh([[float(v) for v in line] for line in windows(x)]),  # saturated
    ],
)
def test_the_windows_are_found_traced_or_not(function):
    (found,) = reads(function, X)
    np.testing.assert_array_equal(found, expected_windows())


def test_every_result_and_the_first_array_are_looked_at():
    one, other = reads(lambda k, x, y: (x[:, 0] + y[0, 0], (x * y).sum() + k), 3, X, X * 0)
    assert one.shape == (5, 5, 7) and other.shape == (5, 7)
    assert one[2].sum() == 1 and one[2, 2, 0] and other.all()


def test_a_weight_of_zero_hides_nothing_and_a_mask_does():
    (found,) = reads(lambda x, w: (x * w).sum(0), X, np.zeros((5, 7)))
    assert found[3, :, 3].all() and found[3].sum() == 5
    (found,) = reads(lambda x: (x * np.eye(5, 7)).sum(0), X)
    assert found[3].sum() == 1 and not found[6].any()


@pytest.mark.parametrize(
    "function",
    [
        lambda x: 1 / 0,
        lambda x: None,
        lambda x: sys.exit(),
        lambda x: "text",
        lambda x: np.random.default_rng().random(3),
    ],
)
def test_what_cannot_be_read_is_not_guessed(function):
    assert reads(function, X) is None


def test_what_is_too_large_is_left_alone():
    assert reads(lambda x: x, np.zeros(MOST + 1)) is None
    assert reads(lambda n: n, 3) is None


def test_looking_prints_nothing(capfd):
    def chatty(x):
        print("hello")
        print("careful", file=sys.stderr)
        return x[:2]

    assert reads(chatty, X) is not None
    assert capfd.readouterr() == ("", "")


# ---------------------------------------------------------------- the figure


def data(figure):
    """What the script is told."""
    return json.loads(
        re.search('(?s)<script type="application/json">(.*?)</script>', figure.html)[1]
    )


def shifted(x, weight, bias=None, stride=1, padding=0):
    """Every window one column too far to the right."""
    moved = np.concatenate([x[..., 1:], x[..., :1]], axis=-1)
    return operators.conv2d(moved, weight, bias, stride, padding)


def test_yours_tells_the_windows_of_every_output():
    figure = checks.conv2d.yours(shifted)
    (out,) = data(figure)["outputs"]
    x = checks.conv2d.cases[0].args[0]
    assert out["titles"] == ["target", "yours"] and out["shape"] == [1, 1, 4, 5]
    for entry, (i, j) in enumerate(np.ndindex(4, 5)):
        where = np.zeros(x.shape, dtype=bool)
        where[0, 0, i : i + 2, j : j + 3] = True
        assert out["should"][entry] == np.flatnonzero(where).tolist()
        assert out["did"][entry] == np.flatnonzero(np.roll(where, 1, axis=-1)).tolist()
        assert (
            f"out[0, 0, {i}, {j}] should read x[0, 0, {i}:{i + 2}, {j}:{j + 3}]"
            in out["says"][entry]
        )
    assert out["says"][6].endswith("; yours reads x[0, 0, 1:3, 2:5].")


def test_the_first_wrong_output_is_shown_without_the_script():
    def last_is_wrong(x, weight, *args, **kwargs):
        out = operators.conv2d(x, weight, *args, **kwargs)
        out[0, 0, 2, 3] = x[0, 0, 0, 6]
        return out

    figure = checks.conv2d.yours(last_is_wrong)
    said = "out[0, 0, 2, 3] should read x[0, 0, 2:4, 3:6]; yours reads x[0, 0, 0, 6]."
    assert (
        said in figure.alt
        and f'<p role="status" style="margin:.4em 0;font-weight:600">{said}</p>' in figure.html
    )
    assert data(figure)["start"] == [0, 13]
    still = re.sub("(?s)<script.*?</script>", "", figure.html)
    assert all(name in still for name in NAMES.values())


def test_a_right_answer_reads_the_same_everywhere():
    for exercise in exercises():
        check = getattr(checks, exercise)
        if type(check) is not Check or exercise == "keras1_to_keras2":
            continue  # a port's reference is no answer, and Keras's arguments are no arrays
        figure = check.yours(check.reference)
        assert len(figure.html) < 100_000
        if "data-attempt" in figure.html:
            for out in data(figure)["outputs"]:
                assert out["should"] == out["did"]
                assert all(words.endswith("; yours reads the same.") for words in out["says"])


def test_a_result_of_another_shape_is_told_output_by_output():
    figure = checks.conv2d.yours(lambda *a, **k: operators.conv2d(*a, **k)[..., :-1, :])
    (out,) = data(figure)["outputs"]
    assert out["says"][0].endswith("; yours reads the same.")
    assert out["says"][-1].endswith("x[0, 0, 3:5, 4:7]; yours has no such output.")
    figure = checks.conv2d.yours(lambda x, w, *a, **k: np.pad(x, ((0, 0), (0, 0), (0, 0), (0, 1))))
    (out,) = data(figure)["outputs"]
    assert out["shape"] == [1, 1, 5, 8]
    assert out["says"][7] == (
        "out[0, 0, 0, 7] should not exist: the target has shape (1, 1, 4, 5); yours does not seem to read x."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda *a, **k: None, "Your function returned None."),
        (lambda *a, **k: 1 / 0, "Your function raised ZeroDivisionError: division by zero."),
        (slips.bank("conv2d")["kernel_transposed"].function, "yours"),
        (lambda *a, **k: np.zeros((3, 3, 50, 50)), "only the first"),
        (lambda *a, **k: "12", "target"),
    ],
)
def test_what_is_no_result_is_said(answer, said):
    assert said in checks.conv2d.yours(answer).html


def test_an_unwritten_answer_is_said_to_be_that():
    def unwritten(*args, **kwargs):
        raise NotImplementedError()

    figure = checks.conv2d.yours(unwritten)
    assert "Your function is not written yet." in figure.alt
    assert data(figure)["outputs"][0]["did"] is None


def test_the_words_say_what_is_known():
    where = np.zeros((3, 4), dtype=bool)
    where[1, 1:3] = True
    assert sentence("x", "out[0]", where, None) == "out[0] should read x[1, 1:3]."
    assert sentence("x", "out[0]", where, where).endswith("; yours reads the same.")
    assert sentence("x", "out[0]", where, ~where & False).endswith("does not seem to read x.")


def test_text_cannot_end_the_script():
    where = np.ones((1, 2), dtype=bool)
    bad = "</script><b>"
    figure = figures.attempt({bad: [1, 2], "t": [3]}, bad, [Result("out", "t", "", where)])
    assert figure.html.count("</script>") == 2 and data(figure)["source"] == bad


def test_bad_settings_are_refused_in_words():
    where = np.ones((1, 2), dtype=bool)
    with pytest.raises(ValueError, match="no array 'y' in named"):
        figures.attempt({"x": [1, 2], "t": [3]}, "y", [Result("out", "t", "", where)])
    with pytest.raises(ValueError, match=r"should has shape \(1, 2\), expected \(1, 3\)"):
        figures.attempt({"x": [1, 2, 3], "t": [3]}, "x", [Result("out", "t", "", where)])
    with pytest.raises(ValueError, match="results is empty"):
        figures.attempt({"x": [1, 2]}, "x", [])


# ---------------------------------------------------------------- in a browser


@pytest.fixture
def page(tmp_path):
    """A page in Chromium, which must say no error."""
    sync = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Debian's chromium")
    path, errors = tmp_path / "page.html", []
    html = (
        checks.conv2d.yours(shifted).html
        + checks.correlate_or_convolve.yours(lambda x, w: (np.zeros((3, 3)), np.ones((3, 3)))).html
    )
    path.write_text(f"<!doctype html><meta charset=utf-8>{html}", encoding="utf-8")
    with sync.sync_playwright() as playwright:
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=root)
        opened = browser.new_page()
        opened.on("pageerror", lambda error: errors.append(error))
        opened.goto(path.as_uri())
        yield opened
        browser.close()
    assert errors == []


def test_keys_and_clicks_choose_an_output(page):
    figure = page.locator("figure").first
    said = figure.locator("[role=status]")

    def dashed():
        boxes = figure.locator("g[data-grid=x] rect[stroke-dasharray]")
        return [(float(b.get_attribute("x")), float(b.get_attribute("y"))) for b in boxes.all()]

    assert said.text_content().startswith("out[0, 0, 0, 0] should read x[0, 0, 0:2, 0:3]")
    assert "Click an output" in figure.locator("[data-hint]").text_content()
    before = dashed()
    page.keyboard.press("Tab")
    for key, index in (("ArrowRight", "0, 1"), ("ArrowDown", "1, 1"), ("End", "3, 4"),
                       ("ArrowRight", "3, 4"), ("ArrowLeft", "3, 3"), ("Home", "0, 0")):  # fmt: skip
        page.keyboard.press(key)
        assert said.text_content().startswith(f"out[0, 0, {index}] should read x[0, 0, ")
    assert dashed() == before and len(before) == 1
    figure.locator("g[data-grid=yours] [data-output]").nth(6).click()
    assert said.text_content().endswith("yours reads x[0, 0, 1:3, 2:5].")
    cell = float(figure.locator("g[data-grid=x]").get_attribute("data-cells").split()[2])
    assert dashed() == [(before[0][0] + cell, before[0][1] + cell)]
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label.startswith("yours ") and said.text_content() in label
    assert figure.locator("[data-output][tabindex='0']").count() == 2  # one in each array


def test_several_results_can_be_chosen_from(page):
    figure = page.locator("figure").nth(1)
    assert figure.locator("[data-output]").count() == 4 * 9
    figure.locator("g[data-grid='target convolution'] [data-output]").nth(8).click()
    said = figure.locator("[role=status]").text_content()
    assert said == "convolution[2, 2] should read x[2:4, 2:5]; yours does not seem to read x."
    marked = figure.locator("g[data-grid='target correlation'] [data-mark]")
    assert marked.count() == 0
