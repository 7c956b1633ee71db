# Fetch: sources -> results/datasets/{source}/ (four IDX files, summary.npz)


rule fetch_dataset:
    # The fetching code is no parameter: once the checksums hold, files need not be fetched again.
    output:
        # `update`: not deleted before the job, and put back if it fails.
        [update(f"{DATASETS}/{{source}}/{file}") for file in (*IDX_FILES, SUMMARY)],
    log:
        f"{DATASETS}/logs/{{source}}.log",
    benchmark:
        f"{DATASETS}/benchmarks/{{source}}.tsv"
    # Compute nodes often have no network. And where a job fails on one, Snakemake puts outputs
    # back there and then deletes them here.
    localrule: True
    conda:
        "../../environment.yml"
    resources:
        # No param: where the files came from changes no result.
        data_folder=lambda wildcards: config["data_folder"],
    params:
        scripts=scripts,
        checksums=lambda wildcards: checksums(wildcards.source),
    shell:
        "python {params.scripts:q}/fetch_dataset.py --dataset {wildcards.source}"
        " --data-folder={resources.data_folder:q} 2> {log}"
