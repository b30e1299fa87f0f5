"""Heads of attention: found in any graph that has them, and told one position at a time."""

from __future__ import annotations

import re

import pytest

from tests.attention import attention_loss, gpt_loss
from tests.evaluated import disagreements
from tinygrad_bp import Value, dot, draw, softmax
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.explanation.attention import Look, attention, names_of_attention, positions
from tinygrad_bp.explanation.names import number
from tinygrad_bp.lessons import exercise, lesson, mark
from tinygrad_bp.lessons.blocks import Equation, Table
from tinygrad_bp.lessons.writers.pieces import plain

STYLES = {"with dot": False, "plain": True}


def looks(loss: Value) -> list[Look]:
    return attention(topological_order(loss, constants=False))


def places(loss: Value) -> list[tuple[int, int, int]]:
    return [(look.layer, look.head, look.position) for look in looks(loss)]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("width", [2, 4])
@pytest.mark.parametrize("causal", [True, False])
def test_heads_and_positions_are_found_however_they_are_written(style: str, width: int, *, causal: bool) -> None:
    found = looks(attention_loss(plain=STYLES[style], width=width, causal=causal))
    assert [(look.head, look.position) for look in found] == [(h, t) for h in (1, 2) for t in (1, 2, 3)]
    for look in found:
        assert look.at == (tuple(range(1, look.position + 1)) if causal else (1, 2, 3))
        assert len(look.query) == len(look.taken) == width // 2
        assert [round(sum(share.data for share in look.shares), 12)] == [1.0]
        numbers = [sum(a.data * b.data for a, b in zip(look.query, key, strict=True)) for key in look.keys]
        assert [x / (width / 2) ** 0.5 for x in numbers] == pytest.approx([score.data for score in look.scores])
        for k, taken in enumerate(look.taken):
            terms = [share.data * v[k].data for share, v in zip(look.shares, look.values, strict=True)]
            assert sum(terms) == pytest.approx(taken.data)


@pytest.mark.parametrize("style", STYLES)
def test_the_heads_of_several_layers_are_numbered_on(style: str) -> None:
    loss, _ = gpt_loss([0, 1, 2, 3], plain=STYLES[style])
    assert places(loss) == [(1 + (h > 2), h, t) for h in (1, 2, 3, 4) for t in (1, 2, 3)]
    names = set(names_of_attention(looks(loss)).values())
    assert {"query_head3_at2_1", "score_head1_at3_of2", "taken_head4_at1_2", "input_layer1_at1_4"} <= names


def test_heads_that_share_their_keys_are_told_apart() -> None:
    key = [Value(0.3, "k") * x for x in (0.5, -0.2, 0.9)]
    taken = []
    for t in range(3):
        for name in ("a", "b"):
            query = Value(0.7, name) * (t + 1.0)
            taken.append(dot(softmax([dot([query], [k]) for k in key[: t + 1]]), key[: t + 1]))
    assert places(sum(taken[1:], taken[0])) == [(1, h, t) for h in (1, 2) for t in (1, 2, 3)]


def test_a_softmax_that_nothing_is_weighted_by_and_a_gate_are_no_heads() -> None:
    x = [Value(0.2, "x1") * 1.5, Value(-0.4, "x2") * 0.5]
    weights = [[Value(0.3 * i - 0.2 * j, f"w{i}{j}") for j in (1, 2)] for i in (1, 2)]
    shares = softmax([dot(row, x) for row in weights])
    assert looks(-shares[0].log()) == []
    assert looks(dot(shares, [x[0].tanh(), x[1].sin()])) == []  # a mixture of experts
    assert looks(dot(shares, x) + Value(1.0)) == []


def test_positions_reach_back_to_what_is_for_one_alone_and_up_to_where_several_meet() -> None:
    loss, parameters = gpt_loss([0, 1, 2], layers=1)
    order = topological_order(loss, constants=False)
    found = positions(order, attention(order))
    assert found[loss] is None
    assert set(found.values()) == {None, 1, 2}
    assert not set(parameters) & set(found)


@pytest.mark.parametrize(("style", "width"), [("with dot", 2), ("plain", 2)])
def test_every_equation_of_a_lesson_on_heads_holds(style: str, width: int) -> None:
    told = lesson(attention_loss(plain=STYLES[style], width=width), lr=0.1)
    count, wrong = disagreements(told.derivation, told.blocks)
    assert not wrong
    assert count > 100


@pytest.mark.parametrize("style", STYLES)
def test_one_position_of_one_head_is_told_and_the_others_have_their_numbers(style: str) -> None:
    told = lesson(attention_loss(plain=STYLES[style]))
    left = [block.left.text for block in told.blocks if isinstance(block, Equation)]
    heads = [name for name in left if re.search(r"head\d", name)]
    assert heads
    assert all("head1_at3" in name for name in heads)
    assert {"query_head1_at3", "share_head1_at3_of2", "dloss/dscore_head1_at3_of1", "dloss/dq22"} <= set(left)
    cells = {plain(cell) for block in told.blocks if isinstance(block, Table) for row in block.rows for cell in row}
    names = told.derivation.names
    for look in told.derivation.looks:
        for part in look.parts():
            assert names[part.value] in heads or number(part.value.data, 9) in cells
    assert all(len(line) <= 80 for line in str(told).splitlines())


def test_what_is_followed_is_told_by_its_own_head() -> None:
    text = str(lesson(attention_loss(), x="k21"))
    assert "Head 2 at position 3" in text
    assert "Head 1 at position 3" not in text
    assert "dloss/dk21 = dloss/dkey_head2_at1" in " ".join(text.split())
    assert "with 16 parameters" in " ".join(text.split())


def test_heads_are_told_in_japanese() -> None:
    text = "".join(str(lesson(attention_loss(), language="ja")).split())
    assert "これはアテンションです。2個のヘッドが3個の位置で計算し、" in text
    assert "ヘッド1、位置3" in text
    assert "ヘッド2は、自分のパラメータでヘッド1と同じ計算をします。" in text


def test_a_gpt_is_told_layer_by_layer() -> None:
    told = lesson(gpt_loss([0, 1, 2], layers=1, plain=False)[0], x="q0_0_0")
    left = [block.left.text for block in told.blocks if isinstance(block, Equation)]
    assert left.index("input_at2_1") < left.index("query_head1_at2_1") < left.index("loss")
    assert left[-1] == "dloss/dq0_0_0"


def test_an_exercise_on_heads_is_solved_by_its_numbers() -> None:
    loss = attention_loss()
    sheet = exercise(loss, lr=0.1)
    asked = [blank.step.name for blank in sheet.asked]
    assert any("head" in name for name in asked)
    steps = {step.name: step.value for step in lesson(loss, lr=0.1).derivation.steps}
    found = mark(loss, {name: steps[name] for name in asked}, lr=0.1)
    assert [each.verdict for each in found] == ["right"] * len(asked)


def test_pictures_frame_heads_and_positions_and_fold_them() -> None:
    loss = attention_loss(plain=True)
    source = draw(loss).source
    for name in ("head 1", "head 2", "head 1 at 1", "head 2 at 3"):
        assert f">{name}<" in source or f"label=<{name}>" in source
    folded = draw(loss, collapse=True).source
    assert folded.count("head 1 at 3") == source.count("head 1 at 3") >= 1
    assert len(folded.splitlines()) < len(source.splitlines()) / 2
    assert len(draw(loss, collapse=["head 1", "head 2"]).source.splitlines()) < len(folded.splitlines())
