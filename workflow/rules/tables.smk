# Collect: configuration and code -> results/{study}/specs/{spec}-{digest}.json,
# runs -> results/{study}/tables/[{figure}/]{runs,layers,curves,made_by}.csv,
# masks -> results/{study}/tables/masks.csv,
# runs and what the paper publishes -> results/{study}/tables/published.csv


rule spec:
    # What decides a figure stands in the name of a file that it needs. So what has changed is seen
    # without Snakemake's records, and other edits of the configuration redraw nothing.
    output:
        local(f"{SPECS}/{{spec}}-{{digest}}.json"),
    log:
        f"{RESULTS}/logs/specs/{{spec}}-{{digest}}.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        scripts=scripts,
        packed=packed_spec,
    shell:
        "{params.scripts}/spec.py --packed {params.packed} --output {output} 2> {log}"


if STORED:

    rule store_spec:
        # In a storage the specifications of all configurations stay. Here only the last one does, so that
        # a configuration that comes back is newer than the figures of another.
        input:
            local(f"{SPECS}/{{spec}}-{{digest}}.json"),
        output:
            f"{SPECS}/{{spec}}-{{digest}}.json",
        localrule: True
        shell:
            # The storage's clock is another, and may count whole seconds.
            "cp {input} {output} && touch --date 2000-01-01 {input}"


rule collect_figure:
    input:
        spec=figure_spec,
        runs=lambda wildcards: run_files(wildcards.figure),
    output:
        [f"{RESULTS}/tables/{{figure}}/{table}.csv" for table in TABLES],
    log:
        f"{RESULTS}/logs/tables/{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/{{figure}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory,
        runtime=half_hours,
        disk_mb=1000,
    params:
        scripts=scripts,
        folders=folders,
        output=subpath(output[0], parent=True),
    shell:
        "{params.scripts}/collect.py --spec {input.spec} {params.folders} --output {params.output} 2> {log}"


use rule collect_figure as collect_study with:
    input:
        spec=lambda wildcards: spec_file("runs"),
        runs=run_files(*figures.TRAINED, "claims"),
    output:
        [f"{RESULTS}/tables/{table}.csv" for table in TABLES],
    log:
        f"{RESULTS}/logs/tables/study.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/study.tsv"


rule collect_masks:
    input:
        spec=lambda wildcards: spec_file("masks"),
        masks=mask_files(*figures.SCORED),
    output:
        f"{RESULTS}/tables/masks.csv",
    log:
        f"{RESULTS}/logs/tables/masks.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/masks.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory,
        runtime=half_hours,
        disk_mb=1000,
    params:
        scripts=scripts,
        folders=folders,
    shell:
        "{params.scripts}/collect.py --spec {input.spec} {params.folders} --output {output} 2> {log}"


rule compare:
    input:
        spec=lambda wildcards: spec_file("runs"),
        tables=f"{RESULTS}/tables/runs.csv",
    output:
        f"{RESULTS}/tables/published.csv",
    log:
        f"{RESULTS}/logs/tables/published.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/published.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory,
        runtime=half_hours,
        disk_mb=1000,
    params:
        scripts=scripts,
    shell:
        "{params.scripts}/compare.py --spec {input.spec} --runs {input.tables} --output {output} 2> {log}"


STUDY_TABLES = [
    f"{RESULTS}/tables/{table}.csv" for table in (*TABLES, "masks", "published", "claims")
]

# A table that is asked for by its path is as current as one that a figure needs.
for wanted in (*figures.FIGURES, "claims"):
    for path in STUDY_TABLES if wanted == "claims" else tables_of(wanted):

        rule:
            name:
                path
            input:
                path,
                decisive=lambda wildcards, wanted=wanted: decisive(wanted),
            localrule: True
