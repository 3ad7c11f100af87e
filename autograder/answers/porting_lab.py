# Answers to lesson 09. Each cell stands alone, as in a student's notebook.
import numpy as np

from strided import geometry, names, operators


# %% port_torch7 branches
def port_torch7(spec):
    calls = []
    for name, a in spec:
        if name == "SpatialConvolution":
            padW = a.get("padW", 0)
            calls.append(("conv2d", dict(
                weight=a["weight"], bias=a["bias"],
                stride=(a.get("dH", 1), a.get("dW", 1)), padding=(a.get("padH", padW), padW))))
        elif name == "SpatialAveragePooling":
            calls.append(("avg_pool2d", dict(
                kernel_size=(a["kH"], a["kW"]), stride=(a.get("dH", 1), a.get("dW", 1)),
                padding=(a.get("padH", 0), a.get("padW", 0)),
                ceil_mode=a.get("ceil_mode", False), count_include_pad=a.get("count_include_pad", True))))
        elif name == "SpatialSubSampling":
            calls.append(("subsample2d", dict(
                weight=a["weight"], bias=a["bias"], kernel_size=(a["kH"], a["kW"]),
                stride=(a.get("dH", 1), a.get("dW", 1)))))
        elif name == "SpatialZeroPadding":
            l = a["pad_l"]
            calls.append(("pad", {"padding": ((a.get("pad_t", l), a.get("pad_b", l)), (l, a.get("pad_r", l)))}))
        else:
            calls.append((name.lower(), {}))
    return calls


# %% port_torch7 dispatch
def _conv(a):
    padW = a.get("padW", 0)
    return [
        ["pad", {"padding": [a.get("padH", padW), padW]}],
        ["conv2d", {"weight": a["weight"].tolist(), "bias": list(a["bias"]), "stride": [a.get("dH", 1), a.get("dW", 1)]}],
    ]


def _average(a):
    return [["avg_pool2d", {
        "kernel_size": np.array([a["kH"], a["kW"]]),
        "stride": np.array([a.get("dH", 1), a.get("dW", 1)]),
        "padding": np.array([a.get("padH", 0), a.get("padW", 0)]),
        **{k: a[k] for k in ("ceil_mode", "count_include_pad") if k in a},
    }]]


def _subsampling(a):
    # SubSampling is a depthwise convolution with constant kernels
    planes = len(a["weight"])
    weight = np.ones((planes, 1, a["kH"], a["kW"])) * np.asarray(a["weight"]).reshape(-1, 1, 1, 1)
    return [["conv2d", {"weight": weight, "bias": a["bias"], "groups": planes,
                        "stride": (a.get("dH", 1), a.get("dW", 1))}]]


def _zeros(a):
    left = a["pad_l"]
    t, b, r = a.get("pad_t", left), a.get("pad_b", left), a.get("pad_r", left)
    return [["pad", {"padding": [[t, b], [left, r]]}]]


def port_torch7(spec):
    table = {"SpatialConvolution": _conv, "SpatialAveragePooling": _average,
             "SpatialSubSampling": _subsampling, "SpatialZeroPadding": _zeros,
             "Tanh": lambda a: ["tanh"], "ReLU": lambda a: [("relu",)]}
    calls = []
    for name, a in spec:
        calls += table[name](a)
    return calls


# %% port_torch7 defaults_filled_in
def port_torch7(spec):
    calls = []
    for name, given in spec:
        a = {"dW": 1, "dH": 1, "padW": 0, **given}
        a.setdefault("padH", a["padW"] if name == "SpatialConvolution" else 0)
        match name:
            case "Tanh" | "ReLU":
                calls.append((name.lower(), None))
            case "SpatialZeroPadding":
                for side in ("pad_r", "pad_t", "pad_b"):
                    a.setdefault(side, a["pad_l"])
                calls.append(("pad", {"padding": ((a["pad_t"], a["pad_b"]), (a["pad_l"], a["pad_r"]))}))
            case "SpatialConvolution":
                calls.append(("conv2d", {"weight": a["weight"], "bias": a["bias"],
                                         "stride": (a["dH"], a["dW"]), "padding": (a["padH"], a["padW"])}))
            case "SpatialSubSampling":
                calls.append(("subsample2d", {"weight": a["weight"], "bias": a["bias"],
                                              "kernel_size": (a["kH"], a["kW"]), "stride": (a["dH"], a["dW"])}))
            case "SpatialAveragePooling":
                calls.append(("avg_pool2d", {
                    "kernel_size": (a["kH"], a["kW"]), "stride": (a["dH"], a["dW"]),
                    "padding": (a["padH"], a["padW"]), "ceil_mode": a.get("ceil_mode"),
                    "count_include_pad": a.get("count_include_pad")}))
    return tuple(calls)


