"""The plan of the house: imports run downward, the public face is exact, and importing the package loads nothing it does not need."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_bp

ROOT = Path(tinygrad_bp.__file__).parent
FLOORS = [
    ["text", "files"],
    ["core"],
    ["explanation", "checking", "program"],
    ["networks"],
    ["drawing", "data", "losses", "optim"],
    ["plotting"],
    ["tutorial"],
    ["explorer"],
    ["cli"],
    ["__main__"],
]
TYPING = {"Any", "TYPE_CHECKING", "import_module"}
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FILES = [path for path in sorted(ROOT.rglob("*.py")) if path.parent != ROOT or path.name != "__init__.py"]


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """The rooms of the package that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names]
                if node.module == "tinygrad_bp"
                else [node.module or ""]
            )
        found |= {name.split(".")[1] for name in names if name.startswith("tinygrad_bp.")}
    return found


def test_every_file_has_a_floor():
    assert {room(path) for path in FILES} == set(FLOOR)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downward(path):
    here = room(path)
    upward = {
        other for other in imported_rooms(path) if other in FLOOR and other != here and FLOOR[other] >= FLOOR[here]
    }
    assert not upward, f"{here} is below or beside {upward}"


@pytest.mark.parametrize("path", sorted((ROOT / "core").glob("*.py")), ids=lambda path: path.name)
def test_the_core_imports_the_standard_library_and_itself(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    for module in modules:
        assert module.split(".")[0] in sys.stdlib_module_names or f"{module}.".startswith("tinygrad_bp.core."), module


def test_all_is_exact():
    public = {
        name
        for name in dir(tinygrad_bp)
        if not name.startswith("_") and not isinstance(getattr(tinygrad_bp, name), type(sys)) and name not in TYPING
    }
    assert set(tinygrad_bp.__all__) == public - {"abs", "compile", "pow"}  # a star import leaves Python's own in place
    assert len(tinygrad_bp.__all__) == len(set(tinygrad_bp.__all__))


def test_rows_that_only_serve_derivatives_are_the_only_ones_not_public():
    internal = {"add", "sub", "mul", "div", "neg"} | {
        "sigmoid_slope",
        "reciprocal",
        "over_squares",
        "power_term",
        "log_term",
        "exp_difference",
    }
    assert set(tinygrad_bp.OPERATIONS) - set(vars(tinygrad_bp)) == internal


def test_everything_public_says_what_it_is():
    for name in tinygrad_bp.__all__:
        thing = getattr(tinygrad_bp, name)
        assert (thing.__doc__ or "").strip() or isinstance(thing, dict), name


def test_importing_loads_no_graphviz_rich_or_numpy():
    code = (
        "import sys, tinygrad_bp; "
        "print([m for m in ('graphviz', 'rich', 'numpy', 'matplotlib', 'mpmath', 'argparse', 'tinygrad_bp.cli', 'tinygrad_bp.tutorial') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_version_is_the_installed_one():
    assert importlib.import_module("importlib.metadata").version("tinygrad-bp") == tinygrad_bp.__version__
