"""`Checkpoint`: all that a training needs to go on as if it had never stopped, and its file."""

from __future__ import annotations

import json
import math
import os
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from tinygrad_bp.core.operation import Operation
from tinygrad_bp.core.value import Value
from tinygrad_bp.files import Source, beyond_floats, called, write_whole
from tinygrad_bp.lots import generator_state
from tinygrad_bp.networks.nn import MLP, Module
from tinygrad_bp.networks.optimizer_state import State, fitting
from tinygrad_bp.networks.saving import number_of_json, read_content
from tinygrad_bp.networks.training.batches import Place
from tinygrad_bp.networks.training.task import Row, Task
from tinygrad_bp.text import counted, number_as_json, shown

FORMAT, VERSION = "tinygrad_bp training", 1
DIGITS = 8  # of the digest of a row


@dataclass(frozen=True)
class Facts:
    """What a training that goes on must have in common with the one before.

    Attributes:
        network: of an MLP its shape and activations.
        names: those of the optimizer's parameters, in order.
        loss: its name.
        rows, validation: a digest of each row.
        batch_size: how many rows a step takes; of the last step of an epoch it may be fewer.
        shuffle: whether each epoch has an order of its own.
        seed: of these orders; None if it was none, or is not said.
    """

    network: dict[str, Any]
    names: list[str]
    loss: str
    rows: str
    validation: str
    batch_size: int
    shuffle: bool
    seed: int | None


@dataclass(frozen=True)
class Judged:
    """What stopping early goes by.

    Attributes:
        best, since: the least loss, and how many epochs ago it was.
        noted, told: the epochs that were looked at, and those that the callback was called after.
        parameters: of the best epoch.
        before: those with which the epoch that is on its way began.
    """

    best: float = math.inf
    since: int = 0
    noted: int = 0
    told: int = 0
    parameters: State | None = None
    before: State | None = None


