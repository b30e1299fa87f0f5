"""The smallest program: compute something with Values, then ask how it changes with each of them.

Prints:

    y = 7.0
    dy/da = 2.0
    dy/db = 3.0
"""

from tinygrad_bp import Value

a = Value(3.0, "a")
b = Value(2.0, "b")
y = a * b + 1.0

y.backward()

print("y =", y.data)
print("dy/da =", a.grad)
print("dy/db =", b.grad)
