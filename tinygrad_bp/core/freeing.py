"""Freeing a long graph without recursion, where Python does not see to it: in a browser, and in threads with a very small stack.

A node holds its operands, they hold theirs, and so on: when the last node goes, all go. Elsewhere Python notices how deep it is in freeing
things that free things, and puts the rest off. As WebAssembly it does not see where the stack of JavaScript ends, and a chain of 3,000
nodes ends the interpreter. There `release` is what a Value does at its end; it costs as much as recording the node, so it is only there.
"""

from __future__ import annotations

import sys
from typing import Any


def _taken(things: list[Any]) -> tuple[Any, int]:
    """The last of the things, which is taken off, and how many references to it are counted."""
    x = things.pop()
    return x, sys.getrefcount(x)


_, ALONE = _taken([object()])  # of what nobody else has: 2 or, as Python may borrow a variable's reference, 1


def provide(kind: Any, *, small_stack: bool = False) -> None:
    """Has nodes of this class freed by `release` where that is needed: in a browser, and with `small_stack` anywhere.

    Python 3.12 and 3.13 go 10,000 objects deep, for which a thread needs 768 kB of stack; `threading.stack_size` may give it less.
    """
    if small_stack or sys.platform == "emscripten":
        kind.__del__ = release


def release(node: Any) -> None:
    """Takes the operands from a node at its end; and theirs from those that nobody else has, and so on."""
    try:
        waiting = [node._a, node._b]
    except AttributeError:  # a node that was not finished
        return
    if waiting == [None, None]:
        return
    node._a = node._b = None
    while waiting:
        x, count = _taken(waiting)
        if x is None or type(x) is float or count > ALONE:
            continue
        if type(x) is tuple:
            waiting += x
            x = None  # and with it the tuple, which has its elements too
        else:
            waiting += (x._a, x._b)
            x._a = x._b = None
