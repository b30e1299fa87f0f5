"""All that a page knows about its subject, as dictionaries, lists, texts and numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.attention import Look, attention, names_of_attention, owned
from tinygrad_bp.explanation.names import short_name
from tinygrad_bp.explanation.neurons import Unit, are_all, ends, in_reading_order, units
from tinygrad_bp.explorer.cases import Pair
from tinygrad_bp.explorer.formulas import activation_formulas, formulas, latex_names, names, untaken
from tinygrad_bp.explorer.layout import folds, groups, layout
from tinygrad_bp.explorer.outcome import is_error, outcome, parts, shares, telling
from tinygrad_bp.explorer.points import POINTS
from tinygrad_bp.explorer.programs import activations, by_hand, optimizers, probabilities, programs, rebuilt, variants
from tinygrad_bp.explorer.subject import Subject, require_few
from tinygrad_bp.lessons.softmax import Share
from tinygrad_bp.networks.data import TRUTH_TABLES, truth_table
from tinygrad_bp.text import printable

MOST_NEAR = 4.0  # numbers of cases, for the network to be at home where points lie, between -1 and 1


def describe(subject: Subject) -> tuple[dict[str, Any], dict[str, Any]]:
    """The description of a page, and the programs in it.

    In the description Values are numbers: their places in topological order. The programs are texts of JavaScript expressions: `forward`
    and `slopes`, `variants` with both for other activations, `activations` and `optimizers` by themselves, `probabilities` of outputs if
    the error takes such, and `hand` for the worked example.

    Raises ValueError for a graph of more nodes than a page can show, for a number in it that is not finite, and for operations of
    one's own.
    """
    require_few(subject.result)
    order = topological_order(subject.result)
    for v in order:
        if not math.isfinite(v.data):
            raise ValueError(
                f"explore: {v.label or 'a Value without a label'} is {v.data!r}; a page shows finite numbers"
            )
    subject, order, judged = _named(subject, order)
    place = {v: k for k, v in enumerate(order)}
    neurons = subject.neurons or []
    leading = ends(order, neurons) if neurons else set()
    known = _known(subject, neurons)
    leaves = {unit.out: leaf for unit in neurons if unit.net in judged and (leaf := judged[unit.net].leaf) is not None}
    targets = {**leaves, **_targets(order, leading, known), **subject.targets}
    called = names(order)
    in_latex = latex_names(order, called)
    members = groups(order, neurons)
    whole = are_all(order, neurons, subject.parameters)
    looks = subject.looks or ()
    network = _network(order, neurons, leading, targets, place, judged, whole=whole)
    written = {"main": programs(order), "variants": variants(order, neurons), "activations": activations(neurons)}
    ways, written["optimizers"] = optimizers()
    if network and (said := network["probabilities"]):
        written["probabilities"] = probabilities(said["kind"], len(said["neurons"]))
    description = {
        "kind": subject.kind,
        "title": subject.title,
        "result": place[subject.result],
        "learningRate": subject.learning_rate,
        "trainBiases": subject.train_biases,
        "optimizer": subject.optimizer,
        "optimizers": ways,
        "nodes": [_node(v, place, called, in_latex) for v in order],
        "parameters": [place[v] for v in subject.parameters],
        "trains": subject.trains,
        "biases": [place[v] for v in subject.biases],
        "cases": [_numbers(case, place) for case in subject.cases],
        "opening": telling(order, subject.parameters, subject.cases),
        "outer": [place[v] for v in _outer(subject, order, neurons, targets)],
        "isError": subject.kind != "graph"
        or bool(targets)
        or bool(judged)
        or bool(network and network["probabilities"])
        or is_error(order),
        "outputs": list(map(short_name, subject.outputs)),
        "scaling": [[place[v], *way] for v, way in subject.scaling.items() if v in place],
        "classes": subject.classes and bool(subject.outputs),
        "network": network,
        "groups": [[place[v] for v in group] for group in members],
        "layout": layout(order, called, [group for group in [*members, *_in_heads(looks)] if len(group) > 1]),
        "folds": folds(order, called, neurons, subject.parameters, whole=whole, looks=looks),
        "formulas": formulas(subject.result, order),
        "activations": activation_formulas("⟦0⟧", "⟦1⟧"),
        "presets": _presets(subject, place, network),
    }
    if printed := subject.printed:
        written["hand"] = by_hand(printed)
        description["tutorial"] = {
            "figures": [list(figure) for figure in printed.figures],
            "otherEditions": list(printed.other_editions.items()),
            "hand": {"takes": list(printed.takes), "returns": list(printed.returns)},
            "errata": [[note.quantity, note.key, dict(note.given)] for note in printed.errata()],
        }
    return description, written


def _named(subject: Subject, order: Sequence[Value]) -> tuple[Subject, list[Value], dict[Value, Share]]:
    """A copy of the subject in which the result has a label, and the net input and the output of each neuron: formulas speak of them.

    With it its nodes in order, and what its outputs are in a cross entropy.
    """
    copies = rebuilt(order, {})
    for v in copies.values():
        if not printable(v.label).strip():
            v.label = ""  # blanks alone nobody can see or hear
    taken = {v.label for v in order}

    def call(v: Value, label: str) -> None:
        if not v.label:
            v.label = untaken(label, taken)
            taken.add(v.label)

    found = units(order, subject.parameters) if subject.neurons is None else subject.neurons
    neurons = [unit.copied(copies) for unit in in_reading_order(found)]
    for unit in neurons:
        call(unit.out, f"out_{unit.name}")
        call(unit.net, f"net_{unit.name}")
    targets = {copies[out]: copies[v] for out, v in subject.targets.items() if out in copies and v in copies}
    result = copies[subject.result]
    copied_order = list(copies.values())
    known = {copies[v] for v in _known(subject, found) if v in copies}
    judged = shares(copied_order, neurons, known)
    if neurons:
        compared = {*targets, *(unit.out for unit in neurons if unit.net in judged)}
        _call_parts(copied_order, neurons, known, compared, call)
    looks = [look.copied(copies) for look in (attention(order) if subject.looks is None else subject.looks)]
    for v, name in names_of_attention(looks).items():
        call(v, name)
    call(result, "result")
    copied = replace(
        subject,
        result=result,
        parameters=[copies[v] for v in subject.parameters if v in copies],
        biases=[copies[v] for v in subject.biases if v in copies],
        cases=[{copies[v]: x for v, x in case.items() if v in copies} for case in subject.cases],
        neurons=neurons,
        looks=looks,
        scaling={copies[v]: way for v, way in subject.scaling.items() if v in copies},
        targets=targets,
    )
    return copied, copied_order, judged


def _in_heads(looks: Sequence[Look]) -> list[list[Value]]:
    """What each head computes at each position."""
    found: dict[tuple[int, int], list[Value]] = {}
    for v, key in owned(looks).items():
        found.setdefault(key, []).append(v)
    return list(found.values())


def _call_parts(
    order: Sequence[Value],
    neurons: Sequence[Unit],
    known: Set[Value],
    compared: Set[Value],
    call: Callable[[Value, str], None],
) -> None:
    """Names the error of each output, E_o1, where the result is a sum of such errors."""
    leading = ends(order, neurons)
    judged = {*compared, *_targets(order, leading, known)}
    names = {unit.out: unit.name for unit in neurons}
    found = parts(order, [unit.out for unit in neurons if unit.out in leading])
    alone = [(v, of[0]) for v, of in found.items() if len(of) == 1]
    times = Counter(out for _, out in alone)
    for v, out in alone:
        if out in judged and times[out] == 1:
            call(v, f"E_{names[out]}")


def _node(v: Value, place: dict[Value, int], called: dict[Value, str], in_latex: dict[Value, str]) -> dict[str, Any]:
    if isinstance(v, Constant):
        return {"data": v.data}
    found: dict[str, Any] = {"name": called[v], "latex": in_latex[v]}
    if v.label:
        found["label"] = v.label
    if v.op is None:
        return {**found, "data": v.data}
    return {**found, "op": v.op.name, "symbol": v.op.symbol, "args": [place[x] for x in v.args]}


def _known(subject: Subject, neurons: Sequence[Unit]) -> set[Value]:
    """The leaves that are no targets: parameters, and what feeds neurons."""
    return {*subject.parameters, *(c.source for unit in neurons for c in unit.connections)}


def _outer(
    subject: Subject, order: Sequence[Value], neurons: Sequence[Unit], targets: Mapping[Value, Value]
) -> list[Value]:
    """The leaves that are not trained: inputs, then targets, as neurons have them, then others. Derivatives by them are for who asks."""
    inputs = [c.source for unit in neurons for c in unit.connections if c.source.op is None]
    wanted = [targets[unit.out] for unit in neurons if unit.out in targets]
    others = [v for v in order if v.op is None and not isinstance(v, Constant)]
    trained = set(subject.parameters)
    return [v for v in dict.fromkeys([*inputs, *wanted, *others]) if v not in trained]


def _network(
    order: Sequence[Value],
    neurons: Sequence[Unit],
    leading: Set[Value],
    targets: Mapping[Value, Value],
    place: dict[Value, int],
    judged: Mapping[Value, Share],
    *,
    whole: bool,
) -> dict[str, Any] | None:
    """The neurons, and what is beside them: the leaves that feed them, the targets of the last ones, which lead to the result, and how."""
    if not neurons:
        return None
    outs = {unit.out for unit in neurons}
    inputs = dict.fromkeys(c.source for unit in neurons for c in unit.connections if c.source not in outs)
    return {
        "whole": whole,
        **outcome(order, neurons, leading, place, judged),
        "inputs": [place[v] for v in inputs],
        "neurons": [
            {
                "name": unit.name,
                "net": place[unit.net],
                "out": place[unit.out],
                "depth": unit.depth,
                "activation": unit.activation.name if unit.activation else None,
                "connections": [
                    [place[c.weight], place[c.source], place[c.product], *c.places] for c in unit.connections
                ],
                "bias": None if unit.bias is None else place[unit.bias],
                "target": place[targets[unit.out]] if unit.out in targets else None,
                "end": unit.out in leading,
                **({"judged": _judged(judged[unit.net])} if unit.net in judged else {}),
            }
            for unit in neurons
        ],
    }


def _judged(share: Share) -> list[Any]:
    """Of an output in a cross entropy: by what its probability less its target is divided, and that target where it is no leaf."""
    return [share.cases, share.target if share.leaf is None else None]


def _targets(order: Sequence[Value], outs: Set[Value], known: Set[Value]) -> dict[Value, Value]:
    """What may be the targets of these outputs: a leaf not known to be something else, beside one in a difference or called so."""
    found: dict[Value, Value] = {}
    for v in order:
        if len(v.args) == 2:
            a, b = v.args
            for out, other in ((a, b), (b, a)):
                leaf = other.op is None and not isinstance(other, Constant) and other not in known
                if out in outs and leaf and (v.op is ops.sub or other.label.startswith("target")):
                    found.setdefault(out, other)
    return found


def _presets(subject: Subject, place: dict[Value, int], network: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The tables between which a page can switch: truth tables, and for a network of two inputs points of their plane."""
    found: dict[str, list[Pair]] = {}
    if subject.kind == "truth":
        found = {name: list(truth_table(name)) for name in TRUTH_TABLES}
    elif subject.kind not in ("network", "invented") or subject.outputs:  # what has names is about something of its own
        return None
    targets = list(subject.targets.values())
    near = all(abs(x) <= MOST_NEAR for case in subject.cases for x in case.values())
    if network and network["whole"] and len(network["inputs"]) == 2 and targets and near:
        if subject.kind != "truth":
            found["xor"] = [(inputs, _targets_of(int(wanted), len(targets))) for inputs, [wanted] in truth_table("xor")]
        for name, points in POINTS.items():
            found[name] = [(inputs, _targets_of(label, len(targets))) for inputs, label in points()]
    if not found:
        return None
    tables = {} if subject.kind == "truth" else {"given": [_numbers(case, place) for case in subject.cases]}
    inputs = (network or {})["inputs"]
    ends = [place[v] for v in targets]
    for name, rows in found.items():
        tables[name] = [
            [
                [leaf, given.get(leaf, x)]
                for leaf, x in _numbers(subject.cases[0], place)
                for given in [dict(zip([*inputs, *ends], [*row, *wanted], strict=True))]
            ]
            for row, wanted in rows
        ]
    return {"chosen": subject.preset or "given", "tables": tables}


def _numbers(case: Mapping[Value, float], place: dict[Value, int]) -> list[list[Any]]:
    return [[place[v], x] for v, x in case.items()]


def _targets_of(label: int, count: int) -> list[float]:
    """Class 0 or 1 as the targets of so many outputs: of one the number itself, of several a 1 at its place."""
    return [float(label)] if count == 1 else [float(k == label) for k in range(count)]
