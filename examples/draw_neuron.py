"""Draw a neuron: every number on the way from the weight to the loss, and above each line how fast its end changes with its beginning.

Prints:

    loss = 0.142537
    wrote neuron.svg
    wrote neuron.png
"""

from tinygrad_bp import Value, draw

w = Value(-2.0, "w")  # a weight
x = Value(0.5, "x")  # an input
b = Value(1.5, "b")  # a bias

net = w * x + b
net.label = "net"
out = net.sigmoid()
out.label = "out"
loss = (out - 1.0) ** 2  # how far the neuron is from saying 1
loss.label = "loss"

loss.backward()

if __name__ == "__main__":
    print(f"loss = {loss.data:.6f}")
    picture = draw(loss, local_derivatives=True, digits=4)
    for name in ("neuron.svg", "neuron.png"):
        print("wrote", picture.save(name))
