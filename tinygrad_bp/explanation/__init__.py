"""How a Value came about and how it changes with another, written out: symbols, numbers, results, factor by factor and path by path.

chain_rule    `explain`, and what it returns of a derivative
forward       what it returns of a Value alone
showing       how both show themselves
waypoints     the graph between Values, reduced to what has a name: paths, factors, sums
formulas      formulas of Values and, from the table's partials, of derivatives
page          what is said of a derivative in which order
setting       how equations and sentences are set, for the terminal and in Markdown
neurons       the neurons in a graph
parts         which Values without a label get a name in them
ordering      in which order quantities are told
names         how names and numbers are written, as text and as LaTeX
"""

from tinygrad_bp.explanation.chain_rule import Explanation, explain
from tinygrad_bp.explanation.forward import Computation
from tinygrad_bp.explanation.waypoints import Factor, Path, Quantity, Term

__all__ = ["Computation", "Explanation", "Factor", "Path", "Quantity", "Term", "explain"]
