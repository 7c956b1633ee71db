"""Draw Figure 7: training loss with random labels, one line per sparsity."""

from figure4 import main
from snip import command

if __name__ == "__main__":
    command.run(lambda: main(__doc__))
