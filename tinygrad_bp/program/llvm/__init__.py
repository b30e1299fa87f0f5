"""A program as machine code, by LLVM.

machine        `MachineProgram`: compiles the functions when they are first called
buffers        numbers that Python and machine code share
calls          the functions as LLVM's text: one evaluation, and many rows
sums           of large programs, sums of products by a loop
training       loops that change their own numbers
native         the rows of the table as functions of `Real`s
writer         `Writer` and `Real`: LLVM's instructions, by operators
"""

from tinygrad_bp.program.llvm.buffers import Rows
from tinygrad_bp.program.llvm.machine import MachineProgram

__all__ = ["MachineProgram", "Rows"]
