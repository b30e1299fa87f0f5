# The chain rule: rates multiply along a path,
# and what comes by several paths adds up.
from tinygrad_bp import Value

x = Value(2.0, "x")
a = x * 3.0
b = x + 1.0
y = a * b
y.backward()
print("dy/dx =", x.grad)
