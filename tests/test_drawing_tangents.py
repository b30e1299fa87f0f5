"""A picture of what flows forward: how fast each Value moves, in place of its gradient."""

from __future__ import annotations

import re

import pytest

from tinygrad_bp import Value, draw, jvp


def graph() -> tuple[Value, Value, Value]:
    x, w = Value(2.0, "x"), Value(-0.5, "w")
    h = w * x
    y = h * h + x
    h.label, y.label = "h", "y"
    return x, w, y


def test_each_box_has_the_rate_of_its_value() -> None:
    x, w, y = graph()
    y.backward()
    source = draw(y, tangents={x: 1.0, w: 3.0}, local_derivatives=True).source
    rates = dict(re.findall(r' tooltip="(\w)\\n[^"]*?rate = ([-\d.]+)"', source))
    assert rates == {"x": "1.0", "w": "3.0", "h": "5.5", "y": "-10.0"}
    assert "grad" not in source
    assert source.count(">rate") == 6  # the square has no name, but a rate; and the legend says it
    assert "d h / d w = 2.0\\npasses on 2.0 * 3.0 = 6.0" in source
    assert "rate of change" in source
    assert float(rates["y"]) == jvp(y, {x: 1.0, w: 3.0}).data
    assert "変化の割合" in draw(y, tangents={x: 1.0}, language="ja").source


def test_what_stands_still_has_the_rate_0_and_a_number_none() -> None:
    x, w, y = graph()
    source = draw(y * 0.5, tangents={x: 1.0}).source
    assert 'tooltip="w\\ndata = -0.5\\nrate = 0.0"' in source
    assert 'tooltip="data = 0.5"' in source
    assert w.grad == x.grad == 0.0


def test_colours_of_ones_own_stay() -> None:
    x, w, y = graph()
    picture = draw(y, tangents={x: 1.0}, show={w: 2.0})
    assert "rate of change" not in picture.source
    assert "share" in picture.source


def test_wrong_tangents_are_refused_as_jvp_refuses_them() -> None:
    x, _, y = graph()
    with pytest.raises(TypeError, match="jvp"):
        draw(y, tangents={x: "fast"})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="jvp"):
        draw(y, tangents={2.0: 1.0})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="tangents"):
        draw(y, tangents=[1.0])  # type: ignore[arg-type]
