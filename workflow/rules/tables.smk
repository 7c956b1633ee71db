# Tabulate: runs -> results/{study}/tables/[{figure}/]{runs,layers,curves,settings}.csv,
# masks -> results/{study}/tables/masks.csv

TABLES = ["runs", "layers", "curves", "settings"]


rule tabulate_figure:
    input:
        runs=lambda wildcards: run_files(wildcards.figure),
        code=code("tabulate"),
    output:
        [f"{RESULTS}/tables/{{figure}}/{table}.csv" for table in TABLES],
    log:
        f"{RESULTS}/logs/tables/{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/{{figure}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        slice=lambda wildcards: slice_of(wildcards.figure),
        runs=f"{RESULTS}/runs",
        folder=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "{PYTHON:q} scripts/tabulate.py --slice {params.slice:q} --runs {params.runs}"
        " --output {params.folder} 2> {log}"


use rule tabulate_figure as tabulate_study with:
    input:
        runs=run_files(*figures.TRAINED, "claims"),
        code=code("tabulate"),
    output:
        [f"{RESULTS}/tables/{table}.csv" for table in TABLES],
    log:
        f"{RESULTS}/logs/tables/study.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/study.tsv"
    params:
        slice=slice_of(*figures.TRAINED, "claims"),
        runs=f"{RESULTS}/runs",
        folder=f"{RESULTS}/tables",


rule tabulate_masks:
    input:
        masks=mask_files(*(f for f in figures.MASKED if figures.FIGURES[f].masks == "all")),
        code=code("tabulate_masks"),
    output:
        f"{RESULTS}/tables/masks.csv",
    log:
        f"{RESULTS}/logs/tables/masks.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/masks.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 20 * attempt,
    params:
        slice=slice_of(*(f for f in figures.MASKED if figures.FIGURES[f].masks == "all")),
        masks=f"{RESULTS}/masks",
    shell:
        "{PYTHON:q} scripts/tabulate_masks.py --slice {params.slice:q} --masks {params.masks}"
        " --output {output} 2> {log}"
