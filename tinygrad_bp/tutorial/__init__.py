"""The worked example: a 2-2-2 network, every printed figure of it derived by hand, by autograd and by central differences.

figures      what is printed
derivation   the derivation by hand
network      the same network made of Values
training     the 10,000 rounds
comparison   the verdicts
facts        what was found, for programs
sentences    the words of the report
blocks       what a report is made of
report       what was found, for people, as a sequence of blocks
terminal     writes the blocks for a terminal
markdown     writes them as Markdown
pictures     the network and its graph drawn
"""
