"""Lessons: a round of backpropagation on anybody's network, written out, set as an exercise, and marked.

derivation   all that is derived, by name: what the others read
equations    its equations: symbols, numbers, results
blocks       what a lesson is made of
"""
