"""The figures, one module per kind.

In each, `plot` makes a figure from tables, and `show` reads the tables of a study and saves it. The
forest plot has no `show`: the script that judges the claims draws it.
"""

import os

# Read when matplotlib is imported. A notebook's own value names a backend that may be missing here.
os.environ["MPLBACKEND"] = "agg"
