import secrets

import pytest

from snip.study.figures import EXTRAS, FIGURES
from snip.study.slices import (
    SliceError,
    digest,
    file_name,
    named_slice,
    packed,
    read,
    slice_of,
    write,
)
from studies import load


@pytest.mark.parametrize(
    ("path", "value", "figures"),
    [
        ("figures.fig7.0.seeds", [0, 9], {"fig7"}),
        (
            "networks.lenet-5-caffe.learning_rate",
            0.01,
            {"fig1", "fig4", "fig7", "readings", "criteria"},
        ),
        ("training.momentum", 0.8, {"fig1", "fig3", "fig4", "fig7", *EXTRAS}),
        ("reported_error", "best_test_error", {"fig1", "fig3", *EXTRAS}),
        ("protocol.prunable", "weights", set(FIGURES)),
        ("study", "other", set(FIGURES)),
        ("checkpoint_seconds", 7, set()),
        ("data_folder", "elsewhere", set()),
        ("claims.alpha", 0.01, {"readings", "controls"}),
        ("claims.confirming_from", 50, {"readings", "controls"}),
        ("readings.he.initialisation", "glorot", {"readings"}),
    ],
)
def test_a_figures_digest_is_of_what_decides_it(path, value, figures):
    before, after = load("default"), load("default")
    *parents, last = path.split(".")
    target = after
    for key in parents:
        target = target[int(key)] if isinstance(target, list) else target[key]
    target[last] = value
    different = {
        figure
        for figure in FIGURES
        if digest(slice_of(before, [figure])) != digest(slice_of(after, [figure]))
    }
    assert different == figures


def test_a_slice_too_long_for_a_shell_is_refused_and_others_come_back(tmp_path):
    part = named_slice(load("paper"), "claims")
    path = tmp_path / file_name(part, "claims")
    write(packed(part), path)
    assert read(path, "judge") == part
    # Random texts do not compress.
    long = part | {"grids": {"fig1": [secrets.token_hex(200_000)]}}
    with pytest.raises(
        SliceError, match=r"of fig1 has \d+ characters when packed, allowed: 130000"
    ):
        packed(long)
