# Answers to lesson 06. Each cell stands alone, as in a student's notebook.
import numpy as np


# %% mixing_matrix impulses
def mixing_matrix(operator, in_channels):
    columns = []
    for c in range(in_channels):
        x = np.zeros((in_channels, 9, 11))
        before = operator(x)
        x[c, 4, 5] = 1
        after = operator(x)
        columns.append(np.abs(after - before).max(axis=(1, 2)) > 0)
    return np.array(columns).T


# %% mixing_matrix random-baseline
def mixing_matrix(operator, in_channels):
    rng = np.random.default_rng()
    x = rng.normal(size=(in_channels, 16, 12))
    y = operator(x)
    M = np.zeros((len(y), in_channels), dtype=bool)
    for c in range(in_channels):
        z = x.copy()
        z[c] += rng.normal(size=(16, 12))
        M[:, c] = ~np.isclose(operator(z), y).all(axis=(1, 2))
    return M


# %% mixing_matrix one-batch
def mixing_matrix(operator, in_channels):
    x = np.zeros((in_channels + 1, in_channels, 8, 8))
    for c in range(in_channels):
        x[c + 1, c] = 1
    y = operator(x)
    return (y[1:] != y[0]).any((2, 3)).T


# %% mixing_matrix not-a-number
def mixing_matrix(operator, in_channels):
    result = []
    for c in range(in_channels):
        x = np.ones((in_channels, 10, 8), dtype=np.float32)
        x[c] = np.nan
        result.append(np.isnan(operator(x)).any(axis=-1).any(axis=-1))
    return np.stack(result, 1)


# %% mixing_matrix nested-lists
def mixing_matrix(operator, in_channels):
    def image(lit):
        return [[[1 if c == lit else 0] * 8 for _ in range(8)] for c in range(in_channels)]

    rest = operator(np.array(image(None)))
    moved = [operator(np.array(image(c))) for c in range(in_channels)]
    return [
        [int(np.any(moved[c][k] != rest[k])) for c in range(in_channels)] for k in range(len(rest))
    ]


# %% mixing_matrix linear-part
def mixing_matrix(operator, in_channels):
    silent = operator(np.zeros((in_channels, 8, 8)))
    out = np.zeros((silent.shape[0], in_channels))
    for c in range(in_channels):
        x = np.zeros((in_channels, 8, 8))
        x[c] = 1
        out[:, c] = np.abs(operator(x) - silent).sum(axis=(1, 2))
    return out > 1e-9


# %% mixing_matrix slip:bias_taken_for_input
def mixing_matrix(operator, in_channels):
    columns = []
    for c in range(in_channels):
        x = np.zeros((in_channels, 8, 8))
        x[c] = 1
        columns.append((operator(x) != 0).any(axis=(1, 2)))
    return np.stack(columns, axis=1)


# %% mixing_matrix slip:transposed
def mixing_matrix(operator, in_channels):
    x = np.random.rand(in_channels, 8, 8)
    y = operator(x)
    rows = []
    for c in range(in_channels):
        z = x.copy()
        z[c] += 1
        rows.append([bool((a != b).any()) for a, b in zip(operator(z), y)])
    return np.array(rows)


# %% mixing_matrix slip:changes_pile_up
def mixing_matrix(operator, in_channels):
    x = np.zeros((in_channels, 8, 8))
    y = operator(x)
    columns = []
    for c in range(in_channels):
        x[c] = np.random.rand(8, 8)
        columns.append((operator(x) != y).any(axis=(1, 2)))
    return np.stack(columns, axis=1)


# %% conv2d_groups loops
def conv2d_groups(x, weight, bias=None, stride=1, padding=0, groups=1):
    sh, sw = (stride, stride) if isinstance(stride, int) else stride
    ph, pw = (padding, padding) if isinstance(padding, int) else padding
    N, C, H, W = x.shape
    K, size, kh, kw = weight.shape
    padded = np.zeros((N, C, H + 2 * ph, W + 2 * pw))
    padded[:, :, ph : ph + H, pw : pw + W] = x
    oh, ow = (H + 2 * ph - kh) // sh + 1, (W + 2 * pw - kw) // sw + 1
    out = np.zeros((N, K, oh, ow))
    for n in range(N):
        for k in range(K):
            first = k // (K // groups) * size
            for i in range(oh):
                for j in range(ow):
                    window = padded[n, first : first + size, i * sh : i * sh + kh, j * sw : j * sw + kw]
                    out[n, k, i, j] = np.sum(window * weight[k])
                    if bias is not None:
                        out[n, k, i, j] += bias[k]
    return out


