"""`mark`: names, numbers and files as people write them; what is refused; softmax and batches; folders; and the document."""

from __future__ import annotations

import json
import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.worked import worked_example
from tinygrad_bp import MLP, Value, check_gradients, mark, squared_error
from tinygrad_bp.lessons.marking.causes import Causes
from tinygrad_bp.lessons.marking.mistakes import mistakes
from tinygrad_bp.lessons.marking.numbers import number_of
from tinygrad_bp.losses import cross_entropy
from tinygrad_bp.words import LANGUAGES, catalogue

W5 = 0.08216704056423078


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("dE/dw5", "dE_total/dw5"),
        ("de_total / dw5", "dE_total/dw5"),
        ("∂E/∂w5", "dE_total/dw5"),
        ("∂E_total/∂W5", "dE_total/dw5"),
        ("grad w5", "dE_total/dw5"),
        ("gradient of w5", "dE_total/dw5"),
        ("w5.grad", "dE_total/dw5"),
        ("w5の勾配", "dE_total/dw5"),
        ("dw5", "dE_total/dw5"),
        ("∂w5", "dE_total/dw5"),
        ("d w5", "dE_total/dw5"),
        ("dE_dw5", "dE_total/dw5"),
        ("dEdw5", "dE_total/dw5"),
        ("dE_total_dout_h1", "dE_total/dout_h1"),
        ("dout_o1", "dE_total/dout_o1"),
        ("dnet_o1", "delta_o1"),
        ("w5", "dE_total/dw5"),
        ("ｄＥ／ｄｗ５", "dE_total/dw5"),
        (r"\frac{\partial E}{\partial w_{5}}", "dE_total/dw5"),
        ("δ_o1", "delta_o1"),
        ("δo1", "delta_o1"),
        ("Delta O1", "delta_o1"),
        ("dE/dnet_o1", "delta_o1"),
        ("net h1", "net_h1"),
        ("neth1", "net_h1"),
        ("d out_h1 / d net_h1", "dout_h1/dnet_h1"),
        ("dE_o1/dout_o1", "dE_o1/dout_o1"),
        ("E", "E_total"),
        ("w5+", "w5+"),
        ("w5＋", "w5+"),
        ("w5 new", "w5+"),
        ("new w5", "w5+"),
        ("w5_new", "w5+"),
        ("w5'", "w5+"),
    ],
)
def test_names_are_found_as_people_write_them(name: str, step: str) -> None:
    [found] = mark(worked_example().error, {name: 1.5}, lr=0.5)
    assert (found.name, found.asked) == (step, name)


@pytest.mark.parametrize("name", ["dw5/dE", "∂w5/∂E_total", "dw5/dout_o1", "dnet_h1/dout_h1"])
def test_a_quotient_that_is_upside_down_is_refused_and_the_other_one_is_near(name: str) -> None:
    error = worked_example().error
    of, by = re.findall(r"[d∂](\w+)", name)
    with pytest.raises(ValueError, match=rf"near it: d{by}\w*/d{of}\)"):
        mark(error, {name: 1.0})


def test_a_pair_that_is_upside_down_is_refused_as_well() -> None:
    made = worked_example()
    with pytest.raises(ValueError, match=r"dw1/dE_total \(near it: dE_total/dw1\)"):
        mark(made.error, {(made.net.parameters()[0], made.error): 1.0})
    assert mark(made.error, {"dout_h2/dout_h1": 0, "dout_h1/dw5": 0}).ok  # on which nothing depends is no mistake


def test_what_is_labelled_as_a_derivative_is_written_is_itself() -> None:
    dw, w = Value(2.0, "dw"), Value(3.0, "w")
    y = dw * w * w
    y.label = "y"
    assert [each.name for each in mark(y, {"dw": 9.0, "dy/dw": 12.0})] == ["dy/ddw", "dy/dw"]


