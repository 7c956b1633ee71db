"""Draw Figure 6: as Figure 2, for the gradient instead of the sensitivity, in two readings."""

from figure2 import main
from snip import command

if __name__ == "__main__":
    command.run(lambda: main(__doc__))
