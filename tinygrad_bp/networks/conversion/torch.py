"""Networks of PyTorch as networks of Values, and back."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Iterator, Sequence
from types import FunctionType
from typing import Any

from tinygrad_bp.networks.conversion.chain import Chain, Unfit, activation_like, listed, no_class
from tinygrad_bp.networks.nn import MLP
from tinygrad_bp.text import shown

# Modules and functions that in evaluation pass numbers on as they are.
_NOTHING = {
    "identity", "dropout", "alphadropout", "alpha_dropout", "feature_dropout", "flatten", "view", "reshape", "squeeze", "contiguous",
    "float", "double",
}  # fmt: skip
_SIZES = {"size", "getattr", "dim", "numel"}
_SOFTMAX = {"softmax", "logsoftmax", "log_softmax"}
# What options have to be for the row of the table to compute the same.
_OPTIONS: dict[str, Any] = {"beta": 1, "negative_slope": 0.01, "approximate": "none"}
_LONGEST = 20.0  # beyond which Softplus is the identity there; a softplus is it too by then, to 2e-9
# What wraps a module and computes the same, and where it keeps it.
_AROUND = {"OptimizedModule": "_orig_mod", "DataParallel": "module", "DistributedDataParallel": "module"}
_LISTS = {"ModuleList", "ModuleDict"}  # which hold modules and do not say in which order numbers go through them
_MODULES = {
    "sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "ReLU", "leaky_relu": "LeakyReLU", "softplus": "Softplus", "silu": "SiLU", "gelu": "GELU",
}  # fmt: skip


def from_torch(module: Any) -> MLP:
    """An `MLP` that computes what a module of PyTorch does, with its weights.

    Taken are linear layers one after the other and activations that are rows of the table, in a `Sequential` or in a module whose
    `forward` calls them so. The module is read as in evaluation: dropout passes numbers on, batch normalization becomes part of the
    layer beside it, and weights that are computed, by `weight_norm` for instance, are what they are now. A softmax at the end is left
    out: the outputs are the net inputs, which the losses take, and `softmax(net(x))` or `Predictor(net)(x)` are the probabilities. The
    module is not changed.

    Weights are the same floats. The outputs are equal up to the rounding of the module's own arithmetic, about 1e-7 for 32 bits.

    Raises TypeError for what is no module, and ValueError, naming the part, for what an `MLP` does not compute.
    """
    no_class("from_torch", module)
    if not callable(getattr(module, "named_modules", None)):
        raise TypeError(
            f"from_torch takes a module of PyTorch, not {type(module).__name__} {shown(module)}{_how_a_module(module)}"
        )
    while type(module).__name__ in _AROUND and type(module).forward.__module__.startswith("torch."):
        module = getattr(module, _AROUND[type(module).__name__])
    chain = Chain(type(module).__name__)
    _refuse(chain, module)
    module = _copied(module)
    used: set[int] = set()
    for name, part, options in _parts(module, chain):
        if not isinstance(part, str) and next(iter(part.parameters()), None) is not None:
            if id(part) in used:
                raise chain.unfit(name, "is used twice; here the weights of each layer are its own")
            used.add(id(part))
        _add(chain, name, part, options)

    def original(rows: list[list[float]]) -> Any:
        found = _computed(module, rows)
        return found.exp() if chain.logarithms else found

    return chain.network(original)


def _computed(module: Any, rows: list[list[float]]) -> Any:
    """What the module gives for rows: in 64 bits, in which no rounding hides another formula, unless it insists on its own."""
    torch = importlib.import_module("torch")
    kind = next((p.dtype for p in module.parameters()), None)
    with torch.no_grad():
        try:
            found = copy.deepcopy(module).double()(torch.tensor(rows, dtype=torch.float64))
        except RuntimeError:
            return module(torch.tensor(rows, dtype=kind))
    if kind != torch.float64 and any(_is_computed(part) for part in module.modules()):
        return found.float()  # the weights that were read were computed in fewer digits than these
    return found


def _is_computed(part: Any) -> bool:
    return "parametrizations" in vars(part)["_modules"] or bool(vars(part)["_forward_pre_hooks"])


def to_torch(net: MLP, dtype: Any = None) -> Any:
    """A `torch.nn.Sequential` that computes what the network does, with its weights.

    Args:
        net: the network.
        dtype: the type of the weights there, such as `torch.float32`; by default `torch.float64`, in which they are the same numbers.

    Biases that are not trained do not require a gradient there; where they are all 0, the layer has none. A bias that neurons share
    becomes one for each.

    Raises ModuleNotFoundError without PyTorch, TypeError for what is no MLP, and ValueError for an activation that PyTorch has no
    module of, and for a layer with several.
    """
    if not isinstance(net, MLP):
        raise TypeError(f"to_torch takes an MLP, not {type(net).__name__} {shown(net)}")
    torch = importlib.import_module("torch")
    dtype = torch.float64 if dtype is None else dtype
    parts: list[Any] = []
    for depth, layer in enumerate(net.layers, 1):
        kinds = {neuron.activation for neuron in layer.neurons}
        names = sorted(kind.name if kind else "linear" for kind in kinds)
        if len(names) > 1:
            raise ValueError(
                f"to_torch: layer {depth} has several activations, {' and '.join(names)}; a layer of PyTorch has one"
            )
        if names != ["linear"] and names[0] not in _MODULES:
            raise ValueError(f"to_torch: PyTorch has no module for {names[0]}, the activation of layer {depth}")
        trained = any(neuron.train_bias for neuron in layer.neurons)
        biases = [neuron.bias.data for neuron in layer.neurons]
        linear = torch.nn.Linear(len(layer.neurons[0].weights), len(biases), bias=trained or any(biases), dtype=dtype)
        with torch.no_grad():
            linear.weight.copy_(
                torch.tensor([[w.data for w in neuron.weights] for neuron in layer.neurons], dtype=dtype)
            )
            if linear.bias is not None:
                linear.bias.copy_(torch.tensor(biases, dtype=dtype)).requires_grad_(trained)
        parts.append(linear)
        if names != ["linear"]:
            parts.append(getattr(torch.nn, _MODULES[names[0]])())
    return torch.nn.Sequential(*parts)


def _how_a_module(thing: Any) -> str:
    """What would be right in place of a part of a module."""
    if isinstance(thing, dict):
        return "; of weights by name make the module first, and module.load_state_dict(weights)"
    return "; of several modules make one, nn.Sequential(*modules)" if isinstance(thing, list | tuple) else ""


def _refuse(chain: Chain, module: Any) -> None:
    """Raises Unfit for a module that has nothing to be read: no numbers yet, or no Python any more."""
    for name, part in module.named_modules():
        where = f"{name} ({type(part).__name__})" if name else chain.what
        if hasattr(part, "_c") and hasattr(part, "original_name"):
            raise chain.unfit(
                where,
                f"is compiled by TorchScript; hand in the module that it was made of, of class {part.original_name}",
            )
        if ".quantized" in type(part).__module__:
            raise chain.unfit(
                where, "is quantized: its weights are rounded to whole numbers; hand in the module it was made of"
            )
        if callable(unset := getattr(part, "has_uninitialized_params", None)) and unset():
            raise chain.unfit(where, "has no weights yet: call the module once, with a row of inputs")
        for each in part.parameters(recurse=False):
            if each.is_meta:
                raise chain.unfit(where, "has no numbers: its weights are on the device 'meta'; load them first")
            if each.is_complex():
                raise chain.unfit(where, "has complex weights; those of an MLP are real")


def _copied(module: Any) -> Any:
    """A copy of the module in evaluation. Weights that are computed before each call are computed once."""
    computed = [x for part in module.modules() for x in vars(part).values() if getattr(x, "grad_fn", None) is not None]
    copied = copy.deepcopy(module, {id(x): x.detach().clone() for x in computed}).eval()
    with importlib.import_module("torch").no_grad():
        for part in copied.modules():
            for hook in vars(part).get("_forward_pre_hooks", {}).values():
                if type(hook).__module__.startswith("torch.nn.utils."):  # weight_norm and spectral_norm of old, pruning
                    hook(part, ())
    return copied


def _library(part: Any) -> str:
    """The name of the class of PyTorch that a module is of, also by a class without a `forward` of its own; empty if it has one."""
    if "forward" in vars(part):
        return ""
    for kind in type(part).__mro__:
        if kind.__module__.startswith("torch.nn.modules."):
            return kind.__name__ if kind.__name__ != "Module" else ""
        if {"forward", "__call__"} & set(vars(kind)):
            return ""
    return ""


def _is_leaf(part: Any) -> bool:
    """Whether a module holds no others, but for what computes its weights."""
    return all(name == "parametrizations" for name, _ in part.named_children())


def _parts(module: Any, chain: Chain) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """What the numbers go through, in order: the name of each, a module or the name of a function, and the options of a function."""
    library = _library(module)
    if library in _LISTS:
        raise Unfit(f"{chain.what}: {library} only holds modules, and does not say how they follow; nn.Sequential does")
    if library == "Sequential":
        for name, child in module.named_modules(remove_duplicate=False):
            if not name or "." in name:  # itself, and what is further inside
                continue
            for inner, part, options in _parts(child, chain):
                yield f"{name}.{inner}" if inner else name, part, options
    elif _is_leaf(module):
        if library or _is_linear(module):
            yield "", module, {}
        else:
            yield from _own(module, chain)
    else:
        yield from _traced(module, chain)


def _own(module: Any, chain: Chain) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """The parts of a module with a `forward` of its own that holds no others: what it is called says nothing."""
    torch = importlib.import_module("torch")

    def function(numbers: list[float]) -> Any:
        with torch.no_grad():
            return copy.deepcopy(module).double()(torch.tensor([numbers], dtype=torch.float64))

    if next(iter(module.parameters()), None) is None and (name := activation_like(function)):
        yield "", name, {}
        return
    try:
        parts = list(_traced(module, chain))
    except Unfit as error:
        raise Unfit(
            f"{chain.what}: {type(module).__name__} has a forward of its own, and what that computes is nothing that an MLP computes, "
            f"neither a linear layer nor an activation of the table; followed step by step: {str(error).removeprefix(f'{chain.what}: ')}"
        ) from None
    yield from parts


def _is_linear(module: Any) -> bool:
    """Whether a module with a `forward` of its own is a linear layer by `weight` and `bias`."""
    torch = importlib.import_module("torch")
    weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
    if not isinstance(weight, torch.Tensor) or weight.ndim != 2 or not isinstance(bias, torch.Tensor | None):
        return False
    with torch.no_grad():
        own = copy.deepcopy(module).double()
        rows = torch.cat([f * torch.eye(weight.shape[1], dtype=torch.float64) for f in (0.0, 1.0, -30.0)])
        try:
            found = own(rows)
            wanted = torch.nn.functional.linear(rows, own.weight, own.bias)
        except (RuntimeError, TypeError, ValueError, AttributeError):
            return False
        return (
            isinstance(found, torch.Tensor)
            and found.shape == wanted.shape
            and torch.allclose(found, wanted, 1e-12, 1e-12)
        )


def _traced(module: Any, chain: Chain) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """The parts of a module that says in a `forward` of its own what it does."""
    fx = importlib.import_module("torch.fx")

    class Tracer(fx.Tracer):  # type: ignore[name-defined,misc]
        def is_leaf_module(self, part: Any, name: str) -> bool:
            return bool(super().is_leaf_module(part, name) or _is_leaf(part) or _library(part))

    try:
        graph = Tracer().trace(module)
    except Exception as error:  # anyone's forward, run on something that is no tensor
        raise Unfit(f"{chain.what}: what its forward does cannot be followed: {shown(str(error), 200)}") from None
    before: Any = None
    sizes: set[Any] = set()  # nodes that ask how many rows there are, as `x.view(x.size(0), -1)` does
    for node in graph.nodes:
        operands = [x for x in node.all_input_nodes if x not in sizes]
        called = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
        if called in _SIZES or (node.all_input_nodes and not operands):
            sizes.add(node)
            continue
        if node.op == "placeholder":
            if before is not None:
                raise Unfit(f"{chain.what} takes more than one argument; an MLP takes a row of inputs")
        elif operands != [before]:
            raise Unfit(f"{chain.what}: {node.name} is not made from what is before it alone; an MLP has one path")
        if node.op == "call_module":
            for inner, part, options in _parts(module.get_submodule(node.target), chain):
                yield f"{node.target}.{inner}" if inner else str(node.target), part, options
        elif node.op in ("call_function", "call_method"):
            others = [x for x in node.args if x is not before]
            if others and called.lower() not in _NOTHING | _SOFTMAX:
                raise Unfit(f"{chain.what}: {called} has another operand, {shown(others[0])}; an MLP has one path")
            if isinstance(node.target, FunctionType) and not node.target.__module__.startswith("torch."):
                raise Unfit(
                    f"{chain.what}: {called} is a function of {node.target.__module__}, which is not read by its name"
                )
            yield called, called, dict(node.kwargs)
        before = node


def _add(chain: Chain, name: str, part: Any, options: dict[str, Any]) -> None:
    kind = (
        part if isinstance(part, str) else _library(part) or "Linear"
    )  # what is not of the library and still a part is one
    own = kind if isinstance(part, str) or "parametrizations" in vars(part)["_modules"] else type(part).__name__
    where = f"{name} ({own})" if name and name != own else own
    called = kind.lower()
    if not isinstance(part, str):
        options = {option: getattr(part, option) for option in (*_OPTIONS, "threshold") if hasattr(part, option)}
    if kind == "Linear":
        chain.linear(where, part.weight, part.bias)
    elif kind == "BatchNorm1d":
        chain.fixed(where, *_normalization(chain, where, part))
    elif called in _SOFTMAX:
        chain.logarithms = called != "softmax"
        chain.outputs_are_classes(where)
    elif called not in _NOTHING:
        if called in ("leaky_relu", "leakyrelu") and options.get("negative_slope") in (0.0, 1.0):
            called = "relu" if options["negative_slope"] == 0.0 else "identity"
            options = {}
        if called == "softplus" and options.get("threshold", _LONGEST) < _LONGEST:
            raise chain.unfit(
                where,
                f"has threshold={options['threshold']!r}, beyond which it is no softplus; {_LONGEST:g} is as good as none",
            )
        for option, wanted in _OPTIONS.items():
            chain.require(where, option, options.get(option, wanted), wanted)
        chain.activation(where, called)


def _normalization(chain: Chain, where: str, part: Any) -> tuple[Sequence[float], Sequence[float]]:
    """Factors and summands of batch normalization as it is in evaluation: weight·(x − mean) / √(var + ε) + bias."""
    if part.running_mean is None:
        raise chain.unfit(where, "keeps no running mean, so that what it does depends on the other rows")
    means, variances = listed(part.running_mean), listed(part.running_var)
    weights = [1.0] * len(means) if part.weight is None else listed(part.weight)
    biases = [0.0] * len(means) if part.bias is None else listed(part.bias)
    factors = [w / (v + part.eps) ** 0.5 for w, v in zip(weights, variances, strict=True)]
    return factors, [b - f * m for b, f, m in zip(biases, factors, means, strict=True)]
