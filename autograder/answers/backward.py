# Answers to lesson 07. Each cell stands alone, as in a student's notebook.
import numpy as np


# %% coverage windows
def coverage(height, width, kernel_size, stride=1, padding=0):
    (kH, kW), (dH, dW), (pH, pW) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))
    counts = np.zeros((height, width))
    for top in range(-pH, height + pH - kH + 1, dH):
        for left in range(-pW, width + pW - kW + 1, dW):
            counts[max(top, 0) : max(top + kH, 0), max(left, 0) : max(left + kW, 0)] += 1
    return counts


# %% coverage axis-by-axis
def coverage(height, width, kernel_size, stride=1, padding=0):
    def axis(n, k, d, p):
        starts = np.arange(-p, n + p - k + 1, d)
        return [sum(1 for a in starts if a <= pixel < a + k) for pixel in range(n)]

    pairs = [v if isinstance(v, (tuple, list)) else (v, v) for v in (kernel_size, stride, padding)]
    rows, columns = axis(height, *(p[0] for p in pairs)), axis(width, *(p[1] for p in pairs))
    return [[r * c for c in columns] for r in rows]


# %% coverage closed-form
def coverage(height, width, kernel_size, stride=1, padding=0):
    def axis(n, k, d, p):
        last = (n + 2 * p - k) // d
        pixel = np.arange(n) + p
        first = np.maximum((pixel - k) // d + 1, 0)
        return np.maximum(np.minimum(pixel // d, last) - first + 1, 0)

    (kH, kW), (dH, dW), (pH, pW) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))
    return np.multiply.outer(axis(height, kH, dH, pH), axis(width, kW, dW, pW))


# %% coverage cumulative-sums-in-float32
def coverage(height, width, kernel_size, stride=1, padding=0):
    def axis(n, k, d, p):
        ends = np.zeros(n + 2 * p + 1, dtype=np.float32)
        for start in range(0, n + 2 * p - k + 1, d):
            ends[start] += 1
            ends[start + k] -= 1
        return ends.cumsum()[p : p + n]

    (kH, kW), (dH, dW), (pH, pW) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))
    return np.outer(axis(height, kH, dH, pH), axis(width, kW, dW, pW))


# %% coverage writable-views
def coverage(height, width, kernel_size, stride=1, padding=0):
    (kH, kW), (dH, dW), (pH, pW) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))
    ids = np.arange((height + 2 * pH) * (width + 2 * pW)).reshape(height + 2 * pH, width + 2 * pW)
    read = np.lib.stride_tricks.sliding_window_view(ids, (kH, kW))[::dH, ::dW]
    counts = np.bincount(read.ravel(), minlength=ids.size).reshape(ids.shape)
    return counts[pH : pH + height, pW : pW + width]


# %% coverage slip:read_or_not
def coverage(height, width, kernel_size, stride=1, padding=0):
    (kH, kW), (dH, dW), (pH, pW) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))
    counts = np.zeros((height + 2 * pH, width + 2 * pW))
    for top in range(0, height + 2 * pH - kH + 1, dH):
        for left in range(0, width + 2 * pW - kW + 1, dW):
            counts[top : top + kH, left : left + kW] = 1
    return counts[pH : pH + height, pW : pW + width]


# %% coverage slip:overhanging_windows
def coverage(height, width, kernel_size, stride=1, padding=0):
    (kH, kW), (dH, dW), (pH, pW) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))
    counts = np.zeros((height + 2 * pH, width + 2 * pW))
    rows = int(np.ceil((height + 2 * pH - kH) / dH)) + 1
    columns = int(np.ceil((width + 2 * pW - kW) / dW)) + 1
    for i in range(rows):
        for j in range(columns):
            counts[i * dH : i * dH + kH, j * dW : j * dW + kW] += 1
    return counts[pH : pH + height, pW : pW + width]


