"""Values that are explained in tests."""

from typing import Any

from tests.worked import worked_example
from tinygrad_bp import ops
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value


def named(value: Any, label: Any) -> Any:
    value.label = label
    return value


def network() -> Any:
    total = worked_example().error
    return total, {v.label: v for v in topological_order(total, constants=False) if v.label}


def random_graph(rng: Any, size: Any, share_labelled: Any) -> Any:
    """A random graph with two inputs: products, sums, squares, doubled operands; smooth and of ordinary size."""
    nodes = [Value(rng.uniform(-1, 1), "x"), Value(rng.uniform(-1, 1), "z")]
    for k in range(size):
        a, b = rng.choice(nodes[-5:]), rng.choice(nodes)
        node = rng.choice(
            [lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - 0.5 * b, lambda a, b: ops.tanh(a) * a]
        )(a, b)
        nodes.append(named(node, f"n{k}" if rng.random() < share_labelled else ""))
    return nodes
