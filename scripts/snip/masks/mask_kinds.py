"""Score a kind of mask: the networks of all its seeds, each on its pruning batches."""

import copy
import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from snip.datasets.dataset import Dataset
from snip.datasets.sources import CLASSES
from snip.layers.weights import build_network, connections
from snip.masks.anatomy import anatomy
from snip.masks.mask_files import pixel_counts
from snip.masks.scoring import make_masks, make_problem
from snip.study.runs import MaskSet
from snip.study.settings import Settings, scoring_part


def score_kind(
    masks: MaskSet,
    seeds: Sequence[int],
    sparsities: Sequence[float],
    settings: Settings,
    dataset: Dataset,
    images_only: bool = False,
    control: str = "none",
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the description and the arrays of a mask file; see `snip.masks.mask_files`.

    The masks of a seed are the same whatever other seeds are scored beside it. With `images_only`
    they are left out. A `control` (`snip.masks.controls`) stands in the key, which no workflow asks
    for.

    Raises:
        SnipError: see `snip.masks.scoring`.
    """
    digits = [str(digit) for digit in range(CLASSES)]
    classes = digits if masks.classes == "each" else [masks.classes]
    arrays: dict[str, list[np.ndarray]] = defaultdict(list)  # one for each seed and class
    anatomies, composition = [], []
    for seed in seeds:
        drawn = build_network(masks.network, seed, settings)
        name_of_first = next(name for name, p in drawn.named_parameters() if p.dim() > 1)
        for class_ in classes:
            # A criterion may change its network, so each class scores a copy.
            network = copy.deepcopy(drawn)
            kind = masks.model_copy(update={"classes": class_})
            problem = make_problem(network, kind, seed, settings, dataset)
            made = make_masks(problem, masks.criterion, sparsities, control)
            composition.append(np.bincount(problem.labels, minlength=CLASSES))
            stacked = {name: np.stack([mask[name].numpy() for mask in made]) for name in made[0]}
            first = stacked[name_of_first]
            seen = first.ndim == 3 and name_of_first in connections(drawn)  # not frozen
            if seen and (images := pixel_counts(first)) is not None:
                arrays["images"].append(images)
            for name in () if images_only else stacked:
                arrays[name].append(stacked[name])
            if masks.classes != "each":
                anatomies.append([anatomy(drawn, mask) for mask in made])
            kept = ", ".join(str(sum(int(m.sum()) for m in mask.values())) for mask in made)
            print(f"seed {seed}, class {class_}: kept {kept}", file=sys.stderr)
    axes = (len(seeds), len(classes))
    description = {
        "key": masks.key | ({"control": control} if control != "none" else {}),
        "settings": scoring_part(dict(settings)),
        "seeds": list(seeds),
        "classes": classes,
        "sparsities": list(sparsities),
        "composition": np.reshape(composition, (*axes, CLASSES)).tolist(),
        "units": first.shape[1],
        "anatomies": anatomies,
    }
    return description, {
        name: np.reshape(each, (*axes, *np.shape(each[0]))) for name, each in arrays.items()
    }
