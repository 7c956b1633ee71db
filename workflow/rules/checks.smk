# Before the graph is built: Snakemake takes a file that no rule makes for a source, and would find
# nothing to be done where a path of the study does not match its rule's pattern.

check_paths("train", [f"{RESULTS}/runs/{run.path}.json" for run in RUNS])
check_paths("prune", [f"{RESULTS}/masks/{path}.npz" for path in MASKS])
if not workflow.remote_exec:
    forget_sums("all", "claims", *(f"{name}.{form}" for name in DRAWN for form in FORMS))
    for name in figures.FIGURES:
        forget_sums(name, *(f"{name}.{form}" for form in FORMS))
