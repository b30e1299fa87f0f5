"""Lessons about formulas without neurons: every quantity is derived, in words and symbols of physics."""

from __future__ import annotations

import math
import re

import pytest

from tests import rounds
from tests.evaluated import disagreements
from tests.rounds import named
from tinygrad_bp import Value, explain, lesson
from tinygrad_bp.explanation.names import columns, latex_name, multiple_of_pi
from tinygrad_bp.lessons.blocks import Equation, Picture
from tinygrad_bp.lessons.derivation import Derivation


def oscillation() -> Value:
    """A damped pendulum, with names that inputs and targets of networks have, too."""
    L, g, gamma, theta = (Value(x, name) for x, name in ((1.2, "L"), (9.81, "g"), (0.15, "gamma"), (0.3, "theta")))
    A, t = Value(2.0, "A"), Value(3.0, "t")
    first = named(2 * math.pi * (L / g) ** 0.5, "T_0")
    k = named(1 + theta**2 / 16, "k")
    omega = named(2 * math.pi / named(first * k, "T"), "omega")
    return named(A * (-gamma * t).exp() * (omega * t).cos(), "s")


def work() -> Value:
    x, v, y, z = (Value(number, name) for number, name in ((2.0, "x"), (3.0, "v"), (1.5, "y"), (-0.5, "z")))
    return named(x * v**2 / 2 + y * z, "F")


def fit() -> Value:
    w, x, b, t = (Value(number, name) for number, name in ((2.0, "w"), (3.0, "x"), (1.5, "b"), (-0.5, "t")))
    return named((w * x + b - t) ** 2, "E")


def test_of_a_formula_every_leaf_is_derived() -> None:
    text = lesson(work()).text(width=1000)
    assert "dF/dx = 0.5 * v ** 2 = 0.5 * 3 ** 2 = 4.5" in text
    assert "dF/dy = z = -0.5" in text
    s = oscillation()
    assert {v.label for v in Derivation(s).parameters} == {"L", "g", "gamma", "theta", "A", "t"}
    found = lesson(s)
    assert "ds/dt = " in found.text()
    assert disagreements(found.derivation, found.blocks)[1] == []
    assert "input" not in found.text()


def test_what_is_to_learn_keeps_its_inputs_and_says_why() -> None:
    assert {v.label for v in Derivation(fit()).parameters} == {"w", "b"}
    assert "so there is no derivative with respect to it here" in " ".join(lesson(fit()).text().split())


def test_each_leaf_acts_as_it_does() -> None:
    text = lesson(oscillation()).text(width=1000)
    for sentence in ("A acts on s directly.", "t acts on s directly.", "k acts through T.", "L acts through T_0."):
        assert sentence in text
    assert "So does" not in text
    x, v = Value(2.0, "x"), Value(3.0, "v")
    k = named(x * v, "k")
    both = lesson(named(k * k + x * 3, "G"))
    assert "x acts on G directly, and through k. What comes from each adds up." in both.text(width=1000)
    assert "dG/dx = dG/dk * dk/dx + ∂G/∂x = 12 * 3 + 3" in both.text(width=1000)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_words_are_of_quantities_and_a_result(language: str) -> None:
    text = lesson(oscillation(), lr=0.001, language=language).text(width=1000)
    for word in (
        ("error", "weight", "parameter") if language == "en" else ("誤差を", "誤差は", "その重み", "パラメータ")
    ):
        assert word not in text
    assert (
        "does not say that a quantity moves by itself"
        if language == "en"
        else "ひとりでに変わるという意味ではありません"
    ) in text
    assert "ひとりでに" not in lesson(oscillation(), language=language).text()


def test_the_picture_has_the_right_gradients() -> None:
    s = oscillation()
    [picture] = [block for block in lesson(s).blocks if isinstance(block, Picture)]
    svg = picture.drawing.svg()
    assert "-0.3988" in svg or "−0.3988" in svg
    assert all(v.grad == 0.0 for v in Derivation(s).order)


def test_multiples_of_pi() -> None:
    assert multiple_of_pi(2 * math.pi) == (2, 1)
    assert multiple_of_pi(-3 * math.pi / 4) == (-3, 4)
    assert multiple_of_pi(math.tau / 3) == (2, 3)
    assert [multiple_of_pi(x) for x in (0.0, 1.0, 3.14159265, 6.283, math.inf, math.e)] == [None] * 6
    found = lesson(oscillation())
    assert "T_0 = 2 * pi * (L / g) ** 0.5" in found.text(width=1000)
    assert r"2\pi" in found.latex()


