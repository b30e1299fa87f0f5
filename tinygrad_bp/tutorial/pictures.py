"""The five pictures of the worked example, and the whole computation graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import Drawing, draw, draw_network
from tinygrad_bp.networks.nn import MLP
from tinygrad_bp.tutorial.figures import PATHS, setup
from tinygrad_bp.tutorial.training import BIASES, WEIGHTS
from tinygrad_bp.words import words


def pictures(values: Mapping[str, Value], *, dark: bool = False, language: str = "en") -> dict[str, Drawing]:
    """The pictures by file name, in the order of the text. `values` is the network of `network()`, with its gradients."""
    x = setup(float)
    net = MLP(2, [2, 2], weights=[x[w] for w in WEIGHTS], biases=[x[b] for b in BIASES], shared_bias=True)
    given: dict[str, Any] = {"inputs": [x["i1"], x["i2"]], "targets": [x["target_o1"], x["target_o2"]]}

    def look(name: str) -> dict[str, Any]:
        return {"title": words(language)(f"tutorial.picture.{name}"), "dark": dark, "language": language}

    found = {
        "1-structure": draw_network(net, values=False, **look("1-structure")),
        "2-initial-values": draw_network(net, **given, activations=False, **look("2-initial-values")),
    }
    for name, (start, names) in PATHS.items():
        # Without what also reaches the error by ways that are not the picture's: b2 and out_h1 by o2, i1 and b1 by h2.
        only = [values[each] for each in names.split()]
        shown: dict[str, Any] = {"only": only, "highlight": values[start], "local_derivatives": True}
        found[name] = draw(values["E_total"], **shown, **look(name))
    found["6-computation-graph"] = draw(values["E_total"], **look("6-computation-graph"))
    return found
