"""Result files of made-up runs, and the slice of a configuration that asks for them."""

from snip.study.axes import Run
from snip.tables.collect import OUTCOME

RUN = Run("mnist", "lenet-300-100", "snip", "99.5", 100, "correct", "0.0005", 0)
SETTINGS = {"iterations": 10, "momentum": 0.9}


def slice_of_runs(*runs) -> dict:
    """A slice that asks for these runs, in this order."""
    grids = [
        {
            "datasets": [run.dataset],
            "networks": [run.network],
            "criteria": [run.criterion],
            "sparsities": [run.sparsity],
            "batch_sizes": [run.batch_size],
            "labels": [run.labels],
            "weight_decays": [run.weight_decay],
            "readings": [run.reading],
            "controls": [run.control],
            "seeds": [run.seed],
            "reference": {},
            "names": {run.reading: {"runs": run.reading, "masks": run.reading, "axes": {}}},
        }
        for run in runs
    ]
    settings = {"lenet-300-100": {"mnist": {run.reading: SETTINGS for run in runs}}}
    code = {f"{run.criterion} {run.network}": "c0de" for run in runs}
    return {"grids": {"fig1": grids}, "settings": settings, "code": {"train": code}}


def result_of(run) -> dict:
    """What a result file holds, with one layer and two logged points."""
    return {
        **run.key,
        "settings": SETTINGS,
        **{name: index for index, name in enumerate(OUTCOME)},
        "layers": {
            "fc1.weight": {"parameters": 10, "kept": 1, "effective": 1, "units": 2, "dead_units": 1}
        },
        "evaluations": [],
        "curve": [[5, 0.25], [10, 0.125]],
    }


def write_result(folder, run, content: bytes):
    """Write a result file in the place of a run; returns its path."""
    path = folder / f"{run.path}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
