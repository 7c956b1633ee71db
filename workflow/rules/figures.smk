# Draw: tables and masks -> figures/fig1 … fig7 (.pdf, .png, .csv), figures/all


localrules:
    all,
    figures,


rule figure_errors:
    input:
        runs=f"{RESULTS}/tables/fig1/runs.csv",
        code=code("figure1", [*DRAWING, "tables"]),
    output:
        multiext("figures/fig1", ".pdf", ".png", ".csv"),
    log:
        f"{RESULTS}/logs/figures/fig1.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/fig1.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        study=config["study"],
        error=config.get("reported_error", "test_error"),
    shell:
        "python scripts/figure1.py --study {params.study} --error {params.error}"
        " --runs {input.runs} --output figures/fig1 2> {log}"


rule figure_batch_sizes:
    input:
        runs=f"{RESULTS}/tables/fig3/runs.csv",
        masks=lambda wildcards: shown_masks("fig3"),
        summaries=[
            f"{DATASETS}/{datasets.parse_dataset(name).source}/{datasets.SUMMARY}"
            for name in study.grids(config, "fig3")[0]["datasets"]
        ],
        code=code("figure3", [*DRAWING, "datasets", "tables"]) + code("figure1", []),
    output:
        multiext("figures/fig3", ".pdf", ".png", ".csv"),
    log:
        f"{RESULTS}/logs/figures/fig3.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/fig3.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        study=config["study"],
        error=config.get("reported_error", "test_error"),
    shell:
        "python scripts/figure3.py --study {params.study} --error {params.error}"
        " --runs {input.runs} --masks {input.masks} --output figures/fig3 2> {log}"


rule figure_masks:
    input:
        masks=lambda wildcards: shown_masks(wildcards.figure),
        code=lambda wildcards: code(wildcards.figure.replace("fig", "figure"), DRAWING)
        + code("figure2", []),
    output:
        multiext("figures/{figure,fig[256]}", ".pdf", ".png", ".csv"),
    log:
        f"{RESULTS}/logs/figures/{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/{{figure}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        study=config["study"],
        script=lambda wildcards: wildcards.figure.replace("fig", "figure"),
    shell:
        "python scripts/{params.script}.py --study {params.study}"
        " --masks {input.masks} --output figures/{wildcards.figure} 2> {log}"


rule figure_losses:
    input:
        curves=f"{RESULTS}/tables/{{figure}}/curves.csv",
        code=lambda wildcards: code(wildcards.figure.replace("fig", "figure"), [*DRAWING, "tables"]),
    output:
        multiext("figures/{figure,fig[47]}", ".pdf", ".png", ".csv"),
    log:
        f"{RESULTS}/logs/figures/{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/{{figure}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        study=config["study"],
        script=lambda wildcards: wildcards.figure.replace("fig", "figure"),
    shell:
        "python scripts/{params.script}.py --study {params.study}"
        " --curves {input.curves} --output figures/{wildcards.figure} 2> {log}"


rule figures:
    # The file lists every figure's SHA-256: `cd figures && sha256sum --check all`.
    input:
        [f"figures/{figure}.{form}" for figure in study.FIGURES for form in ("pdf", "png", "csv")],
        [f"{RESULTS}/tables/{table}.csv" for table in TABLES],
    output:
        "figures/all",
    log:
        f"{RESULTS}/logs/figures/all.log",
    conda:
        "../../environment.yml"
    shell:
        "cd figures && sha256sum fig[1-7].pdf fig[1-7].png fig[1-7].csv > all 2> ../{log}"
