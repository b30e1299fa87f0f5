# A network learns xor.
from tinygrad_bp import MLP, SGD, squared_error, train

xor = [([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]
net = MLP(2, [4, 1], activation="sigmoid", seed=1)
history = train(net, xor, squared_error, SGD(net.parameters(), lr=2.0), epochs=1500, engine="python")
print(f"loss {history.losses[0]:.4f} before, {history.losses[-1]:.6f} after")
for inputs, target in xor:
    print(inputs, target, round(net(inputs).data, 3))

loss = squared_error(net([1, 0]), 1)
