"""Sums of products of which a large program has thousands, such as the derivatives of a matrix of weights: a loop over a table of places.

As instructions each of them would be written, read and compiled by itself. The loop adds in the same order, so the numbers are the same.
"""

from __future__ import annotations

from typing import NamedTuple

from tinygrad_bp.core import ops
from tinygrad_bp.program.instructions import Code
from tinygrad_bp.program.llvm.writer import Writer

FEWEST_TERMS, FEWEST_SUMS = 3, 16  # for which a loop is worth it


class Stage(NamedTuple):
    """What is computed before a group of sums, and these.

    Attributes:
        places: the instructions that are written one by one, in order.
        sums: by their number of terms the sums: of each its slot, then two factors for each term.
    """

    places: list[int]
    sums: dict[int, list[list[int]]]


def stages(code: Code) -> list[Stage]:
    """The program in stages, each of which needs nothing but the inputs and the stages before."""
    found = _sums(code)
    levels, groups = _levels(code, found)
    few = [slot for slots in groups.values() if len(slots) < FEWEST_SUMS for slot in slots]
    if few:
        for slot in few:
            del found[slot]
        levels, groups = _levels(code, found)  # again, since each level of sums begins a stage
    first = len(code.inputs)
    made = [Stage([], {}) for _ in range(1 + max(levels, default=0))]
    for (level, terms), slots in groups.items():
        made[level].sums[terms] = [[slot, *found[slot].factors] for slot in slots]
    inside = {place for sum_ in found.values() for place in sum_.inside}
    for place in range(len(code.instructions)):
        if place not in inside and first + place not in found:
            made[levels[first + place]].places.append(place)
    return made


def _levels(code: Code, found: dict[int, _Sum]) -> tuple[list[int], dict[tuple[int, int], list[int]]]:
    """How many of these sums are on the longest way to each slot; and the sums by the level before them and their number of terms."""
    first = len(code.inputs)
    levels = [0] * (first + len(code.instructions))
    groups: dict[tuple[int, int], list[int]] = {}
    for slot, (_, operands) in enumerate(code.instructions, first):
        sum_ = found.get(slot)
        if sum_ is None:
            level = 0
            for x in operands:
                if x >= 0 and levels[x] > level:
                    level = levels[x]
            levels[slot] = level
        else:
            level = max([levels[x] for x in sum_.factors])
            groups.setdefault((level, len(sum_.factors) // 2), []).append(slot)
            levels[slot] = level + 1
    return levels, groups


class _Sum(NamedTuple):
    """A sum of products.

    Attributes:
        factors: two for each term, in the order in which these are added.
        inside: the places of the instructions that nothing else needs.
    """

    factors: list[int]
    inside: list[int]


def _sums(code: Code) -> dict[int, _Sum]:
    """The sums of products by their slots: a * b + c * d + e * f, of which nothing but the sum is used."""
    first, uses = len(code.inputs), code.uses()
    products: dict[int, tuple[int, int]] = {}
    found: dict[int, _Sum] = {}
    for slot, (op, operands) in enumerate(code.instructions, first):
        if op is ops.mul and uses[slot] == 1 and min(operands) >= 0:
            a, b = operands
            products[slot] = a, b
        elif op is ops.add:
            for total, term in (operands, operands[::-1]):
                if term in products and uses[total] == 1 and (total in found or total in products):
                    sum_ = found.pop(total, None) or _Sum([*products[total]], [])
                    sum_.factors.extend(products[term])
                    sum_.inside.extend((total - first, term - first))
                    found[slot] = sum_
                    break
    return {slot: sum_ for slot, sum_ in found.items() if len(sum_.factors) >= 2 * FEWEST_TERMS}


def call(writer: Writer, name: str, terms: int, rows: list[list[int]]) -> str:
    """The call that computes sums of so many terms, for the function that has the slots; the loop and the table are declared."""
    listed = ", ".join([f"i32 {x}" for row in rows for x in row])
    writer.declared[f"@{name}"] = f"@{name} = internal constant [{len(rows) * (1 + 2 * terms)} x i32] [{listed}]\n"
    writer.declared["@sums"] = _LOOP
    return f"  call void @sums(ptr %slots, ptr @{name}, i64 {len(rows)}, i64 {terms})\n"


_LOOP = """define internal double @product(ptr %slots, ptr %pair) noinline {
  %i = load i32, ptr %pair
  %next = getelementptr i32, ptr %pair, i64 1
  %j = load i32, ptr %next
  %at = getelementptr double, ptr %slots, i32 %i
  %and = getelementptr double, ptr %slots, i32 %j
  %a = load double, ptr %at
  %b = load double, ptr %and
  %y = fmul double %a, %b
  ret double %y
}
define internal void @sums(ptr %slots, ptr %table, i64 %count, i64 %terms) noinline {
entry:
  br label %each
each:
  %left = phi i64 [ %count, %entry ], [ %fewer, %done ]
  %row = phi ptr [ %table, %entry ], [ %after, %done ]
  %slot = load i32, ptr %row
  %pair = getelementptr i32, ptr %row, i64 1
  %product = call double @product(ptr %slots, ptr %pair)
  %second = getelementptr i32, ptr %pair, i64 2
  br label %term
term:
  %k = phi i64 [ 1, %each ], [ %more, %term ]
  %total = phi double [ %product, %each ], [ %sum, %term ]
  %here = phi ptr [ %second, %each ], [ %after, %term ]
  %y = call double @product(ptr %slots, ptr %here)
  %sum = fadd double %total, %y
  %after = getelementptr i32, ptr %here, i64 2
  %more = add i64 %k, 1
  %again = icmp ult i64 %more, %terms
  br i1 %again, label %term, label %done
done:
  %into = getelementptr double, ptr %slots, i32 %slot
  store double %sum, ptr %into
  %fewer = sub i64 %left, 1
  %any = icmp ne i64 %fewer, 0
  br i1 %any, label %each, label %end
end:
  ret void
}
"""
