# Report: figures and tables -> results/{study}/report/, what `snakemake --report` puts together

CATEGORIES = {
    "fig1": ("Test error", "Figure 1: test error against sparsity"),
    "fig2": ("Masks", "Figure 2: masks by class and sparsity"),
    "fig3": ("Test error", "Figure 3: size of the pruning batch"),
    "fig4": ("Random labels", "Figure 4: true and random labels"),
    "fig5": ("Masks", "Figure 5: inverted images"),
    "fig6": ("Masks", "Figure 6: gradient instead of sensitivity"),
    "fig7": ("Random labels", "Figure 7: random labels by sparsity"),
    "anatomy": ("Mask anatomy", "Density of each layer by criterion"),
}
PAGES = {
    "claims": ("Claims", "Claims of the paper, with verdicts"),
    "published": ("Claims", "Published and reproduced test errors"),
    "versions": ("Study", "Configuration, software, run times"),
}


report: "../report/study.rst"


localrules:
    configuration,


rule configuration:
    output:
        f"{RESULTS}/report/configuration.json",
    log:
        f"{RESULTS}/logs/report/configuration.log",
    conda:
        "../../environment.yml"
    params:
        text=json.dumps(config),
    shell:
        "printf '%s' {params.text:q} > {output} 2> {log}"


rule describe:
    input:
        configuration=f"{RESULTS}/report/configuration.json",
        figures=[
            report(
                f"figures/{figure}.png",
                caption=f"../report/{figure}.rst",
                category=category,
                labels={"figure": title},
            )
            for figure, (category, title) in CATEGORIES.items()
        ],
        all="figures/all",
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
        captions=[f"{RESULTS}/report/{figure}.rst" for figure in CATEGORIES],
    log:
        f"{RESULTS}/logs/report/describe.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        benchmarks=f"{RESULTS}/benchmarks",
        folder=lambda wildcards, output: os.path.dirname(output.pages[0]),
    shell:
        "python scripts/describe.py --claims {input.claims} --published {input.published}"
        " --configuration {input.configuration} --benchmarks {params.benchmarks}"
        " --output {params.folder} 2> {log}"
