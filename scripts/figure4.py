"""Draw Figure 4: training loss with true and with random labels, reference and pruned."""

from pathlib import Path

from snip import command


def main() -> None:
    parser = command.figure_parser(__doc__)
    parser.add_argument("--curves", type=Path, required=True, help="table of curves")
    options = parser.parse_args()

    from snip import plotting
    from snip.provenance import origin_of
    from snip.tables import read_table

    # Colour says which labels; line and shade say reference or pruned.
    colors = {
        ("true", True): plotting.SKY,
        ("true", False): plotting.BLUE,
        ("random", True): plotting.ORANGE,
        ("random", False): plotting.VERMILLION,
    }

    def look(setting: dict) -> dict:
        reference = setting["sparsity"] == 0
        decayed = setting["weight_decay"] > 0
        what = "reference" if reference else f"pruned to {setting['sparsity']:g} %"
        what += "" if decayed else ", no weight decay"
        return {
            "label": f"{setting['labels']} labels, {what}",
            "color": colors[setting["labels"], reference],
            "linestyle": ("-" if decayed else ":") if reference else "--",
        }

    plotting.curves(origin_of(options), read_table(options.curves), look, options.output)


if __name__ == "__main__":
    command.run(main)
