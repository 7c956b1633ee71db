# Figures 1 to 7 of the SNIP paper: from the configuration to figures/all.
#
# Paths: a file's name spells every axis. RUN is dataset-{dataset}/network-{network}/…/seed-{seed}, and
# MASKS likewise, with the axes in the order of the fields in scripts/snip/study/runs.py.
#
#   results/datasets/{source}/                         verified IDX files and summary.npz
#   results/{study}/runs/RUN.json                      one network trained
#   results/{study}/masks/MASKS.npz                    a kind of mask scored, all its seeds
#   results/{study}/specs/{spec}-{digest}.json         what decides it: configuration and code
#   results/{study}/tables/{figure}/…                  one figure's runs:
#                                                      {runs,layers,curves,made_by}.csv
#   results/{study}/tables/…                           the whole study's runs, likewise
#   results/{study}/tables/masks.csv                   what masks leave of each layer
#   results/{study}/tables/{claims,published}.csv      what the paper says, tested
#   results/{study}/tables/{readings,controls}.csv     statements of figures that have their own
#   results/{study}/report/…                           pages and captions of the report
#   results/{study}/{logs,benchmarks}/…                the same paths
#   figures/{figure}.{pdf,png,csv}, figures/claims.md  the default study's figures
#   figures/index.html                                 all of it on one page
#   figures/{study}/…                                  another study's
#
# Targets: figures/all, figures/fig1 …, figures/claims, figures/index.html; figures/readings, criteria,
# controls; figures/report; describe.

from snakemake.utils import min_version

min_version("9.0")


# Beside this file, wherever results lie.
configfile: str(workflow.current_basedir.join("config/default.yaml"))


include: "workflow/rules/common.smk"
include: "workflow/rules/jobs.smk"
include: "workflow/rules/datasets.smk"
include: "workflow/rules/masks.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        drawn(*DRAWN, "claims"),
        rules.page.output,
        tables=[f"{RESULTS}/tables/{table}.csv" for table in (*TABLES, "masks", "published")],
        decisive=lambda wildcards: [*specs("report"), *decisive(*DRAWN, "claims")],
    localrule: True


rule:
    name:
        "figures/all"
    input:
        rules.all.input,
    localrule: True


onstart:
    signals.hang_up_as_interrupted()


onsuccess:
    times.note_own_seconds(Path(RESULTS, "benchmarks/snakemake.tsv"))
    if STORED:
        said = f"Figures and results: {workflow.storage_settings.default_storage_prefix}"
    else:
        said = closing.closing(Path(PICTURES), Path(RESULTS, "tables"), STARTED)
    print(said, file=sys.stderr)


onerror:
    times.note_own_seconds(Path(RESULTS, "benchmarks/snakemake.tsv"))
