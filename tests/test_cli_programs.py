"""The commands `draw`, `explain` and `check`, and how they run a program of the user's."""

import json
import re
import struct
import sys
import textwrap
import warnings
from pathlib import Path

import pytest

from tinygrad_bp.cli import main
from tinygrad_bp.drawing import Drawing
from tinygrad_bp.drawing.rendering import Shrunk

pytestmark = pytest.mark.usefixtures("empty_folder")


@pytest.mark.parametrize("suffix", ["svg", "png", "gv"])
def test_draw(neuron: None, capsys: pytest.CaptureFixture[str], suffix: str) -> None:
    assert main(["draw", "neuron.py:out", "-o", f"graph.{suffix}", "--highlight", "w", "--local-derivatives"]) == 0
    out, err = capsys.readouterr()
    assert out == f"graph.{suffix}\n"
    assert err == "this must not be among the answer\n"
    assert Path(f"graph.{suffix}").stat().st_size > 500
    assert sorted(path.name for path in Path().iterdir() if path.name != "__pycache__") == [
        f"graph.{suffix}",
        "neuron.py",
    ]


def test_draw_computes_gradients_that_the_program_did_not(neuron: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "neuron.py:out", "-o", "graph.gv"]) == 0
    assert "1.19317162" in Path("graph.gv").read_text(encoding="utf-8")  # (1 - tanh(-0.75) ** 2) * x


def test_draw_takes_a_list_of_values_and_every_option(neuron: None) -> None:
    options = [
        "--labelled",
        "--depth",
        "3",
        "--digits",
        "3",
        "--direction",
        "TB",
        "--max-nodes",
        "50",
        "--title",
        "a title",
        "--dark",
        "--transparent",
        "--font-size",
        "14.5",
    ]
    assert main(["draw", "neuron.py:pair", "-o", "graph.gv", *options]) == 0
    source = Path("graph.gv").read_text(encoding="utf-8")
    assert all(words in source for words in ("a title", "bgcolor=transparent", "fontsize=14.5"))


def test_draw_makes_a_png_of_the_size_that_is_wanted(neuron: None, capsys: pytest.CaptureFixture[str]) -> None:
    widths = []
    for options in ([], ["--dpi", "288"], ["--scale", "2"]):
        assert main(["draw", "neuron.py:out", "-o", "graph.png", *options]) == 0
        widths.append(struct.unpack(">I", Path("graph.png").read_bytes()[16:20])[0])
    assert widths[1] == widths[2] == pytest.approx(2 * widths[0], abs=3)
    assert main(["draw", "neuron.py:out", "-o", "graph.svg", "--dpi", "288"]) == 2
    assert "dpi is for PNG" in capsys.readouterr().err


