"""Activations and their slopes in NumPy, of net inputs `{z}` with outputs `{a}` and a setting `{s}`."""

from __future__ import annotations

ERF = "erf = np.vectorize(math.erf)  # NumPy has none of its own"
_SIGMOID = "1 / (1 + np.exp(-{z}))"
_NORMAL = "(1 + erf({z} / 2 ** 0.5)) / 2"  # the share of a normal distribution that lies below z
NUMPY = {
    "": ("{z}", ""),
    "sigmoid": (_SIGMOID, "{a} * (1 - {a})"),
    "tanh": ("np.tanh({z})", "(1 - {a} ** 2)"),
    "relu": ("np.maximum({z}, 0)", "({z} > 0)"),
    "leaky_relu": ("np.where({z} > 0, {z}, {s} * {z})", "np.where({z} > 0, 1, {s})"),
    "softplus": ("np.log1p(np.exp({z}))", _SIGMOID),
    "silu": ("{z} / (1 + np.exp(-{z}))", "({a} + (1 - {a}) / (1 + np.exp(-{z})))"),
    "gelu": (
        f"{{z}} * {_NORMAL}",
        f"({_NORMAL} + {{z}} * np.exp(-({{z}} ** 2) / 2) / (2 * np.pi) ** 0.5)",
    ),
    "sin": ("np.sin({z})", "np.cos({z})"),
    "cos": ("np.cos({z})", "(-np.sin({z}))"),
    "tan": ("np.tan({z})", "(1 + {a} ** 2)"),
    "asin": ("np.arcsin({z})", "1 / np.sqrt(1 - {z} ** 2)"),
    "acos": ("np.arccos({z})", "(-1) / np.sqrt(1 - {z} ** 2)"),
    "atan": ("np.arctan({z})", "1 / (1 + {z} ** 2)"),
    "sinh": ("np.sinh({z})", "np.cosh({z})"),
    "cosh": ("np.cosh({z})", "np.sinh({z})"),
    "asinh": ("np.arcsinh({z})", "1 / np.sqrt(1 + {z} ** 2)"),
    "acosh": ("np.arccosh({z})", "1 / np.sqrt({z} ** 2 - 1)"),
    "atanh": ("np.arctanh({z})", "1 / (1 - {z} ** 2)"),
    "erf": ("erf({z})", "2 / np.pi ** 0.5 * np.exp(-({z} ** 2))"),
    "exp": ("np.exp({z})", "{a}"),
    "expm1": ("np.expm1({z})", "({a} + 1)"),
    "log": ("np.log({z})", "1 / {z}"),
    "log1p": ("np.log1p({z})", "1 / (1 + {z})"),
    "log2": ("np.log2({z})", "1 / ({z} * np.log(2))"),
    "log10": ("np.log10({z})", "1 / ({z} * np.log(10))"),
    "sqrt": ("np.sqrt({z})", "1 / (2 * {a})"),
    "cbrt": ("np.cbrt({z})", "1 / (3 * {a} ** 2)"),
    "abs": ("np.abs({z})", "np.sign({z})"),
    "sign": ("np.sign({z})", "np.zeros_like({z})"),
    "step": ("({z} > 0) * 1.0", "np.zeros_like({z})"),
    "neg": ("-{z}", "(-1)"),
    "reciprocal": ("1 / {z}", "(-({a} ** 2))"),
}