# %% avg_pool2d_backward loops
def avg_pool2d_backward(
    grad_output, x_shape, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    if stride is None:
        stride = kernel_size
    kh, kw = (kernel_size,) * 2 if isinstance(kernel_size, int) else kernel_size
    sh, sw = (stride,) * 2 if isinstance(stride, int) else stride
    ph, pw = (padding,) * 2 if isinstance(padding, int) else padding
    N, C, H, W = x_shape
    grad = np.zeros(x_shape)
    for n in range(N):
        for c in range(C):
            for i in range(grad_output.shape[2]):
                for j in range(grad_output.shape[3]):
                    top, left = i * sh - ph, j * sw - pw
                    bottom, right = min(top + kh, H + ph), min(left + kw, W + pw)
                    area = (bottom - top) * (right - left)
                    top, left, bottom, right = max(top, 0), max(left, 0), min(bottom, H), min(right, W)
                    if not count_include_pad:
                        area = (bottom - top) * (right - left)
                    grad[n, c, top:bottom, left:right] += grad_output[n, c, i, j] / area
    return grad


# %% avg_pool2d_backward taps-in-float32
def avg_pool2d_backward(
    grad_output, x_shape, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    from strided.geometry import pooling_divisors

    stride = kernel_size if stride is None else stride
    divisors = pooling_divisors(*x_shape[-2:], kernel_size, stride, padding, ceil_mode, count_include_pad)
    (kH, kW), (dH, dW), (pH, pW) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))
    sent = (grad_output / divisors).astype(np.float32)
    N, C, outH, outW = sent.shape
    big = np.zeros((N, C, outH * dH + kH + x_shape[2] + pH, outW * dW + kW + x_shape[3] + pW), np.float32)
    for t in range(kH):
        for s in range(kW):
            big[:, :, t : t + outH * dH : dH, s : s + outW * dW : dW] += sent
    return big[:, :, pH : pH + x_shape[2], pW : pW + x_shape[3]]


# %% avg_pool2d_backward matrices
def avg_pool2d_backward(
    grad_output, x_shape, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    stride = kernel_size if stride is None else stride
    kernel, stride, padding = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))

    def axis(a):
        n, k, d, p, out = x_shape[2 + a], kernel[a], stride[a], padding[a], grad_output.shape[2 + a]
        reads, counted = np.zeros((out, n)), np.zeros(out)
        for i in range(out):
            taps = np.arange(i * d - p, i * d - p + k)
            inside = taps[(taps >= 0) & (taps < n)]
            reads[i, inside] = 1
            counted[i] = (taps < n + p).sum() if count_include_pad else len(inside)
        return reads / counted[:, None]

    return np.einsum("nchw,hy,wx->ncyx", grad_output, axis(0), axis(1))


# %% avg_pool2d_backward scatter
def avg_pool2d_backward(
    grad_output, x_shape, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    from strided import geometry

    if stride is None:
        stride = kernel_size
    kernel, stride, padding = (tuple(int(n) for n in np.broadcast_to(v, 2)) for v in (kernel_size, stride, padding))
    divisors = geometry.pooling_divisors(x_shape[2], x_shape[3], kernel, stride, padding, ceil_mode, count_include_pad)
    i, j, t, s = np.indices((*grad_output.shape[2:], *kernel))
    rows, columns = i * stride[0] + t - padding[0], j * stride[1] + s - padding[1]
    inside = (rows >= 0) & (rows < x_shape[2]) & (columns >= 0) & (columns < x_shape[3])
    grad = np.zeros(x_shape)
    sent = np.broadcast_to((grad_output / divisors)[..., None, None], (*grad_output.shape, *kernel))
    np.add.at(grad, (slice(None), slice(None), rows[inside], columns[inside]), sent[:, :, inside])
    return grad


# %% avg_pool2d_backward impulses
def avg_pool2d_backward(
    grad_output, x_shape, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    from strided import operators

    N, C, H, W = x_shape
    settings = (kernel_size, stride, padding, ceil_mode, count_include_pad)
    pooled = operators.avg_pool2d(np.eye(H * W).reshape(1, H * W, H, W), *settings)[0]
    return np.tensordot(grad_output, pooled, ((2, 3), (1, 2))).reshape(N, C, H, W).tolist()


# %% avg_pool2d_backward slip:assigned_not_added
def avg_pool2d_backward(
    grad_output, x_shape, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    from strided.geometry import pooling_divisors

    stride = kernel_size if stride is None else stride
    (kH, kW), (dH, dW), (pH, pW) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))
    N, C, H, W = x_shape
    shares = grad_output / pooling_divisors(H, W, kernel_size, stride, padding, ceil_mode, count_include_pad)
    big = np.zeros((N, C, H + 2 * pH + dH, W + 2 * pW + dW))
    for i, j in np.ndindex(shares.shape[2:]):
        big[:, :, i * dH : i * dH + kH, j * dW : j * dW + kW] = shares[:, :, i, j][:, :, None, None]
    return big[:, :, pH : pH + H, pW : pW + W]


# %% avg_pool2d_backward slip:divided_by_the_kernel
def avg_pool2d_backward(
    grad_output, x_shape, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    stride = kernel_size if stride is None else stride
    (kH, kW), (dH, dW), (pH, pW) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))
    N, C, H, W = x_shape
    big = np.zeros((N, C, H + 2 * pH + dH, W + 2 * pW + dW))
    for i, j in np.ndindex(grad_output.shape[2:]):
        share = grad_output[:, :, i : i + 1, j : j + 1] / (kH * kW)
        big[:, :, i * dH : i * dH + kH, j * dW : j * dW + kW] += share
    return big[:, :, pH : pH + H, pW : pW + W]


