# Train: data -> results/{study}/runs/…/seed-{seed}.json, one network per job


rule train:
    input:
        data=data,
        summary=summary,
        code=run_code("train"),
    output:
        f"{RESULTS}/runs/{runs.RUN_PATH}.json",
    log:
        f"{RESULTS}/logs/runs/{runs.RUN_PATH}.log",
    benchmark:
        f"{RESULTS}/benchmarks/runs/{runs.RUN_PATH}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 + 500 * attempt,
        runtime=run_minutes,
        gpu=1 if config["device"] == "cuda" else 0,
        # No param: it changes no result, so changing it must rerun nothing.
        checkpoint_seconds=config["checkpoint_seconds"],
    params:
        arguments=run_arguments,
        checkpoint=f"{RESULTS}/checkpoints/{runs.RUN_PATH}.pt",
    shell:
        "{PYTHON:q} scripts/train.py {params.arguments} --output {output}"
        " --checkpoint {params.checkpoint} --checkpoint-seconds {resources.checkpoint_seconds}"
        " 2> {log}"
