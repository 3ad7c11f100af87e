"""The checks of lesson 08: phases, a stride taken apart, blur before the step, and shifts."""

import numpy as np

from strided import operators, phase
from strided.checks.core import Case, Check, block, case, show, side_by_side, span


def _image(*shape: int) -> np.ndarray:
    """Small whole numbers without a pattern that a wrong phase could share."""
    return ((np.arange(int(np.prod(shape))) * 37) % 61 - 20).astype(float).reshape(shape)


def _quarters(*shape: int) -> np.ndarray:
    """Small multiples of 4, which a blur by hand divides without trouble."""
    return ((np.arange(int(np.prod(shape))) * 37 % 61 % 13 - 4) * 4.0).reshape(shape)


def _numbered(height: int, width: int) -> np.ndarray:
    """An image whose numbers are their own row and column: 34 stands in row 3, column 4."""
    return np.arange(height)[:, None] * 10.0 + np.arange(width)


# ---------------------------------------------------------------- polyphase_split


def part_names(call: Case) -> tuple[str, ...]:
    """Name the parts that a case's stride makes."""
    rows, columns = call.args[1]
    return tuple(f"parts[{n}]" for n in range(rows * columns))


def polyphase_split_shape(call: Case) -> str:
    """Count the rows and columns of every part."""
    x, (sh, sw) = call.args
    lines = ["nothing is padded or dropped, so that later phases may be smaller:"]
    for n, part in enumerate(phase.polyphase_split(x, (sh, sw))):
        rows, columns = part.shape[-2:]
        lines.append(f"parts[{n}], phase ({n // sw}, {n % sw}): {rows} rows, {columns} columns")
    return "\n".join(lines[:8])


