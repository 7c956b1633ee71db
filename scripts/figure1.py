"""Draw Figure 1: test error against sparsity, one panel per network."""

from pathlib import Path

from snip import command
from snip.runs import ERRORS


def main() -> None:
    parser = command.figure_parser(__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="table of runs")
    parser.add_argument("--error", default="test_error", choices=ERRORS, help="column shown")
    options = parser.parse_args()

    import matplotlib.pyplot as plt

    from snip import plotting
    from snip.provenance import origin_of
    from snip.statistics import add_intervals, runs_phrase
    from snip.tables import read_table

    plotting.use_style()
    table = read_table(options.runs)
    setting = ["dataset", "network", "criterion", "sparsity"]
    shown = add_intervals(table, setting, options.error)
    panels = list(shown.groupby(["network", "dataset"], sort=False))
    width = plotting.PAGE if len(panels) > 1 else plotting.COLUMN
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(width, 2.6 * rows), squeeze=False)
    for index, (axis, (key, panel)) in enumerate(zip(axes.flat, panels, strict=False)):
        reference = panel[panel["sparsity"] == 0]
        if len(reference):
            limits = reference.iloc[0]
            axis.axhspan(limits["lower"], limits["upper"], color=plotting.GREY, alpha=0.25, lw=0)
            axis.axhline(
                limits["mean"],
                color=plotting.GREY,
                linestyle="--",
                zorder=1,
                label="reference (no pruning)",
            )
        plotting.draw_errors(axis, panel, "sparsity", options.error)
        axis.set_title(plotting.panel_title(index, *key), loc="left")
        axis.set_xlabel("Sparsity (%)")
        axis.set_xticks(sorted(panel["sparsity"].unique()))
        # Room above the runs for the legend.
        low = panel[["lower", options.error]].min(axis=None)
        high = panel[["upper", options.error]].max(axis=None)
        axis.set_ylim(low - 0.15 * (high - low), high + 0.55 * (high - low))
        axis.legend(loc="upper left", frameon=False)
    for axis in axes[:, 0]:
        axis.set_ylabel("Test error (%)")
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    plotting.small_print(
        figure,
        origin_of(options),
        plotting.iterations_phrase(table),
        f"{runs_phrase(shown['n'])} per point",
    )
    plotting.save(
        figure,
        shown[[*setting, "seed", options.error, "mean", "lower", "upper"]],
        options.output,
        origin_of(options),
    )


if __name__ == "__main__":
    command.run(main)
