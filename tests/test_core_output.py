"""What a str or a repr says can be printed on any standard output, and is the same text everywhere."""

from __future__ import annotations

import ast
import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import tinygrad_bp
from tinygrad_bp import MLP, Value, explain
from tinygrad_bp.core.output import spell_on

ROOT = Path(tinygrad_bp.__file__).parent

# Prints what there is to print, and writes the same to a file.
PROGRAM = r"""
import pathlib, sys
from tinygrad_bp import MLP, SGD, Operation, Value, check_gradients, compile, data, draw, explain, explore
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.networks.recipe import recipe

net = MLP(2, [3, 3, 3, 1], seed=1)
x, w = Value(0.5, "\u91cd\u307f"), Value(1.5, "\u03b8")
net_h = x * w
net_h.label = "net"
y = net_h.tanh() * x
y.label = "\u2202y \ud800"
table = data.penguins()
things = [
    net, net.layers[0], table, x, y, [x, y], explain(y, w), explain(y, x), explain(y, x).text(width=60), explain(y, w).markdown(),
    check_gradients(y), draw(y, title="\u7d75"), compile(y, [x, w]), SGD(net.parameters(), 0.1),
    Operation("\u03c3_of", lambda x: x, (lambda y, x: 1.0,), "{}", "{}", "s"),
    data.read(pathlib.Path("table.csv")), recipe(data.read(pathlib.Path("table.csv"))),
    Notes(columns=["\u5024"]), explore(y, title="\u7d75"),
    *explain(y, w).quantities, *explain(y, w).quantities[-1].terms, explain(y, w).paths[0], explain(y, w).paths[0].factors[0],
    *check_gradients(y).inputs,
]
texts = [f"{thing}" for thing in things] + [repr(thing) for thing in things]
for thing in things:
    print(thing)
    print(repr(thing))
    sys.stdout.write(f"{thing!s} {thing!r}\n")
pathlib.Path("texts.txt").write_text("\n".join(texts), encoding="utf-8", errors="surrogatepass")
"""


def run(folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    (folder / "program.py").write_text(PROGRAM, encoding="utf-8", errors="surrogatepass")
    (folder / "table.csv").write_text("\u5024,\u03b8\n" + "1,2\n3,4\n" * 20, encoding="utf-8")
    clean = {
        name: x for name, x in os.environ.items() if not name.startswith(("PYTHONIO", "PYTHONUTF8", "LC_", "LANG"))
    }
    return subprocess.run(
        [sys.executable, "program.py"], cwd=folder, env={**clean, **environment}, capture_output=True, check=False
    )


STREAMS = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp437": {"PYTHONIOENCODING": "cp437:strict"},
    "the C locale": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "shift_jis": {"PYTHONIOENCODING": "shift_jis"},
    "replaced": {"PYTHONIOENCODING": "ascii:replace"},
}


@pytest.mark.slow
@pytest.mark.parametrize("environment", STREAMS.values(), ids=STREAMS)
def test_all_can_be_printed_whatever_the_encoding_and_is_the_same_text(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = run(tmp_path, PYTHONIOENCODING="utf-8")
    assert done.returncode == 0, done.stderr.decode()
    usual = (tmp_path / "texts.txt").read_bytes()
    assert "├─ layer1" in done.stdout.decode()
    assert "∂" in done.stdout.decode()
    done = run(tmp_path, **environment)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    assert (tmp_path / "texts.txt").read_bytes() == usual


def test_what_a_stream_lacks_is_spelled(tmp_path: Path) -> None:
    text = run(tmp_path, **STREAMS["ascii"]).stdout.decode("ascii")
    assert "|- layer1: Layer(2 inputs" in text
    assert r"label='\u91cd\u307f'" in text
    assert "dy" in text
    assert "?" not in text


@pytest.mark.parametrize(
    ("encoding", "errors", "printed"),
    [
        ("cp1252", "strict", b"+ \xe9 < * \\u8a9e |- \x85 d"),
        ("ascii", "strict", b"+ \\xe9 < * \\u8a9e |- ... d"),
        ("ascii", "surrogateescape", b"+ \\xe9 < * \\u8a9e |- ... d"),
        ("ascii", "replace", b"? ? ? ? ? ?? ? ?"),
        ("utf-8", "strict", "✓ é ← ⣿ 語 │─ … ∂".encode()),
    ],
)
def test_a_stream_spells_what_it_lacks_and_no_other(encoding: str, errors: str, printed: bytes) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=errors)
    spell_on(stream, "✓")
    stream.write("✓ é ← ⣿ 語 │─ … ∂")
    stream.flush()
    assert stream.buffer.getvalue() == printed
    assert stream.errors == errors or not stream.errors.startswith(errors)


def test_names_of_files_keep_their_bytes() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="surrogateescape")
    spell_on(stream, "├")
    stream.write("├ \udcff \ud800")
    stream.flush()
    assert stream.buffer.getvalue() == b"| \xff \\ud800"


def test_an_output_that_can_print_it_or_is_none_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    net, y = MLP(1, [1, 1]), Value(1.0, "重み") * 2.0
    able = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    plain = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    closed = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    closed.close()
    texts = set()
    for stream in (able, None, io.StringIO(), object(), closed, plain):
        monkeypatch.setattr(sys, "stdout", stream)
        texts.add(repr(net) + repr(y.args[0]))
        assert repr(Value(1.0, "w"))
    monkeypatch.undo()
    assert len(texts) == 1
    assert able.errors == "strict"
    assert plain.errors == "tinygrad_bp"


def test_standard_error_spells_too(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stderr", stream)
    print(MLP(1, [1]), file=sys.stderr)
    monkeypatch.undo()
    stream.flush()
    assert stream.buffer.getvalue().splitlines()[1].startswith(b"+- layer1")


def test_any_other_file_spells_if_it_is_opened_so(tmp_path: Path) -> None:
    with open(tmp_path / "net.txt", "w", encoding="cp1252", errors="tinygrad_bp") as file:
        print(MLP(1, [1]), Value(1.0, "重"), file=file)
    assert "+- layer1" in (tmp_path / "net.txt").read_text(encoding="cp1252")
    assert r"\u91cd" in (tmp_path / "net.txt").read_text(encoding="cp1252")


def test_what_is_read_is_not_spelled() -> None:
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", "tinygrad_bp")


def test_a_stream_that_knows_its_encoding_only_answers_for_itself() -> None:
    stream = SimpleNamespace(encoding="ascii", errors="strict")
    spell_on(stream, "✓")
    assert stream == SimpleNamespace(encoding="ascii", errors="strict")


def test_ascii_leaves_every_stream_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    w = Value(1.0, "w")
    assert str([w, explain(w * 2.0, w)])
    monkeypatch.undo()
    assert stream.errors == "strict"


def methods() -> list[Any]:
    """Every __str__ and __repr__ of the package, but of what writes the instructions of a machine."""
    return [
        pytest.param(node, id=f"{path.relative_to(ROOT)}:{cls.name}.{node.name}")
        for path in sorted(ROOT.rglob("*.py"))
        if path.name != "calls.py"
        for cls in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(cls, ast.ClassDef)
        for node in cls.body
        if isinstance(node, ast.FunctionDef) and node.name in ("__str__", "__repr__")
    ]


@pytest.mark.parametrize("method", methods())
def test_every_str_and_repr_is_said(method: ast.FunctionDef) -> None:
    assert [ast.unparse(decorator) for decorator in method.decorator_list] == ["said"]
