from dataclasses import replace

import pytest

from snip.study import registry
from snip.study.config import check, load_config
from snip.study.figures import FIGURES, TRAINED
from snip.study.grids import expand_masks, expand_runs, grids, settings, study_masks, study_runs
from studies import CONFIG, load


def runs(config, figure):
    return expand_runs(grids(config, figure))


def test_paper_study_follows_the_paper():
    config = load("paper")
    figure1 = runs(config, "fig1")
    assert len(figure1) == 2 * 10 * 20
    assert {run.sparsity for run in figure1} == {str(s) for s in range(0, 100, 10)}
    values = settings(config, "lenet-300-100", "mnist")
    assert values["iterations"] == 100_000 and values["decay_every"] == 25_000
    assert values["momentum"] == 0.9 and values["training_batch_size"] == 100
    assert {run.weight_decay for run in figure1} == {"0.0005"}
    assert len(runs(config, "fig3")) == 6 * 20  # five sizes, and all examples
    assert len(runs(config, "fig4")) == 5 * 20
    # Random labels have a rate and a length of their own, the same for all their curves.
    assert {run.dataset for name in ("fig4", "fig7") for run in runs(config, name)} == {
        "mnist-54000"
    }
    values = settings(config, "lenet-5-caffe", "mnist-54000")
    assert values["iterations"] == 60_000 and values["learning_rate"] == 0.005
    assert settings(config, "lenet-5-caffe", "mnist")["learning_rate"] == 0.02
    # Table 1's sparsities.
    extra = {
        (run.network, run.sparsity) for run in runs(config, "claims") if run.labels == "correct"
    }
    assert {("lenet-300-100", "95"), ("lenet-300-100", "98")} < extra
    assert {("lenet-5-caffe", "98"), ("lenet-5-caffe", "99")} < extra


@pytest.mark.parametrize(
    ("names", "initialisation"), [(["table3"], "glorot"), (["table3", "table3-he"], "he")]
)
def test_the_study_of_table_3_trains_its_runs_and_no_others(names, initialisation):
    files = [CONFIG / f"{name}.yaml" for name in ("default", "paper", *names)]
    config = load_config(*files)
    assert config["study"] == names[-1]
    found = study_runs(config)
    assert len(found) == 2 * 20
    assert {(run.sparsity, run.weight_decay, run.labels) for run in found} == {
        ("90", "0", "correct")
    }
    for network in ("lenet-300-100", "lenet-5-caffe"):
        values = settings(config, network, "mnist")
        assert values["optimizer"] == "adam" and values["learning_rate"] == 0.001
        assert values["initialisation"] == initialisation and values["iterations"] == 100_000


def test_figures_share_runs():
    config = load("default")
    figures = [set(runs(config, figure)) for figure in TRAINED]
    assert len(figures[0] & figures[1]) == 5  # 90 %, 100 examples, five seeds
    assert len(figures[2] & figures[3]) == 2 * 5  # random labels, reference and 99 %, five seeds
    union = study_runs(config)
    control = set(runs(config, "claims"))
    assert len(union) == len(set(union)) == len(set.union(*figures, control))
    # The control is compared with as many runs of the sensitivity, equal in all else.
    assert len(control) == 3 * 5 and not control & set.union(*figures)
    assert {replace(run, control="none") for run in control} <= figures[3]


def test_reference_is_trained_once_whatever_is_swept():
    config = load("default") | {"criteria": ["magnitude", "snip"]}
    reference = [run for run in runs(config, "fig1") if run.sparsity == "0"]
    assert len(reference) == 2 * 5
    assert {run.criterion for run in reference} == {"magnitude"}


def test_a_reference_has_one_name_in_all_grids():
    config = load("default")
    config["figures"]["fig4"] = [
        {"criteria": [criterion], "batch_sizes": [10], "sparsities": [0, 99], "seeds": [0]}
        for criterion in ("magnitude", "random")
    ]
    reference = [run for run in runs(config, "fig4") if run.sparsity == "0"]
    assert [(run.criterion, run.batch_size) for run in reference] == [("snip", 100)]


def test_masks_of_figures():
    config = load("default")
    masks = {
        name: expand_masks(name, grids(config, name)) for name in FIGURES if FIGURES[name].masks
    }
    assert len(masks["fig2"]) == 2  # one file has all ten classes and all seeds
    seeds = config["figures"]["fig2"][0]["seeds"]
    assert all(list(by_seed) == seeds for by_seed in masks["fig2"].values())
    assert {mask.class_ for mask in masks["fig2"]} == {"each"}
    assert {mask.class_ for mask in masks["fig3"]} == {"all"}
    assert len(masks["anatomy"]) == 2 * len(registry.names("criteria"))
    union = study_masks(config)
    assert {mask for mask in union if mask.reading == "paper"} == set().union(*masks.values())
    assert list(union.values())[0] == (seeds, [str(s) for s in range(10, 100, 10)])


def test_a_mask_file_has_all_seeds_at_all_sparsities_and_figures_show_what_they_ask_for():
    config = load("default")
    config["figures"]["fig3"] = [{"sparsities": [90], "seeds": [0, 1]}]
    config["figures"]["anatomy"] = [{"criteria": ["snip"], "sparsities": [50], "seeds": [2]}]
    config["figures"]["readings"] = []
    [wanted] = [wanted for mask, wanted in study_masks(config).items() if mask.class_ == "all"]
    assert wanted == ([0, 1, 2], ["50", "90"])
    shown = {name: expand_masks(name, grids(config, name)) for name in ("fig3", "anatomy")}
    assert list(shown["fig3"].values()) == [{0: ["90"], 1: ["90"]}]
    assert list(shown["anatomy"].values()) == [{2: ["50"]}]


def test_masks_may_have_more_seeds_than_runs():
    config = load("default")
    config["figures"]["fig3"] = [{"seeds": [0, 1], "mask_seeds": [100, 101, 102]}]
    assert {run.seed for run in runs(config, "fig3")} == {0, 1}
    [by_seed] = expand_masks("fig3", grids(config, "fig3")).values()
    assert list(by_seed) == [100, 101, 102]


def test_numbers_have_one_spelling():
    config = load("default")
    config["figures"]["fig3"] = [{"batch_sizes": [1.0, 100], "seeds": [0, 1, 2.0]}]
    [grid] = grids(check(config), "fig3")
    assert grid["batch_sizes"] == [1, 100] and all(type(v) is int for v in grid["batch_sizes"])
    assert [run.seed for run in runs(config, "fig3")] == [0, 1, 2] * 2
    assert {run.labels for run in runs(config, "fig3")} == {"correct"}
    assert all(".0" not in run.path.split("seed-")[1] for run in runs(config, "fig3"))
