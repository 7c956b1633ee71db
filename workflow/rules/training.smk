# Train: data -> results/{study}/runs/…/seed-{seed}.json, one network trained per job


rule train:
    input:
        data=data_for(f"{RESULTS}/runs/{RUN_PATH}.json"),
    output:
        f"{RESULTS}/runs/{RUN_PATH}.json",
    log:
        f"{RESULTS}/logs/runs/{RUN_PATH}.log",
    benchmark:
        f"{RESULTS}/benchmarks/runs/{RUN_PATH}.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=memory,
        runtime=run_minutes,
        disk_mb=1000,
        gpu=1 if STUDY.device == "cuda" else 0,
        # No param: it changes no result, so changing it must rerun nothing.
        checkpoint_seconds=STUDY.checkpoint_seconds,
    params:
        scripts=scripts,
        code=run_code("train"),
        data=run_checksums,
        arguments=run_arguments,
        folders=folders,
        checkpoint=f"{RESULTS}/checkpoints/{RUN_PATH}.pt",
    shell:
        # A signal to all of a job's processes must not end the shell before the run has written its checkpoint.
        "exec {params.scripts}/train.py {params.arguments} {params.folders} --code {params.code} --output {output}"
        " --checkpoint {params.checkpoint} --checkpoint-seconds {resources.checkpoint_seconds}"
        " 2> {log}"
