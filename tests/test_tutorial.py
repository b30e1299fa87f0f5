"""The worked example: every printed figure, the errata, and that a wrong derivation is found out."""

import math
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest

from tinygrad_bp import Value, tanh
from tinygrad_bp.cli.walking import steps
from tinygrad_bp.drawing import curve
from tinygrad_bp.explanation.names import columns
from tinygrad_bp.lessons import by_hand, lesson
from tinygrad_bp.lessons.audit import (
    ERRATUM,
    FAILS,
    HOLDS,
    NOT_JUDGED,
    agree,
    central_difference,
    decimals,
    rounds_to,
)
from tinygrad_bp.lessons.blocks import Equation, Folded, Paragraph, Table
from tinygrad_bp.tutorial import comparison, derivation
from tinygrad_bp.tutorial.comparison import compare
from tinygrad_bp.tutorial.figures import FIGURES, PRINTED, STAGES, setup
from tinygrad_bp.tutorial.network import network
from tinygrad_bp.tutorial.report import Report
from tinygrad_bp.tutorial.training import train
from tinygrad_bp.words import LANGUAGES, words

# quantity, printed, exact to 18 decimals (the last one to 17), from a computation of its own
TUTORIAL = [
    ("net_h1", "0.3775", "0.3775"),
    ("out_h1", "0.593269992", "0.593269992107187255"),
    ("out_h2", "0.596884378", "0.596884378259767056"),
    ("net_o1", "1.105905967", "1.105905967059770077"),
    ("out_o1", "0.75136507", "0.751365069552315708"),
    ("out_o2", "0.772928465", "0.772928465321462589"),
    ("E_o1", "0.274811083", "0.274811083176154954"),
    ("E_o2", "0.023560026", "0.023560025583847735"),
    ("E_total", "0.298371109", "0.298371108760002689"),
    ("dE_total/dout_o1", "0.74136507", "0.741365069552315708"),
    ("dout_o1/dnet_o1", "0.186815602", "0.186815601808959487"),
    ("dnet_o1/dw5", "0.593269992", "0.593269992107187255"),
    ("dE_total/dw5", "0.082167041", "0.082167040564230779"),
    ("w5+", "0.35891648", "0.358916479717884611"),
    ("w6+", "0.408666186", "0.408666186076233372"),
    ("w7+", "0.511301270", "0.51130127023873753"),
    ("w8+", "0.561370121", "0.561370121107989105"),
    ("dE_o1/dnet_o1", "0.138498562", "0.138498561628556966"),
    ("dnet_o1/dout_h1", "0.40", "0.4"),
    ("dE_o1/dout_h1", "0.055399425", "0.055399424651422786"),
    ("dE_o2/dout_h1", "-0.019049119", "-0.019049118258278108"),
    ("dE_total/dout_h1", "0.036350306", "0.036350306393144678"),
    ("dout_h1/dnet_h1", "0.241300709", "0.241300708572325227"),
    ("dnet_h1/dw1", "0.05", "0.05"),
    ("dE_total/dw1", "0.000438568", "0.000438567734474347"),
    ("w1+", "0.149780716", "0.149780716132762827"),
    ("w2+", "0.19956143", "0.199561432265525653"),
    ("w3+", "0.24975114", "0.24975114363236957"),
    ("w4+", "0.29950229", "0.29950228726473914"),
    ("E_total after 1 update", "0.291027924", "0.291027773693599351"),
    ("E_total after 10000 rounds", "0.0000351085", "0.00003510854812251"),
]
ERRATA = ["dE_o2/dout_h1", "E_total after 1 update", "E_total after 10000 rounds"]
SHORT = {"rounds": 3}


@pytest.fixture(scope="module")
def full() -> Any:
    return compare()


@pytest.fixture(scope="module")
def short() -> Any:
    return compare(**SHORT)


def verdicts(found: Any) -> Any:
    return {row.quantity: row.verdict for row in found.rows}


def note(found: Any, quantity: Any) -> Any:
    return next(row.reason(words()) for row in found.rows if row.quantity == quantity)


# The figures


def test_the_figures_are_those_of_the_text_in_its_order() -> None:
    assert [(figure.quantity, figure.printed) for figure in FIGURES] == [
        (quantity, printed) for quantity, printed, _ in TUTORIAL
    ]
    assert {figure.stage for figure in FIGURES} == set(STAGES)


