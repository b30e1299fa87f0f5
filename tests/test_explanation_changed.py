"""What an explanation says of leaves whose data was changed after it was used, and what a prompt shows."""

import pytest

from tests.labels import HOSTILE
from tinygrad_bp import Value, draw, explain, sum_of


def test_which_leaf_was_changed_is_said_in_words_and_as_data() -> None:
    w, x = Value(0.5, "w"), Value(3.0, "x")
    y = (w * x).tanh() + w
    before = str(explain(y, w))
    x.data = -7.0
    found = explain(y, w)
    remark = "x: data changed after it was used; what follows from it is older"
    assert " ".join(str(found).split("\n\n")[0].split()) == f"{remark}."
    assert str(found).split("\n\n", 1)[1] == before
    assert found.markdown().startswith("$x$: data changed after it was used; what follows from it is older.")
    assert found.to_dict()["changed"] == [{"name": "x", "data": -7.0}]
    assert found.changed == (x,)
    assert remark in draw(y).source.replace("\\n", " ")


def test_nothing_changed_says_nothing() -> None:
    w, x = Value(0.5, "w"), Value(3.0, "x")
    y = w * x
    found = explain(y, w)
    assert "changed" not in str(found) + found.markdown()
    assert (found.changed, found.to_dict()["changed"]) == ((), [])
    x.data, w.data = -7.0, 2.0
    x.data, w.data = 3.0, 0.5
    assert explain(y, w).changed == ()


def test_a_change_beside_the_path_and_one_without_a_label_are_said() -> None:
    x, hidden = Value(3.0, "x"), Value(2.0)
    other = hidden.sin()
    y = x + other
    hidden.data = 1.25
    assert str(explain(y, x)).startswith("an unlabelled leaf of 1.25: data changed")
    assert str(explain(other, x)).startswith("an unlabelled leaf of 1.25: data changed")
    assert explain(y, x).to_dict()["changed"] == [{"name": "an unlabelled leaf of 1.25", "data": 1.25}]


def test_of_many_only_some_are_named_in_words_and_all_as_data() -> None:
    leaves = [Value(float(k), f"x{k}") for k in range(20)]
    y = sum_of(leaves)
    leaves[3].data = 50.0
    text = " ".join(str(explain(y, leaves[0])).split())
    assert text.startswith("x0, x1, x2, x3, x4, x5, x6, x7, …: data among these changed after it was used")
    assert len(explain(y, leaves[0]).to_dict()["changed"]) == 20


@pytest.mark.parametrize("label", HOSTILE, ids=lambda label: ascii(label)[:30])
def test_the_label_of_a_changed_leaf_is_data(label: str) -> None:
    x = Value(3.0, label)
    y = x * 2.0
    x.data = 4.0
    found = explain(y, x)
    assert all(c.isprintable() or c in "\n\u200d" for c in str(found))
    assert found.markdown().split(": data changed")[0].startswith("$")


def test_a_prompt_shows_the_text() -> None:
    x = Value(3.0, "x")
    found = explain(x * x, x)
    assert repr(found) == str(found) == found.text()
