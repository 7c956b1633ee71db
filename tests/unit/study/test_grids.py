import pytest

from snip.study import registry
from snip.study.figures import EXTRAS, FIGURES
from snip.study.grids import expand_masks, expand_runs, grids, settings, study_masks, study_runs
from snip.study.load import check
from snip.study.runs import KEY, PAPER, MaskSet, Run
from snip.study.settings import SCORING
from studies import content, load, put


def runs(config, figure):
    return expand_runs(grids(config, figure))


def masks(config, figure):
    return expand_masks(figure, grids(config, figure))


def with_grids(figure, *blocks):
    """The default study with other grids in a figure, each of seed 0 if it does not say."""
    return check(put(content(), f"figures.{figure}", [{"seeds": [0], **grid} for grid in blocks]))


def test_paper_study_follows_the_paper():
    config = load("paper")
    figure1 = runs(config, "fig1")
    assert len(figure1) == 2 * (10 + 2) * 20
    # Those of Figure 1, and of Table 1.
    for network, published in (("lenet-300-100", {95, 98}), ("lenet-5-caffe", {98, 99})):
        found = {run.sparsity for run in figure1 if run.network == network}
        assert found == {*range(0, 100, 10), *published}
    assert {run.weight_decay for run in figure1} == {0.0005}
    values = settings(config, "lenet-300-100", "mnist")
    assert values["iterations"] == 100_000 and values["decay_every"] == 25_000
    assert values["momentum"] == 0.9 and values["training_batch_size"] == 100
    assert len(runs(config, "fig3")) == 6 * 20  # five sizes, and all examples
    assert len(runs(config, "fig4")) == 5 * 20
    # Random labels have a rate and a length of their own, the same for all their curves.
    random = [run for name in ("fig4", "fig7") for run in runs(config, name)]
    assert {run.dataset for run in random} == {"mnist-54000"}
    values = settings(config, "lenet-5-caffe", "mnist-54000")
    assert values["iterations"] == 60_000 and values["learning_rate"] == 0.005
    assert settings(config, "lenet-5-caffe", "mnist")["learning_rate"] == 0.02


@pytest.mark.parametrize(
    ("names", "initialisation"), [(["table3"], "glorot"), (["table3", "table3-he"], "he")]
)
def test_the_study_of_table_3_trains_its_runs(names, initialisation):
    config = load("paper", *names)
    found = study_runs(config).query(f"figure not in {list(EXTRAS)}").drop_duplicates(KEY)
    assert len(found) == 20 and set(found["labels"]) == {"correct"}
    assert set(found["sparsity"]) == {90} and set(found["weight_decay"]) == {0}
    for network in ("lenet-300-100", "lenet-5-caffe"):
        values = settings(config, network, "mnist")
        assert values["optimizer"] == "adam" and values["learning_rate"] == 0.001
        assert values["initialisation"] == initialisation and values["iterations"] == 100_000


def test_figures_share_runs():
    config = load()
    figure1, figure3, figure4, figure7, control = (
        set(runs(config, name)) for name in ("fig1", "fig3", "fig4", "fig7", "claims")
    )
    assert len(figure1 & figure3) == 5  # 90 %, 100 examples, five seeds
    assert len(figure4 & figure7) == 2 * 5  # random labels, 0 and 99 %
    # The control is compared with as many runs of the sensitivity, equal in all else.
    assert {run.model_copy(update={"control": "none"}) for run in control} <= figure7
    assert len(control) == 3 * 5


def test_the_table_of_runs_has_a_row_for_each_figure_that_wants_one():
    config = load()
    table = study_runs(config)
    found = {
        figure: [Run(**row) for row in rows.to_dict("records")]
        for figure, rows in table[KEY].groupby(table["figure"], sort=False)
    }
    wanted = [name for name in FIGURES if FIGURES[name].trained] + ["claims"]
    assert found == {name: runs(config, name) for name in wanted}


def test_a_reference_has_one_name_in_all_grids():
    names, other = ["magnitude", "random"], {"controls": ["shuffled"], "readings": ["keep"]}
    grid = {"criteria": names, "batch_sizes": [10], "sparsities": [0, 10], **other}
    reference, *pruned = runs(with_grids("controls", grid), "controls")
    assert reference == Run(sparsity=0, reading="keep")
    assert [(run.sparsity, run.criterion, run.batch_size, run.control) for run in pruned] == [
        (10, name, 10, "shuffled") for name in names
    ]


