"""`python -m tests.benchmarks`: the engine beside other engines, programs beside C and other compilers.

Prints tables, and with `--write` writes them to docs/benchmarks.md, with the machine and the versions.
"""

from __future__ import annotations

import importlib.metadata
import platform
import runpy
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from tests.benchmarks import c, eager, gpt, programs, training

DOCS = Path(__file__).parents[2] / "docs"
PEERS = ("llvmlite", "micrograd", "xad", "jax", "numba", "pytensor", "casadi", "ddx-ad", "torch", "autograd")


def versions() -> str:
    """What was measured, in words."""
    found = [f"Python {platform.python_version()}"]
    for name, option in (("gcc", "-dumpfullversion"), ("clang", "-dumpversion")):
        if compiler := shutil.which(name):
            done = subprocess.run([compiler, option], capture_output=True, text=True, check=True)
            found.append(f"{name} {done.stdout.strip()}")
        else:
            found.append(f"{name} not installed")
    for name in PEERS:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name} not installed")
    return f"{platform.machine()}, {platform.system()}, {', '.join(found)}"


def main() -> None:
    page = runpy.run_path(str(DOCS / "benchmarks.py"))
    tables = f"""## The engine, which records each computation anew
{eager.report()}
### The collector

Python looks for garbage again and again while objects become more: of a large graph that is most of the time. A graph has no cycles, so
nothing is lost by `gc.disable()` while one is recorded, as in the rows that say so; in a trial `gc.set_threshold(50_000, 50)` gained nearly
as much. Both are for the whole process, so the choice is yours: recording leaves the collector as it is. The rest is spread over making
nodes (45 percent of W3), the walk (30), the chain rule (22) and setting gradients to 0 (3). Nodes that store no first gradient would save 4
percent, and each look at one would be an exception; so that is not done.

### Why the engine is not compiled

`core/value.py` and the files that it is made of can be compiled by Cython as they are, with types and inference off. They then take 1.07
of W1 and 1.05 of W3: the time goes into Python objects, which compiled code makes just as many of. In an earlier trial an extension type
took 0.41 of W1 and 0.50 of W3. But an extension type has no mixins, so that operators, methods and the walk would have to be one file of
a thousand lines, with `cdef` beside every slot; the walk marks what it has seen by a NaN of its own, of which C keeps the value and not
the identity; and a label that most nodes do not have would be a pointer in all. The source is there to be read, so it stays as it is.

## Networks and their training

The engines of `train` compute the same steps; what they take includes tracing and compiling.
{training.report()}
## A GPT on scalars
{gpt.report()}
## Programs, compiled once

C is the floor: both workloads with their derivatives by hand and the C library's functions.
{programs.report()}
## Programs in C

`program.to("c")` and machine code are written from the same instructions. Both are compiled for this processor; sums are rounded once in
both.
{c.report()}"""
    text = f"""# Benchmarks

`python -m tests.benchmarks --write` in a clone of this repository made this page; `pip install -e ".[peers]"` installs what it compares
with. All must compute the same numbers before any is timed. They run in turn, and a figure is the median of several runs. Machines
differ, and one machine differs from hour to hour: the ratios, which are taken run by run, say more than the times. Below 1.00 is faster.

W1 is the worked example. W2 is a network 2-16-16-1 with tanh over 100 rows and its 337 derivatives. W3 is a chain of multiplications and
additions; micrograd recurses over the graph and is left out there. W4 is a random graph of additions, multiplications, tanh and exp.
W5 is a [GPT on scalars](../examples/microgpt.py) that reads a name of seven letters.

Measured on {versions()}.

{page["opened"](tables)}
{tables}
Where to go next: [programs as machine code](machine-code.md), and [on arrays, devices and machines](many-machines.md).
"""
    print(text)
    if "--write" in sys.argv:
        (DOCS / "benchmarks.md").write_text(text, encoding="utf-8")
        (DOCS / "pictures" / "benchmarks.svg").write_text(page["picture"](text), encoding="utf-8")


if __name__ == "__main__":
    sys.setrecursionlimit(1_000_000)  # for engines that recurse over the graph
    threading.stack_size(512 * 1024 * 1024)
    worker = threading.Thread(target=main)
    worker.start()
    worker.join()
