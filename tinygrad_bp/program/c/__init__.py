"""A program as one file of C99: labels as comments, no library but libm, the numbers of IEEE arithmetic.

file       `c`: the text of the file, and in which functions a program is
rows       the rows of the table as expressions and functions of C, with exact sums
naming     labels as names and in comments
"""

from tinygrad_bp.program.c.file import c

__all__ = ["c"]
