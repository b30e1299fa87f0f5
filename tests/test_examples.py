"""Every example runs and prints what its docstring says."""

import ast
import runpy
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
FOLDER = Path(__file__).parent.parent / "examples"
ALONE = FOLDER / "data_parallel_jax.py"  # which sets up JAX, once for a process
EXAMPLES = sorted(set(FOLDER.glob("*.py")) - {ALONE})


def promised(path: Path) -> str:
    """The output in an example's docstring: what is indented there."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return textwrap.dedent(
        "".join(line + "\n" for line in docstring.splitlines() if line.startswith("    ") or not line)
    ).strip("\n")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_it_says(path: Any, empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(path), run_name="__main__")
    assert promised(path)
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == promised(path).splitlines()


@pytest.mark.extras
def test_the_example_on_eight_devices_prints_what_it_says() -> None:
    done = subprocess.run([sys.executable, str(ALONE)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == promised(ALONE).splitlines()
    assert "8 devices" in done.stdout
    assert done.stdout.rstrip().endswith("True")


def test_the_drawn_neuron_is_a_picture(empty_folder: Path) -> None:
    runpy.run_path(str(EXAMPLES[[path.stem for path in EXAMPLES].index("draw_neuron")]), run_name="__main__")
    assert (empty_folder / "neuron.svg").read_text(encoding="utf-8").count("<text") > 20
    assert (empty_folder / "neuron.png").read_bytes().startswith(b"\x89PNG")


def test_the_network_fits_on_a_page() -> None:
    lines = (EXAMPLES[0].parent / "two_two_two.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 34
