"""Draw Figure 3: mask images and test error against the size of the pruning batch."""

from pathlib import Path

from snip import command
from snip.runs import ERRORS


def main() -> None:
    parser = command.figure_parser(__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="table of runs")
    command.add_masks(parser)
    parser.add_argument("--data", type=Path, default=Path("results/datasets"), help="fetched data")
    parser.add_argument("--error", default="test_error", choices=ERRORS, help="column shown")
    options = parser.parse_args()

    import matplotlib.pyplot as plt
    import pandas as pd
    import seaborn as sns

    from snip import plotting
    from snip.datasets import mean_images
    from snip.provenance import origin_of
    from snip.published import ITERATIONS, PUBLISHED
    from snip.statistics import add_intervals, runs_phrase
    from snip.tables import read_table

    plotting.use_style()
    table = read_table(options.runs)
    shown = add_intervals(table, ["dataset", "criterion", "sparsity", "batch_size"], options.error)
    masks = plotting.mask_table(options.masks, options.sparsity)
    criteria = list(shown["criterion"].unique())
    sizes = sorted(shown["batch_size"].unique())
    position = {size: index for index, size in enumerate(sizes)}
    dataset = shown["dataset"].iloc[0]
    mean_image = mean_images(dataset, options.data)[-1].round(4)

    # Laid out by hand (inches), so that each image stands above its error.
    width, left, right, bottom, middle = plotting.PAGE * 0.8, 0.55, 0.6, 0.75, 2.0
    cell = (width - left - right) / (len(sizes) + 1)
    height = bottom + middle + 0.15 + cell * len(criteria) + 0.3
    figure = plt.figure(figsize=(width, height))
    figure.set_layout_engine("none")

    def place(x: float, y: float, w: float, h: float) -> plt.Axes:
        return figure.add_axes((x / width, y / height, w / width, h / height))

    row = width - left - right
    errors = place(left, bottom, row, middle)
    images = place(left, bottom + middle + 0.15, row, cell * len(criteria))
    style = {"cmap": "gray", "vmin": 0, "vmax": 1, "interpolation": "none"}
    pixels = [f"p{pixel}" for pixel in range(784)]
    for row, criterion in enumerate(criteria):
        for _, mask in masks[masks["criterion"] == criterion].iterrows():
            x, y = position[mask["batch_size"]], len(criteria) - 1 - row
            drawn = mask[pixels].to_numpy(float).reshape(28, 28)
            images.imshow(drawn, extent=(x - 0.46, x + 0.46, y - 0.46, y + 0.46), **style)
        x, y = len(sizes), len(criteria) - 1 - row
        image = images.imshow(mean_image, extent=(x - 0.46, x + 0.46, y - 0.46, y + 0.46), **style)
    images.set_xlim(-0.5, len(sizes) + 0.5)
    images.set_ylim(-0.5, len(criteria) - 0.5)
    images.set_yticks(range(len(criteria)), [plotting.name(c) for c in reversed(criteria)])
    images.set_yticks([]) if len(criteria) == 1 else images.tick_params(axis="y", length=0)
    images.set_xticks([])
    sns.despine(ax=images, left=True, bottom=True)
    images.set_title(
        f"{plotting.name(dataset)}: first-layer mask at {shown['sparsity'].iloc[0]:g} % sparsity",
        loc="left",
    )
    scale = place(width - right + 0.05, bottom + middle + 0.2, 0.07, cell * len(criteria) - 0.1)
    bar = figure.colorbar(image, cax=scale)
    bar.set_label("Share kept", fontsize=7)
    bar.outline.set_linewidth(0.5)

    shown["position"] = shown["batch_size"].map(position)
    plotting.draw_errors(errors, shown, "position", options.error)
    published = {
        entry.batch_size: entry.test_error
        for entry in PUBLISHED
        if entry.source == "Figure 3" and entry.batch_size in sizes and dataset == "mnist"
    }
    if published:
        shorter = table["iterations"].max() < ITERATIONS
        errors.scatter(
            [position[size] for size in published],
            list(published.values()),
            s=16,
            facecolors="none",
            edgecolors="black",
            linewidths=0.8,
            zorder=3,  # above the means, which may hide them
            label="published (longer training)" if shorter else "published",
        )
    errors.set_xlim(-0.5, len(sizes) + 0.5)
    errors.set_xticks(
        range(len(sizes) + 1), [*(f"{size:,}" for size in sizes), "mean training\nimage"]
    )
    errors.set_xlabel("Pruning batch (examples)")
    errors.set_ylabel("Test error (%)")
    errors.set_ylim(bottom=0)
    errors.legend(frameon=False, loc="lower right")
    plotting.small_print(
        figure,
        origin_of(options),
        plotting.iterations_phrase(table),
        f"{runs_phrase(shown['n'])} per point",
        "mask images of 1 seed",
    )
    columns = ["dataset", "criterion", "sparsity", "batch_size", "seed"]
    table_of_errors = shown[[*columns, options.error, "mean", "lower", "upper"]].assign(
        published=shown["batch_size"].map(published)
    )
    average = pd.DataFrame(
        [[dataset, "mean training image", *mean_image.reshape(-1)]],
        columns=["dataset", "criterion", *pixels],
    )
    pictures = pd.concat([masks[[*columns, *pixels]], average])
    plotting.save(
        figure,
        pd.concat([table_of_errors, pictures]).astype({"batch_size": "Int64", "seed": "Int64"}),
        options.output,
        origin_of(options),
    )


if __name__ == "__main__":
    command.run(main)
