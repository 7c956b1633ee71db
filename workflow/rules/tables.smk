# Collect: configuration -> results/{study}/slices/{slice}.json,
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
    params:
        text=lambda wildcards: slices.text(slices.named_slice(config, wildcards.slice)),
    run:
        Path(output[0]).write_text(params.text)


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
        runs=f"{RESULTS}/runs",
        folder=subpath(output[0], parent=True),
    shell:
        "python {params.scripts:q}/collect.py --slice {input.slice} --digest {params.digest}"
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
        masks=f"{RESULTS}/masks",
    shell:
        "python {params.scripts:q}/collect.py --slice {input.slice} --digest {params.digest}"
        " --masks {params.masks} --output {output} 2> {log}"
