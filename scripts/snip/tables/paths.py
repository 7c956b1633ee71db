"""What of the connections that runs keep lies on a path from input to output."""

import pandas as pd

from snip.study.runs import KEY


def add_paths(runs: pd.DataFrame, layers: pd.DataFrame) -> pd.DataFrame:
    """Return the runs with three more columns.

    A network without a path has no weight on a path, so its output is the same for every image.

    Args:
        runs: the table of runs.
        layers: the table of layers, with the counts of each prunable parameter tensor.

    Returns:
        The runs with `effective_sparsity` (percent), which counts as removed what is on no path,
        too; `on_path`, the share of the kept connections that lie on a path; and `no_path`, whether
        no weight does.
    """
    weights = layers["effective"].where(layers["layer"].str.endswith("weight"), 0)
    columns = ["parameters", "kept", "effective", "weights"]
    counts = layers.assign(weights=weights).groupby(KEY, sort=False)[columns].sum()
    remaining = counts["effective"] / counts["parameters"]
    added = counts.assign(
        effective_sparsity=(100 * (1 - remaining)).round(4),
        on_path=(counts["effective"] / counts["kept"]).round(4),
        no_path=counts["weights"] == 0,
    )
    added = added[["effective_sparsity", "on_path", "no_path"]].reset_index()
    return runs.merge(added, on=KEY, how="left")
