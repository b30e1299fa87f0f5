"""Which engine is done first: from the size of what a row computes, and from how many rows and steps there will be.

The numbers are microseconds, measured on one machine; on another all are longer or shorter, and the choice is the same. Nothing is measured
while a training runs, so that it repeats.
"""

from __future__ import annotations


def eager(nodes: int, rows: int, steps: int) -> float:
    """What it takes to record and differentiate so many graphs of so many nodes, and to update the parameters so many times."""
    return rows * (15.0 + 0.5 * nodes) + steps * (10.0 + 0.9 * nodes)


def python(nodes: int, rows: int, steps: int) -> float:
    """What it takes to write programs of a graph of so many nodes as Python's source, and to run them for so many rows."""
    return _writing(nodes) + 50.0 * nodes + rows * (1.0 + 0.145 * nodes)


def llvm(nodes: int, rows: int, steps: int) -> float:
    """What it takes to write programs of a graph of so many nodes, to compile them to machine code, and to run them for so many rows."""
    compiling = min(15_000.0 + 200.0 * nodes, 100_000.0)  # large programs are compiled with less care
    return _writing(nodes) + compiling + rows * (0.3 + 0.005 * nodes)


def _writing(nodes: int) -> float:
    return 5_000.0 + 80.0 * nodes


def cheapest(nodes: int, rows: int, steps: int) -> str:
    """The name of the engine that is done first."""
    return min((llvm, python, eager), key=lambda cost: cost(nodes, rows, steps)).__name__


def optimizing_pays(rows: int) -> bool:
    """Whether the time that LLVM takes to make the code quicker comes back with so many rows: for small graphs both are short, for large
    ones both are long.
    """
    return rows > 2_000_000
