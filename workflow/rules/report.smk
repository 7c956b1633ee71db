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
            if name in figures.DRAWN
        ],
        forest=report(
            f"{PICTURES}/claims.png",
            caption="../report/forest.rst",
            category="Verdicts",
            labels={"figure": "Every statement, its interval and its verdict"},
        ),
        slice=lambda wildcards: slice_file("report"),
        decisive=lambda wildcards: decisive(*figures.DRAWN, "claims"),
        runs=f"{RESULTS}/tables/runs.csv",
        settings=f"{RESULTS}/tables/settings.csv",
        claims=f"{RESULTS}/tables/claims.csv",
        published=f"{RESULTS}/tables/published.csv",
    output:
        pages=[
            report(
                f"{RESULTS}/report/{page}.html",
                caption=f"../report/{page}.rst",
                category=category,
                labels={"page": title},
            )
            for page, (category, title) in PAGES.items()
        ],
        captions=[f"{RESULTS}/report/{name}.rst" for name in (*figures.DRAWN, "front")],
    log:
        f"{RESULTS}/logs/report/describe.log",
    benchmark:
        f"{RESULTS}/benchmarks/report/describe.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory,
        runtime=half_hours,
        disk_mb=1000,
    params:
        scripts=scripts,
        benchmarks=f"{RESULTS}/benchmarks",
        logs=f"{RESULTS}/logs",
        folder=subpath(output[0], parent=True),
    shell:
        "{params.scripts}/describe.py --slice {input.slice} --claims {input.claims} --published {input.published} --runs {input.runs}"
        " --forest {input.forest} --benchmarks {params.benchmarks} --logs {params.logs}"
        " --output {params.folder} 2> {log}"


rule:
    name:
        "figures/report"
    input:
        rules.describe.output,
        decisive=lambda wildcards: [slice_file("report"), *decisive(*figures.DRAWN, "claims")],
    localrule: True
