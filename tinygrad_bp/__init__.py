"""A minimal autograd engine that shows its work.

A `Value` is a number that remembers how it was computed. Everything else reads that memory: `backward` and `grad` as derivatives,
`explain` as the chain rule written out, `draw` as a picture, `check_gradients` against numerical differences.

    >>> from tinygrad_bp import Value
    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> c = (a * b + 1.0).tanh()
    >>> c.backward()
    >>> a.grad, b.grad
    (-0.00054474969283142, 0.00036316646188761333)
"""

from tinygrad_bp.checking import GradientCheck, check_gradients
from tinygrad_bp.drawing import Drawing, draw, draw_network
from tinygrad_bp.explanation import Explanation, explain
from tinygrad_bp.explorer import Page, explore
from tinygrad_bp.gradients import grad, hessian, jacobian
from tinygrad_bp.losses import binary_cross_entropy, cross_entropy, hinge, mean_squared_error, squared_error
from tinygrad_bp.nn import MLP, Layer, Module, Neuron
from tinygrad_bp.operation import Domain, Operation, Reduction
from tinygrad_bp.ops import (
    OPERATIONS,
    acos,
    add,
    asin,
    atan,
    atan2,
    cos,
    cosh,
    div,
    dot,
    exp,
    expm1,
    hypot,
    leaky_relu,
    log,
    log1p,
    logsumexp,
    maximum,
    minimum,
    mul,
    neg,
    relu,
    sigmoid,
    sign,
    sin,
    sinh,
    softplus,
    sqrt,
    step,
    sub,
    sum_of,
    tan,
    tanh,
)
from tinygrad_bp.ops import (
    abs as abs,
)
from tinygrad_bp.ops import (
    pow as pow,
)
from tinygrad_bp.optim import SGD, Adam, AdamW, Optimizer
from tinygrad_bp.program import Program
from tinygrad_bp.program import compile as compile
from tinygrad_bp.saving import load, save
from tinygrad_bp.training import Diverged, History, train
from tinygrad_bp.value import Constant, Value, topological_order

__version__ = "0.1.0"

# All but `abs`, `compile` and `pow`: `from tinygrad_bp import *` leaves Python's own in place.
__all__ = [
    "MLP",
    "OPERATIONS",
    "SGD",
    "Adam",
    "AdamW",
    "Constant",
    "Diverged",
    "Domain",
    "Drawing",
    "Explanation",
    "GradientCheck",
    "History",
    "Layer",
    "Module",
    "Neuron",
    "Operation",
    "Optimizer",
    "Page",
    "Program",
    "Reduction",
    "Value",
    "acos",
    "add",
    "asin",
    "atan",
    "atan2",
    "binary_cross_entropy",
    "check_gradients",
    "cos",
    "cosh",
    "cross_entropy",
    "div",
    "dot",
    "draw",
    "draw_network",
    "exp",
    "explain",
    "explore",
    "expm1",
    "grad",
    "hessian",
    "hinge",
    "hypot",
    "jacobian",
    "leaky_relu",
    "load",
    "log",
    "log1p",
    "logsumexp",
    "maximum",
    "mean_squared_error",
    "minimum",
    "mul",
    "neg",
    "relu",
    "save",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "softplus",
    "sqrt",
    "squared_error",
    "step",
    "sub",
    "sum_of",
    "tan",
    "tanh",
    "topological_order",
    "train",
]
