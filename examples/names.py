"""A language model: a transformer, built of Values, that learns how first names are spelt, and makes up some of its own.

Letters and places become vectors. Attention, by which each place learns of those before it, and a layer of neurons change them; then
the model guesses from each what letter comes next. The loss is -ln of the probability that it gave to the right one.

Prints:

    loss per letter, on 50 names held out
      all letters alike: ln 27  3.30
      by how frequent they are  2.77
      the model, untrained      3.28
      after 350 steps           2.26
    and on the 280 it learnt from: 2.07

    made up: sila konare hena zosare larire sarh nari lola elarel imma nira marida
"""

import random
from collections.abc import Iterator, Sequence
from math import exp, log, sqrt
from pathlib import Path
from typing import Any

from tinygrad_bp import MLP, Adam, Module, Value, dot, logsumexp, sum_of, train
from tinygrad_bp.optim import linear_decay

LETTERS = ".abcdefghijklmnopqrstuvwxyz"  # the dot begins and ends a name
SIZE = 8  # of the vectors
Vector = Sequence[Any]  # of Values or floats


def added(x: Vector, y: Vector) -> Vector:
    return [a + b for a, b in zip(x, y, strict=True)]


def normed(x: Vector) -> Vector:
    """The vector, stretched so that its numbers have a mean square of 1."""
    stretch = (dot(x, x) / len(x) + 1e-5) ** -0.5
    return [number * stretch for number in x]


class Attention(Module):
    """Each place asks those before it and itself: the better a key fits the query, the more its value counts."""

    def __init__(self) -> None:
        self.query, self.key, self.value, self.out = (MLP(SIZE, [SIZE], activation=None, seed=k) for k in range(4))

    def __call__(self, xs: Sequence[Vector]) -> Iterator[Vector]:
        keys, values = [self.key(x) for x in xs], [self.value(x) for x in xs]
        for now, x in enumerate(xs, 1):
            query = self.query(x)
            scores = [dot(query, key) / sqrt(SIZE) for key in keys[:now]]
            total = logsumexp(scores)
            shares = [(score - total).exp() for score in scores]  # softmax
            yield self.out([dot(shares, column) for column in zip(*values[:now], strict=True)])


class Transformer(Module):
    def __init__(self, places: int) -> None:
        draw = random.Random(0)
        self.letters = [[Value(draw.gauss(0.0, 0.3)) for _ in LETTERS] for _ in range(SIZE)]
        self.places = [[Value(draw.gauss(0.0, 0.3)) for _ in range(SIZE)] for _ in range(places)]
        self.attention = Attention()
        self.neurons = MLP(SIZE, [2 * SIZE, SIZE], activation=["relu", None], seed=4)
        self.guess = MLP(SIZE, [len(LETTERS)], activation=None, seed=5)

    def __call__(self, row: Sequence[Vector]) -> list[Vector]:
        """For each place how much speaks for each letter to come next: softmax makes probabilities of that."""
        letters = [[dot(letter, numbers) for numbers in self.letters] for letter in row]
        xs = [added(x, place) for x, place in zip(letters, self.places, strict=False)]
        xs = [added(x, y) for x, y in zip(xs, self.attention([normed(x) for x in xs]), strict=True)]
        xs = [added(x, self.neurons(normed(x))) for x in xs]
        return [self.guess(normed(x)) for x in xs]


# `train` compiles a model whose graph is the same for all rows, in less than half the time of recording each name anew. So all
# names are rows of the same length: 27 numbers for each place, 0 but a 1 for its letter. Blanks, all 0, fill them up and cost nothing.


def coded(text: str) -> list[Vector]:
    return [[float(letter == each) for each in LETTERS] for letter in text]


def loss(outputs: Sequence[Vector], row: Sequence[Vector]) -> Value:
    sizes = [sum_of(letter) for letter in row]
    terms = [size * logsumexp(z) - dot(letter, z) for size, z, letter in zip(sizes, outputs, row, strict=True)]
    return sum_of(terms) / sum_of(sizes)


def made_up(model: Transformer, draw: random.Random) -> str:
    """A name, drawn letter by letter; dividing by 0.7 makes what is likely likelier."""
    name = "."
    for _ in model.places:
        guess = model(coded(name))[-1]
        name += draw.choices(LETTERS, [exp(z.data / 0.7) for z in guess])[0]
        if name[-1] == ".":
            break
    return name.strip(".")


names = Path(__file__).with_name("names.txt").read_text(encoding="ascii").split()
random.Random(0).shuffle(names)
places = max(map(len, names)) + 1
rows = [(coded(f".{name}".ljust(places)), coded(f"{name}.".ljust(places))) for name in names]
held_out, learnt = rows[:50], rows[50:]
often = [sum(name.count(letter) for name in names) or len(names) for letter in LETTERS]
frequencies = [Value(log(count)) for count in often]


def report(what: str, model: Any) -> None:
    mean = sum(loss(model(row), target).data for row, target in held_out) / len(held_out)
    print(f"  {what:<25} {mean:.2f}")


model = Transformer(places)
print(f"loss per letter, on {len(held_out)} names held out")
report("all letters alike: ln 27", lambda row: [[Value(0.0)] * len(LETTERS)] * places)
report("by how frequent they are", lambda row: [frequencies] * places)
report("the model, untrained", model)
optimizer = Adam(model.parameters(), lr=linear_decay(0.03, 350))
history = train(model, learnt, loss, optimizer, epochs=10, batch_size=8, shuffle=True, seed=0)
report(f"after {history.steps} steps", model)
print(f"and on the {len(learnt)} it learnt from: {history.losses[-1]:.2f}\n")

draw = random.Random(0)
print("made up:", *[made_up(model, draw) for _ in range(12)])
