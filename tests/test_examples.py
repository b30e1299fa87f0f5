"""Every example runs and prints what its docstring says."""

import ast
import re
import runpy
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tinygrad_bp import explain

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


def test_the_way_through_attention_is_told_by_heads_and_positions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["microgpt.py"])
    gpt = runpy.run_path(str(FOLDER / "microgpt.py"), run_name="example")
    loss, weight = gpt["loss"]("a"), gpt["query"][0][0]
    loss.label = "loss"
    loss.backward()
    text = str(explain(loss, weight))
    assert text.startswith("dloss/dquery0_0 = dloss/dshare_head1_at1_of1 * dshare_head1_at1_of1/dquery0_0\n")
    assert "12 paths, and their sum\n1. loss ← loss_at2 ← taken_at2_3 ← share_head1_at2_of1 ← query0_0\n" in text
    assert "head2" not in text  # whose queries have other weights
    assert len(text.splitlines()) < 250
    [total] = re.findall(r"\A(?:.*\n)+?\n", text)[:1]
    assert float(total.split("=")[-1]) == pytest.approx(weight.grad, abs=1e-9)
