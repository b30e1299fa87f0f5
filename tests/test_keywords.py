"""A keyword of a wrong type or with a wrong name: the error begins with what was called and says what would be right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tinygrad_bp as tg
from tinygrad_bp import MLP, SGD, Value


class Foreign:
    def __repr__(self) -> str:
        return "a foreign object"


w, x = Value(0.5, "w"), Value(3.0, "i1")
out = (w * x + 0.25).sigmoid()
out.label = "out_o1"
E = (out - Value(1.0, "target_o1")) ** 2 / 2
E.label = "E"
net = MLP(1, [1], seed=1)

FOREIGN, NUMBER, NAME, LANGUAGE = Foreign(), 2.5, "fr", ("fr", Foreign(), 5)

# Of each function what it is called with, and of its keywords what none of them takes.
TABLE: dict[str, tuple[tuple[Any, ...], dict[str, tuple[Any, ...]]]] = {
    "check_gradients": ((E,), {"parameters": (FOREIGN, NUMBER, NAME), "rel": (FOREIGN, -1, NAME)}),
    "diagnose": ((E,), {"language": LANGUAGE}),
    "draw": (
        (E,),
        {
            "only": (NAME,),
            "depth": (FOREIGN, NUMBER, NAME, -1),
            "group": (FOREIGN, NAME),
            "collapse": (FOREIGN, NUMBER, NAME, [FOREIGN]),
            "highlight": (FOREIGN, NUMBER, NAME),
            "show": (FOREIGN, NUMBER, NAME),
            "tangents": (FOREIGN, NUMBER, NAME),
            "digits": (FOREIGN, NUMBER, NAME, -1),
            "direction": (FOREIGN, NUMBER, NAME),
            "max_nodes": (FOREIGN, NUMBER, NAME, 5),
            "title": (FOREIGN, NUMBER),
            "font_size": (FOREIGN, -1, NAME),
            "language": LANGUAGE,
        },
    ),
    "draw_network": (
        (net,),
        {
            "inputs": (FOREIGN, NUMBER, [1.0, 2.0]),
            "targets": (FOREIGN, NUMBER, [1.0, 2.0]),
            "highlight": (FOREIGN, NUMBER, NAME),
            "digits": (FOREIGN, NUMBER, NAME, -1),
            "max_neurons": (FOREIGN, NUMBER, NAME, -1),
            "max_connections": (FOREIGN, NUMBER, NAME, -1),
            "title": (FOREIGN, NUMBER),
            "font_size": (FOREIGN, -1, NAME),
            "language": LANGUAGE,
        },
    ),
    "exercise": (
        (E,),
        {
            "blanks": (FOREIGN, 5, NAME, []),
            "lr": (FOREIGN, NAME),
            "keep": (FOREIGN, NUMBER, NAME),
            "digits": (FOREIGN, NUMBER, NAME, -1),
            "most": (FOREIGN, NUMBER, NAME, -1),
            "language": LANGUAGE,
        },
    ),
    "explain": ((E, w), {"max_paths": (FOREIGN, NUMBER, NAME, -1), "language": LANGUAGE}),
    "explore": ((E,), {"parameters": (FOREIGN, NUMBER), "learning_rate": (FOREIGN, NAME, -1), "language": LANGUAGE}),
    "lesson": (
        (E,),
        {
            "x": (FOREIGN, NUMBER, NAME),
            "by": (FOREIGN, NUMBER, NAME),
            "lr": (FOREIGN, NAME),
            "optimizer": (FOREIGN, NUMBER, NAME),
            "parameters": (FOREIGN, NUMBER, NAME),
            "digits": (FOREIGN, NUMBER, NAME, -1),
            "language": LANGUAGE,
        },
    ),
    "mark": ((E, {"out_o1": "0.85"}), {"lr": (FOREIGN, NAME), "language": LANGUAGE}),
    "MLP": (
        (1, [1]),
        {
            "weights": (FOREIGN, NUMBER, [1.0, 2.0]),
            "biases": (FOREIGN, NUMBER, [1.0, 2.0]),
            "init": (FOREIGN, NUMBER, NAME),
            "seed": (FOREIGN,),
            "labels": (FOREIGN, NUMBER, NAME),
        },
    ),
    "train": (
        (net, [([0.5], [1.0])], tg.squared_error, SGD(net.parameters(), lr=0.1)),
        {
            "epochs": (FOREIGN, NUMBER, NAME, -1),
            "batch_size": (FOREIGN, NUMBER, NAME, -1),
            "engine": (FOREIGN, NUMBER, NAME),
            "stop_below": (FOREIGN, NAME),
            "patience": (FOREIGN, NUMBER, NAME),
            "on_epoch": (FOREIGN, NUMBER, NAME),
        },
    ),
}


def cases() -> Iterator[Any]:
    for called, (given, keywords) in TABLE.items():
        for keyword, wrong in keywords.items():
            yield pytest.param(getattr(tg, called), called, given, keyword, wrong, id=f"{called}-{keyword}")


@pytest.mark.parametrize(("function", "called", "given", "keyword", "wrong"), list(cases()))
def test_what_a_keyword_does_not_take_is_said(
    function: Callable[..., Any], called: str, given: tuple[Any, ...], keyword: str, wrong: tuple[Any, ...]
) -> None:
    for each in wrong:
        with pytest.raises((TypeError, ValueError)) as raised:
            function(*given, **{keyword: each})
        said = str(raised.value)
        assert said.startswith((f"{called}: ", f"{called} ")), said
        assert "object is not" not in said


def test_every_language_is_asked_in_the_name_of_what_was_called() -> None:
    for called in ("diagnose", "draw", "explain", "exercise", "lesson", "mark"):
        with pytest.raises(ValueError, match=f"^{called}: language is one of 'en', 'ja', not 'fr'"):
            getattr(tg, called)(*TABLE[called][0], language="fr")
