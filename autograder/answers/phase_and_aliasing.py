# Answers to lesson 08. Each cell stands alone, as in a student's notebook.
import numpy as np

from strided import operators


# %% polyphase_split slices
def polyphase_split(x, stride):
    return [x[..., p :: stride[0], q :: stride[1]] for p in range(stride[0]) for q in range(stride[1])]


# %% polyphase_split tuple-of-copies
def polyphase_split(x, stride):
    sh, sw = stride
    parts = ()
    for n in range(sh * sw):
        parts += (x[..., n // sw :: sh, n % sw :: sw].astype(np.float32),)
    return parts


# %% polyphase_split index-arrays
def polyphase_split(x, stride):
    H, W = x.shape[-2:]
    parts = []
    for p in range(stride[0]):
        for q in range(stride[1]):
            rows = np.arange(p, H, stride[0])
            columns = np.arange(q, W, stride[1])
            parts.append(x[..., rows[:, None], columns])
    return parts


# %% polyphase_split take
def polyphase_split(x, stride):
    bands = [np.take(x, range(p, x.shape[-2], stride[0]), axis=-2) for p in range(stride[0])]
    return [np.take(b, range(q, x.shape[-1], stride[1]), axis=-1) for b in bands for q in range(stride[1])]


# %% polyphase_split lists
def polyphase_split(x, stride):
    def rows(image):
        if np.ndim(image) > 2:
            inside = [rows(plane) for plane in image]
            return [[planes[n] for planes in inside] for n in range(stride[0] * stride[1])]
        image = [[float(v) for v in line] for line in image]
        return [
            [line[q :: stride[1]] for line in image[p :: stride[0]]]
            for p in range(stride[0])
            for q in range(stride[1])
        ]

    return rows(x)


# %% polyphase_split slip:columns_before_rows
def polyphase_split(x, stride):
    parts = []
    for q in range(stride[1]):
        for p in range(stride[0]):
            parts.append(x[..., p :: stride[0], q :: stride[1]])
    return parts


# %% polyphase_split slip:remainder_dropped
def polyphase_split(x, stride):
    sh, sw = stride
    h, w = x.shape[-2] // sh, x.shape[-1] // sw
    tiles = x[..., : h * sh, : w * sw].reshape(*x.shape[:-2], h, sh, w, sw)
    return [tiles[..., :, p, :, q] for p in range(sh) for q in range(sw)]


# %% polyphase_merge slices
def polyphase_merge(parts, stride):
    sh, sw = stride
    height = sum(part.shape[-2] for part in parts[::sw])
    width = sum(part.shape[-1] for part in parts[:sw])
    out = np.zeros((*parts[0].shape[:-2], height, width))
    for n, part in enumerate(parts):
        out[..., n // sw :: sh, n % sw :: sw] = part
    return out


# %% polyphase_merge one-by-one
def polyphase_merge(parts, stride):
    sh, sw = stride
    H = sum(parts[p * sw].shape[-2] for p in range(sh))
    W = sum(parts[q].shape[-1] for q in range(sw))
    out = np.empty(parts[0].shape[:-2] + (H, W), dtype=np.float32)
    for r in range(H):
        for c in range(W):
            out[..., r, c] = parts[(r % sh) * sw + c % sw][..., r // sh, c // sw]
    return out


# %% polyphase_merge insert-lines
def polyphase_merge(parts, stride):
    sh, sw = stride

    def zip_together(pieces, axis):
        lines = []
        pieces = [np.moveaxis(piece, axis, 0) for piece in pieces]
        for i in range(len(pieces[0])):
            lines += [piece[i] for piece in pieces if i < len(piece)]
        return np.stack(lines, axis=axis)

    bands = [zip_together(parts[p * sw : (p + 1) * sw], -1) for p in range(sh)]
    return zip_together(bands, -2)


# %% polyphase_merge pad-shuffle-crop
def polyphase_merge(parts, stride):
    (sh, sw), (h, w) = stride, parts[0].shape[-2:]
    H, W = sum(p.shape[-2] for p in parts[::sw]), sum(p.shape[-1] for p in parts[:sw])
    lead = parts[0].shape[:-2]
    full = [np.pad(p, [(0, 0)] * len(lead) + [(0, h - p.shape[-2]), (0, w - p.shape[-1])]) for p in parts]
    deep = np.array(full).reshape(sh, sw, *lead, h, w)
    deep = np.moveaxis(np.moveaxis(deep, 0, -2), 0, -1)
    return deep.reshape(*lead, h * sh, w * sw)[..., :H, :W]


# %% polyphase_merge grows-to-a-list
def polyphase_merge(parts, stride):
    sh, sw = stride
    H = sum(len(parts[p * sw].swapaxes(0, -2)) for p in range(sh))
    out = [None] * H
    for p in range(sh):
        W = sum(part.shape[-1] for part in parts[p * sw : (p + 1) * sw])
        band = np.zeros(parts[p * sw].shape[:-1] + (W,))
        for q in range(sw):
            band[..., q::sw] = parts[p * sw + q]
        for i in range(band.shape[-2]):
            out[p + i * sh] = band[..., i, :].tolist()
    return np.moveaxis(np.array(out), 0, -2).tolist()


# %% polyphase_merge slip:one_size_for_all
def polyphase_merge(parts, stride):
    out = np.zeros((*parts[0].shape[:-2], *np.multiply(parts[0].shape[-2:], stride)))
    for n, part in enumerate(parts):
        out[..., n // stride[1] :: stride[0], n % stride[1] :: stride[1]] = part
    return out


# %% polyphase_merge slip:fractions_cut_off
def polyphase_merge(parts, stride):
    sh, sw = stride
    height, width = sum(p.shape[-2] for p in parts[::sw]), sum(p.shape[-1] for p in parts[:sw])
    out = np.zeros(parts[0].shape[:-2] + (height, width), dtype=int)
    for n in range(sh * sw):
        out[..., n // sw :: sh, n % sw :: sw] = parts[n]
    return out


# %% conv2d_polyphase sum-over-parts
def conv2d_polyphase(x, weight, stride):
    (sh, sw), (kh, kw) = stride, weight.shape[2:]
    rows, columns = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
    out = np.zeros((len(x), len(weight), rows, columns))
    for p in range(min(sh, kh)):
        for q in range(min(sw, kw)):
            part, kernel = x[:, :, p::sh, q::sw], weight[:, :, p::sh, q::sw]
            out += operators.conv2d(part, kernel)[:, :, :rows, :columns]
    return out


# %% conv2d_polyphase space-to-depth
def conv2d_polyphase(x, weight, stride):
    def deep(array):
        rows, columns = (-n % s for n, s in zip(array.shape[2:], stride))
        array = np.pad(array, ((0, 0), (0, 0), (0, rows), (0, columns)))
        n, c, h, w = array.shape
        (sh, sw) = stride
        array = array.reshape(n, c, h // sh, sh, w // sw, sw)
        return array.transpose(0, 1, 3, 5, 2, 4).reshape(n, c * sh * sw, h // sh, w // sw)

    rows, columns = ((n - k) // s + 1 for n, k, s in zip(x.shape[2:], weight.shape[2:], stride))
    return operators.conv2d(deep(x), deep(weight))[:, :, :rows, :columns]


# %% conv2d_polyphase taps-in-float32
def conv2d_polyphase(x, weight, stride):
    sh, sw = stride
    oh = (x.shape[2] - weight.shape[2]) // sh + 1
    ow = (x.shape[3] - weight.shape[3]) // sw + 1
    out = np.zeros((len(x), len(weight), oh, ow), np.float32)
    for t in range(weight.shape[2]):
        for s in range(weight.shape[3]):
            part = x[:, :, t % sh :: sh, s % sw :: sw].astype(np.float32)
            a, b = t // sh, s // sw
            out += np.einsum("nchw,kc->nkhw", part[:, :, a : a + oh, b : b + ow], weight[:, :, t, s])
    return out


# %% conv2d_polyphase strided-loops
def conv2d_polyphase(x, weight, stride):
    kh, kw = weight.shape[2:]
    rows = range(0, x.shape[2] - kh + 1, stride[0])
    columns = range(0, x.shape[3] - kw + 1, stride[1])
    return [
        [[[(image[:, i : i + kh, j : j + kw] * w).sum() for j in columns] for i in rows] for w in weight]
        for image in x
    ]


# %% conv2d_polyphase fft-of-parts
def conv2d_polyphase(x, weight, stride):
    sh, sw = stride
    oh, ow = (x.shape[2] - weight.shape[2]) // sh + 1, (x.shape[3] - weight.shape[3]) // sw + 1
    total = 0
    for p in range(sh):
        for q in range(sw):
            part, kernel = x[:, :, p::sh, q::sw], weight[:, :, p::sh, q::sw]
            if 0 in kernel.shape:
                continue
            size = part.shape[2:]
            spectrum = np.einsum(
                "nchw,kchw->nkhw", np.fft.fft2(part), np.conj(np.fft.fft2(kernel, size))
            )
            total = total + np.fft.ifft2(spectrum)[:, :, :oh, :ow]
    return total


# %% conv2d_polyphase slip:first_part_only
def conv2d_polyphase(x, weight, stride):
    sh, sw = stride
    return operators.conv2d(x[:, :, ::sh, ::sw], weight[:, :, ::sh, ::sw])[
        :, :, : (x.shape[2] - weight.shape[2]) // sh + 1, : (x.shape[3] - weight.shape[3]) // sw + 1
    ]


# %% conv2d_polyphase slip:channels_in_another_order
def conv2d_polyphase(x, weight, stride):
    def padded(array):
        missing = [(0, -n % s) for n, s in zip(array.shape[2:], stride)]
        return np.pad(array, [(0, 0), (0, 0)] + missing)

    sh, sw = stride
    x_, w_ = padded(x), padded(weight)
    parts = [x_[:, :, p::sh, q::sw] for p in range(sh) for q in range(sw)]
    kernels = [w_[:, :, p::sh, q::sw] for p in range(sh) for q in range(sw)]
    deep = np.concatenate(parts, axis=1)
    kernel = np.stack(kernels, axis=2).reshape(len(weight), -1, *kernels[0].shape[2:])
    rows, columns = ((n - k) // s + 1 for n, k, s in zip(x.shape[2:], weight.shape[2:], stride))
    return operators.conv2d(deep, kernel)[:, :, :rows, :columns]


# %% blur_subsample rolls
def blur_subsample(x, stride):
    for axis in (2, 3):
        x = (np.roll(x, 1, axis) + 2 * x + np.roll(x, -1, axis)) / 4
    return x[:, :, :: stride[0], :: stride[1]]


# %% blur_subsample wrapped-windows
def blur_subsample(x, stride):
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="wrap")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return np.tensordot(windows[:, :, :: stride[0], :: stride[1]], kernel, axes=2)


# %% blur_subsample matrices-in-float32
def blur_subsample(x, stride):
    def matrix(n):
        one = np.eye(n, dtype=np.float32)
        return (np.roll(one, 1, 1) + 2 * one + np.roll(one, -1, 1)) / 4

    rows, columns = matrix(x.shape[2])[:: stride[0]], matrix(x.shape[3])[:: stride[1]]
    return rows @ x.astype(np.float32) @ columns.T


# %% blur_subsample loops
def blur_subsample(x, stride):
    N, C, H, W = x.shape
    out = np.zeros((N, C, -(-H // stride[0]), -(-W // stride[1])))
    for n, c, i, j in np.ndindex(out.shape):
        for t, row in enumerate((1, 2, 1)):
            for s, column in enumerate((1, 2, 1)):
                r, k = (i * stride[0] + t - 1) % H, (j * stride[1] + s - 1) % W
                out[n, c, i, j] += row * column * x[n, c, r, k] / 16
    return out


# %% blur_subsample fourier
def blur_subsample(x, stride):
    H, W = x.shape[2:]
    rows = np.cos(np.pi * np.arange(H) / H) ** 2
    columns = np.cos(np.pi * np.arange(W) / W) ** 2
    return np.fft.ifft2(np.fft.fft2(x) * np.outer(rows, columns))[:, :, :: stride[0], :: stride[1]]


# %% blur_subsample slip:zeros_around
def blur_subsample(x, stride):
    kernel = np.zeros((x.shape[1], x.shape[1], 3, 3))
    for c in range(x.shape[1]):
        kernel[c, c] = np.outer([1, 2, 1], [1, 2, 1]) / 16
    return operators.conv2d(x, kernel, padding=1)[:, :, :: stride[0], :: stride[1]]


# %% blur_subsample slip:blurred_after_keeping
def blur_subsample(x, stride):
    x = x[:, :, :: stride[0], :: stride[1]]
    x = (np.roll(x, 1, 2) + 2 * x + np.roll(x, -1, 2)) / 4
    return (np.roll(x, 1, 3) + 2 * x + np.roll(x, -1, 3)) / 4


# %% shift_consistency roll
def shift_consistency(f, x, shift, stride):
    moved = np.roll(x, shift, axis=(-2, -1))
    steps = (shift[0] // stride[0], shift[1] // stride[1])
    return np.abs(f(moved) - np.roll(f(x), steps, axis=(-2, -1))).max()


# %% shift_consistency axis-by-axis
def shift_consistency(f, x, shift, stride):
    moved, out = x, np.asarray(f(x))
    for axis in (0, 1):
        moved = np.roll(moved, shift[axis], axis - 2)
        out = np.roll(out, int(np.floor(shift[axis] / stride[axis])), axis - 2)
    return float(np.max(np.abs(np.asarray(f(moved), np.float32) - out)))


# %% shift_consistency index-modulo
def shift_consistency(f, x, shift, stride):
    def move(image, down, right):
        rows = (np.arange(image.shape[-2]) - down) % image.shape[-2]
        columns = (np.arange(image.shape[-1]) - right) % image.shape[-1]
        return image[..., rows, :][..., columns]

    first = f(move(x, *shift))
    second = move(f(x), shift[0] // stride[0], shift[1] // stride[1])
    return max(abs(a - b) for a, b in zip(first.ravel(), second.ravel()))


# %% shift_consistency undo-the-shift
def shift_consistency(f, x, shift, stride):
    moved = f(np.roll(x.copy(), shift, (-2, -1)))
    back = np.roll(moved, (-(shift[0] // stride[0]), -(shift[1] // stride[1])), (-2, -1))
    return np.linalg.norm((back - f(x)).ravel(), np.inf)


# %% shift_consistency concatenate
def shift_consistency(f, x, shift, stride):
    def shifted(a, n, axis):
        n = n % a.shape[axis]
        cut = a.shape[axis] - n
        head, tail = np.split(a, [cut], axis=axis)
        return np.concatenate([tail, head], axis=axis)

    down, right = shift
    one = f(shifted(shifted(x, down, -2), right, -1))
    other = shifted(shifted(f(x), down // stride[0], -2), right // stride[1], -1)
    return np.abs(np.subtract(one, other)).max()


# %% shift_consistency slip:output_not_moved
def shift_consistency(f, x, shift, stride):
    return np.max(np.abs(f(np.roll(x, shift, axis=(-2, -1))) - f(x)))


# %% shift_consistency slip:true_or_false
def shift_consistency(f, x, shift, stride):
    along = np.array(shift) // np.array(stride)
    return np.allclose(f(np.roll(x, shift, (-2, -1))), np.roll(f(x), along, (-2, -1)))
