# Answers to lesson 05. Each cell stands alone, as in a student's notebook.
import numpy as np


# %% correlate_or_convolve loops
def correlate_or_convolve(x, weight):
    kH, kW = weight.shape
    rows, columns = x.shape[0] - kH + 1, x.shape[1] - kW + 1
    correlation = np.zeros((rows, columns))
    convolution = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            for t in range(kH):
                for s in range(kW):
                    correlation[i, j] += x[i + t, j + s] * weight[t, s]
                    convolution[i, j] += x[i + t, j + s] * weight[kH - 1 - t, kW - 1 - s]
    return correlation, convolution


# %% correlate_or_convolve windows
def correlate_or_convolve(x, weight):
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape)
    return (windows * weight).sum((2, 3)), (windows * np.rot90(weight, 2)).sum((2, 3))


# %% correlate_or_convolve fft
def correlate_or_convolve(x, weight):
    def convolve(kernel):
        full = np.fft.irfft2(
            np.fft.rfft2(x, shape) * np.fft.rfft2(kernel, shape), shape
        )
        return full[weight.shape[0] - 1 : x.shape[0], weight.shape[1] - 1 : x.shape[1]]

    shape = [n + k - 1 for n, k in zip(x.shape, weight.shape)]
    return [convolve(np.flip(weight)), convolve(weight)]


# %% correlate_or_convolve shifts-in-float32
def correlate_or_convolve(x, weight):
    H, W = np.array(x.shape) - weight.shape + 1
    result = np.zeros((2, H, W), dtype=np.float32)
    for (t, s), w in np.ndenumerate(weight):
        result[0] += w * x[t : t + H, s : s + W]
    for (t, s), w in np.ndenumerate(weight[::-1, ::-1]):
        result[1] += w * x[t : t + H, s : s + W]
    return result


# %% correlate_or_convolve row-by-row
def correlate_or_convolve(x, weight):
    def valid(kernel):
        rows = []
        for top in range(len(x) - len(kernel) + 1):
            rows.append(sum(np.correlate(x[top + t], kernel[t], "valid") for t in range(len(kernel))))
        return np.stack(rows)

    return valid(weight), valid(weight[::-1, ::-1])


# %% correlate_or_convolve slip:flipped_rows_only
def correlate_or_convolve(x, weight):
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape)
    return (windows * weight).sum((2, 3)), (windows * np.flipud(weight)).sum((2, 3))


# %% correlate_or_convolve slip:full_extent
def correlate_or_convolve(x, weight):
    shape = [n + k - 1 for n, k in zip(x.shape, weight.shape)]
    spectrum = np.fft.rfft2(x, shape)
    both = (np.flip(weight), weight)
    return tuple(np.fft.irfft2(spectrum * np.fft.rfft2(k, shape), shape) for k in both)


# %% weight_from_torch_formula transpose
def weight_from_torch_formula(w):
    return np.transpose(w, (3, 2, 1, 0))


# %% weight_from_torch_formula attribute
def weight_from_torch_formula(w):
    return w.T


# %% weight_from_torch_formula loops
def weight_from_torch_formula(w):
    kW, kH, inputs, outputs = w.shape
    stored = np.empty((outputs, inputs, kH, kW))
    for s in range(kW):
        for t in range(kH):
            for l in range(inputs):
                for k in range(outputs):
                    stored[k, l, t, s] = w[s][t][l][k]
    return stored


# %% weight_from_torch_formula einsum-to-lists
def weight_from_torch_formula(w):
    return np.einsum("stlk->klts", w).tolist()


# %% weight_from_torch_formula as_strided-in-float32
def weight_from_torch_formula(w):
    w = np.ascontiguousarray(w, dtype=np.float32)
    return np.lib.stride_tricks.as_strided(w, w.shape[::-1], w.strides[::-1])


# %% weight_from_torch_formula slip:width_before_height
def weight_from_torch_formula(w):
    return np.moveaxis(w, (3, 2), (0, 1))


# %% weight_from_torch_formula slip:reshaped
def weight_from_torch_formula(w):
    kW, kH, inputs, outputs = w.shape
    return w.reshape(outputs, inputs, kH, kW)


# %% conv2d loops
def conv2d(x, weight, bias=None, stride=1, padding=0):
    sh, sw = (stride, stride) if isinstance(stride, int) else stride
    ph, pw = (padding, padding) if isinstance(padding, int) else padding
    N, C, H, W = x.shape
    K, _, kh, kw = weight.shape
    padded = np.zeros((N, C, H + 2 * ph, W + 2 * pw))
    padded[:, :, ph : ph + H, pw : pw + W] = x
    oh, ow = (H + 2 * ph - kh) // sh + 1, (W + 2 * pw - kw) // sw + 1
    out = np.zeros((N, K, oh, ow))
    for n in range(N):
        for k in range(K):
            for i in range(oh):
                for j in range(ow):
                    window = padded[n, :, i * sh : i * sh + kh, j * sw : j * sw + kw]
                    out[n, k, i, j] = (window * weight[k]).sum()
                    if bias is not None:
                        out[n, k, i, j] += bias[k]
    return out