# %% avg_pool2d_backward slip:divided_in_place
def avg_pool2d_backward(
    grad_output, x_shape, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    from strided.geometry import pooling_divisors

    stride = kernel_size if stride is None else stride
    (kH, kW), (dH, dW), (pH, pW) = (np.broadcast_to(v, 2) for v in (kernel_size, stride, padding))
    N, C, H, W = x_shape
    grad_output /= pooling_divisors(H, W, kernel_size, stride, padding, ceil_mode, count_include_pad)
    big = np.zeros((N, C, H + 2 * pH + dH, W + 2 * pW + dW))
    for i, j in np.ndindex(grad_output.shape[2:]):
        big[:, :, i * dH : i * dH + kH, j * dW : j * dW + kW] += grad_output[:, :, i : i + 1, j : j + 1]
    return big[:, :, pH : pH + H, pW : pW + W]


# %% subsample2d_backward loops
def subsample2d_backward(grad_output, x, weight, kernel_size, stride=1):
    kh, kw = (kernel_size,) * 2 if isinstance(kernel_size, int) else kernel_size
    sh, sw = (stride,) * 2 if isinstance(stride, int) else stride
    grad_input = np.zeros(x.shape)
    grad_weight = np.zeros(len(weight))
    grad_bias = np.zeros(len(weight))
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            for i in range(grad_output.shape[2]):
                for j in range(grad_output.shape[3]):
                    g = grad_output[n, c, i, j]
                    grad_bias[c] += g
                    for t in range(kh):
                        for s in range(kw):
                            grad_input[n, c, i * sh + t, j * sw + s] += g * weight[c]
                            grad_weight[c] += g * x[n, c, i * sh + t, j * sw + s]
    return grad_input, grad_weight, grad_bias


# %% subsample2d_backward windows
def subsample2d_backward(grad_output, x, weight, kernel_size, stride=1):
    kernel = tuple(np.broadcast_to(kernel_size, 2))
    (dH, dW) = np.broadcast_to(stride, 2)
    sums = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))[:, :, ::dH, ::dW].sum((4, 5))
    grad_input = np.zeros(x.shape)
    writable = np.lib.stride_tricks.sliding_window_view(grad_input, kernel, axis=(2, 3), writeable=True)
    for t in range(kernel[0]):
        for s in range(kernel[1]):
            writable[:, :, ::dH, ::dW, t, s] += grad_output * weight.reshape(1, -1, 1, 1)
    return [grad_input, np.einsum("nchw,nchw->c", grad_output, sums), np.einsum("nchw->c", grad_output)]


