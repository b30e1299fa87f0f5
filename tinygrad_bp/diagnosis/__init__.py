"""Honest about numbers: where a NaN came from, how many digits are left, which paths do not learn.

diagnose   `diagnose`: what is looked for, and in which order it is said
causes     a NaN or an infinity, forward and backward: the first events, not what follows from them
digits     what rounding moved a result by, to first order, and which operations lost its digits
exact      what an operation lost by rounding, with 80 digits
paths      saturated and dead neurons, gradients that vanish and explode
instead    what to write instead, where that is known
names      what nodes are called, and how numbers are written
finding    what is found, and how it is shown
"""

from tinygrad_bp.diagnosis.diagnose import diagnose
from tinygrad_bp.diagnosis.finding import Diagnosis, Finding

__all__ = ["Diagnosis", "Finding", "diagnose"]
