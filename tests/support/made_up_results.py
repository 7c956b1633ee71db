"""Result files of made-up runs, the specification that asks for them, mask files."""

import numpy as np

from snip.jobs.files import write_atomically
from snip.masks.mask_files import mask_file
from snip.study.grids import FullGrid, Made
from snip.study.runs import AXES, Run
from snip.study.spec import Spec
from snip.tables.collect import OUTCOME

RUN = Run(sparsity=99.5)
SETTINGS = {"iterations": 10, "momentum": 0.9}


def spec_of_runs(*runs: Run) -> Spec:
    """A specification that asks for these runs, in this order."""
    grids = [
        FullGrid(
            **{plural: [getattr(run, axis)] for axis, plural in AXES.items()},
            mask_seeds=[run.seed],
            made={run.reading: Made(runs=run.reading, masks=run.reading)},
        )
        for run in runs
    ]
    return Spec(
        study="made-up",
        grids={"fig1": grids},
        settings={"lenet-300-100": {"mnist": {run.reading: SETTINGS for run in runs}}},
        code={"train": {f"{run.criterion} {run.network}": "c0de" for run in runs}},
    )


def result_of(run: Run) -> dict:
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


def write_result(folder, run: Run, content: bytes):
    """Write a result file in the place of a run; returns its path."""
    path = folder / f"{run.path}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def write_masks(folder, spec: Spec, figures) -> dict[str, np.ndarray]:
    """Write mask files of figures that have one kind of seeds and sparsities.

    Returns:
        By figure the pixel counts of its last file, of 300 units: (seeds, classes, sparsities, 28,
        28).
    """
    random, counts = np.random.default_rng(0), {}
    for figure in figures:
        for masks, by_seed in spec.masks(figure).items():
            classes = 10 if masks.classes == "each" else 1
            sparsities = next(iter(by_seed.values()))
            shape = (len(by_seed), classes, len(sparsities), 28, 28)
            counts[figure] = random.integers(0, 301, shape, dtype=np.uint16)
            description = {
                "key": masks.key,
                "settings": spec.settings_of(masks),
                "seeds": list(by_seed),
                "classes": [str(number) for number in range(classes)],
                "sparsities": sparsities,
                "composition": [[] for _ in by_seed],
                "units": 300,
                "anatomies": [],
                "made_by": {"code": spec.code["prune"][f"{masks.criterion} {masks.network}"]},
            }
            content = mask_file(description, {"images": counts[figure]})
            write_atomically(folder / f"{masks.path}.npz", content)
    return counts
