"""Autograd held against numerical differences, input by input, and rule by rule where they part.

check         `check_gradients`: what is compared, and whose fault it is
verdict       one derivative against differences: agrees, wrong, or undecided
differences   difference quotients for falling steps, extrapolated, and how far they may be off
rounding      a computation done again at another point, with a bound of what rounding moved on the way
results       what is found, and how it is shown
"""

from tinygrad_bp.checking.check import check_gradients
from tinygrad_bp.checking.differences import derivative
from tinygrad_bp.checking.results import Fault, GradientCheck, InputCheck

__all__ = ["Fault", "GradientCheck", "InputCheck", "check_gradients", "derivative"]
