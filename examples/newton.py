"""Newton's method: the second derivatives tell how far to go. Near the minimum each step doubles the number of right digits, or better.

Prints:

    step              x               y  distance
       0  -1.2000000000    1.0000000000     2e+00
       1  -1.1752808989    1.3806741573     2e+00
       2   0.7631148712   -3.1750338547     4e+00
       3   0.7634296789    0.5828247755     5e-01
       4   0.9999953111    0.9440273239     6e-02
       5   0.9999956957    0.9999913913     1e-05
       6   1.0000000000    1.0000000000     2e-11

    Gradient descent takes 57 thousand steps to a distance of 1e-10.
"""

from math import hypot

from tinygrad_bp import Value, compile, grad, hessian

x, y = Value(-1.2, "x"), Value(1.0, "y")
f = (1.0 - x) ** 2 + 100.0 * (y - x**2) ** 2  # Rosenbrock's valley, narrow and bent; its lowest point is 1, 1
slopes = compile([grad(f, [x, y]), hessian(f, [x, y])], [x, y])  # recorded at one point, computed at any

a, b = x.data, y.data
print("step              x               y  distance")
for step in range(7):
    print(f"{step:>4} {a:>14.10f}  {b:>14.10f}  {hypot(a - 1.0, b - 1.0):8.0e}")
    (fx, fy), ((fxx, fxy), (_, fyy)) = slopes(a, b)
    determinant = fxx * fyy - fxy * fxy
    a, b = a - (fyy * fx - fxy * fy) / determinant, b - (fxx * fy - fxy * fx) / determinant

a, b, steps = x.data, y.data, 0
while hypot(a - 1.0, b - 1.0) > 1e-10:
    (fx, fy), _ = slopes(a, b)
    a, b, steps = a - 0.001 * fx, b - 0.001 * fy, steps + 1
print(f"\nGradient descent takes {steps / 1000:.0f} thousand steps to a distance of 1e-10.")
