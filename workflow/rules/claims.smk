# Claims: tables and masks -> results/{study}/tables/{claims,published}.csv, figures/claims

CLAIMED_MASKS = {
    f"{RESULTS}/masks/{mask.path}.npz": mask
    for figure in ("fig2", "fig3", "fig5", "fig6")
    for mask in study.expand_masks(figure, MASK_GRIDS[figure])
}
CLAIMED_SOURCES = sorted(
    {datasets.parse_dataset(mask.dataset).source for mask in CLAIMED_MASKS.values()}
)


rule claims:
    input:
        runs=f"{RESULTS}/tables/runs.csv",
        masks=lambda wildcards: list(CLAIMED_MASKS),
        data=[path for s in CLAIMED_SOURCES for path in fetched(s, datasets.FILES)],
        summaries=described_summaries(CLAIMED_SOURCES),
        code=code("claims"),
    output:
        table=f"{RESULTS}/tables/claims.csv",
        readable="figures/claims",
    log:
        f"{RESULTS}/logs/figures/claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/claims.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 20 * attempt,
    params:
        study=config["study"],
        masks=f"{RESULTS}/masks",
        run_grids=json.dumps(
            {figure: study.grids(config, figure) for figure in (*study.TRAINED_FIGURES, "claims")}
        ),
        mask_grids=json.dumps(MASK_GRIDS),
        margins=json.dumps(study.margins(config)),
        alpha=config["claims"]["alpha"],
        error=config["reported_error"],
        validation_share=config["training"]["validation_share"],
    shell:
        "python scripts/claims.py --study {params.study} --runs {input.runs}"
        " --masks {params.masks} --run-grids {params.run_grids:q}"
        " --mask-grids {params.mask_grids:q} --margins {params.margins:q}"
        " --alpha {params.alpha} --error {params.error}"
        " --validation-share {params.validation_share}"
        " --output {output.table} --readable {output.readable} 2> {log}"


rule compare:
    input:
        runs=f"{RESULTS}/tables/runs.csv",
        code=code("compare"),
    output:
        f"{RESULTS}/tables/published.csv",
    log:
        f"{RESULTS}/logs/tables/published.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/published.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        error=config["reported_error"],
    shell:
        "python scripts/compare.py --runs {input.runs} --error {params.error}"
        " --output {output} 2> {log}"
