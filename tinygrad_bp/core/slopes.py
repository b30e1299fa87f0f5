"""Derivatives that ask `if` about a number, as operations: computed anew wherever one is wanted, not written down for one number.

Run on Values, such a rule leaves the branch of one number, and a graph or program of that would be wrong for others. An operation calls
the rule itself, which chooses then; what cannot call it refuses it by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.core.symbol import Symbol
from tinygrad_bp.core.value import Value


class _Asked(Exception):
    """A rule looked at a number."""


class _Probe(Symbol):
    """An operand of which nothing is known."""

    __slots__ = ()

    @staticmethod
    def record_operation(op: Operation, operands: Sequence[Any]) -> _Probe:
        return _Probe()

    def _asked(self, *_: Any) -> Any:
        raise _Asked

    data = property(_asked)
    __bool__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _asked
    __hash__ = object.__hash__


@dataclass(frozen=True, eq=False, repr=False)
class Slope(Operation):
    """The derivative of `of` with respect to the operand at `place`."""

    of: Operation = ops.add
    place: int = 0

    def __reduce__(self) -> Any:
        return _slope, (self.of, self.place)


def asks(op: Operation, count: int) -> bool:
    """Whether a rule of an operation on so many operands asks about a number. None of the table does."""
    if isinstance(op, Slope):
        return True
    if ops.OPERATIONS.get(op.name) is op:
        return False
    known = vars(op).setdefault("asks", {})  # a frozen row's own dictionary, for what follows from the row
    if count not in known:
        known[count] = False
        try:
            op.derivatives(_Probe(), [_Probe() for _ in range(count)])
        except _Asked:
            known[count] = True
        except Exception:  # a rule of the user's own that knows numbers only, and says so itself on Values
            pass
    found: bool = known[count]
    return found


def slopes(op: Operation, operands: Sequence[Any], wanted: Sequence[bool]) -> list[Any]:
    """The derivatives that are wanted as nodes of operations that compute them; None in the place of others."""
    return [_slope(op, place)(*operands) if want else None for place, want in enumerate(wanted)]


def _slope(op: Operation, place: int) -> Slope:
    known = vars(op).setdefault("slopes", {})  # each once, so that programs compute it once
    if place not in known:
        known[place] = _made(op, place)
    found: Slope = known[place]
    return found


def _made(op: Operation, place: int) -> Slope:
    rules = op.partials
    rule: Callable[..., Any] = rules[place] if isinstance(rules, tuple) else lambda *all: rules(*all)[place]
    value = op.forward

    def second(by: int) -> Callable[..., Any]:
        return lambda y, *xs: _differentiated(lambda vs: rule(Operation.__call__(op, *vs), *vs), xs, by)

    name = f"{op.name}_slope{place + 1 if op.arity != 1 else ''}"
    return Slope(
        name,
        lambda *xs: float(rule(value(*xs), *xs)),
        tuple(map(second, range(op.arity)))
        if op.arity is not None
        else lambda y, *xs: [second(by)(y, *xs) for by in range(len(xs))],
        lambda bare, tight: f"{name}({', '.join(bare)})",
        lambda bare, tight: rf"\mathrm{{{name}}}\left({', '.join(bare)}\right)".replace("_", r"\_"),
        name,
        domain=op.domain,
        definition=lambda *xs: rule(op(*xs), *xs) if op.arity is not None else rule(Operation.__call__(op, *xs), *xs),
        of=op,
        place=place,
    )


def _differentiated(formula: Callable[[Sequence[Value]], Any], xs: Sequence[Any], by: int) -> Any:
    """The derivative of a formula with respect to one of its operands: a number at numbers, a Value at leaves."""
    if any(isinstance(x, Value) for x in xs):
        from tinygrad_bp.core.gradients import grad  # which calls this

        y = formula(xs)
        return grad(y, xs[by]) if isinstance(y, Value) else 0.0
    leaves = [Value(x) for x in xs]
    y = formula(leaves)
    if isinstance(y, Value):
        y.backward()
    return leaves[by].grad
