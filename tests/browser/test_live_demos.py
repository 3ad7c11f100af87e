"""Each demo, live in JupyterLab, by keyboard and by mouse: its numbers are the operators'."""

import contextlib
import statistics

import lab
import numpy as np
import pytest
from accessibility import serious
from demo_calls import CALLS
from playwright.sync_api import Locator, TimeoutError, expect

from strided import channels, geometry, operators, phase
from strided.demos import explore
from strided.demos.explore import _arrays as arrays
from strided.figures.svg import short

EXPLORE, HOP, RULER = "demos.explore()", "demos.hop_or_keep()", "demos.ruler()"
DIVISORS, MIXING, COVERAGE = "demos.divisors()", "demos.mixing()", "demos.coverage()"
SHIFT, POLL = "demos.one_pixel_shift()", 'demos.poll("windows")'
ALL = [f"demos.{call}" for call in CALLS]

# From the last key, click or choice to the frame in which the new picture is drawn.
STOPWATCH = """() => {
    let begun = 0;
    window.drawn = [];
    for (const kind of ['keydown', 'mousedown', 'click', 'change', 'input'])
        document.addEventListener(kind, event => { begun = event.timeStamp; }, true);
    for (const surface of document.querySelectorAll('.strided-surface'))
        new MutationObserver(() => requestAnimationFrame(() => setTimeout(
            () => window.drawn.push(performance.now() - begun)))).observe(surface, {childList: true});
}"""


class Shown:
    """A demo in the open notebook."""

    def __init__(self, page, line: str):
        self.page = page
        self.whole = lab.cell(page, line).locator(".jp-OutputArea")
        self.surface = self.whole.locator(".strided-surface")

    def tells(self, words: str) -> None:
        """The picture says this, in the words that stand for it."""
        expect(self.surface.locator(f"svg[aria-label*='{words}']")).to_have_count(1)

    def control(self, label: str) -> Locator:
        """A control, by the name that assistive technology reads."""
        return self.whole.get_by_label(label, exact=True)

    def press(self, label: str, *keys: str) -> None:
        """Change a control with the keyboard."""
        self.control(label).focus()
        for key in keys:
            self.page.keyboard.press(key)

    def spin(self, label: str) -> None:
        """Make a number one larger with the mouse, on the small arrow in its box."""
        box = self.control(label)
        box.scroll_into_view_if_needed()
        box.hover()
        place = box.bounding_box()
        self.page.mouse.click(
            place["x"] + place["width"] - 10, place["y"] + place["height"] / 2 - 5
        )


@pytest.fixture(scope="module")
def open_demos(browser, course):
    """The notebook of the demos in JupyterLab, run; what it asked of other machines must be nothing."""
    context, asked = lab.shut_in(browser, viewport={"width": 1300, "height": 1000})
    page = context.new_page()
    course.open(page, "demos/demos.ipynb")
    assert lab.run_all(page)
    expect(page.locator(".strided-surface svg").first).to_be_visible()
    page.evaluate(STOPWATCH)
    yield page
    context.close()
    assert asked == []


@pytest.fixture
def demo(open_demos):
    """Find a demo by its line."""
    return lambda line: Shown(open_demos, line)


def rows(array: np.ndarray) -> str:
    """A map as the pictures' words give it."""
    return "; ".join(" ".join(short(number) for number in row) for row in array)


def test_every_demo_is_live(open_demos):
    for line in ALL:
        assert Shown(open_demos, line).surface.locator("svg").count(), line
    assert (
        open_demos.locator(".jp-OutputArea .jp-RenderedText[data-mime-type*=stderr]").count() == 0
    )


def test_window_explorer_by_keyboard(demo):
    shown, settings = demo(EXPLORE), explore().start
    given = arrays(settings)
    right = operators.conv2d(given["x"][None], given["weight"], given["bias"], (1, 2))[0]
    shown.tells(f"Output map of channel 0: {rows(right[0])}.")
    shown.surface.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowLeft"):
        shown.page.keyboard.press(key)
    shown.tells(f"out[0, 2, 1] = {short(right[0, 2, 1])}, from rows 2 to 3, columns 2 to 4.")
    expect(shown.whole.get_by_role("status")).to_contain_text(f"= {short(right[0, 2, 1])}")
    expect(shown.control("Output row")).to_have_value("2")
    shown.press("Output channel", "ArrowUp")
    shown.tells(f"Output map of channel 1: {rows(right[1])}.")