# %% subsample2d_backward taps-in-float32
def subsample2d_backward(grad_output, x, weight, kernel_size, stride=1):
    (kH, kW), (dH, dW) = np.broadcast_to(kernel_size, 2), np.broadcast_to(stride, 2)
    g = np.asarray(grad_output, dtype=np.float32)
    outH, outW = g.shape[2:]
    grad_input = np.zeros(x.shape, dtype=np.float32)
    grad_weight = np.zeros(weight.shape, dtype=np.float32)
    for t in range(kH):
        for s in range(kW):
            rows = slice(t, t + (outH - 1) * dH + 1, dH)
            columns = slice(s, s + (outW - 1) * dW + 1, dW)
            grad_input[:, :, rows, columns] += g * weight.astype(np.float32)[:, None, None]
            grad_weight += (g * x[:, :, rows, columns]).sum(axis=(0, 2, 3), dtype=np.float32)
    return grad_input, grad_weight, g.sum(axis=(0, 2, 3))


# %% subsample2d_backward matrices
def subsample2d_backward(grad_output, x, weight, kernel_size, stride=1):
    kernel, stride = np.broadcast_to(kernel_size, 2), np.broadcast_to(stride, 2)

    def axis(a):
        reads = np.zeros((grad_output.shape[2 + a], x.shape[2 + a]))
        for i, row in enumerate(reads):
            row[i * stride[a] : i * stride[a] + kernel[a]] = 1
        return reads

    rows, columns = axis(0), axis(1)
    spread = rows.T @ grad_output @ columns
    return (
        np.moveaxis(np.moveaxis(spread, 1, -1) * weight, -1, 1),
        np.tensordot(spread, x, ((2, 3), (2, 3))).trace(axis1=0, axis2=2).diagonal(),
        grad_output.swapaxes(0, 1).reshape(len(weight), -1).sum(1),
    )


# %% subsample2d_backward one-channel-at-a-time
def subsample2d_backward(grad_output, x, weight, kernel_size, stride=1):
    kernel, step = np.broadcast_to(kernel_size, 2), np.broadcast_to(stride, 2)
    grad_input, grad_weight, grad_bias = [], [], []
    for u, image, w in zip(np.swapaxes(grad_output, 0, 1), np.swapaxes(x, 0, 1), weight):
        spread = np.zeros(image.shape)
        windows = np.lib.stride_tricks.sliding_window_view(image, tuple(kernel), axis=(1, 2))
        kept = windows[:, :: step[0], :: step[1]]
        for t, s in np.ndindex(*kernel):
            rows = t + step[0] * np.arange(u.shape[1])
            columns = s + step[1] * np.arange(u.shape[2])
            spread[:, rows[:, None], columns] += w * u
        grad_input.append(spread)
        grad_weight.append(float(np.einsum("nij,nijts->", u, kept)))
        grad_bias.append(float(u.sum()))
    return np.stack(grad_input, axis=1), grad_weight, grad_bias


# %% subsample2d_backward slip:grad_weight_without_window_sum
def subsample2d_backward(grad_output, x, weight, kernel_size, stride=1):
    (kH, kW), (dH, dW) = np.broadcast_to(kernel_size, 2), np.broadcast_to(stride, 2)
    grad_input = np.zeros(x.shape)
    for i, j in np.ndindex(grad_output.shape[2:]):
        window = grad_input[:, :, i * dH : i * dH + kH, j * dW : j * dW + kW]
        window += (grad_output[:, :, i, j] * weight)[:, :, None, None]
    total = grad_output.sum(axis=(0, 2, 3))
    return grad_input, total, total


# %% subsample2d_backward slip:type_of_the_image
def subsample2d_backward(grad_output, x, weight, kernel_size, stride=1):
    kh, kw = (kernel_size,) * 2 if isinstance(kernel_size, int) else kernel_size
    sh, sw = (stride,) * 2 if isinstance(stride, int) else stride
    grad_input, grad_weight = np.zeros_like(x), np.zeros(weight.shape)
    for n, c, i, j in np.ndindex(grad_output.shape):
        g = grad_output[n, c, i, j]
        for t in range(kh):
            for s in range(kw):
                old = grad_input[n, c, i * sh + t, j * sw + s]
                grad_input[n, c, i * sh + t, j * sw + s] = old + g * weight[c]
                grad_weight[c] += g * x[n, c, i * sh + t, j * sw + s]
    return grad_input, grad_weight, grad_output.sum(axis=(0, 2, 3))


