import copy
import json
import runpy
import sys

import numpy as np
import pytest
import torch

from helpers import REPOSITORY
from snip.datasets.dataset import load_dataset
from snip.layers.weights import build_network
from snip.masks import scoring
from snip.masks.anatomy import anatomy
from snip.masks.criteria import snip
from snip.study.runs import MaskSet
from snip.study.settings import Settings


def score_by_hand(data, output, *words):
    """Run the script; return the arrays of its file, and the description apart."""
    command = ["scripts/prune.py", "--dataset=generated", f"--data={data}", f"--output={output}"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        patch.setattr(sys, "argv", [*command, *words])
        runpy.run_path("scripts/prune.py", run_name="__main__")
    with np.load(output, allow_pickle=False) as archive:
        arrays = dict(archive)
    return arrays, json.loads(str(arrays.pop("description")))


@pytest.mark.parametrize("classes", ["all", "7", "each"])
def test_a_mask_file_by_hand_has_each_tensor_without_pickle(
    tmp_path, generated, classes, monkeypatch, capsys
):
    def zeroing(problem, score=snip.score):  # what a criterion does to its network is undone
        scores = score(problem)
        torch.nn.utils.vector_to_parameters(0 * problem.weights, problem.network.parameters())
        return scores

    monkeypatch.setattr(snip, "score", zeroing)
    words = ["--network=lenet-5-caffe", f"--classes={classes}", "--batch-size=20"]
    words += ["--seeds", "4", "0", "--sparsities", "50", "99.5"]
    arrays, description = score_by_hand(generated, tmp_path / "mask.npz", *words)
    said = capsys.readouterr()
    digit = "7" if classes == "each" else classes
    assert f"seed 0, class {digit}: kept 215540, 2155\n" in said.err and said.out == ""
    dataset = load_dataset("generated", generated)
    assert description["seeds"] == [4, 0] and description["units"] == 20
    assert description["sparsities"] == [50, 99.5]
    assert description["settings"]["prunable"] == "weights-and-biases"
    assert description["made_by"]["device"] == "cpu" and description["made_by"]["processor"]
    assert "images" not in arrays  # the first layer's units see parts of the image
    for row, seed in enumerate(description["seeds"]):
        network = build_network("lenet-5-caffe", seed)
        for number, class_ in enumerate(description["classes"]):
            masks_of = MaskSet(network="lenet-5-caffe", batch_size=20, classes=class_)
            problem = scoring.make_problem(
                copy.deepcopy(network), masks_of, seed, Settings(), dataset
            )
            masks = scoring.make_masks(problem, "snip", [50, 99.5])
            assert sum(description["composition"][row][number]) == 20
            if class_ != "all":
                assert description["composition"][row][number][int(class_)] == 20
            if classes != "each":
                counts = [anatomy(network, mask) for mask in masks]
                assert description["anatomies"][row] == counts
            for name in masks[0]:
                stacked = np.stack([mask[name] for mask in masks])
                np.testing.assert_array_equal(arrays[name][row, number], stacked)


@pytest.mark.parametrize("criterion", ["snip", "random", "force"])
def test_masks_of_a_seed_are_the_same_whatever_other_seeds_are_scored(
    tmp_path, generated, criterion
):
    words = [f"--criterion={criterion}", "--classes=all", "--batch-size=20", "--sparsities", "90"]
    whole, of_all = score_by_hand(generated, tmp_path / "all.npz", *words, "--seeds", "3", "0", "7")
    for row, seed in enumerate((3, 0, 7)):
        one, alone = score_by_hand(generated, tmp_path / "one.npz", *words, "--seeds", str(seed))
        assert alone["seeds"] == [seed] and one["images"].shape == (1, 1, 1, 28, 28)
        for name in ("composition", "anatomies"):
            assert alone[name] == [of_all[name][row]]
        for name, array in one.items():
            np.testing.assert_array_equal(whole[name][[row]], array)
