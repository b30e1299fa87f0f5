"""Paths that meet on the way back: one of them forgotten or turned round, or two of them crossed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.blocks import Formula
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.marking.forward import Forward
from tinygrad_bp.lessons.marking.mistakes import Mistake
from tinygrad_bp.lessons.marking.worlds import World

MOST_CROSSED = 8  # paths that meet, two of whose weights are tried in each other's place


class Paths:
    """Mistakes where what comes along several paths is added."""

    def __init__(self, derivation: Derivation, forward: Forward) -> None:
        self.found, self.forward = derivation, forward

    def forgotten(
        self,
        met: Mapping[Value, Mapping[Value, float]],
        by: Value,
        down: Mapping[Value, float],
        up: Mapping[Value, float],
    ) -> Iterator[Mistake]:
        """What is forgotten, or turned round, of what comes together."""
        right = down.get(by, 0.0)
        for x, through in met.items():
            if len(through) < 2:
                continue
            for user, part in through.items():
                whole = x is by or math.isclose(down.get(user, 0.0) * up.get(user, 0.0), part, rel_tol=1e-9)
                about: dict[str, Formula | str] = {
                    "what": self.forward.written(user),
                    "number": self.forward.write.number(part),
                }
                text = "" if whole else "Between"
                if not whole:
                    about["wrong"] = self.forward.written(x)
                yield Mistake("path", right - part, 1.2, about, text=text and f"path{text}")
                yield Mistake("pathSign", right - 2.0 * part, 2.8, about, text=text and f"pathSign{text}")
                if len(through) > 2 and math.isclose(sum(through.values()), right, rel_tol=1e-9):
                    yield Mistake("onlyPath", part, 1.8, about)

    def crossed(
        self,
        met: Mapping[Value, Mapping[Value, float]],
        right: float,
        down: Mapping[Value, float],
        up: Mapping[Value, float],
        world: World,
    ) -> Iterator[Mistake]:
        """Of two paths that meet the weights exchanged: what comes by the one is multiplied by that of the other."""
        for x, through in met.items():
            factors: list[tuple[float, Value]] = []
            for n in self.found.users.get(x, ()) if len(through) > 1 else ():
                half = len(n.operands) // 2
                for place, operand in enumerate(n.operands if n.op in (ops.mul, ops.dot) else ()):
                    partner = n.operands[(place + half) % len(n.operands)]
                    if operand is x and n in down and isinstance(partner, Value) and partner not in (x, *up):
                        factors.append((down[n], partner))
            if len(factors) <= MOST_CROSSED:
                for (first, one), (second, other) in combinations(factors, 2):
                    change = (first - second) * (world.data[other] - world.data[one]) * up[x]
                    about = {"what": self.forward.written(one), "wrong": self.forward.written(other)}
                    yield Mistake("swapped", right + change, 1.6, about)