def test_warnings_of_ours_are_said_and_those_of_the_users_program_are_as_they_were(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def render(*_: object, **__: object) -> bytes:
        warnings.warn("it was shrunk\x1b", Shrunk, stacklevel=1)
        return b"picture"

    monkeypatch.setattr(Drawing, "render", render)
    Path("warns.py").write_text(
        "import warnings\nfrom tinygrad_bp import Value\nx = Value(1.0, 'x')\nwarnings.warn('old')\n", encoding="utf-8"
    )
    with pytest.warns(UserWarning, match="^old$") as others:
        assert main(["draw", "warns.py:x", "-o", "graph.png"]) == 0
    assert [(str(warning.message), warning.filename) for warning in others] == [("old", "warns.py")]
    assert capsys.readouterr().err == "tinygrad-bp: it was shrunk\\x1b\n"


@pytest.mark.parametrize(
    ("form", "holds"), [("text", "dout/dw = dout/dnet * dnet/dw"), ("markdown", "$$"), ("json", '{\n  "')]
)
def test_explain(neuron: None, capsys: pytest.CaptureFixture[str], form: str, holds: str) -> None:
    assert main(["explain", "neuron.py:out", "--wrt", "w", "--format", form]) == 0
    out, _ = capsys.readouterr()
    assert holds in out
    assert "must not be" not in out
    if form == "json":
        assert isinstance(json.loads(out), dict)


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_explain_with_respect_to_several_drops_none(
    neuron: None, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    singles = []
    for label in ("w", "x"):
        assert main(["explain", "neuron.py:out", "--wrt", label, "--format", form]) == 0
        singles.append(capsys.readouterr().out)
    assert main(["explain", "neuron.py:out", "--wrt", "w", "--wrt", "x", "--wrt", "w", "--format", form]) == 0
    out = capsys.readouterr().out
    if form == "json":
        assert json.loads(out) == [json.loads(single) for single in singles]
    else:
        assert out == singles[0].rstrip("\n") + "\n\n" + singles[1]


def test_explain_takes_the_name_of_a_value_without_a_label(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bare.py").write_text("from tinygrad_bp import Value\na = Value(3.0)\ny = a * a\n", encoding="utf-8")
    assert main(["explain", "bare.py:y", "--wrt", "a"]) == 0
    assert "6" in capsys.readouterr().out


NAMELESS = """
from tinygrad_bp import Value
w = same = Value(3.0)
_hidden = Value(2.0)
kept = Value(4.0, "label")
y = w * w * kept
z = y * _hidden
"""


def test_values_without_a_label_take_the_name_of_their_variable(capsys: pytest.CaptureFixture[str]) -> None:
    Path("nameless.py").write_text(NAMELESS, encoding="utf-8")
    assert main(["explain", "nameless.py:y", "--wrt", "w"]) == 0
    assert capsys.readouterr().out.startswith("dy/dw = 2 * label * w\n      = 24\n")
    assert main(["check", "nameless.py:y"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"\bw\b", out)
    assert main(["draw", "nameless.py:z", "-o", "graph.gv"]) == 0
    source = Path("graph.gv").read_text(encoding="utf-8")
    assert all(f"<b>{label}</b>" in source for label in ("w", "y", "z", "label"))
    assert not any(f"<b>{name}</b>" in source for name in ("same", "_hidden", "kept"))


def test_check(neuron: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "neuron.py:out"]) == 0
    assert "3 of 3 derivatives agree" in capsys.readouterr().out


def test_check_of_a_wrong_rule_fails(capsys: pytest.CaptureFixture[str]) -> None:
    Path("wrong.py").write_text(
        textwrap.dedent("""
            from tinygrad_bp import Operation, Value
            square = Operation("square", lambda x: x * x, (lambda y, x: 2.001 * x,), "{0}**2", "{0}^2", "²")
            x = Value(3.0, "x")
            y = square(x)
        """),
        encoding="utf-8",
    )
    assert main(["check", "wrong.py:y"]) == 1
    assert "square" in capsys.readouterr().out


def test_a_program_imports_its_neighbours_and_is_not_run_as_main(capsys: pytest.CaptureFixture[str]) -> None:
    Path("there").mkdir()
    Path("there/neighbour.py").write_text("start = 2.0\n", encoding="utf-8")
    Path("there/program.py").write_text(
        textwrap.dedent("""
            from __future__ import annotations
            import dataclasses, os, pathlib, sys
            import neighbour
            from tinygrad_bp import Value

            @dataclasses.dataclass
            class Weight:
                value: Value

            os.chdir("/")
            assert sys.argv == [__file__] and pathlib.Path(__file__).name == "program.py"
            y = Weight(Value(neighbour.start, "x")).value * 3.0
            if __name__ == "__main__":
                raise RuntimeError("run as main")
        """),
        encoding="utf-8",
    )
    before = sys.path[:], sys.argv[:], Path.cwd()
    assert main(["explain", "there/program.py:y", "--wrt", "x"]) == 0
    assert (sys.path, sys.argv, Path.cwd()) == before
    assert "user_program" not in sys.modules
    del sys.modules["neighbour"]


def test_a_program_has_only_its_own_future_imports(capsys: pytest.CaptureFixture[str]) -> None:
    program = "from tinygrad_bp import Value\ndef f(x: Value): pass\nassert f.__annotations__['x'] is Value\ny = Value(1.0, 'y') * 2.0\n"
    Path("plain.py").write_text(program, encoding="utf-8")
    assert main(["check", "plain.py:y"]) == 0


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("raise BaseException('b')", "line 1: BaseException: b"),
        ("class Odd(Exception):\n    def __str__(self):\n        raise ValueError('no')\nraise Odd()", "line 4: Odd"),
    ],
)
def test_any_error_of_the_users_program_is_shown_with_its_line(
    program: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.py"
    path.write_text(program, encoding="utf-8")
    assert main(["check", f"{path}:y"]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert "Traceback" not in err
