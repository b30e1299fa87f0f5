"""What a user gets wrong, row by row: each error names the operation, the label and the number, and says what would be right."""

import math
import os
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tinygrad_bp import (
    MLP,
    OPERATIONS,
    Constant,
    Neuron,
    Value,
    check_gradients,
    draw,
    draw_network,
    explain,
    grad,
    hessian,
    jacobian,
)
from tinygrad_bp.cli import main

w = Value(-2.0, "w")
big = Value(1e3, "big")
zero = Value(0.0, "zero")
half = (0.5 * w).args[0]
y = w * w


class Foreign:
    def __repr__(self) -> str:
        return "a foreign object"


def cyclic_list() -> Any:
    xs = [w]
    xs.append(xs)
    return xs


WRONG_TYPES = [
    (lambda: w + "3", "add with w", "str '3'"),
    (lambda: "3" + w, "add with w", "str '3'"),
    (lambda: w - None, "sub with w", "NoneType None"),
    (lambda: [1] - w, "sub with w", r"list \[1\]"),
    (lambda: w * b"x", "mul with w", "bytes b'x'"),
    (lambda: (1, 2) * w, "mul with w", "tuple"),
    (lambda: w / {}, "div with w", "dict"),
    (lambda: w ** "2", "pow with w", "str '2'"),
    (lambda: "2" ** w, "pow with w", "str '2'"),
    (lambda: w * 1j, "mul with w", "complex 1j"),
    (lambda: tg.maximum(w, "a"), "maximum with w", "str 'a'"),
    (lambda: w.atan2(None), "atan2 with w", "NoneType"),
    (lambda: w.leaky_relu("0.1"), "leaky_relu with w", "str '0.1'"),
    (lambda: tg.sum_of([w, "a"]), "sum_of with w", "str 'a'"),
    (lambda: tg.sum_of(cyclic_list()), "sum_of with w", "list"),
    (lambda: tg.dot([w], [Foreign()]), "dot with w", "a foreign object"),
    (lambda: tg.logsumexp([w, [1.0]]), "logsumexp with w", "list"),
    (lambda: tg.sum_of(3.0), "sum_of", "not float"),
    (lambda: tg.dot(w, w), r"dot\(ws, xs\)", "not Value"),
    (lambda: tg.sum_of("12"), "sum_of", "not str"),
    (lambda: Value("0.5"), "Value takes a real number", "str '0.5'"),
    (lambda: Value(None, "b1"), "Value with b1", "NoneType"),
    (lambda: Value([1.0]), "Value", "list"),
    (lambda: Value(w), "Value takes a real number", "not Value"),
    (lambda: Value(1 + 2j), "Value", "complex"),
    (lambda: Value(1.0, 7), "label", "int 7"),
    (lambda: setattr(Value(1.0), "label", None), "label", "NoneType"),
    (lambda: math.exp(w), "write .data", "label='w'"),
    (lambda: float(w), "write .data", "label='w'"),
    (lambda: int(w), "write .data", "label='w'"),
    (lambda: grad(3.0, [w]), "grad: y is a Value", "float 3.0"),
    (lambda: grad(y, [1.0]), "grad: each x is a Value", "float 1.0"),
    (lambda: grad(y, 1.0), "grad takes a sequence of Values", "float"),
    (lambda: grad(y, [half]), "grad: .*constant", "0.5"),
    (lambda: jacobian([1.0], [w]), "jacobian: each y is a Value", "float 1.0"),
    (lambda: jacobian({"a": y}, [w]), "jacobian: each y is a Value", "str 'a'"),
    (lambda: jacobian([y], [1.0]), "jacobian: each x is a Value", "float 1.0"),
    (lambda: jacobian(y, [w]), "jacobian takes a sequence of Values as ys", "Value"),
    (lambda: hessian([y], [w]), "hessian: y is a Value", "list"),
    (lambda: hessian(y, w), "hessian takes a sequence", "Value"),
    (lambda: tg.topological_order("y"), "topological_order takes Values", "str 'y'"),
    (lambda: check_gradients("f"), "check_gradients takes a Value or a function", "str 'f'"),
    (lambda: check_gradients(lambda a: 1.0, [2.0]), "the function returned", "float 1.0"),
    (lambda: check_gradients(y, [y]), "must be a leaf", "data=4.0"),
    (lambda: explain("y", w), "", "str"),
    (lambda: explain(y, "w"), "", "str"),
    (lambda: explain(0.5 * w, half), "", "constant|Constant"),
    (lambda: draw(3.0), "", "float"),
    (lambda: draw([w, "x"]), "", "str"),
    (lambda: draw_network("net"), "", "str"),
    (lambda: MLP(2, [1], weights=[1.0, "x"]), "MLP with w2", "str 'x'"),
    (lambda: Neuron([Value(1.0, "w1")], Value(0.0))(["x"]), "dot with w1", "str 'x'"),
]

