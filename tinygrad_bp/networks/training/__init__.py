"""`train`: a model, rows of data, a loss and an optimizer; the loop that everybody writes, with all it needs around it.

>>> from tinygrad_bp.networks.losses import squared_error
>>> from tinygrad_bp.networks.nn import MLP
>>> from tinygrad_bp.networks.optim import SGD
>>> net = MLP(2, [5, 1], activation="tanh", seed=1)
>>> rows = [([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]
>>> history = train(net, rows, squared_error, SGD(net.parameters(), lr=0.1), epochs=1000)
>>> [round(net(inputs)[0].data) for inputs, _ in rows]
[0, 1, 1, 0]

loop         `train`: epochs and steps
task         what is to be learned, its rows made plain and checked
history      `History` and `Diverged`
checkpoint   all that a training needs to go on as if it had never stopped, and its file
batches      the order of the rows, from any place on
lots         the generators that models draw from
engines      three ways to take the same steps: recording, Python, machine code
tracing      the programs that two of them run, written from the graph of one row
watching     Values that notice when a model looks at a number, and is no program then
stopping     when to stop before the end
diagnosis    which number left the range of floats first
progress     how far it has come
"""

from tinygrad_bp.networks.training.history import Diverged, History
from tinygrad_bp.networks.training.loop import train

__all__ = ["Diverged", "History", "train"]