# %% port_torch7 float32_weights
def port_torch7(spec):
    def pair(a, letter, default):
        return (a.get(letter + "H", default), a.get(letter + "W", default))

    out = []
    for name, a in spec:
        small = {k: np.asarray(v, dtype=np.float32) for k, v in a.items() if k in ("weight", "bias")}
        if "Conv" in name:
            small["padding"] = pair(a, "pad", a.get("padW", 0))
            out.append(("conv2d", small | {"stride": pair(a, "d", 1)}))
        elif "SubSampling" in name:
            out.append(("subsample2d", small | {"stride": pair(a, "d", 1), "kernel_size": pair(a, "k", None)}))
        elif "Average" in name:
            more = {k: v for k, v in a.items() if k in ("ceil_mode", "count_include_pad")}
            out.append(("avg_pool2d", more | {"stride": pair(a, "d", 1), "kernel_size": pair(a, "k", None),
                                              "padding": pair(a, "pad", 0)}))
        elif "Zero" in name:
            l = a["pad_l"]
            out.append(("pad", {"padding": ((a.get("pad_t", l), a.get("pad_b", l)), (l, a.get("pad_r", l)))}))
        else:
            out.append((name.lower(), {}))
    return out


# %% port_torch7 padded_beforehand
def port_torch7(spec):
    calls = []
    for name, a in spec:
        step = a.get("dH", 1), a.get("dW", 1)
        if name == "SpatialZeroPadding":
            sides = [a.get(s, a["pad_l"]) for s in ("pad_t", "pad_b", "pad_l", "pad_r")]
            calls.append(("pad", {"padding": (sides[:2], sides[2:])}))
        elif name == "SpatialConvolution":
            w = a.get("padW", 0)
            h = a.get("padH", w)
            calls += [("pad", {"padding": ((h, h), (w, w))}),
                      ("conv2d", {"weight": a["weight"], "bias": a["bias"], "stride": step})]
        elif name == "SpatialAveragePooling":
            h, w = a.get("padH", 0), a.get("padW", 0)
            settings = {"kernel_size": (a["kH"], a["kW"]), "stride": step}
            if a.get("ceil_mode") or not a.get("count_include_pad", True):
                settings |= {"padding": (h, w), "ceil_mode": bool(a.get("ceil_mode")),
                             "count_include_pad": a.get("count_include_pad", True)}
            elif h or w:
                calls.append(("pad", {"padding": (h, w)}))  # counted padding is as good as pixels
            calls.append(("avg_pool2d", settings))
        elif name == "SpatialSubSampling":
            calls.append(("subsample2d", {"weight": a["weight"], "bias": a["bias"],
                                          "kernel_size": (a["kH"], a["kW"]), "stride": step}))
        else:
            calls.append({"Tanh": "tanh", "ReLU": "relu"}[name])
    return calls


# %% port_torch7 slip:width_first
def port_torch7(spec):
    calls = []
    for name, a in spec:
        if name in ("Tanh", "ReLU"):
            calls.append((name.lower(), {}))
        elif name == "SpatialZeroPadding":
            l = a["pad_l"]
            calls.append(("pad", {"padding": ((a.get("pad_t", l), a.get("pad_b", l)), (l, a.get("pad_r", l)))}))
        else:
            arguments = {k: a[k] for k in ("weight", "bias", "ceil_mode", "count_include_pad") if k in a}
            arguments["stride"] = (a.get("dW", 1), a.get("dH", 1))
            padW = a.get("padW", 0)
            if name == "SpatialConvolution":
                calls.append(("conv2d", arguments | {"padding": (padW, a.get("padH", padW))}))
                continue
            arguments["kernel_size"] = (a["kW"], a["kH"])
            if name == "SpatialAveragePooling":
                calls.append(("avg_pool2d", arguments | {"padding": (padW, a.get("padH", 0))}))
            else:
                calls.append(("subsample2d", arguments))
    return calls


