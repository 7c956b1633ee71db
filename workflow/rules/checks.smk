# Before the graph is built: what Snakemake would overlook.


def check_paths(rule, paths):
    """Refuse a path that the rule meant for it would not make.

    Snakemake takes a file that no rule makes for a source, and would find nothing to be done.
    """
    for path in paths:
        if not rule.rule.is_producer(path):
            raise WorkflowError(f"{path} does not match the paths of rule {rule.rule}")


def forget_sums(sums, *listed):
    """Remove a list of sums that outlives a file it lists: Snakemake would not miss the file."""
    if not all(Path(FIGURES, name).exists() for name in listed):
        Path(FIGURES, sums).unlink(missing_ok=True)


check_paths(rules.train, [f"{RESULTS}/runs/{run.path}.json" for run in RUNS])
check_paths(rules.prune, [f"{RESULTS}/masks/{path}.npz" for path in MASKS])
if not workflow.remote_exec:
    forget_sums("all", "claims", *(f"{name}.{form}" for name in DRAWN for form in FORMS))
    for name in figures.FIGURES:
        forget_sums(name, *(f"{name}.{form}" for form in FORMS))
