# A neuron: weighted inputs, a bias, a sigmoid,
# and how far the output is off.
from tinygrad_bp import Value

i1, i2 = Value(0.05, "i1"), Value(0.10, "i2")
w1, w2 = Value(0.15, "w1"), Value(0.20, "w2")
b = Value(0.35, "b")

net = w1 * i1 + w2 * i2 + b
out = net.sigmoid()
error = 0.5 * (0.01 - out) ** 2

error.backward()
print("dE/dw1 =", w1.grad)