def polyphase_split_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say which pixel one number of one part must be."""
    x, (sh, sw) = call.args
    n, *lead, i, j = index
    p, q = divmod(n, sw)
    place = ", ".join(map(str, (*lead, p + i * sh, q + j * sw)))
    return "\n".join(
        [
            f"parts[{n}] has phase ({p}, {q}): rows {p}, {p + sh}, ... and columns {q}, "
            f"{q + sw}, ...",
            f"it must be x[{place}]   (phase + index * stride), where that image is",
            block(x[tuple(lead)]),
        ]
    )


polyphase_split = Check(
    exercise="polyphase_split",
    reference=phase.polyphase_split,
    arguments=("x", "stride"),
    cases=(
        case(_numbered(5, 7), (2, 3)),
        case(_numbered(4, 9), (2, 3)),
        case(_image(2, 3, 5), (1, 2)),
        case(_image(2, 2, 6, 5), (3, 2)),
    ),
    shape=polyphase_split_shape,
    reads=polyphase_split_reads,
    parts=part_names,
)

# ---------------------------------------------------------------- polyphase_merge


def polyphase_merge_shape(call: Case) -> str:
    """Add up the sizes of the parts."""
    parts, (sh, sw) = call.args
    rows = [part.shape[-2] for part in parts[::sw]]
    columns = [part.shape[-1] for part in parts[:sw]]
    return "\n".join(
        [
            "each row and each column of the image is in one phase:",
            f"height = {' + '.join(map(str, rows))} = {sum(rows)}, over parts "
            f"{', '.join(str(p * sw) for p in range(sh))}",
            f"width = {' + '.join(map(str, columns))} = {sum(columns)}, over parts "
            f"{', '.join(map(str, range(sw)))}",
        ]
    )


def polyphase_merge_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say which number of which part one pixel must be."""
    parts, (sh, sw) = call.args
    *lead, r, c = index
    n = r % sh * sw + c % sw
    place = ", ".join(map(str, (*lead, r // sh, c // sw)))
    return "\n".join(
        [
            f"row {r} has phase {r % sh}, column {c} has phase {c % sw}: that is parts[{n}],",
            f"it must be parts[{n}][{place}]   (index // stride), where that part is",
            block(parts[n][tuple(lead)]),
        ]
    )


def _merging(x: np.ndarray, stride: tuple[int, int]) -> Case:
    parts = [np.array(part) for part in phase.polyphase_split(x, stride)]
    return case(parts, stride)


polyphase_merge = Check(
    exercise="polyphase_merge",
    reference=phase.polyphase_merge,
    arguments=("parts", "stride"),
    cases=(
        _merging(_numbered(5, 8), (2, 3)),
        _merging(_numbered(4, 6) / 2, (2, 3)),
        _merging(_image(2, 3, 5), (1, 2)),
        _merging(_image(2, 2, 7, 5), (3, 2)),
    ),
    shape=polyphase_merge_shape,
    reads=polyphase_merge_reads,
)

# ---------------------------------------------------------------- conv2d_polyphase


def conv2d_polyphase_shape(call: Case) -> str:
    """Derive the output's height and width from a case, as a sentence."""
    x, weight, stride = call.args
    lines = [f"(N, K, height, width), with N = {len(x)} of x, K = {len(weight)} of weight, and"]
    for name, n, k, s in zip(
        ("height", "width"), x.shape[2:], weight.shape[2:], stride, strict=True
    ):
        lines.append(f"{name} = floor(({n} - {k}) / {s}) + 1 = {(n - k) // s + 1}")
    return "\n".join(lines)


def conv2d_polyphase_reads(call: Case, index: tuple[int, ...]) -> str:
    """Say what every part gives to one output, part by part."""
    x, weight, stride = call.args
    n, k, i, j = index
    parts, kernels = (phase.polyphase_split(a, stride) for a in (x, weight))
    lines = ["it is the sum of what the parts give, each at stride 1:"]
    terms = []
    for number, (part, kernel) in enumerate(zip(parts, kernels, strict=True)):
        rows, columns = kernel.shape[2:]
        if not kernel.size:
            lines.append(f"part {number}: the kernel has no tap there, so nothing")
            continue
        window = part[n, :, i : i + rows, j : j + columns]
        terms.append(show((window * kernel[k]).sum()))
        where = f"{span(i, i + rows)}, {span(j, j + columns)}"
        if part.shape[1] == 1:
            lines.append(f"part {number}, window [{where}]:")
            lines += side_by_side(window[0], kernel[k, 0])
        else:
            lines.append(f"part {number}, window [{where}] of all channels: {terms[-1]}")
    total = show(operators.conv2d(x, weight, stride=stride)[index])
    return "\n".join([*lines, f"together: {' + '.join(terms)} = {total}"])


_KERNELS = np.array([[[[1.0, 2, 3], [4, 5, 7], [2, -1, 6]], [[0, -1, 2], [3, 1, -2], [1, 4, 0]]],
                     [[[2.0, 0, 1], [-1, 3, 5], [0, 1, 1]], [[1, 1, 4], [0, 2, -3], [5, 0, 2]]],
                     [[[0.0, 1, 0], [2, -2, 1], [3, 0, 1]], [[5, 0, 1], [1, 0, 6], [1, -1, 2]]]])  # fmt: skip

conv2d_polyphase = Check(
    exercise="conv2d_polyphase",
    reference=phase.conv2d_polyphase,
    arguments=("x", "weight", "stride"),
    cases=(
        case(_image(1, 1, 6, 7), _KERNELS[:1, :1], (2, 2)),
        case(_image(1, 2, 6, 7), _KERNELS[:, :, :2], (2, 3)),
        case(_image(1, 2, 7, 6), _KERNELS[:, :, :, :2], (3, 1)),
        case(_image(1, 2, 5, 7), _KERNELS[:, :, :1, :2], (2, 3)),
        case(_image(2, 2, 7, 8).astype(int), _KERNELS[:2] / 2, (2, 2)),
    ),
    shape=conv2d_polyphase_shape,
    reads=conv2d_polyphase_reads,
)

# ---------------------------------------------------------------- blur_subsample


def blur_subsample_shape(call: Case) -> str:
    """Count the rows and columns kept: the blur changes no size."""
    x, stride = call.args
    lines = ["the blur changes no size, and of n rows or columns ceil(n / stride) are kept:"]
    for name, n, s in zip(("height", "width"), x.shape[-2:], stride, strict=True):
        lines.append(f"{name} = ceil({n} / {s}) = {-(-n // s)}")
    return "\n".join(lines)


def blur_subsample_reads(call: Case, index: tuple[int, ...]) -> str:
    """Show the nine pixels around the one that is kept, and their weights."""
    x, (sh, sw) = call.args
    *lead, i, j = index
    r, c = i * sh, j * sw
    height, width = x.shape[-2:]
    rows, columns = ([(a + d) % n for d in (-1, 0, 1)] for a, n in ((r, height), (c, width)))
    window = x[tuple(lead)][np.ix_(rows, columns)]
    centre = ", ".join(map(str, (*lead, r, c)))
    weights = np.outer((1, 2, 1), (1, 2, 1))
    return "\n".join(
        [
            f"it must weigh the neighbours of x[{centre}]   (index * stride):",
            f"rows {', '.join(map(str, rows))} and columns {', '.join(map(str, columns))}",
            *side_by_side(window, weights),
            f"and divide by 16: {show((window * weights).sum())} / 16",
        ]
    )


blur_subsample = Check(
    exercise="blur_subsample",
    reference=phase.blur_subsample,
    arguments=("x", "stride"),
    cases=(
        case(_quarters(1, 1, 4, 6), (2, 2)),
        case(np.resize([1.0, -1.0], (1, 1, 4, 8)), (1, 2)),
        case(_quarters(1, 2, 5, 7), (2, 3)),
        case(_image(2, 2, 6, 4).astype(int), (3, 1)),
    ),
    shape=blur_subsample_shape,
    reads=blur_subsample_reads,
)

# ---------------------------------------------------------------- shift_consistency


def every_2nd_column(x: np.ndarray) -> np.ndarray:
    """The columns 0, 2, 4, ... : stride (1, 2)."""
    return phase.keep_every(x, (1, 2))


def every_2nd_row(x: np.ndarray) -> np.ndarray:
    """The rows 0, 2, 4, ... : stride (2, 1)."""
    return phase.keep_every(x, (2, 1))


def blur_2x3(x: np.ndarray) -> np.ndarray:
    """Blur with [1, 2, 1] / 4, then keep every 2nd row and every 3rd column: stride (2, 3)."""
    return phase.blur_subsample(x, (2, 3))


def times_place(x: np.ndarray) -> np.ndarray:
    """Every number times 1, 2, 3, ... by its place: an operator that does not move along."""
    return x * np.arange(1, x.shape[-2] * x.shape[-1] + 1).reshape(x.shape[-2:])


def every_2x3_times_place(x: np.ndarray) -> np.ndarray:
    """Every 2nd row and 3rd column, times 1, 2, 3, ... by its place: stride (2, 3)."""
    return times_place(phase.keep_every(x, (2, 3)))


def _both(call: Case) -> tuple[np.ndarray, np.ndarray]:
    """What a case compares: f of the shifted image, and the shifted f of the image."""
    f, x, shift, stride = call.args
    along = tuple(p // s for p, s in zip(shift, stride, strict=True))
    return f(np.roll(x, shift, axis=(-2, -1))), np.roll(f(x), along, axis=(-2, -1))


def shift_consistency_about(call: Case) -> str:
    """Show the two arrays that a case compares: of several images, the one that differs most."""
    f, x, shift, stride = call.args
    one, other = _both(call)
    along = tuple(p // s for p, s in zip(shift, stride, strict=True))
    place = [int(n) for n in np.unravel_index(np.abs(one - other).argmax(), one.shape)]
    image, end = tuple(place[:-2]), f", at {place[:-2]}:" if place[:-2] else ":"
    far = np.abs(one - other).max()
    return "\n".join(
        [
            f"f of x, rolled by {shift}{end}",
            block(one[image]),
            f"f of x, then rolled by {along} = shift // stride{end}",
            block(other[image]),
            f"they differ most at {place[-2:]}, by {show(far)}" if far else "they are the same",
        ]
    )


shift_consistency = Check(
    exercise="shift_consistency",
    reference=phase.shift_consistency,
    arguments=("f", "x", "shift", "stride"),
    cases=(
        case(every_2nd_column, np.resize([1.0, -1.0], (2, 6)), (0, 1), (1, 2)),
        case(every_2nd_column, np.arange(12.0).reshape(2, 6) ** 2, (1, 2), (1, 2)),
        case(every_2nd_row, _image(4, 3), (3, -1), (2, 1)),
        case(every_2x3_times_place, _image(4, 6), (2, 3), (2, 3)),
        case(every_2x3_times_place, _image(2, 2, 4, 6), (-1, 4), (2, 3)),
        case(blur_2x3, _quarters(2, 4, 6), (-2, 3), (2, 3)),
    ),
    about=shift_consistency_about,
)
