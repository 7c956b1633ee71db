# Draw: tables and masks -> figures/[{study}/]fig1 … fig7, anatomy (.pdf, .png, .csv).
# Targets: figures/all, figures/fig1 …, figures/claims


def figure_inputs(wildcards):
    """The tables, mask files and summaries that a figure shows, by name."""
    name, shown = wildcards.figure, figures.FIGURES[wildcards.figure]
    files = {}
    if shown.judged:
        files["judged"] = f"{RESULTS}/tables/{name}.csv"
    if shown.trained and not shown.by_reading:
        files["tables"] = [f"{RESULTS}/tables/{name}/{table}.csv" for table in TABLES]
    if shown.masks:
        files["masks"] = mask_files(name)
    if shown.trained and shown.masks:
        files["data"] = [f for source in sources_of([name]) for f in fetched(source, [SUMMARY])]
    return files


rule figure:
    input:
        unpack(figure_inputs),
        spec=figure_spec,
    output:
        multiext(f"{PICTURES}/{{figure}}", *(f".{form}" for form in FORMS)),
    log:
        f"{RESULTS}/logs/figures/{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/{{figure}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory,
        runtime=half_hours,
        disk_mb=1000,
    params:
        scripts=scripts,
        folders=folders,
        prefix=subpath(output[0], strip_suffix=".pdf"),
    shell:
        "{params.scripts}/figure.py --figure {wildcards.figure} --spec {input.spec}"
        " {params.folders} --output {params.prefix} 2> {log}"


# In every study, `figures/fig3` means the figure of the configured study.
for target in figures.SECTIONS:

    rule:
        name:
            f"figures/{target}"
        input:
            drawn(target),
            decisive=lambda wildcards, target=target: decisive(target),
        localrule: True


# Likewise a file of it.
for target in figures.SECTIONS:
    for path in drawn(target):

        rule:
            name:
                f"figures/{os.path.basename(path)}"
            input:
                path,
                decisive=lambda wildcards, target=target: decisive(target),
            localrule: True
