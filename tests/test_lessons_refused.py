"""What lessons, marks and exercises are called with: leaves by their names; and errors that say by which call, and what would be right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests import rounds
from tests.exercises import example
from tinygrad_bp import Value, exercise, lesson, mark

ANSWERS = {"net_h1": "0.3775"}


def marked(loss: Any, **options: Any) -> Any:
    return mark(loss, ANSWERS, **options)


CALLS: dict[str, Callable[..., Any]] = {"lesson": lesson, "mark": marked, "exercise": exercise}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("loss", "options", "kind", "said"),
    [
        (3, {}, TypeError, "the loss is a Value that was computed from others, not int 3"),
        (None, {}, TypeError, "the loss is a Value that was computed from others, not NoneType None"),
        (Value(2.0, "a"), {}, ValueError, "Value(data=2.0, grad=0.0, label='a') was not computed from anything"),
        (..., {"lr": "0.5"}, TypeError, "lr is the learning rate, a real number, not str '0.5'"),
        (..., {"lr": True}, TypeError, "lr is the learning rate, a real number, not bool True"),
        (..., {"lr": -0.5}, ValueError, "lr, the learning rate, is a finite number above 0, not -0.5"),
        (..., {"parameters": 3}, TypeError, "parameters are leaves of the graph, told by Values or by their names, not int 3"),
        (..., {"parameters": []}, ValueError, "there is no parameter to derive with respect to"),
        (..., {"parameters": "w55"}, ValueError, "the parameter 'w55' is no leaf of the graph, which has 14 leaves; did you mean 'w5'?"),
        (..., {"parameters": [Value(1.0, "q")]}, ValueError, "the parameter q is no leaf of the graph, which has 14 leaves; there are"),
        (..., {"title": 3}, TypeError, "title is a text, not int 3"),
    ],
)  # fmt: skip
def test_errors_begin_with_what_was_called(
    name: str, loss: Any, options: dict[str, Any], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind) as caught:
        CALLS[name](example() if loss is ... else loss, **options)
    assert str(caught.value).startswith(f"{name}: {said}")


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: marked(example(), accept_rounded="no"), TypeError, "mark: accept_rounded is True or False, not str 'no'"),
        (lambda: exercise(example(), zeros="no"), TypeError, "exercise: zeros is True or False, not str 'no'"),  # type: ignore[arg-type]
        (lambda: exercise(example(), rules=0), TypeError, "exercise: rules is True or False, not int 0"),  # type: ignore[arg-type]
        (lambda: exercise(example(), keep=3), TypeError, "exercise: what is kept are leaves of the graph, told by"),  # type: ignore[arg-type]
        (lambda: exercise(example(), blanks=[]), ValueError, "exercise: blanks is 'forward', 'deltas', 'gradients', 'update' or 'all'"),
        (lambda: lesson(example(), x=3), TypeError, "lesson: x is a parameter, a Value or its name, not int 3"),  # type: ignore[arg-type]
        (lambda: lesson(rounds.batch(), x="i1"), ValueError, "lesson: x is one parameter, and 'i1' is the label of i1[1]"),
    ],
)  # fmt: skip
def test_what_is_refused(call: Callable[[], object], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value).startswith(said)


def test_leaves_are_told_by_their_names() -> None:
    loss = example()
    w5 = next(v for v in lesson(loss).derivation.parameters if v.label == "w5")
    assert lesson(loss, x="w5", lr=0.5).text() == lesson(loss, x=w5, lr=0.5).text()
    assert lesson(loss, parameters="w5").derivation.parameters == [w5]
    assert [v.label for v in lesson(loss, parameters=iter(["w6", w5])).derivation.parameters] == ["w6", "w5"]
    assert [each.step.name for each in exercise(loss, parameters="w5", blanks="gradients").asked] == ["dE_total/dw5"]
    assert mark(loss, {"dE_total/dw5": f"{lesson(loss).derivation['dE_total/dw5'].value:.6g}"}, parameters="w5").ok


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("", "the result of mul of w = 1e+200 and w = 1e+200 is inf; so y is inf"),
        ("z", "z, the result of mul of w = 1e+200 and w = 1e+200, is inf; so y is inf"),
    ],
)
def test_an_overflow_names_operands_and_numbers(label: str, said: str) -> None:
    w = Value(1e200, "w")
    z = w * w
    z.label = label
    y = z * w
    y.label = "y"
    with pytest.raises(ValueError, match="finite numbers") as caught:
        lesson(y)
    assert str(caught.value) == f"lesson: a round of backpropagation needs finite numbers, and {said}"