def test_window_explorer_by_mouse(demo):
    shown, settings = demo(EXPLORE), explore().start
    shown.control("Operator").select_option("SubSampling")
    given = arrays(settings | {"operator": "subsampling"})
    right = operators.subsample2d(given["x"][None], given["weight"], given["bias"], (2, 3), (1, 2))[
        0
    ]
    shown.surface.locator('[data-set*=\'"row": 3, "column": 2\']').click()
    shown.tells(f", 3, 2] = {short(right[1, 3, 2])}, from rows 3 to 4, columns 4 to 6.")
    shown.control("Operator").select_option("Average pooling")
    shown.spin("Kernel rows")
    shown.spin("Padding above and below")
    shown.control("Round up (ceil mode)").click()
    shown.control("Count padding in the divisor").click()
    x = arrays(settings | {"operator": "average"})["x"][None]
    right = operators.avg_pool2d(x, (3, 3), (1, 2), (1, 0), True, False)[0]
    shown.tells(f"Output map of channel 1: {rows(right[1])}.")


@pytest.mark.parametrize("way", ["keyboard", "mouse"])
def test_hop_or_keep(demo, way):
    shown = demo(HOP)
    label = "Kernel rows" if way == "keyboard" else "Kernel columns"
    shown.control("Kernel rows").fill("2")
    shown.control("Kernel columns").fill("3")
    shown.control("Kernel columns").press("Enter")
    shown.tells("gives 3 × 2 outputs")
    if way == "keyboard":
        shown.press(label, "ArrowUp")
    else:
        shown.spin(label)
    kernel = (3, 3) if way == "keyboard" else (2, 4)
    hops = [geometry.output_size(n, k, s) for n, k, s in zip((6, 8), kernel, (2, 3), strict=True)]
    dense = [geometry.output_size(n, k, 1) for n, k in zip((6, 8), kernel, strict=True)]
    few, many, taps = np.prod(hops), np.prod(dense), np.prod(kernel)
    shown.tells(f"Hopping computes {few} outputs with {few * taps} multiplications")
    shown.tells(f"computing everywhere takes {many} outputs and {many * taps} multiplications")


def test_ruler(demo):
    shown = demo(RULER)
    shown.press("Pixels", "ArrowUp", "ArrowUp")
    shown.control("Round up (ceil mode)").press("Space")
    last = geometry.output_size(10, 3, 2, ceil_mode=True) - 1
    shown.tells(f"Output {last} reads")
    shown.control("Round up (ceil mode)").click()
    shown.control("Framework").select_option("TensorFlow")
    shown.spin("Stride")
    shown.tells("A row of 10 pixels")
    last = geometry.output_size(10, 3, 3) - 1
    shown.tells(f"Output {last} reads {3 * last} to {3 * last + 2}. Pixel 9 is never read.")


def test_divisor_maps(demo):
    shown = demo(DIVISORS)
    shown.control("Framework").select_option("PyTorch")
    shown.press("Padding left and right", "ArrowUp")
    right = geometry.pooling_divisors(5, 7, (3, 2), (3, 2), (1, 1))
    shown.tells(f"outputs: {rows(right)}.")
    shown.control("Count padding").select_option("no")
    shown.spin("Rows")
    right = geometry.pooling_divisors(6, 7, (3, 2), (3, 2), (1, 1), count_include_pad=False)
    shown.tells(f"outputs: {rows(right)}.")


def test_mixing_matrix(demo):
    shown = demo(MIXING)
    said = shown.whole.get_by_role("status")
    hears = {c: [k for k, heard in enumerate(channels.C3_TABLE) if c in heard] for c in range(6)}
    shown.control("Layer").select_option("LeNet-5's table")
    shown.press("Input channel", "ArrowUp")
    outputs = ", ".join(map(str, hears[1]))
    expect(said).to_contain_text(f"Input 1 moves outputs {outputs}: {len(hears[1])} of 16.")
    shown.surface.locator("[data-set*='\"channel\": 4']").first.click()
    outputs = ", ".join(map(str, hears[4]))
    expect(said).to_contain_text(f"Input 4 moves outputs {outputs}: {len(hears[4])} of 16.")
    expect(shown.control("Input channel")).to_have_value("4")


def test_coverage(demo):
    shown = demo(COVERAGE)
    shown.press("Kernel", "ArrowUp")
    right = " ".join(str(n) for n in geometry.coverage(9, 4, 2))
    shown.tells(f"Kernel 4, stride 2: {right}.")
    shown.spin("Stride")
    right = " ".join(str(n) for n in geometry.coverage(9, 4, 3))
    shown.tells(f"Kernel 4, stride 3: {right}.")


