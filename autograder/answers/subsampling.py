# Answers to lesson 04. Each cell stands alone, as in a student's notebook.
import numpy as np


# %% subsample2d loops
def subsample2d(x, weight, bias, kernel_size, stride=1):
    kh, kw = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    sh, sw = (stride, stride) if isinstance(stride, int) else stride
    N, C, H, W = x.shape
    outH, outW = (H - kh) // sh + 1, (W - kw) // sw + 1
    out = np.zeros((N, C, outH, outW))
    for n in range(N):
        for c in range(C):
            for i in range(outH):
                for j in range(outW):
                    total = 0
                    for t in range(kh):
                        for s in range(kw):
                            total += x[n, c, i * sh + t, j * sw + s]
                    out[n, c, i, j] = bias[c] + weight[c] * total
    return out


# %% subsample2d taps
def subsample2d(x, weight, bias, kernel_size, stride=1):
    # one slice for each place in the window, in float32
    (kh, kw), (sh, sw) = [(v, v) if np.ndim(v) == 0 else tuple(v) for v in (kernel_size, stride)]
    x = x.astype(np.float32)
    H, W = x.shape[2:]
    total = 0
    for t in range(kh):
        for s in range(kw):
            total = total + x[:, :, t : H - kh + t + 1 : sh, s : W - kw + s + 1 : sw]
    return total * weight.reshape(1, -1, 1, 1) + bias.reshape(1, -1, 1, 1)


# %% subsample2d cumulative_sums
def subsample2d(x, weight, bias, kernel_size, stride=1):
    kh, kw = np.broadcast_to(kernel_size, 2)
    sh, sw = np.broadcast_to(stride, 2)
    table = np.zeros((x.shape[0], x.shape[1], x.shape[2] + 1, x.shape[3] + 1))
    table[:, :, 1:, 1:] = x.cumsum(axis=2).cumsum(axis=3)
    sums = table[:, :, kh:, kw:] - table[:, :, :-kh, kw:] - table[:, :, kh:, :-kw]
    sums = (sums + table[:, :, :-kh, :-kw])[:, :, ::sh, ::sw]
    return np.einsum("nchw,c->nchw", sums, weight) + bias[None, :, None, None]


# %% subsample2d as_strided
def subsample2d(x, weight, bias, kernel_size, stride=1):
    kh, kw = np.broadcast_to(kernel_size, 2)
    sh, sw = np.broadcast_to(stride, 2)
    n, c, h, w = x.shape
    bn, bc, bh, bw = x.strides
    shape = (n, c, (h - kh) // sh + 1, (w - kw) // sw + 1, kh, kw)
    windows = np.lib.stride_tricks.as_strided(x, shape, (bn, bc, bh * sh, bw * sw, bh, bw))
    return np.einsum("nchwij,c->nchw", windows, weight) + bias[:, None, None]


# %% subsample2d matrices
def subsample2d(x, weight, bias, kernel_size, stride=1):
    # two matrices of 0 and 1: which rows, and which columns, each output reads
    def reads(n, k, d):
        starts = np.arange(0, n - k + 1, d)
        pixels = np.arange(n)
        return ((pixels >= starts[:, None]) & (pixels < starts[:, None] + k)).astype(float)

    kernel, step = np.broadcast_to(kernel_size, 2), np.broadcast_to(stride, 2)
    rows, columns = (reads(n, k, d) for n, k, d in zip(x.shape[2:], kernel, step))
    return rows @ x @ columns.T * weight[:, None, None] + bias[:, None, None]


# %% subsample2d slip:default_stride_is_kernel
def subsample2d(x, weight, bias, kernel_size, stride=None):
    stride = kernel_size if stride is None else stride
    (kh, kw), (sh, sw) = np.broadcast_to(kernel_size, 2), np.broadcast_to(stride, 2)
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::sh, ::sw]
    return bias[:, None, None] + weight[:, None, None] * windows.sum(axis=(4, 5))


# %% subsample2d slip:weight_and_bias_along_columns
def subsample2d(x, weight, bias, kernel_size, stride=1):
    (kh, kw), (sh, sw) = np.broadcast_to(kernel_size, 2), np.broadcast_to(stride, 2)
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))
    return bias + weight * windows[:, :, ::sh, ::sw].sum(axis=(4, 5))


