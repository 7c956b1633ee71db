# Fetch: sources -> results/datasets/{source}/ (four IDX files, summary.npz)


rule fetch_dataset:
    # No parameters: where both this rule and the readers of its `ancient` files are out of date, Snakemake
    # plans this rule alone. Readers have the checksums as a parameter, and refuse other files by name.
    output:
        # `update`: not deleted before the job, and put back if it fails.
        [update(f"{DATASETS}/{{source}}/{file}") for file in (*IDX_FILES, SUMMARY)],
    log:
        f"{DATASETS}/logs/{{source}}.log",
    benchmark:
        f"{DATASETS}/benchmarks/{{source}}.tsv"
    # Compute nodes often have no network. If the job failed on a compute node, Snakemake would
    # restore the outputs there and delete them here.
    localrule: True
    conda:
        "../../environment.yml"
    resources:
        # No param: where the files came from changes no result.
        data_folder=STUDY.data_folder,
    params:
        scripts=scripts,
        folder=subpath(output[0], parent=True),
    shell:
        "{params.scripts}/fetch_dataset.py --source {wildcards.source} --output {params.folder}"
        " --data-folder={resources.data_folder:q} 2> {log}"
