# What jobs get: their options, and the files that they read.


@cache
def settings_of(network, dataset, reading):
    """The settings of a network on a data set under a reading, which many runs share."""
    return grids.settings(STUDY, network, dataset, reading)


def run_settings(wildcards):
    """The settings of the wildcards' network, data set and reading."""
    return settings_of(wildcards.network, wildcards.dataset, wildcards.reading)


def named(kind, wildcards):
    """The run or mask set that wildcards name."""
    try:
        return options.of_path(kind, {name: wildcards[name] for name in kind.model_fields})
    except SnipError as error:
        raise WorkflowError(f"{error}")


def run_arguments(wildcards):
    """The options of train.py: the run, then its settings."""
    run = named(Run, wildcards)
    return f"{options.arguments(run.key)} {options.arguments(run_settings(wildcards))}"


def run_minutes(wildcards, attempt):
    """A run's time limit: generous for a slow core, and more with each attempt."""
    return (10 + run_settings(wildcards)["iterations"] // 600) * attempt


def mask_arguments(wildcards):
    """The options of prune.py: what is scored, and every seed and sparsity that a figure shows."""
    mask = named(MaskSet, wildcards)
    if mask not in MASKS:
        raise WorkflowError(f"no figure of study {STUDY.study} shows the masks {mask.path}")
    seeds, sparsities = (" ".join(map(str, values)) for values in MASKS[mask])
    values = scoring_part(run_settings(wildcards))
    return (
        f"{options.arguments(mask.key)} --images-only --seeds {seeds} --sparsities {sparsities}"
        f" {options.arguments(values)}"
    )


def run_files(*names):
    """The result files of figures, and of `claims`."""
    wanted = RUNS[RUNS["figure"].isin(names)][KEY].drop_duplicates()
    paths = Paramspace(wanted, param_sep="-").instance_patterns
    return [f"{RESULTS}/runs/{path}.json" for path in paths]


def mask_files(*names):
    """The mask files of figures, each once."""
    wanted = (mask for name in names for mask in grids.expand_masks(name, grids.grids(STUDY, name)))
    return list(dict.fromkeys(f"{RESULTS}/masks/{mask.path}.npz" for mask in wanted))


def figure_inputs(wildcards):
    """The tables, mask files and summaries that a figure shows, by name."""
    name, shown = wildcards.figure, figures.FIGURES[wildcards.figure]
    files = {}
    if shown.judged:
        files["judged"] = f"{RESULTS}/tables/{name}.csv"
    if shown.trained and not shown.by_reading:
        files["tables"] = [f"{RESULTS}/tables/{name}/{table}.csv" for table in TABLES]
    if shown.masks:
        files["masks"] = mask_files(name)
    if shown.trained and shown.masks:
        files["data"] = [f for source in sources_of([name]) for f in fetched(source, [SUMMARY])]
    return files


def judged_inputs(wildcards):
    """The tables, mask files and data that a figure's statements look at, by name."""
    name = wildcards.figure
    files = {"tables": [f"{RESULTS}/tables/{name}/{table}.csv" for table in TABLES]}
    if figures.FIGURES[name].by_reading:  # mask images are compared with its images
        files["masks"] = mask_files(name)
        files["data"] = images(name)
    return files


def images(*names):
    """The data sets that figures show, with their summaries."""
    return [file for source in sources_of(names) for file in fetched(source, [*IDX_FILES, SUMMARY])]


def tables_of(name):
    """The tables of a figure: of its runs, and of its own statements."""
    shown = figures.FIGURES[name]
    runs = [f"{RESULTS}/tables/{name}/{table}.csv" for table in TABLES if shown.trained]
    return runs + [f"{RESULTS}/tables/{name}.csv"] * shown.judged


def packed_spec(wildcards):
    """The content of a specification's file."""
    wanted = spec_named(wildcards.spec)
    if wanted.file_name(wildcards.spec) != f"{wildcards.spec}-{wildcards.digest}.json":
        raise WorkflowError(
            f"no specification {wildcards.spec} of study {STUDY.study} has the digest {wildcards.digest}"
        )
    try:
        return spec.packed(wanted)
    except SnipError as error:
        raise WorkflowError(f"{error}")
