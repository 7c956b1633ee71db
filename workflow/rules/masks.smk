# Prune: data -> results/{study}/masks/…/class-{class_}/seed-{seed}.npz, one network scored per job


rule prune:
    input:
        data=data,
        summary=summary,
        code=run_code("prune"),
    output:
        f"{RESULTS}/masks/{runs.MASK_PATH}.npz",
    log:
        f"{RESULTS}/logs/masks/{runs.MASK_PATH}.log",
    benchmark:
        f"{RESULTS}/benchmarks/masks/{runs.MASK_PATH}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 + 500 * attempt,
        runtime=lambda wildcards, attempt: 30 * attempt,
    params:
        arguments=mask_arguments,
    shell:
        "{PYTHON:q} scripts/prune.py {params.arguments} --output {output} 2> {log}"
