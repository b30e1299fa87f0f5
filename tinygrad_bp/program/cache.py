"""What has been made of programs, kept for the life of the process: of a second program of the same structure it is there already."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from tinygrad_bp.program.instructions import Code

T = TypeVar("T")


class Cache:
    """Things by their keys: those that were asked for last, as many as are not too large together.

    Attributes:
        largest: the most instructions that all programs have together of which something is kept.
    """

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self._found: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def of(self, key: Callable[[], Hashable], size: int, make: Callable[[], T]) -> T:
        """What there is of this key, else what is made now. Of a program that is too large by itself nothing is kept, nor its key asked."""
        if size > self.largest:
            return make()
        name = key()
        with self._lock:
            if name in self._found:
                self._found.move_to_end(name)
                known: T = self._found[name][0]
                return known
        made = make()
        with self._lock:
            if name not in self._found:
                self._found[name] = made, size
                self._size += size
            made = self._found[name][0]  # that of another thread, if that was quicker
            while self._size > self.largest:
                self._size -= self._found.popitem(last=False)[1][1]
        return made

    def clear(self) -> None:
        """Forgets all."""
        with self._lock:
            self._found.clear()
            self._size = 0


# Of each instruction about 1 kB is kept, be it as source and function or as machine code: at most 300 MB in all. The step of a GPT of 4,192
# parameters on seven letters, 111,326 instructions, finds room as both.
CACHE = Cache(largest=300_000)


def size_of(code: Code) -> int:
    """What a program counts for in the cache."""
    return 1 + len(code.instructions) + len(code.inputs) + len(code.outputs)


def structure(code: Code) -> Hashable:
    """What two programs have in common that compute the same in the same way, whatever their labels."""
    constants = tuple([x.hex() for x in code.constants])
    return len(code.inputs), constants, tuple(code.instructions), tuple(code.outputs)


def written(code: Code) -> Hashable:
    """What two programs have in common whose texts are the same."""
    return structure(code), tuple(code.inputs), tuple(sorted(code.labels.items())), str(code.shape)