def test_28_figures_hold_and_three_are_errata(full: Any) -> None:
    assert full.holds
    assert full.first_difference is None
    assert verdicts(full) == {quantity: ERRATUM if quantity in ERRATA else HOLDS for quantity, _, _ in TUTORIAL}


@pytest.mark.parametrize(("place", "exact"), list(enumerate(exact for _, _, exact in TUTORIAL)))
def test_exact_values_agree_with_a_computation_of_their_own(full: Any, place: Any, exact: Any) -> None:
    one_unit = Decimal(1).scaleb(Decimal(exact).as_tuple().exponent)
    assert abs(full.rows[place].exact - Decimal(exact)) <= one_unit


def test_hand_and_autograd_agree_with_the_exact_values(full: Any) -> None:
    for row in full.rows[:-1]:
        assert row.hand == pytest.approx(float(row.exact), rel=3e-15)
        assert row.autograd == pytest.approx(float(row.exact), rel=3e-15)
    assert full.rows[-1].hand == pytest.approx(float(full.rows[-1].exact), rel=1e-11)  # 9,999 updates round 9,999 times


def test_central_differences_agree_where_there_is_something_to_differentiate(full: Any) -> None:
    for row in full.rows:
        if "/" in row.quantity or row.quantity.endswith("+"):
            assert row.difference == pytest.approx(row.autograd, rel=1e-7)
        else:
            assert row.difference is None


def test_the_gradients_of_the_biases(full: Any) -> None:
    assert full.ways["hand"]["dE_total/db1"] == pytest.approx(0.018725609394704, rel=1e-13)
    assert full.ways["hand"]["dE_total/db2"] == pytest.approx(0.100400325112001, rel=1e-13)
    assert agree(full.values["b1"].grad, full.ways["hand"]["dE_total/db1"])
    assert agree(full.values["b2"].grad, full.ways["hand"]["dE_total/db2"])


def test_every_quantity_by_hand_is_what_autograd_says(full: Any) -> None:
    assert len(full.ways["autograd"]) > 50
    for name, number in full.ways["autograd"].items():
        assert agree(full.ways["hand"][name], number), name
        if name.startswith("dE_total/d"):
            assert agree(full.values[name.removeprefix("dE_total/d")].grad, number), name


def test_the_network_is_labelled_as_in_the_text() -> None:
    values = network(setup(float))
    leaves = "i1 i2 target_o1 target_o2 w1 w2 w3 w4 w5 w6 w7 w8 b1 b2"
    nodes = "net_h1 net_h2 out_h1 out_h2 net_o1 net_o2 out_o1 out_o2 E_o1 E_o2 E_total"
    assert sorted(values) == sorted(f"{leaves} {nodes}".split())
    assert all(value.label == name for name, value in values.items())


def test_a_central_difference_by_an_interior_value() -> None:
    x = Value(0.3, "x")
    inner = tanh(x)
    y = inner * inner + 2.0 * x
    assert central_difference(y, inner) == pytest.approx(2 * math.tanh(0.3), rel=1e-9)
    assert central_difference(y, x) == pytest.approx(2 + 2 * math.tanh(0.3) * (1 - math.tanh(0.3) ** 2), rel=1e-9)


# Rounding as printed


@pytest.mark.parametrize(
    ("number", "printed", "holds"),
    [
        ("0.751365069552315708", "0.75136507", True),
        ("0.751365069552315708", "0.751365070", True),
        ("0.751365069552315708", "0.751365069", False),
        ("0.4", "0.40", True),
        ("-0.0190491182582781", "-0.019049118", True),
        ("-0.0190491182582781", "-0.019049119", False),
        ("0.0000351085481225", "0.0000351085", True),
        ("0.0000351018778298", "0.0000351085", False),
    ],
)
def test_rounding_to_the_printed_digits(number: str, printed: str, holds: bool) -> None:
    assert rounds_to(Decimal(number), printed) is holds


@pytest.mark.parametrize(
    ("a", "b", "equal"), [(0.1, 0.1, True), (0.1, 0.1 + 1e-16, True), (0.1, 0.1 + 3e-16, False), (0.0, 1e-300, False)]
)
def test_agreement_is_to_1e_15(a: float, b: Any, equal: bool) -> None:
    assert agree(a, b) is equal


# Errata


