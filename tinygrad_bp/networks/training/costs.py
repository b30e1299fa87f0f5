"""Which engine is done first: from the size of what a row computes, and from how many rows there will be.

The numbers are microseconds, measured on one machine; on another all are longer or shorter, and the choice is the same. Nothing is measured
while a training runs, so that it repeats.
"""

from __future__ import annotations


def eager(nodes: int, rows: int) -> float:
    """What it takes to record and differentiate so many graphs of so many nodes."""
    return rows * (15.0 + 0.5 * nodes)


def python(nodes: int, rows: int) -> float:
    """What it takes to write programs of a graph of so many nodes as Python's source, and to run them for so many rows."""
    return _writing(nodes) + 50.0 * nodes + rows * (1.0 + 0.145 * nodes)


def llvm(nodes: int, rows: int) -> float:
    """What it takes to write programs of a graph of so many nodes, to compile them to machine code, and to run them for so many rows."""
    return _writing(nodes) + 15_000.0 + 200.0 * nodes + rows * (0.3 + 0.005 * nodes)


def _writing(nodes: int) -> float:
    return 5_000.0 + 80.0 * nodes


def cheapest(nodes: int, rows: int) -> str:
    """The name of the engine that is done first."""
    return min((llvm, python, eager), key=lambda cost: cost(nodes, rows)).__name__


def optimizing_pays(rows: int) -> bool:
    """Whether the time that LLVM takes to make the code quicker comes back with so many rows: for small graphs both are short, for large
    ones both are long.
    """
    return rows > 2_000_000
