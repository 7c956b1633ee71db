"""Score networks at initialisation, each on a pruning batch of its own, and write their masks.

The output (.npz) loads with numpy.load(..., allow_pickle=False) and holds
- the masks: per parameter tensor, under its name in the network, a boolean array (seeds, classes,
  sparsities, *tensor shape), True where kept; `--images-only` leaves them out;
- `images` (seeds, classes, sparsities, 28, 28): the number of first-layer units that keep each
  pixel;
- `description`, a JSON text: what was scored, under which settings, what computed it, and per seed,
  sparsity and tensor the number of parameters kept, of those on a path, and of dead units.
There is one class, that of the pruning batch. With `--class each` there are ten pruning batches,
one of each class, and no counts.
"""

from pathlib import Path

from snip.datasets.sources import CLASSES, FETCHED
from snip.jobs import command, threads
from snip.jobs.code import check_unedited, code_digest
from snip.study import options, registry
from snip.study.axes import AXES, MASK_AXES, MaskSet
from snip.study.settings import SCORING_SETTINGS


def main() -> None:
    parser = command.parser(__doc__)
    command.add_code(parser)
    options.add_axes(parser, [name for name in MASK_AXES if name != "class_"])
    options.add_axis(parser, "seed", nargs="+", default=[AXES["seed"].default])
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
    chosen = registry.chosen_files(parsed.criterion, parsed.network)
    check_unedited(parsed.code, "prune", *chosen)

    threads.limit_libraries()
    with command.importing():
        from snip.datasets.dataset import load_dataset
        from snip.jobs.files import write_atomically
        from snip.masks.mask_files import mask_file
        from snip.masks.mask_kinds import score_kind

    threads.use_one_thread()
    settings = options.settings_of(parsed)
    dataset = load_dataset(
        parsed.dataset, parsed.data, settings.inverted_statistics, settings.grey_values
    )
    masks = MaskSet(**{name: getattr(parsed, name) for name in MASK_AXES})
    description, arrays = score_kind(
        masks, parsed.seed, parsed.sparsity, settings, dataset, parsed.images_only
    )
    description["made_by"] = threads.made_by(code_digest("scripts/prune.py", *chosen), "cpu")
    write_atomically(parsed.output, mask_file(description, arrays))


if __name__ == "__main__":
    command.run(main)
