"""Printed figures of a network that is not the tutorial's, held against what they are, and its round on one screen."""

import math
from decimal import Decimal
from typing import Any

import pytest

from tinygrad_bp import MLP, Value, grad, topological_order
from tinygrad_bp.explanation.names import columns
from tinygrad_bp.lessons import Document
from tinygrad_bp.lessons.audit import ERRATUM, FAILS, HOLDS, NOT_JUDGED, Audit, Erratum, derived, rows_of
from tinygrad_bp.lessons.audited import audited
from tinygrad_bp.lessons.blocks import Paragraph, Table
from tinygrad_bp.lessons.brief import Brief
from tinygrad_bp.lessons.course import Run, course, descend, recorded
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.words import LANGUAGES, Said, words

GIVEN = {"x": Decimal("3"), "w": Decimal("0.5"), "b": Decimal("-1"), "t": Decimal("1")}


def neuron() -> Value:
    leaves = {name: Value(float(x), name) for name, x in GIVEN.items()}
    net = leaves["w"] * leaves["x"] + leaves["b"]
    net.label = "net"
    error = (net - leaves["t"]) ** 2 / 2
    error.label = "E"
    return error


def by_hand(exp: Any, *, x: Any, w: Any, b: Any, t: Any) -> dict[str, Any]:
    net = w * x + b
    return {"net": net, "E": (net - t) ** 2 / 2, "dE/dw": (net - t) * x, "w+": w - (net - t) * x / 10}


def found(printed: dict[str, str], hand: Any = by_hand, **given: Any) -> Audit:
    ways = derived(Derivation(neuron(), learning_rate=0.1), hand, GIVEN)
    return Audit(rows=rows_of(printed, ways, **given), errata=given.get("errata", []), ways=ways)


def test_figures_that_are_rounded_rightly_hold() -> None:
    audit = found({"net": "0.5", "E": "0.125", "dE/dw": "-1.50", "w+": "0.65"})
    assert [row.verdict for row in audit.rows] == [HOLDS] * 4
    assert audit.holds
    assert audit.conclusion() == "4 of 4 figures hold."
    assert [row.difference is None for row in audit.rows] == [True, True, False, False]


def test_a_wrong_figure_is_named() -> None:
    audit = found({"net": "0.5", "E": "0.126"})
    assert [row.verdict for row in audit.rows] == [HOLDS, FAILS]
    assert not audit.holds
    assert audit.conclusion().endswith(
        "The first figure that differs is E: the exact value is not what is printed (printed 0.126, exact 0.125)."
    )


def test_a_wrong_derivation_is_named_and_the_difference_says_who_is_right() -> None:
    audit = found({"net": "0.5"}, lambda exp, **x: {**by_hand(exp, **x), "dE/dw": x["w"] * 2})
    assert not audit.holds
    assert audit.conclusion().endswith("is on the side of autograd.")
    assert "The first factor that differs is dE/dw: by hand 1.0, by autograd -1.5" in audit.conclusion()


@pytest.mark.parametrize(("explained", "verdict"), [(True, ERRATUM), (False, FAILS)])
def test_an_erratum_is_judged_by_its_cause(explained: bool, verdict: str) -> None:
    erratum = Erratum("E", "0.126", Decimal("0.125"), Said("audit.why.exact"), explained)
    audit = found({"E": "0.126"}, errata=[erratum])
    assert [row.verdict for row in audit.rows] == [verdict]
    assert audit.holds is explained
    assert ("not explained: E" in audit.conclusion()) is not explained
    assert audit.to_dict()["errata"][0]["exact"] == "0.125"


def test_what_is_not_to_be_judged_says_why() -> None:
    audit = found({"E": "0.126"}, reasons={"E": Said("tutorial.why.biases")})
    assert [row.verdict for row in audit.rows] == [NOT_JUDGED]
    assert audit.holds
    [table, why] = audited(audit.rows, words(), lambda name: name)
    assert isinstance(table, Table)
    assert isinstance(why, Paragraph)
    assert "biases that are not trained" in str(why.text)
    assert audit.to_dict()["not_judged"] == {"E": "printed for biases that are not trained"}


