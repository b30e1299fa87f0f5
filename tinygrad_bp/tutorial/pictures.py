"""The five pictures of the worked example, and the whole computation graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import Drawing, curve, draw, draw_network
from tinygrad_bp.networks.nn import MLP
from tinygrad_bp.tutorial.figures import setup
from tinygrad_bp.tutorial.training import BIASES, WEIGHTS
from tinygrad_bp.words import words


def pictures(values: Mapping[str, Value], *, dark: bool = False, language: str = "en") -> dict[str, Drawing]:
    """The pictures by file name, in the order of the text. `values` is the network of `network()`, with its gradients."""
    numbers, say = setup(float), words(language)
    net = MLP(2, [2, 2], weights=[numbers[w] for w in WEIGHTS], biases=[numbers[b] for b in BIASES], shared_bias=True)
    inputs = [numbers["i1"], numbers["i2"]]
    targets = [numbers["target_o1"], numbers["target_o2"]]

    def graph(title: str, path_from: str, names: str) -> Drawing:
        # Without what also reaches the error by ways that are not the picture's: b2 and out_h1 by o2, i1 and b1 by h2.
        only = [values[name] for name in names.split()]
        return draw(
            values["E_total"],
            only=only,
            highlight=values[path_from],
            local_derivatives=True,
            title=title,
            dark=dark,
            language=language,
        )

    return {
        "1-structure": draw_network(
            net, values=False, title=say("tutorial.picture.structure"), dark=dark, language=language
        ),
        "2-initial-values": draw_network(
            net,
            inputs=inputs,
            targets=targets,
            activations=False,
            title=say("tutorial.picture.values"),
            dark=dark,
            language=language,
        ),
        "3-chain-rule-w5": graph(say("tutorial.chain", weight="w5"), "w5", "w5 w6 net_o1 out_o1 target_o1 E_total"),
        "4-fan-in-h1": graph(say("tutorial.picture.fan"), "out_h1", "out_h1 E_o1 E_o2 E_total"),
        "5-path-to-w1": graph(
            say("tutorial.picture.path"),
            "w1",
            "w1 w2 net_h1 out_h1 net_o1 net_o2 out_o1 out_o2 target_o1 target_o2 E_o1 E_o2 E_total",
        ),
        "6-computation-graph": draw(
            values["E_total"], title=say("tutorial.picture.graph"), dark=dark, language=language
        ),
    }


def error_curve(errors: Sequence[float], language: str = "en") -> Drawing:
    """The curve as a picture; `errors[k]` is the error after k updates."""
    title = words(language)("tutorial.picture.curve", count=len(errors) - 1)
    return curve.Plotted(curve.svg(errors, title), title)
