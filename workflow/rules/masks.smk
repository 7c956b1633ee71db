# Prune: data -> results/{study}/masks/…/class-{class_}/seed-{seed}.npz
#
# One job scores a network on the pruning batches of all ten classes: loading the libraries takes
# far longer than scoring.


rule prune:
    input:
        data=data,
        summary=summary,
        code=run_code("prune", [*SCORING, "mask_files"]),
    output:
        f"{RESULTS}/masks/{MASKS_ALL}.npz",
    log:
        f"{RESULTS}/logs/masks/{MASKS_ALL}.log",
    benchmark:
        f"{RESULTS}/benchmarks/masks/{MASKS_ALL}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 + 500 * attempt,
        runtime=lambda wildcards, attempt: 15 * attempt,
    params:
        arguments=mask_arguments("all"),
        classes="all",
    shell:
        "python scripts/prune.py {params.arguments} --class {params.classes}"
        " --output {output} 2> {log}"


use rule prune as prune_by_class with:
    output:
        [f"{RESULTS}/masks/{path}.npz" for path in MASKS_BY_CLASS],
    log:
        f"{RESULTS}/logs/masks/{MASKS_ALL.replace('class-all', 'by-class')}.log",
    benchmark:
        f"{RESULTS}/benchmarks/masks/{MASKS_ALL.replace('class-all', 'by-class')}.tsv"
    params:
        arguments=mask_arguments("0"),
        classes=" ".join(map(str, range(datasets.CLASSES))),
