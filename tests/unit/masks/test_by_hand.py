"""What the scripts keep for people, beside what the workflow asks for."""

import json
import subprocess
import sys

import numpy as np
import pytest

from helpers import REPOSITORY
from quick import QUICK
from snip.masks.mask_files import MaskFileError, read_masks
from snip.study import options
from snip.study.runs import MaskSet


def call(script, folder, *arguments):
    command = [sys.executable, REPOSITORY / f"scripts/{script}.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)


@pytest.fixture
def words(real_data):
    settings = QUICK.model_copy(update={"iterations": 3, "decay_every": 3, "evaluate_every": 3})
    return [*options.arguments(dict(settings)).split(), "--data", str(real_data)]


def test_a_run_keeps_its_masks_and_weights(tmp_path, words):
    kept = ["--masks", "masks.npz", "--weights", "weights.npz", "--output", "run.json"]
    call("train", tmp_path, "--sparsity", "90", *words, *kept)
    result = json.loads((tmp_path / "run.json").read_text())
    masks, weights = (np.load(tmp_path / f"{name}.npz") for name in ("masks", "weights"))
    assert sum(int(masks[name].sum()) for name in masks.files) == result["kept"]
    for name in masks.files:
        assert weights[name].shape == masks[name].shape
        assert not weights[name][~masks[name]].any()
    assert weights["fc1.weight"].any()


def test_a_shuffled_mask_keeps_as_many_and_is_no_mask_of_the_workflow(tmp_path, real_data):
    asked = ["--sparsities", "90", "--data", str(real_data), "--output"]
    call("prune", tmp_path, *asked, "plain.npz")
    path = tmp_path / f"{MaskSet().path}.npz"
    call("prune", tmp_path, "--control", "shuffled", *asked, str(path))
    plain, shuffled = np.load(tmp_path / "plain.npz"), np.load(path)
    for name in ("fc1.weight", "fc3.bias"):
        assert plain[name].sum() == shuffled[name].sum()
    assert (plain["fc1.weight"] != shuffled["fc1.weight"]).any()
    with pytest.raises(MaskFileError, match="'control': 'shuffled'"):
        read_masks(tmp_path, MaskSet())
