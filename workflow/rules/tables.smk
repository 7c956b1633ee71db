# Collect: configuration -> results/{study}/slices/{slice}.json,
# runs -> results/{study}/tables/[{figure}/]{runs,layers,curves,settings}.csv,
# masks -> results/{study}/tables/masks.csv,
# runs and what the paper publishes -> results/{study}/tables/published.csv


rule slice:
    # Figures and tables read only the part of the configuration that decides them, so other edits
    # redraw nothing.
    output:
        f"{RESULTS}/slices/{{slice}}.json",
    log:
        f"{RESULTS}/logs/slices/{{slice}}.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        text=lambda wildcards: slices.text(slices.named_slice(config, wildcards.slice)),
    # No `run`, for which Snakemake would start another Snakemake.
    shell:
        "printf '%s' {params.text:q} > {output} 2> {log}"


rule collect_figure:
    input:
        slice=f"{RESULTS}/slices/{{figure}}.json",
        runs=lambda wildcards: run_files(wildcards.figure),
    output:
        [f"{RESULTS}/tables/{{figure}}/{table}.csv" for table in TABLES],
    log:
        f"{RESULTS}/logs/tables/{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/{{figure}}.tsv"
    conda:
        "../../environment.yml"
    params:
        scripts=scripts,
        code=code("collect"),
        digest=lambda wildcards: slice_digest(wildcards.figure),
        runs=lambda wildcards: f"{RESULTS}/runs",
        folder=subpath(output[0], parent=True),
    shell:
        "python {params.scripts:q}/collect.py --code {params.code} --slice {input.slice} --digest {params.digest}"
        " --runs {params.runs} --output {params.folder} 2> {log}"


use rule collect_figure as collect_study with:
    input:
        slice=f"{RESULTS}/slices/runs.json",
        runs=run_files(*figures.TRAINED, "claims"),
    output:
        [f"{RESULTS}/tables/{table}.csv" for table in TABLES],
    log:
        f"{RESULTS}/logs/tables/study.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/study.tsv"
    params:
        digest=slice_digest("runs"),


rule collect_masks:
    input:
        slice=f"{RESULTS}/slices/masks.json",
        masks=mask_files(*figures.SCORED),
    output:
        f"{RESULTS}/tables/masks.csv",
    log:
        f"{RESULTS}/logs/tables/masks.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/masks.tsv"
    conda:
        "../../environment.yml"
    params:
        scripts=scripts,
        code=code("collect"),
        digest=slice_digest("masks"),
        masks=lambda wildcards: f"{RESULTS}/masks",
    shell:
        "python {params.scripts:q}/collect.py --code {params.code} --slice {input.slice} --digest {params.digest}"
        " --masks {params.masks} --output {output} 2> {log}"


rule compare:
    input:
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
    params:
        scripts=scripts,
        code=code("compare"),
        error=config["reported_error"],
    shell:
        "python {params.scripts:q}/compare.py --code {params.code} --runs {input.runs} --error {params.error}"
        " --output {output} 2> {log}"
