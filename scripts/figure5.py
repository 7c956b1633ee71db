"""Draw Figure 5: as Figure 2, for inverted data."""

from figure2 import main
from snip import command

if __name__ == "__main__":
    command.run(lambda: main(__doc__))
