"""Which causes are named, and which are not: by chance, twice, or of things of an unlike kind; and whose mistake is carried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests import rounds
from tests.hand import Hand, networks
from tests.hand_cases import Recurrent
from tests.worked import worked_example
from tinygrad_bp import Value, mark
from tinygrad_bp.lessons.marking import Marks
from tinygrad_bp.lessons.marking.causes import Causes


def marked(hand: Hand | Recurrent, changes: dict[str, Callable[..., float]], digits: int = 17) -> Marks:
    hand.changes |= changes
    return mark(hand.graph(), {key: f"{x:.{digits}g}" for key, x in hand.derive().items()}, lr=hand.rate)


def test_an_error_is_carried_from_the_nearest_wrong_answer_that_it_came_through() -> None:
    found = marked(networks()["2-3-1 tanh"], {"net_o1": lambda right, w, a, b: right - b})
    assert found.first_wrong is not None
    assert found.first_wrong.name == "net_o1"
    assert found["out_o1"].given == ["net_o1"]
    assert found["delta_h1"].given == ["dE_total/dout_h1"]
    assert found["dE/dw1"].given == ["delta_h1"]  # not the net input, from which it all began
    assert found["w1+"].given == ["dE_total/dw1"]


def test_a_wrong_slope_is_carried_also_where_nodes_without_names_are_between() -> None:
    made = worked_example().error
    found = mark(made, {"dE_o1/dout_o1": "-0.7413650696", "delta_o1": "-0.1384985616", "dE/dw5": "-0.0821670406"})
    assert [each.verdict for each in found] == ["wrong", "carried", "carried"]
    assert found["delta_o1"].given == ["dE_o1/dout_o1"]
    assert found["dE/dw5"].given == ["delta_o1"]


def test_rounded_numbers_are_named_that_an_answer_follows_from() -> None:
    answers = {"out_h1": "0.593", "out_o1": "0.751", "delta_o1": "0.139", "dE/dw5": "0.0824"}  # 0.139 * 0.593
    found = mark(worked_example().error, answers)
    assert [each.verdict for each in found] == ["right", "right", "rounded", "rounded"]
    assert "delta_o1" in found["dE/dw5"].given
    assert found["delta_o1"].given == ["out_o1"]
    assert not found.ok
    assert found.first_wrong is None
    assert mark(worked_example().error, {"dE/dw5": "0.0824"})["dE/dw5"].keys == [
        "rounded"
    ]  # of what is not written down


@pytest.mark.parametrize("name", ["net_h1", "out_o1", "dE/dout_o1", "delta_h1", "dE/dw5", "dE/dw1", "w5+"])
def test_answers_of_one_digit_have_no_causes_but_a_sign_or_that_they_cannot_be(name: str) -> None:
    made = worked_example().error
    for answer in ("0.1", "0.2", "-0.3", "0.4", "5", "-0.05", "0.006", "70"):
        [found] = mark(made, {name: answer}, lr=0.5)
        assert found.verdict in ("right", "few", "wrong")
        assert set(found.keys) <= {"sign", "rounded", "outside"}, found


def test_few_digits_name_likely_mistakes_only_and_many_name_any() -> None:
    made = worked_example().error
    assert mark(made, {"delta_o1": "0.74"})["delta_o1"].keys[0] == "omitted"
    far = {"dE/dw1": 0.00043856773 * 0.59326999 / 0.5}  # nothing that people do
    assert mark(made, {key: f"{x:.9g}" for key, x in far.items()})["dE/dw1"].keys == []


def test_no_cause_is_said_twice() -> None:
    made = worked_example().error
    for answers in ({"E": "0.596742217"}, {"E_o1": "0.549622166"}, {"dE/dw5": "0.164334081"}):
        [found] = mark(made, answers)
        assert len(set(found.causes)) == len(found.causes) >= 1


def test_only_things_of_a_like_kind_are_taken_for_one_another() -> None:
    made = worked_example()
    names = {"w": "weight", "b": "bias", "i": "input", "t": "target"}
    from tinygrad_bp.lessons.derivation import Derivation
    from tinygrad_bp.lessons.equations import Equations
    from tinygrad_bp.lessons.marking.forward import Forward

    found = Derivation(made.error)
    forward = Forward(found, Equations(found))
    leaves = [v for v in found.order if v.op is None]
    for n in found.order:
        for place, partner in enumerate(n.operands):
            if n.op is not None and n.op.name in ("mul", "dot") and isinstance(partner, Value) and partner in leaves:
                others = [
                    v for v, _ in forward.likeness.instead(n, 1 - place if n.op.name == "mul" else place, partner)
                ]
                kinds = {names[v.label[0]] for v in others if v.op is None and v not in n.operands and v.label}
                assert kinds <= {names[partner.label[0]]}, (partner.label, kinds)


def test_a_path_and_a_slope_are_both_forgotten() -> None:
    hand = networks()["2-2-2"]
    deltas: dict[str, Any] = {}

    def path(right: float, d: list[float], w: list[float]) -> float:
        deltas.setdefault("one", d[0] * w[0])  # of the hidden layer, before that of the inputs
        return right

    marked(hand, {"dE/dout_h1": path})
    found = mark(networks()["2-2-2"].graph(), {"delta_h1": f"{deltas['one']:.5g}"})
    assert set(found["delta_h1"].keys) == {"omitted", "path"}


def test_a_net_input_is_taken_for_an_output_at_one_step_of_time() -> None:
    hand = Recurrent()
    found = marked(hand, {"dL/du": lambda right, parts, d, h, n, x: right + d[2] * (n[1] - h[1])}, 7)
    assert found["dL/du"].keys[0] == "replaced"
    assert "n1 is taken for" in found["dL/du"].causes[0]


def test_the_mistakes_of_a_quantity_are_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    of = Causes.of
    monkeypatch.setattr(Causes, "of", lambda self, step, world: asked.append(step.name) or of(self, step, world))
    mark(worked_example().error, {"dE/dw1": "0.123456"})
    assert asked == ["dE_total/dw1"]


@pytest.mark.parametrize(("name", "p"), [("delta_o2[1]", 0.66131479), ("delta_o1[2]", 0.43433888)])
def test_of_a_mean_of_cases_the_target_that_is_forgotten_is_the_right_one(name: str, p: float) -> None:
    found = mark(rounds.softmax_batch(), {name: f"{p / 2:.6g}"})[name]
    assert found.keys[0] == "targetForgotten"
    assert found.causes[0] == "This is what comes out if the target 1 is not subtracted from the probability."
