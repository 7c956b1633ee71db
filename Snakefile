# Figures 1 to 7 of the SNIP paper: from the configuration to figures/all.
#
# Paths: a file's name spells what was swept, and nothing else. RUN and MASKS are the grammars in
# scripts/snip/study/axes.py.
#
#   results/datasets/{source}/                         verified IDX files and summary.npz
#   results/{study}/runs/RUN.json                      one network trained
#   results/{study}/masks/MASKS.npz                    a kind of mask scored, all its seeds
#   results/{study}/slices/{slice}.json                the part of the configuration that decides it
#   results/{study}/tables/{figure}/{runs,layers,curves,settings}.csv  one figure's runs
#   results/{study}/tables/{runs,layers,curves,settings}.csv           the whole study's runs
#   results/{study}/tables/masks.csv                   what masks leave of each layer
#   results/{study}/tables/{claims,published}.csv      what the paper says, tested
#   results/{study}/tables/{readings,controls}.csv     statements of figures that have their own
#   results/{study}/report/…                           pages and captions of the report
#   results/{study}/{logs,benchmarks}/…                the same paths
#   figures/{figure}.{pdf,png,csv}, figures/claims, figures/all        the default study's figures;
#                                                      readings, criteria, controls only if asked for
#   figures/{study}/…                                  another study's

from snakemake.utils import min_version

min_version("9.0")


# Beside this file, wherever results lie.
configfile: str(workflow.current_basedir.join("config/default.yaml"))


include: "workflow/rules/common.smk"
include: "workflow/rules/local.smk"
include: "workflow/rules/datasets.smk"
include: "workflow/rules/masks.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/checks.smk"


rule all:
    default_target: True
    input:
        f"{PICTURES}/all",
