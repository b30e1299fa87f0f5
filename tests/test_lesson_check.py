"""The check that ends a lesson: derivatives beside differences, and which of them are not confirmed."""

from __future__ import annotations

import pytest

from tests import rounds
from tinygrad_bp import MLP, Value, lesson
from tinygrad_bp.lessons import closing
from tinygrad_bp.lessons.blocks import Block, Heading, Paragraph, Table
from tinygrad_bp.lessons.writers.pieces import plain


def check_of(loss: Value, language: str = "en") -> tuple[Table, str]:
    blocks: list[Block] = list(lesson(loss, lr=0.5, language=language).blocks)
    start = max(k for k, block in enumerate(blocks) if isinstance(block, Heading))
    [table] = [block for block in blocks[start:] if isinstance(block, Table)]
    return table, plain([block for block in blocks[start:] if isinstance(block, Paragraph)][-1].text)


def dead() -> Value:
    """A network one of whose relus lets nothing through."""
    net = MLP(1, [2, 1], activation=["relu", None], weights=[1.0, -1.0, 0.5, 0.7], biases=[0.1, -0.2, 0.3])
    [out] = net([Value(0.5, "i1")])
    error = (Value(1.0, "target_o1") - out) ** 2
    error.label = "E"
    return error


def test_nothing_and_nothing_agree() -> None:
    table, said = check_of(dead())
    assert said == "All of them agree."
    numbers = {plain(row[0]): [plain(cell) for cell in row[1:]] for row in table.rows}
    assert [name for name, each in numbers.items() if each == ["0", "0"]] == ["w2", "w4", "b2"]
    assert len(table.head) == 3


@pytest.mark.parametrize(("language", "said"), [("en", "marked with a question mark"), ("ja", "疑問符を付けたもの")])
def test_what_differences_do_not_confirm_is_marked(language: str, said: str) -> None:
    table, sentence = check_of(rounds.kink(), language)
    assert said in sentence
    marked = [plain(row[0]) for row in table.rows if plain(row[3]) == "?"]
    for row in table.rows:
        alike = plain(row[1]) == plain(row[2])
        assert (plain(row[0]) in marked) is not alike
    assert 0 < len(marked) < len(table.rows)


def test_the_check_of_a_large_graph_takes_parameters_from_all_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "MOST_AGAIN", 100)
    net = MLP(2, [4, 3, 1], activation="tanh", seed=1)
    error = (net([Value(0.5, "i1"), Value(-0.2, "i2")])[0] - 0.5) ** 2
    error.label = "E"
    table, said = check_of(error)
    names = [plain(row[0]) for row in table.rows]
    assert closing.FEWEST_CHECKED <= len(names) < 31
    assert names[0] == "w1"
    assert any(name.startswith("b") for name in names)  # which come last
    assert said == "All of them agree."
