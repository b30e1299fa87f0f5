"""The worked example by hand: plain arithmetic, written without the engine, to compare the engine with.

How to read the names: `dE_total_dout_o1` is dE_total/dout_o1, the derivative of E_total with respect to out_o1, and `w5_plus` is w5+, the
weight w5 after the update.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_bp.lessons.by_hand import Number, logistic, logistic_derivative, quantities


def one_round(
    exp: Callable[[Number], Number], *, i1: Number, i2: Number, target_o1: Number, target_o2: Number,
    w1: Number, w2: Number, w3: Number, w4: Number, w5: Number, w6: Number, w7: Number, w8: Number, b1: Number, b2: Number,
    eta: Number, sequential: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """One round of training: forward pass, every derivative, new weights and biases.

    Returns every quantity under its name, in the order of the text. `sequential` makes the mistake of an early program for this
    example: it computes the hidden layer's derivatives with output weights that are already updated.
    """
    # Forward pass
    net_h1 = w1 * i1 + w2 * i2 + b1
    net_h2 = w3 * i1 + w4 * i2 + b1
    out_h1 = logistic(net_h1, exp)
    out_h2 = logistic(net_h2, exp)

    net_o1 = w5 * out_h1 + w6 * out_h2 + b2
    net_o2 = w7 * out_h1 + w8 * out_h2 + b2
    out_o1 = logistic(net_o1, exp)
    out_o2 = logistic(net_o2, exp)

    E_o1 = (target_o1 - out_o1) ** 2 / 2
    E_o2 = (target_o2 - out_o2) ** 2 / 2
    E_total = E_o1 + E_o2

    # Backward pass, output layer. E_total holds out_o1 only in E_o1, so both have the same derivative with respect to it.
    dE_total_dout_o1 = out_o1 - target_o1
    dE_total_dout_o2 = out_o2 - target_o2
    dout_o1_dnet_o1 = logistic_derivative(out_o1)
    dout_o2_dnet_o2 = logistic_derivative(out_o2)
    dnet_o1_dw5 = out_h1
    dnet_o1_dw6 = out_h2
    dnet_o2_dw7 = out_h1
    dnet_o2_dw8 = out_h2

    dE_total_dw5 = dE_total_dout_o1 * dout_o1_dnet_o1 * dnet_o1_dw5
    dE_total_dw6 = dE_total_dout_o1 * dout_o1_dnet_o1 * dnet_o1_dw6
    dE_total_dw7 = dE_total_dout_o2 * dout_o2_dnet_o2 * dnet_o2_dw7
    dE_total_dw8 = dE_total_dout_o2 * dout_o2_dnet_o2 * dnet_o2_dw8

    w5_plus = w5 - eta * dE_total_dw5
    w6_plus = w6 - eta * dE_total_dw6
    w7_plus = w7 - eta * dE_total_dw7
    w8_plus = w8 - eta * dE_total_dw8

    # Backward pass, hidden layer. Each hidden output feeds both outputs, so an error flows back to it from both.
    dE_o1_dnet_o1 = dE_total_dout_o1 * dout_o1_dnet_o1
    dE_o2_dnet_o2 = dE_total_dout_o2 * dout_o2_dnet_o2
    dnet_o1_dout_h1 = w5_plus if sequential else w5
    dnet_o1_dout_h2 = w6_plus if sequential else w6
    dnet_o2_dout_h1 = w7_plus if sequential else w7
    dnet_o2_dout_h2 = w8_plus if sequential else w8

    dE_o1_dout_h1 = dE_o1_dnet_o1 * dnet_o1_dout_h1
    dE_o2_dout_h1 = dE_o2_dnet_o2 * dnet_o2_dout_h1
    dE_total_dout_h1 = dE_o1_dout_h1 + dE_o2_dout_h1
    dE_o1_dout_h2 = dE_o1_dnet_o1 * dnet_o1_dout_h2
    dE_o2_dout_h2 = dE_o2_dnet_o2 * dnet_o2_dout_h2
    dE_total_dout_h2 = dE_o1_dout_h2 + dE_o2_dout_h2

    dout_h1_dnet_h1 = logistic_derivative(out_h1)
    dout_h2_dnet_h2 = logistic_derivative(out_h2)
    dnet_h1_dw1 = i1
    dnet_h1_dw2 = i2
    dnet_h2_dw3 = i1
    dnet_h2_dw4 = i2

    dE_total_dw1 = dE_total_dout_h1 * dout_h1_dnet_h1 * dnet_h1_dw1
    dE_total_dw2 = dE_total_dout_h1 * dout_h1_dnet_h1 * dnet_h1_dw2
    dE_total_dw3 = dE_total_dout_h2 * dout_h2_dnet_h2 * dnet_h2_dw3
    dE_total_dw4 = dE_total_dout_h2 * dout_h2_dnet_h2 * dnet_h2_dw4

    w1_plus = w1 - eta * dE_total_dw1
    w2_plus = w2 - eta * dE_total_dw2
    w3_plus = w3 - eta * dE_total_dw3
    w4_plus = w4 - eta * dE_total_dw4

    # The biases, which the text leaves as they are. Both neurons of a layer share one, so their node deltas add up.
    dE_total_db1 = dE_total_dout_h1 * dout_h1_dnet_h1 + dE_total_dout_h2 * dout_h2_dnet_h2
    dE_total_db2 = dE_o1_dnet_o1 + dE_o2_dnet_o2
    b1_plus = b1 - eta * dE_total_db1
    b2_plus = b2 - eta * dE_total_db2

    return quantities(locals(), but=("exp", "sequential"))
