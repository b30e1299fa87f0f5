"""Does a test fail for every mistake? `python -m tests.mutation --sample 250 --seed 1` makes so many, and lists those that none finds.

A mutant is the package with one comparison, number, operator, condition or return changed, in a copy of this repository: the files here
stay as they are, whatever happens. Only the tests that belong to the changed file are run. What survives since no program can tell it
from the original is named in tests/mutation_equivalents.txt, with the reason. The command returns 1 if anything else survives.

Why it is a script: of the libraries tried, mutmut 3 changes functions only, and not the table of operations, which stands outside them;
cosmic-ray 8 changes the files in place and has one set of tests for all. Neither draws a sample by a seed.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).parent.parent
EQUIVALENTS = ROOT / "tests" / "mutation_equivalents.txt"
QUICK = "not (slow or browser or node or torch)"
# A mistake may fill the memory.
LIMITED = ["sh", "-c", 'ulimit -d 4000000; exec "$@"', "sh"] if os.name == "posix" else []

# The tests that belong to a file, quick ones that find most first. A file has those of each pattern that it fits.
TESTS = {
    "core/value.py": ["value", "value_protocols", "written_out", "core_properties", "gradients", "closed_branches"],
    "core/operators.py": ["written_out", "value", "value_protocols", "bad_input", "closed_branches", "ops_edges"],
    "core/methods.py": ["value", "value_protocols", "written_out", "bad_input", "operation"],
    "core/recording.py": ["bad_input", "value", "value_protocols", "ops_edges", "closed_branches"],
    "core/order.py": ["core_order", "gradients", "value", "explanation", "drawing"],
    "core/gradients.py": ["gradients", "core_properties", "closed_branches", "core_order", "value"],
    "core/copying.py": ["value", "value_protocols", "operation", "core_properties", "training_types"],
    "core/freeing.py": ["core_freeing"],
    "core/output.py": ["core_output"],
    "core/symbol.py": ["core_symbol", "operation", "explanation_formulas", "program_source", "founding"],
    "core/[ods]*.py": ["ops", "ops_edges", "operation", "founding", "core_symbol", "bad_input", "losses", "written_out"],
    "core/gaussian.py": ["ops", "ops_edges"],
    "explanation/*.py": [
        "explanation_exact", "explanation", "explanation_formulas", "explanation_changed", "bad_input", "founding", "tutorial", "docstrings"
    ],
    "checking/*.py": ["checking", "checking_verdicts", "founding", "bad_input", "docstrings"],
    "program/*.py": ["program", "program_source", "program_arrays", "founding", "program_llvm"],
}  # fmt: skip

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
}


@cache
def source_of(file: str) -> bytes:
    """A file of the package as it was at first, whatever is done to it meanwhile."""
    return (ROOT / "tinygrad_bp" / file).read_bytes()


@dataclass(frozen=True)
class Mutant:
    """One change of one file: what stands at some place in it, and what else to write there."""

    file: str
    place: str
    line: int
    start: int
    end: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} in {self.place}: {self.before}  ->  {self.after}"

    @property
    def name(self) -> str:
        """The change without its line, as the list of equivalents has it."""
        return f"{self.file} {self.place}: {self.before} -> {self.after}"

    def write(self, package: Path) -> None:
        """Makes the change in a copy of the package."""
        source = source_of(self.file)
        (package / self.file).write_bytes(source[: self.start] + self.after.encode() + source[self.end :])


def changes(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """What a mistake at this node of the syntax tree would be: the node to replace, and what stands there then."""
    if isinstance(node, ast.Compare):
        for k, op in enumerate(node.ops):
            ops = [*node.ops[:k], COMPARISONS[type(op)](), *node.ops[k + 1 :]]
            yield node, f"({ast.unparse(ast.Compare(node.left, ops, node.comparators))})"
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield node, f"({ast.unparse(ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right))})"
    elif isinstance(node, ast.AugAssign) and type(node.op) in OPERATORS:
        yield node, ast.unparse(ast.AugAssign(node.target, OPERATORS[type(node.op)](), node.value))
    elif isinstance(node, ast.BoolOp):
        yield node, f"({ast.unparse(ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values))})"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node, f"({ast.unparse(node.operand)})"
    elif isinstance(node, ast.If | ast.While | ast.IfExp) and not isinstance(node.test, ast.Compare | ast.UnaryOp):
        yield node.test, f"(not ({ast.unparse(node.test)}))"
    elif isinstance(node, ast.Return) and node.value is not None:
        yield node, "return None"
    elif isinstance(node, ast.Continue | ast.Break):
        yield node, "break" if isinstance(node, ast.Continue) else "continue"
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield node, str(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield node, repr(node.value + 1 if node.value + 1 != node.value else -node.value)


def walk(node: ast.AST, place: str = "") -> Iterator[tuple[ast.AST, str]]:
    """Every node that does something, with the class and function around it: no annotation, no strict= that holds, no text."""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
        return
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        if "overload" in map(ast.unparse, node.decorator_list):
            return
        place = f"{place}.{node.name}".lstrip(".")
    yield node, place
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns") and not (isinstance(node, ast.keyword) and node.arg == "strict"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from walk(child, place)


def mutants(file: str) -> list[Mutant]:
    """All mutants of a file of the package."""
    source = source_of(file)
    begins = [0]
    for line in source.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    found = []
    for node, place in walk(ast.parse(source)):
        for old, after in changes(node):
            assert isinstance(old, ast.expr | ast.stmt)
            assert old.end_lineno is not None
            assert old.end_col_offset is not None
            start, end = begins[old.lineno - 1] + old.col_offset, begins[old.end_lineno - 1] + old.end_col_offset
            before = " ".join(source[start:end].decode().split())
            if before != f"return {None}":
                found.append(Mutant(file, place or "the file", old.lineno, start, end, before, after))
    return found


def chosen_for(file: str) -> list[str]:
    """The files of tests that belong to a file of the package."""
    names = [name for pattern, tests in TESTS.items() if fnmatch(file, pattern) for name in tests]
    return [f"tests/test_{name}.py" for name in dict.fromkeys(names)]


def files() -> list[str]:
    """The files that have mutants: the core and the readings."""
    package = ROOT / "tinygrad_bp"
    found = [path.relative_to(package).as_posix() for pattern in TESTS for path in package.glob(pattern)]
    return sorted({file for file in found if not file.endswith("__init__.py")})


def equivalents() -> set[str]:
    """The changes that no program can tell from the original. Lines that are indented say why."""
    lines = EQUIVALENTS.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith((" ", "#"))}


def passes(file: str, folder: Path, seconds: float | None) -> bool:
    """Whether the tests of a file pass in a copy of this repository. What takes longer does not end."""
    command = [*LIMITED, sys.executable, "-m", "pytest", "-n", "0", "-x", "-q", "-p", "no:cacheprovider", "-m", QUICK]
    # No compiled files: Python takes one for what it was made from if that is of the same second and length.
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        return not subprocess.call([*command, *chosen_for(file)], cwd=folder, env=environment, timeout=seconds, **quiet)
    except subprocess.TimeoutExpired:
        return False


def copy_to(folder: Path) -> Path:
    """Copies what the tests need of this repository."""
    for name in ("tinygrad_bp", "tests", "docs", "examples", ".github"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.glob("[!.]*.*"):
        if path.is_file():
            shutil.copy(path, folder)
    return folder


def run(chosen: Sequence[Mutant], jobs: int) -> list[Mutant]:
    """Tries mutants, says those that survive, and returns them."""
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(jobs) as pool:
        folders: SimpleQueue[Path] = SimpleQueue()
        for job in range(jobs):
            folders.put(copy_to(Path(scratch) / str(job)))

        def baseline(file: str) -> float:
            folder, start = folders.get(), time.monotonic()
            if not passes(file, folder, None):
                raise RuntimeError(f"the tests of {file} fail without any change: {' '.join(chosen_for(file))}")
            folders.put(folder)
            return time.monotonic() - start

        def survives(mutant: Mutant) -> bool:
            folder = folders.get()
            mutant.write(folder / "tinygrad_bp")
            survived = passes(mutant.file, folder, 20.0 + 4.0 * seconds[mutant.file])
            (folder / "tinygrad_bp" / mutant.file).write_bytes(source_of(mutant.file))
            folders.put(folder)
            if survived:
                print(mutant, flush=True)
            return survived

        changed = sorted({mutant.file for mutant in chosen})
        seconds = dict(zip(changed, pool.map(baseline, changed), strict=True))
        return [mutant for mutant, survived in zip(chosen, pool.map(survives, chosen), strict=True) if survived]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a sample, and returns 1 if something in it survived that is not named as equivalent."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*", help="patterns such as core/* (default: the core and the readings)")
    parser.add_argument("--sample", type=int, default=250, help="how many, drawn from all (default: 250; 0: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time")
    options = parser.parse_args(arguments)
    chosen = [
        mutant
        for file in files()
        if not options.files or any(fnmatch(file, pattern) for pattern in options.files)
        for mutant in mutants(file)
    ]
    known = equivalents()
    if options.sample and options.sample < len(chosen):
        chosen = random.Random(options.seed).sample(chosen, options.sample)
    tried = [mutant for mutant in chosen if mutant.name not in known]
    print(f"{len(tried)} mutants; {len(chosen) - len(tried)} more are named as equivalent", flush=True)
    survived = run(tried, options.jobs)
    print(f"{len(survived)} of {len(tried)} survived: {1 - len(survived) / max(len(tried), 1):.1%} found")
    return int(bool(survived))


if __name__ == "__main__":
    sys.exit(main())
