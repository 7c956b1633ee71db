# Claims: tables and masks -> results/{study}/tables/{claims}.csv, figures/claims.{md,pdf,png,csv};
# for figures with statements of their own -> results/{study}/tables/{figure}.csv

CLAIMED_MASKS = [name for name in figures.CLAIMED if name in figures.MASKED]


rule claims:
    input:
        spec=lambda wildcards: spec_file("claims"),
        tables=[f"{RESULTS}/tables/{table}.csv" for table in TABLES],
        masks=mask_files(*CLAIMED_MASKS),
        data=images(*CLAIMED_MASKS),
    output:
        table=f"{RESULTS}/tables/claims.csv",
        readable=f"{PICTURES}/claims.md",
        picture=multiext(f"{PICTURES}/claims", *(f".{form}" for form in FORMS)),
    log:
        f"{RESULTS}/logs/figures/claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/claims.tsv"
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
        "{params.scripts}/judge.py --spec {input.spec} {params.folders} --output {output.table}"
        " --readable {output.readable} 2> {log}"


rule judge_figure:
    input:
        unpack(judged_inputs),
        spec=figure_spec,
    output:
        table=f"{RESULTS}/tables/{{figure}}.csv",
    log:
        f"{RESULTS}/logs/tables/{{figure}}-judged.log",
    benchmark:
        f"{RESULTS}/benchmarks/tables/{{figure}}-judged.tsv"
    wildcard_constraints:
        figure="|".join(name for name in figures.FIGURES if figures.FIGURES[name].judged),
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
        "{params.scripts}/judge.py --figure {wildcards.figure} --spec {input.spec} {params.folders}"
        " --output {output.table} 2> {log}"