def test_the_errata_have_their_causes_computed(full: Any) -> None:
    assert [each.quantity for each in full.errata] == [*ERRATA, "net_h1 (its formula)"]
    assert all(each.explained for each in full.errata)
    assert [each.in_formula for each in full.errata] == [False, False, False, True]
    misprint, sequential, counting, slip = (each.cause(words()) for each in full.errata)
    assert "-0.019049118" in misprint
    assert "0.29102792391" in sequential
    assert "0.29102777369" in sequential
    assert "0.291027774" in sequential
    assert "3.510854812e-05" in counting
    assert "3.510187783e-05" in counting
    assert "0.3825" in slip


def test_the_outputs_of_other_editions_belong_to_the_sequential_update(full: Any) -> None:
    assert [(each.quantity, each.printed, each.explained) for each in full.editions] == [
        ("out_o1", "0.015912196", True),
        ("out_o2", "0.984065734", True),
    ]
    assert [round(each.sequential, 10) for each in full.editions] == [Decimal("0.0159121963"), Decimal("0.9840657345")]
    assert [round(each.simultaneous, 10) for each in full.editions] == [
        Decimal("0.0159136204"),
        Decimal("0.9840642735"),
    ]


def test_the_sequential_update_reproduces_the_printed_error() -> None:
    found = compare(rounds=1, sequential=True)
    row = next(row for row in found.rows if row.quantity == "E_total after 1 update")
    assert rounds_to(row.exact, "0.291027924")
    assert (round(row.hand, 9), round(row.autograd, 9)) == (0.291027924, 0.291027924)
    assert row.verdict == ERRATUM
    changed = {name for name, _, _ in found.mistakes()}
    assert {"dnet_o1/dout_h1", "dE_total/dw1", "w1+"} <= changed
    assert not changed & {"b1+", "b2+"}
    assert {name for name, _, _ in replace(found, train_biases=True).mistakes()} == changed | {"b1+"}
    assert not changed & {"dE_total/dw5", "w5+", "out_o1"}


@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize("train_biases", [False, True])
def test_training_by_autograd_is_training_by_hand(sequential: bool, train_biases: bool) -> None:
    how = {"sequential": sequential, "train_biases": train_biases}
    by_hand = train(setup(float), 200, exp=math.exp, **how)
    by_autograd = train(setup(float), 200, **how)
    assert all(map(agree, by_autograd.errors, by_hand.errors, range(201)))
    for found, expected in ((by_autograd.outputs, by_hand.outputs), (by_autograd.parameters, by_hand.parameters)):
        assert all(agree(found[name], expected[name], 200) for name in expected)
    assert len(by_hand.errors) == 201
    assert (by_hand.parameters["b1"] != 0.35) is train_biases
    assert by_hand.errors[-1] < by_hand.errors[0] / 10


def test_every_round_is_announced() -> None:
    rounds = []
    train(setup(float), 7, on_round=lambda: rounds.append(1))
    assert len(rounds) == 7


def test_training_that_leaves_all_bounds_is_refused() -> None:
    start = {**setup(float), "w5": math.inf, "w6": -math.inf}
    with pytest.raises(OverflowError, match="smaller learning rate"):
        train(start, 1, exp=math.exp)


# Options: what no longer applies is not judged, and says why


@pytest.mark.parametrize(
    ("options", "not_judged", "reason"),
    [
        ({"rounds": 9999}, {"E_total after 10000 rounds"}, "takes 10,000 rounds, and this training has 9,999"),
        ({"rounds": 0}, {"E_total after 1 update", "E_total after 10000 rounds"}, "takes 10,000 rounds"),
        (
            {"rounds": 2, "train_biases": True},
            {"E_total after 1 update", "E_total after 10000 rounds"},
            "biases that are not trained",
        ),
        (
            {"rounds": 2, "eta": Decimal("0.1")},
            {*(f"w{k}+" for k in range(1, 9)), "E_total after 1 update", "E_total after 10000 rounds"},
            "printed for learning rate 0.5, and this one is 0.1",
        ),
        ({"rounds": 2, "sequential": True}, {"E_total after 10000 rounds"}, "simultaneous update"),
    ],
)
def test_figures_printed_for_other_options_are_not_judged(options: Any, not_judged: Any, reason: str) -> None:
    found = compare(**options)
    assert {name for name, verdict in verdicts(found).items() if verdict == NOT_JUDGED} == not_judged
    assert reason in note(found, "E_total after 10000 rounds")
    assert found.holds


def test_what_is_not_judged_is_still_computed() -> None:
    found = compare(rounds=1, eta=Decimal("0.25"))
    row = next(row for row in found.rows if row.quantity == "w5+")
    assert row.hand == row.autograd == pytest.approx(0.4 - 0.25 * 0.0821670405642308, rel=1e-15)
    assert float(row.exact) == pytest.approx(row.hand, rel=1e-15)