# On one screen


def loss_of(*sizes: int) -> Value:
    first, *widths = sizes
    net = MLP(first, widths, activation=["tanh"] * (len(widths) - 1) + [None], seed=3)
    outputs = net([0.5] * first)
    loss = sum([(out - 0.25) ** 2 for out in outputs[1:]], (outputs[0] - 0.25) ** 2)
    loss.label = "L"
    return loss


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("sizes", [(2, 3, 1), (3, 4, 4, 2), (2, 2), (1, 1)])
def test_any_network_fits_on_a_screen(sizes: tuple[int, ...], language: str) -> None:
    derivation = Derivation(loss_of(*sizes), learning_rate=0.5)
    say = words(language)
    text = Document(list(Brief(derivation, say, 6).blocks()), language).text(width=80)
    assert max(map(columns, text.splitlines())) <= 80
    middle = [] if len(sizes) == 2 else ["lesson.brief.path.why" if sizes[1:] == (3, 1) else "lesson.brief.sum.why"]
    keys = ["lesson.part.forward", *middle, "lesson.part.update"]
    text = " ".join(text.split())
    titles = [f"── {say(key)} ─" if ".part." in key else say(key, out="\0").split("\0")[-1][:24] for key in keys]
    places = [text.index(title) for title in titles]
    assert places == sorted(places)
    after = derivation.data({v: derivation.updated(v).value for v in derivation.parameters})[derivation.loss]
    assert f"{derivation.loss.data:.6f} → {after:.6f}" in text


# What came of a training


def test_the_course_of_a_training_has_its_first_and_last_errors() -> None:
    blocks = list(course(Run([0.5, 0.25, 1e-4, 1e-5], {"out": 0.75}, {}), words(), loss="E"))
    table = blocks[-1]
    assert isinstance(table, Table)
    assert [list(row) for row in table.rows] == [
        ["E before training", "0.500000000000"],
        ["E after 1 update", "0.250000000000"],
        ["E after 2 updates", "1.000000000e-04"],
        ["E after 3 updates", "1.000000000e-05"],
        ["out after 3 updates", "0.7500000000"],
    ]
    assert Document(blocks[:2]).text(width=80).count("⠀") == 0


def test_a_training_by_rounds_is_that_of_the_recorded_network_and_of_the_derivation() -> None:
    error = neuron()
    leaves = {v.label: v for v in topological_order(error, constants=False) if v.op is None}
    slopes = grad(error, [leaves["w"], leaves["b"]])
    new = {f"{name}+": leaves[name] - 0.1 * slope for name, slope in zip(("w", "b"), slopes, strict=True)}
    step = recorded({"E": error, **new}, list(leaves.values()))
    start = {name: float(x) for name, x in GIVEN.items()}
    seen: list[int] = []
    run = descend(step, start, 3, loss="E", outputs=["E"], parameters=["w", "b"], on_round=lambda: seen.append(1))
    errors = [((1 - 0.1 * (3.0**2 + 1)) ** k * -0.5) ** 2 / 2 for k in range(4)]
    assert run.errors == pytest.approx(errors, abs=1e-15)
    assert len(seen) == 3
    fixed = descend(step, start, 3, loss="E", outputs=[], parameters=["w", "b"], fixed=["b"])
    assert fixed.parameters["b"] == -1.0
    assert fixed.errors[1] == pytest.approx((0.1 * -0.5) ** 2 / 2, rel=1e-12)
    assert run.to_dict()["error_before"] == 0.125
    assert descend(step, start, 0, loss="E", outputs=[], parameters=[]).to_dict()["error_after_1_update"] is None
    with pytest.raises(OverflowError, match="E is inf after 0 updates; choose a smaller learning rate"):
        descend(step, {**start, "w": math.inf}, 1, loss="E", outputs=[], parameters=[])
