"""Draw Figure 7: training loss with random labels, one line per sparsity."""

from pathlib import Path

from snip import command


def main() -> None:
    parser = command.figure_parser(__doc__)
    parser.add_argument("--curves", type=Path, required=True, help="table of curves")
    options = parser.parse_args()

    import seaborn as sns

    from snip import plotting
    from snip.provenance import origin_of
    from snip.tables import read_table

    table = read_table(options.curves)
    sparsities = sorted(table["sparsity"].unique())
    # From dark to light like the viridis scale, without its faint yellow end.
    palette = sns.color_palette("viridis", len(sparsities) + 1)
    colors = dict(zip(sparsities, palette, strict=False))

    def look(setting: dict) -> dict:
        reference = setting["sparsity"] == 0
        return {
            "label": f"{setting['sparsity']:g} %" + (" (reference)" if reference else ""),
            "color": colors[setting["sparsity"]],
            "linestyle": "--" if reference else "-",
        }

    plotting.curves(origin_of(options), table, look, options.output, legend_title="Sparsity")


if __name__ == "__main__":
    command.run(main)
