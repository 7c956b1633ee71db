"""Score networks at initialisation, each on a pruning batch of its own, and write their masks.

The output (.npz) loads with numpy.load(..., allow_pickle=False) and holds
- the masks: per parameter tensor, under its name in the network, a boolean array (seeds, classes,
  sparsities, *tensor shape), True where kept; `--images-only` leaves them out;
- `images` (seeds, classes, sparsities, 28, 28): the number of first-layer units that keep each
  pixel;
- `description`, a JSON text: what was scored, under which settings, what computed it, and per seed,
  sparsity and tensor the number of parameters kept, of those on a path, and of dead units.
There is one class, that of the pruning batch. With `--classes each` there are ten pruning batches,
one of each class, and no counts.
"""

from pathlib import Path
from typing import get_args

from snip.datasets.sources import FETCHED
from snip.jobs import command, threads
from snip.jobs.code import checked_digest
from snip.study import options, registry
from snip.study.runs import MASK_AXES, Control, MaskSet, Run, Scored
from snip.study.settings import SCORING, Settings


def main() -> None:
    parser = command.parser(__doc__)
    options.add(parser, MaskSet, MASK_AXES)
    options.add(parser, Scored, Scored.model_fields, nargs="+")
    parser.add_argument("--data", type=Path, default=FETCHED, help="folder of fetched data")
    parser.add_argument("--images-only", action="store_true", help="leave the masks out")
    controls, meaning = get_args(Control), Run.model_fields["control"].description
    parser.add_argument("--control", choices=controls, default="none", help=meaning)
    parser.add_argument("--code", help="SHA-256 that the tool's code must have")
    parser.add_argument("--output", type=Path, required=True, help="mask file (.npz)")
    scoring = [name for name in Settings.model_fields if name in SCORING]
    group = parser.add_argument_group("settings (not given: as in config/default.yaml)")
    options.add(group, Settings, scoring)
    parsed = parser.parse_args()
    masks = options.read(parsed, MaskSet)
    registry.check("criteria", masks.criterion)
    registry.check("networks", masks.network)
    wanted = options.read(parsed, Scored)
    settings = options.settings(parsed, masks, scoring)
    chosen = registry.chosen_files(masks.criterion, masks.network)
    code = checked_digest(parsed.code, "prune", *chosen)  # now, before somebody edits it

    threads.limit_libraries()
    with command.importing():
        from snip.datasets.dataset import load_dataset
        from snip.jobs.files import write_atomically
        from snip.masks.mask_files import mask_file
        from snip.masks.mask_kinds import score_kind

    threads.use_one_thread()
    dataset = load_dataset(
        masks.dataset, parsed.data, settings.inverted_statistics, settings.grey_values
    )
    description, arrays = score_kind(
        masks,
        wanted.seeds,
        wanted.sparsities,
        settings,
        dataset,
        parsed.images_only,
        parsed.control,
    )
    description["made_by"] = threads.made_by(code, "cpu")
    write_atomically(parsed.output, mask_file(description, arrays))


if __name__ == "__main__":
    command.run(main)
