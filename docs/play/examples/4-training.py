# A network learns xor.
from tinygrad_bp import MLP, SGD, squared_error, train

xor = [([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]
net = MLP(2, [4, 1], activation="sigmoid", seed=1)
descent = SGD(net.parameters(), lr=2.0)
history = train(net, xor, squared_error, descent, epochs=1500, engine="python")
before, after = history.losses[0], history.losses[-1]
print(f"loss {before:.4f} before, {after:.6f} after")
for inputs, target in xor:
    print(inputs, target, round(net(inputs).data, 3))

loss = squared_error(net([1, 0]), 1)
