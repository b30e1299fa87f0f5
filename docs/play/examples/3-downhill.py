# Downhill: ten steps against the gradient,
# to the minimum of (w - 3)**2.
from tinygrad_bp import Value

w = Value(0.0, "w")
for step in range(10):
    loss = (w - 3.0) ** 2
    w.grad = 0.0
    loss.backward()
    print(f"{step}: w = {w.data:.4f}, loss = {loss.data:.4f}")
    print(f"   dloss/dw = {w.grad:.4f}")
    w.data -= 0.2 * w.grad
