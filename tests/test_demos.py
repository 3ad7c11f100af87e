"""The frame of the demos, and the window explorer: true numbers, two forms, sentences for errors."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from demo_calls import CALLS, made

from strided import demos, figures, formulas
from strided.demos.explore import CONTROLS
from strided.demos.panel import Settings
from strided.demos.yours import Call
from strided.figures import indexing
from strided.figures.svg import short

SVG = "{http://www.w3.org/2000/svg}"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def random_settings(seed: int) -> Iterator[tuple[str, dict[str, Any], np.random.Generator]]:
    """Twenty settings of every operator that fit, with whole numbers."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    for operator in ("average", "subsampling", "convolution") * 20:
        kernel = tuple(int(n) for n in rng.integers(1, 5, 2))
        channels, height, width = 2, *(int(n) for n in rng.integers(4, 10, 2))
        settings: dict[str, Any] = {
            "x": rng.integers(-4, 5, (channels, height, width)).astype(float),
            "kernel_size": kernel,
            "stride": tuple(int(n) for n in rng.integers(1, 5, 2)),
        }
        if operator == "subsampling":
            settings |= {"weight": rng.integers(-3, 4, 2), "bias": rng.integers(-3, 4, 2)}
        if operator == "convolution":
            settings["weight"] = rng.integers(-3, 4, (3, 2, *kernel)).astype(float)
            settings["bias"] = rng.integers(-3, 4, 3).astype(float)
        if operator != "subsampling":
            settings["padding"] = tuple(int(rng.integers(0, k // 2 + 1)) for k in kernel)
        if operator == "average":
            settings["ceil_mode"] = bool(rng.integers(2))
            settings["count_include_pad"] = bool(rng.integers(2))
        yield operator, settings, rng


def right_output(operator: str, settings: dict[str, Any]) -> np.ndarray:
    """The operator's output by the specification's loops, or for the average by PyTorch."""
    x, stride = settings["x"], settings["stride"]
    if operator == "subsampling":
        kernel = settings["kernel_size"]
        return formulas.subsample2d(x, settings["weight"], settings["bias"], kernel, stride)
    if operator == "convolution":
        padding = settings["padding"]
        return formulas.conv2d(x, settings["weight"], settings["bias"], stride, padding)
    torch = pytest.importorskip("torch")
    names = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")
    arguments = {name: settings[name] for name in names}
    return torch.nn.functional.avg_pool2d(torch.from_numpy(x), **arguments).numpy()


def output_map(figure: figures.Figure) -> list[list[str]]:
    found = re.search(r"Output map of channel \d+: (.*)\.$", figure.alt)
    assert found
    return [line.split(" ") for line in found[1].split("; ")]


# the window explorer's figure


def test_the_explorer_shows_the_operators_numbers():
    for operator, settings, rng in random_settings(11):
        right = right_output(operator, settings)
        at = tuple(int(rng.integers(n)) for n in right.shape)
        figure = figures.window_explorer(operator, **settings, output=at)
        assert output_map(figure) == [[short(v) for v in line] for line in right[at[0]]]
        name = f"out[{at[0]}, {at[1]}, {at[2]}]"
        assert re.match(rf"{re.escape(name)} [=≈] {re.escape(short(right[at]))},", figure.result)
        drawn = ElementTree.fromstring(figure.html)
        assert short(right[at]) in [text.text for text in drawn.iter(f"{SVG}text")]


def test_the_numpy_line_computes_the_output():
    for operator, settings, rng in random_settings(12):
        right = right_output(operator, settings)
        at = tuple(int(rng.integers(n)) for n in right.shape)
        alt = figures.window_explorer(operator, **settings, output=at).html
        found = re.search(r"In NumPy: +([^<]*?) [=≈] [^<]*<", alt)
        assert found
        (ph, pw) = settings.get("padding", (0, 0))
        names = {
            "x": settings["x"],
            "padded": np.pad(settings["x"], ((0, 0), (ph, ph), (pw, pw))),
            "weight": settings.get("weight"),
            "bias": settings.get("bias"),
        }
        assert eval(found[1].replace("&#x27;", "'"), {}, names) == pytest.approx(right[at])


def ranges(line: str) -> list[tuple[int, int]]:
    """The ranges in the brackets of the last `input[…]` of a line."""
    inside = line[line.index(": input[") + 8 : -1].replace("−", "-")
    ends = [part.split("..") for part in re.split(r"\]\[|, ", inside)]
    return [(int(first[0]), int(first[-1])) for first in ends]


@pytest.mark.parametrize("operator", ["average", "subsampling", "convolution"])
def test_the_printed_indices_are_the_coded_ones_from_1_and_width_first(operator):
    pads = (0, 0) if operator == "subsampling" else (1, 2)
    windows = indexing.Placement((7, 9), (2, 4), (3, 2), pads, (3, 4))
    for y, x in np.ndindex(3, 4):
        printed = ranges(indexing.printed(operator, windows, 2, (1, y, x))[-1])
        coded = ranges(indexing.coded(operator, windows, 2, (1, y, x))[-1])
        assert [(a - 1, b - 1) for a, b in printed[::-1]] == coded
        channels = (0, 1) if operator == "convolution" else (1, 1)
        top, left = 3 * y - pads[0], 2 * x - pads[1]
        assert coded == [channels, (top, top + 1), (left, left + 3)]


def test_the_filled_index_is_the_general_one_with_its_numbers():
    windows = indexing.Placement((5, 7), (2, 3), (1, 2), (1, 0), (6, 3))
    lines = indexing.printed("convolution", windows, 2, (0, 1, 2))
    assert lines[1].strip() == "input[dW·(i−1)+s][dH·(j−1)+t−padH][l]"
    assert lines[2:4] == [
        "output[3][2][1] = bias[1] + Σl Σs Σt weight[s][t][l][1]",
        f"{indexing.INDENT}input[2·(3−1)+s][1·(2−1)+t−1][l]",
    ]
    assert lines[4] == "s = 1..3, t = 1..2, l = 1..2: input[5..7][1..2][1..2]"
    lines = indexing.coded("average", windows, 2, (0, 1, 2))
    assert lines[2:4] == [
        "out[0, 1, 2] = 1/(2·3) · Σt Σs",
        f"{indexing.INDENT}input[0, 1·1+t−1, 2·2+s]",
    ]


def test_every_output_can_be_clicked():
    figure = figures.window_explorer(stride=(1, 2), output=(0, 1, 1))
    marks = [
        json.loads(element.attrib["data-set"])
        for element in ElementTree.fromstring(figure.html).iter()
        if "data-set" in element.attrib
    ]
    assert marks == [{"row": r, "column": c} for r in range(3) for c in range(2)]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"operator": "max"}, "operator must be one of"),
        ({"operator": "subsampling", "padding": 1}, "SubSampling has no padding"),
        ({"operator": "convolution", "ceil_mode": True}, "has no ceil mode"),
        ({"operator": "average", "bias": [1]}, "no weight and no bias"),
        ({"kernel_size": 6}, "no window fits"),
        ({"output": (0, 9, 0)}, "does not exist"),
        ({"weight": np.ones((1, 2, 2, 2))}, "but kernel_size is"),
        ({"x": np.ones((1, 12, 12))}, "at most"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_one_sentence(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        figures.window_explorer(**settings)


# the frame


def counter(**settings: Any) -> figures.Figure:
    """A picture that refuses one of its settings."""
    if settings["rows"] == 3:
        raise ValueError("three rows <do> not fit")
    return figures.arrays({"x": np.ones((settings["rows"], settings["columns"]))})


def frame(**options: Any) -> demos.Demo:
    controls = {
        "rows": demos.Number("Rows", 1, 4, 2),
        "columns": demos.Number("Columns", 1, 3),
        "kind": demos.Choice("Kind", {"first one": "a", "second": "b"}),
        "dark": demos.Switch("Dark"),
    }
    steps = [({}, "Two <rows> & more."), ({"rows": 4}, "Four rows."), ({"rows": 3}, "Refused.")]
    return demos.Demo(
        counter, controls, steps, "A & B", **({"arrows": ("rows", "columns")} | options)
    )


def test_settings_start_where_the_controls_say():
    assert frame().settings == {"rows": 2, "columns": 1, "kind": "a", "dark": False}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"row": 1}, "there is no setting 'row'"),
        ({"rows": 9}, "rows must be a whole number from 1 to 4, got 9"),
        ({"rows": True}, "rows must be a whole number"),
        ({"rows": 1.5}, "rows must be a whole number"),
        ({"kind": "c"}, "kind must be one of"),
        ({"dark": 1}, "dark must be True or False"),
    ],
)
def test_a_setting_that_no_control_has_is_refused_and_changes_nothing(settings, sentence):
    demo = frame()
    with pytest.raises(ValueError, match=sentence):
        demo.set(columns=2, **settings)
    assert demo.settings == frame().settings