# %% subsample2d slip:integer_output
def subsample2d(x, weight, bias, kernel_size, stride=1):
    kh, kw = np.broadcast_to(kernel_size, 2)
    sh, sw = np.broadcast_to(stride, 2)
    N, C, H, W = x.shape
    out = np.zeros((N, C, (H - kh) // sh + 1, (W - kw) // sw + 1), dtype=x.dtype)
    for n, c, i, j in np.ndindex(out.shape):
        window = x[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw]
        out[n, c, i, j] = bias[c] + weight[c] * window.sum()
    return out


# %% average_as_subsampling full
def average_as_subsampling(channels, kernel_size):
    kh, kw = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return np.full((channels,), 1.0 / (kh * kw)), np.zeros((channels,))


# %% average_as_subsampling lists
def average_as_subsampling(channels, kernel_size):
    taps = kernel_size**2 if isinstance(kernel_size, int) else kernel_size[0] * kernel_size[1]
    return [[1 / taps] * channels, [0] * channels]


# %% average_as_subsampling float32
def average_as_subsampling(channels, kernel_size):
    weight = np.ones(channels, dtype=np.float32) / np.prod(np.broadcast_to(kernel_size, 2))
    return weight, 0 * weight


# %% average_as_subsampling measured
def average_as_subsampling(channels, kernel_size):
    # an image of ones must become ones
    ones = np.ones(np.broadcast_to(kernel_size, 2))
    weight = np.array([1 / ones.sum() for _ in range(channels)])
    return weight, np.zeros_like(weight)


# %% average_as_subsampling stacked
def average_as_subsampling(channels, kernel_size):
    both = np.zeros((2, channels))
    both[0] = np.reciprocal(float(np.size(np.empty(kernel_size if np.ndim(kernel_size) else (kernel_size,) * 2))))
    return both


# %% average_as_subsampling slip:whole_kernel
def average_as_subsampling(channels, kernel_size):
    kh, kw = np.broadcast_to(kernel_size, 2)
    return np.ones((channels, kh, kw)) / (kh * kw), np.zeros(channels)


# %% average_as_subsampling slip:integer_division
def average_as_subsampling(channels, kernel_size):
    kh, kw = np.broadcast_to(kernel_size, 2)
    weight = np.zeros(channels, dtype=int)
    weight[:] = 1 / (kh * kw)
    return weight, np.zeros(channels)


# %% layer_counts branches
def layer_counts(layer):
    if layer == "S2":
        return 6 * 2, 6 * 14 * 14 * 5
    if layer == "C3":
        p = 6 * (3 * 25 + 1) + 9 * (4 * 25 + 1) + (6 * 25 + 1)
        return p, p * 100
    if layer == "S4":
        return 16 * 2, 16 * 5 * 5 * 5
    if layer == "C5":
        return 120 * (16 * 25 + 1), 120 * (16 * 25 + 1)
    raise ValueError("unknown layer " + str(layer))


# %% layer_counts table
def layer_counts(layer):
    table = {"S2": [12, 5880], "C3": [1516, 151600], "S4": [32, 2000], "C5": [48120, 48120]}
    if layer not in table:
        raise ValueError(f"no layer {layer}")
    return table[layer]


# %% layer_counts arrays
def layer_counts(layer):
    seen = {"C3": np.repeat([3, 4, 6], [6, 9, 1]), "C5": np.full(120, 16)}
    outputs = {"S2": 14**2, "C3": 10**2, "S4": 5**2, "C5": 1}
    try:
        if layer in seen:
            parameters = (seen[layer] * 25 + 1).sum()
            return parameters, parameters * outputs[layer]
        maps = {"S2": 6, "S4": 16}[layer]
    except KeyError:
        raise ValueError(layer) from None
    return np.array([2 * maps, 5 * maps * outputs[layer]])


# %% layer_counts match
def layer_counts(layer):
    match layer:
        case "S2":
            maps, side = 6, 14
        case "S4":
            maps, side = 16, 5
        case "C3":
            weights = 25 * (6 * 3 + 9 * 4 + 1 * 6)
            return weights + 16, float((weights + 16) * 10 * 10)
        case "C5":
            return 120 * 401, 120 * 401 * 1 * 1
        case _:
            raise ValueError("LeNet-5 has no such layer here")
    return maps + maps, maps * side * side * (2 * 2) + maps * side * side


# %% layer_counts every_output_counted
def layer_counts(layer):
    sides = dict(S2=14, C3=10, S4=5, C5=1)
    if layer not in sides:
        raise ValueError(f"{layer!r} is none of {sorted(sides)}")
    heard = dict(S2=[1] * 6, C3=[3] * 6 + [4] * 9 + [6], S4=[1] * 16, C5=[16] * 120)[layer]
    taps = 4 if layer[0] == "S" else 25
    parameters = connections = 0
    for maps in heard:
        parameters += 2 if layer[0] == "S" else maps * taps + 1
        for _ in range(sides[layer] ** 2):
            connections += maps * taps + 1
    return np.int64(parameters), np.float32(connections)


# %% layer_counts slip:full_mixing_in_c3
def layer_counts(layer):
    sizes = {"S2": (6, 14), "C3": (16, 10), "S4": (16, 5), "C5": (120, 1)}
    if layer not in sizes:
        raise ValueError(layer)
    maps, side = sizes[layer]
    if layer[0] == "S":
        return 2 * maps, 5 * maps * side**2
    parameters = maps * (25 * (6 if layer == "C3" else 16) + 1)
    return parameters, parameters * side**2


# %% layer_counts slip:connections_from_parameters
def layer_counts(layer):
    parameters = {"S2": 12, "C3": 1516, "S4": 32, "C5": 48120}.get(layer)
    if parameters is None:
        raise ValueError(layer)
    return parameters, parameters * {"S2": 196, "C3": 100, "S4": 25, "C5": 1}[layer]