# %% conv2d taps-in-float32
def conv2d(x, weight, bias=None, stride=1, padding=0):
    sh, sw = np.broadcast_to(stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    x = np.pad(x, [(0, 0), (0, 0), (ph, ph), (pw, pw)]).astype(np.float32)
    kh, kw = weight.shape[2:]
    oh, ow = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
    out = np.zeros((len(x), len(weight), oh, ow), dtype=np.float32)
    if bias is not None:
        out += bias[:, None, None]
    for t in range(kh):
        for s in range(kw):
            reads = x[:, :, t : t + sh * oh : sh, s : s + sw * ow : sw][:, :, :oh, :ow]
            out += np.einsum("kc,nchw->nkhw", weight[:, :, t, s], reads)
    return out


# %% conv2d columns
def conv2d(x, weight, bias=None, stride=1, padding=0):
    (sh, sw), (ph, pw) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    N, C, H, W = x.shape
    K, _, kh, kw = weight.shape
    oh, ow = (H - kh) // sh + 1, (W - kw) // sw + 1
    n, c, h, w = x.strides
    columns = np.lib.stride_tricks.as_strided(
        x, (N, oh, ow, C, kh, kw), (n, h * sh, w * sw, c, h, w)
    ).reshape(N, oh * ow, C * kh * kw)
    out = columns @ weight.reshape(K, -1).T
    if bias is not None:
        out = out + bias
    return out.swapaxes(1, 2).reshape(N, K, oh, ow)


# %% conv2d dense-then-keep-fft
def conv2d(x, weight, bias=None, stride=1, padding=0):
    sh, sw = np.broadcast_to(stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    size = x.shape[2:]
    spectrum = np.einsum(
        "nchw,kchw->nkhw", np.fft.fft2(x), np.conj(np.fft.fft2(weight, size))
    )
    dense = np.fft.ifft2(spectrum).real
    dense = dense[:, :, : size[0] - weight.shape[2] + 1, : size[1] - weight.shape[3] + 1]
    out = dense[:, :, ::sh, ::sw]
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)


# %% conv2d recursive-lists
def conv2d(x, weight, bias=None, stride=1, padding=0):
    if isinstance(stride, int):
        stride = (stride, stride)
    if isinstance(padding, int):
        padding = (padding, padding)
    if bias is None:
        bias = [0] * len(weight)

    def one(image, kernels, b, top, left):
        total = b
        for channel, kernel in zip(image, kernels):
            for t, row in enumerate(kernel):
                for s, w in enumerate(row):
                    y, z = top + t, left + s
                    if 0 <= y < len(channel) and 0 <= z < len(channel[0]):
                        total = total + w * channel[y][z]
        return total

    H, W = x.shape[2] + 2 * padding[0], x.shape[3] + 2 * padding[1]
    tops = range(-padding[0], H - padding[0] - weight.shape[2] + 1, stride[0])
    lefts = range(-padding[1], W - padding[1] - weight.shape[3] + 1, stride[1])
    return [
        [[[one(im, w, b, i, j) for j in lefts] for i in tops] for w, b in zip(weight, bias)]
        for im in x
    ]


# %% conv2d slip:flipped_kernel
def conv2d(x, weight, bias=None, stride=1, padding=0):
    sh, sw = np.broadcast_to(stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    out = np.einsum("nchwij,kcij->nkhw", windows[:, :, ::sh, ::sw], weight[:, :, ::-1, ::-1])
    return out if bias is None else out + np.reshape(bias, (-1, 1, 1))


# %% conv2d slip:bias_for_each_input
def conv2d(x, weight, bias=None, stride=1, padding=0):
    sh, sw = np.broadcast_to(stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))[:, :, ::sh, ::sw]
    out = 0
    for l in range(x.shape[1]):
        out = out + np.einsum("nhwij,kij->nkhw", windows[:, l], weight[:, l])
        if bias is not None:
            out = out + bias[:, None, None]
    return out


# %% conv2d slip:bias_along_width
def conv2d(x, weight, bias=None, stride=1, padding=0):
    sh, sw = np.broadcast_to(stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    out = np.einsum("nchwij,kcij->nkhw", windows[:, :, ::sh, ::sw], weight)
    return out if bias is None else out + bias


# %% conv2d slip:window_changed_in_place
def conv2d(x, weight, bias=None, stride=1, padding=0):
    sh, sw = (stride, stride) if isinstance(stride, int) else stride
    ph, pw = (padding, padding) if isinstance(padding, int) else padding
    N, C, H, W = x.shape
    K, _, kh, kw = weight.shape
    padded = np.zeros((N, C, H + 2 * ph, W + 2 * pw))
    padded[:, :, ph : ph + H, pw : pw + W] = x
    oh, ow = (H + 2 * ph - kh) // sh + 1, (W + 2 * pw - kw) // sw + 1
    out = np.zeros((N, K, oh, ow))
    for n in range(N):
        for k in range(K):
            for i in range(oh):
                for j in range(ow):
                    window = padded[n, :, i * sh : i * sh + kh, j * sw : j * sw + kw]
                    window *= weight[k]
                    out[n, k, i, j] = window.sum() + (0 if bias is None else bias[k])
    return out


# %% conv2d slip:first_image_repeated
def conv2d(x, weight, bias=None, stride=1, padding=0):
    sh, sw = (stride, stride) if isinstance(stride, int) else stride
    ph, pw = (padding, padding) if isinstance(padding, int) else padding
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    K, _, kh, kw = weight.shape
    out = np.zeros((len(x), K, (padded.shape[2] - kh) // sh + 1, (padded.shape[3] - kw) // sw + 1))
    for n, k, i, j in np.ndindex(out.shape):
        window = padded[0, :, i * sh : i * sh + kh, j * sw : j * sw + kw]
        out[n, k, i, j] = np.sum(window * weight[k])
    if bias is not None:
        out += bias[:, None, None]
    return out
