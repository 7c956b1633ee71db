# Draw: tables and masks -> figures/fig1 … fig7, figures/anatomy (.pdf, .png, .csv), figures/all


localrules:
    all,
    figure,
    figures,


rule figure_errors:
    input:
        runs=f"{RESULTS}/tables/fig1/runs.csv",
        code=code("figure1"),
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
        origin=origin("fig1"),
        error=config["reported_error"],
    shell:
        "python scripts/figure1.py {params.origin} --error {params.error}"
        " --runs {input.runs} --output figures/fig1 2> {log}"


rule figure_batch_sizes:
    input:
        runs=f"{RESULTS}/tables/fig3/runs.csv",
        masks=lambda wildcards: shown_masks("fig3"),
        summaries=described_summaries(
            datasets.parse_dataset(name).source
            for name in study.grids(config, "fig3")[0]["datasets"]
        ),
        code=code("figure3"),
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
        origin=origin("fig3"),
        sparsities=shown_sparsities("fig3"),
        error=config["reported_error"],
    shell:
        "python scripts/figure3.py {params.origin} --error {params.error}"
        " --runs {input.runs} --masks {input.masks} --sparsity {params.sparsities}"
        " --output figures/fig3 2> {log}"


rule figure_masks:
    input:
        masks=lambda wildcards: shown_masks(wildcards.figure),
        code=lambda wildcards: code(wildcards.figure.replace("fig", "figure")),
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
        origin=lambda wildcards: origin(wildcards.figure),
        sparsities=lambda wildcards: shown_sparsities(wildcards.figure),
        script=lambda wildcards: wildcards.figure.replace("fig", "figure"),
    shell:
        "python scripts/{params.script}.py {params.origin} --masks {input.masks}"
        " --sparsity {params.sparsities} --output figures/{wildcards.figure} 2> {log}"


rule figure_losses:
    input:
        curves=f"{RESULTS}/tables/{{figure}}/curves.csv",
        code=lambda wildcards: code(wildcards.figure.replace("fig", "figure")),
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
        origin=lambda wildcards: origin(wildcards.figure),
        script=lambda wildcards: wildcards.figure.replace("fig", "figure"),
    shell:
        "python scripts/{params.script}.py {params.origin}"
        " --curves {input.curves} --output figures/{wildcards.figure} 2> {log}"


rule figure_anatomy:
    input:
        masks=lambda wildcards: shown_masks("anatomy"),
        code=code("figure_anatomy"),
    output:
        multiext("figures/anatomy", ".pdf", ".png", ".csv"),
    log:
        f"{RESULTS}/logs/figures/anatomy.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/anatomy.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        origin=origin("anatomy"),
        sparsities=shown_sparsities("anatomy"),
    shell:
        "python scripts/figure_anatomy.py {params.origin} --masks {input.masks}"
        " --sparsity {params.sparsities} --output figures/anatomy 2> {log}"


rule figure:
    # As `figures`, for one figure: `snakemake figures/fig3`.
    input:
        multiext("figures/{figure}", ".pdf", ".png", ".csv"),
    output:
        "figures/{figure}",
    log:
        f"{RESULTS}/logs/figures/{{figure}}-sums.log",
    conda:
        "../../environment.yml"
    shell:
        "cd figures && sha256sum {wildcards.figure}.* > {wildcards.figure} 2> ../{log}"


rule figures:
    # The file lists the SHA-256 of figures and claims: `cd figures && sha256sum --check all`.
    input:
        [f"figures/{figure}.{form}" for figure in study.FIGURES for form in ("pdf", "png", "csv")],
        [f"{RESULTS}/tables/{table}.csv" for table in (*TABLES, "masks", "published")],
        "figures/claims",
    output:
        "figures/all",
    log:
        f"{RESULTS}/logs/figures/all.log",
    conda:
        "../../environment.yml"
    shell:
        "cd figures && sha256sum fig[1-7].* anatomy.* claims > all 2> ../{log}"
