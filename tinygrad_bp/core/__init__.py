"""The engine: a table of operations, a number that remembers, and the chain rule. It imports the standard library and itself only.

In reading order:

    operation    what an operation is
    ops          the table, one row each
    value        `Value`, and `backward()`: the idea
    order        walks over the graph
    gradients    `grad`, `jacobian`, `hessian`: the gradient as a graph

Beside them stand `recording` (the numbers that partials give, errors in words), `operators` (+ - * / ** exp tanh ..., written out for
speed), `methods` (the other rows as methods), `copying` (copy, deepcopy, pickle), `freeing` (of long graphs, in a browser), `stable`
and `gaussian` (what `math` lacks), `domains` (where rows are defined), `symbol` (what rules are run on to be written) and `output`
(what a repr says can be printed).
"""

from tinygrad_bp.core.gradients import grad, hessian, jacobian
from tinygrad_bp.core.operation import Domain, Operation, Reduction
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Constant, Value

__all__ = ["Constant", "Domain", "Operation", "Reduction", "Value", "grad", "hessian", "jacobian", "topological_order"]
