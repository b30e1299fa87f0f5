"""`Batches`: the numbers of the rows in each batch, epoch after epoch, from any place in them on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple


class Place(NamedTuple):
    """The order of the rows in the epoch that has begun last, and the state of the generator then; None where rows keep their order."""

    order: list[int] | None
    random: Any


class Batches:
    """Batches of so many rows each, the last of an epoch of what is left. With a generator each epoch has an order of its own."""

    def __init__(self, count: int, size: int, draw: random.Random | None) -> None:
        self.size, self.draw = size, draw
        self.order = list(range(count))
        self.begun = 0  # epochs
        self.rest: Iterator[list[int]] = iter(())
        self.mark = self._mark()

    def take(self, count: int) -> list[list[int]]:
        """The next so many batches."""
        found = list(islice(self.rest, count))
        if len(found) < count:
            self.mark = self._mark()
        while len(found) < count:
            if self.draw is not None:
                self.draw.shuffle(self.order)
            self.begun += 1
            self.rest = self._of_an_epoch(0)
            found += islice(self.rest, count - len(found))
        return found

    def place(self, begun: int) -> Place:
        """Where they were when so many epochs had begun: not before the epoch in which the last call of `take` began."""
        if self.draw is None:
            return Place(None, None)
        epochs, order, state = self.mark
        draw, order = random.Random(), order[:]
        draw.setstate(state)
        for _ in range(begun - epochs):
            draw.shuffle(order)
        return Place(order, draw.getstate())

    def go_to(self, place: Place, begun: int, taken: int) -> None:
        """Goes on from a place, of whose epoch so many batches are taken already."""
        if self.draw is not None and place.order is not None:
            self.draw.setstate(place.random)
            self.order = place.order[:]
        self.begun = begun
        self.rest = self._of_an_epoch(taken) if begun else iter(())
        self.mark = self._mark()

    def _of_an_epoch(self, taken: int) -> Iterator[list[int]]:
        size, order = self.size, self.order
        return iter([order[k : k + size] for k in range(taken * size, len(order), size)])

    def _mark(self) -> tuple[int, list[int], Any]:
        return (self.begun, self.order[:], self.draw.getstate()) if self.draw is not None else (self.begun, [], None)
