"""The page of questions: each has an address that stays, an answer with a number that code prints, and a place to see more."""

import contextlib
import doctest
import io
import re
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from tests.test_docs import BLOCKS, blocks

PAGE = Path(__file__).parent.parent / "docs" / "faq.md"
ADDRESSES = [
    "backpropagation-and-gradient-descent",
    "loss-error-cost",
    "number-or-vector",
    "d-or-partial",
    "partial-derivative-chain-rule-backward",
    "net-and-out",
    "epoch-iteration-batch",
    "nudge-every-weight",
    "symbolic-automatic-numeric",
    "forward-or-reverse",
    "second-derivatives",
    "why-half",
    "why-squares",
    "target-minus-out",
    "sigmoid-derivative",
    "at-out-or-at-net",
    "what-the-slope-is-for",
    "what-is-delta",
    "why-minus",
    "which-learning-rate",
    "learning-rate-too-large",
    "when-to-stop",
    "why-it-slows-down",
    "local-minima",
    "w1-smaller-than-w5",
    "sum-over-outputs",
    "multiply-by-the-weight",
    "old-or-new-weights",
    "update-at-the-end",
    "more-hidden-layers",
    "why-the-transpose",
    "why-a-bias",
    "how-biases-are-updated",
    "one-bias-or-many",
    "bias-gradient-sum",
    "average-or-sum",
    "softmax-cross-entropy",
    "tanh-or-relu",
    "relu-at-zero",
    "dead-relu",
    "linear-output",
    "vanishing-gradient",
    "targets-near-zero-and-one",
    "why-random-weights",
    "how-large-first-weights",
    "xor-stays-at-half",
    "how-many-hidden-neurons",
    "input-zero",
    "gradients-of-inputs",
    "check-gradients",
    "plus-equals-and-zero-grad",
    "begins-with-one",
    "why-topological-order",
    "cycles",
    "how-value-works",
    "paths-or-nodes",
    "pytorch-and-micrograd",
    "minus-equals-trains-nothing",
    "last-digits-differ",
    "is-w3-i2-a-typo",
    "use-the-trained-network",
    "data-it-has-not-seen",
    "momentum-and-adam",
    "why-scale-inputs",
    "weight-decay",
    "do-brains-do-this",
]  # links lead to them from elsewhere: one may be added, and none taken away


def questions() -> dict[str, tuple[str, str]]:
    """Each question and its answer, by address."""
    found = re.split(r"^<a id=\"([\w-]+)\"></a>\n\n### (.*)\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        address: (question, re.split(r"^## ", answer, flags=re.MULTILINE)[0])
        for address, question, answer in zip(found[1::3], found[2::3], found[3::3], strict=True)
    }


def test_every_question_has_its_address_and_is_listed() -> None:
    found = questions()
    assert len(ADDRESSES) == len(set(ADDRESSES)) == 66
    assert list(found) == ADDRESSES
    source = PAGE.read_text(encoding="utf-8")
    assert source.count("\n### ") == 66
    assert re.findall(r"^- \[(.*)\]\(#([\w-]+)\)$", source, re.MULTILINE) == [
        (question, address) for address, (question, _) in found.items()
    ]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_is_short_and_has_a_number_and_a_place_to_see_more(address: str) -> None:
    _, answer = questions()[address]
    said, _, seen = answer.partition("\nSee ")
    shown = [line for block in blocks(said) for line in block.text.splitlines() if line[:4] not in (">>> ", "... ")]
    assert any(re.search(r"\d", line) for line in shown)
    assert 15 <= len(BLOCKS.sub("", said).split()) <= 130
    assert re.search(r"\]\([\w./#-]+\)", seen)


@cache
def names_at_the_top() -> CodeType:
    """The block that stands above all questions."""
    [block] = blocks(PAGE.read_text(encoding="utf-8").split("\n## ")[0])
    return compile(block.text, "top", "exec")


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_names_at_the_top_and_one_question_run(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(names_at_the_top(), names)
    report: list[str] = []
    for block in blocks(questions()[address][1]):
        if block.language == "python" and ">>>" in block.text:
            test = doctest.DocTestParser().get_doctest(block.text, names, address, None, block.line)
            runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
            runner.run(test, out=report.append, clear_globs=False)
            names = test.globs
        elif block.language == "python":
            with contextlib.redirect_stdout(io.StringIO()):
                exec(block.text, names)
    assert not report, "".join(report)
