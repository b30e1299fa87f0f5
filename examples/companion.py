"""The companion of the worked example: a script for the same network, and then for exclusive or, which a single neuron cannot learn.

Prints:

    2-2-2, 10,000 rounds
      error before  0.298371109
      error after   0.000035102
      outputs 0.0159 0.9841, wanted 0.01 0.99

    exclusive or, 10,000 rounds, a row each
      0 xor 0: 0.029, which is 0
      0 xor 1: 0.966, which is 1
      1 xor 0: 0.963, which is 1
      1 xor 1: 0.044, which is 0
      4 of 4 rows are right
"""

from tinygrad_bp import MLP, SGD, squared_error, train
from tinygrad_bp.data import truth_table

print("2-2-2, 10,000 rounds")
weights = [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55]
net = MLP(2, [2, 2], weights=weights, biases=[0.35, 0.60], shared_bias=True, train_biases=False)
inputs, targets = [0.05, 0.10], [0.01, 0.99]
history = train(net, [(inputs, targets)], squared_error, SGD(net.parameters(), lr=0.5), epochs=10_000)
print(f"  error before  {history.losses[0]:.9f}")
print(f"  error after   {squared_error(net(inputs), targets):.9f}")
print("  outputs", *[f"{out:.4f}" for out in net(inputs)], end=", wanted 0.01 0.99\n\n")

print("exclusive or, 10,000 rounds, a row each")
rows = truth_table("xor")
net = MLP(2, [5, 1], seed=1)
train(net, rows, squared_error, SGD(net.parameters(), lr=0.5), epochs=2_500, shuffle=True, seed=1)
right = 0
for (a, b), [target] in rows:
    [out] = net([a, b])
    right += round(out.data) == target
    print(f"  {a:.0f} xor {b:.0f}: {out:.3f}, which is {out:.0f}")
print(f"  {right} of {len(rows)} rows are right")
