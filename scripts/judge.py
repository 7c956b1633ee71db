"""Judge the paper's claims on a study's runs and masks (see docs/claims.md)."""

import json
from pathlib import Path

from snip import command
from snip.files import write_atomically
from snip.runs import ERRORS


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--study", required=True, help="name that the readable form states")
    parser.add_argument("--runs", type=Path, required=True, help="the study's table of runs")
    parser.add_argument("--masks", type=Path, required=True, help="folder of the mask files")
    parser.add_argument("--data", type=Path, default=Path("results/datasets"), help="fetched data")
    for what in ("run", "mask"):
        parser.add_argument(
            f"--{what}-grids", type=json.loads, required=True, help=f"JSON: each figure's {what}s"
        )
    parser.add_argument("--margins", type=json.loads, required=True, help="JSON: claim to margin")
    parser.add_argument("--alpha", type=float, default=0.05, help="for any wrong verdict")
    parser.add_argument(
        "--confirming-from", type=int, default=100, help="seeds from here on confirm"
    )
    parser.add_argument("--error", default="test_error", choices=ERRORS, help="column tested")
    parser.add_argument("--validation-share", type=float, default=0.1)
    parser.add_argument("--output", type=Path, required=True, help="table (.csv)")
    parser.add_argument("--readable", type=Path, required=True, help="the same as Markdown")
    options = parser.parse_args()

    from snip.claims.evidence import Evidence
    from snip.claims.readable import readable
    from snip.claims.statements import statements
    from snip.claims.verdicts import judge
    from snip.tables import read_table

    evidence = Evidence(
        runs=read_table(options.runs),
        run_grids=options.run_grids,
        mask_grids=options.mask_grids,
        masks=options.masks,
        data=options.data,
        error=options.error,
        validation_share=options.validation_share,
        margins=options.margins,
    )
    table = judge(statements(evidence), options.alpha, options.confirming_from)
    write_atomically(options.output, table.to_csv(index=False, lineterminator="\n").encode())
    text = readable(table, options.study, options.alpha)
    write_atomically(options.readable, text.encode())


if __name__ == "__main__":
    command.run(main)
