# Before the graph is built: Snakemake takes a file that no rule makes for a source, and would find
# nothing to be done where a path of the study, or a target, does not match its rule's pattern.


def check_paths(rule, paths):
    """Refuse a path that the rule meant for it would not make."""
    for path in paths:
        if not workflow.get_rule(rule).is_producer(path):
            raise WorkflowError(f"{path} is no path that rule {rule} makes: a name in it is wrong")


def check_targets():
    """Refuse a target below results/ or figures/ that this study does not make."""
    for target in workflow.dag_settings.targets if workflow.dag_settings else ():
        path = os.path.normpath(target)
        ours = path.startswith(("results/", "figures/")) and not workflow.is_rule(target)
        if ours and not any(rule.is_producer(path) for rule in workflow.rules):
            raise WorkflowError(
                f"target {target} is none of study {config['study']}: another study's needs its "
                "--configfile"
            )


check_paths("train", [f"{RESULTS}/runs/{run.path}.json" for run in RUNS])
check_paths("prune", [f"{RESULTS}/masks/{mask.path}.npz" for mask in MASKS])
check_targets()