def test_a_learning_rate_of_0_50_is_that_of_the_text() -> None:
    assert verdicts(compare(rounds=1, eta=Decimal("0.50")))["w5+"] == HOLDS


# A wrong derivation is found out

FACTORS = [name for name in derivation.one_round(math.exp, **setup(float), sequential=False) if "/" in name]


@pytest.mark.parametrize("factor", FACTORS)
def test_the_first_wrong_factor_is_named(monkeypatch: pytest.MonkeyPatch, factor: Any) -> None:
    def broken(*args: Any, **numbers: Any) -> Any:
        found = derivation.one_round(*args, **numbers)
        found[factor] *= 1 + type(found[factor])("1e-12")
        return found

    monkeypatch.setattr(comparison, "one_round", broken)
    found = compare(**SHORT)
    assert not found.holds
    assert found.first_difference(words()).startswith(f"The first factor that differs is {factor}: by hand ")
    assert found.conclusion().endswith(found.first_difference(words()))


def test_a_wrong_slope_of_the_logistic_function_is_found_where_it_is_first_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(derivation, "logistic_derivative", lambda out: out)
    found = compare(**SHORT)
    assert not found.holds
    assert "The first factor that differs is dout_o1/dnet_o1" in found.first_difference(words())
    assert found.first_difference(words()).endswith("is on the side of autograd.")
    assert verdicts(found)["dout_o1/dnet_o1"] == FAILS
    assert verdicts(found)["E_total"] == HOLDS


def test_a_figure_that_is_not_the_exact_value_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRINTED, "w6+", "0.40866619")
    assert compare(**SHORT).holds
    monkeypatch.setitem(PRINTED, "w6+", "0.408666187")
    found = compare(**SHORT)
    assert not found.holds
    assert found.first_difference(words()).startswith(
        "The first figure that differs is w6+: the exact value is not what is printed"
    )


@pytest.mark.parametrize(
    ("quantity", "printed"),
    [("dE_o2/dout_h1", "-0.019049120"), ("E_total after 1 update", "0.291027925"), ("net_h1", "0.3825")],
)
def test_an_erratum_that_its_cause_does_not_account_for_fails(
    monkeypatch: pytest.MonkeyPatch, quantity: str, printed: str
) -> None:
    monkeypatch.setitem(PRINTED, quantity, printed)
    found = compare(**SHORT)
    assert not found.holds
    assert verdicts(found)[quantity] == FAILS
    assert "not explained" in found.conclusion()


# The report


def test_the_facts_have_the_agreed_form(full: Any) -> None:
    found = full.to_dict()
    keys = ["quantity", "printed", "exact", "hand", "autograd", "difference", "verdict"]
    assert [list(figure) for figure in found["figures"]] == [keys] * 31
    assert list(found)[:2] == ["figures", "training"]
    for figure, (quantity, printed, exact) in zip(found["figures"], TUTORIAL, strict=True):
        assert (figure["quantity"], figure["printed"]) == (quantity, printed)
        assert re.fullmatch(r"-?\d+\.\d+", figure["exact"])
        assert figure["exact"].startswith(exact[:12])
    assert found["training"]["rounds"] == 10_000
    assert found["training"]["error_seen_by_last_round"] == pytest.approx(3.510854812e-05, rel=1e-9)
    assert found["training"]["error_after"] == pytest.approx(3.510187783e-05, rel=1e-9)
    assert found["holds"] is True


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0.40", "0.4"),
        ("1E-7", "0.0000001"),
        ("100", "100"),
        ("0.3333333333333333333333333333", "0.3333333333333333333333333"),
    ],
)
def test_decimals_are_written_without_an_exponent(number: str, text: str) -> None:
    assert decimals(Decimal(number)) == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_is_the_lesson_with_every_figure_beside_it(full: Any, language: str) -> None:
    told = Report(full, language).whole({"error-curve": curve.drawn(full.run.errors, "the curve")}, ["a note"])
    text = told.markdown()
    assert "a note" in text
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table
    say = words(language)
    for figure in FIGURES:
        row = next(line for line in text.splitlines() if f"| {figure.printed} |" in line and line.count("|") > 6)
        assert row.count("✓") + row.count("≠") == 1
    assert text.count(f"✓ {say('page.truth.holds')} |") == 28
    assert text.count(f"≠ {say('page.truth.erratum')} |") == 3
    assert say("lesson.part.backward") in text
    assert "![" in text
    page = told.html()
    assert "<polyline" in page
    assert "svg:not(.error-curve) { filter: invert" in page  # the curve is dark on a dark page by itself