def test_values_and_pairs_of_them_are_names() -> None:
    made = worked_example()
    weight = made.net.parameters()[0]
    found = mark(made.error, {(made.error, weight): "0.000439", made.error: "0.298"})
    assert [each.name for each in found] == ["E_total", "dE_total/dw1"]
    assert found.ok
    assert bool(found)
    assert mark(made.error, {weight: "0.000439"}).ok  # a leaf is given: its derivative is asked for


def test_names_that_differ_in_their_case_only_are_told_apart() -> None:
    W, w = Value(2.0, "W"), Value(3.0, "w")
    y = W * W * w
    y.label = "y"
    assert mark(y, {"dy/dW": 12, "dy/dw": 4}).ok


def test_unknown_names_list_near_ones_and_nothing_is_marked() -> None:
    error = worked_example().error
    with pytest.raises(ValueError, match=r"nothing here is called 'dE/dw55' \(near it: .*dE_total/dw5.*; 'nonsense'"):
        mark(error, {"dE/dw55": 1, "net_h1": 0.3775, "nonsense": 1})
    with pytest.raises(ValueError, match="give lr="):
        mark(error, {"w5+": 1})
    with pytest.raises(ValueError, match="answered twice, as 'dE/dw5' and as 'grad w5'"):
        mark(error, {"dE/dw5": 1, "grad w5": 1})
    with pytest.raises(TypeError, match="a quantity is called by a name"):
        mark(error, {5: 1})
    with pytest.raises(ValueError, match="there are no answers"):
        mark(error, {})
    with pytest.raises(TypeError, match="answers are a dictionary"):
        mark(error, 5)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("0.74", True),
        ("0.75", False),
        ("0.741365", True),
        ("0.741366", False),
        ("0.7413", False),  # cut off
        ("7.41e-1", True),
        ("0,741", True),
        ("７.41×10^-1", True),
        ("7.414·10⁻¹", True),
        ("\N{MINUS SIGN}0.74", False),
        (0.74, True),
        (0.75, False),
        (0.7413650695523157, True),
        (0.7413650, True),
        (Fraction(7413650695523157, 10**16), True),
        ("3/4", False),
        (1, None),
    ],
)
def test_digits_are_respected(answer: Any, right: bool | None) -> None:
    made = worked_example()
    [found] = mark(made.error, {"dE/dout_o1": answer})
    assert found.value == 0.7413650695523157
    assert found.verdict == ("few" if right is None else "right" if right else "wrong")


@pytest.mark.parametrize("text", ["abc", "0.1.2", "1,2,3", "1.234,5", "nan", "inf", "1e999", "1/0", "1_000", "0x1p3"])
def test_what_is_no_number_is_a_wrong_answer_told_in_its_place(text: str) -> None:
    for language in LANGUAGES:
        found = mark(worked_example().error, {"net_h1": text, "E": "0.298"}, language=language)
        assert [(each.name, each.verdict) for each in found] == [("net_h1", "wrong"), ("E_total", "right")]
        assert found["net_h1"].keys == ["unreadable"]
        assert text in found["net_h1"].causes[0]
        assert text in str(found)


def test_what_is_neither_number_nor_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"^mark: net_h1 is answered by "):
        mark(worked_example().error, {"net_h1": [1.0]})
    (tmp_path / "answers.json").write_text('{"net_h1": [1.0], "E": true, "net_h2": 0.3925}', encoding="utf-8")
    found = mark(worked_example().error, tmp_path / "answers.json")  # in a file it is one cell of many
    assert [each.verdict for each in found] == ["wrong", "right", "wrong"]


def test_a_blank_is_no_answer_and_not_right() -> None:
    found = mark(worked_example().error, {"net_h1": "", "net_h2": None, "out_h1": "____", "E": "0.298"})
    assert [each.verdict for each in found] == ["blank", "blank", "blank", "right"] or not found.ok
    assert found.right == 1
    assert number_of(None) is None


def test_single_precision_is_no_mistake() -> None:
    import struct

    single = struct.unpack("f", struct.pack("f", W5))[0]
    assert single != W5
    assert mark(worked_example().error, {"dE/dw5": single}).ok