WRONG_TYPES += [
    (
        lambda row=row: (
            row(*["x"] * (row.arity or 1)) if not isinstance(row, tg.Reduction) else row(*[["x"]] * row.sequences)
        ),
        row.name,
        "str 'x'",
    )
    for row in OPERATIONS.values()
]

TOO_MANY = [
    (lambda row=row: row(*[1.0] * ((row.arity or 2) + 1)), rf"{row.name} (takes|is called)", str((row.arity or 2) + 1))
    for row in OPERATIONS.values()
]  # fmt: skip

OUTSIDE_THE_DOMAIN = [
    (lambda: Value(-0.5, "net_o1").log(), r"log is undefined at -0\.5 \(net_o1\): it needs x > 0", ""),
    (lambda: zero.log(), r"log is undefined at 0\.0 \(zero\)", "x > 0"),
    (lambda: Value(-1.0, "p").log1p(), r"log1p is undefined at -1\.0 \(p\)", "x > -1"),
    (lambda: w.sqrt(), r"sqrt is undefined at -2\.0 \(w\)", "x >= 0"),
    (lambda: w.asin(), r"asin is undefined at -2\.0 \(w\)", "-1 <= x <= 1"),
    (lambda: big.acos(), r"acos is undefined at 1000\.0 \(big\)", "-1 <= x <= 1"),
    (lambda: w**0.5, r"pow is undefined at -2\.0 \(w\), 0\.5", "whole exponent"),
    (lambda: (-2) ** Value(0.5, "n"), r"pow is undefined at -2\.0, 0\.5 \(n\)", "whole exponent"),
    (
        lambda: w ** Value(2.0, "n"),
        r"pow has no derivative with respect to n at -2\.0 \(w\), 2\.0 \(n\)",
        "number instead of a Value",
    ),
    (lambda: zero.atan2(0.0), r"atan2 is undefined at 0\.0 \(zero\), 0\.0", "not both 0"),
    (lambda: Value(math.inf, "far").sin(), r"sin is undefined at inf \(far\)", "finite"),
    (lambda: tg.log(-1), r"log is undefined at -1\.0", "x > 0"),
    (lambda: tg.logsumexp([]), "logsumexp is undefined", "at least one"),
    (lambda: tg.dot([1.0, 2.0], [w]), r"dot\(ws, xs\) needs sequences of equal length", "2 and 1"),
    (lambda: MLP(2, [2, 2], weights=[0.1]), "takes 8 weights, not 1", ""),
    (lambda: MLP(0, [1]), "not 0 inputs", ""),
    (lambda: MLP(1, [1], activation="sigmoyd"), "activation 'sigmoyd'", "sigmoid"),
    (lambda: MLP(2, [1])([1.0]), "has 2 weights and got 1 input", ""),
    (lambda: check_gradients(y, tolerance=-1.0), "tolerance", "-1.0"),
    (lambda: check_gradients(lambda a: a), "needs the inputs", ""),
    (lambda: explain(y, w, max_paths=0), "max_paths", "0"),
    (lambda: explain(y, w).text(digits=0), "digits", "0"),
    (lambda: draw(y, digits=0), "digits", "0"),
    (lambda: draw(y, direction="UP"), "direction", "UP"),
    (lambda: draw(y, max_nodes=1), "", "max_nodes"),
]

DIVIDING = [
    (lambda: w / 0, r"div is undefined at -2\.0 \(w\), 0\.0", "divisor other than 0"),
    (lambda: 1 / zero, r"div is undefined at 1\.0, 0\.0 \(zero\)", "divisor other than 0"),
    (lambda: w / zero, r"div is undefined at -2\.0 \(w\), 0\.0 \(zero\)", "divisor other than 0"),
    (lambda: tg.ops.div(1, 0), r"div is undefined at 1\.0, 0\.0", "divisor other than 0"),
    (lambda: zero**-1, r"pow is undefined at 0\.0 \(zero\), -1\.0", "base of 0 with an exponent >= 0"),
    (lambda: 0 ** Value(-1.0, "n"), r"pow is undefined at 0\.0, -1\.0 \(n\)", "base of 0"),
]

OVERFLOWING = [
    (lambda: big.exp(), r"exp overflows at 1000\.0 \(big\)", "x <= 709.78"),
    (lambda: big.expm1(), r"expm1 overflows at 1000\.0 \(big\)", "x <= 709.78"),
    (lambda: big.sinh(), r"sinh overflows at 1000\.0 \(big\)", "710.4758"),
    (lambda: (-big).cosh(), r"cosh overflows at -1000\.0", "710.4758"),
    (lambda: big**200, r"pow overflows at 1000\.0 \(big\), 200\.0", "1.8e308"),
    (lambda: 10 ** Value(400.0, "n"), r"pow overflows at 10\.0, 400\.0 \(n\)", "1.8e308"),
    (lambda: w * 10**400, "mul with w: the int is beyond the range of floats", "1.8e308"),
    (lambda: 10**400 + w, "add with w: the int is beyond the range of floats", "1.8e308"),
    (lambda: Value(10**400, "huge"), "Value with huge: the int is beyond the range of floats", "1.8e308"),
    (lambda: tg.exp(1000), r"exp overflows at 1000\.0", "x <= 709.78"),
]

