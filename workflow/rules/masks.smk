# Prune: data -> results/{study}/masks/…/class-{class_}/seed-{seed}.npz
#
# One job scores the networks of all seeds that the study's figures show, or the pruning batches of
# all ten classes and seeds: loading the libraries takes far longer than scoring.

# A job's log and benchmark lie where its masks do, without class and seed.
SCORED = os.path.dirname(os.path.dirname(runs.MASK_PATH))
WHOLE_SEEDS = sorted({mask.seed for mask in MASKS if mask.class_ == "all"})
CLASS_SEEDS = sorted({mask.seed for mask in MASKS if mask.class_ != "all"})


rule prune:
    input:
        data=data,
        summary=summary,
        code=run_code("prune"),
    output:
        mask_paths(WHOLE_SEEDS, ["all"]),
    log:
        f"{RESULTS}/logs/masks/{SCORED}/all.log",
    benchmark:
        f"{RESULTS}/benchmarks/masks/{SCORED}/all.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 + 500 * attempt,
        runtime=lambda wildcards, attempt: 30 * attempt,
    params:
        arguments=lambda wildcards: mask_arguments(wildcards, ["all"], WHOLE_SEEDS),
    shell:
        "python scripts/prune.py {params.arguments} --output {output} 2> {log}"


use rule prune as prune_by_class with:
    output:
        mask_paths(CLASS_SEEDS, range(datasets.CLASSES)),
    log:
        f"{RESULTS}/logs/masks/{SCORED}/by-class.log",
    benchmark:
        f"{RESULTS}/benchmarks/masks/{SCORED}/by-class.tsv"
    params:
        arguments=lambda wildcards: mask_arguments(
            wildcards, list(map(str, range(datasets.CLASSES))), CLASS_SEEDS
        ),
