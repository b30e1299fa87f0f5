"""Two moons that reach into each other, told apart by a network with two hidden layers, and the border that it draws between them.

Prints:

    epoch   1: loss 0.88
    epoch  10: loss 0.28
    epoch 100: loss 0.01
    100 of 100 points are on the right side

                       X                               ·
                    X   X                             ··
                X     X     XX                       ···
                  X   X   X X                       ····
             XX  XX        XX X                    ·····
           X         ···        XX               ·······
           X     ·····O···        XX            ········
        X    X   ··········        X           ···O·····
         X X X  ····O··O·····     X           ···O······
                ········O·····    XX XX      ·····O·····
      X   X     ·······O·O·····            ······O··O···
           X   ········O········   XX     ····OO··O·····
        X      ·········OO·······        ···············
      X       ·········OO··········   X ······OOO·······
             ·············O·O········· ········O········
            ················O·OO·····O·O··O·O···········
            ···················O··O·····O···OO··········
           ··················O··O····O···O··············
          ·····························O················
         ··························O····················
        ················································
"""

from tinygrad_bp import MLP, SGD, hinge, train
from tinygrad_bp.data import moons
from tinygrad_bp.optim import linear_decay

rows = [(point, 2.0 * moon - 1.0) for point, [moon] in moons(100)]  # hinge takes 1 and -1
net = MLP(2, [16, 16, 1], activation=["relu", "relu", None], init="he", seed=0)
optimizer = SGD(net.parameters(), lr=linear_decay(1.0, 100, 0.1), weight_decay=2e-4)

history = train(net, rows, hinge, optimizer, epochs=100, batch_size=None)

for epoch in (1, 10, 100):
    print(f"epoch {epoch:>3}: loss {history.losses[epoch - 1]:.2f}")
right = sum(net(point)[0].data * target > 0 for point, target in rows)
print(f"{right} of {len(rows)} points are on the right side\n")

# The plane: the points, X and O, and dots where the network says O.
points = {(round(x / 0.07), round(y / 0.1)): "O" if target > 0 else "X" for (x, y), target in rows}
for y in range(12, -9, -1):
    line = [points.get((x, y)) or " ·"[net([0.07 * x, 0.1 * y])[0].data > 0] for x in range(-18, 34)]
    print("".join(line).rstrip())