# %% port_torch7 slip:no_step_is_the_kernel
def port_torch7(spec):
    calls = []
    for name, a in spec:
        stride = (a.get("dH", 1), a.get("dW", 1)) if "dH" in a or "dW" in a else None
        padW = a.get("padW", 0)
        if name in ("Tanh", "ReLU"):
            calls.append((name.lower(), {}))
        elif name == "SpatialZeroPadding":
            l = a["pad_l"]
            calls.append(("pad", {"padding": ((a.get("pad_t", l), a.get("pad_b", l)), (l, a.get("pad_r", l)))}))
        elif name == "SpatialConvolution":
            calls.append(("conv2d", {"weight": a["weight"], "bias": a["bias"], "stride": stride,
                                     "padding": (a.get("padH", padW), padW)}))
        elif name == "SpatialSubSampling":
            calls.append(("subsample2d", {"weight": a["weight"], "bias": a["bias"], "stride": stride,
                                          "kernel_size": (a["kH"], a["kW"])}))
        else:
            modes = {k: a[k] for k in ("ceil_mode", "count_include_pad") if k in a}
            calls.append(("avg_pool2d", {"kernel_size": (a["kH"], a["kW"]), "stride": stride,
                                         "padding": (a.get("padH", 0), padW), **modes}))
    return calls


# %% port_torch7 slip:height_not_padded
def port_torch7(spec):
    calls = []
    for name, a in spec:
        stride = a.get("dH", 1), a.get("dW", 1)
        padding = a.get("padH", 0), a.get("padW", 0)
        if name in ("Tanh", "ReLU"):
            calls.append((name.lower(), {}))
        elif name == "SpatialZeroPadding":
            l = a["pad_l"]
            calls.append(("pad", {"padding": ((a.get("pad_t", l), a.get("pad_b", l)), (l, a.get("pad_r", l)))}))
        elif name == "SpatialConvolution":
            calls.append(("conv2d", {"weight": a["weight"], "bias": a["bias"], "stride": stride, "padding": padding}))
        elif name == "SpatialSubSampling":
            calls.append(("subsample2d", {"weight": a["weight"], "bias": a["bias"], "stride": stride,
                                          "kernel_size": (a["kH"], a["kW"])}))
        else:
            modes = {k: a[k] for k in ("ceil_mode", "count_include_pad") if k in a}
            calls.append(("avg_pool2d", {"kernel_size": (a["kH"], a["kW"]), "stride": stride,
                                         "padding": padding, **modes}))
    return calls


# %% port_keras1 library_padding
from strided import geometry


