# Fetch: sources/{source}.yaml -> results/datasets/{source}/ (four IDX files, summary.npz)


rule fetch_dataset:
    # The fetching code is no input: once the checksums hold, the files need not be fetched again.
    input:
        "scripts/snip/sources/{source}.yaml",
    output:
        [f"{DATASETS}/{{source}}/{file}" for file in (*datasets.FILES, datasets.SUMMARY)],
    log:
        f"{DATASETS}/logs/{{source}}.log",
    benchmark:
        f"{DATASETS}/benchmarks/{{source}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 15 * attempt,
    params:
        data_folder=config["data_folder"],
    shell:
        "python scripts/fetch_dataset.py --dataset {wildcards.source}"
        " --data-folder {params.data_folder:q} 2> {log}"
