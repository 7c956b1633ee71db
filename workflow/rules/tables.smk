# Tabulate: runs -> results/{study}/tables/[{figure}/]{runs,layers,curves}.csv,
# masks -> results/{study}/tables/masks.csv

TABLES = ["runs", "layers", "curves"]


rule tabulate_figure:
    input:
        runs=figure_runs,
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
        grids=lambda wildcards: json.dumps(
            study.table_grids(config, wildcards.get("figure", "all"))
        ),
        runs=f"{RESULTS}/runs",
        folder=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python scripts/tabulate.py --runs {params.runs} --grids {params.grids:q}"
        " --output {params.folder} 2> {log}"


use rule tabulate_figure as tabulate_study with:
    output:
        [f"{RESULTS}/tables/{table}.csv" for table in TABLES],
    log:
        f"{RESULTS}/logs/tables/study.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/study.tsv"


rule tabulate_masks:
    input:
        masks=lambda wildcards: [f"{RESULTS}/masks/{mask.path}.npz" for mask in MASKS],
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
        grids=json.dumps(MASK_GRIDS),
        masks=f"{RESULTS}/masks",
    shell:
        "python scripts/tabulate_masks.py --masks {params.masks} --grids {params.grids:q}"
        " --output {output} 2> {log}"
