# Figures 1 to 7 of the SNIP paper: from the configuration to figures/all.
#
# Paths (a generated file's name spells what was swept, and nothing else):
#
#   results/datasets/{source}/                     verified IDX files and summary.npz
#   results/{study}/runs/{dataset}/{network}/{criterion}/sparsity-{sparsity}/batch-{batch_size}/
#       labels-{labels}/decay-{weight_decay}/seed-{seed}.json          one network trained
#   results/{study}/masks/{dataset}/{network}/{criterion}/batch-{batch_size}/
#       class-{class_}/seed-{seed}.npz                                 one network scored
#   results/{study}/slices/{slice}.json                            what of the configuration decides it
#   results/{study}/tables/{figure}/{runs,layers,curves,settings}.csv  one figure's runs
#   results/{study}/tables/{runs,layers,curves,settings}.csv           the whole study's runs
#   results/{study}/{logs,benchmarks}/…                                the same paths
#   results/{study}/tables/masks.csv                               what masks leave of each layer
#   results/{study}/tables/{claims,published}.csv                  what the paper says, tested
#   results/{study}/report/…                                       pages and captions of the report
#   figures/{figure}.{pdf,png,csv}, figures/claims, figures/all    what the default study shows
#   figures/{study}/…                                              what another study shows

from snakemake.utils import min_version

min_version("9.0")


configfile: "config/default.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/local.smk"
include: "workflow/rules/data.smk"
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
        "figures/all",
