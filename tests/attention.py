"""Attention as people write it: with `dot` and `softmax` or with plain Values, alone or in a small GPT."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from tinygrad_bp import Value, cross_entropy, dot, softmax

Vector = Sequence[Value]


def plain_dot(a: Vector, b: Vector) -> Any:
    return sum(x * y for x, y in zip(a, b, strict=True))


def plain_softmax(zs: Vector) -> list[Value]:
    most = max(z.data for z in zs)
    powers = [(z - most).exp() for z in zs]
    total = sum(powers)
    return [power / total for power in powers]


def attention_loss(
    *,
    plain: bool = False,
    width: int = 2,
    heads: int = 2,
    steps: int = 3,
    causal: bool = True,
    layers: int = 1,
    seed: int = 1,
) -> Value:
    """Heads of attention over vectors x1, x2, ..., a linear layer, and the mean of the squared errors at each position."""
    draw = random.Random(seed)

    def matrix(name: str) -> list[list[Value]]:
        return [
            [Value(round(draw.uniform(-1, 1), 2), f"{name}{i}{j}") for j in range(1, width + 1)]
            for i in range(1, width + 1)
        ]

    inner, shares_of = (plain_dot, plain_softmax) if plain else (dot, softmax)

    def linear(rows: Sequence[Vector], x: Vector) -> list[Value]:
        return [inner(row, x) for row in rows]

    xs: list[Any] = [
        [Value(round(draw.uniform(-1, 1), 1), f"x{t}_{i}") for i in range(1, width + 1)] for t in range(1, steps + 1)
    ]
    size = width // heads
    for layer in range(layers):
        q, k, v, o = (matrix(name + "abc"[layer - 1] * (layer > 0)) for name in "qkvo")
        asked, keys, values = ([linear(rows, x) for x in xs] for rows in (q, k, v))
        found: list[list[Value]] = []
        for t in range(steps):
            seen, taken = t + 1 if causal else steps, []
            for first in range(0, width, size):
                head = slice(first, first + size)
                scores = [inner(asked[t][head], key[head]) / size**0.5 for key in keys[:seen]]
                shares = shares_of(scores)
                taken += [inner(shares, column) for column in zip(*[each[head] for each in values[:seen]], strict=True)]
            found.append(linear(o, taken))
        xs = (
            [[a + b for a, b in zip(x, new, strict=True)] for x, new in zip(xs, found, strict=True)]
            if layers > 1
            else found
        )
    errors = [(y - 0.5) ** 2 for x in xs for y in x]
    loss = sum(errors[1:], errors[0]) / steps
    loss.label = "loss"
    return loss


def gpt_loss(
    tokens: Sequence[int], *, plain: bool = True, layers: int = 2, norm: Callable[[Vector], list[Value]] | None = None
) -> tuple[Value, list[Value]]:
    """A GPT of four numbers a token, two heads: the cross entropy of the tokens that follow, and its parameters."""
    draw, width = random.Random(7), 4
    parameters: list[Value] = []

    def matrix(name: str, rows: int, columns: int = width) -> list[list[Value]]:
        made = [[Value(draw.gauss(0.0, 0.5), f"{name}{i}_{j}") for j in range(columns)] for i in range(rows)]
        parameters.extend(p for row in made for p in row)
        return made

    inner, shares_of = (plain_dot, plain_softmax) if plain else (dot, softmax)

    def linear(rows: Sequence[Vector], x: Vector) -> list[Value]:
        return [inner(row, x) for row in rows]

    def normed(x: Vector) -> list[Value]:
        stretch = (inner(x, x) / len(x) + 1e-5) ** -0.5
        return [a * stretch for a in x]

    norm = norm or normed
    embedding, places, guess = matrix("token", 5), matrix("place", len(tokens)), matrix("guess", 5)
    blocks = [
        [*(matrix(f"{name}{n}_", width) for name in "qkvo"), matrix(f"up{n}_", 6), matrix(f"down{n}_", width, 6)]
        for n in range(layers)
    ]
    caches: list[Any] = [([], []) for _ in blocks]
    terms = []
    for place, (token, following) in enumerate(pairwise(tokens)):
        x: Any = [a + b for a, b in zip(embedding[token], places[place], strict=True)]
        for (q, k, v, o, up, down), (keys, values) in zip(blocks, caches, strict=True):
            inputs, taken = norm(x), []
            keys.append(linear(k, inputs))
            values.append(linear(v, inputs))
            asked = linear(q, inputs)
            for head in (slice(0, 2), slice(2, 4)):
                shares = shares_of([inner(asked[head], key[head]) / 2**0.5 for key in keys])
                taken += [inner(shares, column) for column in zip(*[each[head] for each in values], strict=True)]
            x = [a + b for a, b in zip(x, linear(o, taken), strict=True)]
            x = [a + b for a, b in zip(x, linear(down, [h.gelu() for h in linear(up, norm(x))]), strict=True)]
        scores = linear(guess, x)
        terms.append(-shares_of(scores)[following].log() if plain else cross_entropy(scores, following))
    loss = sum(terms[1:], terms[0]) / len(terms)
    loss.label = "loss"
    return loss, parameters