@pytest.mark.parametrize(
    "text",
    [
        "name,answer\nnet_h1,0.3775\ndE/dw5,0.0822\n",
        "net_h1,0.3775\ndE/dw5,0.0822",
        'name;answer\nnet_h1;0,3775\ndE/dw5;"0,0822"\n',
        "quantity\tanswer\nnet_h1\t0.3775\ndE/dw5\t0.0822\n",
        "number,name,answer\n1,net_h1,0.3775\n2,dE/dw5,0.0822\n",
        '{"net_h1": 0.3775, "dE/dw5": "0.0822"}',
        '{"answers": {"net_h1": 0.3775, "dE/dw5": 0.0822}}',
        '[{"name": "net_h1", "answer": 0.3775}, {"name": "dE/dw5", "answer": 0.0822}]',
    ],
)
def test_files_and_texts_of_answers(text: str, tmp_path: Path) -> None:
    path = tmp_path / ("answers.json" if text[0] in "{[" else "answers.csv")
    path.write_text(text, encoding="utf-8")
    for answers in (text, path, str(path)):
        found = mark(worked_example().error, answers)
        assert [(each.name, each.verdict) for each in found] == [("net_h1", "right"), ("dE_total/dw5", "right")]


def test_what_holds_no_answers_is_refused(tmp_path: Path) -> None:
    error = worked_example().error
    with pytest.raises(FileNotFoundError):
        mark(error, tmp_path / "none.csv")
    with pytest.raises(ValueError, match="decimal comma"):
        mark(error, "net_h1,0,3775\nnet_h2,0,3925")
    with pytest.raises(ValueError, match="JSON"):
        mark(error, "{]")
    with pytest.raises(ValueError, match="columns are name and answer"):
        mark(error, "name,nothing\nnet_h1,0.3775")


def test_a_function_of_plain_floats_derives_the_answers() -> None:
    def derive(w5: float, i1: float, W1: float, lr: float, more: int = 3) -> dict[str, float]:
        assert (w5, i1, W1, lr, more) == (0.4, 0.05, 0.15, 0.5, 3)
        return {"dE/dw5": W5, "w5+": w5 - lr * W5}

    assert mark(worked_example().error, derive, lr=0.5).ok
    with pytest.raises(ValueError, match="give lr="):
        mark(worked_example().error, derive)
    with pytest.raises(ValueError, match="'nothing', and no leaf of the graph is called so"):
        mark(worked_example().error, lambda nothing: {})
    with pytest.raises(TypeError, match="returns a dictionary"):
        mark(worked_example().error, lambda w5: 5)


def slope_of(x: float) -> float:
    return 1.0 / (x - x)


def test_a_function_that_raises_is_named_with_the_line_and_nothing_else_is_said() -> None:
    def derive(w5: float) -> dict[str, float]:
        return {"dw5": slope_of(w5)}

    class Derived:
        def __call__(self, w5: float) -> dict[str, float]:
            return {"dw5": {}["net_o1"]}

    line = slope_of.__code__.co_firstlineno + 1
    said = rf"mark: derive raised ZeroDivisionError: .* \(line {line} of 'test_marking.py', in slope_of: 'return 1.0 / \(x - x\)'\)"
    with pytest.raises(ValueError, match=said) as caught:
        mark(worked_example().error, derive)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(
        ValueError, match=r"mark: the function raised KeyError: 'net_o1' \(line \d+ of 'test_marking.py', in __call__"
    ):
        mark(worked_example().error, Derived())
    with pytest.raises(ValueError, match=r"mark: <lambda> raised ValueError: .* in <lambda>"):
        mark(worked_example().error, lambda w5: {"w5": math.log(-w5)})
    with pytest.raises(TypeError, match="mark: of max nothing tells which numbers it takes"):
        mark(worked_example().error, max)


