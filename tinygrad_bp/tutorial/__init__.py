"""The worked example: a 2-2-2 network, every printed figure of it derived by hand, by autograd and by central differences.

figures      what is printed
derivation   the derivation by hand
network      the same network made of Values
training     the 10,000 rounds
errata       where the text and the numbers disagree, and why
comparison   the verdicts
report       what was found, for people: a lesson with two more columns
pictures     the network and its graph drawn
page         the subject of a page on which it is explored
"""
