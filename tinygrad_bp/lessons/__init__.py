"""Lessons: a round of backpropagation on anybody's network, written out, set as an exercise, and marked.

lesson       `lesson`, and the order in which it says things; its parts are
opening      the network, `given`, with its numbers, and the forward pass, with the `entropy` of softmax
backward     the backward pass, with `contributions` of several cases and `softmax` told by its numbers
closing      the update, with `steps` of optimizers, the forward pass again, and the check
matrices     the same in matrices, and as a program of NumPy's
speaking     what the parts share
exercise     `exercise`: a sheet with blanks and its key, and the form of keys and answers
sheets       `sheets`: one for each student
questions    of understanding, with choices
friendly     numbers drawn anew
moodle       exercises as questions for a Moodle
brief        the round on one screen
audit        printed figures held against what they are
course       what came of a training
derivation   all that is derived, by name: what the others read; `scope`: what it takes from a graph and its caller
finite       graphs of which nothing can be derived, refused
equations    its equations: symbols, numbers, results
layers       its neurons, case by case and layer by layer; `roles`: what its leaves are; `ways` down its graph
probabilities  those of a cross entropy, as quantities beside the graph
targets        what outputs should be, by the slopes of a cross entropy of sigmoids or by what is subtracted
definitions  of the functions that a sheet writes; `rules`: of what it asks for
document     what a lesson is to its reader: it shows itself and is saved
marking/     `mark`: what was derived by hand, beside what comes out
phrases      sentences with formulas in them
blocks       what a document is made of
writers/     how it is written: as text, Markdown, LaTeX, HTML, data
"""

from tinygrad_bp.lessons.document import Document
from tinygrad_bp.lessons.exercise import Exercise, exercise
from tinygrad_bp.lessons.lesson import Lesson, lesson
from tinygrad_bp.lessons.marking import FolderMarks, Mark, Marks, mark, mark_folder
from tinygrad_bp.lessons.sheets import Sheets, sheets

__all__ = [
    "Document",
    "Exercise",
    "FolderMarks",
    "Lesson",
    "Mark",
    "Marks",
    "Sheets",
    "exercise",
    "lesson",
    "mark",
    "mark_folder",
    "sheets",
]
