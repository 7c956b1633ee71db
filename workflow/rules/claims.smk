# Claims: tables and masks -> results/{study}/tables/{claims}.csv, figures/claims

CLAIMED_MASKS = [name for name in figures.CLAIMED if name in figures.MASKED]
CLAIMED_DATA = sources_of(CLAIMED_MASKS)


rule claims:
    input:
        slice=f"{RESULTS}/slices/claims.json",
        tables=[f"{RESULTS}/tables/{table}.csv" for table in TABLES],
        masks=mask_files(*CLAIMED_MASKS),
        data=[fetched(source, [*IDX_FILES, SUMMARY]) for source in CLAIMED_DATA],
    output:
        table=f"{RESULTS}/tables/claims.csv",
        readable=f"{PICTURES}/claims",
        picture=multiext(f"{PICTURES}/claims", *(f".{form}" for form in FORMS)),
    log:
        f"{RESULTS}/logs/figures/claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/claims.tsv"
    conda:
        "../../environment.yml"
    params:
        scripts=scripts,
        code=code("judge"),
        data=checksums(*CLAIMED_DATA),
        digest=slice_digest("claims"),
        results=lambda wildcards: RESULTS,
    shell:
        "python {params.scripts:q}/judge.py --code {params.code} --slice {input.slice} --digest {params.digest}"
        " --results {params.results} --output {output.table} --readable {output.readable} 2> {log}"
