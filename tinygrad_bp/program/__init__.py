"""A recorded graph, gradients included, written out once as a straight-line program.

    >>> from tinygrad_bp import Value, grad
    >>> w, x = Value(0.5, "w"), Value(2.0, "x")
    >>> y = (w * x).tanh()
    >>> y.label = "y"
    >>> program = compile([y, grad(y, w)], [w, x])
    >>> [round(x, 9) for x in program(0.25, 2.0)]
    [0.462117157, 1.572895466]

program        `compile`, and what it makes: a function of floats
instructions   the form in which a program is kept, from which every target is written
parts          what the sigmoid is taken apart into
algebra        the same numbers by less work
zeros          sums with 0.0 that may go
definition     operations that a target has not, by those that it has
naming         labels as identifiers
functions      those that a target that is text defines of its own
python         targets: Python source
helpers        rows that math has not, as source that stands by itself
arrays         arrays of NumPy, JAX, PyTorch and others
javascript     an ES module
c/             a file of C99
llvm/          machine code
"""

from tinygrad_bp.program.program import Program, compile

__all__ = ["Program", "compile"]
