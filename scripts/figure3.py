"""Draw Figure 3: mask images and test error against the size of the pruning batch."""

from pathlib import Path

from snip import command
from snip.runs import ERRORS


def main() -> None:
    parser = command.figure_parser(__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="table of runs")
    command.add_masks(parser)
    parser.add_argument("--data", type=Path, default=Path("results/datasets"), help="fetched data")
    parser.add_argument(
        "--example", type=int, choices=range(10), help="class of the single example shown"
    )
    parser.add_argument("--error", default="test_error", choices=ERRORS, help="column shown")
    options = parser.parse_args()

    from snip.datasets import mean_images
    from snip.figures import batch_sizes, masks
    from snip.provenance import origin_of
    from snip.published import ITERATIONS, PUBLISHED
    from snip.tables import read_table

    table = read_table(options.runs)
    dataset = table["dataset"].iloc[0]
    published = {
        str(entry.batch_size): entry.test_error
        for entry in PUBLISHED
        if entry.source == "Figure 3" and dataset == "mnist"
    }
    batch_sizes.draw(
        table,
        options.error,
        masks.mask_table(options.masks, options.sparsity),
        mean_images(dataset, options.data)[-1].round(4),
        options.example,
        published,
        table["iterations"].max() < ITERATIONS,
        origin_of(options),
        options.output,
    )


if __name__ == "__main__":
    command.run(main)
