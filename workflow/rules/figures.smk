# Draw: tables and masks -> figures/[{study}/]fig1 … fig7, gradient, anatomy (.pdf, .png, .csv).
# Targets: figures/all, figures/fig1 …, figures/claims


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
