"""Attention, found in a graph: which head takes what from which positions.

A head is told by its shares, exponentials over their sum, of which weighted sums are taken: `share_1 * value_1 + share_2 * value_2`. What a
share is the exponential of is its score, a sum of products, of a query that all scores of a position have in common, and of a key each. It
does not matter whether it was written with `dot` and `softmax` or with plain arithmetic, nor what has a label.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

from tinygrad_bp.core import ops
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Constant, Value

NEAR = 1e-9  # how well shares must fit their scores

Pair = tuple[Value, Value]
Vector = tuple[Value, ...]


@dataclass(frozen=True)
class Look:
    """What a head takes at one position.

    Attributes:
        head, position: their numbers, from 1. Heads are numbered through all layers.
        layer: how many layers of attention it ends, itself counted.
        query: the numbers of the query.
        inputs: what these are weighted sums of, where all are sums of the same numbers.
        keys, values: of each position that is looked at those of its key, and of its value.
        at: the numbers of these positions.
        scores, shares: one for each of them.
        taken: the sums of the values, weighted by the shares.
        inside: what lies between scores and shares, the exponentials and their sum.
    """

    head: int
    position: int
    layer: int
    query: Vector
    inputs: Vector
    keys: tuple[Vector, ...]
    values: tuple[Vector, ...]
    at: tuple[int, ...]
    scores: Vector
    shares: Vector
    taken: Vector
    inside: frozenset[Value]

    def parts(self) -> Iterator[Part]:
        """Each quantity: its kind, its position, its number, and itself. What is looked at belongs to the position that it is at."""
        yield from (Part("query", self.position, j, v) for j, v in enumerate(self.query, 1))
        for kind, vectors in (("key", self.keys), ("value", self.values)):
            for at, vector in zip(self.at, vectors, strict=True):
                yield from (Part(kind, at, j, v) for j, v in enumerate(vector, 1))
        for kind, numbers in (("score", self.scores), ("share", self.shares)):
            yield from (Part(kind, self.position, at, v) for at, v in zip(self.at, numbers, strict=True))
        yield from (Part("taken", self.position, j, v) for j, v in enumerate(self.taken, 1))

    def own(self) -> Iterator[tuple[Value, int]]:
        """What the head computes, and at which position."""
        yield from ((part.value, part.position) for part in self.parts() if part.value.op is not None)
        yield from ((v, self.position) for v in self.inside if not isinstance(v, Constant))

    def copied(self, copies: Mapping[Value, Value]) -> Look:
        """The same look in a copy of the graph."""

        def copy(x: Any) -> Any:
            if isinstance(x, Value):
                return copies[x]
            return type(x)(map(copy, x)) if isinstance(x, tuple | frozenset) else x

        return Look(*(copy(getattr(self, each.name)) for each in fields(self)))


class Part(NamedTuple):
    """A quantity of a head: query, key, value, score, share or taken; at which position; which number of it, or of which position."""

    kind: str
    position: int
    number: int
    value: Value


def attention(order: Sequence[Value]) -> list[Look]:
    """What heads of attention take, head by head and position by position; none where a graph has no attention.

    `order` has all nodes in topological order.
    """
    softmaxes = _softmaxes(order)
    if not any(len(found) > 1 for found in softmaxes):
        return []
    users: dict[Value, list[Value]] = {}
    for v in order:
        for x in dict.fromkeys(v.args):
            users.setdefault(x, []).append(v)
    looks = [look for found in softmaxes if (look := _look(found, users)) is not None]
    known = {key for look in looks for key in look.keys if len(look.keys) > 1}
    looks = [_turned(look, known) for look in looks]
    if not any(len(look.keys) > 1 for look in looks):
        return []
    return _numbered([look for look in looks if len(look.keys) > 1 or look.keys[0] in known], order)


def owned(looks: Sequence[Look]) -> dict[Value, tuple[int, int]]:
    """The head and the position that each node belongs to: of several, the first that computes it."""
    found: dict[Value, tuple[int, int]] = {}
    for look in looks:
        for v, position in look.own():
            found.setdefault(v, (look.head, position))
    return found


def names_of_attention(looks: Sequence[Look]) -> dict[Value, str]:
    """Names for what heads compute and has no label: `query_head1_at2_1`, `score_head1_at2_of1`."""
    found: dict[Value, str] = {}
    for look in looks:
        for kind, position, number, v in look.parts():
            if v.op is not None and not v.label:
                of = "of" if kind in ("score", "share") else ""
                end = f"_{of}{number}" if of or len(look.query if kind in ("query", "key") else look.taken) > 1 else ""
                found.setdefault(v, f"{kind}_head{look.head}_at{position}{end}")
    layers = max((look.layer for look in looks), default=0)
    for look in looks:
        layer = f"_layer{look.layer}" if layers > 1 else ""
        for number, v in enumerate(look.inputs, 1):
            if not v.label:
                found.setdefault(v, f"input{layer}_at{look.position}_{number}")
    return found


def stations_of_attention(y: Value) -> dict[Value, str]:
    """What heads compute and the names of it, where they have no label at all: whoever labels some of it has chosen what is told."""
    looks = attention(topological_order(y))
    chosen = any(v.label for look in looks for v, _ in look.own())
    return {} if chosen else names_of_attention(looks)


def positions(order: Sequence[Value], looks: Sequence[Look]) -> dict[Value, int | None]:
    """Of each node that is computed from what a head asks or takes, or for that alone, its position; None where several meet."""
    found: dict[Value, int | None] = {}
    for look in looks:
        for v in look.inputs:
            found.setdefault(v, look.position)
        for v, position in look.own():
            found.setdefault(v, position)
    fixed = set(found)
    for v in order:
        if v not in fixed and v.op is not None:
            met = {found[x] for x in v.args if x in found}
            if met:
                found[v] = met.pop() if len(met) == 1 else None
    used: dict[Value, set[int | None]] = {}
    for v in reversed(order):
        if v not in found and v.op is not None and len(used.get(v, ())) == 1:
            [found[v]] = used[v]
        for x in v.args:
            used.setdefault(x, set()).add(found.get(v))
    return found


# Softmax


@dataclass(frozen=True)
class _Share:
    share: Value
    power: Value
    total: Value


def _softmaxes(order: Sequence[Value]) -> list[list[_Share]]:
    """The shares of each sum of exponentials."""
    found: dict[Value, list[_Share]] = {}
    for v in order:
        for power, total in _quotients(v):
            if power.op is ops.exp and total.op is not ops.exp:
                found.setdefault(total, []).append(_Share(v, power, total))
    return [shares for total, shares in found.items() if _is_sum_of(total, [each.power for each in shares])]


def _quotients(v: Value) -> Iterator[Pair]:
    """`a / b` and `a * b ** -1`."""
    if v.op is ops.div and len(v.args) == 2:
        yield v.args[0], v.args[1]
    elif v.op is ops.mul:
        for a, b in (v.args, v.args[::-1]):
            if b.op is ops.pow and isinstance(b.args[1], Constant) and b.args[1].data == -1.0:
                yield a, b.args[0]
            elif b.op is ops.div and isinstance(b.args[0], Constant) and b.args[0].data == 1.0:
                yield a, b.args[1]


def _is_sum_of(total: Value, powers: Sequence[Value]) -> bool:
    return Counter(_summands(total, set(powers))) == Counter(powers)


def _summands(total: Value, stops: Collection[Value]) -> Iterator[Value]:
    """What a sum is a sum of, down to these; a 0 that a loop begins with is left out."""
    waiting = [total]
    while waiting:
        v = waiting.pop()
        if v in stops:
            yield v
        elif v.op is ops.add or v.op is ops.sum_of:
            waiting += reversed(v.args)
        elif v.op is not None or v.data != 0.0 or v.label:
            yield v


def _products(v: Value) -> list[Pair]:
    """The two factors of each product that a Value is the sum of; none if it is no such sum."""
    found: list[Pair] = []
    for x in _summands(v, ()):
        if x.op is ops.dot:
            half = len(x.args) // 2
            found += zip(x.args[:half], x.args[half:], strict=True)
        elif x.op is ops.mul:
            found.append((x.args[0], x.args[1]))
        else:
            return []
    return found


# A look


def _look(found: Sequence[_Share], users: Mapping[Value, Sequence[Value]]) -> Look | None:
    scores = _scores(found)
    pairs = [_products(_scaled(score)) for score in scores]
    if not all(pairs) or len({len(each) for each in pairs}) != 1:
        return None
    sides = [[tuple(pair[side] for pair in each) for each in pairs] for side in (0, 1)]
    query = next((side for side in (0, 1) if len(set(sides[side])) == 1), None)
    if query is None or (len(found) > 1 and len(set(sides[1 - query])) == 1):
        return None
    keys = sides[1 - query]
    given = [x.op is None for key in keys for x in key]
    if all(given) and any(x.op is not None for x in sides[query][0]):
        return None  # a gate with weights, not what positions answer
    shares = [each.share for each in found]
    if not _are_shares(shares, scores):
        return None
    taken, columns = _taken(shares, users)
    if not taken:
        return None
    inside = {x for each in found for x in (each.power, each.total, *each.power.args)} - set(scores)
    for each in found:
        inside |= {x for v in (each.power.args[0], each.share) for x in v.args if x.op in (ops.logsumexp, ops.pow)}
    inside |= _between(found)
    return Look(
        head=0,
        position=0,
        layer=0,
        query=sides[query][0],
        inputs=_inputs(sides[query][0]),
        keys=tuple(keys),
        values=tuple(zip(*columns, strict=True)),
        at=(),
        scores=tuple(scores),
        shares=tuple(shares),
        taken=tuple(taken),
        inside=frozenset(inside),
    )


def _inputs(query: Vector) -> Vector:
    """What is computed and weighted by leaves in each number of a query, a bias beside it or not."""
    found: Vector = ()
    for v in query:
        pairs = [pair for x in _summands(v, ()) for pair in _products(x)]
        inner = tuple(b if a.op is None else a for a, b in pairs)
        if not inner or any(x.op is None for x in inner) or (found and inner != found):
            return ()
        found = inner
    return found if len(set(found)) == len(found) else ()


def _between(found: Sequence[_Share]) -> set[Value]:
    """The partial sums of exponentials."""
    powers = {each.power for each in found}
    waiting, seen = [found[0].total], set[Value]()
    while waiting:
        v = waiting.pop()
        if v not in powers and v not in seen and v.op is not None:
            seen.add(v)
            waiting += v.args
    return seen


def _scores(found: Sequence[_Share]) -> list[Value]:
    """What shares are the exponentials of, without what is taken off all scores so that none is too large."""
    inner = [each.power.args[0] for each in found]
    if all(v.op is ops.sub for v in inner):
        off = [v.args[1] for v in inner]
        if all(x is off[0] or (isinstance(x, Constant) and x.data == off[0].data) for x in off):
            return [v.args[0] for v in inner]
    return inner


def _are_shares(shares: Sequence[Value], scores: Sequence[Value]) -> bool:
    """Whether the numbers are those of softmax."""
    most = max(score.data for score in scores)
    if not math.isfinite(most):
        return False
    powers = [math.exp(score.data - most) for score in scores]
    whole = math.fsum(powers)
    return all(abs(share.data - power / whole) <= NEAR for share, power in zip(shares, powers, strict=True))


def _scaled(score: Value) -> Value:
    """A score without the number that it was divided by, or that was added to hide it."""
    while score.op in (ops.mul, ops.div, ops.add, ops.sub):
        a, b = score.args
        if isinstance(b, Constant):
            score = a
        elif isinstance(a, Constant) and score.op in (ops.mul, ops.add) and (score.op is ops.mul or a.data != 0.0):
            score = b
        else:
            break
    return score


def _taken(shares: Sequence[Value], users: Mapping[Value, Sequence[Value]]) -> tuple[list[Value], list[Vector]]:
    """The sums that are weighted by these shares, and what each of them is a sum of."""
    place = {share: k for k, share in enumerate(shares)}
    taken: dict[Value, Vector] = {}
    waiting = list(users.get(shares[0], ()))
    seen = set(waiting)
    while waiting:
        v = waiting.pop(0)
        if v.op not in (ops.mul, ops.dot, ops.add, ops.sum_of):
            continue
        column = _column(v, place)
        if column is None:
            continue
        if len(column) == len(shares):
            for x in v.args:
                taken.pop(x, None)  # a sum that begins with 0 has the one before in it
            taken[v] = tuple(column[k] for k in range(len(shares)))
        more = [user for user in users.get(v, ()) if user not in seen]
        seen.update(more)
        waiting += more
    return list(taken), list(taken.values())


def _column(v: Value, place: Mapping[Value, int]) -> dict[int, Value] | None:
    """What each share is a weight of in a sum that has nothing else; None where it has."""
    found: dict[int, Value] = {}
    pairs = _products(v)
    for a, b in pairs:
        share, value = (a, b) if a in place else (b, a)
        if share not in place or value in place or place[share] in found:
            return None
        found[place[share]] = value
    return found if pairs else None


def _turned(look: Look, known: Collection[Vector]) -> Look:
    """Of a position that looks at itself alone nothing tells which is the query but what others know as a key."""
    if len(look.keys) == 1 and look.query in known and look.keys[0] not in known:
        return replace(look, query=look.keys[0], inputs=_inputs(look.keys[0]), keys=(look.query,))
    return look


# Numbers


def _numbered(looks: Sequence[Look], order: Sequence[Value]) -> list[Look]:
    """With the numbers of heads, positions and layers."""
    place = {v: k for k, v in enumerate(order)}
    heads: list[list[Look]] = []
    home: dict[Vector, list[Look]] = {}
    for look in sorted(looks, key=lambda look: place[look.shares[0]]):
        met = next((home[key] for key in look.keys if key in home), None)
        if met is None:
            met = []
            heads.append(met)
        met.append(look)
        home.update(dict.fromkeys(look.keys, met))
    heads = [head for several in heads for head in _apart(several)]
    heads.sort(key=lambda head: min(place.get(x, 0) for x in head[0].shares))
    layers = _layers(heads, order)
    keyed = sorted(zip(layers, heads, strict=True), key=lambda pair: pair[0])
    return [
        replace(look, head=number, position=position, layer=layer, at=at)
        for number, (layer, head) in enumerate(keyed, 1)
        for position, at, look in _placed(head)
    ]


def _apart(looks: Sequence[Look]) -> list[list[Look]]:
    """Heads that share their keys, told apart: each position has a query of each of them."""
    sizes = Counter(len(look.keys) for look in looks)
    times = set(sizes.values())
    if len(sizes) < 2 or len(times) != 1 or times == {1}:
        return [list(looks)]
    seen: Counter[int] = Counter()
    found: list[list[Look]] = [[] for _ in range(times.pop())]
    for look in looks:
        found[seen[len(look.keys)]].append(look)
        seen[len(look.keys)] += 1
    return found


def _placed(head: Sequence[Look]) -> list[tuple[int, tuple[int, ...], Look]]:
    """The looks of a head with the numbers of their positions, and of those looked at. One that looks back is at the last of these."""
    ordered = sorted(head, key=lambda look: len(look.keys))
    number = {key: k for k, key in enumerate(dict.fromkeys(key for look in ordered for key in look.keys), 1)}
    seen = [tuple(number[key] for key in look.keys) for look in ordered]
    own = [at[-1] for at in seen]
    if len(set(own)) < len(own):
        own = list(range(1, len(own) + 1))
    return sorted(zip(own, seen, ordered, strict=True), key=lambda found: found[0])


def _layers(heads: Sequence[Sequence[Look]], order: Sequence[Value]) -> list[int]:
    ends = {v: number for number, head in enumerate(heads) for look in head for v in look.shares}
    layers = [1] * len(heads)
    under: dict[Value, int] = {}  # how many layers of attention a node is computed through
    for v in order:
        under[v] = max((under.get(x, 0) for x in v.args), default=0)
        if v in ends:
            head = ends[v]
            looks = heads[head]
            layers[head] = max(layers[head], 1 + max(under[x] for look in looks for x in look.query if x in under))
            under[v] = layers[head]
    return layers
