import pandas as pd
import pytest

from made_up_evidence import runs_of_controls, spec_of_controls
from snip.tables.paths import add_paths


def a_run(*rows):
    """One run, and its layers: name, parameters, kept, effective."""
    spec = spec_of_controls(seeds=[0], criteria=["snip"], controls=["none"])
    runs = runs_of_controls(spec).head(1)
    layers = [runs.assign(layer=n, parameters=p, kept=k, effective=e) for n, p, k, e in rows]
    return add_paths(runs, pd.concat(layers)).iloc[0]


def test_effective_sparsity_counts_all_parameters_and_the_share_on_a_path_what_is_kept():
    run = a_run(("fc1.weight", 80, 30, 8), ("fc1.bias", 10, 4, 2), ("fc2.weight", 110, 6, 0))
    assert run["effective_sparsity"] == 95 and run["on_path"] == 0.25 and not run["no_path"]


@pytest.mark.parametrize(("weights", "no_path"), [(0, True), (1, False)])
def test_a_network_without_a_path_may_keep_an_output_bias(weights, no_path):
    run = a_run(("fc1.weight", 80, 5, weights), ("fc1.bias", 10, 1, 1))
    assert run["no_path"] == no_path