# %% subsample2d_backward slip:batch_averaged
def subsample2d_backward(grad_output, x, weight, kernel_size, stride=1):
    (kH, kW), (dH, dW) = np.broadcast_to(kernel_size, 2), np.broadcast_to(stride, 2)
    grad_input, grad_weight = np.zeros(x.shape), np.zeros(weight.shape)
    for i, j in np.ndindex(grad_output.shape[2:]):
        g = grad_output[:, :, i, j]
        rows, columns = slice(i * dH, i * dH + kH), slice(j * dW, j * dW + kW)
        grad_input[:, :, rows, columns] += (g * weight)[:, :, None, None]
        grad_weight += (g * x[:, :, rows, columns].sum(axis=(2, 3))).mean(axis=0)
    return grad_input, grad_weight, grad_output.sum(axis=(2, 3)).mean(axis=0)


# %% conv2d_backward loops
def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    sh, sw = (stride, stride) if isinstance(stride, int) else stride
    ph, pw = (padding, padding) if isinstance(padding, int) else padding
    N, C, H, W = x.shape
    K, _, kh, kw = weight.shape
    grad_x, grad_w, grad_b = np.zeros(x.shape), np.zeros(weight.shape), np.zeros(K)
    for n, k, i, j in np.ndindex(grad_output.shape):
        g = grad_output[n, k, i, j]
        grad_b[k] += g
        for l in range(C):
            for t in range(kh):
                for s in range(kw):
                    row, column = i * sh + t - ph, j * sw + s - pw
                    if 0 <= row < H and 0 <= column < W:
                        grad_x[n, l, row, column] += g * weight[k, l, t, s]
                        grad_w[k, l, t, s] += g * x[n, l, row, column]
    return grad_x, grad_w, grad_b


# %% conv2d_backward columns
def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    (dH, dW), (pH, pW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    K, C, kH, kW = weight.shape
    outH, outW = grad_output.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pH, pH), (pW, pW)))
    ids = np.arange(padded[0].size).reshape(padded.shape[1:])
    ids = np.lib.stride_tricks.sliding_window_view(ids, (kH, kW), axis=(1, 2))[:, ::dH, ::dW]
    ids = ids.transpose(0, 3, 4, 1, 2).reshape(C * kH * kW, -1)
    flat = grad_output.reshape(len(x), K, -1)
    grad_columns = weight.reshape(K, -1).T @ flat
    grad_padded = np.stack(
        [np.bincount(ids.ravel(), g.ravel(), minlength=padded[0].size) for g in grad_columns]
    ).reshape(padded.shape)
    columns = padded.reshape(len(x), -1)[:, ids]
    grad_weight = (flat @ columns.swapaxes(1, 2)).sum(axis=0).reshape(weight.shape)
    H, W = x.shape[2:]
    return grad_padded[:, :, pH : pH + H, pW : pW + W], grad_weight, flat.sum(axis=(0, 2))


