"""Lessons: a round of backpropagation on anybody's network, written out, set as an exercise, and marked.

lesson       `lesson`, and the order in which it says things
derivation   all that is derived, by name: what the others read
equations    its equations: symbols, numbers, results
layers       its neurons, case by case and layer by layer
document     what a lesson is to its reader: it shows itself and is saved
phrases      sentences with formulas in them
blocks       what a document is made of
writers/     how it is written: as text, Markdown, LaTeX, HTML, data
"""

from tinygrad_bp.lessons.document import Document
from tinygrad_bp.lessons.lesson import Lesson, lesson

__all__ = ["Document", "Lesson", "lesson"]
