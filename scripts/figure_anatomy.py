"""Draw what masks leave of each layer, by sparsity: one row per network, one column per criterion.

Beyond the paper. Density is the share of a layer's connections that are kept; effective density
counts only those on a path from input to output.
"""

from snip import command

# Panels in a row.
COLUMNS = 5


def main() -> None:
    parser = command.figure_parser(__doc__)
    command.add_masks(parser)
    options = parser.parse_args()

    import matplotlib.pyplot as plt
    import seaborn as sns

    from snip import plotting
    from snip.mask_files import read_mask_file
    from snip.provenance import origin_of
    from snip.tables import tabulate_anatomies

    plotting.use_style()
    files = (read_mask_file(path, options.sparsity) for path in options.masks)
    shown = tabulate_anatomies(files).infer_objects()
    shown = shown[shown["layer"].str.endswith("weight")]
    shown["density"] = (100 * shown["kept"] / shown["parameters"]).round(4)
    shown["effective_density"] = (100 * shown["effective"] / shown["parameters"]).round(4)

    criteria = list(shown["criterion"].unique())
    networks = list(shown["network"].unique())
    bands = -(-len(criteria) // COLUMNS)  # rows that a network takes
    columns = min(len(criteria), COLUMNS)
    rows = len(networks) * bands
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(plotting.PAGE, 1.75 * rows + 0.55),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    ticks = [s for s in (0, 50, 80, 90, 95, 98, 99) if s <= shown["sparsity"].max()]
    floor = 10**-1.5 * (100 - shown["sparsity"].max())
    for index, network in enumerate(networks):
        layers = list(shown[shown["network"] == network]["layer"].unique())
        colors = sns.color_palette("colorblind", len(layers))
        for number, criterion in enumerate(criteria):
            row, column = index * bands + number // COLUMNS, number % COLUMNS
            axis = axes[row, column]
            of_panel = (shown["network"] == network) & (shown["criterion"] == criterion)
            everywhere = [100 - tick for tick in ticks]
            axis.plot(everywhere, everywhere, color=plotting.GREY, lw=0.7, ls=":", zorder=1)
            for layer, color in zip(layers, colors, strict=True):
                points = shown[of_panel & (shown["layer"] == layer)].sort_values("sparsity")
                left = 100 - points["sparsity"]
                kept = points["density"].clip(lower=floor)
                effective = points["effective_density"].clip(lower=floor)
                axis.plot(left, kept, color=color, label=layer.removesuffix(".weight"))
                axis.plot(left, effective, color=color, ls="--", lw=0.8)
                emptied = points["effective"] == 0
                axis.plot(left[emptied], kept[emptied] * 0 + floor, "x", color=color, ms=4, mew=1)
            axis.set_xscale("log")
            axis.set_yscale("log")
            axis.invert_xaxis() if not axis.xaxis_inverted() else None
            axis.set_xticks(everywhere, [f"{tick:g}" for tick in ticks])
            axis.set_xticks([], minor=True)
            axis.tick_params(axis="x", labelsize=6)
            axis.set_ylim(floor * 0.7, 140)
            axis.yaxis.set_major_formatter("{x:g}")
            if index == 0:
                axis.set_title(criterion, loc="left", fontsize=7)
            if row == rows - 1:
                axis.set_xlabel("Sparsity (%)")
            if column == 0:
                axis.set_ylabel(f"{plotting.name(network)}\nkept (%)")
        axes[index * bands, -1].legend(
            loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, handlelength=1.2
        )
    for spare in range(len(criteria), bands * columns):
        for index in range(len(networks)):
            axes[index * bands + spare // columns, spare % columns].set_visible(False)
    plotting.small_print(
        figure,
        origin_of(options),
        "solid: connections kept, dashed: on a path from input to output, cross: none, "
        "dotted: equal in all layers",
        f"pruning batch of {int(shown['batch_size'].iloc[0])} examples, 1 seed",
    )
    plotting.save(figure, shown, options.output, origin_of(options))


if __name__ == "__main__":
    command.run(main)
