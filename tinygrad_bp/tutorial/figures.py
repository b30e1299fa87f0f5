"""What the tutorial is given and what it prints: the numbers as text, digit for digit, since their digits are what is judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

Number = TypeVar("Number")

# One training case. Net inputs go through the logistic function; the error is halved, squared and summed over the outputs.
SETUP = {
    "i1": "0.05", "i2": "0.10",
    "target_o1": "0.01", "target_o2": "0.99",
    "w1": "0.15", "w2": "0.20", "w3": "0.25", "w4": "0.30",
    "w5": "0.40", "w6": "0.45", "w7": "0.50", "w8": "0.55",
    "b1": "0.35", "b2": "0.60",
    "eta": "0.5",
}  # fmt: skip
ROUNDS = 10_000


def setup(number: Callable[[str], Number]) -> dict[str, Number]:
    """The set-up by name, as numbers of the kind that `number` makes from text, such as `float` or `Decimal`."""
    return {name: number(text) for name, text in SETUP.items()}


class Figure(NamedTuple):
    """A figure of the tutorial.

    Attributes:
        stage: the part of the text it stands in, one of `STAGES`.
        quantity: its name; `dE_o1/dout_h1` is a derivative, `w5+` the weight after the update.
        formula: how it is computed.
        printed: the text as printed.
    """

    stage: str
    quantity: str
    formula: str
    printed: str


STAGES = ("forward", "backward-output", "update-output", "backward-hidden", "update-hidden", "training")

FIGURES = (
    Figure("forward", "net_h1", "w1*i1 + w2*i2 + b1", "0.3775"),
    Figure("forward", "out_h1", "sigmoid(net_h1)", "0.593269992"),
    Figure("forward", "out_h2", "sigmoid(net_h2)", "0.596884378"),
    Figure("forward", "net_o1", "w5*out_h1 + w6*out_h2 + b2", "1.105905967"),
    Figure("forward", "out_o1", "sigmoid(net_o1)", "0.75136507"),
    Figure("forward", "out_o2", "sigmoid(net_o2)", "0.772928465"),
    Figure("forward", "E_o1", "(target_o1 - out_o1)**2 / 2", "0.274811083"),
    Figure("forward", "E_o2", "(target_o2 - out_o2)**2 / 2", "0.023560026"),
    Figure("forward", "E_total", "E_o1 + E_o2", "0.298371109"),
    Figure("backward-output", "dE_total/dout_o1", "out_o1 - target_o1", "0.74136507"),
    Figure("backward-output", "dout_o1/dnet_o1", "out_o1 * (1 - out_o1)", "0.186815602"),
    Figure("backward-output", "dnet_o1/dw5", "out_h1", "0.593269992"),
    Figure("backward-output", "dE_total/dw5", "dE_total/dout_o1 * dout_o1/dnet_o1 * dnet_o1/dw5", "0.082167041"),
    Figure("update-output", "w5+", "w5 - eta * dE_total/dw5", "0.35891648"),
    Figure("update-output", "w6+", "w6 - eta * dE_total/dw6", "0.408666186"),
    Figure("update-output", "w7+", "w7 - eta * dE_total/dw7", "0.511301270"),
    Figure("update-output", "w8+", "w8 - eta * dE_total/dw8", "0.561370121"),
    Figure(
        "backward-hidden", "dE_o1/dnet_o1", "dE_o1/dout_o1 * dout_o1/dnet_o1  (the node delta of o1)", "0.138498562"
    ),
    Figure("backward-hidden", "dnet_o1/dout_h1", "w5", "0.40"),
    Figure("backward-hidden", "dE_o1/dout_h1", "dE_o1/dnet_o1 * dnet_o1/dout_h1", "0.055399425"),
    Figure("backward-hidden", "dE_o2/dout_h1", "dE_o2/dnet_o2 * dnet_o2/dout_h1", "-0.019049119"),
    Figure("backward-hidden", "dE_total/dout_h1", "dE_o1/dout_h1 + dE_o2/dout_h1", "0.036350306"),
    Figure("backward-hidden", "dout_h1/dnet_h1", "out_h1 * (1 - out_h1)", "0.241300709"),
    Figure("backward-hidden", "dnet_h1/dw1", "i1", "0.05"),
    Figure("backward-hidden", "dE_total/dw1", "dE_total/dout_h1 * dout_h1/dnet_h1 * dnet_h1/dw1", "0.000438568"),
    Figure("update-hidden", "w1+", "w1 - eta * dE_total/dw1", "0.149780716"),
    Figure("update-hidden", "w2+", "w2 - eta * dE_total/dw2", "0.19956143"),
    Figure("update-hidden", "w3+", "w3 - eta * dE_total/dw3", "0.24975114"),
    Figure("update-hidden", "w4+", "w4 - eta * dE_total/dw4", "0.29950229"),
    Figure("training", "E_total after 1 update", "forward pass with w1+ ... w8+", "0.291027924"),
    Figure("training", "E_total after 10000 rounds", "repeat forward, backward, update of w1 ... w8", "0.0000351085"),
)

# Two more figures that other editions of the same text print.
OTHER_EDITIONS = {"out_o1": "0.015912196", "out_o2": "0.984065734"}
