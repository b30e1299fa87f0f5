"""Pictures of training, by matplotlib: how a loss fell, what a network says where, its weights and gradients, and how it came about.

    >>> from tinygrad_bp import plotting                                     # doctest: +SKIP
    >>> figure = plotting.loss_curve(history)                                # doctest: +SKIP
    >>> plotting.save(figure, "loss.svg")                                    # doctest: +SKIP
    >>> plotting.animation(net, moons(), binary_cross_entropy, Adam(net.parameters()), epochs=200).save("moons.gif")  # doctest: +SKIP

The figures are matplotlib's own, to be changed and saved as such; in a notebook they show themselves. pyplot has no part in this, nor
is any setting changed. Colours are those of the other pictures, and stay apart for every kind of colour vision; classes differ by marker,
too.

This needs matplotlib: `pip install 'tinygrad-bp[plot]'`. All functions raise ImportError without it.

figures    what all of them share: colours, an empty figure, its heading, how it is saved
curve      the loss after each epoch
plane      a network with two inputs over a grid, and the rows in it
boundary   the plane drawn: a region for each class
weights    histograms of weights and gradients
film       a training as a moving picture
"""

from tinygrad_bp.plotting.boundary import decision_boundary
from tinygrad_bp.plotting.curve import loss_curve
from tinygrad_bp.plotting.figures import save
from tinygrad_bp.plotting.film import Animation, animation
from tinygrad_bp.plotting.weights import histograms

__all__ = ["Animation", "animation", "decision_boundary", "histograms", "loss_curve", "save"]