# %% conv2d_backward full-convolution
def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    # Put zeros between the outputs, then convolve (turned kernel) and correlate.
    (dH, dW), (pH, pW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    (H, W), (kH, kW) = x.shape[2:], weight.shape[2:]
    N, K, outH, outW = grad_output.shape
    sparse = np.zeros((N, K, H + 2 * pH - kH + 1, W + 2 * pW - kW + 1))
    sparse[:, :, ::dH, ::dW][:, :, :outH, :outW] = grad_output
    around = np.pad(sparse, ((0, 0), (0, 0), (kH - 1, kH - 1), (kW - 1, kW - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(around, (kH, kW), axis=(2, 3))
    grad_padded = np.einsum("nkhwts,kcts->nchw", windows, weight[:, :, ::-1, ::-1])
    padded = np.pad(x, ((0, 0), (0, 0), (pH, pH), (pW, pW)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, sparse.shape[2:], axis=(2, 3))
    grad_weight = np.einsum("nctshw,nkhw->kcts", windows, sparse)
    return grad_padded[:, :, pH : pH + H, pW : pW + W], grad_weight, grad_output.sum((0, 2, 3))


# %% conv2d_backward taps-in-float32
def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    (dH, dW), (pH, pW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    g, w = grad_output.astype(np.float32), weight.astype(np.float32)
    padded = np.pad(x.astype(np.float32), ((0, 0), (0, 0), (pH, pH), (pW, pW)))
    grad_padded, grad_weight = np.zeros_like(padded), np.zeros_like(w)
    outH, outW = g.shape[2:]
    for t, s in np.ndindex(*w.shape[2:]):
        rows = slice(t, t + (outH - 1) * dH + 1, dH)
        columns = slice(s, s + (outW - 1) * dW + 1, dW)
        grad_padded[:, :, rows, columns] += np.einsum("nkhw,kc->nchw", g, w[:, :, t, s])
        grad_weight[:, :, t, s] = np.einsum("nkhw,nchw->kc", g, padded[:, :, rows, columns])
    grad_input = grad_padded[:, :, pH:, pW:][:, :, : x.shape[2], : x.shape[3]]
    return [grad_input, grad_weight, g.sum(axis=(0, 2, 3), keepdims=True)[0, :, 0, 0]]


# %% conv2d_backward impulses
def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    from strided import operators

    (N, C, H, W), (K, _, kH, kW) = x.shape, weight.shape

    def forward(image, kernels):
        return operators.conv2d(np.asarray(image, float), kernels, None, stride, padding)

    # Both maps are linear: hand in every unit image, and every unit kernel.
    images = forward(np.eye(C * H * W).reshape(-1, C, H, W), weight)
    grad_input = np.einsum("nkhw,pkhw->np", grad_output, images).reshape(x.shape)
    kernels = forward(x, np.eye(C * kH * kW).reshape(-1, C, kH, kW))
    grad_weight = np.einsum("nkhw,nphw->kp", grad_output, kernels).reshape(weight.shape)
    return grad_input, grad_weight, [channel.sum() for channel in grad_output.swapaxes(0, 1)]


# %% conv2d_backward slip:kernel_turned
def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    (dH, dW), (pH, pW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    (H, W), (kH, kW) = x.shape[2:], weight.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pH, pH), (pW, pW)))
    grad_padded, grad_weight = np.zeros(padded.shape), np.zeros(weight.shape)
    for i, j in np.ndindex(grad_output.shape[2:]):
        g = grad_output[:, :, i, j]
        rows, columns = slice(i * dH, i * dH + kH), slice(j * dW, j * dW + kW)
        grad_padded[:, :, rows, columns] += np.tensordot(g, np.flip(weight, (2, 3)), 1)
        grad_weight += np.einsum("nk,ncts->kcts", g, padded[:, :, rows, columns])
    return grad_padded[:, :, pH : pH + H, pW : pW + W], grad_weight, grad_output.sum((0, 2, 3))


# %% conv2d_backward slip:assigned_not_added
def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    (dH, dW), (pH, pW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    (H, W), (kH, kW) = x.shape[2:], weight.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pH, pH), (pW, pW)))
    grad_padded, grad_weight = np.zeros(padded.shape), np.zeros(weight.shape)
    for n, k, i, j in np.ndindex(grad_output.shape):
        rows, columns = slice(i * dH, i * dH + kH), slice(j * dW, j * dW + kW)
        grad_padded[n, :, rows, columns] = grad_output[n, k, i, j] * weight[k]
        grad_weight[k] += grad_output[n, k, i, j] * padded[n, :, rows, columns]
    return grad_padded[:, :, pH : pH + H, pW : pW + W], grad_weight, grad_output.sum((0, 2, 3))


# %% conv2d_backward slip:padding_cropped_at_the_end
def conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    (dH, dW), (pH, pW) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    (H, W), (kH, kW) = x.shape[2:], weight.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pH, pH), (pW, pW)))
    grad_padded, grad_weight = np.zeros(padded.shape), np.zeros(weight.shape)
    for i, j in np.ndindex(grad_output.shape[2:]):
        g = grad_output[:, :, i, j]
        rows, columns = slice(i * dH, i * dH + kH), slice(j * dW, j * dW + kW)
        grad_padded[:, :, rows, columns] += np.tensordot(g, weight, 1)
        grad_weight += np.einsum("nk,ncts->kcts", g, padded[:, :, rows, columns])
    return grad_padded[:, :, :H, :W], grad_weight, grad_output.sum((0, 2, 3))