def test_a_grid_that_names_no_criteria_has_the_studys_or_all_there_are():
    config = check(content() | {"criteria": ["magnitude"]})
    assert {mask.criterion for mask in masks(config, "fig2")} == {"magnitude"}
    assert {mask.criterion for mask in masks(config, "anatomy")} == set(registry.names("criteria"))


def test_masks_of_figures():
    config = load()
    by_figure = {name: masks(config, name) for name in FIGURES if FIGURES[name].masks}
    seeds = config.figures["fig2"][0].seeds
    # One file has all ten classes and all seeds.
    assert [list(by_seed) for by_seed in by_figure["fig2"].values()] == [seeds, seeds]
    assert {mask.classes for mask in by_figure["fig2"]} == {"each"}
    assert {mask.classes for mask in by_figure["fig3"]} == {"all"}
    union = study_masks(config)
    assert {mask for mask in union if mask.reading == PAPER} == set().union(*by_figure.values())


def test_a_mask_file_has_all_seeds_at_all_sparsities_and_figures_show_what_they_ask_for():
    changed = put(content(), "figures.fig3", [{"seeds": [0], "mask_seeds": [1, 0]}])
    put(changed, "figures.anatomy", [{"criteria": ["snip"], "sparsities": [50], "seeds": [2]}])
    put(changed, "figures.readings", [{"figure": "fig7", "seeds": [0]}])
    config = check(changed)
    assert study_masks(config)[MaskSet()] == ([0, 1, 2], [50, 90])
    assert masks(config, "fig3") == {MaskSet(): {1: [90], 0: [90]}}
    assert masks(config, "anatomy") == {MaskSet(): {2: [50]}}
    assert runs(config, "fig3") == [Run()]  # fewer seeds are trained than scored


def test_a_reading_changes_what_it_switches_and_nothing_else():
    config = load()
    own = settings(config, "lenet-5-caffe", "mnist")
    changed = settings(config, "lenet-5-caffe", "mnist", "relu")
    assert changed == own | {"relu_after_convolutions": True, "learning_rate": 0.1}
    assert settings(config, "lenet-5-caffe", "mnist", "decay") == own  # an axis


@pytest.mark.parametrize(
    ("study", "of_runs", "of_masks"),
    [
        # The reported error is read from the same runs; masks do not depend on what is trained.
        ("variance-scaling", {"paper", "keep", "he", "rate"}, {"paper", "he"}),
        ("he", {"paper", "keep", "rate"}, {"paper"}),  # the study is he's already
    ],
)
def test_readings_share_the_runs_and_masks_that_do_not_differ(study, of_runs, of_masks):
    grid = {"figure": "fig3", "readings": ["paper", "keep", "best", "validation", "he", "rate"]}
    changed = put(content(), "protocol.initialisation", study)
    put(changed, "readings.rate", {"learning_rate": 0.1})  # that of one network, not of all
    config = check(put(changed, "figures.readings", [grid | {"seeds": [0]}]))
    assert {run.reading for run in runs(config, "readings")} == of_runs
    assert {mask.reading for mask in masks(config, "readings")} == of_masks


def test_masks_differ_where_a_scoring_setting_does_and_nowhere_else():
    for name, reading in load().readings.items():
        config = with_grids("readings", {"figure": "fig2", "readings": [name]})
        [mask] = masks(config, "readings")
        assert (mask.reading == PAPER) == SCORING.isdisjoint(reading.switches), name
        assert runs(config, "readings") == []  # Figure 2 shows none


def test_a_reading_may_switch_the_weight_decay_of_every_run():
    changed = put(content(), "readings.off", {"weight_decay": 0})
    grid = {"figure": "fig4", "weight_decays": [0.1], "readings": ["paper", "decay", "off"]}
    found = runs(check(put(changed, "figures.readings", [grid | {"seeds": [0]}])), "readings")
    assert found == [Run(weight_decay=0.1), Run(weight_decay=0.0005), Run(weight_decay=0)]