CASES = [
    *((TypeError, *case) for case in WRONG_TYPES + TOO_MANY),
    *((ValueError, *case) for case in OUTSIDE_THE_DOMAIN),
    *((ZeroDivisionError, *case) for case in DIVIDING),
    *((OverflowError, *case) for case in OVERFLOWING),
]


def test_there_are_enough_rows() -> None:
    assert len(CASES) >= 80


@pytest.mark.parametrize(("error", "attempt", "names", "says"), CASES)
def test_each_is_named(error: Any, attempt: Any, names: Any, says: Any) -> None:
    with pytest.raises(error, match=names or None) as caught:
        attempt()
    assert re.search(says, str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", ["0.5", None, y, [1.0], 1j])
def test_data_takes_only_numbers_and_keeps_the_one_it_had(wrong: Any) -> None:
    v = Value(1.0, "w5")
    with pytest.raises(TypeError, match=r"the data of .*'w5'.* takes a real number"):
        v.data = wrong
    assert v.data == 1.0


def test_a_graph_cannot_be_made_cyclic() -> None:
    a = Value(1.0)
    b = a + 1.0
    a += b  # a new node by the old name; nothing refers to itself
    a.backward()
    assert b.grad == 1.0
    with pytest.raises(AttributeError):
        b.args = (b,)


def test_what_is_no_number_and_no_array_is_left_to_itself() -> None:
    class Loud(Foreign):
        def __rmul__(self, other: Any) -> Any:
            return f"mine, of {other.label}"

    assert w * Loud() == "mine, of w"
    with pytest.raises(TypeError):
        w * Foreign()


# Files


@pytest.fixture
def program(tmp_path: Path) -> Any:
    path = tmp_path / "net.py"
    path.write_text("from tinygrad_bp import Value\nx = Value(2.0, 'x')\ny = x * x\nnumber = 3\n", encoding="utf-8")
    return path


def listing(folder: Any) -> Any:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if "__pycache__" not in p.parts)


COMMANDS = [
    (["draw", "{program}:y", "-o", "{folder}/graph.xyz"], "xyz"),
    (["draw", "{program}:y", "-o", "{folder}/none/graph.svg"], "none"),
    (["draw", "{program}:y", "-o", "{folder}"], "{folder}"),
    (["draw", "{program}:number", "-o", "{folder}/graph.svg"], "number"),
    (["draw", "{program}:z", "-o", "{folder}/graph.svg"], "z"),
    (["draw", "{folder}/missing.py:y", "-o", "{folder}/graph.svg"], "missing.py"),
    (["draw", "{program}", "-o", "{folder}/graph.svg"], "NAME"),
    (["explain", "{program}:y", "--wrt", "nothing"], "nothing"),
    (["explain", "{program}:y", "--wrt", "x", "--format", "pdf"], "pdf"),
    (["check", "{program}:number"], "number"),
    (["tutorial", "--steps", "-1", "--out", "{folder}/out"], "-1"),
    (["tutorial", "--learning-rate", "nan", "--out", "{folder}/out"], "nan"),
    (["tutorial", "--format", "yaml", "--out", "{folder}/out"], "yaml"),
    (["tutorial", "--out", "{program}"], "net.py"),
    (["paint"], "paint"),
]


@pytest.mark.parametrize(
    ("arguments", "names"), COMMANDS, ids=lambda case: " ".join(case) if isinstance(case, list) else None
)
def test_commands_say_what_is_wrong_and_leave_nothing_behind(
    arguments: Any, names: Any, program: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fill(text: Any) -> Any:
        return text.format(program=program, folder=tmp_path)

    before = listing(tmp_path)
    try:
        status = main([fill(argument) for argument in arguments])
    except SystemExit as exit:  # argparse's own errors
        status = exit.code
    out, err = capsys.readouterr()
    assert status == 2
    assert fill(names) in err
    assert "Traceback" not in out + err
    assert listing(tmp_path) == before


def test_a_picture_replaces_a_file_only_when_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "graph.svg"
    target.write_text("the old picture", encoding="utf-8")
    drawing = draw(y)
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left on device"):
        drawing.save(target)
    assert target.read_text(encoding="utf-8") == "the old picture"
    assert listing(tmp_path) == ["graph.svg"]


def test_a_pickle_of_a_damaged_graph_is_refused_not_half_loaded() -> None:
    text = pickle.dumps(y)
    with pytest.raises((pickle.UnpicklingError, EOFError, ValueError)):
        pickle.loads(text[:-4])


def test_constants_are_no_constructor_for_wrong_types_either() -> None:
    with pytest.raises(TypeError, match="str 'a'"):
        Constant("a")
