# Report: figures and tables -> figures/index.html, the page; results/{study}/report/, what
# `snakemake --report` adds to it

SHOWN_MASKS = [name for name in DRAWN if figures.FIGURES[name].masks == "each"]


report: "../report/study.rst"


rule page:
    input:
        spec=lambda wildcards: spec_file("report"),
        pictures=[f"{PICTURES}/{name}.png" for name in DRAWN],
        tables=[
            f"{RESULTS}/tables/{table}.csv" for table in ("claims", "published", "runs", "made_by")
        ],
        masks=mask_files(*SHOWN_MASKS),
        data=[f for source in sources_of(SHOWN_MASKS) for f in fetched(source, [SUMMARY])],
    output:
        report(
            f"{PICTURES}/index.html",
            caption="../report/page.rst",
            category="The page",
            labels={"page": "Answers, figures, statements, masks"},
        ),
    log:
        f"{RESULTS}/logs/report/page.log",
    benchmark:
        f"{RESULTS}/benchmarks/report/page.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory,
        runtime=half_hours,
        disk_mb=1000,
    params:
        scripts=scripts,
        folders=folders,
        # As if figures lay in the clone, wherever they do: the page has the same bytes everywhere.
        docs=os.path.relpath("docs", PICTURES),
    shell:
        "{params.scripts}/page.py --spec {input.spec} {params.folders} --docs {params.docs}"
        " --output {output} 2> {log}"


rule describe:
    input:
        page=rules.page.output,
        figures=[
            report(
                f"{PICTURES}/{name}.png",
                # This rule writes the caption: the figure's sentence and its verdicts.
                caption=os.path.abspath(f"{RESULTS}/report/{name}.rst"),
                category=figures.FIGURES[name].category,
                labels={"figure": figures.FIGURES[name].title},
            )
            for name in DRAWN
        ],
        spec=lambda wildcards: spec_file("report"),
        decisive=lambda wildcards: specs(*DRAWN, "claims"),
        runs=f"{RESULTS}/tables/runs.csv",
        made_by=f"{RESULTS}/tables/made_by.csv",
        claims=f"{RESULTS}/tables/claims.csv",
    # What `snakemake --report` reads lies in this folder with a storage, too.
    output:
        versions=report(
            local(f"{RESULTS}/report/versions.html"),
            caption="../report/versions.rst",
            category="Study",
            labels={"page": "Configuration, software, run times"},
        ),
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
        "{params.scripts}/describe.py --spec {input.spec} --claims {input.claims} --runs {input.runs}"
        " --made-by {input.made_by} --benchmarks {params.benchmarks} --output {params.folder} 2> {log}"


rule:
    name:
        "figures/report"
    input:
        [local(path) for path in rules.describe.output],
        decisive=lambda wildcards: [*specs("report"), *decisive(*DRAWN, "claims")],
    localrule: True


rule:
    name:
        "figures/index.html"
    input:
        rules.page.output,
        decisive=lambda wildcards: [*specs("report"), *decisive(*DRAWN, "claims")],
    localrule: True