def test_moving_stops_at_the_ends():
    demo = frame()
    demo.move(5, -1)
    assert (demo.settings["rows"], demo.settings["columns"]) == (4, 1)
    demo.move(-9, 9)
    assert (demo.settings["rows"], demo.settings["columns"]) == (1, 3)


def test_what_does_not_fit_stands_as_a_sentence_in_the_pictures_place():
    demo = frame()
    demo.set(rows=3)
    shown = demo.show()
    assert shown.said == "three rows <do> not fit"
    assert "three rows &lt;do&gt; not fit" in shown.html and "<svg" not in shown.html
    assert "Traceback" not in demo._repr_mimebundle_()["text/html"]


def test_dependent_settings_are_settled_before_the_picture_is_drawn():
    demo = frame(settle=lambda s: s | {"columns": min(s["columns"], s["rows"])})
    demo.set(columns=3)
    assert demo.settings["columns"] == 2


def test_what_is_said_is_the_result_or_else_the_caption():
    explorer = demos.explore()
    assert explorer.show().said.startswith("out[0, 0, 0] = ")
    assert frame().show().said in frame().show().html


# the static form

DEMOS: dict[str, Callable[[], demos.Demo]] = {"frame": frame}
DEMOS |= {call: partial(made, call) for call in CALLS}
each_demo = pytest.mark.parametrize("name", DEMOS)


