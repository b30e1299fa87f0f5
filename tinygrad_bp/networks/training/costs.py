"""Which engine is done first: from the size of what a row computes, and from how many rows and steps there will be.

The numbers are microseconds, measured on one machine; on another all are longer or shorter, and the choice is the same. Nothing is measured
while a training runs, so that it repeats. Where each row is a step of its own, a program takes the whole step: it is longer to write, and
quicker to run than one that adds up gradients.
"""

from __future__ import annotations

LOADING = 75_000.0  # of llvmlite and what it sets up


def eager(nodes: int, rows: int, steps: int, one_by_one: bool) -> float:
    """What it takes to record and differentiate so many graphs of so many nodes, and to update the parameters so many times."""
    return 800.0 + 13.0 * nodes + rows * (15.0 + 0.46 * nodes) + steps * (15.0 + 0.75 * nodes)


def python(nodes: int, rows: int, steps: int, one_by_one: bool) -> float:
    """What it takes to write programs of a graph of so many nodes as Python's source, and to run them for so many rows."""
    if one_by_one:
        return 5_500.0 + 190.0 * nodes + rows * (0.8 + 0.09 * nodes)
    return 5_500.0 + 125.0 * nodes + rows * (1.0 + 0.145 * nodes)


def llvm(nodes: int, rows: int, steps: int, one_by_one: bool, loaded: bool = True) -> float:
    """What it takes to compile programs of a graph of so many nodes to machine code, and to run them for so many rows; and to load
    llvmlite, which the first in a process that compiles has to."""
    if nodes > 700:  # of large programs LLVM takes less care
        compiling = 12_000.0 + (155.0 if one_by_one else 125.0) * nodes
    else:
        each, base, more = (290.0, 28_000.0, 170.0) if one_by_one else (600.0, 45_000.0, 200.0)
        compiling = min(13_000.0 + each * nodes, base + more * nodes)
    return compiling + rows * (1.2 + 0.006 * nodes) + (0.0 if loaded else LOADING)


def cheapest(nodes: int, rows: int, steps: int, one_by_one: bool, loaded: bool = True) -> str:
    """The name of the engine that is done first; `loaded` is whether llvmlite is there already."""
    sizes = nodes, rows, steps, one_by_one
    costs = {"llvm": llvm(*sizes, loaded), "python": python(*sizes), "eager": eager(*sizes)}
    return min(costs, key=lambda name: costs[name])


def optimizing_pays(rows: int) -> bool:
    """Whether the time that LLVM takes to make the code quicker comes back with so many rows: for small graphs both are short, for large
    ones both are long.
    """
    return rows > 2_000_000
