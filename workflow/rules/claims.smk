# Claims: tables and masks -> results/{study}/tables/{claims,published}.csv, figures/claims

CLAIMED_MASKS = [name for name in CLAIMED if name in figures.MASKED]
CLAIMED_DATA = sorted({os.path.dirname(p) for p in summaries(CLAIMED_MASKS) if "summary" in p})


rule claims:
    input:
        slice=f"{RESULTS}/slices/claims.json",
        tables=[f"{RESULTS}/tables/{table}.csv" for table in TABLES],
        masks=mask_files(*CLAIMED_MASKS),
        data=[ancient(f"{folder}/{file}") for folder in CLAIMED_DATA for file in IDX_FILES],
        summaries=summaries(CLAIMED_MASKS),
        code=code("judge"),
    output:
        table=f"{RESULTS}/tables/claims.csv",
        readable=f"{FIGURES}/claims",
        picture=multiext(f"{FIGURES}/claims", *(f".{form}" for form in FORMS)),
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
        digest=lambda wildcards: slice_digest("claims"),
        results=lambda wildcards, output: os.path.dirname(os.path.dirname(output.table)),
    shell:
        "python scripts/judge.py --slice {input.slice} --digest {params.digest}"
        " --results {params.results} --output {output.table} --readable {output.readable} 2> {log}"


rule compare:
    input:
        runs=f"{RESULTS}/tables/runs.csv",
        settings=f"{RESULTS}/tables/settings.csv",
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