@each_demo
def test_a_demo_has_a_live_and_a_static_form(name):
    bundle = DEMOS[name]()._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", WIDGET_VIEW}
    assert bundle[WIDGET_VIEW]["model_id"]
    assert bundle["text/plain"].startswith(f"{DEMOS[name]().title}. ")


def test_without_widgets_there_is_still_the_static_form(monkeypatch):
    monkeypatch.setitem(sys.modules, "strided.demos.live", None)
    assert set(frame()._repr_mimebundle_()) == {"text/plain", "text/html"}


@each_demo
def test_the_steps_are_plain_html_without_anything_from_outside(name):
    demo = DEMOS[name]()
    html = demo.stepper()
    group, script = html.split("<script>")
    root = ElementTree.fromstring(group)
    steps = root.findall("details")
    assert [step.findtext("summary") for step in steps] == [
        f"{i}. {sentence}" for i, (_, sentence) in enumerate(demo.steps, start=1)
    ]
    assert ["open" in step.attrib for step in steps] == [True] + [False] * (len(steps) - 1)
    assert root.attrib["aria-label"] == demo.title
    assert root.attrib["data-lm-suppress-shortcuts"] == "true"
    assert set(re.findall(r"https?://[^\"' ]+", html)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\bid=|\bsrc=|href=|@import|url\(", html)
    assert script.count("</script>") == 1
    assert "<section" not in html  # slides would count it as one of theirs
    assert len(html.encode()) < 200_000 * len(steps)
    assert html == DEMOS[name]().stepper()


def test_every_step_of_the_explorer_is_drawn_and_sets_what_its_sentence_needs():
    demo = demos.explore()
    for settings, sentence in demo.steps:
        assert set(settings) <= set(CONTROLS)
        for name, value in settings.items():
            assert demo.controls[name].wrong(value) == ""
        assert "<svg" in demo.show(settings).html, sentence
        settled = demo.settle(demo.start | dict(settings))
        assert all(settled[name] == value for name, value in settings.items()), sentence


# the live form


def test_the_controls_are_those_with_a_label_that_is_read_out():
    import ipywidgets

    demo = demos.explore()
    demo._repr_mimebundle_()
    assert demo._live is not None
    labelled = (ipywidgets.Dropdown, ipywidgets.BoundedIntText, ipywidgets.Checkbox)
    for name, widget in demo._live.controls.items():
        assert isinstance(widget, labelled), name
        assert widget.description == demo.controls[name].label
    assert len({widget.description for widget in demo._live.controls.values()}) == len(CONTROLS)


def test_controls_code_keys_and_clicks_change_one_picture():
    demo = demos.explore()
    demo._repr_mimebundle_()
    live = demo._live
    assert live is not None
    demo.set(operator="average", ceil_mode=True)
    assert live.controls["operator"].value == "average"
    assert "Average pooling" in live.surface.html
    live.controls["operator"].value = "subsampling"
    assert demo.settings["operator"] == "subsampling"
    assert live.controls["ceil_mode"].disabled and live.controls["padding_height"].disabled
    live._asked(live.surface, {"move": [1, 2], "mark": "a 1"}, None)
    assert (live.controls["row"].value, live.controls["column"].value) == (1, 2)
    assert live.surface.answered == "a 1" and live.surface.said.startswith("out[0, 1, 2]")
    live._asked(live.surface, {"set": {"row": 0, "column": 1}, "mark": "a 2"}, None)
    assert live.surface.answered == "a 2" and live.surface.said.startswith("out[0, 0, 1]")
    live.controls["height"].value = 1
    assert "no window fits" in live.surface.html and "<svg" not in live.surface.html


def test_the_chosen_output_stays_among_those_that_there_are():
    demo = demos.explore()
    demo.move(99, 99)
    assert (demo.settings["row"], demo.settings["column"]) == (3, 2)
    demo.set(stride_width=4)
    assert demo.settings["column"] == 1


def test_a_box_ends_at_the_last_number_that_can_be_chosen_now():
    demo = demos.explore()
    demo._repr_mimebundle_()
    assert demo._live is not None
    boxes = demo._live.controls
    assert (boxes["row"].max, boxes["column"].max, boxes["height"].max) == (3, 2, 9)
    demo.set(height=9, row=7)
    assert (boxes["row"].max, boxes["row"].value) == (7, 7)
    demo.set(height=4)
    assert (boxes["row"].max, boxes["row"].value, demo.settings["row"]) == (2, 2, 2)
    demo.set(height=1)  # no window fits
    assert (boxes["row"].min, boxes["row"].max) == (0, 0)


def test_nothing_of_jupyter_is_imported_before_a_demo_is_shown():
    code = (
        "import sys; from strided import demos; demos.explore().stepper(); "
        "print([m for m in ('ipywidgets', 'anywidget', 'IPython', 'torch') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# a student's function


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time enough to find what an answer reads, on a machine that is busy."""
    monkeypatch.setattr("strided.checks.reading.SECONDS", 60)


def loops(sh: int = 0, left: int = 0, channels: int = 2, plain: bool = False) -> Callable:
    """A conv2d by loops, with a slip: another stride down, a window too far left, or fewer channels."""

    def conv2d(x, weight, bias=None, stride=1, padding=0):
        down, right = stride
        ph, pw = padding
        x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
        kh, kw = weight.shape[2:]
        rows = (x.shape[2] - kh) // down + 1
        columns = (x.shape[3] - kw) // right + 1
        out = np.zeros((1, len(weight), rows, columns))
        for k, i, j in np.ndindex(out.shape[1:]):
            top, start = i * (sh or down), max(0, j * right - left)
            for c, t, s in np.ndindex(channels, kh, kw):
                value = x[0, c, top + t, start + s] * weight[k, c, t, s]
                out[0, k, i, j] += float(value) if plain else value
            out[0, k, i, j] += bias[k]
        return out

    return conv2d


def at(demo: demos.Demo, **settings: Any) -> str:
    demo.set(**settings)
    return demo.show().said


@pytest.mark.parametrize("plain", [False, True], ids=["traced", "nudged"])
def test_a_right_answer_reads_what_it_should(plain):
    demo = demos.explore(loops(plain=plain))
    said = at(demo, row=1, column=2)
    assert said.endswith("It reads what it should. All outputs agree.")
    assert "differs" not in demo.show().html


@pytest.mark.parametrize("plain", [False, True], ids=["traced", "nudged"])
@pytest.mark.parametrize(
    ("slip", "read"),
    [
        ({"sh": 1}, "rows 1 to 2, columns 4 to 6 of every channel"),
        ({"left": 1}, "rows 2 to 3, columns 3 to 5 of every channel"),
        ({"channels": 1}, "rows 2 to 3, columns 4 to 6 of channel 0"),
    ],
)
def test_both_windows_are_told(slip, read, plain):
    said = at(demos.explore(loops(**slip, plain=plain)), stride_height=2, row=1, column=2)
    assert f"It should read rows 2 to 3, columns 4 to 6 of every channel; it reads {read}." in said


def test_the_differing_outputs_are_counted_and_marked():
    demo = demos.explore(loops(left=1))
    shown = demo.show()
    html = shown.html
    paths = [p.attrib for p in ElementTree.fromstring(html).iter(f"{SVG}path")]
    marked = sum(p["d"].count("M") for p in paths if p.get("stroke-width") == "2.6")
    # The second and the third column differ wherever a shifted window has another sum; one more in the legend.
    call = Call(loops(left=1), *arguments(demo.settings))
    right = Call(loops(), *arguments(demo.settings)).output
    wrong = ~np.isclose(call.output, right)
    assert 0 < wrong[0].sum() == marked - 1
    assert f"{wrong.sum()} of {wrong.size} outputs differ." in shown.said


def arguments(settings: Settings) -> tuple[np.ndarray, tuple, dict[str, Any]]:
    from strided.demos.explore import _arguments, _arrays

    x, *arrays = _arrays(settings).values()
    named = _arguments(settings)
    del named["kernel_size"]
    return x, tuple(arrays), named


def raising(*args, **kwargs):
    print("on my way")
    raise IndexError("index 7 is out of bounds")


def unwritten(*args, **kwargs):
    raise NotImplementedError


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (raising, "raising raised IndexError: index 7 is out of bounds."),
        (unwritten, "unwritten is not written yet: it raises NotImplementedError."),
        (lambda *a, **k: None, "<lambda> returned None: does it end in a return?"),
        (lambda *a, **k: "words", "<lambda> returned str, it must be an array of numbers."),
        (lambda *a, **k: np.zeros((2, 3)), "it must have four axes, (N, C, H, W), with N = 1."),
        (lambda *a, **k: np.zeros((1, 2, 4, 4)), "yours has shape (2, 4, 4)"),
        (lambda *a, **k: np.zeros((1, 2, 0, 0)), "yours has shape (2, 0, 0)"),
    ],
)
def test_an_answer_that_gives_no_output_is_a_sentence(answer, sentence, capsys):
    shown = demos.explore(answer, "convolution").show()
    assert sentence in shown.said and "<svg" not in shown.html
    assert capsys.readouterr().out == ""


def test_settings_that_do_not_fit_are_no_fault_of_the_answer():
    assert "no window fits" in at(demos.explore(raising, "convolution"), height=1)


def test_the_operator_is_known_by_the_functions_name():
    def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        return x[:, :, :: stride[0], :: stride[1]]

    demo = demos.explore(avg_pool2d)
    assert demo.settings["operator"] == "average" and "avg_pool2d" in demo.title
    assert [value for _, value in demo.controls["operator"].shown] == ["average"]
    with pytest.raises(ValueError, match="what your function computes"):
        demos.explore(raising)
    with pytest.raises(TypeError, match="without calling it"):
        demos.explore(np.zeros(3))


@pytest.mark.parametrize("name", ["avg_pool2d", "subsample2d", "conv2d"])
def test_this_librarys_operators_are_right_answers(name):
    from strided import operators

    demo = demos.explore(getattr(operators, name))
    for settings in ({}, {"row": 1, "column": 1, "channel": 1}, {"padding_height": 1, "row": 0}):
        assert "All outputs agree." in at(demo, **settings)
