"""A small autograd engine with many readings, which shows its work.

A `Value` is a number that remembers how it was computed. Everything else reads that memory: `backward` and `grad` as derivatives,
`explain` as the chain rule written out, `draw` as a picture, `check_gradients` against numerical differences,
`diagnose` as what is wrong with its numbers.

    >>> from tinygrad_bp import Value
    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> c = (a * b + 1.0).tanh()
    >>> c.backward()
    >>> a.grad, b.grad
    (-0.00054474969283142, 0.00036316646188761333)

The engine is `core`. It is loaded here; the readings are when they are asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tinygrad_bp.core import ops as ops
from tinygrad_bp.core.gradients import grad, hessian, jacobian
from tinygrad_bp.core.operation import Operation, Reduction
from tinygrad_bp.core.ops import (
    OPERATIONS,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cbrt,
    clip,
    cos,
    cosh,
    dot,
    erf,
    exp,
    expm1,
    gelu,
    hypot,
    leaky_relu,
    log,
    log1p,
    log2,
    log10,
    logsumexp,
    maximum,
    minimum,
    relu,
    sigmoid,
    sign,
    silu,
    sin,
    sinh,
    softplus,
    sqrt,
    step,
    sum_of,
    tan,
    tanh,
)
from tinygrad_bp.core.ops import (
    abs as abs,
)
from tinygrad_bp.core.ops import (
    pow as pow,
)
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.examples import EXAMPLES as _EXAMPLES

if TYPE_CHECKING:
    from tinygrad_bp import data as data
    from tinygrad_bp import losses as losses
    from tinygrad_bp import optim as optim
    from tinygrad_bp import plotting as plotting
    from tinygrad_bp.checking import check_gradients
    from tinygrad_bp.diagnosis import diagnose
    from tinygrad_bp.drawing import draw, draw_network
    from tinygrad_bp.explanation import explain
    from tinygrad_bp.explorer import explore
    from tinygrad_bp.lessons import exercise, lesson, mark, sheets
    from tinygrad_bp.networks.conversion import from_keras, from_sklearn, from_torch, to_torch
    from tinygrad_bp.networks.losses import (
        binary_cross_entropy,
        cross_entropy,
        hinge,
        mean_squared_error,
        softmax,
        squared_error,
    )
    from tinygrad_bp.networks.nn import MLP, Layer, Module, Neuron
    from tinygrad_bp.networks.optim import SGD, Adam, AdamW, Optimizer
    from tinygrad_bp.networks.saving import load, save
    from tinygrad_bp.networks.training import Diverged, train
    from tinygrad_bp.program import compile as compile
    from tinygrad_bp.series import hvp, jvp, taylor

__version__ = "0.1.0"

_EXAMPLES["tutorial"] = lambda: import_module("tinygrad_bp.tutorial.page").subject()

# Where the readings stand, by the names that programs use (PEP 562).
_READINGS = {
    "check_gradients": "checking",
    "diagnose": "diagnosis",
    "draw": "drawing",
    "draw_network": "drawing",
    "explain": "explanation",
    "explore": "explorer",
    "exercise": "lessons",
    "lesson": "lessons",
    "mark": "lessons",
    "sheets": "lessons",
    "from_keras": "networks.conversion",
    "from_sklearn": "networks.conversion",
    "from_torch": "networks.conversion",
    "to_torch": "networks.conversion",
    "binary_cross_entropy": "networks.losses",
    "cross_entropy": "networks.losses",
    "hinge": "networks.losses",
    "mean_squared_error": "networks.losses",
    "softmax": "networks.losses",
    "squared_error": "networks.losses",
    "MLP": "networks.nn",
    "Layer": "networks.nn",
    "Module": "networks.nn",
    "Neuron": "networks.nn",
    "SGD": "networks.optim",
    "Adam": "networks.optim",
    "AdamW": "networks.optim",
    "Optimizer": "networks.optim",
    "load": "networks.saving",
    "save": "networks.saving",
    "Diverged": "networks.training",
    "train": "networks.training",
    "compile": "program",
    "hvp": "series",
    "jvp": "series",
    "taylor": "series",
}
_MODULES = frozenset(("data", "losses", "optim", "plotting"))

# All but `abs`, `compile` and `pow`: `from tinygrad_bp import *` leaves Python's own in place.
__all__ = [
    "MLP",
    "OPERATIONS",
    "SGD",
    "Adam",
    "AdamW",
    "Constant",
    "Diverged",
    "Layer",
    "Module",
    "Neuron",
    "Operation",
    "Optimizer",
    "Reduction",
    "Value",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "binary_cross_entropy",
    "cbrt",
    "check_gradients",
    "clip",
    "cos",
    "cosh",
    "cross_entropy",
    "diagnose",
    "dot",
    "draw",
    "draw_network",
    "erf",
    "exercise",
    "exp",
    "explain",
    "explore",
    "expm1",
    "from_keras",
    "from_sklearn",
    "from_torch",
    "gelu",
    "grad",
    "hessian",
    "hinge",
    "hvp",
    "hypot",
    "jacobian",
    "jvp",
    "leaky_relu",
    "lesson",
    "load",
    "log",
    "log1p",
    "log2",
    "log10",
    "logsumexp",
    "mark",
    "maximum",
    "mean_squared_error",
    "minimum",
    "relu",
    "save",
    "sheets",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "sqrt",
    "squared_error",
    "step",
    "sum_of",
    "tan",
    "tanh",
    "taylor",
    "to_torch",
    "topological_order",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"tinygrad_bp.{name}")
    if name not in _READINGS:
        raise AttributeError(f"module 'tinygrad_bp' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"tinygrad_bp.{_READINGS[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_READINGS, *_MODULES})