def test_one_pixel_shift(demo):
    shown = demo(SHIFT)
    stripes = np.tile([1, -1], (2, 8))
    shown.press("Shift", "ArrowUp")
    (value,) = np.unique(phase.keep_every(np.roll(stripes, 1, axis=1), 2))
    said = shown.whole.get_by_role("status")
    expect(said).to_contain_text(f"Shift 1: the halved image is all {short(value)}.")
    shown.spin("Shift")
    (value,) = np.unique(phase.keep_every(np.roll(stripes, 2, axis=1), 2))
    expect(said).to_contain_text(f"Shift 2: the halved image is all {short(value)}.")


def test_poll(demo):
    shown = demo(POLL)
    shown.control("Hands for C").fill("7")
    shown.control("Hands for C").press("Enter")
    shown.tells("C, 3: 7 votes.")
    shown.spin("Hands for B")
    shown.tells("8 hands counted.")
    shown.control("Reveal").press("Space")
    right = geometry.output_size(12, 5, 3)
    shown.tells(f"Right is C: {right}. 7 of 8 had it.")
    shown.control("Reveal").click()
    shown.tells("8 hands counted.")


def test_a_number_out_of_range_is_not_changed_without_a_word(demo):
    shown = demo(HOP)
    said, columns = shown.whole.get_by_role("status"), shown.control("Columns")
    seen = shown.whole.locator(".strided-surface-limited")
    for typed, limit in [("99", "10"), ("0", "1"), ("-3", "1"), ("11", "10")]:
        columns.fill(typed)
        columns.press("Enter")
        words = f"Columns goes from 1 to 10: {typed} became {limit}."
        expect(seen).to_have_text(words)
        expect(seen).to_be_visible()
        expect(said).to_contain_text(words)
        expect(columns).to_have_value(limit)
    said.evaluate("place => { place.textContent = ''; }")
    columns.fill("11")  # the same once more, which changes nothing: it is said again
    columns.press("Enter")
    expect(said).to_contain_text(words)
    assert (
        serious(shown.page, ".jp-OutputArea-output:has(.strided-surface-limited:not([hidden]))")
        == []
    )
    columns.fill("8")
    columns.press("Enter")
    shown.tells("gives")
    expect(seen).to_be_hidden()
    expect(said).not_to_contain_text("became")
    expect(said).to_contain_text("outputs")


def test_the_range_is_that_of_the_outputs_that_there_are(demo):
    shown = demo(EXPLORE)
    rows = int(shown.control("Output row").get_attribute("max"))
    assert rows < 12
    shown.control("Output row").fill("12")
    shown.control("Output row").press("Enter")
    said = shown.whole.get_by_role("status")
    expect(said).to_contain_text(f"Output row goes from 0 to {rows}: 12 became {rows}.")
    shown.tells(f", {rows}, ")
    shown.surface.focus()
    shown.page.keyboard.press("ArrowUp")
    expect(said).not_to_contain_text("became")
    expect(shown.control("Output row")).to_have_value(str(rows - 1))


@pytest.mark.parametrize("theme", ["Light", "Dark"])
@pytest.mark.parametrize("width", [1300, 480])
def test_themes_and_a_narrow_window(open_demos, course, theme, width):
    page = open_demos
    page.set_viewport_size({"width": width, "height": 1000})
    course.theme(page, theme)
    lab.settle(page)
    for line in ALL:
        shown = Shown(page, line)
        wide = shown.whole.evaluate("place => [place.scrollWidth, place.clientWidth]")
        assert wide[0] <= wide[1] + 1, (line, wide)
    assert serious(page, ".jp-OutputArea-output:has(.strided-surface)") == []


def test_pictures_are_drawn_at_once(demo, record_property):
    shown = demo(EXPLORE)
    shown.page.evaluate("drawn.length = 0")
    shown.surface.focus()
    for key in ["ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight"] * 5:
        before = shown.page.evaluate("drawn.length")
        shown.page.keyboard.press(key)
        with contextlib.suppress(TimeoutError):  # at the edge there is nothing to draw
            shown.page.wait_for_function(f"drawn.length > {before}", timeout=500)
    times = shown.page.evaluate("drawn")
    assert len(times) >= 5
    record_property(
        "from a key to the drawn picture", f"{statistics.median(times):.0f} ms (median)"
    )
