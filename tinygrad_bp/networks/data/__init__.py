"""Tables to learn from: truth tables, points on a plane, measured penguins, and files of your own.

>>> xor = truth_table("xor")
>>> list(xor)
[([0.0, 0.0], [0.0]), ([0.0, 1.0], [1.0]), ([1.0, 0.0], [1.0]), ([1.0, 1.0], [0.0])]
>>> read("penguins.csv")  # doctest: +SKIP
<342 rows: bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g → species (Adelie, Chinstrap, Gentoo)>

table      `Table`: rows of inputs and targets, with the names of both
made       the tables that are built in
reading    tables from CSV and JSON files
"""

from tinygrad_bp.networks.data.made import NAMES, TRUTH_TABLES, bundled, moons, penguins, spiral, truth_table
from tinygrad_bp.networks.data.reading import read
from tinygrad_bp.networks.data.table import Table
from tinygrad_bp.networks.scaling import Scaling

__all__ = ["NAMES", "TRUTH_TABLES", "Scaling", "Table", "bundled", "moons", "penguins", "read", "spiral", "truth_table"]
