"""Pictures: the graph of a computation, and a network of neurons, by Graphviz.

    >>> from tinygrad_bp import Value
    >>> from tinygrad_bp.drawing import draw
    >>> x = Value(3.0, label="x")
    >>> y = x * x
    >>> y.backward()
    >>> picture = draw(y, local_derivatives=True)   # in a notebook this line alone shows it
    >>> picture.source.splitlines()[0]              # the text that Graphviz draws; picture.save("square.svg") draws it
    'digraph {'

The room, from the bottom up:
    `style`      what all pictures share: colours, how a number is written, how a label becomes safe text.
    `dot`        DOT, the language of Graphviz.
    `renderer`   one that is handed in, or Graphviz as WebAssembly.
    `rendering`  how Graphviz is run, and what of that it returns is believed.
    `picture`    `Drawing`: DOT text that shows itself, and becomes SVG, PNG or PDF.
    `choice`     what of a graph is drawn, in which groups.
    `graph`      `draw`: a node for each Value and for each operation, gradients as colours.
    `canvas`     the DOT text of a network: nodes, lines, legend.
    `columns`    which neurons of a network are drawn, and where.
    `network`    `draw_network`: neurons and their connections, weights as lines.
    `neurons`    `draw_neurons`: neurons of any graph where the caller says: a recurrent network, unrolled in time.
    `curve`      the curve of an error, in the terminal and as SVG.
"""

from tinygrad_bp.drawing.graph import draw
from tinygrad_bp.drawing.network import draw_network
from tinygrad_bp.drawing.picture import Drawing
from tinygrad_bp.drawing.renderer import set_renderer

__all__ = ["Drawing", "draw", "draw_network", "set_renderer"]
