"""The checks of lesson 02: windows counted forwards and backwards, and what padding SAME adds."""

from strided import geometry
from strided.checks.core import Case, Check, case, show, span


def _arguments(call: Case, names: tuple[str, ...], defaults: dict) -> tuple:
    named = defaults | dict(zip(names, call.args, strict=False)) | call.kwargs
    return tuple(named[name] for name in names)


def _pixels(count: int) -> str:
    return "1 pixel" if count == 1 else f"{count} pixels"


def _starts(count: int, stride: int, padding: int) -> str:
    """Where windows start, in image coordinates: `-1, 1, 3`."""
    starts = [i * stride - padding for i in range(count)]
    if count > 6:
        return f"{starts[0]}, {starts[1]}, ..., {starts[-1]}"
    return ", ".join(map(str, starts))


# ---------------------------------------------------------------- output_size

_SIZE = ("n", "kernel", "stride", "padding", "dilation", "ceil_mode")
_SIZE_DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1, "ceil_mode": False}


def output_size_about(call: Case) -> str:
    """Say where each window of a case starts, and why the next one is not there."""
    n, kernel, stride, padding, dilation, ceil = _arguments(call, _SIZE, _SIZE_DEFAULTS)
    windows = geometry.output_size(n, kernel, stride, padding, dilation, ceil)
    ends = f"{-padding} to {n + padding - 1}" if padding else f"0 to {n - 1}"
    where = "image and padding are the pixels" if padding else "the image is the pixels"
    lines = [f"{where} {ends}; windows start at {_starts(windows, stride, padding)}"]
    last, stop = geometry.window(windows - 1, kernel, stride, padding, dilation)
    reach = stop - last
    if dilation > 1:
        lines.append(f"with dilation {dilation}, {kernel} taps reach over {_pixels(reach)}")
    if stop > n + padding:
        lines.append(f"the last one ends with pixel {stop - 1}: in ceil mode it may overhang")
    elif stop == n + padding:
        lines.append(f"the last one ends with pixel {stop - 1}, and nothing is left over")
    elif ceil:
        lines.append(
            f"one more would start at {last + stride}, where no pixel of the image is left,\n"
            "so PyTorch drops it"
        )
    else:
        lines.append(f"one more, from {last + stride} on, would need pixel {stop + stride - 1}")
    return "\n".join(lines)


output_size = Check(
    exercise="output_size",
    reference=geometry.output_size,
    arguments=_SIZE,
    cases=(
        case(8, 3, 2),
        case(9, 4),
        case(14, 3, 4),
        case(12, 5, 3, 1),
        case(10, 3, 2, 1, 3),
        case(4, 5, stride=2, padding=1),
        case(8, 3, 2, ceil_mode=True),
        case(11, 4, 3, 1, ceil_mode=True),
        case(13, 4, 3, 0, 1, True),
        case(6, 1, 4, ceil_mode=True),
        case(7, 3, 4, padding=1, ceil_mode=True),
        case(8, 3, 4, padding=1, ceil_mode=True),
        Case((4, 6), raises=ValueError),
        Case((6, 4, 2), {"dilation": 3}, raises=ValueError),
        Case((6, 3, 0), raises=ValueError),
    ),
    about=output_size_about,
)

# ---------------------------------------------------------------- lost_border

_BORDER = ("n", "kernel", "stride", "padding")


def lost_border_about(call: Case) -> str:
    """Say where the windows of a case stand, and how far the last one reads."""
    n, kernel, stride, padding = _arguments(call, _BORDER, {"padding": 0})
    windows = geometry.output_size(n, kernel, stride, padding)
    start, stop = geometry.window(windows - 1, kernel, stride, padding)
    lost = n - geometry.clip(start, stop, n)[1]
    reads = f"the last one reads {span(start, stop)}"
    if stop > n:
        reads += f", of which {span(n, stop)} is padding"
    left = f"x[{span(stop, n)}] is left after it" if lost else "no pixel is left after it"
    return (
        f"{_pixels(n)}, x[0:{n}]; windows start at {_starts(windows, stride, padding)}\n"
        f"{reads}\n{left}"
    )


lost_border = Check(
    exercise="lost_border",
    reference=geometry.lost_border,
    arguments=_BORDER,
    cases=(
        case(8, 3, 2),
        case(12, 4, 5),
        case(10, 2, 4),
        case(9, 3, 3),
        case(14, 5, 4, 1),
        case(11, 4, 3, padding=1),
        case(9, 5, 6, padding=2),
        case(10, 4, 3, 2),
    ),
    about=lost_border_about,
)

# ---------------------------------------------------------------- input_sizes


def input_sizes_about(call: Case) -> str:
    """Count the windows of the sizes around the right ones."""
    out, kernel, stride, padding = _arguments(call, ("out", *_BORDER[1:]), {"padding": 0})
    right = geometry.input_sizes(out, kernel, stride, padding)
    sizes = range(max(right[0] - 1, kernel - 2 * padding, 1), right[-1] + 2)
    counts = [geometry.output_size(n, kernel, stride, padding) for n in sizes]
    width = max(len(show(n)) for n in (*sizes, *counts)) + 2
    rows = (("pixels ", sizes), ("windows", counts))
    return "\n".join(f"{name}{''.join(f'{n:>{width}}' for n in line)}" for name, line in rows)


input_sizes = Check(
    exercise="input_sizes",
    reference=geometry.input_sizes,
    arguments=("out", *_BORDER[1:]),
    cases=(
        case(3, 3, 2),
        case(4, 2, 5),
        case(1, 4, 3),
        case(5, 3, 1),
        case(4, 5, 3, 1),
        case(2, 7, 4, padding=3),
    ),
    about=input_sizes_about,
)

# ---------------------------------------------------------------- same_padding


def same_padding_about(call: Case) -> str:
    """Count the windows that SAME wants and the pixels that they reach over."""
    n, kernel, stride = call.args
    windows = -(-n // stride)
    reach = (windows - 1) * stride + kernel
    before, after = geometry.same_padding_tensorflow(n, kernel, stride)
    lines = [
        f"ceil({n} / {stride}) = {windows} windows; from the first tap to the last they reach\n"
        f"over {_pixels(reach)}, and the image has {n}"
    ]
    if before != after:
        lines.append(f"so {before + after} must be added in all; the odd one goes to the end")
    elif before:
        lines.append(f"so {before + after} must be added in all, {before} on each side")
    else:
        lines.append("so nothing is added")
    return "\n".join(lines)


same_padding = Check(
    exercise="same_padding",
    reference=geometry.same_padding_tensorflow,
    arguments=("n", "kernel", "stride"),
    cases=(
        case(6, 3, 2),
        case(7, 4, 3),
        case(10, 6, 1),
        case(11, 5, 4),
        case(9, 2, 4),
        case(8, 2, 3),
        case(5, 2, 3),
        case(6, 1, 4),
    ),
    parts=("before", "after"),
    about=same_padding_about,
)
