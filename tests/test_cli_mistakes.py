"""Every mistake a user can make on the command line: exit status 2, a sentence on standard error, no traceback, nothing written."""

import os
from pathlib import Path
from typing import Any

import pytest

from tinygrad_bp.cli import main

pytestmark = pytest.mark.usefixtures("empty_folder")


PROGRAM = """
from tinygrad_bp import Value
a, twin, other = Value(1.0, "a"), Value(2.0, "twin"), Value(3.0, "twin")
y = a * twin + other
lonely = Value(1.0)
doubled = lonely + lonely
values = [a, y]
number, nothing, words = 3.5, None, "text"
def function(): pass
"""
FILES = {
    "program.py": PROGRAM,
    "foreign.py": "class Value:\n    def __repr__(self):\n        raise ValueError\ny = Value()\n",
    "hostile.py": "from tinygrad_bp import Value\nx = Value(-1.0, '\\x1b[31mred')\ny = x * 2.0\n",
    "empty.py": "",
    "syntax.py": "x = 1\ny = (\n",
    "raises.py": "def f():\n    return 1 / 0\n\nf()\n",
    "deep.py": "import json\njson.loads('[')\n",
    "domain.py": "from tinygrad_bp import Value\nx = Value(-1.0, 'x')\nx.log()\n",
    "missing.py": "import no_such_module\n",
    "leaves.py": "import sys\nsys.exit('done')\n",
    "nul.py": "x = 1\0\n",
    "large.py": "from tinygrad_bp import Value\ny = Value(1.0, 'x')\nfor k in range(500):\n    y = y + 1.0\n",
    "many.py": "from tinygrad_bp import Value\ny = sum(Value(k, f'x{k}') for k in range(50))\nother = Value(1.0)\n",
    "one.py": "from tinygrad_bp import Value\nw = Value(1.0)\n",
    "guarded.py": "from tinygrad_bp import Value\nif __name__ == '__main__':\n    out = Value(1.0)\n",
    "hidden.py": "from tinygrad_bp import Value\n_x = Value(1.0)\n_y = _x * 2.0\n",
    "latin.py": "# -*- coding: utf-8 -*-\nname = '\udce9'\n",
    "text.txt": "no program",
}
MISTAKES = [
    # the command
    (["paint"], "invalid choice: 'paint'"),
    (["--colour"], "unrecognized arguments: --colour"),
    (["--"], "usage: tinygrad-bp [-h] [-V] COMMAND ..."),
    (["tutorial", "--colour"], "unrecognized arguments: --colour"),
    (["tutorial", "extra"], "unrecognized arguments: extra"),
    # tutorial
    (["tutorial", "--steps", "-1"], "a whole number from 0 up, not -1"),
    (["tutorial", "--steps", "1.5"], "'1.5' is not a whole number"),
    (["tutorial", "--steps", "many"], "'many' is not a whole number"),
    (["tutorial", "--steps", "9" * 5000], "is not a whole number"),
    (["tutorial", "--steps"], "expected one argument"),
    (["tutorial", "--learning-rate", "nan"], "a finite number above 0, not nan"),
    (["tutorial", "--learning-rate", "sNaN"], "a finite number above 0, not sNaN"),
    (["tutorial", "--learning-rate", "inf"], "a finite number above 0, not inf"),
    (["tutorial", "--learning-rate", "-0.5"], "a finite number above 0, not -0.5"),
    (["tutorial", "--learning-rate", "0"], "a finite number above 0, not 0"),
    (["tutorial", "--learning-rate", "1e999"], "a finite number above 0, not 1e999"),
    (["tutorial", "--learning-rate", "1e-999"], "a finite number above 0, not 1e-999"),
    (["tutorial", "--learning-rate", "half"], "'half' is not a number"),
    (["tutorial", "--update", "both"], "invalid choice: 'both'"),
    (["tutorial", "--format", "yaml"], "invalid choice: 'yaml'"),
    (["tutorial", "--out", "text.txt"], "'text.txt' is a file; name a folder"),
    (["tutorial", "--out", "text.txt/folder"], "cannot be made: Not a directory"),
    (["tutorial", "--out", "x" * 300], "cannot be made: File name too long"),
    # FILE.py:NAME
    (["explain", "program.py", "--wrt", "a"], "write FILE.py:NAME"),
    (["explain", "program.py:", "--wrt", "a"], "write FILE.py:NAME"),
    (["explain", ":y", "--wrt", "a"], "is not a Python file"),
    (["explain", "", "--wrt", "a"], "write FILE.py:NAME"),
    (["explain", r"C:\programs\neuron.py", "--wrt", "a"], "write FILE.py:NAME"),
    (["explain", r"C:\programs\neuron.py:y", "--wrt", "a"], r"there is no file 'C:\\programs\\neuron.py'"),
    (["explain", "program.py:y.a", "--wrt", "a"], "write FILE.py:NAME"),
    (["explain", "program.py:y[0]", "--wrt", "a"], "write FILE.py:NAME"),
    (["explain", "nowhere.py:y", "--wrt", "a"], "there is no file 'nowhere.py'"),
    (["explain", "no/where.py:y", "--wrt", "a"], "there is no file 'no/where.py'"),
    (["explain", "text.txt:y", "--wrt", "a"], "its name should end in .py"),
    (["explain", "folder.py:y", "--wrt", "a"], "cannot be read: Is a directory"),
    (["explain", "zero\0.py:y", "--wrt", "a"], "NUL character"),
    # NAME
    (
        ["explain", "program.py:z", "--wrt", "a"],
        "there is no 'z' in program.py; the Values in program.py are a, twin, other, y, lonely",
    ),
    (["explain", "empty.py:z", "--wrt", "a"], "there is no 'z' in empty.py; there are no Values in empty.py"),
    (
        ["explain", "program.py:number", "--wrt", "a"],
        "number in program.py is a float, 3.5, not a Value of tinygrad_bp; the Values in",
    ),
    (["explain", "program.py:nothing", "--wrt", "a"], "is a NoneType, None, not a Value"),
    (["explain", "program.py:words", "--wrt", "a"], "is a str, 'text', not a Value"),
    (["explain", "program.py:function", "--wrt", "a"], "is a function, <function"),
    (["explain", "program.py:Value", "--wrt", "a"], "is a type, <class 'tinyg"),
    (["explain", "program.py:values", "--wrt", "a"], "is a list of 2 Values, not a Value"),
    (["check", "foreign.py:y"], "y in foreign.py is a user_program.Value, <Value instance at"),
    (["check", "program.py:values"], "is a list of 2 Values, not a Value"),
    (["check", "program.py:number"], "is a float, 3.5, not a Value"),
    (["draw", "program.py:number", "-o", "graph.svg"], "is a float, 3.5, not a Value"),
    # the program
    (["check", "syntax.py:y"], "syntax.py, line 2: SyntaxError: '(' was never closed\n    y = ("),
    (["check", "raises.py:y"], "raises.py, line 2: ZeroDivisionError: division by zero\n    return 1 / 0"),
    (["check", "deep.py:y"], "deep.py, line 2: JSONDecodeError: "),
    (["check", "domain.py:y"], "domain.py, line 3: ValueError: log is undefined at -1.0 (x): it needs"),
    (
        ["check", "missing.py:y"],
        "missing.py, line 1: ModuleNotFoundError: No module named 'no_such_module'\n    import no_such_module",
    ),
    (["check", "leaves.py:y"], "leaves.py ended itself with sys.exit('done'), so there is no y"),
    (["check", "nul.py:y"], "nul.py"),
    (["check", "latin.py:y"], "latin.py"),
    # LABEL
    (["explain", "program.py:y", "--wrt", "b"], "there is no label 'b' in this graph; the labels are a, twin"),
    (["explain", "program.py:y", "--wrt", "twin"], "2 Values have the label 'twin'"),
    (["explain", "program.py:y", "--wrt", ""], "there is no label ''"),
    (
        ["explain", "program.py:y", "--wrt", "lonely"],
        "'lonely' is a Value in program.py, but y was not computed from it\n",
    ),
    (["explain", "program.py:a", "--wrt", "y"], "it is the other way round, program.py:y was computed from a"),
    (["explain", "program.py:a", "--wrt", "twin"], "'twin' is a Value in program.py, but a was not computed from it\n"),
    (["explain", "many.py:other", "--wrt", "x3"], "'x3' is a Value in many.py, but other was not computed from it\n"),
    (["explain", "program.py:y", "--wrt", "Twim"], "the labels are a, twin and y; did you mean 'twin'?"),
    (["explain", "one.py:w", "--wrt", "b"], "the label is w"),
    (["explain", "one.py:b", "--wrt", "w"], "there is no 'b' in one.py; the Value in one.py is w\n"),
    (["explain", "guarded.py:out", "--wrt", "w"], "there are no Values in guarded.py; what stands under if __name__"),
    (["explain", "program.py:lonly", "--wrt", "w"], "did you mean 'lonely'?"),
    (["explain", "hidden.py:_y", "--wrt", ""], "there is no label ''"),
    (["explain", "hidden.py:_y", "--wrt", "b"], "no Value in it has one: write Value(0.5, label='w')"),
    (["explain", "hostile.py:y", "--wrt", "b"], r"the labels are \x1b[31mred"),
    (["explain", "many.py:y", "--wrt", "b"], "x9, x10, x11, x12, x13, x14, x15, x16, x17, x18, x19 and 31 more"),
    (["explain", "program.py:y", "--wrt", "a", "--format", "html"], "invalid choice: 'html'"),
    (["draw", "program.py:y", "-o", "graph.svg", "--highlight", "b"], "there is no label 'b'"),
    # the picture
    (["draw", "program.py:y"], "required: -o/--output"),
    (["draw", "program.py:y", "-o", "graph.jpg"], "should end in .svg, .png, .pdf or .gv"),
    (["draw", "program.py:y", "-o", "graph"], "should end in .svg, .png, .pdf or .gv"),
    (["draw", "program.py:y", "-o", ""], "should end in .svg, .png, .pdf or .gv"),
    (["draw", "program.py:y", "-o", "no/folder/graph.svg"], "no/folder'; make it first"),
    (["draw", "program.py:y", "-o", "text.txt/graph.svg"], "text.txt"),
    (["draw", "program.py:y", "-o", "folder.svg"], "that is a folder"),
    (["draw", "program.py:y", "-o", "graph.svg", "--depth", "0"], "a whole number from 1 up, not 0"),
    (["draw", "program.py:y", "-o", "graph.svg", "--digits", "none"], "'none' is not a whole number"),
    (["draw", "program.py:y", "-o", "graph.svg", "--digits", "99"], "digits"),
    (["draw", "program.py:y", "-o", "graph.svg", "--direction", "up"], "invalid choice: 'up'"),
    (["draw", "program.py:y", "-o", "graph.svg", "--collapse", "h7"], "there is no group 'h7'"),
    (
        ["draw", "large.py:y", "-o", "graph.svg"],
        "draw fewer with --depth 3, --labelled or --collapse GROUP, or allow them with --max-nodes ",
    ),
    (
        ["draw", "large.py:y", "-o", "graph.svg", "--depth", "450"],
        "draw fewer with a smaller --depth, --labelled or --collapse GROUP, or",
    ),
]


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=lambda x: " ".join(x)[:60] if isinstance(x, list) else "")
def test_mistakes(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    for name, text in FILES.items():
        Path(name).write_bytes(text.encode(errors="surrogateescape"))
    Path("folder.py").mkdir()
    Path("folder.svg").mkdir()
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "error: " in err
    assert "Traceback" not in err
    assert "\x1b" not in err
    assert {path.name for path in Path().iterdir()} - {"__pycache__"} == {*FILES, "folder.py", "folder.svg"}


def test_a_value_whose_repr_is_long_is_shortened(capsys: pytest.CaptureFixture[str]) -> None:
    Path("long.py").write_text("long = list(range(10_000))\n", encoding="utf-8")
    assert main(["check", "long.py:long"]) == 2
    assert len(capsys.readouterr().err) < 200


def test_what_was_there_stays_if_drawing_fails(
    neuron: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tinygrad_bp.drawing import rendering

    Path("graph.svg").write_text("before", encoding="utf-8")
    monkeypatch.setattr(rendering, "_programs", lambda: iter(()))
    assert main(["draw", "neuron.py:out", "-o", "graph.svg"]) == 2
    assert "install" in capsys.readouterr().err
    assert Path("graph.svg").read_text(encoding="utf-8") == "before"


def test_what_was_there_stays_if_a_report_cannot_be_moved_into_place(
    quick: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*places: Any, **options: Any) -> None:
        raise PermissionError(13, "Permission denied")

    for way in ("link", "replace", "rename"):
        monkeypatch.setattr(os, way, refuse)
    assert main(["tutorial", "--steps", "1"]) == 2
    assert "Permission denied" in capsys.readouterr().err
    assert list(Path().iterdir()) == []
