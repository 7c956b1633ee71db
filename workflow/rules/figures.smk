# Draw: tables and masks -> figures/[{study}/]fig1 … fig7, anatomy (.pdf, .png, .csv), all


rule figure:
    input:
        slice=f"{RESULTS}/slices/{{figure}}.json",
        shown=figure_inputs,
        code=figure_code,
    output:
        multiext(f"{FIGURES}/{{figure}}", *(f".{form}" for form in FORMS)),
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
        digest=lambda wildcards: slice_digest(wildcards.figure),
        results=lambda wildcards: RESULTS,
        prefix=lambda wildcards, output: os.path.splitext(output[0])[0],
    shell:
        "python scripts/figure.py --figure {wildcards.figure} --slice {input.slice} --digest {params.digest}"
        " --results {params.results} --output {params.prefix} 2> {log}"


rule figure_sums:
    # As `figures`, for one figure: `snakemake figures/fig3`.
    input:
        pdf=f"{FIGURES}/{{figure}}.pdf",
        png=f"{FIGURES}/{{figure}}.png",
        csv=f"{FIGURES}/{{figure}}.csv",
    output:
        f"{FIGURES}/{{figure}}",
    log:
        f"{RESULTS}/logs/figures/{{figure}}-sums.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        folder=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python scripts/provenance.py {input.pdf} {input.png} > {log} 2>&1 &&"
        " (cd {params.folder} && sha256sum {wildcards.figure}.*) > {output} 2>> {log}"


rule figures:
    # The file lists the SHA-256 of figures and claims: `cd figures && sha256sum --check all`.
    input:
        shown=[f"{FIGURES}/{name}.{form}" for name in DRAWN for form in FORMS],
        claims=f"{FIGURES}/claims",
        tables=[f"{RESULTS}/tables/{table}.csv" for table in (*TABLES, "masks", "published")],
    output:
        f"{FIGURES}/all",
    log:
        f"{RESULTS}/logs/figures/all.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        folder=lambda wildcards, output: os.path.dirname(output[0]),
        pictures=lambda wildcards, input: [p for p in input.shown if not p.endswith(".csv")],
        names=lambda wildcards, input: [
            os.path.basename(path) for path in (*input.shown, input.claims)
        ],
    shell:
        "python scripts/provenance.py {params.pictures} > {log} 2>&1 &&"
        " (cd {params.folder} && sha256sum {params.names}) > {output} 2>> {log}"


# `figures/fig3` and its like mean the configured study's, in whatever folder they lie.
if FIGURES != "figures":
    for target in (
        "all",
        *DRAWN,
        *(f"{name}.{form}" for name in DRAWN for form in FORMS),
    ):

        rule:
            name:
                f"figures/{target}"
            input:
                f"{FIGURES}/{target}",
            localrule: True
