"""`save` and `load`: a network as a JSON file that people can read, with every number exact.

    >>> net = MLP(2, [2, 1], activation=["tanh", None], seed=1)
    >>> path = save(net, "net.json")
    >>> load(path).weights[0].data == net.weights[0].data
    True

A file is data, nothing in it is executed: no pickle. Floats are written with the digits that lead back to the same float.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn, TypeVar, overload

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Value
from tinygrad_bp.files import Source, beyond_floats, called, parse_json, read_text, write_whole
from tinygrad_bp.networks.activations import activation_named
from tinygrad_bp.networks.nn import MLP, Layer, Module, Neuron, warn_of_unseen
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.networks.optim import Optimizer
from tinygrad_bp.networks.optimizer_state import State, fitting, settings_of
from tinygrad_bp.text import number_as_json, shown, shown_json

FORMAT = "tinygrad_bp network"
VERSION = 1
M = TypeVar("M", bound="Module | Optimizer")
OF_OPTIMIZERS = "tinygrad_bp optimizer"
FORMATS = {  # of files of ours, and what they are
    FORMAT: "a network, which load(path) reads",
    OF_OPTIMIZERS: "an optimizer, which load(path, into=optimizer) reads",
    "tinygrad_bp training": "a training to be gone on with, which train(..., resume=path) reads",
}
LARGEST = 10_000_000  # parameters in a file
MOST_BYTES = 50 * LARGEST  # that are read of a file


def save(model: Module | Optimizer, path: str | os.PathLike[str]) -> Path:
    """Writes a network to a file and returns its path. An existing file is replaced only when the new one is whole. One whose name ends
    in .gz is packed.

    Args:
        model: a network, or an optimizer.
        path: the file.

    Of an `MLP` everything is saved, `notes` included; of another Module the numbers of its parameters, which `load(path, into=...)`
    puts into a Module of the same build. Of an optimizer, with which a loop of your own is to go on, its settings, its count of steps and
    what it remembers; `train` goes on by itself: `history.save(path)`, then `train(..., resume=path)`.

    Warns of Values of a Module that are not among its parameters.

    Raises TypeError for what is neither Module nor optimizer and for notes that JSON does not know, ValueError for an activation of
    one's own and OSError where the file cannot be written.
    """
    if isinstance(model, Optimizer):
        return write_whole(path, _json(_of_an_optimizer(model)))
    if not isinstance(model, Module):
        if hasattr(model, "checkpoint"):
            raise TypeError("save takes a network or an optimizer; a history saves itself, history.save(path)")
        raise TypeError(f"save takes an MLP, another Module or an optimizer, not {type(model).__name__} {shown(model)}")
    content: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    if isinstance(model, MLP):
        _check_that_a_file_can_hold(model)
        content |= _content(model)
    else:
        warn_of_unseen(model, "save")
        content["parameters"] = {name: number_as_json(p.data) for name, p in model.named_parameters().items()}
    try:
        text = _json(content)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"save: the notes of a network are what JSON knows, texts, numbers, lists: {error}") from None
    return write_whole(path, text)


def _check_that_a_file_can_hold(net: MLP) -> None:
    """Raises ValueError for what a network has that a file has no place for."""
    neurons = [neuron for layer in net.layers for neuron in layer.neurons]
    if any(type(part) not in (MLP, Layer, Neuron) for part in (net, *net.layers, *neurons)):
        raise ValueError(
            "save: a file cannot hold what a class of your own computes; save it as a Module that is no MLP"
        )
    if not {*net.named_parameters().values()} <= {*net.weights, *net.biases}:
        raise ValueError("save: a file of an MLP holds its weights and biases, and this one has Values besides")
    if len({neuron.train_bias for neuron in neurons}) > 1:
        raise ValueError("save: the biases are all trained or all fixed, and here some are")
    for op in [neuron.activation for neuron in neurons]:
        if op is not None and ops.OPERATIONS.get(op.name) is not op:
            raise ValueError(f"save: the activation {op.name} is an operation of your own, which a file cannot hold")
    if len(net.biases) != (len(net.layers) if _shares_biases(net) else len(neurons)):
        raise ValueError("save: neurons share a bias with all others of their layer or with none, and here some do")
    if len({*net.weights, *net.biases}) < len(net.weights) + len(net.biases):
        raise ValueError("save: a file holds each weight once, and here neurons share some")
    if len({neuron.separate_products for neuron in neurons}) > 1:
        raise ValueError("save: separate_products is the same for all neurons, and here it is not")


def _content(net: MLP) -> dict[str, Any]:
    """What a file says of a network."""
    layers = [layer.neurons for layer in net.layers]
    activations = [[neuron.activation.name if neuron.activation else None for neuron in layer] for layer in layers]
    return {
        "shape": net.widths,
        "activations": [kinds[0] if len(set(kinds)) == 1 else kinds for kinds in activations],
        "shared_bias": _shares_biases(net),
        "train_biases": net.train_biases,
        "separate_products": layers[0][0].separate_products,
        "names": [[neuron.name for neuron in layer] for layer in layers],
        "weights": _numbers(net.weights),
        "biases": _numbers(net.biases),
        "notes": net.notes.as_json(),
    }


@overload
def load(path: Source) -> MLP: ...
@overload
def load(path: Source, into: M) -> M: ...


def load(path: Source, into: Module | Optimizer | None = None) -> Module | Optimizer:
    """The network in a file: bit for bit the numbers that were saved.

    Args:
        path: the file that `save` wrote, by its name, packed or not, or an open one, such as `sys.stdin`.
        into: a Module of the same build, or an optimizer of the same kind, into which the numbers go, and which is returned.

    A network that was trained on scaled inputs takes such; `Predictor(net)` takes them as they were measured, and names classes.

    Of a file that does not end no more is read than a network of 10,000,000 parameters needs.

    Raises ValueError, saying what is wrong, for a file that is damaged, of another program or of a later version, and for a Module with
    other parameters; nothing is changed then. Raises OSError where the file cannot be read.
    """
    name = called(path)
    if isinstance(into, Optimizer):
        return _into_an_optimizer(name, read_content(path, OF_OPTIMIZERS, VERSION, "saved optimizer"), into)
    if into is not None and not isinstance(into, Module):
        raise TypeError(
            f"load puts numbers into an MLP, another Module or an optimizer, not {type(into).__name__} {shown(into)}"
        )
    content = _read(name, path)
    if into is not None:
        return _load_into(name, content, into)
    if "shape" not in content:
        _fail(name, "this file holds the parameters of a Module of your own; build one, and load(path, into=...) it")
    return _network(name, content)


def _network(name: str, content: dict[str, Any]) -> MLP:
    """The network that a file describes. Raises ValueError for what is no network."""
    for key in ("shared_bias", "train_biases", "separate_products"):
        if not isinstance(content.get(key), bool):
            _fail(name, f"{key} is true or false, not {shown_json(content.get(key))}")
    shape = _shape(name, content)
    size = sum(a * b for a, b in pairwise(shape)), len(shape) - 1 if content["shared_bias"] else sum(shape[1:])
    if sum(size) > LARGEST:
        _fail(name, f"a network {'-'.join(map(str, shape)):.60} has more than {LARGEST:,} parameters")
    weights, biases = (_parameters(name, content, kind, n) for kind, n in zip(("weights", "biases"), size, strict=True))
    activations, names = _neurons(name, content, shape)
    notes = content.get("notes", {})
    if not isinstance(notes, dict):
        _fail(name, "the notes are an object")
    try:
        net = MLP(
            shape[0],
            shape[1:],
            weights=[x for _, x in weights],
            biases=[x for _, x in biases],
            shared_bias=content["shared_bias"],
            train_biases=content["train_biases"],
            separate_products=content["separate_products"],
        )
        for layer, kinds, words in zip(net.layers, activations, names, strict=True):
            for neuron, kind, word in zip(layer.neurons, kinds, words, strict=True):
                neuron.name, neuron.activation = word, activation_named(kind)
        net.notes = Notes.of_json(notes)
    except (TypeError, ValueError) as error:
        _fail(name, str(error))
    for p, (label, _) in zip((*net.weights, *net.biases), (*weights, *biases), strict=True):
        p.label = label
    return net


def _shape(name: str, content: dict[str, Any]) -> list[int]:
    """The number of inputs, and that of the neurons in each layer."""
    shape: Any = content["shape"]
    if not _list_of(shape, int) or len(shape) < 2 or any(isinstance(n, bool) or n < 1 for n in shape):
        _fail(name, f"the shape is a list of two or more numbers of neurons, not {shown(shape)}")
    return shape  # type: ignore[no-any-return]


def _neurons(
    name: str, content: dict[str, Any], shape: Sequence[int]
) -> tuple[list[list[str | None]], list[list[str]]]:
    """The activation of each neuron in each layer, and its name. A file may give an activation for a whole layer."""
    kinds: Any = content.get("activations")
    names: Any = content.get("names")
    if not _list_of(kinds, object) or not _list_of(names, list) or not len(kinds) == len(names) == len(shape) - 1:
        _fail(name, "there should be activations and names of neurons for each layer")
    found = [kind if isinstance(kind, list) else [kind] * width for kind, width in zip(kinds, shape[1:], strict=True)]
    for width, layer, words in zip(shape[1:], found, names, strict=True):
        if len(words) != width or not _list_of(words, str) or len(layer) != width:
            _fail(name, "there should be an activation and a name for each neuron")
        for op in layer:
            if op is not None and not isinstance(op, str):
                _fail(name, f"an activation is the name of an operation, or null, not {shown_json(op)}")
    return found, names


def _load_into(name: str, content: dict[str, Any], module: Module) -> Module:
    there = module.named_parameters()
    if "shape" in content and isinstance(module, MLP):
        if content["shape"] != module.widths:
            _fail(name, f"this network has the shape {shown(content['shape'])}, and yours has {module.widths}")
        found = {p: x for kind, ps in (("weights", module.weights), ("biases", module.biases))
                 for p, (_, x) in zip(ps, _parameters(name, content, kind, len(ps)), strict=True)}  # fmt: skip
    else:
        saved = content.get("parameters")
        if not isinstance(saved, dict):
            _fail(name, "this file holds no parameters of a Module")
        if set(saved) != set(there):
            odd = sorted(set(saved) ^ set(there))[0]
            _fail(name, f"{shown(odd)} is a parameter {'of the file' if odd in saved else 'of yours'} only")
        found = {there[path]: number_of_json(name, path, x) for path, x in saved.items()}
    for p, x in found.items():
        p.data = x
    return module


def _of_an_optimizer(optimizer: Optimizer) -> dict[str, Any]:
    """What a file says of an optimizer."""
    state = State.of(optimizer)
    moments = [[number_as_json(x) for x in row] for row in state.moments]
    return {
        "format": OF_OPTIMIZERS,
        "version": VERSION,
        "kind": type(optimizer).__name__,
        "settings": settings_of(optimizer),
        "steps": state.steps,
        "moments": moments,
    }


def _into_an_optimizer(name: str, content: dict[str, Any], optimizer: Optimizer) -> Optimizer:
    kind, settings, steps, moments = (content.get(key) for key in ("kind", "settings", "steps", "moments"))
    if not isinstance(kind, str) or not isinstance(settings, dict) or type(steps) is not int or steps < 0:
        _fail(name, "this is no saved optimizer, or a damaged one: it lacks its kind, its settings or its steps")
    if not _list_of(moments, list):
        _fail(name, "the moments of an optimizer are lists of numbers")
    numbers = [p.data for p in optimizer.parameters]
    rows = [[number_of_json(name, "a moment", x) for x in row] for row in moments or ()]
    try:
        state = State(numbers, rows, steps)
        mine = settings_of(optimizer)  # as if it had been made with these: those in the file count
        changed = fitting(optimizer, kind, settings, mine, [state])
    except ValueError as error:
        _fail(name, f"this was saved of another optimizer: there {error}")
    optimizer.change(numbers, rows, steps, changed)
    return optimizer


def _read(name: str, path: Source) -> dict[str, Any]:
    content = read_content(path, FORMAT, VERSION, "saved network")
    notes = content.get("notes")
    where = beyond_floats(notes, "notes")
    if isinstance(notes, dict) and not where:
        scaling = {key: notes.get(key) for key in ("scaling", "target_scaling")}
        where = beyond_floats(scaling, "notes", whole=True)
    if where:
        _fail(name, f"{where} is beyond the range of floats")
    return content


def read_content(path: Source, kind: str, latest: int, what: str) -> dict[str, Any]:
    """What a JSON file of ours holds. Raises ValueError, saying what is wrong, for one that is damaged, of another kind or of a later
    version than the latest known.

    Args:
        kind: what stands under "format" in it.
        what: what it is called in messages.
    """
    name = called(path)
    try:
        text = read_text(path, MOST_BYTES)
    except ValueError as error:
        _fail(name, f"this is no {what}: it is {error}")
    try:
        content = parse_json(text, _no_json)
    except json.JSONDecodeError as error:
        _fail(name, f"this is no {what}, or a damaged one: line {error.lineno}: {error.msg}")
    except RecursionError:
        _fail(name, f"this is no {what}, or a damaged one: lists are nested too deeply")
    except ValueError as error:
        _fail(name, f"this is no {what}, or a damaged one: {error}")
    found = content.get("format") if isinstance(content, dict) else None
    if isinstance(found, str) and found != kind and found in FORMATS:
        _fail(name, f"this is no {what}, but {FORMATS[found]}")
    if found != kind:
        _fail(name, f'this is no {what}: it lacks "format": "{kind}"')
    version = content.get("version")
    if type(version) is not int or version < 1:
        _fail(name, f"the version of a {what} is a whole number from 1 up, not {shown_json(version)}")
    if version > latest:
        _fail(
            name,
            f"this {what} is of version {version!s:.20} of the format, and this program reads up to {latest}: update it",
        )
    return content  # type: ignore[no-any-return]


def _parameters(name: str, content: dict[str, Any], kind: str, count: int) -> list[tuple[str, float]]:
    """The labels and numbers of the weights, or the biases."""
    pairs: Any = content.get(kind)
    if not _list_of(pairs, list) or any(len(pair) != 2 or not isinstance(pair[0], str) for pair in pairs):
        _fail(name, f"{kind} are a list of pairs, a label and a number")
    if len(pairs) != count:
        _fail(name, f"a network of this shape has {count} {kind}, and there are {len(pairs)}")
    return [(label, number_of_json(name, label, x)) for label, x in pairs]


def number_of_json(name: str, label: str, x: Any) -> float:
    """A float that JSON holds; the infinities and NaN are texts. Raises ValueError for what is none."""
    if x in ("inf", "-inf", "nan"):
        return float(x)
    if isinstance(x, bool) or not isinstance(x, int | float):
        _fail(name, f"{label:.60} is {shown_json(x)}, which is no number")
    try:
        number = float(x)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        _fail(name, f"{label:.60} is beyond the range of floats")
    return number


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _numbers(values: Sequence[Value]) -> list[list[Any]]:
    return [[v.label, number_as_json(v.data)] for v in values]


def _shares_biases(net: MLP) -> bool:
    return any(len(layer.neurons) > 1 for layer in net.layers) and all(
        len({neuron.bias for neuron in layer.neurons}) == 1 for layer in net.layers
    )


def _json(content: dict[str, Any]) -> str:
    """JSON with an entry on each line, lists of parameters with a parameter on each."""
    lines = []
    for key, value in content.items():
        if key in ("weights", "biases", "parameters") and value:
            pairs = value.items() if isinstance(value, dict) else value
            opening, closing = "{}" if isinstance(value, dict) else "[]"
            inside = ",\n    ".join(
                f"{json.dumps(a)}: {json.dumps(b)}" if isinstance(value, dict) else json.dumps([a, b]) for a, b in pairs
            )
            lines.append(f"  {json.dumps(key)}: {opening}\n    {inside}\n  {closing}")
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value, allow_nan=False)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _list_of(thing: Any, kind: type) -> bool:
    return isinstance(thing, list) and all(isinstance(x, kind) for x in thing)


def _fail(name: str, words: str) -> NoReturn:
    raise ValueError(f"{name}: {words}")
