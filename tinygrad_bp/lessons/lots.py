"""Lots, drawn from a seed: the same ones on every machine, in every version of Python, whatever the order of hashes."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

Thing = TypeVar("Thing")


class Lots:
    """Draws lots from a seed, the same ones everywhere."""

    def __init__(self, seed: object) -> None:
        digest = hashlib.sha256(str(seed).encode("utf-8", "surrogatepass")).digest()
        self._random = random.Random(int.from_bytes(digest, "big"))

    def below(self, count: int) -> int:
        """A whole number from 0 to below `count`."""
        return int(self._random.random() * count)  # random() is the one that is promised to stay as it is

    def shuffled(self, things: Sequence[Thing]) -> list[Thing]:
        """The same things in another order."""
        left = list(things)
        return [left.pop(self.below(len(left))) for _ in things]

    def some(self, count: int, of: int) -> list[int]:
        """So many different whole numbers from 0 to below `of`, in their order; all of them where there are not more."""
        left = list(range(of))
        return sorted(left.pop(self.below(len(left))) for _ in range(min(count, of)))
