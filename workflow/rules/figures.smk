# Draw: tables and masks -> figures/[{study}/]fig1 … fig7, anatomy (.pdf, .png, .csv), all


rule figure:
    input:
        slice=f"{RESULTS}/slices/{{figure}}.json",
        shown=figure_inputs,
    output:
        multiext(f"{PICTURES}/{{figure}}", *(f".{form}" for form in FORMS)),
    log:
        f"{RESULTS}/logs/figures/{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/{{figure}}.tsv"
    conda:
        "../../environment.yml"
    params:
        scripts=scripts,
        code=figure_code,
        data=lambda wildcards: checksums(*sources_of([wildcards.figure])),
        digest=lambda wildcards: slice_digest(wildcards.figure),
        results=lambda wildcards: RESULTS,
        prefix=subpath(output[0], strip_suffix=".pdf"),
    shell:
        "python {params.scripts:q}/figure.py --code {params.code} --figure {wildcards.figure} --slice {input.slice}"
        " --digest {params.digest} --results {params.results} --output {params.prefix} 2> {log}"


rule figure_sums:
    # As `figures`, for one figure: `snakemake figures/fig3`.
    input:
        pdf=f"{PICTURES}/{{figure}}.pdf",
        png=f"{PICTURES}/{{figure}}.png",
        csv=f"{PICTURES}/{{figure}}.csv",
    output:
        f"{PICTURES}/{{figure}}",
    log:
        f"{RESULTS}/logs/figures/{{figure}}-sums.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        scripts=scripts,
        folder=subpath(output[0], parent=True),
        names=lambda wildcards, input: [os.path.basename(path) for path in input],
    shell:
        "python {params.scripts:q}/provenance.py {input.pdf} {input.png} > {log} 2>&1 &&"
        " (cd {params.folder} && sha256sum {params.names}) > {output} 2>> {log}"


rule figures:
    # The file lists the SHA-256 of figures and claims: `cd figures && sha256sum --check all`.
    input:
        shown=[f"{PICTURES}/{name}.{form}" for name in DRAWN for form in FORMS],
        claims=f"{PICTURES}/claims",
        tables=[f"{RESULTS}/tables/{table}.csv" for table in (*TABLES, "masks", "published")],
    output:
        f"{PICTURES}/all",
    log:
        f"{RESULTS}/logs/figures/all.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        scripts=scripts,
        folder=subpath(output[0], parent=True),
        pictures=lambda wildcards, input: [p for p in input.shown if not p.endswith(".csv")],
        names=lambda wildcards, input: [
            os.path.basename(path) for path in (*input.shown, input.claims)
        ],
    shell:
        "python {params.scripts:q}/provenance.py {params.pictures} > {log} 2>&1 &&"
        " (cd {params.folder} && sha256sum {params.names}) > {output} 2>> {log}"


# In every study, `figures/fig3` means the figure of the configured study.
if PICTURES != "figures":
    for target in (
        "all",
        *figures.SECTIONS,
        *(f"{name}.{form}" for name in figures.SECTIONS for form in FORMS),
    ):

        rule:
            name:
                f"figures/{target}"
            input:
                f"{PICTURES}/{target}",
            localrule: True
