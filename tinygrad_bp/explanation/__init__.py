"""The chain rule, written out: how a Value changes with another, factor by factor and path by path.

chain_rule    `explain`, and what it returns
waypoints     the graph between two Values, reduced to what has a name: paths, factors, sums
formulas      derivatives as formulas: the table's partials on text
page          what is said in which order, set for the terminal and in Markdown
neurons       the neurons in a graph
names         how names and numbers are written, as text and as LaTeX
"""

from tinygrad_bp.explanation.chain_rule import Explanation, explain
from tinygrad_bp.explanation.waypoints import Factor, Path, Quantity, Term

__all__ = ["Explanation", "Factor", "Path", "Quantity", "Term", "explain"]
