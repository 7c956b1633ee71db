# Prune: data -> results/{study}/masks/…/class-{class_}.npz, all seeds and sparsities of a kind per job


rule prune:
    input:
        data=data,
        summary=summary,
    output:
        f"{RESULTS}/masks/{axes.MASK_PATH}.npz",
    log:
        f"{RESULTS}/logs/masks/{axes.MASK_PATH}.log",
    benchmark:
        f"{RESULTS}/benchmarks/masks/{axes.MASK_PATH}.tsv"
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
    shell:
        "{params.scripts}/prune.py {params.arguments} --code {params.code} --output {output} 2> {log}"
