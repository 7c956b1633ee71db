# Report: figures and tables -> results/{study}/report/, what `snakemake --report` puts together

PAGES = {
    "claims": ("Claims", "Claims of the paper, with verdicts"),
    "published": ("Claims", "Published and reproduced test errors"),
    "versions": ("Study", "Configuration, software, run times"),
}


report: "../report/study.rst"


rule describe:
    input:
        figures=[
            report(
                f"{PICTURES}/{name}.png",
                # This rule writes the caption: the figure's sentence and its verdicts.
                caption=os.path.abspath(f"{RESULTS}/report/{name}.rst"),
                category=figure.category,
                labels={"figure": figure.title},
            )
            for name, figure in figures.FIGURES.items()
            if name in DRAWN
        ],
        forest=report(
            f"{PICTURES}/claims.png",
            caption="../report/forest.rst",
            category="Verdicts",
            labels={"figure": "Every statement, its interval and its verdict"},
        ),
        spec=lambda wildcards: spec_file("report"),
        decisive=lambda wildcards: specs(*DRAWN, "claims"),
        runs=f"{RESULTS}/tables/runs.csv",
        made_by=f"{RESULTS}/tables/made_by.csv",
        claims=f"{RESULTS}/tables/claims.csv",
        published=f"{RESULTS}/tables/published.csv",
    # Pages and captions lie in this folder with a storage too, for `snakemake --report`.
    output:
        pages=[
            report(
                local(f"{RESULTS}/report/{page}.html"),
                caption=f"../report/{page}.rst",
                category=category,
                labels={"page": title},
            )
            for page, (category, title) in PAGES.items()
        ],
        captions=[local(f"{RESULTS}/report/{name}.rst") for name in (*DRAWN, "front")],
    log:
        f"{RESULTS}/logs/report/describe.log",
    benchmark:
        f"{RESULTS}/benchmarks/report/describe.tsv"
    localrule: True
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory,
        runtime=half_hours,
        disk_mb=1000,
    params:
        scripts=scripts,
        benchmarks=f"{RESULTS}/benchmarks",
        folder=subpath(output[0], parent=True),
    shell:
        "{params.scripts}/describe.py --spec {input.spec} --claims {input.claims} --published {input.published} --runs {input.runs}"
        " --made-by {input.made_by} --forest {input.forest} --benchmarks {params.benchmarks}"
        " --output {params.folder} 2> {log}"


rule:
    name:
        "figures/report"
    input:
        [local(path) for path in rules.describe.output],
        decisive=lambda wildcards: [*specs("report"), *decisive(*DRAWN, "claims")],
    localrule: True