def port_keras1(spec):
    if spec["image_dim_ordering"] == "tf":
        H, W, _ = spec["input_shape"]
    else:
        _, H, W = spec["input_shape"]
    calls = []
    for name, a in spec["layers"]:
        if name == "Activation":
            if a["activation"] != "linear":
                calls.append((a["activation"], {}))
            continue
        if name == "Convolution2D":
            kH, kW = a["nb_row"], a["nb_col"]
            sH, sW = a.get("subsample", (1, 1))
        else:
            kH, kW = a.get("pool_size", (2, 2))
            sH, sW = a.get("strides") or (kH, kW)
        if a.get("border_mode", "valid") == "same":
            padding = (geometry.same_padding_tensorflow(H, kH, sH), geometry.same_padding_tensorflow(W, kW, sW))
            H, W = -(-H // sH), -(-W // sW)
        else:
            padding = 0
            H, W = (H - kH) // sH + 1, (W - kW) // sW + 1
        if name == "Convolution2D":
            w = a["weights"][0]
            if spec["image_dim_ordering"] == "tf":
                w = np.transpose(w, (3, 2, 0, 1))
            if spec["backend"] == "theano":
                w = w[:, :, ::-1, ::-1]
            b = a["weights"][1] if len(a["weights"]) > 1 else None
            calls.append(("conv2d", {"weight": w, "bias": b, "stride": (sH, sW), "padding": padding}))
        else:
            calls.append(("avg_pool2d", {"kernel_size": (kH, kW), "stride": (sH, sW), "padding": padding,
                                         "count_include_pad": False}))
        if a.get("activation", "linear") != "linear":
            calls.append((a["activation"], {}))
    return calls


# %% port_keras1 own_padding
import math


def port_keras1(spec):
    tf = spec["image_dim_ordering"] == "tf"
    size = list(spec["input_shape"][:2] if tf else spec["input_shape"][1:])
    calls = []

    def pads(kernel, step, mode):
        sides = []
        for axis in (0, 1):
            n, k, d = size[axis], kernel[axis], step[axis]
            if mode == "same":
                size[axis] = math.ceil(n / d)
                total = max(0, (size[axis] - 1) * d + k - n)
            else:
                size[axis] = (n - k) // d + 1
                total = 0
            sides.append([total // 2, total - total // 2])
        return sides

    for name, a in spec["layers"]:
        mode = a.get("border_mode")
        if name == "Convolution2D":
            step = a.get("subsample", (1, 1))
            kernel, *bias = a["weights"]
            if tf:
                kernel = np.einsum("tslk->klts", kernel)
            if spec["backend"] == "theano":
                kernel = np.flip(kernel, (2, 3))
            calls.append(["pad", {"padding": pads(kernel.shape[2:], step, mode)}])
            arguments = {"weight": kernel, "stride": list(step)}
            if bias:
                arguments["bias"] = bias[0].tolist()
            calls.append(["conv2d", arguments])
        if name == "AveragePooling2D":
            pool = a.get("pool_size", (2, 2))
            step = a.get("strides") or pool
            calls.append(["avg_pool2d", {"kernel_size": pool, "stride": step, "count_include_pad": False,
                                         "padding": pads(pool, step, mode)}])
        if a.get("activation") in ("tanh", "relu"):
            calls.append(a["activation"])
    return calls


# %% port_keras1 by_keras2_names
from strided import names


def port_keras1(spec):
    order = spec["image_dim_ordering"]
    height, width = spec["input_shape"][:2] if order == "tf" else spec["input_shape"][-2:]
    calls = []
    for old in spec["layers"]:
        name, a = names.keras1_to_keras2(*old)
        strides, padding = a.get("strides"), a.get("padding", "valid")
        kernel = a.get("kernel_size", a.get("pool_size", (2, 2)))
        if strides is None:
            strides = (1, 1) if name == "Conv2D" else kernel
        if name in ("Conv2D", "AveragePooling2D"):
            four = []
            new = []
            for n, k, s in ((height, kernel[0], strides[0]), (width, kernel[1], strides[1])):
                out = -(-n // s) if padding == "same" else (n - k) // s + 1
                total = max((out - 1) * s + k - n, 0) if padding == "same" else 0
                four.append((total // 2, (total + 1) // 2))
                new.append(out)
            height, width = new
        if name == "Conv2D":
            w = a["weights"][0]
            w = w.transpose((3, 2, 0, 1)) if order == "tf" else w
            if spec["backend"] == "theano":
                w = np.rot90(w, 2, axes=(2, 3))
            calls.append(("conv2d", dict(zip(("weight", "bias"), [w, *a["weights"][1:]]),
                                         stride=strides, padding=tuple(four))))
        elif name == "AveragePooling2D":
            calls.append(("avg_pool2d", dict(kernel_size=kernel, stride=strides, padding=tuple(four),
                                             count_include_pad=False)))
        function = a.get("activation", "linear")
        if function != "linear":
            calls.append((function, {}))
    return calls


# %% port_keras1 ceil_mode
def port_keras1(spec):
    """SAME averages by PyTorch's own means: padding in front, and ceil mode behind, where that is enough."""
    order, backend = spec["image_dim_ordering"], spec["backend"]
    size = spec["input_shape"][:2] if order == "tf" else spec["input_shape"][1:3]
    calls = []
    for name, a in spec["layers"]:
        same = a.get("border_mode") == "same"
        if name == "Convolution2D":
            k, s = (a["nb_row"], a["nb_col"]), a.get("subsample", (1, 1))
        elif name == "AveragePooling2D":
            k = a.get("pool_size", (2, 2))
            s = a.get("strides") or k
        if name != "Activation":
            if same:
                out = tuple(-(-n // d) for n, d in zip(size, s))
                total = [max((o - 1) * d + kk - n, 0) for o, d, kk, n in zip(out, s, k, size)]
            else:
                out = tuple((n - kk) // d + 1 for n, kk, d in zip(size, k, s))
                total = [0, 0]
            size = out
            pads = tuple((t // 2, t - t // 2) for t in total)
        if name == "Convolution2D":
            w = np.array(a["weights"][0], dtype=np.float32)
            w = w.transpose(3, 2, 0, 1) if order == "tf" else w
            w = w[..., ::-1, ::-1] if backend == "theano" else w
            calls.append(("conv2d", {"weight": w, "bias": a["weights"][1] if len(a["weights"]) == 2 else None,
                                     "stride": s, "padding": pads}))
        elif name == "AveragePooling2D":
            enough = same and all(d > 1 or t % 2 == 0 for d, t in zip(s, total))
            how = {"padding": tuple(p[0] for p in pads), "ceil_mode": True} if enough else {"padding": pads}
            calls.append(("avg_pool2d", {"kernel_size": k, "stride": s, "count_include_pad": False, **how}))
        if a.get("activation", "linear") != "linear":
            calls.append((a["activation"], {}))
    return calls


# %% port_keras1 averages_as_convolutions
def port_keras1(spec):
    """Averages without padding are depthwise convolutions; SAME averages stay averages."""
    tf = spec["image_dim_ordering"] == "tf"
    *size, channels = spec["input_shape"] if tf else (*spec["input_shape"][1:], spec["input_shape"][0])
    calls = []
    for name, a in spec["layers"]:
        mode = a.get("border_mode", "valid")
        if name != "Activation":
            if name == "Convolution2D":
                k, s = (a["nb_row"], a["nb_col"]), a.get("subsample", (1, 1))
            else:
                k = a.get("pool_size", (2, 2))
                s = a.get("strides") or k
            pads = [(0, 0), (0, 0)]
            if mode == "same":
                for i in range(2):
                    missing = max((-(-size[i] // s[i]) - 1) * s[i] + k[i] - size[i], 0)
                    pads[i] = (missing // 2, missing - missing // 2)
            size = [(size[i] + sum(pads[i]) - k[i]) // s[i] + 1 for i in range(2)]
        if name == "Convolution2D":
            w = a["weights"][0]
            w = np.moveaxis(w, [3, 2], [0, 1]) if tf else w
            if spec["backend"] == "theano":
                w = w[:, :, ::-1, ::-1]
            channels = a["nb_filter"]
            bias = a["weights"][1] if a.get("bias", True) else np.zeros(channels)
            calls.append(("conv2d", {"weight": w, "bias": bias, "stride": s, "padding": tuple(pads)}))
        elif name == "AveragePooling2D" and mode == "valid":
            w = np.full((channels, 1, *k), 1 / (k[0] * k[1]))
            calls.append(("conv2d", {"weight": w, "stride": s, "groups": channels}))
        elif name == "AveragePooling2D":
            calls.append(("avg_pool2d", {"kernel_size": k, "stride": s, "padding": tuple(pads),
                                         "count_include_pad": False}))
        if a.get("activation", "linear") != "linear":
            calls.append(a["activation"])
    return calls


# %% port_keras1 slip:same_on_both_sides
def port_keras1(spec):
    tf = spec["image_dim_ordering"] == "tf"
    calls = []
    for name, a in spec["layers"]:
        same = a.get("border_mode") == "same"
        if name == "Convolution2D":
            w, *b = a["weights"]
            w = w.transpose(3, 2, 0, 1) if tf else w
            w = w[:, :, ::-1, ::-1] if spec["backend"] == "theano" else w
            pad = (a["nb_row"] // 2, a["nb_col"] // 2) if same else 0
            calls.append(("conv2d", {"weight": w, "bias": b[0] if b else None,
                                     "stride": a.get("subsample", (1, 1)), "padding": pad}))
        elif name == "AveragePooling2D":
            k = a.get("pool_size", (2, 2))
            pad = (k[0] // 2, k[1] // 2) if same else 0
            calls.append(("avg_pool2d", {"kernel_size": k, "stride": a.get("strides") or k, "padding": pad,
                                         "count_include_pad": False}))
        if a.get("activation", "linear") != "linear":
            calls.append((a["activation"], {}))
    return calls


# %% port_keras1 slip:padding_counted
def port_keras1(spec):
    tf = spec["image_dim_ordering"] == "tf"
    size = spec["input_shape"][:2] if tf else spec["input_shape"][1:]
    calls = []
    for name, a in spec["layers"]:
        if name != "Activation":
            if name == "Convolution2D":
                k, s = (a["nb_row"], a["nb_col"]), a.get("subsample", (1, 1))
            else:
                k = a.get("pool_size", (2, 2))
                s = a.get("strides") or k
            if a.get("border_mode") == "same":
                out = [-(-n // d) for n, d in zip(size, s)]
                total = [max((o - 1) * d + q - n, 0) for o, d, q, n in zip(out, s, k, size)]
                calls.append(("pad", {"padding": tuple((t // 2, t - t // 2) for t in total)}))
                size = out
            else:
                size = [(n - q) // d + 1 for n, q, d in zip(size, k, s)]
        if name == "Convolution2D":
            w, *b = a["weights"]
            w = w.transpose(3, 2, 0, 1) if tf else w
            w = w[:, :, ::-1, ::-1] if spec["backend"] == "theano" else w
            calls.append(("conv2d", {"weight": w, "bias": b[0] if b else None, "stride": s}))
        elif name == "AveragePooling2D":
            calls.append(("avg_pool2d", {"kernel_size": k, "stride": s}))
        if a.get("activation", "linear") != "linear":
            calls.append((a["activation"], {}))
    return calls


# %% my_tests oracle
from strided import operators


def my_tests(avg_pool2d):
    x = (np.arange(2 * 2 * 5 * 7) * 7 % 23 - 5.0).reshape(2, 2, 5, 7)
    calls = [
        (x, dict(kernel_size=(2, 3))),
        (x.astype(int), dict(kernel_size=(2, 3))),
        (x, dict(kernel_size=(3, 2), stride=(1, 2))),
        (x, dict(kernel_size=(3, 2), padding=(1, 0), ceil_mode=True)),
        (x, dict(kernel_size=2, padding=(1, 0), count_include_pad=False)),
        (x, dict(kernel_size=(3, 4), stride=(2, 3), padding=(1, 2), ceil_mode=True)),
        (x, dict(kernel_size=(1, 2), stride=(3, 4), ceil_mode=True)),
    ]
    for image, settings in calls:
        given = image.copy()
        got = np.asarray(avg_pool2d(given, **settings))
        expected = operators.avg_pool2d(image, **settings)
        assert got.shape == expected.shape
        assert np.allclose(got, expected, atol=1e-5)
        assert (given == image).all()


# %% my_tests loops
def my_tests(avg_pool2d):
    def slow(x, kernel_size, stride, padding, ceil_mode, count_include_pad):
        (kH, kW), (dH, dW), (pH, pW) = kernel_size, stride, padding
        N, C, H, W = x.shape

        def starts(n, k, d, p):
            found = []
            a = -p
            while a + k <= n + p or (ceil_mode and a < n and a + k - d < n + p):
                found.append(a)
                a += d
            return found

        rows, columns = starts(H, kH, dH, pH), starts(W, kW, dW, pW)
        out = np.zeros((N, C, len(rows), len(columns)))
        for i, top in enumerate(rows):
            for j, left in enumerate(columns):
                total, count = 0, 0
                for r in range(top, min(top + kH, H + pH)):
                    for c in range(left, min(left + kW, W + pW)):
                        inside = 0 <= r < H and 0 <= c < W
                        count += inside or count_include_pad
                        if inside:
                            total = total + x[:, :, r, c]
                out[:, :, i, j] = total / count
        return out

    rng = np.random.default_rng(5)
    for trial in range(40):
        k = tuple(int(n) for n in rng.integers(1, 4, 2))
        d = tuple(int(n) for n in rng.integers(1, 5, 2))
        p = tuple(int(n) for n in rng.integers(0, np.array(k) // 2 + 1))
        modes = bool(rng.integers(2)), bool(rng.integers(2))
        x = rng.integers(-3, 4, (2, 2, *(int(n) for n in np.array(k) + rng.integers(1, 6, 2))))
        x = x if trial % 2 else x.astype(float)
        before = x.copy()
        got = avg_pool2d(x, k, d, p, *modes)
        want = slow(x, k, d, p, *modes)
        assert np.shape(got) == want.shape, (k, d, p, modes)
        assert np.abs(got - want).max() < 1e-4, (k, d, p, modes)
        assert np.array_equal(x, before)
    x = rng.normal(size=(2, 2, 7, 8))
    np.testing.assert_allclose(avg_pool2d(x, (2, 3)), slow(x, (2, 3), (2, 3), (0, 0), False, True), atol=1e-5)
    x = rng.normal(size=(2, 3, 5, 6))
    np.testing.assert_allclose(avg_pool2d(x, 3, padding=1), slow(x, (3, 3), (3, 3), (1, 1), False, True), atol=1e-5)


# %% my_tests returns_a_verdict
from strided import operators


def my_tests(avg_pool2d):
    def right(shape, kernel_size, whole=False, **settings):
        x = np.random.default_rng(1).integers(-2, 3, shape).astype(int if whole else float)
        kept = x.copy()
        try:
            got = np.array(avg_pool2d(x, kernel_size, **settings), dtype=float)
        except Exception:
            return False
        want = operators.avg_pool2d(kept, kernel_size, **settings)
        return bool(got.shape == want.shape and np.isclose(got, want, atol=1e-5).all() and (x == kept).all())

    return all([
        right((2, 3, 5, 7), (3, 2)),
        right((2, 3, 5, 7), (3, 2), whole=True),
        right((2, 2, 6, 9), (2, 3), stride=(1, 2)),
        right((1, 2, 6, 9), (2, 3), stride=(4, 5), ceil_mode=True),
        right((2, 2, 5, 7), (3, 2), padding=(1, 0), ceil_mode=True),
        right((2, 2, 5, 7), (2, 2), padding=(1, 0), count_include_pad=False),
        right((2, 2, 7, 5), (3, 4), stride=(2, 3), padding=(1, 2), ceil_mode=True, count_include_pad=False),
        right((2, 2, 7, 5), (3, 4), stride=(2, 3), padding=(1, 2)),
    ])


# %% my_tests worked_out_and_properties
def my_tests(avg_pool2d):
    def close(got, want):
        got, want = np.asarray(got, float), np.asarray(want, float)
        if got.shape != want.shape or not np.allclose(got, want, atol=1e-4):
            raise ValueError(f"{got} in place of {want}")

    x = np.arange(35.0).reshape(1, 1, 5, 7)
    two = np.concatenate([np.concatenate([x, 3 * x], axis=1), np.concatenate([-x, x + 1], axis=1)])
    kept = two.copy()
    # 2 x 3 windows, step = window: means of rows 0-1 and columns 0-2 are (0+1+2+7+8+9)/6 = 4.5 ...
    one = np.array([[4.5, 7.5], [18.5, 21.5]])
    close(avg_pool2d(two, (2, 3)), [[one, 3 * one], [-one, one + 1]])
    close(two, kept)
    close(avg_pool2d(x.astype(int), (2, 3)), [[one]])
    # a step of its own: windows from rows 0, 1, 2, 3 and columns 0, 4
    close(avg_pool2d(x, (2, 3), stride=(1, 4)), [[[[4.5, 8.5], [11.5, 15.5], [18.5, 22.5], [25.5, 29.5]]]])
    # padding above and below, and a last column that overhangs
    close(avg_pool2d(x, (3, 2), padding=(1, 0), ceil_mode=True),
          [[[[16 / 6, 4, 32 / 6, 19 / 3], [21.5, 23.5, 25.5, 27]]]])
    close(avg_pool2d(x, (3, 2), padding=(1, 0)), [[[[16 / 6, 4, 32 / 6], [21.5, 23.5, 25.5]]]])
    # padding left out of the divisor; the pixel 0 still counts
    close(avg_pool2d(x, (2, 2), padding=(1, 0), count_include_pad=False),
          [[[[0.5, 2.5, 4.5], [11, 13, 15], [25, 27, 29]]]])
    # a padding that differs from side to side
    ones = np.ones((1, 1, 4, 5))
    close(avg_pool2d(ones, (2, 4), stride=(2, 3), padding=(1, 2), ceil_mode=True),
          [[[[1 / 4, 1 / 2, 1 / 6], [1 / 2, 1, 1 / 3], [1 / 4, 1 / 2, 1 / 6]]]])
    close(avg_pool2d(ones, (2, 4), stride=(2, 3), padding=(1, 2), count_include_pad=False), np.ones((1, 1, 3, 2)))
    # in ceil mode, no window begins beyond the image
    close(avg_pool2d(x, (1, 2), stride=(3, 4), ceil_mode=True), [[[[0.5, 4.5], [21.5, 25.5]]]])
    close(avg_pool2d(x[..., :5], (3, 2), stride=(2, 2), padding=(1, 1), ceil_mode=True)[..., -1:, -1:], [[[[112 / 6]]]])


# %% my_tests formula_of_ones
from strided import operators


def my_tests(avg_pool2d):
    rng = np.random.default_rng()
    settings = [
        ((2, 3), None, (0, 0)), ((3, 2), (1, 3), (0, 0)), ((3, 2), None, (1, 0)), ((3, 4), (2, 3), (1, 2)),
        ((1, 2), (3, 4), (0, 0)), ((2, 2), (3, 5), (1, 0)), ((3, 2), (2, 3), (1, 1)), ((4, 3), (3, 2), (2, 1)),
    ]
    for kernel, stride, padding in settings:
        for ceil in (False, True):
            for include in (False, True):
                x = rng.integers(-1, 2, (2, 2, 5, 7)).astype(float)
                x[0, 0, 0, :2] = 0
                same = x.copy()
                got = avg_pool2d(x, kernel, stride=stride, padding=padding, ceil_mode=ceil, count_include_pad=include)
                sums = operators.avg_pool2d(x, kernel, stride, padding, ceil, divisor_override=1)
                ones, border = np.ones((1, 1, 5, 7)), padding
                if include:  # the zeros around the image count as ones do
                    ones, border = np.ones((1, 1, 5 + 2 * padding[0], 7 + 2 * padding[1])), 0
                taps = operators.avg_pool2d(ones, kernel, stride, border, ceil, False, 1)
                want = sums / taps[:, :, : sums.shape[2], : sums.shape[3]]
                np.testing.assert_allclose(np.asarray(got), want, rtol=1e-4, atol=1e-5)
                np.testing.assert_array_equal(x, same)
    whole = np.arange(35).reshape(1, 1, 5, 7)
    np.testing.assert_allclose(avg_pool2d(whole, (2, 3)), operators.avg_pool2d(whole, (2, 3)), rtol=1e-5)


# %% my_tests slip:never_rejects
from strided import operators


def my_tests(avg_pool2d):
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 7))
    for kernel_size in (2, 3, (2, 3)):
        try:
            same = np.allclose(avg_pool2d(x, kernel_size), operators.avg_pool2d(x, kernel_size))
        except ValueError:
            same = False
        print("right" if same else "WRONG", kernel_size)


# %% my_tests slip:too_exact
from strided import operators


def my_tests(avg_pool2d):
    x = np.random.default_rng(0).integers(0, 10, (2, 2, 5, 7))
    for settings in ({}, {"stride": (1, 2)}, {"padding": (1, 0), "ceil_mode": True}, {"padding": (1, 1), "count_include_pad": False}):
        assert (avg_pool2d(x, (3, 2), **settings) == operators.avg_pool2d(x, (3, 2), **settings)).all()


# %% my_tests slip:rejects_the_library
def my_tests(avg_pool2d):
    x = np.arange(35.0).reshape(5, 7)
    expected = np.array([[4.5, 7.5], [18.5, 21.5]])
    assert np.allclose(avg_pool2d(x, (2, 3)), expected)