# %% conv2d_groups one-einsum
def conv2d_groups(x, weight, bias=None, stride=1, padding=0, groups=1):
    (sh, sw), (ph, pw) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    N, C, H, W = x.shape
    K, c, kh, kw = weight.shape
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::sh, ::sw]
    windows = windows.reshape(N, groups, c, *windows.shape[2:])
    out = np.einsum("ngchwij,gkcij->ngkhw", windows, weight.reshape(groups, -1, c, kh, kw))
    out = out.reshape(N, K, *out.shape[3:])
    return out if bias is None else out + np.reshape(bias, (1, K, 1, 1))


# %% conv2d_groups full-with-zeros-in-float32
def conv2d_groups(x, weight, bias=None, stride=1, padding=0, groups=1):
    sh, sw = np.broadcast_to(stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    K, c, kh, kw = weight.shape
    full = np.zeros((K, c * groups, kh, kw), dtype=np.float32)
    for g in range(groups):
        rows = slice(g * K // groups, (g + 1) * K // groups)
        full[rows, g * c : (g + 1) * c] = weight[rows]
    x = np.pad(x, [(0, 0), (0, 0), (ph, ph), (pw, pw)]).astype(np.float32)
    oh, ow = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
    out = np.zeros((len(x), K, oh, ow), dtype=np.float32)
    for t in range(kh):
        for s in range(kw):
            reads = x[:, :, t : t + sh * oh : sh, s : s + sw * ow : sw][:, :, :oh, :ow]
            out += np.einsum("kc,nchw->nkhw", full[:, :, t, s], reads)
    if bias is not None:
        out += bias[:, None, None]
    return out


# %% conv2d_groups conv2d-of-each-group
def conv2d(x, weight, bias, stride, padding):
    (sh, sw), (ph, pw) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    out = np.einsum("nchwij,kcij->nkhw", windows[:, :, ::sh, ::sw], weight)
    return out if bias is None else out + bias[:, None, None]


def conv2d_groups(x, weight, bias=None, stride=1, padding=0, groups=1):
    C, K = x.shape[1] // groups, len(weight) // groups
    parts = []
    for g in range(groups):
        b = bias[g * K : (g + 1) * K] if bias is not None else None
        parts.append(
            conv2d(x[:, g * C : (g + 1) * C], weight[g * K : (g + 1) * K], b, stride, padding)
        )
    return np.concatenate(parts, axis=1)


# %% conv2d_groups dense-then-keep-fft
def conv2d_groups(x, weight, bias=None, stride=1, padding=0, groups=1):
    sh, sw = np.broadcast_to(stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    size, (K, c, kh, kw) = x.shape[2:], weight.shape
    X, W = np.fft.fft2(x), np.conj(np.fft.fft2(weight, size))
    channels = np.arange(K)[:, None] // (K // groups) * c + np.arange(c)
    dense = np.fft.ifft2((X[:, channels] * W).sum(axis=2)).real
    out = dense[:, :, : size[0] - kh + 1 : sh, : size[1] - kw + 1 : sw]
    return out if bias is None else out + bias[:, None, None]


# %% conv2d_groups slip:first_group_for_all
def conv2d_groups(x, weight, bias=None, stride=1, padding=0, groups=1):
    (sh, sw), (ph, pw) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))[:, : weight.shape[1]]
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    out = np.einsum("nchwij,kcij->nkhw", windows[:, :, ::sh, ::sw], weight)
    return out if bias is None else out + bias[:, None, None]


# %% conv2d_groups slip:outputs_dealt_out
def conv2d_groups(x, weight, bias=None, stride=1, padding=0, groups=1):
    sh, sw = np.broadcast_to(stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    K, c, kh, kw = weight.shape
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::sh, ::sw]
    maps = []
    for k in range(K):
        g = k % groups
        maps.append(np.einsum("nchwij,cij->nhw", windows[:, g * c : (g + 1) * c], weight[k]))
    out = np.stack(maps, axis=1)
    return out if bias is None else out + bias[:, None, None]


# %% conv2d_groups slip:groups_summed
def conv2d_groups(x, weight, bias=None, stride=1, padding=0, groups=1):
    sh, sw = np.broadcast_to(stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    out = 0
    C, K = x.shape[1] // groups, len(weight) // groups
    for g in range(groups):
        windows = np.lib.stride_tricks.sliding_window_view(
            x[:, g * C : (g + 1) * C], weight.shape[2:], axis=(2, 3)
        )[:, :, ::sh, ::sw]
        out = out + np.einsum("nchwij,kcij->nkhw", windows, weight[g * K : (g + 1) * K])
        if bias is not None:
            out = out + bias[g * K : (g + 1) * K, None, None]
    return out


# %% conv2d_table loops
def conv2d_table(x, table, kernels, bias, stride=1):
    sh, sw = (stride, stride) if isinstance(stride, int) else stride
    N, C, H, W = x.shape
    n_kernels, kh, kw = kernels.shape
    oh, ow = (H - kh) // sh + 1, (W - kw) // sw + 1
    out = np.zeros((N, len(table), oh, ow))
    for n in range(N):
        i_kernel = 0
        for k in range(len(table)):
            out[n, k] = bias[k]
            for c in table[k]:
                for i in range(oh):
                    for j in range(ow):
                        window = x[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw]
                        out[n, k, i, j] += np.sum(window * kernels[i_kernel])
                i_kernel += 1
    return out


# %% conv2d_table full-with-zeros
def conv2d_table(x, table, kernels, bias, stride=1):
    sh, sw = np.broadcast_to(stride, 2)
    weight = np.zeros((len(table), x.shape[1], *kernels.shape[1:]))
    following = iter(kernels)
    for k, reads in enumerate(table):
        for c in reads:
            weight[k, c] = next(following)
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    out = np.einsum("nchwij,kcij->nkhw", windows[:, :, ::sh, ::sw], weight)
    return out + bias.reshape(1, -1, 1, 1)


# %% conv2d_table each-connection-in-float32
def conv2d_table(x, table, kernels, bias, stride=1):
    sh, sw = np.broadcast_to(stride, 2)
    outputs = np.repeat(np.arange(len(table)), [len(row) for row in table])
    inputs = np.concatenate(table)
    windows = np.lib.stride_tricks.sliding_window_view(
        x.astype(np.float32), kernels.shape[1:], axis=(2, 3)
    )[:, :, ::sh, ::sw]
    each = np.einsum("nlhwij,lij->nlhw", windows[:, inputs], kernels.astype(np.float32))
    out = np.zeros((len(x), len(table), *each.shape[2:]), dtype=np.float32)
    np.add.at(out, (slice(None), outputs), each)
    return out + bias[:, None, None]


# %% conv2d_table split-and-stack
def conv2d_table(x, table, kernels, bias, stride=1):
    sh, sw = np.broadcast_to(stride, 2)
    ends = np.cumsum([len(row) for row in table])[:-1]
    maps = []
    for reads, own, b in zip(table, np.split(kernels, ends), bias):
        view = np.lib.stride_tricks.sliding_window_view(x[:, reads], own.shape[1:], axis=(2, 3))
        maps.append((view[:, :, ::sh, ::sw] * own[None, :, None, None]).sum(axis=(1, 4, 5)) + b)
    return np.array(maps).swapaxes(0, 1)


# %% conv2d_table taps
def conv2d_table(x, table, kernels, bias, stride=1):
    (sh, sw), (kh, kw) = np.broadcast_to(stride, 2), kernels.shape[1:]
    oh, ow = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
    number, result = 0, []
    for k, reads in enumerate(table):
        total = np.full((len(x), oh, ow), float(bias[k]))
        for c in reads:
            for t in range(kh):
                for s in range(kw):
                    taps = x[:, c, t : t + (oh - 1) * sh + 1 : sh, s : s + (ow - 1) * sw + 1 : sw]
                    total = total + kernels[number, t, s] * taps
            number += 1
        result.append(total)
    return np.stack(result, 1).tolist()


# %% conv2d_table slip:kernels_start_anew
def conv2d_table(x, table, kernels, bias, stride=1):
    sh, sw = np.broadcast_to(stride, 2)
    windows = np.lib.stride_tricks.sliding_window_view(x, kernels.shape[1:], axis=(2, 3))
    windows = windows[:, :, ::sh, ::sw]
    out = np.zeros((len(x), len(table), *windows.shape[2:4]))
    for k, reads in enumerate(table):
        for m, c in enumerate(reads):
            out[:, k] += np.einsum("nhwij,ij->nhw", windows[:, c], kernels[m])
        out[:, k] += bias[k]
    return out


# %% conv2d_table slip:bias_for_each_connection
def conv2d_table(x, table, kernels, bias, stride=1):
    sh, sw = np.broadcast_to(stride, 2)
    windows = np.lib.stride_tricks.sliding_window_view(x, kernels.shape[1:], axis=(2, 3))
    windows = windows[:, :, ::sh, ::sw]
    out, m = np.zeros((len(x), len(table), *windows.shape[2:4])), 0
    for k, reads in enumerate(table):
        for c in reads:
            out[:, k] += np.einsum("nhwij,ij->nhw", windows[:, c], kernels[m]) + bias[k]
            m += 1
    return out


# %% as_conv_weight loops
def as_conv_weight(kind, channels, kernel_size, weight=None):
    if kind not in ("average", "subsampling", "depthwise"):
        raise ValueError("unknown kind " + str(kind))
    if isinstance(kernel_size, int):
        kernel_size = (kernel_size, kernel_size)
    kh, kw = kernel_size
    W = np.zeros((channels, channels, kh, kw), dtype=np.float32)
    for c in range(channels):
        for t in range(kh):
            for s in range(kw):
                if kind == "average":
                    W[c, c, t, s] = 1 / (kh * kw)
                elif kind == "subsampling":
                    W[c, c, t, s] = weight[c]
                else:
                    W[c, c, t, s] = weight[c, 0, t, s]
    return W


# %% as_conv_weight identity-times-kernels
def as_conv_weight(kind, channels, kernel_size, weight=None):
    kh, kw = np.broadcast_to(kernel_size, 2)
    kernels = {
        "average": lambda: np.full((channels, kh, kw), 1 / (kh * kw)),
        "subsampling": lambda: np.ones((channels, kh, kw)) * np.reshape(weight, (-1, 1, 1)),
        "depthwise": lambda: np.reshape(weight, (channels, kh, kw)),
    }
    if kind not in kernels:
        raise ValueError(kind)
    return np.eye(channels)[:, :, None, None] * kernels[kind]()


# %% as_conv_weight fancy-index
def as_conv_weight(kind, channels, kernel_size, weight=None):
    kernel_size = tuple(np.broadcast_to(kernel_size, 2))
    match kind:
        case "average":
            own = 1 / np.prod(kernel_size)
        case "subsampling":
            own = np.asarray(weight, float)[:, None, None]
        case "depthwise":
            own = weight[:, 0]
        case _:
            raise ValueError(f"{kind} is not supported")
    out = np.zeros((channels, channels) + kernel_size)
    every = np.arange(channels)
    out[every, every] = own
    return out


# %% as_conv_weight impulse-responses
def as_conv_weight(kind, channels, kernel_size, weight=None):
    kh, kw = np.broadcast_to(kernel_size, 2)

    def layer(window):
        if kind == "average":
            return window.mean(axis=(1, 2))
        if kind == "subsampling":
            return weight * window.sum(axis=(1, 2))
        if kind == "depthwise":
            return (weight[:, 0] * window).sum(axis=(1, 2))
        raise ValueError(f"no kind {kind!r}")

    full = np.zeros((channels, channels, kh, kw))
    for c, t, s in np.ndindex(channels, kh, kw):
        window = np.zeros((channels, kh, kw))
        window[c, t, s] = 1
        full[:, c, t, s] = layer(window)
    return full.tolist()


# %% as_conv_weight diagonal-view
def as_conv_weight(kind, channels, kernel_size, weight=None):
    kh, kw = (kernel_size, kernel_size) if np.isscalar(kernel_size) else kernel_size
    if kind == "average":
        kernels = np.ones((channels, kh, kw)) / kh / kw
    elif kind == "subsampling":
        kernels = np.repeat(weight, kh * kw).reshape(channels, kh, kw)
    elif kind == "depthwise":
        kernels = weight.squeeze(1)
    else:
        raise ValueError
    return np.stack([np.pad(k[None], ((c, channels - 1 - c), (0, 0), (0, 0)))
                     for c, k in enumerate(kernels)])


# %% as_conv_weight slip:every_channel_filled
def as_conv_weight(kind, channels, kernel_size, weight=None):
    kh, kw = np.broadcast_to(kernel_size, 2)
    if kind == "average":
        kernels = np.ones((channels, kh, kw)) / (kh * kw)
    elif kind == "subsampling":
        kernels = np.ones((channels, kh, kw)) * weight[:, None, None]
    elif kind == "depthwise":
        kernels = weight[:, 0]
    else:
        raise ValueError(kind)
    return np.stack([kernels] * channels, axis=1)


# %% as_conv_weight slip:gain_divided
def as_conv_weight(kind, channels, kernel_size, weight=None):
    kh, kw = np.broadcast_to(kernel_size, 2)
    full = np.zeros((channels, channels, kh, kw))
    for c in range(channels):
        if kind == "average":
            full[c, c] = 1 / (kh * kw)
        elif kind == "subsampling":
            full[c, c] = weight[c] / (kh * kw)
        elif kind == "depthwise":
            full[c, c] = weight[c, 0]
        else:
            raise ValueError(kind)
    return full


# %% counterexample one-number
def counterexample(channels, kernel_size):
    kh, kw = np.broadcast_to(kernel_size, 2)
    w = np.zeros((channels, channels, kh, kw), dtype=int)
    w[0, 0, 0, 0] = 1
    return w


# %% counterexample random
def counterexample(channels, kernel_size):
    return np.random.randn(channels, channels, *np.broadcast_to(kernel_size, 2)).astype("float32")


# %% counterexample all-ones
def counterexample(channels, kernel_size):
    if isinstance(kernel_size, int):
        kernel_size = (kernel_size, kernel_size)
    return np.ones((channels, channels) + tuple(kernel_size))


# %% counterexample neighbours
def counterexample(channels, kernel_size):
    kh, kw = np.broadcast_to(kernel_size, 2)
    shifted = np.roll(np.eye(channels), 1, axis=0)
    return (shifted[:, :, None, None] * np.ones((kh, kw)) / (kh * kw)).tolist()


# %% counterexample depthwise-pattern
def counterexample(channels, kernel_size):
    kh, kw = np.broadcast_to(kernel_size, 2)
    kernel = np.arange(kh * kw).reshape(kh, kw)
    return np.einsum("kl,ts->klts", np.eye(channels), kernel)


# %% counterexample hardly-mixed
def counterexample(channels, kernel_size):
    kh, kw = np.broadcast_to(kernel_size, 2)
    w = np.zeros((channels, channels, kh, kw))
    w[range(channels), range(channels)] = 1 / (kh * kw)
    w[1, 0] = 0.001
    return w


# %% counterexample slip:constant_kernels
def counterexample(channels, kernel_size):
    kh, kw = np.broadcast_to(kernel_size, 2)
    w = np.zeros((channels, channels, kh, kw))
    for c in range(channels):
        w[c, c] = np.random.uniform(2, 3)
    return w


# %% counterexample slip:depthwise_shape
def counterexample(channels, kernel_size):
    return np.random.rand(channels, 1, *np.broadcast_to(kernel_size, 2))


# %% counterexample slip:varies_along_the_width_only
def counterexample(channels, kernel_size):
    kh, kw = np.broadcast_to(kernel_size, 2)
    w = np.zeros((channels, channels, kh, kw))
    w[0, 0] = np.linspace(-1, 3, kw)
    w[1, 1] = 2
    return w
