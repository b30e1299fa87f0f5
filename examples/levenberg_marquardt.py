"""Fitting a curve by Levenberg and Marquardt: between Newton's step and a short one downhill, on an exact Jacobian.

The measurements are Misra1a of NIST's Statistical Reference Datasets, from the farther of its starts. The certified results are
238.94212918, 0.00055015643181 and a sum of squares of 0.12455138894.
Where a line is that before, the step went too far: the next is shorter.

Prints:

    step            b1                 b2  sum of squares
       0  500.00000000   0.00010000000000   1.078019e+04
       1  674.16754522   0.00020064886337   5.863925e+02
       2  674.16754522   0.00020064886337   5.863925e+02
       3  455.26895462   0.00024515947768   2.239399e+02
       4  455.26895462   0.00024515947768   2.239399e+02
       5  455.26895462   0.00024515947768   2.239399e+02
       6  366.31428408   0.00031899450267   1.099676e+02
       7  366.31428408   0.00031899450267   1.099676e+02
       8  366.31428408   0.00031899450267   1.099676e+02
       9  317.70620380   0.00038557840445   2.909465e+01
      10  317.70620380   0.00038557840445   2.909465e+01
      11  272.04723648   0.00045918919967   2.538807e+01
      12  242.00784639   0.00053126050450   9.885927e+00
      13  239.10101322   0.00054941717465   1.325039e-01
      14  238.94763542   0.00055014103763   1.245515e-01
      15  238.94218967   0.00055015626895   1.245514e-01
      16  238.94212951   0.00055015643091   1.245514e-01
      17  238.94212918   0.00055015643180   1.245514e-01
"""

from tinygrad_bp import Value, compile, jacobian

XS = [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0]
YS = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78]


def product(u: tuple[float, ...] | list[float], v: tuple[float, ...] | list[float]) -> float:
    return sum(a * b for a, b in zip(u, v, strict=True))


def solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The x of matrix · x = right, for a positive definite matrix: elimination needs no exchange of rows."""
    rows = [[*row, y] for row, y in zip(matrix, right, strict=True)]
    for k in range(len(rows)):
        pivot = [x / rows[k][k] for x in rows[k]]
        rows = [
            pivot if j == k else [x - row[k] * p for x, p in zip(row, pivot, strict=True)] for j, row in enumerate(rows)
        ]
    return [row[-1] for row in rows]


b1, b2 = Value(500.0, "b1"), Value(0.0001, "b2")
residuals = [b1 * (1.0 - (-b2 * x).exp()) - y for x, y in zip(XS, YS, strict=True)]
program = compile([residuals, jacobian(residuals, [b1, b2])], [b1, b2])  # recorded at the start, computed anywhere

b, damping = [b1.data, b2.data], 0.001
(r, J), step = program(*b), 0
print("step            b1                 b2  sum of squares")
while True:
    print(f"{step:>4} {b[0]:>13.8f} {b[1]:>18.14f} {product(r, r):>14.6e}")
    columns = list(zip(*J, strict=True))
    slopes = [product(column, r) for column in columns]
    damped = [[product(u, v) * (1.0 + damping * (u is v)) for v in columns] for u in columns]
    change = solved(damped, slopes)
    if all(abs(d) < 1e-10 * abs(x) for x, d in zip(b, change, strict=True)):
        break
    there = [x - d for x, d in zip(b, change, strict=True)]
    found = program(*there)
    if product(found[0], found[0]) <= product(r, r):
        b, (r, J), damping = there, found, damping / 3.0
    else:  # too far: a shorter step, more downhill
        damping *= 2.0
    step += 1
