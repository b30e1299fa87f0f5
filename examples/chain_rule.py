"""The chain rule, written out: how a loss depends on a weight, step by step, with the symbols and the numbers.

Prints:

    dloss/dw = dloss/dout * dout/dnet * dnet/dw
             = -0.755081338 * 0.235003712 * 0.5
             = -0.088723459

    The path: loss ← out ← net ← w

    Its factors
      dloss/dout  -0.755081338  = 2 * (out - 1)
      dout/dnet    0.235003712  = out * (1 - out)
      dnet/dw      0.5          = x

    Step by step from loss back to w
      dloss/dout = 2 * (out - 1)
                 = -0.755081338

      dloss/dnet = dloss/dout * dout/dnet
                 = -0.755081338 * 0.235003712
                 = -0.177446917

      dloss/dw = dloss/dnet * dnet/dw
               = -0.177446917 * 0.5
               = -0.088723459
"""

from tinygrad_bp import Value, explain

w = Value(-2.0, "w")
x = Value(0.5, "x")

net = w * x + 1.5
net.label = "net"
out = net.sigmoid()
out.label = "out"
loss = (out - 1.0) ** 2
loss.label = "loss"

print(explain(loss, w))
