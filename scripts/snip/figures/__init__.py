"""The figures, one module per kind.

In each, `draw` reads the tables of a study, and `plot` makes of them a figure and the table of what
it shows. The forest plot has no `draw`: the script that judges the claims has its table.
"""

import os

# Read when matplotlib is imported. A notebook's own value names a backend that may be missing here.
os.environ["MPLBACKEND"] = "agg"