def test_the_other_side_of_check_gradients() -> None:
    made = worked_example()
    found = check_gradients(made.error, against={"w5": "0.0822", "w1": "0.0005"})
    assert [each.verdict for each in found] == ["right", "wrong"]
    assert check_gradients(made.error, against={"w5+": "0.35892"}, lr=0.5).ok
    assert check_gradients(lambda a: a * a, Value(3.0, "a"), against={"a": 6}).ok
    with pytest.raises(TypeError, match="give against="):
        check_gradients(made.error, lr=0.5)  # type: ignore[call-overload]


def softmax_net() -> tuple[Value, list[Value]]:
    net = MLP(2, [3, 3], activation=["tanh", None], seed=3)
    zs = net([Value(0.4, "i1"), Value(-0.7, "i2")])
    loss = cross_entropy(zs, 1)
    loss.label = "E"
    return loss, zs


def test_softmax_with_cross_entropy() -> None:
    loss, zs = softmax_net()
    exact = check_gradients(loss).inputs
    assert mark(loss, {each.label: f"{each.autograd:.7g}" for each in exact if each.label and each.label != "i1"}).ok
    loss.backward()
    forgotten = mark(loss, {f"dE/d{zs[1].label}": zs[1].grad + 1.0})  # p in place of p - y
    assert not forgotten.ok
    assert forgotten.first_wrong is not None
    assert forgotten.first_wrong.keys[0] == "targetForgotten"
    weight = next(v for v in forgotten.derivation.parameters if forgotten.derivation.names[v] == "w10")
    out = next(c.source for unit in forgotten.derivation.neurons for c in unit.connections if c.weight is weight)
    net = next(unit.net for unit in forgotten.derivation.neurons for c in unit.connections if c.weight is weight)
    p = net.grad + (net is zs[1])
    found = mark(loss, {weight: net.grad * p * (1 - p) * out.data})["w10"]
    assert found.keys[0] == "softmaxSlope"


def test_a_batch() -> None:
    w, b = Value(0.3, "w"), Value(0.1, "b")
    errors = []
    for x, t in ((0.5, 0.2), (-1.0, 0.7), (2.0, 0.9)):
        net = w * Value(x, "i1") + b
        net.label = "net_o1"
        out = net.sigmoid()
        out.label = "out_o1"
        errors.append(squared_error(out, Value(t, "target_o1")))
    loss = (errors[0] + errors[1] + errors[2]) / 3
    loss.label = "E"
    loss.backward()
    assert mark(loss, {"dE/dw": f"{w.grad:.5g}", "dE/db": b.grad}).ok
    [summed] = mark(loss, {"dE/dw": 3 * w.grad})
    assert "mean" in summed.keys
    part = Causes(mark(loss, {"dE/dw": 0}).derivation)
    first = part.found.between(loss, w)
    assert first.value == w.grad


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mistake_can_be_said(language: str) -> None:
    texts = catalogue(language)["mistake"]
    listed = mistakes()
    known = {
        *listed["factor"],
        *listed["summand"],
        *listed["whole"],
        *listed["page"],
        *(key for key, _ in listed["slips"]),
    }
    assert known <= set(texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_document(language: str, tmp_path: Path) -> None:
    found = mark(worked_example().error, {"delta_o1": "0.741365", "dE/dw5": "0.43983"}, language=language)
    said = found.to_dict()
    assert json.loads(json.dumps(said)) == said
    assert (said["ok"], said["right"], said["count"], said["first_wrong"]) == (False, 0, 2, "delta_o1")
    assert [each["verdict"] for each in said["marks"]] == ["wrong", "carried"]
    assert said["marks"][1]["given"] == ["delta_o1"]
    assert found["δo1"].keys[0] == "omitted"
    with pytest.raises(KeyError, match="was not answered"):
        found["net_h1"]
    assert "delta_o1" in str(found)
    for suffix in ("html", "md", "tex", "json", "txt"):
        assert found.save(tmp_path / f"marks.{suffix}").stat().st_size


def test_labels_are_data() -> None:
    x = Value(2.0, "<script>alert(1)</script>")
    y = x * x
    y.label = "a|b`$\x1b[31m"
    found = mark(y, {x: "3"})
    assert "<script>alert" not in found.html()
    assert "\x1b" not in str(found)
