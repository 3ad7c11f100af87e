# Answers to lesson 01. Each cell stands alone, as in a student's notebook.
import numpy as np


# %% keep_every slices
def keep_every(y, stride, phase=(0, 0)):
    return y[..., phase[0] :: stride[0], phase[1] :: stride[1]]


# %% keep_every loops
def keep_every(y, stride, phase=(0, 0)):
    rows = []
    i = phase[0]
    while i < y.shape[-2]:
        columns = []
        j = phase[1]
        while j < y.shape[-1]:
            columns.append(y[..., i, j])
            j += stride[1]
        rows.append(np.stack(columns, axis=-1))
        i += stride[0]
    return np.stack(rows, axis=-2)


# %% keep_every index_arrays
def keep_every(y, stride, phase=(0, 0)):
    H, W = y.shape[-2:]
    rows = np.arange(phase[0], H, stride[0])
    columns = np.arange(phase[1], W, stride[1])
    return y[..., rows[:, None], columns]


# %% keep_every masks
def keep_every(y, stride, phase=(0, 0)):
    (sh, sw), (ph, pw) = stride, phase
    i, j = np.arange(y.shape[-2]), np.arange(y.shape[-1])
    y = np.compress((i >= ph) & ((i - ph) % sh == 0), y, axis=-2)
    return np.compress((j >= pw) & ((j - pw) % sw == 0), y, axis=-1)


# %% keep_every take_float32
def keep_every(y, stride, phase=(0, 0)):
    y = np.asarray(y, dtype=np.float32)
    y = y.take(range(phase[0], y.shape[-2], stride[0]), axis=y.ndim - 2)
    return y.take(range(phase[1], y.shape[-1], stride[1]), axis=y.ndim - 1)


