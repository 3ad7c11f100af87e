# Answers to lesson 03. Each cell stands alone, as in a student's notebook.
import numpy as np


# %% torch_to_numpy_index formula
def torch_to_numpy_index(i, j, k, s, t, dW, dH):
    return (k - 1, dH * (j - 1) + t - 1, dW * (i - 1) + s - 1)


# %% torch_to_numpy_index convert_first
def torch_to_numpy_index(i, j, k, s, t, dW, dH):
    x, y, c, s0, t0 = i - 1, j - 1, k - 1, s - 1, t - 1
    column = x * dW + s0
    row = y * dH + t0
    return [c, row, column]


# %% torch_to_numpy_index array
def torch_to_numpy_index(i, j, k, s, t, dW, dH):
    printed = np.array([dW * (i - 1) + s, dH * (j - 1) + t, k])
    return printed[::-1] - 1


# %% torch_to_numpy_index ranges
def torch_to_numpy_index(i, j, k, s, t, dW, dH):
    channel = list(range(k))[-1]
    row = range(0, dH * j, dH)[j - 1] + range(t)[-1]
    column = range(0, dW * i, dW)[i - 1] + range(s)[-1]
    return np.int64(channel), np.int64(row), np.int32(column)


# %% torch_to_numpy_index counted_in_an_image
def torch_to_numpy_index(i, j, k, s, t, dW, dH):
    # number every place of a large enough image, and ask NumPy where the formula's number is
    shape = (k, dH * j + t, dW * i + s)
    place = ((k - 1) * shape[1] + dH * (j - 1) + t - 1) * shape[2] + dW * (i - 1) + s - 1
    return np.unravel_index(place, shape)


# %% torch_to_numpy_index slip:first_index_is_the_row
def torch_to_numpy_index(i, j, k, s, t, dW, dH):
    row = dW * (i - 1) + (s - 1)
    col = dH * (j - 1) + (t - 1)
    return k - 1, row, col


# %% torch_to_numpy_index slip:taps_from_one
def torch_to_numpy_index(i, j, k, s, t, dW, dH):
    return k - 1, dH * (j - 1) + t, dW * (i - 1) + s


# %% torch_to_numpy_index slip:printed_order
def torch_to_numpy_index(i, j, k, s, t, dW, dH):
    return tuple(n - 1 for n in (dW * (i - 1) + s, dH * (j - 1) + t, k))


# %% divisor_map outer
def divisor_map(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    def taps(n, k, s, p):
        steps = -((k - n - 2 * p) // s) if ceil_mode else (n + 2 * p - k) // s
        if steps * s >= n + p:
            steps -= 1
        first, end = (-p, n + p) if count_include_pad else (0, n)
        starts = np.arange(steps + 1) * s - p
        return np.minimum(starts + k, end) - np.maximum(starts, first)

    (kh, kw), (sh, sw), (ph, pw) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))
    return np.outer(taps(height, kh, sh, ph), taps(width, kw, sw, pw))


