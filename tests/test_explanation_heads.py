"""Explanations of attention go by the names that its quantities have without any label."""

from __future__ import annotations

import pytest

from tests.attention import attention_loss
from tinygrad_bp import Value, explain
from tinygrad_bp.core.order import topological_order


def unlabelled(loss: Value) -> tuple[Value, Value]:
    """The loss without any label, and what was called q11."""
    order = topological_order(loss, constants=False)
    x = next(v for v in order if v.label == "q11")
    for v in order:
        v.label = ""
    return loss, x


@pytest.mark.parametrize("plain", [False, True])
def test_heads_are_stations_without_a_label(plain: bool) -> None:
    loss, x = unlabelled(attention_loss(plain=plain))
    found = explain(loss, x)
    text = found.text(width=1000)
    assert text.splitlines()[0].endswith("+ dy/dquery_head1_at3 * dquery_head1_at3/dx")
    assert (
        "score_head1_at3_of2 = query_head1_at3 * key_head1_at2" in text
    )  # the key is not on the way from x, and has its name
    assert found.path_count == sum(seen**2 for seen in (1, 2, 3))
    loss.backward()
    assert found.total == x.grad


def test_how_a_head_comes_about_is_told_by_the_same_names() -> None:
    loss, _ = unlabelled(attention_loss())
    told = {step["name"]: step["formula"] for step in explain(loss).to_dict()["steps"]}
    assert told["score_head2_at2_of1"] == "query_head2_at2 * key_head2_at1"
    assert told["taken_head2_at1"] == "share_head2_at1_of1 * value_head2_at1"


def test_a_label_of_something_else_keeps_its_name() -> None:
    loss = attention_loss()
    x = next(v for v in topological_order(loss, constants=False) if v.label == "q11")
    x.label = "query_head1_at2"
    found = explain(loss, x)
    assert found.name(x) == "query_head1_at2"
    assert "query_head1_at1" in found.called.values()
    assert len(set(found.called.values())) == len(found.called)


def test_whoever_labels_what_a_head_computes_has_chosen_the_stations() -> None:
    loss = attention_loss()
    order = topological_order(loss, constants=False)
    x = next(v for v in order if v.label == "q11")
    next(v for v in order if any(arg is x for arg in v.args)).label = "asked"
    assert {name for name in explain(loss, x).called.values() if "head" in name} == set()
    assert [step["name"] for step in explain(loss).to_dict()["steps"] if "head" in step["name"]] == []
