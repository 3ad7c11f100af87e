# Answers to lesson 02. Each cell stands alone, as in a student's notebook.
import numpy as np


# %% output_size formula
def output_size(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    reach = dilation * (kernel - 1) + 1
    if stride <= 0 or reach > n + 2 * padding:
        raise ValueError("bad input")
    room = n + 2 * padding - reach
    out = (room + stride - 1 if ceil_mode else room) // stride + 1
    if ceil_mode and (out - 1) * stride >= n + padding:
        out -= 1
    return out


# %% output_size loop
def output_size(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    if stride == 0:
        raise ValueError("the window never gets on with a stride of 0")
    count = 0
    start = -padding
    while True:
        last = start + dilation * (kernel - 1)
        if last > n + padding - 1:
            break
        count += 1
        start += stride
    if count == 0:
        raise ValueError(f"no window of {kernel} fits")
    previous = start - stride + dilation * (kernel - 1)
    if ceil_mode and start < n and previous < n + padding - 1:
        count += 1
    return count


# %% output_size math
import math


def output_size(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    assert_ok = stride > 0 and n + 2 * padding >= dilation * (kernel - 1) + 1
    if not assert_ok:
        raise ValueError
    q = (n + 2 * padding - dilation * (kernel - 1) - 1) / stride
    if not ceil_mode:
        return math.floor(q + 1)
    out = math.ceil(q) + 1
    return out - 1 if (out - 1) * stride - padding >= n else out


# %% output_size numpy
def output_size(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    taps = np.arange(kernel) * dilation
    if stride == 0:
        raise ValueError("stride 0")
    places = np.arange(-padding, n, stride)
    ends = places + taps[-1]
    fits = ends < n + padding
    if not fits.any():
        raise ValueError("no window fits")
    if ceil_mode:
        fits = ends - stride < n + padding - 1
    return np.int64(fits.sum())


# %% output_size slice_length
def output_size(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    dense = n + 2 * padding - dilation * (kernel - 1)
    if dense < 1 or stride < 1:
        raise ValueError(f"{dense} places at stride {stride}")
    kept = len(range(0, dense, stride))
    if ceil_mode and (dense - 1) % stride and kept * stride < n + padding:
        kept = kept + 1
    return float(kept)


# %% output_size lenient_in_ceil_mode
def output_size(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    if stride == 0:
        raise ValueError("stride must not be 0")
    steps = n + 2 * padding - dilation * (kernel - 1) - 1
    steps = -(-steps // stride) if ceil_mode else steps // stride
    if steps < 0:
        raise ValueError("too small")
    if ceil_mode and steps * stride >= n + padding:
        steps -= 1
    return steps + 1


# %% output_size slip:one_added_before_dividing
def output_size(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    k = dilation * (kernel - 1) + 1
    if stride == 0 or k > n + 2 * padding:
        raise ValueError("bad input")
    top = n + 2 * padding - k + 1
    return -(-top // stride) if ceil_mode else top // stride


# %% output_size slip:never_guarded
import math


def output_size(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    if stride == 0 or dilation * (kernel - 1) + 1 > n + 2 * padding:
        raise ValueError("bad input")
    rounding = math.ceil if ceil_mode else math.floor
    return rounding((n + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1


# %% output_size slip:not_refused
def output_size(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    room = n + 2 * padding - dilation * (kernel - 1) - 1
    out = -(-room // stride) + 1 if ceil_mode else room // stride + 1
    if ceil_mode and (out - 1) * stride >= n + padding:
        out -= 1
    return out


# %% output_size slip:guarded_when_padded
def output_size(n, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    room = n + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0 or stride < 1:
        raise ValueError("no window fits")
    out = -(-room // stride) + 1 if ceil_mode else room // stride + 1
    if padding and ceil_mode and (out - 1) * stride >= n + padding:
        out -= 1
    return out


# %% lost_border remainder
def lost_border(n, kernel, stride, padding=0):
    return max(0, (n + 2 * padding - kernel) % stride - padding)


# %% lost_border last_window
def lost_border(n, kernel, stride, padding=0):
    windows = (n + 2 * padding - kernel) // stride + 1
    stop = (windows - 1) * stride - padding + kernel
    lost = n - stop
    if lost < 0:
        lost = 0
    return lost


# %% lost_border marks
def lost_border(n, kernel, stride, padding=0):
    read = np.zeros(n + 2 * padding, dtype=bool)
    for start in range(0, len(read) - kernel + 1, stride):
        read[start : start + kernel] = True
    image = read[padding : padding + n]
    return np.int64(n - 1 - np.flatnonzero(image).max())


# %% lost_border walk
def lost_border(n, kernel, stride, padding=0):
    start = -padding
    while start + stride + kernel <= n + padding:
        start += stride
    return len(range(start + kernel, n))


# %% lost_border sets
def lost_border(n, kernel, stride, padding=0):
    read = {p for s in range(-padding, n + padding - kernel + 1, stride) for p in range(s, s + kernel)}
    lost = 0
    while n - 1 - lost not in read:
        lost += 1
    return float(lost)


# %% lost_border slip:padding_counted
def lost_border(n, kernel, stride, padding=0):
    windows = (n + 2 * padding - kernel) // stride + 1
    return n + 2 * padding - ((windows - 1) * stride + kernel)


# %% lost_border slip:gaps_counted
def lost_border(n, kernel, stride, padding=0):
    read = np.zeros(n + 2 * padding, dtype=bool)
    for start in range(0, len(read) - kernel + 1, stride):
        read[start : start + kernel] = True
    return n - read[padding : padding + n].sum()


# %% lost_border slip:below_zero
def lost_border(n, kernel, stride, padding=0):
    windows = (n + 2 * padding - kernel) // stride + 1
    return n + padding - (windows - 1) * stride - kernel


# %% input_sizes range
def input_sizes(out, kernel, stride, padding=0):
    low = (out - 1) * stride + kernel - 2 * padding
    return range(low, low + stride)


# %% input_sizes search
def input_sizes(out, kernel, stride, padding=0):
    found = []
    for n in range(1, 10 * (out * stride + kernel)):
        room = n + 2 * padding - kernel
        if room >= 0 and room // stride + 1 == out:
            found.append(n)
    return found


# %% input_sizes array
def input_sizes(out, kernel, stride, padding=0):
    return np.arange(stride) + (out - 1) * stride + kernel - 2 * padding


# %% input_sizes tuple
def input_sizes(out, kernel, stride, padding=0):
    exact = stride * out - stride + kernel - padding - padding
    return tuple(exact + more for more in range(stride))


# %% input_sizes where
def input_sizes(out, kernel, stride, padding=0):
    n = np.arange(1, 500)
    return n[np.floor((n + 2 * padding - kernel) / stride + 1) == out].astype(np.float32)


# %% input_sizes slip:smallest_only
def input_sizes(out, kernel, stride, padding=0):
    return [(out - 1) * stride + kernel - 2 * padding]


# %% input_sizes slip:ends_only
def input_sizes(out, kernel, stride, padding=0):
    low = (out - 1) * stride - 2 * padding + kernel
    return [low, low + stride - 1]


# %% input_sizes slip:last_one_missing
def input_sizes(out, kernel, stride, padding=0):
    low = (out - 1) * stride + kernel - 2 * padding
    high = out * stride + kernel - 2 * padding - 1
    return range(low, high)


# %% same_padding formula
def same_padding(n, kernel, stride):
    out = (n + stride - 1) // stride
    total = max(0, (out - 1) * stride + kernel - n)
    return (total // 2, total - total // 2)


# %% same_padding tensorflow_docs
def same_padding(n, kernel, stride):
    if n % stride == 0:
        pad = max(kernel - stride, 0)
    else:
        pad = max(kernel - (n % stride), 0)
    left = pad // 2
    return [left, pad - left]


# %% same_padding ceil
import math


def same_padding(n, kernel, stride):
    total = max((math.ceil(n / stride) - 1) * stride + kernel - n, 0)
    return math.floor(total / 2), math.ceil(total / 2)


# %% same_padding by_turns
def same_padding(n, kernel, stride):
    before, after = 0, 0
    while (n + before + after - kernel) // stride + 1 < len(range(0, n, stride)):
        if before < after:
            before += 1
        else:
            after += 1
    return before, after


# %% same_padding array
def same_padding(n, kernel, stride):
    last = np.arange(0, n, stride)[-1]
    total = np.clip(last + kernel - n, 0, None)
    return np.array([total >> 1, (total + 1) >> 1])


# %% same_padding slip:odd_one_first
def same_padding(n, kernel, stride):
    out = -(-n // stride)
    total = max((out - 1) * stride + kernel - n, 0)
    after = total // 2
    return total - after, after


# %% same_padding slip:below_zero
def same_padding(n, kernel, stride):
    out = -(-n // stride)
    total = (out - 1) * stride + kernel - n
    before = total // 2
    return before, total - before


# %% same_padding slip:stride_ignored
def same_padding(n, kernel, stride):
    return (kernel - 1) // 2, kernel // 2
