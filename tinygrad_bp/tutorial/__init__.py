"""The worked example: a 2-2-2 network, every printed figure of it derived by hand, by autograd and by central differences.

`figures` holds what is printed, `derivation` the derivation by hand, `network` the same network made of Values, `training` the
10,000 rounds, `comparison` the verdicts, `pictures` and `report` what people look at.
"""
