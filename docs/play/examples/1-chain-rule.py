# The chain rule: gradients multiply along a way, and add over the ways.
from tinygrad_bp import Value

x = Value(2.0, "x")
a = x * 3.0
b = x + 1.0
y = a * b
y.backward()
print("dy/dx =", x.grad)