def test_what_is_printed_for_10000_rounds_stands_beside_the_errors_after_9999_updates_and_after_10000(
    full: Any,
) -> None:
    lines = Report(full).screen().text().splitlines()
    [seen] = [line.split() for line in lines if "after 9,999 updates" in line and "e-05  3" in line]
    [last] = [line.split() for line in lines if "after 10,000 rounds" in line and "0.0000351085" in line]
    assert seen[-3:] == ["·", "3.51085481e-05", "3.51085481e-05"]
    assert last[-4:] == ["0.0000351085", "3.51018778e-05", "3.51018778e-05", "≠"]
    assert decimals(full.rows[-1].later[1]["exact"])[:16] in Report(full).whole({}).markdown()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_screen_opens_with_what_a_learner_needs(short: Any, language: str) -> None:
    text = Report(short, language).screen().text()
    told = [
        "0.741365 * 0.186816 * 0.593270",
        "0.036350",
        "w5+ = w5 - eta * dE_total/dw5",
        "0.298371 → 0.291028",
        "0.75136507",
    ]
    flat = " ".join(text.split())
    places = [flat.index(each) for each in told]
    assert places == sorted(places)
    audit = Report(short, language).screen(audit_only=True).text()
    assert text.endswith(audit)
    assert len(audit) < len(text)


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_screen_keeps_to_its_columns(short: Any, language: str, width: int) -> None:
    text = Report(replace(short, sequential=True, train_biases=True), language).screen(width=width).text(width=width)
    assert max(map(columns, text.splitlines())) <= width


def test_the_steps_of_a_walk_are_the_lesson_each_with_one_equation_or_table() -> None:
    found = steps(lesson(network(setup(float))["E_total"], lr=0.5).blocks)
    assert len(found) > 30
    assert all(isinstance(step[-1], Equation | Table | Paragraph | Folded) for step in found)
    assert all(sum(isinstance(block, Equation | Table) for block in step) <= 1 for step in found)


def test_by_hand_the_slope_loses_the_digits_that_the_report_says() -> None:
    slope = by_hand.logistic_derivative(by_hand.logistic(20.0, math.exp))
    exact = math.exp(-20) / (1 + math.exp(-20)) ** 2
    assert 1e-9 < abs(slope / exact - 1) < 1e-7


# The error curve


@pytest.mark.parametrize(
    "errors",
    [
        [0.3],
        [0.3, 0.3],
        [1.0],
        [0.3, 0.2, 0.1],
        [1.0, 1e-40, 0.0],
        [0.0, 0.0],
        [2e5, 3.0],
        [0.5 / (k + 1) for k in range(1001)],
    ],
)
def test_the_curve_is_drawn_within_its_frame(errors: Any) -> None:
    lines = curve.plot(errors)
    assert all(len(line) <= 76 for line in lines)
    assert len({line[8] for line in lines[:-1]} - set("┤│└")) == 0
    assert any("\u2800" < sign <= "\u28ff" for line in lines for sign in line)
    root = ElementTree.fromstring(curve.svg(errors, "title"))
    [points] = [line.get("points") for line in root.iter("{http://www.w3.org/2000/svg}polyline")]
    for point in points.split():
        x, y = map(float, point.split(","))
        assert 84 <= x <= 728
        assert 58 <= y <= 360


def test_a_falling_error_is_drawn_falling() -> None:
    lines = curve.plot([10.0**-k for k in range(5)])
    rows = [[x for x, sign in enumerate(line) if "\u2800" < sign <= "\u28ff"] for line in lines]
    firsts = [row[0] for row in rows if row]
    assert firsts == sorted(firsts)
    assert firsts[0] < 12 < 60 < firsts[-1]
    assert [line.split()[0] for line in lines if "┤" in line] == ["1e+00", "1e-01", "1e-02", "1e-03", "1e-04"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_counts_are_written_in_one_way_and_in_the_language(full: Any, language: str) -> None:
    for text in (Report(full, language).screen().text(), Report(full, language).whole({}).markdown()):
        assert "10000" not in text
        assert not re.search(r"\d 回", text)
        if language == "ja":
            assert "rounds" not in text
            assert "its formula" not in text
