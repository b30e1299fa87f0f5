"""LLVM's instructions, by operators: arithmetic on `Real`s writes them, for one double or for a vector of them.

A `Writer` collects the instructions; a `Real` is the name of a result, a `Flag` that of a comparison.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence


class Writer:
    """Collects instructions on doubles, or on vectors of `width` of them. What is computed twice in the same words is written once.

    With `outline`, functions of more than an instruction are written once, apart, and called.
    """

    def __init__(self, width: int = 1, prefix: str = "v", *, outline: bool = False) -> None:
        self.width = width
        self.outline = outline
        self.type = self.of("double")
        self.lines: list[str] = []
        self.declared: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._prefix = prefix

    def of(self, scalar: str) -> str:
        """The type of this scalar in all lanes."""
        return scalar if self.width == 1 else f"<{self.width} x {scalar}>"

    def line(self, instruction: str) -> str:
        """The name of the result of a pure instruction."""
        name = self._known.get(instruction)
        if name is None:
            name = self._known[instruction] = f"%{self._prefix}{len(self._known)}"
            self.lines.append(f"  {name} = {instruction}\n")
        return name

    def again(self, instruction: str) -> str:
        """The name of the result of an instruction that is no pure one, such as a load."""
        name = f"%{self._prefix}{len(self._known)}"
        self._known[name] = name
        self.lines.append(f"  {name} = {instruction}\n")
        return name

    def do(self, instruction: str) -> None:
        """Writes an instruction without a result."""
        self.lines.append(f"  {instruction}\n")

    def taken_from(self, first: int) -> str:
        """The lines from that one on, which are taken out."""
        text = "".join(self.lines[first:])
        del self.lines[first:]
        return text

    def constant(self, x: float) -> Real:
        """The number, in all lanes."""
        return Real(self, self.splat("double", f"0x{struct.unpack('>Q', struct.pack('>d', x))[0]:016X}"))

    def splat(self, scalar: str, text: str) -> str:
        return text if self.width == 1 else "<" + ", ".join([f"{scalar} {text}"] * self.width) + ">"

    def intrinsic(self, name: str, *xs: Real) -> Real:
        """A call of one of LLVM's own functions, which exist for vectors."""
        suffix = "f64" if self.width == 1 else f"v{self.width}f64"
        function = f"@llvm.{name}.{suffix}"
        self.declared[function] = f"declare {self.type} {function}({', '.join([self.type] * len(xs))})\n"
        return Real(self, self.line(f"call {self.type} {function}({', '.join(f'{self.type} {x.name}' for x in xs)})"))

    def libm(self, name: str, *xs: Real) -> Real:
        """A call of the C library, for each lane."""
        self.declared["@" + name] = f"declare double @{name}({', '.join(['double'] * len(xs))}) memory(none)\n"
        if self.width == 1:
            return Real(self, self.line(f"call double @{name}({', '.join(f'double {x.name}' for x in xs)})"))
        out = "poison"
        for lane in range(self.width):
            parts = [self.line(f"extractelement {self.type} {x.name}, i32 {lane}") for x in xs]
            y = self.line(f"call double @{name}({', '.join(f'double {part}' for part in parts)})")
            out = self.line(f"insertelement {self.type} {out}, double {y}, i32 {lane}")
        return Real(self, out)

    def where(self, flag: Flag, a: Real | float, b: Real | float) -> Real:
        """a where the flag is true, else b."""
        a, b = self.real(a), self.real(b)
        return Real(self, self.line(f"select {self.of('i1')} {flag.name}, {self.type} {a.name}, {self.type} {b.name}"))

    def together(self, function: Callable[..., Real], rows: Sequence[Sequence[Real]]) -> list[Real]:
        """The function of each row of numbers, computed in one vector."""
        lanes = 1 << (len(rows) - 1).bit_length()
        vector = Writer(lanes, f"{self._prefix}{len(self._known)}_")
        self._known[vector._prefix] = ""  # so that the next has another prefix
        vector.lines, vector.declared = self.lines, self.declared
        columns = []
        for column in zip(*rows, strict=True):
            packed = "poison"
            for lane, x in enumerate([*column, *[column[0]] * (lanes - len(rows))]):
                packed = vector.line(f"insertelement {vector.type} {packed}, double {x.name}, i32 {lane}")
            columns.append(Real(vector, packed))
        y = function(*columns)
        return [
            Real(self, self.line(f"extractelement {vector.type} {y.name}, i32 {lane}")) for lane in range(len(rows))
        ]

    def real(self, x: Real | float) -> Real:
        return x if isinstance(x, Real) else self.constant(x)


class Real:
    """The result of an instruction."""

    def __init__(self, writer: Writer, name: str) -> None:
        self.writer = writer
        self.name = name

    def _binary(self, instruction: str, a: Real | float, b: Real | float) -> Real:
        w = self.writer
        return Real(w, w.line(f"{instruction} {w.type} {w.real(a).name}, {w.real(b).name}"))

    def _compare(self, how: str, other: Real | float) -> Flag:
        w = self.writer
        return Flag(w, w.line(f"fcmp {how} {w.type} {self.name}, {w.real(other).name}"))

    def __add__(self, other: Real | float) -> Real:
        return self._binary("fadd", self, other)

    def __radd__(self, other: float) -> Real:
        return self._binary("fadd", other, self)

    def __sub__(self, other: Real | float) -> Real:
        return self._binary("fsub", self, other)

    def __rsub__(self, other: float) -> Real:
        return self._binary("fsub", other, self)

    def __mul__(self, other: Real | float) -> Real:
        return self._binary("fmul", self, other)

    def __rmul__(self, other: float) -> Real:
        return self._binary("fmul", other, self)

    def __truediv__(self, other: Real | float) -> Real:
        return self._binary("fdiv", self, other)

    def __rtruediv__(self, other: float) -> Real:
        return self._binary("fdiv", other, self)

    def __neg__(self) -> Real:
        return Real(self.writer, self.writer.line(f"fneg {self.writer.type} {self.name}"))

    def __lt__(self, other: Real | float) -> Flag:
        return self._compare("olt", other)

    def __le__(self, other: Real | float) -> Flag:
        return self._compare("ole", other)

    def __gt__(self, other: Real | float) -> Flag:
        return self._compare("ogt", other)

    def __ge__(self, other: Real | float) -> Flag:
        return self._compare("oge", other)

    def equals(self, other: Real | float) -> Flag:
        return self._compare("oeq", other)

    def is_nan(self) -> Flag:
        return self._compare("uno", self)


class Flag:
    """The result of a comparison."""

    def __init__(self, writer: Writer, name: str) -> None:
        self.writer = writer
        self.name = name

    def __or__(self, other: Flag) -> Flag:
        return Flag(self.writer, self.writer.line(f"or {self.writer.of('i1')} {self.name}, {other.name}"))

    def __and__(self, other: Flag) -> Flag:
        return Flag(self.writer, self.writer.line(f"and {self.writer.of('i1')} {self.name}, {other.name}"))
