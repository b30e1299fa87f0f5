"""The glossary, in two languages: every term has its name in both, one sentence, and a place to see more."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
ENTRY = re.compile(r'^- <a id="([\w-]+)"></a>\*\*(.+?)\*\*(.*)$', re.MULTILINE)
ENGLISH = {found[1]: (found[2], found[3]) for found in ENTRY.finditer((DOCS / "glossary.md").read_text("utf-8"))}
JAPANESE = {
    found[1]: (found[2], found[3]) for found in ENTRY.finditer((DOCS / "ja" / "glossary.md").read_text("utf-8"))
}


def test_the_terms_are_the_same_in_the_same_order() -> None:
    assert list(ENGLISH) == list(JAPANESE)
    for page in ("glossary.md", "ja/glossary.md"):
        assert (DOCS / page).read_text("utf-8").count("\n- ") == len(ENGLISH), page


@pytest.mark.parametrize("term", ENGLISH)
def test_a_term_has_both_names_one_sentence_and_a_place(term: str) -> None:
    english, told = ENGLISH[term]
    japanese, explained = JAPANESE[term]
    name, _, sentence = told.partition(". ")
    assert name.startswith(f" ({japanese.split('、')[0]}")
    assert re.match(r"[^a-z].*\. \[More\]\(\S+\)$", sentence)
    assert not re.search(r"[.] [A-Z]", sentence)
    assert english == japanese or english in explained.split("：")[0]
    assert re.search(r"：.+。\[くわしく\]\(\S+\)$", explained)


# What the lessons and the guides define in passing, in italics, and people look up.
DEFINED = """
activation, backpropagation, batch, bias, chain rule, derivative, epoch, error, forward pass, gradient,
gradient descent, hidden, iteration, leaf, learning rate, local derivative, local minimum, logits, loss, matrix,
momentum, net input, neuron, node, node delta, operand, optimizer, output, parameter, partial derivative,
saturated, slope, softmax, tangent, target, transpose, topological, ulp, update, vanishing gradient, weight
"""


@pytest.mark.parametrize("word", [word.strip() for word in DEFINED.split(",")])
def test_what_the_pages_define_is_a_term(word: str) -> None:
    assert any(word in name for name, _ in ENGLISH.values())
