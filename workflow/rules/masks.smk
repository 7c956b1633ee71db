# Prune: data -> results/{study}/masks/…/classes-{classes}.npz, all seeds and sparsities of a kind per job


rule prune:
    input:
        data=data_for(f"{RESULTS}/masks/{MASK_PATH}.npz"),
    output:
        f"{RESULTS}/masks/{MASK_PATH}.npz",
    log:
        f"{RESULTS}/logs/masks/{MASK_PATH}.log",
    benchmark:
        f"{RESULTS}/benchmarks/masks/{MASK_PATH}.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory,
        # Twenty seeds of a criterion in rounds take a quarter of an hour on a fast core.
        runtime=lambda wildcards, attempt: 150 * attempt,
        disk_mb=1000,
    params:
        scripts=scripts,
        code=run_code("prune"),
        data=run_checksums,
        arguments=mask_arguments,
        folders=folders,
    shell:
        "{params.scripts}/prune.py {params.arguments} {params.folders} --code {params.code} --output {output} 2> {log}"
