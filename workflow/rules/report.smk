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
                f"{FIGURES}/{name}.png",
                caption=f"../report/{name}.rst",
                category=figure.category,
                labels={"figure": figure.title},
            )
            for name, figure in figures.FIGURES.items()
        ],
        forest=report(
            f"{FIGURES}/claims.png",
            caption="../report/forest.rst",
            category="Verdicts",
            labels={"figure": "Every statement, its interval and its verdict"},
        ),
        all=f"{FIGURES}/all",
        settings=f"{RESULTS}/tables/settings.csv",
        claims=f"{RESULTS}/tables/claims.csv",
        published=f"{RESULTS}/tables/published.csv",
        template="workflow/report/page.html.jinja2",
        code=code("describe"),
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
        captions=[f"{RESULTS}/report/{name}.rst" for name in (*figures.FIGURES, "front")],
    log:
        f"{RESULTS}/logs/report/describe.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        # Where data came from is no part of a study.
        configuration=json.dumps({k: v for k, v in config.items() if k != "data_folder"}),
        benchmarks=f"{RESULTS}/benchmarks",
        folder=lambda wildcards, output: os.path.dirname(output.pages[0]),
    shell:
        "python scripts/describe.py --claims {input.claims} --published {input.published}"
        " --settings {input.settings} --configuration {params.configuration:q}"
        " --forest {input.forest} --benchmarks {params.benchmarks}"
        " --output {params.folder} 2> {log}"
