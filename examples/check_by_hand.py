"""Hold autograd against a derivation by hand, and both against a numerical difference.

Prints:

    by hand     0.082167041
    autograd    0.082167041
    difference  0.082167041
    all derivatives agree: True
"""

import math

from tinygrad_bp import Value, check_gradients

# One output neuron of the worked example: two inputs from the hidden layer, a bias, a target.
h1, h2, bias, target = 0.593269992, 0.596884378, 0.60, 0.01
w5, w6 = Value(0.40, "w5"), Value(0.45, "w6")

out = (w5 * h1 + w6 * h2 + bias).sigmoid()
error = (target - out) ** 2 / 2
error.backward()

# By hand, without the engine: dE/dw5 = dE/dout * dout/dnet * dnet/dw5.
s = 1 / (1 + math.exp(-(0.40 * h1 + 0.45 * h2 + bias)))
by_hand = (s - target) * (s * (1 - s)) * h1

check = check_gradients(error)
print(f"by hand     {by_hand:.9f}")
print(f"autograd    {w5.grad:.9f}")
print(f"difference  {check.inputs[0].difference:.9f}")
print("all derivatives agree:", check.ok)
