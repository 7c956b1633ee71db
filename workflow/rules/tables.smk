# Collect: configuration and code -> results/{study}/slices/{slice}-{digest}.json,
# runs -> results/{study}/tables/[{figure}/]{runs,layers,curves,settings,made_by}.csv,
# masks -> results/{study}/tables/masks.csv,
# runs and what the paper publishes -> results/{study}/tables/published.csv


rule slice:
    # What decides a figure stands in the name of a file that it needs. So what has changed is seen
    # without Snakemake's records, and other edits of the configuration redraw nothing.
    output:
        f"{SLICES}/{{slice}}-{{digest}}.json",
    log:
        f"{RESULTS}/logs/slices/{{slice}}-{{digest}}.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        scripts=scripts,
        packed=packed_slice,
    shell:
        "{params.scripts}/slice.py --packed {params.packed} --output {output} 2> {log}"


rule collect_figure:
    input:
        slice=figure_slice,
        runs=lambda wildcards: run_files(wildcards.figure),
    output:
        [f"{RESULTS}/tables/{{figure}}/{table}.csv" for table in TABLES],
    log:
        f"{RESULTS}/logs/tables/{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/{{figure}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory,
        runtime=half_hours,
        disk_mb=1000,
    params:
        scripts=scripts,
        runs=lambda wildcards: f"{RESULTS}/runs",
        folder=subpath(output[0], parent=True),
    shell:
        "{params.scripts}/collect.py --slice {input.slice} --runs {params.runs} --output {params.folder} 2> {log}"


use rule collect_figure as collect_study with:
    input:
        slice=lambda wildcards: slice_file("runs"),
        runs=run_files(*figures.TRAINED, "claims"),
    output:
        [f"{RESULTS}/tables/{table}.csv" for table in TABLES],
    log:
        f"{RESULTS}/logs/tables/study.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/study.tsv"


rule collect_masks:
    input:
        slice=lambda wildcards: slice_file("masks"),
        masks=mask_files(*figures.SCORED),
    output:
        f"{RESULTS}/tables/masks.csv",
    log:
        f"{RESULTS}/logs/tables/masks.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/masks.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory,
        runtime=half_hours,
        disk_mb=1000,
    params:
        scripts=scripts,
        masks=lambda wildcards: f"{RESULTS}/masks",
    shell:
        "{params.scripts}/collect.py --slice {input.slice} --masks {params.masks} --output {output} 2> {log}"


rule compare:
    input:
        slice=lambda wildcards: slice_file("runs"),
        runs=f"{RESULTS}/tables/runs.csv",
        settings=f"{RESULTS}/tables/settings.csv",
    output:
        f"{RESULTS}/tables/published.csv",
    log:
        f"{RESULTS}/logs/tables/published.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/published.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory,
        runtime=half_hours,
        disk_mb=1000,
    params:
        scripts=scripts,
    shell:
        "{params.scripts}/compare.py --slice {input.slice} --runs {input.runs} --output {output} 2> {log}"