@dataclass(frozen=True)
class Checkpoint:
    """A training at a moment between two steps.

    Attributes:
        facts: what must be the same to go on.
        optimizer: the name of its class.
        begun, settings: the settings of the optimizer as the training began, and now.
        state: the parameters, and what the optimizer remembers.
        fixed: the numbers of the model that are not trained, by their names.
        losses, validation, steps, seconds: of the history.
        epoch: the losses of the epoch that is on its way, step by step, each times its rows.
        judged: of stopping early.
        place: the order of the rows.
        lots: the states of Python's, NumPy's and PyTorch's generators, if the model, or a callback, drew from them.
        more: what else was saved along.
        name: where it comes from, for messages.
    """

    facts: Facts
    optimizer: str
    begun: dict[str, Any]
    settings: dict[str, Any]
    state: State
    fixed: dict[str, float]
    losses: list[float]
    validation: list[float]
    steps: int
    seconds: float
    epoch: list[float]
    judged: Judged
    place: Place
    lots: dict[str, Any]
    more: dict[str, Any] = field(default_factory=dict)
    name: str = "resume"

    def save(self, path: str | os.PathLike[str], more: Mapping[str, Any] | None = None) -> Path:
        """Writes it to a file, which `read` reads. Raises TypeError for more that JSON does not know."""
        content = {"format": FORMAT, "version": VERSION}
        content |= {key: _as_json(x) for key, x in vars(self).items() if key not in ("more", "name")}
        content["more"] = dict(self.more if more is None else more)
        try:
            lines = [f"  {json.dumps(key)}: {json.dumps(x, allow_nan=False)}" for key, x in content.items()]
        except (TypeError, ValueError, RecursionError) as error:
            raise TypeError(f"save: what is saved along is what JSON knows, texts, numbers, lists: {error}") from None
        return write_whole(path, "{\n" + ",\n".join(lines) + "\n}\n")

    def check(self, task: Task, facts: Facts, epochs: int) -> dict[str, Any]:
        """The attributes that the optimizer takes. Raises ValueError, saying what differs, for a task that is another than it was."""
        there = self.facts
        self._check_network(task, facts)
        if there.loss != facts.loss:
            self._differs(f"the loss is {there.loss:.60}", facts.loss)
        for name, noun in (("rows", "row"), ("validation", "row held out")):
            self._check_rows(getattr(there, name), getattr(facts, name), noun)
        if there.batch_size != facts.batch_size:
            self._differs(f"a step takes {counted(there.batch_size, 'row')}", str(facts.batch_size))
        if there.shuffle != facts.shuffle:
            self._differs(f"shuffle is {there.shuffle}", str(facts.shuffle))
        if None not in (there.seed, facts.seed) and there.seed != facts.seed:
            self._differs(f"seed is {there.seed}", str(facts.seed))
        per_epoch = -(-len(task.rows) // there.batch_size)
        if self.steps > epochs * per_epoch:
            raise ValueError(
                f"train: epochs is their number in all, and {self.name} has {counted(-(-self.steps // per_epoch), 'epoch')} already, "
                f"not {epochs}"
            )
        states = [x for x in (self.state, self.judged.parameters, self.judged.before) if x is not None]
        try:
            return fitting(task.optimizer, self.optimizer, self.settings, self.begun, states)
        except ValueError as error:
            self._fail(f"there {error}")

    def _check_network(self, task: Task, facts: Facts) -> None:
        there = self.facts
        if there.network != facts.network:
            what = next((key for key in facts.network if there.network.get(key) != facts.network[key]), "shape")
            self._differs(f"{what} of the network is {shown(there.network.get(what))}", shown(facts.network.get(what)))
        if len(there.names) != len(facts.names):
            self._differs(f"the optimizer has {counted(len(there.names), 'parameter')}", str(len(facts.names)))
        for k, (old, new) in enumerate(zip(there.names, facts.names, strict=True), 1):
            if old != new:
                self._differs(f"parameter {k} is {shown(old)}", shown(new))
        here = set(fixed_of(task))
        for odd in sorted(here ^ set(self.fixed)):
            self._fail(f"{shown(odd)} is a number of the model {'here' if odd in here else 'there'} only")

    def _check_rows(self, there: str, here: str, noun: str) -> None:
        if there == here:
            return
        counts = len(there) // DIGITS, len(here) // DIGITS
        if counts[0] != counts[1]:
            self._differs(f"{counts[0]:,} {noun.replace('row', 'rows')}", f"{counts[1]:,}")
        k = next(k for k in range(counts[0]) if there[k * DIGITS :][:DIGITS] != here[k * DIGITS :][:DIGITS])
        self._fail(f"{noun} {k + 1} is another one")

    def _differs(self, there: str, here: str) -> NoReturn:
        self._fail(f"there {there}, and here {here}")

    def _fail(self, words: str) -> NoReturn:
        raise ValueError(f"train: {self.name} is of another training: {words}")


def read(path: Source) -> Checkpoint:
    """The checkpoint in a file.

    Raises ValueError, saying what is wrong, for a file that is damaged, of another program or of a later version, OSError where it cannot
    be read.
    """
    return _Reader(called(path), read_content(path, FORMAT, VERSION, "saved training")).checkpoint()


# What a training has in common with the one before


def names_of(task: Task) -> dict[Value, str]:
    """Names for the Values of the model and for the optimizer's parameters."""
    model, found = task.model, dict[Value, str]()
    if isinstance(model, Module):
        found = {p: path for path, p in model.named_parameters().items()}
        if isinstance(model, MLP):  # whose biases may not be trained
            for p in (*model.weights, *model.biases):
                found.setdefault(p, f"fixed {p.label}")
    for k, p in enumerate(task.optimizer.parameters, 1):
        found.setdefault(p, p.label or f"parameter {k}")
    return found


def fixed_of(task: Task) -> dict[str, Value]:
    """The Values of the model that the optimizer does not train, by their names."""
    trained = set(task.optimizer.parameters)
    return {name: p for p, name in names_of(task).items() if p not in trained}


def facts_of(task: Task, batch_size: int, shuffle: bool, seed: int | None) -> Facts:
    """Those of a task."""
    names, network = names_of(task), {}
    if isinstance(model := task.model, MLP):
        kinds = [[_called(neuron.activation) for neuron in layer.neurons] for layer in model.layers]
        network = {
            "shape": list(model.widths),
            "activations": [layer[0] if len(set(layer)) == 1 else layer for layer in kinds],
        }
    loss = getattr(task.loss, "__qualname__", type(task.loss).__qualname__)
    rows, held_out = (_digests(part) for part in (task.rows, task.held_out))
    parameters = [names[p] for p in task.optimizer.parameters]
    return Facts(network, parameters, loss, rows, held_out, batch_size, shuffle, seed)


def _called(activation: Operation | None) -> str:
    return activation.name if activation else "linear"


def _digests(rows: Sequence[Row]) -> str:
    return "".join([f"{zlib.crc32(_bytes(target), zlib.crc32(_bytes(inputs))):0{DIGITS}x}" for inputs, target in rows])


def _bytes(part: Any) -> bytes:
    """What tells numbers, lists of them and lists of lists apart; of other things their kind."""
    try:
        return array("d", part if isinstance(part, list | tuple) else [part]).tobytes()
    except (TypeError, OverflowError):
        if isinstance(part, list | tuple):
            return b"[" + b",".join(map(_bytes, part)) + b"]"
        return (part if isinstance(part, str) else type(part).__name__).encode("utf-8", "surrogatepass")


# The file


def _as_json(x: Any) -> Any:
    if isinstance(x, State | Place):
        return {key: _as_json(part) for key, part in x._asdict().items()}
    if isinstance(x, Facts | Judged):
        return {key: _as_json(part) for key, part in vars(x).items()}
    if isinstance(x, dict):
        return {key: _as_json(part) for key, part in x.items()}
    if isinstance(x, list | tuple):
        return [_as_json(part) for part in x]
    return number_as_json(x) if isinstance(x, float) else x


class _Reader:
    """Makes a checkpoint of what a JSON file holds; raises ValueError for what is none."""

    def __init__(self, name: str, content: dict[str, Any]) -> None:
        self.name, self.content = name, content

    def checkpoint(self) -> Checkpoint:
        content = self.content
        for key in ("settings", "begun", "more"):
            if where := beyond_floats(self.entry(content, key, dict), key):
                self.fail(f"{where} is beyond the range of floats")
        facts = self.facts(self.entry(content, "facts", dict))
        state = self.state(self.entry(content, "state", dict))
        fixed = self.entry(content, "fixed", dict)
        place = self.place(self.entry(content, "place", dict), facts)
        found = Checkpoint(
            facts=facts,
            optimizer=self.entry(content, "optimizer", str),
            begun=content["begun"],
            settings=content["settings"],
            state=state,
            fixed={key: number_of_json(self.name, key, x) for key, x in fixed.items()},
            losses=self.numbers(content, "losses"),
            validation=self.numbers(content, "validation"),
            steps=self.count(content, "steps"),
            seconds=number_of_json(self.name, "seconds", content.get("seconds")),
            epoch=self.numbers(content, "epoch"),
            judged=self.judged(self.entry(content, "judged", dict)),
            place=place,
            lots=self.lots(self.entry(content, "lots", dict)),
            more=content["more"],
            name=self.name,
        )
        self.check(found)
        return found

    def check(self, found: Checkpoint) -> None:
        """Raises ValueError where parts do not belong together."""
        count = len(found.facts.rows) // DIGITS
        per_epoch = -(-count // found.facts.batch_size)
        epochs, within = divmod(found.steps, per_epoch)
        if len(found.losses) != epochs or len(found.epoch) != within:
            self.fail(
                f"{counted(found.steps, 'step')} and {counted(len(found.losses), 'loss', 'losses')} do not belong together"
            )
        held_out = bool(found.facts.validation)
        if len(found.validation) not in ((epochs, epochs - 1) if held_out else (0,)):
            self.fail(
                f"{counted(len(found.validation), 'loss', 'losses')} of rows held out do not belong to {epochs} epochs"
            )
        if not max(found.judged.noted, found.judged.told) <= epochs:
            self.fail(f"more than {counted(epochs, 'epoch')} cannot have been looked at")

    def facts(self, content: dict[str, Any]) -> Facts:
        names, seed = self.entry(content, "names", list), content.get("seed")
        if not all(isinstance(x, str) for x in names) or not (seed is None or type(seed) is int):
            self.fail("the names of parameters are texts, and a seed is a whole number")
        digests = [self.entry(content, key, str) for key in ("rows", "validation")]
        if not digests[0] or any(len(each) % DIGITS for each in digests):
            self.fail("the digests of the rows are no such")
        size = self.count(content, "batch_size")
        if size < 1:
            self.fail("batch_size is a whole number of at least 1")
        loss, shuffle = self.entry(content, "loss", str), self.entry(content, "shuffle", bool)
        return Facts(self.entry(content, "network", dict), names, loss, digests[0], digests[1], size, shuffle, seed)

    def judged(self, content: dict[str, Any]) -> Judged:
        states = [
            None if content.get(key) is None else self.state(self.entry(content, key, dict))
            for key in ("parameters", "before")
        ]
        best = number_of_json(self.name, "best", content.get("best"))
        since, noted, told = (self.count(content, key) for key in ("since", "noted", "told"))
        return Judged(best, since, noted, told, *states)

    def state(self, content: dict[str, Any]) -> State:
        moments = [self.numbers({"moments": row}, "moments") for row in self.entry(content, "moments", list)]
        return State(self.numbers(content, "numbers"), moments, self.count(content, "steps"))

    def place(self, content: dict[str, Any], facts: Facts) -> Place:
        if not facts.shuffle:
            return Place(None, None)
        order = self.entry(content, "order", list)
        if not all(type(k) is int for k in order) or sorted(order) != list(range(len(facts.rows) // DIGITS)):
            self.fail("the order of the rows does not name each of them once")
        try:
            return Place(order, generator_state(content.get("random")))
        except (TypeError, ValueError, OverflowError) as error:
            self.fail(f"the state of the random numbers is none: {error}")

    def lots(self, content: dict[str, Any]) -> dict[str, Any]:
        try:
            if "random" in content:
                generator_state(content["random"])
            if "numpy" in content:
                kind, key, *rest = content["numpy"]
                words = (
                    isinstance(key, list) and len(key) == 624 and all(type(x) is int and 0 <= x < 2**32 for x in key)
                )
                if (
                    kind != "MT19937"
                    or not words
                    or [type(x) for x in rest] not in ([int, int, float], [int, int, int])
                ):
                    raise ValueError("it is not that of NumPy")
            if "torch" in content:
                state = content["torch"]
                if not isinstance(state, list) or not all(type(x) is int and 0 <= x < 256 for x in state):
                    raise ValueError("it is not that of PyTorch")
        except (TypeError, ValueError, OverflowError) as error:
            self.fail(f"the state of the random numbers is none: {error}")
        return content

    def entry(self, content: dict[str, Any], key: str, kind: type) -> Any:
        x = content.get(key)
        if type(x) is not kind:
            words = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}[kind]
            self.fail(f"{key} is not {words}")
        return x

    def count(self, content: dict[str, Any], key: str) -> int:
        x = content.get(key)
        if type(x) is not int or not 0 <= x < 2**53:
            self.fail(f"{key} is not a whole number from 0 up")
        return x

    def numbers(self, content: dict[str, Any], key: str) -> list[float]:
        return [number_of_json(self.name, key, x) for x in self.entry(content, key, list)]

    def fail(self, words: str) -> NoReturn:
        raise ValueError(f"{self.name}: this is a damaged training: {words}")