# %% keep_every as_strided
def keep_every(y, stride, phase=(0, 0)):
    y = y[..., phase[0]:, phase[1]:]
    *lead, H, W = y.shape
    *steps, a, b = y.strides
    return np.lib.stride_tricks.as_strided(
        y,
        (*lead, -(-H // stride[0]), -(-W // stride[1])),
        (*steps, a * stride[0], b * stride[1]),
        writeable=False,
    )


# %% keep_every nested_lists
def keep_every(y, stride, phase=(0, 0)):
    def thin(part, axes):
        if axes > 2:
            return [thin(p, axes - 1) for p in part]
        return [row[phase[1] :: stride[1]] for row in part[phase[0] :: stride[0]]]

    return thin(y.tolist(), y.ndim)


# %% keep_every slip:stride_swapped
def keep_every(y, stride, phase=(0, 0)):
    sw, sh = stride
    return y[..., phase[0]::sh, phase[1]::sw]


# %% keep_every slip:four_axes_only
def keep_every(y, stride, phase=(0, 0)):
    N, C, H, W = y.shape
    return y[:, :, range(phase[0], H, stride[0])][:, :, :, range(phase[1], W, stride[1])]


# %% keep_every slip:incomplete_block_dropped
def keep_every(y, stride, phase=(0, 0)):
    rows = (y.shape[-2] - phase[0]) // stride[0]
    columns = (y.shape[-1] - phase[1]) // stride[1]
    out = np.zeros(y.shape[:-2] + (rows, columns))
    for i in range(rows):
        for j in range(columns):
            out[..., i, j] = y[..., phase[0] + i * stride[0], phase[1] + j * stride[1]]
    return out


# %% strided_from_dense slices
def strided_from_dense(dense, x, stride):
    return dense(x)[..., :: stride[0], :: stride[1]]


# %% strided_from_dense four_axes
def strided_from_dense(dense, x, stride):
    sh, sw = stride
    y = dense(x)
    return y[:, :, 0 : y.shape[2] : sh, 0 : y.shape[3] : sw]


# %% strided_from_dense image_by_image
def strided_from_dense(dense, x, stride):
    images = [np.asarray(dense(x[n : n + 1]))[0] for n in range(len(x))]
    return np.array([image[:, :: stride[0], :: stride[1]] for image in images])


# %% strided_from_dense loops
def strided_from_dense(dense, x, stride):
    y = dense(x)
    N, K, H, W = y.shape
    out = np.zeros((N, K, (H - 1) // stride[0] + 1, (W - 1) // stride[1] + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            out[:, :, i, j] = y[:, :, i * stride[0], j * stride[1]]
    return out


# %% strided_from_dense take
def strided_from_dense(dense, x, stride):
    y = np.asarray(dense(x.copy()))
    for axis, step in zip((2, 3), stride):
        y = np.take(y, np.arange(0, y.shape[axis], step), axis=axis)
    return y.astype("float32")


# %% strided_from_dense slip:kept_before
def strided_from_dense(dense, x, stride):
    return dense(x[:, :, ::stride[0], ::stride[1]])


# %% strided_from_dense slip:starts_at_one
def strided_from_dense(dense, x, stride):
    return dense(x)[..., 1::stride[0], 1::stride[1]]


# %% keras1_to_keras2 loop
def keras1_to_keras2(layer, arguments):
    renamed = {
        "nb_filter": "filters", "filter_length": "kernel_size",
        "subsample": "strides", "subsample_length": "strides",
        "border_mode": "padding", "dim_ordering": "data_format",
        "init": "kernel_initializer", "bias": "use_bias",
        "W_regularizer": "kernel_regularizer", "b_regularizer": "bias_regularizer",
        "W_constraint": "kernel_constraint", "b_constraint": "bias_constraint",
    }
    result = {}
    for name, value in arguments.items():
        if name in ("nb_row", "nb_col"):
            continue
        new = renamed.get(name, name)
        if new in result or (new != name and new in arguments):
            raise ValueError(f"both {name} and {new} given")
        if name == "dim_ordering":
            value = "channels_last" if value == "tf" else "channels_first"
        result[new] = value
    if "nb_row" in arguments:
        if "kernel_size" in arguments:
            raise ValueError("both nb_row, nb_col and kernel_size given")
        result["kernel_size"] = [arguments["nb_row"], arguments["nb_col"]]
    return {"Convolution1D": "Conv1D", "Convolution2D": "Conv2D"}.get(layer, layer), result


# %% keras1_to_keras2 pop_from_a_copy
def keras1_to_keras2(layer, arguments):
    new = dict(arguments)

    def rename(old, name, value=lambda v: v):
        if old in new:
            if name in new:
                raise ValueError(f"{layer}: {old!r} was renamed {name!r}; give only {name!r}")
            new[name] = value(new.pop(old))

    if "nb_row" in new and "nb_col" in new:
        new["nb_size"] = (new.pop("nb_row"), new.pop("nb_col"))
    rename("nb_size", "kernel_size")
    rename("filter_length", "kernel_size")
    rename("nb_filter", "filters")
    rename("subsample", "strides")
    rename("subsample_length", "strides")
    rename("border_mode", "padding")
    rename("dim_ordering", "data_format", {"tf": "channels_last", "th": "channels_first"}.get)
    rename("init", "kernel_initializer")
    rename("bias", "use_bias")
    for what in "regularizer", "constraint":
        rename("W_" + what, "kernel_" + what)
        rename("b_" + what, "bias_" + what)
    return layer.replace("Convolution", "Conv"), new


# %% keras1_to_keras2 check_then_comprehension
def keras1_to_keras2(layer, arguments):
    table = [
        ("nb_filter", "filters"), ("subsample", "strides"), ("subsample_length", "strides"),
        ("border_mode", "padding"), ("dim_ordering", "data_format"), ("bias", "use_bias"),
        ("init", "kernel_initializer"), ("W_regularizer", "kernel_regularizer"),
        ("b_regularizer", "bias_regularizer"), ("W_constraint", "kernel_constraint"),
        ("b_constraint", "bias_constraint"), ("filter_length", "kernel_size"),
        ("nb_row", "kernel_size"), ("nb_col", "kernel_size"),
    ]
    clashes = [f"{a} and {b}" for a, b in table if a in arguments and b in arguments]
    if clashes:
        raise ValueError("given twice: " + ", ".join(clashes))
    names = dict(table)
    out = {names.get(k, k): v for k, v in arguments.items()}
    if "nb_col" in arguments:
        out["kernel_size"] = (arguments["nb_row"], arguments["nb_col"])
    if out.get("data_format") == "tf":
        out["data_format"] = "channels_last"
    if out.get("data_format") == "th":
        out["data_format"] = "channels_first"
    if layer in ("Convolution1D", "Convolution2D"):
        layer = "Conv" + layer[-2:]
    return [layer, out]


# %% keras1_to_keras2 match
def keras1_to_keras2(layer, arguments):
    result = {}

    def put(old, new, value):
        if old != new and new in arguments:
            raise ValueError(f"{old} clashes with {new}")
        result[new] = value

    for key in arguments:
        value = arguments[key]
        match key:
            case "nb_filter":
                put(key, "filters", value)
            case "subsample" | "subsample_length":
                put(key, "strides", value)
            case "border_mode":
                put(key, "padding", value)
            case "dim_ordering":
                put(key, "data_format", {"tf": "channels_last", "th": "channels_first"}[value])
            case "init":
                put(key, "kernel_initializer", value)
            case "bias":
                put(key, "use_bias", value)
            case "filter_length":
                put(key, "kernel_size", value)
            case "nb_row":
                put(key, "kernel_size", np.array([value, arguments["nb_col"]]))
            case "nb_col":
                pass
            case _ if key.startswith("W_"):
                put(key, "kernel_" + key[2:], value)
            case _ if key.startswith("b_"):
                put(key, "bias_" + key[2:], value)
            case _:
                put(key, key, value)
    match layer:
        case "Convolution1D":
            return "Conv1D", result
        case "Convolution2D":
            return "Conv2D", result
    return layer, result


# %% keras1_to_keras2 by_prefix
def keras1_to_keras2(layer, arguments):
    prefixes = {"W_": "kernel_", "b_": "bias_"}
    plain = dict(nb_filter="filters", border_mode="padding", init="kernel_initializer", bias="use_bias")
    given = {**arguments}
    result = {}

    def store(key, value, *old):
        if key in arguments:
            raise ValueError(f"{layer}: {' and '.join(old)} and {key} were both given")
        result[key] = value

    if {"nb_row", "nb_col"} <= set(given):
        store("kernel_size", (given.pop("nb_row"), given.pop("nb_col")), "nb_row", "nb_col")
    for key, value in given.items():
        if key[:2] in prefixes:
            store(prefixes[key[:2]] + key[2:], value, key)
        elif key.startswith("subsample"):
            store("strides", value, key)
        elif key == "filter_length":
            store("kernel_size", value, key)
        elif key == "dim_ordering":
            store("data_format", "channels_" + ("last" if value == "tf" else "first"), key)
        elif key in plain:
            store(plain[key], value, key)
        else:
            result[key] = value
    if layer.startswith("Convolution"):
        layer = "Conv" + layer.removeprefix("Convolution")
    return [layer, result]


# %% keras1_to_keras2 slip:input_changed
def keras1_to_keras2(layer, arguments):
    table = {
        "nb_filter": "filters", "subsample": "strides", "subsample_length": "strides",
        "border_mode": "padding", "dim_ordering": "data_format", "init": "kernel_initializer",
        "bias": "use_bias", "filter_length": "kernel_size",
        "W_regularizer": "kernel_regularizer", "b_regularizer": "bias_regularizer",
        "W_constraint": "kernel_constraint", "b_constraint": "bias_constraint",
    }
    for old, new in table.items():
        if old in arguments and new in arguments:
            raise ValueError(f"{old} and {new} are the same thing")
    if "nb_row" in arguments:
        if "kernel_size" in arguments:
            raise ValueError("nb_row, nb_col and kernel_size are the same thing")
        arguments["kernel_size"] = (arguments.pop("nb_row"), arguments.pop("nb_col"))
    for old, new in table.items():
        if old in arguments:
            arguments[new] = arguments.pop(old)
    formats = {"tf": "channels_last", "th": "channels_first"}
    if arguments.get("data_format") in formats:
        arguments["data_format"] = formats[arguments["data_format"]]
    return layer.replace("Convolution", "Conv"), arguments


# %% keras1_to_keras2 slip:new_name_wins
def keras1_to_keras2(layer, arguments):
    table = {
        "nb_filter": "filters", "subsample": "strides", "subsample_length": "strides",
        "border_mode": "padding", "dim_ordering": "data_format", "init": "kernel_initializer",
        "bias": "use_bias", "filter_length": "kernel_size",
        "W_regularizer": "kernel_regularizer", "b_regularizer": "bias_regularizer",
        "W_constraint": "kernel_constraint", "b_constraint": "bias_constraint",
    }
    formats = {"tf": "channels_last", "th": "channels_first"}
    new = {}
    for old, value in arguments.items():
        if old in table:
            new[table[old]] = formats.get(value, value) if old == "dim_ordering" else value
    if "nb_row" in arguments:
        new["kernel_size"] = (arguments["nb_row"], arguments["nb_col"])
    for name, value in arguments.items():
        if name not in table and name not in ("nb_row", "nb_col"):
            new[name] = value
    return layer.replace("Convolution", "Conv"), new


# %% name_the_step literal
name_the_step = {
    "Torch7: nn.SpatialSubSampling(6, 2, 2, dW, dH)": "window",
    "Caffe: pooling_param { pool: AVE kernel_size: 3 stride: 2 }": "window",
    "Theano: conv2d(x, w, subsample=(2, 2))": "window",
    "Keras 1: Convolution2D(8, 3, 3, subsample=(2, 2))": "window",
    "Keras 1: Deconvolution2D(8, 3, 3, output_shape=shape, subsample=(2, 2))": "enlarge",
    "Keras 2: Conv2D(8, (3, 3), strides=(2, 2))": "window",
    "TensorFlow: tf.strided_slice(y, [0, 0], [6, 8], strides=[2, 2])": "keep",
    "ONNX: AveragePool(x, kernel_shape=[2, 3], strides=[2, 3])": "window",
    "PyTorch: x.stride()": "memory",
    "NumPy: x.strides": "memory",
    "NumPy: y[..., ::2, ::2]": "keep",
    "signal processing: decimate y by 2": "filter",
}
