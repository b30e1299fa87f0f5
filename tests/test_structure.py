"""The plan of the house: imports run downward, the public face is exact, and importing the package loads nothing it does not need."""

import ast
import importlib
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp

ROOT = Path(tinygrad_bp.__file__).parent
FLOORS = [
    ["text", "examples"],
    ["files", "words"],
    ["core"],
    ["shown", "walking"],
    ["lots"],
    ["explanation", "checking", "program", "series"],
    ["diagnosis"],
    ["networks"],
    ["drawing", "data", "losses", "optim"],
    ["plotting"],
    ["lessons"],
    ["explorer"],
    ["tutorial"],
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


def test_every_file_has_a_floor() -> None:
    assert {room(path) for path in FILES} == set(FLOOR)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_downward(path: Any) -> None:
    here = room(path)
    upward = {
        other for other in imported_rooms(path) if other in FLOOR and other != here and FLOOR[other] >= FLOOR[here]
    }
    assert not upward, f"{here} is below or beside {upward}"


@pytest.mark.parametrize("path", sorted((ROOT / "core").glob("*.py")), ids=lambda path: path.name)
def test_the_core_imports_the_standard_library_and_itself(path: Any) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    for module in modules:
        assert module.split(".")[0] in sys.stdlib_module_names or f"{module}.".startswith("tinygrad_bp.core."), module


def test_all_is_exact() -> None:
    public = {
        name
        for name in dir(tinygrad_bp)
        if not name.startswith("_") and not isinstance(getattr(tinygrad_bp, name), type(sys)) and name not in TYPING
    }
    assert set(tinygrad_bp.__all__) == public - {"abs", "compile", "pow"}  # a star import leaves Python's own in place
    assert len(tinygrad_bp.__all__) == len(set(tinygrad_bp.__all__))


def test_rows_that_only_serve_derivatives_are_the_only_ones_not_public() -> None:
    internal = {"add", "sub", "mul", "div", "neg"} | {
        "sigmoid_slope",
        "reciprocal",
        "over_squares",
        "power_term",
        "log_term",
        "exp_difference",
        "passed",
        "asinh_slope",
        "erf_slope",
        "silu_slope",
        "gelu_slope",
        "normal_cdf",
        "normal_density",
    }
    assert set(tinygrad_bp.OPERATIONS) - set(vars(tinygrad_bp)) == internal


def test_everything_public_says_what_it_is() -> None:
    for name in tinygrad_bp.__all__:
        thing = getattr(tinygrad_bp, name)
        assert (thing.__doc__ or "").strip() or isinstance(thing, dict), name


def loaded_by(code: str) -> set[str]:
    """The modules that a new process has after running this."""
    code += "; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_the_core_and_nothing_else() -> None:
    new = loaded_by("import tinygrad_bp") - loaded_by("pass")
    own = {name for name in new if name.startswith("tinygrad_bp")}
    others = {name for name in own if not f"{name}.".startswith("tinygrad_bp.core.")}
    assert others == {"tinygrad_bp", "tinygrad_bp.examples"}  # a dictionary: what a room is handed by one above it
    others = {name.split(".")[0] for name in new - own}
    assert others <= sys.stdlib_module_names
    assert not others & {"argparse", "csv", "difflib", "json", "subprocess", "tempfile"}


@pytest.mark.slow
def test_every_name_is_reached_and_every_room_as_the_first() -> None:
    """What is loaded when it is asked for asks for nothing else to be loaded before."""
    code = """
        import importlib, sys
        import tinygrad_bp
        firsts = {room: name for name, room in tinygrad_bp._READINGS.items()}
        for first in [*firsts.values(), *tinygrad_bp._MODULES]:
            for module in [module for module in sys.modules if module.startswith("tinygrad_bp")]:
                del sys.modules[module]
            package = importlib.import_module("tinygrad_bp")
            assert first in dir(package), first
            assert getattr(package, first) is getattr(package, first), first
        for name in [*package.__all__, *package._MODULES, "abs", "compile", "pow"]:
            assert name in dir(package), name
            getattr(package, name)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with pytest.raises(AttributeError, match="module 'tinygrad_bp' has no attribute 'nothing'"):
        _ = tinygrad_bp.nothing  # type: ignore[attr-defined]


def test_type_checkers_see_what_is_loaded_later() -> None:
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    [typing] = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.name: f"{node.module}.{alias.name}"
        for node in typing.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    later = {f"tinygrad_bp.{module}.{name}" for name, module in tinygrad_bp._READINGS.items()}
    assert set(seen.values()) == later | {f"tinygrad_bp.{name}" for name in tinygrad_bp._MODULES}


@pytest.mark.parametrize("path", [*FILES, ROOT / "__init__.py"], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_underscored_name_is_imported_from_another_file(path: Path) -> None:
    """Nor is one reached as an attribute, says ruff (SLF001)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names = [*(node.module or "").split("."), *[alias.name for alias in node.names]]
            private = {name for name in names if name.startswith("_") and not name.startswith("__")}
            assert node.module == "__future__" or not private, private


def test_the_picture_for_contributors_has_every_room() -> None:
    text = (ROOT.parent / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    picture = text.split("```")[1]
    rooms = {room for room in FLOOR if (ROOT / room).is_dir()}
    rooms |= {"text.py"}
    drawn = set(re.findall(r"(\w+)/\s|(\w+\.py)", picture))
    assert {f"{folder or file}" for folder, file in drawn} - {"tests", "docs", "examples"} == rooms


def test_the_version_is_the_installed_one() -> None:
    assert importlib.import_module("importlib.metadata").version("tinygrad-bp") == tinygrad_bp.__version__
