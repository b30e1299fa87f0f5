"""What was derived by hand, marked: each answer beside the right number, and where it is wrong, why.

mark         `mark`, and the `Marks` that it gives
verdicts     right, right given what came before, or wrong
causes       mistakes in derivatives and updates, tried on the graph; `forward` has those in the forward pass
likeness     what may be taken for what
paths        paths that meet on the way back
functions    what may be taken for the result of a function
slopes       what may be taken for a local derivative
roundings    what comes out if numbers on the way are rounded
means        means and halves in a graph, and what it is called to forget them
errors       the squared error taken for the cross entropy, and the other way round
wording      how what is named in a cause is written
mistakes     the one list of mistakes, which the page's quiz reads, too
worlds       a graph with other numbers in some places
folder       `mark_folder`: a folder of answers marked by a folder of keys
files        which file of a folder is that of which sheet
keys         the keys of exercises, by which solutions are marked, too
carrying     what follows from earlier answers
naming       which quantity is meant
answers      how answers are given: dictionaries, CSV, JSON, functions
numbers      the number that an answer is, and to how many digits
"""

from tinygrad_bp.lessons.marking.folder import FolderMarks, SheetMarks, mark_folder
from tinygrad_bp.lessons.marking.keys import is_key
from tinygrad_bp.lessons.marking.mark import Marks, mark
from tinygrad_bp.lessons.marking.verdicts import Mark

__all__ = ["FolderMarks", "Mark", "Marks", "SheetMarks", "is_key", "mark", "mark_folder"]
