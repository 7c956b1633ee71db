# Prune: data -> results/{study}/masks/…/class-{class_}/seed-{seed}.npz
#
# One job scores a network on the pruning batches of all ten classes: loading the libraries takes
# far longer than scoring.

ALL_EXAMPLES = runs.MASK_PATH.replace("{class_}", "all")
ONE_CLASS = [runs.MASK_PATH.replace("{class_}", str(n)) for n in range(datasets.CLASSES)]


def mask_arguments(class_):
    """The options of prune.py: what is scored, and every sparsity that a figure shows of it."""

    def options(wildcards):
        key = {name: wildcards[name] for name in ("dataset", "network", "criterion")}
        key |= {name: int(wildcards[name]) for name in ("batch_size", "seed")}
        masks = runs.MaskSet(class_=class_, **key)
        if masks not in MASKS:
            raise WorkflowError(f"no figure of study {config['study']} shows masks {masks.path}")
        needed = ["validation_share", *config["protocol"]]
        return (
            f"{runs.arguments(key)} {settings(wildcards, needed)} "
            f"--sparsity {' '.join(MASKS[masks])}"
        ).replace(f"--initial-weights {config['protocol']['initial_weights']} ", "")

    return options


rule prune:
    input:
        data=data,
        summary=summary,
        code=run_code("prune", SCORING),
    output:
        f"{RESULTS}/masks/{ALL_EXAMPLES}.npz",
    log:
        f"{RESULTS}/logs/masks/{ALL_EXAMPLES}.log",
    benchmark:
        f"{RESULTS}/benchmarks/masks/{ALL_EXAMPLES}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 15 * attempt,
    params:
        arguments=mask_arguments("all"),
        classes="all",
    shell:
        "python scripts/prune.py {params.arguments} --class {params.classes}"
        " --output {output} 2> {log}"


use rule prune as prune_by_class with:
    output:
        [f"{RESULTS}/masks/{path}.npz" for path in ONE_CLASS],
    log:
        f"{RESULTS}/logs/masks/{ALL_EXAMPLES.replace('class-all', 'by-class')}.log",
    benchmark:
        f"{RESULTS}/benchmarks/masks/{ALL_EXAMPLES.replace('class-all', 'by-class')}.tsv"
    params:
        arguments=mask_arguments("0"),
        classes=" ".join(map(str, range(datasets.CLASSES))),
