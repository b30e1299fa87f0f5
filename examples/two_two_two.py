"""The 2-2-2 network of the worked example, trained for 10,000 rounds.

Prints:

    before training            0.298371109
    after 1 update             0.291027774
    after 10,000 updates       0.000035102
    outputs, wanted 0.01 and 0.99: 0.015914 0.984064
"""

from tinygrad_bp import MLP, Value

weights = [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55]
net = MLP(2, [2, 2], weights=weights, biases=[0.35, 0.60], shared_bias=True, train_biases=False)
learning_rate = 0.5


def error() -> Value:
    out_o1, out_o2 = net([0.05, 0.10])
    return (0.01 - out_o1) ** 2 / 2 + (0.99 - out_o2) ** 2 / 2


print(f"{'before training':<26} {error():.9f}")
for done in range(1, 10_001):
    total = error()
    net.zero_grad()
    total.backward()
    for parameter in net.parameters():
        parameter.data -= learning_rate * parameter.grad
    if done in (1, 10_000):
        print(f"{f'after {done:,} update' + 's' * (done > 1):<26} {error():.9f}")

print("outputs, wanted 0.01 and 0.99:", *[f"{out:.6f}" for out in net([0.05, 0.10])])
