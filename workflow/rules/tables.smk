# Tabulate: configuration -> results/{study}/slices/{slice}.json,
# runs -> results/{study}/tables/[{figure}/]{runs,layers,curves,settings}.csv,
# masks -> results/{study}/tables/masks.csv


rule slice:
    # Figures and tables have the part of the configuration that decides them as an input: what
    # else changes there redraws nothing.
    output:
        f"{RESULTS}/slices/{{slice}}.json",
    log:
        f"{RESULTS}/logs/slices/{{slice}}.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        text=lambda wildcards: slice_text(wildcards.slice),
    shell:
        "printf '%s' {params.text:q} > {output} 2> {log}"


rule collect_figure:
    input:
        slice=f"{RESULTS}/slices/{{figure}}.json",
        runs=lambda wildcards: run_files(wildcards.figure),
        code=code("collect"),
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
        digest=lambda wildcards: slice_digest(wildcards.figure),
        runs=f"{RESULTS}/runs",
        folder=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python scripts/collect.py --slice {input.slice} --digest {params.digest} --runs {params.runs}"
        " --output {params.folder} 2> {log}"


use rule collect_figure as collect_study with:
    input:
        slice=f"{RESULTS}/slices/runs.json",
        runs=run_files(*figures.TRAINED, "claims"),
        code=code("collect"),
    output:
        [f"{RESULTS}/tables/{table}.csv" for table in TABLES],
    log:
        f"{RESULTS}/logs/tables/study.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/study.tsv"
    params:
        digest=lambda wildcards: slice_digest("runs"),
        runs=lambda wildcards: f"{RESULTS}/runs",
        folder=lambda wildcards, output: os.path.dirname(output[0]),


rule collect_masks:
    input:
        slice=f"{RESULTS}/slices/masks.json",
        masks=mask_files(*SCORED),
        code=code("collect"),
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
        digest=lambda wildcards: slice_digest("masks"),
        masks=lambda wildcards, output: f"{os.path.dirname(os.path.dirname(output[0]))}/masks",
    shell:
        "python scripts/collect.py --slice {input.slice} --digest {params.digest} --masks {params.masks}"
        " --output {output} 2> {log}"