# %% divisor_map loops
def divisor_map(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    def both(value):
        return (value, value) if isinstance(value, int) else value

    kH, kW = both(kernel_size)
    dH, dW = both(stride)
    padH, padW = both(padding)

    rows = []
    y = -padH
    while y + kH <= height + padH or (ceil_mode and y < height and y + kH - dH < height + padH):
        hend = min(y + kH, height + padH)
        row = []
        x = -padW
        while x + kW <= width + padW or (ceil_mode and x < width and x + kW - dW < width + padW):
            wend = min(x + kW, width + padW)
            if count_include_pad:
                row.append((hend - y) * (wend - x))
            else:
                row.append((min(hend, height) - max(y, 0)) * (min(wend, width) - max(x, 0)))
            x += dW
        rows.append(row)
        y += dH
    return rows


# %% divisor_map counting
import math


def divisor_map(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    sizes = []
    for n, k, s, p in zip((height, width), *(np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))):
        rounded = math.ceil if ceil_mode else math.floor
        o = rounded((n + 2 * p - k) / s) + 1
        if (o - 1) * s >= n + p:
            o -= 1
        allowed = set(range(-p, n + p)) if count_include_pad else set(range(n))
        sizes.append([len(allowed & set(range(a * s - p, a * s - p + k))) for a in range(o)])
    out = np.zeros((len(sizes[0]), len(sizes[1])), dtype=np.float32)
    for i, a in enumerate(sizes[0]):
        for j, b in enumerate(sizes[1]):
            out[i, j] = a * b
    return out


# %% divisor_map marks
def divisor_map(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    kernel, step, pad = [tuple(np.broadcast_to(v, 2)) for v in (kernel_size, stride, padding)]
    counts = np.zeros((height + 2 * pad[0] + 20, width + 2 * pad[1] + 20))
    if count_include_pad:
        counts[: height + 2 * pad[0], : width + 2 * pad[1]] = 1
    else:
        counts[pad[0] : pad[0] + height, pad[1] : pad[1] + width] = 1
    windows = np.lib.stride_tricks.sliding_window_view(counts, kernel).sum(axis=(2, 3))
    last = []
    for n, k, s, p in zip((height, width), kernel, step, pad):
        reach = n + p - 1 if ceil_mode else n + 2 * p - k
        last.append(reach if not ceil_mode else min(reach, n + 2 * p - k + s - 1))
    return windows[: last[0] + 1 : step[0], : last[1] + 1 : step[1]]


# %% divisor_map ones_added_up
def divisor_map(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    kh, kw = np.broadcast_to(kernel_size, 2)
    sh, sw = np.broadcast_to(stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    rows, columns = np.arange(-ph, height, sh), np.arange(-pw, width, sw)
    slack = (sh - 1, sw - 1) if ceil_mode else (0, 0)
    rows = rows[rows + kh <= height + ph + slack[0]]
    columns = columns[columns + kw <= width + pw + slack[1]]
    total = np.zeros((rows.size, columns.size), dtype=np.int32)
    for t in range(kh):
        for s in range(kw):
            y, x = rows[:, None] + t, columns + s
            if count_include_pad:
                total += (y < height + ph) & (x < width + pw)
            else:
                total += (0 <= y) & (y < height) & (0 <= x) & (x < width)
    return total


# %% divisor_map slip:whole_kernel
def divisor_map(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    (kh, kw), (sh, sw), (ph, pw) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))

    def count(n, k, s, p):
        if not ceil_mode:
            return (n + 2 * p - k) // s + 1
        out = -(-(n + 2 * p - k) // s) + 1
        return out - 1 if (out - 1) * s >= n + p else out

    return np.ones((count(height, kh, sh, ph), count(width, kw, sw, pw))) * kh * kw


# %% divisor_map slip:never_guarded
def divisor_map(height, width, kernel_size, stride, padding, ceil_mode, count_include_pad):
    def taps(n, k, s, p):
        steps = -((k - n - 2 * p) // s) if ceil_mode else (n + 2 * p - k) // s
        first, end = (-p, n + p) if count_include_pad else (0, n)
        starts = np.arange(steps + 1) * s - p
        return np.minimum(starts + k, end) - np.maximum(starts, first)

    (kh, kw), (sh, sw), (ph, pw) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))
    return np.outer(taps(height, kh, sh, ph), taps(width, kw, sw, pw))


# %% avg_pool2d taps
def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    kernel, step, pad = (
        tuple(int(n) for n in np.broadcast_to(v, 2))
        for v in (kernel_size, kernel_size if stride is None else stride, padding)
    )
    size = x.shape[2:]
    outs, grows = [], []
    for n, k, s, p in zip(size, kernel, step, pad):
        o = (n + 2 * p - k + (s - 1 if ceil_mode else 0)) // s + 1
        o -= (o - 1) * s >= n + p
        outs.append(o)
        grows.append(max((o - 1) * s + k - n - 2 * p, 0))
    image = np.pad(x.astype(float), [(0, 0)] * 2 + [(p, p + g) for p, g in zip(pad, grows)])
    mask = np.zeros(image.shape[2:])
    if count_include_pad:
        mask[: size[0] + 2 * pad[0], : size[1] + 2 * pad[1]] = 1
    else:
        mask[pad[0] : pad[0] + size[0], pad[1] : pad[1] + size[1]] = 1
    total, count = 0, 0
    for t in range(kernel[0]):
        for s in range(kernel[1]):
            rows = slice(t, t + (outs[0] - 1) * step[0] + 1, step[0])
            cols = slice(s, s + (outs[1] - 1) * step[1] + 1, step[1])
            total = total + image[:, :, rows, cols]
            count = count + mask[rows, cols]
    return total / count


# %% avg_pool2d loops
def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    if stride is None:
        stride = kernel_size
    kH, kW = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    dH, dW = (stride, stride) if isinstance(stride, int) else stride
    padH, padW = (padding, padding) if isinstance(padding, int) else padding
    N, C, H, W = x.shape

    def count(n, k, d, p):
        if not ceil_mode:
            return (n + 2 * p - k) // d + 1
        out = int(np.ceil((n + 2 * p - k) / d)) + 1
        if (out - 1) * d - p >= n:
            out -= 1
        return out

    outH, outW = count(H, kH, dH, padH), count(W, kW, dW, padW)
    out = np.empty((N, C, outH, outW))
    for n in range(N):
        for c in range(C):
            for y in range(outH):
                for xx in range(outW):
                    hstart, wstart = y * dH - padH, xx * dW - padW
                    hend, wend = min(hstart + kH, H + padH), min(wstart + kW, W + padW)
                    divisor = (hend - hstart) * (wend - wstart)
                    hstart, wstart = max(hstart, 0), max(wstart, 0)
                    hend, wend = min(hend, H), min(wend, W)
                    if not count_include_pad:
                        divisor = (hend - hstart) * (wend - wstart)
                    total = 0.0
                    for t in range(hstart, hend):
                        for s in range(wstart, wend):
                            total += x[n, c, t, s]
                    out[n, c, y, xx] = total / divisor
    return out


# %% avg_pool2d windows_float32
def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    def both(v):
        return tuple(v) if hasattr(v, "__len__") else (v, v)

    (kh, kw), (ph, pw) = both(kernel_size), both(padding)
    sh, sw = both(kernel_size if stride is None else stride)
    H, W = x.shape[-2:]
    inside = np.ones((H, W), np.float32)
    marked = np.pad(inside, ((ph, ph), (pw, pw)), constant_values=float(count_include_pad))
    marked = np.pad(marked, ((0, sh - 1), (0, sw - 1)) if ceil_mode else 0)
    images = np.pad(np.asarray(x, np.float32), ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    images = np.pad(images, ((0, 0), (0, 0)) + (((0, sh - 1), (0, sw - 1)) if ceil_mode else ((0, 0),) * 2))
    view = np.lib.stride_tricks.sliding_window_view
    keep = np.s_[..., : H + ph : sh, : W + pw : sw, :, :]
    sums = view(images, (kh, kw), axis=(2, 3))[keep].sum((-1, -2))
    return sums / view(marked, (kh, kw))[keep].sum((-1, -2))


# %% avg_pool2d cumulative
def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    kernel = np.broadcast_to(kernel_size, 2)
    stride = kernel if stride is None else np.broadcast_to(stride, 2)
    padding = np.broadcast_to(padding, 2)
    out = np.array(x, dtype=np.float64)
    for axis, (k, d, p) in zip((2, 3), zip(kernel, stride, padding)):
        n = out.shape[axis]
        start = np.arange(-p, n, d)
        if ceil_mode:
            start = start[start + k - d < n + p]
        else:
            start = start[start + k <= n + p]
        stop = np.minimum(start + k, n + p)
        running = np.insert(np.cumsum(out, axis=axis), 0, 0, axis=axis)
        total = running.take(np.clip(stop, 0, n), axis) - running.take(np.clip(start, 0, n), axis)
        if count_include_pad:
            many = stop - start
        else:
            many = np.clip(stop, 0, n) - np.clip(start, 0, n)
        out = total / many.reshape((-1, 1) if axis == 2 else -1)
    return out


# %% avg_pool2d matrices
def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    kernel = np.broadcast_to(kernel_size, 2)
    stride = kernel if stride is None else np.broadcast_to(stride, 2)
    padding = np.broadcast_to(padding, 2)
    sides = []
    for n, k, d, p in zip(x.shape[-2:], kernel, stride, padding):
        rows = []
        for start in range(-p, n, d):
            if start + k - (d - 1 if ceil_mode else 0) > n + p:
                break
            places = np.arange(start, min(start + k, n + p))
            row = np.zeros(n)
            row[places[(places >= 0) & (places < n)]] = 1
            rows.append(row / (len(places) if count_include_pad else row.sum()))
        sides.append(np.array(rows))
    return np.einsum("oh,nchw,pw->ncop", sides[0], x, sides[1])


# %% avg_pool2d slip:default_step_one
def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    kernel = np.broadcast_to(kernel_size, 2)
    stride = np.broadcast_to(1 if stride is None else stride, 2)
    padding = np.broadcast_to(padding, 2)
    sides = []
    for n, k, d, p in zip(x.shape[-2:], kernel, stride, padding):
        rows = []
        for start in range(-p, n, d):
            if start + k - (d - 1 if ceil_mode else 0) > n + p:
                break
            places = np.arange(start, min(start + k, n + p))
            row = np.zeros(n)
            row[places[(places >= 0) & (places < n)]] = 1
            rows.append(row / (len(places) if count_include_pad else row.sum()))
        sides.append(np.array(rows))
    return np.einsum("oh,nchw,pw->ncop", sides[0], x, sides[1])


# %% avg_pool2d slip:negative_slice
def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    kh, kw = np.broadcast_to(kernel_size, 2)
    sh, sw = np.broadcast_to(kernel_size if stride is None else stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    N, C, H, W = x.shape

    def starts(n, k, s, p):
        slack = s - 1 if ceil_mode else 0
        return [a for a in range(-p, n, s) if a + k - slack <= n + p]

    rows, cols = starts(H, kh, sh, ph), starts(W, kw, sw, pw)
    out = np.zeros((N, C, len(rows), len(cols)))
    for i, top in enumerate(rows):
        for j, left in enumerate(cols):
            bottom, right = min(top + kh, H + ph), min(left + kw, W + pw)
            divisor = (bottom - top) * (right - left)
            if not count_include_pad:
                divisor = (min(bottom, H) - max(top, 0)) * (min(right, W) - max(left, 0))
            out[:, :, i, j] = x[:, :, top:bottom, left:right].sum(axis=(2, 3)) / divisor
    return out


# %% avg_pool2d slip:whole_kernel
def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    kh, kw = np.broadcast_to(kernel_size, 2)
    sh, sw = np.broadcast_to(kernel_size if stride is None else stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    H, W = x.shape[2:]
    more = (sh - 1, sw - 1) if ceil_mode else (0, 0)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph + more[0]), (pw, pw + more[1])))
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))
    return windows[:, :, : H + ph : sh, : W + pw : sw].mean(axis=(4, 5))


# %% avg_pool2d slip:width_first
def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    kW, kH = np.broadcast_to(kernel_size, 2)
    dW, dH = np.broadcast_to(kernel_size if stride is None else stride, 2)
    padW, padH = np.broadcast_to(padding, 2)
    N, C, H, W = x.shape

    def starts(n, k, d, p):
        slack = d - 1 if ceil_mode else 0
        return [a for a in range(-p, n, d) if a + k - slack <= n + p]

    rows, cols = starts(H, kH, dH, padH), starts(W, kW, dW, padW)
    out = np.zeros((N, C, len(rows), len(cols)))
    for i, top in enumerate(rows):
        for j, left in enumerate(cols):
            bottom, right = min(top + kH, H + padH), min(left + kW, W + padW)
            window = x[:, :, max(top, 0) : min(bottom, H), max(left, 0) : min(right, W)]
            divisor = (bottom - top) * (right - left)
            if not count_include_pad:
                divisor = window.shape[2] * window.shape[3]
            out[:, :, i, j] = window.sum(axis=(2, 3)) / divisor
    return out