def test_quotients_stand_as_in_textbooks() -> None:
    text = lesson(oscillation()).text(width=1000)
    assert "ds/dT_0 * pi * (L / g) ** (-0.5) / g = " in text
    assert "(-pi * (L / g) ** (-0.5) * L / g ** 2)" in text
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    text = lesson(named(a / (2 * b), "y")).text(width=1000)
    assert "dy/da = 1 / (2 * b)" in text
    assert "--" not in re.sub("---+", "", text)


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("theta", r"\theta"), ("theta1", r"\theta_{1}"), ("omega_0", r"\omega_{0}"), ("Delta_T", r"\Delta_{T}"), ("Omega", r"\Omega"),
        ("varphi_max", r"\varphi_{\mathrm{max}}"), ("net_theta", r"\mathrm{net}_{\theta}"), ("Alpha", r"\mathrm{A}"), ("omicron", "o"),
        ("thetas", r"\mathrm{thetas}"), ("θ", r"\theta"), ("ω_0", r"\omega_{0}"), ("mu[2]", r"{\mu^{[2]}}"), ("beta", r"\beta"),
    ],
)  # fmt: skip
def test_greek_letters_are_symbols(name: str, latex: str) -> None:
    assert latex_name(name) == latex


def test_on_the_page_greek_letters_are_letters() -> None:
    page = lesson(oscillation()).html()
    assert "<mi>θ</mi>" in page
    assert "<mi>ω</mi>" in page
    assert re.search("m?text>(theta|omega)<", page) is None


def test_hyphens_between_numbers_do_not_break() -> None:
    found = lesson(work(), title="A lesson about a 2-2-2 network")
    assert "a 2\u20112\u20112 network" in found.html()
    assert r"\mbox{2-{}2-{}2}" in found.latex()


def test_a_result_without_a_label_is_called_in_the_picture_as_in_the_text() -> None:
    w = Value(0.9, "w")
    found = lesson((w * w - 1.0 / 3) ** 2)
    [picture] = [block for block in found.blocks if isinstance(block, Picture)]
    assert picture.drawing.title == "Computation graph of y"
    bare = lesson((Value(0.9) * Value(0.5)).tanh())
    [picture] = [block for block in bare.blocks if isinstance(block, Picture)]
    assert picture.drawing.title == "Computation graph of y"
    assert {"v1", "v2", "v3"} <= set(re.findall(r"\w+", picture.drawing.source))


def unlabelled(steps: int) -> Value:
    a, b = Value(0.3, "a"), Value(-0.7, "b")
    found = a * b
    for k in range(steps):
        found = (found * a + b * (0.3 * k)).tanh() + a**2
    return named(found, "F")


@pytest.mark.parametrize("steps", [3, 12])
def test_long_formulas_without_labels_go_from_symbols_over_numbers_to_the_result(steps: int) -> None:
    found = lesson(unlabelled(steps), lr=0.1)
    assert disagreements(found.derivation, found.blocks)[1] == []
    parts = [found.derivation.names[v] for v in found.derivation.parts]
    assert parts == [f"v{k}" for k in range(1, steps)]
    assert "Where a formula would be too long to read, parts of it have names of their own: v1" in found.text(width=200)
    computed = [block for block in found.blocks if isinstance(block, Equation) and block.left.text in {*parts, "F"}]
    assert [len(block.rows) for block in computed] == [*[3] * steps, 1]  # the last one is the result after the step
    derived = [block for block in found.blocks if isinstance(block, Equation) and block.left.text.startswith("dF/d")]
    assert [block.left.text for block in derived if len(block.rows) < 3] == []


def test_lines_of_a_long_formula_are_broken_before_operators_alone() -> None:
    for line in [*lesson(unlabelled(12)).text().splitlines(), *explain(unlabelled(12)).text().splitlines()]:
        assert columns(line) <= 80
        assert not re.search(r"(\*|/| [-+=]|\($)$", line), line


def test_a_factor_of_1_over_something_divides() -> None:
    length, g = Value(1.2, "L"), Value(9.81, "g")
    text = lesson(named((length / g) ** 0.5, "T"), by="node").text()
    assert "= dT/dv1 / g" in text
    assert "* 1 /" not in text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_number_is_broken_over_lines(language: str) -> None:
    found = lesson(rounds.batch(), lr=0.5, language=language)
    pattern = r"(?<![\w.])\d+\.\d+(?:e-?\d+)?"
    numbers = set(re.findall(pattern, found.text(width=4000)))
    for width in (80, 60, 40, 30):
        assert set(re.findall(pattern, found.text(width=width))) <= numbers
