"""Set two studies side by side: their runs paired by key, and each setting's mean difference.

Writes one row per run that both have. Prints, per setting, both means and the mean difference
with its 95 % interval. A setting is a run's key but for its seed.
"""

import sys
from pathlib import Path

from snip.jobs import command
from snip.jobs.failures import SnipError
from snip.jobs.files import write_atomically
from snip.study.names import ERRORS
from snip.study.runs import KEY


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("first", type=Path, help="table of runs, results/STUDY/tables/runs.csv")
    parser.add_argument("second", type=Path, help="another")
    columns = [*ERRORS, "train_loss", "validation_error"]
    parser.add_argument("--column", default="test_error", choices=columns, help="what is compared")
    parser.add_argument("--output", type=Path, required=True, help="table of pairs (.csv)")
    options = parser.parse_args()

    from snip.tables.collect import csv_bytes
    from snip.tables.intervals import interval
    from snip.tables.reading import read_table

    first, second = (
        read_table(path, [*KEY, options.column])[[*KEY, options.column]].astype({"batch_size": str})
        for path in (options.first, options.second)
    )
    pairs = first.merge(second, on=KEY, suffixes=("_first", "_second"))
    if pairs.empty:
        raise SnipError(f"{options.first} and {options.second} share no run, expected one or more")
    one, other = (f"{options.column}_{which}" for which in ("first", "second"))
    pairs["difference"] = pairs[other] - pairs[one]
    write_atomically(options.output, csv_bytes(pairs))
    setting = [axis for axis in KEY if axis != "seed"]
    for key, runs in pairs.groupby(setting, sort=False):
        mean = interval(runs["difference"])
        limits = f" [{mean.lower:.4g}, {mean.upper:.4g}]" if mean.n > 1 else ""
        means = f"{runs[one].mean():.4g} -> {runs[other].mean():.4g}"
        words = " ".join(map(str, key))
        print(f"{words}: {means}, difference {mean.value:.4g}{limits}, {mean.n} seeds")
    lone = len(first) + len(second) - 2 * len(pairs)
    print(f"{len(pairs)} runs in both, {lone} in one alone", file=sys.stderr)


if __name__ == "__main__":
    command.run(main)
