"""Set a study's test errors beside the published ones: one row per published number.

Only runs of the published optimiser, initialisation and weight decay count; the table of settings
lies beside the runs'.
"""

from dataclasses import asdict
from pathlib import Path

from snip.jobs import command
from snip.jobs.files import write_atomically
from snip.study.axes import ERRORS
from snip.tables.published import PUBLISHED


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="the study's table of runs")
    parser.add_argument("--error", default="test_error", choices=ERRORS, help="column compared")
    parser.add_argument("--output", type=Path, required=True, help="table (.csv)")
    options = parser.parse_args()

    import pandas as pd

    from snip.tables.collect import csv_bytes, read_settings, read_table
    from snip.tables.intervals import mean_interval

    settings = read_settings(options.runs.parent)
    runs = read_table(options.runs)
    runs = runs[(runs["dataset"] == "mnist") & (runs["labels"] == "true")]
    runs = runs[runs["criterion"].eq("snip") | runs["sparsity"].eq(0)]
    rows = []
    for published in PUBLISHED:
        row = asdict(published)
        row["published"] = row.pop("test_error")
        ours = runs[runs["network"] == published.network]
        trained = settings.get(published.network, {}).get("mnist", {})
        for name in ("optimizer", "initialisation"):
            if trained.get(name) != row[name]:
                ours = ours[:0]
        ours = ours[ours["weight_decay"] == published.weight_decay]
        ours = ours[ours["sparsity"] == published.sparsity]
        if published.sparsity:  # the reference has no pruning batch
            # With batches of `all` examples in the table, all sizes are text.
            ours = ours[ours["batch_size"].astype(str) == str(published.batch_size)]
        if len(ours):
            row |= mean_interval(ours[options.error]).round(4).to_dict()
            row["iterations"] = int(ours["iterations"].iloc[0])
        rows.append({"n": 0, **row})
    columns = ["source", "network", "sparsity", "batch_size", "optimizer", "initialisation"]
    columns += ["weight_decay", "published", "spread"]
    columns += ["mean", "lower", "upper", "n", "iterations"]
    table = pd.DataFrame(rows).reindex(columns=columns)
    table = table.astype({"n": int, "iterations": "Int64"})
    write_atomically(options.output, csv_bytes(table))


if __name__ == "__main__":
    command.run(main)
