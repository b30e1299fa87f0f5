"""What a page hands over without a browser: the whole graph as a picture, and all its numbers as a table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.subjects import GRAPHS, LABELS, W, X, recurrent
from tinygrad_bp import Value, explore, sum_of
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Constant
from tinygrad_bp.explorer import Page


def rows(page: Page) -> list[list[str]]:
    return list(csv.reader(io.StringIO(page.csv())))


@pytest.mark.parametrize("name", ["tutorial", "all operations", "by hand", "random 3"])
def test_every_number_is_in_the_table(name: str) -> None:
    result = GRAPHS[name]()
    order = [v for v in topological_order(result) if not isinstance(v, Constant)]
    heading, *lines = rows(explore(result))
    assert heading == ["name", "formula", "data", "gradient"]
    assert [float(data) for _, _, data, _ in lines] == [v.data for v in order]
    result.backward()
    # By leaves, which add up over the tests, the gradient of this result alone.
    assert [float(grad) for *_, grad in lines][-1] == 1.0
    inner = [k for k, v in enumerate(order) if v.op is not None]
    assert [float(lines[k][3]) for k in inner] == [order[k].grad for k in inner]


def test_a_page_keeps_the_graph_as_it_was() -> None:
    w, x = Value(2.0, "w"), Value(3.0, "x")
    y = w * x
    page = explore(y)
    assert (w.grad, y.grad) == (0.0, 0.0)  # nothing is done to what it is given
    before = page.csv()
    w.data, w.label = 9.0, "other"
    y.backward()
    assert page.csv() == before
    assert rows(page)[1:] == [["w", "", "2.0", "3.0"], ["x", "", "3.0", "2.0"], ["w * x", "w * x", "6.0", "1.0"]]


def test_the_picture_has_the_whole_graph(renderer: str, tmp_path: Path) -> None:
    page = explore("tutorial", language="ja")
    picture = page.picture()
    text = picture.svg()
    for label in ("i1", "w1", "w8", "b2", "net_h1", "out_o2", "target_o2", "E_total"):
        assert f">{label}</text>" in text
    assert picture.save(tmp_path / "graph.svg").exists()
    assert "勾配" in text


def test_a_large_graph_is_a_picture_too() -> None:
    picture = explore(recurrent(150)).picture()
    assert picture.source.count(">h150<") == 1
    assert picture.source.count("rounded,dashed") == 3 * 149


def test_labels_are_text_in_tables_and_pictures() -> None:
    page = explore(sum_of([Value(1.0, label) for label in LABELS]), title="=1+1")
    for name, formula, *_ in rows(page)[1:]:
        assert not name.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert not formula.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert len(rows(page)) == len(LABELS) + 2
    assert "<script" not in page.picture().source.replace("&lt;", "")


def test_a_page_made_by_hand_has_no_graph() -> None:
    page = Page("<p>whole</p>", "t")
    for ask in (page.csv, page.picture):
        with pytest.raises(ValueError, match="put together by hand"):
            ask()
    assert explore(W * X) == explore(W * X)
