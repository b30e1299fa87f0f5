"""A gradient of a gradient: `grad` returns Values, so its results can be differentiated again.

Prints:

    x^4    at 2:  16
    4 x^3  at 2:  32
    12 x^2 at 2:  48
    24 x   at 2:  48
    24     at 2:  24
"""

from tinygrad_bp import Value, grad

x = Value(2.0, "x")
y = x**4

for formula in ("x^4", "4 x^3", "12 x^2", "24 x", "24"):
    print(f"{formula:<6} at 2: {y.data:>3g}")
    y = grad(y, x)
