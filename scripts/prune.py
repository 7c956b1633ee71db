"""Score a network at initialisation on one pruning batch and write its masks.

The output (.npz) loads with numpy.load(..., allow_pickle=False) and holds
- the masks: per parameter tensor, under its name in the network, a boolean array (sparsities,
  *tensor shape), True where kept;
- `images` (1, sparsities, 28, 28): the number of first-layer units that keep each pixel;
- `description`, a JSON text: what was scored, under which settings, and per sparsity and tensor
  the number of parameters kept, of those on a path, and of dead units.
With `--class each` the file holds masks and images of ten pruning batches, one of each class, and
no counts.
"""

import copy
import sys
from dataclasses import asdict, replace
from pathlib import Path

from snip.datasets.sources import CLASSES, FETCHED
from snip.jobs import command, threads
from snip.jobs.code import check_unedited
from snip.study import options, registry
from snip.study.axes import MASK_AXES, MaskSet
from snip.study.settings import SCORING_SETTINGS, scoring_part, unswept


def main() -> None:
    parser = command.parser(__doc__)
    command.add_code(parser)
    options.add_axes(parser, [name for name in MASK_AXES if name != "class_"])
    options.add_axis(parser, "sparsity", nargs="+", required=True)
    parser.add_argument(
        "--class",
        dest="class_",
        default="all",
        choices=["all", "each", *map(str, range(CLASSES))],
        help="draw the pruning batch from one class alone, or ten of them from each",
    )
    parser.add_argument("--data", type=Path, default=FETCHED, help="fetched data")
    parser.add_argument("--images-only", action="store_true", help="leave the masks out")
    parser.add_argument("--output", type=Path, required=True, help="mask file (.npz)")
    options.add_settings(parser, SCORING_SETTINGS)
    parsed = parser.parse_args()
    check_unedited(parsed.code, "prune", *registry.chosen_files(parsed.criterion, parsed.network))

    threads.limit_libraries()
    with command.importing():
        import numpy as np

        from snip.datasets.dataset import load_dataset
        from snip.jobs.files import write_atomically
        from snip.layers.weights import build_network
        from snip.masks.anatomy import anatomy
        from snip.masks.mask_files import mask_file, pixel_counts
        from snip.masks.scoring import make_masks, make_problem

    threads.use_one_thread()
    settings = options.settings_of(parsed)
    dataset = load_dataset(
        parsed.dataset, parsed.data, settings.inverted_statistics, settings.grey_values
    )
    wanted = MaskSet(**{name: getattr(parsed, name) for name in MASK_AXES})
    drawn = build_network(wanted.network, wanted.seed, settings)
    classes = list(map(str, range(CLASSES))) if parsed.class_ == "each" else [parsed.class_]
    arrays, images, anatomies, composition = [], [], [], []
    for class_ in classes:
        # A criterion may change its network, so each class scores a copy.
        network = copy.deepcopy(drawn)
        mask_set = replace(wanted, class_=class_)
        problem = make_problem(network, mask_set, settings, dataset)
        masks = make_masks(problem, wanted.criterion, map(float, parsed.sparsity))
        composition.append(np.bincount(problem.labels, minlength=CLASSES).tolist())
        stacked = {name: np.stack([mask[name].numpy() for mask in masks]) for name in masks[0]}
        first = next(iter(stacked.values()))
        images.append(pixel_counts(first))
        if not parsed.images_only:
            arrays.append(stacked)
        if parsed.class_ != "each":
            anatomies = [anatomy(network, mask) for mask in masks]
        kept = ", ".join(str(sum(int(m.sum()) for m in mask.values())) for mask in masks)
        print(f"class {class_}: kept {kept}", file=sys.stderr)
    description = {
        "key": wanted.key,
        "settings": unswept(scoring_part(asdict(settings))),
        "classes": classes,
        "sparsities": parsed.sparsity,
        "composition": composition,
        "units": first.shape[1],
        "anatomies": anatomies,
    }
    content = {}
    if arrays:
        content = {name: np.stack([each[name] for each in arrays]) for name in arrays[0]}
        if parsed.class_ != "each":
            content = {name: array[0] for name, array in content.items()}
    if images[0] is not None:
        content["images"] = np.stack(images)
    write_atomically(parsed.output, mask_file(description, content))


if __name__ == "__main__":
    command.run(main)
