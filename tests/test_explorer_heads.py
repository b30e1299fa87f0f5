"""Heads of attention on the page: positions and whole heads are boxes that fold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.attention import attention_loss
from tests.explorer import Explorer
from tinygrad_bp import explore
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.explanation.attention import attention, names_of_attention
from tinygrad_bp.explorer.description import describe
from tinygrad_bp.explorer.subject import of_value


def test_a_page_folds_positions_and_whole_heads() -> None:
    told, _ = describe(of_value(attention_loss()))
    boxes = {
        level: [(box["number"], box["name"]) for box in told["folds"][level]["boxes"] if box["kind"] == "head"]
        for level in ("neuron", "layer")
    }
    assert sorted(boxes["neuron"]) == [(h, str(t)) for h in (1, 2) for t in (1, 2, 3)]
    assert sorted(boxes["layer"]) == [(1, ""), (2, "")]
    assert "score_head2_at3_of1" in {node.get("label") for node in told["nodes"]}
    assert told["network"] is None


def test_a_page_folds_heads_alone_where_positions_look_at_each_other() -> None:
    told, _ = describe(of_value(attention_loss(causal=False)))
    assert [box["number"] for box in told["folds"]["neuron"]["boxes"] if box["kind"] == "head"] == [1, 2]
    assert told["folds"]["layer"] is None


@pytest.mark.extras
@pytest.mark.browser
def test_what_boxes_of_heads_say_has_room(open_page: Any, tmp_path: Path) -> None:
    loss = attention_loss()
    page = open_page(explore(loss).save(tmp_path / "heads.html"), viewport={"width": 1280, "height": 720})
    explorer = Explorer(page)
    explorer.panel("settings")
    explorer.click("[data-level=neuron]")
    explorer.rest()
    explorer.press("End")
    boxes = page.locator(".computation .cover").all_text_contents()
    assert len(boxes) == 6
    assert "…" not in "".join(boxes)
    [last] = [text for text in boxes if "Head 2, position 3" in text]
    names = names_of_attention(attention(topological_order(loss)))
    [taken] = [v.data for v, name in names.items() if name == "taken_head2_at3"]
    assert f"taken {taken:.9f}"[:13] in last
    explorer.click("[data-level=layer]")
    heads = page.locator(".computation .cover").all_text_contents()
    assert [f"▸ Head {number}taken_at1 " in text for number, text in enumerate(heads, 1)] == [True, True]
    assert "…" not in "".join(heads)
