"""Score a network at initialisation on one pruning batch and write its masks.

The output (.npz, loads with numpy.load(..., allow_pickle=False)) holds one boolean array per
parameter tensor, named as in the network, of shape (sparsities, *tensor shape), True where kept;
`sparsity`, the percentages in the order given; and as JSON texts `key`, what was scored, and
`anatomy`, per sparsity and tensor the parameters kept, those on a path, and the dead units.
With several seeds or classes give as many outputs: each file is of one seed and one class.
"""

import copy
import itertools
from pathlib import Path

from snip import command, registry
from snip.runs import SCORING_SETTINGS, MaskSet


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--dataset", default="mnist", help="e.g. mnist, fashion-mnist-inverted")
    parser.add_argument("--network", default="lenet-300-100", choices=registry.names("networks"))
    parser.add_argument("--criterion", default="snip", choices=registry.names("criteria"))
    parser.add_argument("--batch-size", type=int, default=100, help="size of the pruning batch")
    parser.add_argument(
        "--sparsity", type=command.sparsity, nargs="+", required=True, help="percent"
    )
    parser.add_argument(
        "--class",
        dest="classes",
        nargs="+",
        default=["all"],
        choices=["all", *map(str, range(10))],
        help="draw the pruning batch from one class alone",
    )
    parser.add_argument("--seed", dest="seeds", type=command.seed, nargs="+", default=[0])
    parser.add_argument("--data", type=Path, default=Path("results/datasets"), help="fetched data")
    parser.add_argument(
        "--output",
        type=Path,
        nargs="+",
        required=True,
        help="one file per seed and class: the classes of the first seed, then of the next",
    )
    command.add_settings(parser, SCORING_SETTINGS)
    options = parser.parse_args()
    wanted = list(itertools.product(options.seeds, options.classes))
    if len(options.output) != len(wanted):
        parser.error(
            f"{len(options.seeds)} seeds of {len(options.classes)} classes need {len(wanted)} "
            f"outputs, {len(options.output)} given"
        )

    with command.importing():
        import torch

        from snip.anatomy import anatomy
        from snip.datasets import load_dataset
        from snip.files import write_atomically
        from snip.mask_files import mask_file
        from snip.masks import make_masks, make_problem
        from snip.weights import build_network

    torch.set_num_threads(1)  # as in train.py
    settings = command.settings_of(options)
    dataset = load_dataset(options.dataset, options.data, settings.inverted_statistics)
    relu = settings.relu_after_convolutions
    drawn = {
        seed: build_network(options.network, seed, relu_after_convolutions=relu)
        for seed in options.seeds
    }
    for (seed, class_), output in zip(wanted, options.output, strict=True):
        masks = MaskSet(
            options.dataset, options.network, options.criterion, options.batch_size, class_, seed
        )
        # A criterion may leave its network changed: the next class starts from the drawn one.
        network = copy.deepcopy(drawn[seed])
        problem = make_problem(network, masks, settings, dataset)
        found = make_masks(problem, options.criterion, map(float, options.sparsity))
        anatomies = [anatomy(network, mask) for mask in found]
        write_atomically(output, mask_file(found, options.sparsity, masks.key, anatomies))
        kept = ", ".join(str(sum(int(m.sum()) for m in mask.values())) for mask in found)
        print(f"{output}: kept {kept}")


if __name__ == "__main__":
    command.run(main, forked=True)
