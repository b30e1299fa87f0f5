"""A GPT on scalars, of the size of a well-known one of 200 lines: 4,192 parameters learn how names are spelt, a name a step.

Token by token: each becomes a vector, four heads of attention look at the tokens before it, a layer of neurons changes it, and what comes
out says how much speaks for each token to come next. Every number is a `Value`, every row of a matrix one `dot`.

Other numbers of steps: `python examples/microgpt.py 1000`

Prints:

    4,192 parameters, 330 names
    step   50: loss 2.66
    step  100: loss 2.47
    step  150: loss 2.39
    step  200: loss 2.25
    made up: nara xiena alag miii olda lena cara oama alana seda cara jana
"""

import random
import sys
from collections.abc import Sequence
from itertools import pairwise
from math import exp, sqrt
from pathlib import Path

from tinygrad_bp import Adam, Value, cross_entropy, dot, relu, softmax, sum_of
from tinygrad_bp.optim import linear_decay

LETTERS = ".abcdefghijklmnopqrstuvwxyz"  # the dot begins and ends a name
WIDTH, HEADS, BLOCK = 16, 4, 16  # of a vector; of attention; the tokens that it looks at, at the most
STEPS = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdecimal() else 200
Vector = Sequence[Value]

draw = random.Random(42)


def matrix(name: str, rows: int, columns: int) -> list[list[Value]]:
    return [[Value(draw.gauss(0.0, 0.08), f"{name}{i}_{j}") for j in range(columns)] for i in range(rows)]


tokens, places = matrix("token", len(LETTERS), WIDTH), matrix("place", BLOCK, WIDTH)
query, key, value, joined = (matrix(name, WIDTH, WIDTH) for name in ("query", "key", "value", "joined"))
wider, narrower = matrix("wider", 4 * WIDTH, WIDTH), matrix("narrower", WIDTH, 4 * WIDTH)
guess = matrix("guess", len(LETTERS), WIDTH)
every = (tokens, places, query, key, value, joined, wider, narrower, guess)
parameters = [p for each in every for row in each for p in row]


def linear(rows: Sequence[Vector], x: Vector) -> list[Value]:
    return [dot(row, x) for row in rows]


def added(x: Vector, y: Vector) -> list[Value]:
    return [a + b for a, b in zip(x, y, strict=True)]


def normed(x: Vector) -> list[Value]:
    """The vector, stretched so that its numbers have a mean square of 1."""
    stretch = (dot(x, x) / len(x) + 1e-5) ** -0.5
    return [a * stretch for a in x]


def attention(x: Vector, keys: list[list[Value]], values: list[list[Value]]) -> list[Value]:
    """What the token takes from those before it and itself: of each head the more, the better their keys fit its query."""
    keys.append(linear(key, x))
    values.append(linear(value, x))
    asked, found, size = linear(query, x), [], WIDTH // HEADS
    for first in range(0, WIDTH, size):
        head = slice(first, first + size)
        shares = softmax([dot(asked[head], each[head]) / sqrt(size) for each in keys])
        found += [dot(shares, column) for column in zip(*[each[head] for each in values], strict=True)]
        named(shares, f"share_head{first // size + 1}_at{len(keys)}_of")
    named(found, f"taken_at{len(keys)}_")
    return linear(joined, found)


def named(xs: Vector, name: str) -> None:
    """Labels by which `explain(loss("ada"), query[0][0])` tells the way through the heads, position by position."""
    for number, x in enumerate(xs, 1):
        x.label = f"{name}{number}"


class GPT:
    """What has been read so far, and what may come next."""

    def __init__(self) -> None:
        self.keys: list[list[Value]] = []
        self.values: list[list[Value]] = []

    def read(self, token: int) -> list[Value]:
        """Reads a token. Returns for each how much speaks for it to come next: softmax makes probabilities of that."""
        x = normed(added(tokens[token], places[len(self.keys)]))
        x = added(x, attention(normed(x), self.keys, self.values))
        x = added(x, linear(narrower, [relu(a) for a in linear(wider, normed(x))]))
        return linear(guess, x)


def loss(name: str) -> Value:
    """The mean over the letters of -ln of the probability that the right one had."""
    codes = [LETTERS.index(letter) for letter in f".{name}."][: BLOCK + 1]
    gpt = GPT()
    terms = [cross_entropy(gpt.read(now), then) for now, then in pairwise(codes)]
    named(terms, "loss_at")
    return sum_of(terms) / len(terms)


def made_up() -> str:
    """A name, drawn letter by letter; dividing by a half makes what is likely likelier."""
    gpt, name, code = GPT(), "", 0
    while len(name) < BLOCK:
        [code] = draw.choices(range(len(LETTERS)), [exp(z.data / 0.5) for z in gpt.read(code)])
        if not code:
            break
        name += LETTERS[code]
    return name


if __name__ == "__main__":
    names = Path(__file__).with_name("names.txt").read_text(encoding="ascii").split()
    draw.shuffle(names)
    optimizer = Adam(parameters, lr=linear_decay(0.01, STEPS), betas=(0.85, 0.99))
    print(f"{len(parameters):,} parameters, {len(names)} names")
    recent = []
    for step in range(STEPS):
        optimizer.zero_grad()
        error = loss(names[step % len(names)])
        error.backward()
        optimizer.step()
        recent.append(error.data)
        if (step + 1) % 50 == 0:
            print(f"step {step + 1:4}: loss {sum(recent) / len(recent):.2f}")
            recent.clear()
    print("made up:", *[made_up() for _ in range(12)])
