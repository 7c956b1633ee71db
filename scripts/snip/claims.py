"""The claims of the paper's captions, each tested on the runs and masks of a study.

A statement holds if a mean over seeds lies in a region (say, above 0, or within a margin of 0) that
the configuration fixes. Both it and its opposite are tested by Student's t test; Holm's procedure
corrects for testing many statements. So a verdict is `supported`, `not supported` (the runs show
the opposite) or `inconclusive` (they show neither: too few runs, or a mean at the region's border).
One seed shows nothing about other seeds. docs/claims.md explains each claim.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from snip.datasets import CLASSES, draw_pruning_batch, load_dataset, mean_images, parse_dataset
from snip.mask_files import read_mask_file
from snip.names import dataset_name, network_name
from snip.runs import MaskSet
from snip.study import expand_masks, expand_runs
from snip.tables import KEY, TableError

COLUMNS = ["claim", "figure", "statement", "statistic", "value", "lower", "upper"]
COLUMNS += ["criterion", "verdict", "n"]


@dataclass
class Comparison:
    """One mean that a statement is about.

    Attributes:
        samples: one number per seed.
        low, high: the statement holds if the mean is between.
        where: which of the statement's comparisons this is, for print.
    """

    samples: np.ndarray
    low: float = -math.inf
    high: float = math.inf
    where: str = ""

    @cached_property
    def p_for(self) -> float:
        """The p value of the statement (its null hypothesis: the mean is not between)."""
        return float(np.max([self._p(self.low, "greater"), self._p(self.high, "less")]))

    @cached_property
    def p_against(self) -> float:
        """The p value of the opposite (its null hypothesis: the mean is between)."""
        return float(np.min([self._p(self.low, "less"), self._p(self.high, "greater")]))

    def _p(self, limit: float, side: str) -> float:
        if len(self.samples) < 2:
            return math.nan  # one seed shows nothing about other seeds
        if math.isinf(limit):
            return 0.0 if (limit < 0) == (side == "greater") else 1.0
        if np.ptp(self.samples) == 0:
            beyond = self.samples[0] > limit if side == "greater" else self.samples[0] < limit
            return 0.0 if beyond else 1.0
        return float(stats.ttest_1samp(self.samples, limit, alternative=side).pvalue)

    def interval(self, alpha: float) -> tuple[float, float]:
        """The limits of the mean's t interval of confidence 1 − alpha."""
        if len(self.samples) < 2:
            return math.nan, math.nan
        half = stats.t.ppf(1 - alpha / 2, len(self.samples) - 1) * stats.sem(self.samples)
        return self.samples.mean() - half, self.samples.mean() + half


@dataclass
class Trend:
    """Whether rows (one per seed) rise from column to column: Page's test, exact.

    Attributes:
        table: (seeds, settings in the order claimed).
    """

    table: np.ndarray
    where: str = ""

    @property
    def samples(self) -> np.ndarray:
        """Kendall's rank correlation of each row with the order claimed."""
        order = range(self.table.shape[1])
        return np.array([stats.kendalltau(order, row).statistic for row in self.table])

    @cached_property
    def p_for(self) -> float:
        """The p value of a rise."""
        return self._p(self.table)

    @cached_property
    def p_against(self) -> float:
        """The p value of a fall."""
        return self._p(self.table[:, ::-1])

    def _p(self, table: np.ndarray) -> float:
        if table.shape[0] < 2 or table.shape[1] < 3:
            return math.nan
        return float(stats.page_trend_test(table, method="exact").pvalue)

    def interval(self, alpha: float) -> tuple[float, float]:
        """None: a rank test has no interval."""
        return math.nan, math.nan


@dataclass
class Statement:
    """A sentence about figures, and the comparisons that must all come out for it to hold.

    Attributes:
        criterion: in words, the region that the statistic must lie in.
        scale: from the samples' scale to that of `value`, `lower` and `upper`.
    """

    claim: str
    figure: str
    statement: str
    statistic: str
    criterion: str
    comparisons: list[Comparison | Trend]
    scale: Callable[[float], float] = field(default=float)

    @property
    def tested(self) -> bool:
        """Whether there are seeds enough for every comparison."""
        return bool(self.comparisons) and not any(math.isnan(c.p_for) for c in self.comparisons)

    @cached_property
    def p_for(self) -> float:
        """All comparisons must hold, so the weakest counts (an intersection-union test)."""
        return max(comparison.p_for for comparison in self.comparisons)

    @cached_property
    def p_against(self) -> float:
        """One comparison that fails is enough; Bonferroni's correction for choosing it."""
        return min(1.0, len(self.comparisons) * min(c.p_against for c in self.comparisons))

    @property
    def weakest(self) -> Comparison | Trend:
        """The comparison that is shown: the one furthest from holding."""

        def distance(comparison):
            mean = comparison.samples.mean()
            if isinstance(comparison, Trend):
                return -mean
            return max(comparison.low - mean, mean - comparison.high)

        return max(self.comparisons, key=distance)

    def row(self, verdict: str, alpha: float) -> list:
        """Return the statement's row of the table, with limits of confidence 1 − alpha."""
        shown = [self.claim, self.figure, self.statement]
        if not self.comparisons or not all(len(c.samples) for c in self.comparisons):
            return [*shown, self.statistic, *[math.nan] * 3, self.criterion, verdict, 0]
        weakest = self.weakest
        where = f" ({weakest.where})" if weakest.where else ""
        numbers = [weakest.samples.mean(), *weakest.interval(alpha)]
        numbers = [round(self.scale(number), 6) for number in numbers]
        return [
            *shown,
            self.statistic + where,
            *numbers,
            self.criterion,
            verdict,
            len(weakest.samples),
        ]


def judge(statements: list[Statement], alpha: float) -> pd.DataFrame:
    """Return the table of claims.

    Args:
        alpha: the probability allowed for any wrong verdict at all.

    Returns:
        COLUMNS, one row per statement. `lower` and `upper` are limits of the confidence that
        Holm's procedure asks of the statement, so that a verdict can be read off them.
    """
    tested = [statement for statement in statements if statement.tested]
    levels, rejected = {}, {}
    if tested:
        values = np.array([min(1, 2 * min(s.p_for, s.p_against)) for s in tested])
        verdicts = multipletests(values, alpha, method="holm")[0]
        for rank, index in enumerate(np.argsort(values, kind="stable")):
            levels[id(tested[index])] = alpha / (len(tested) - rank)
            rejected[id(tested[index])] = bool(verdicts[index])
    rows = []
    for statement in statements:
        verdict = "inconclusive"
        if rejected.get(id(statement)):
            holds = statement.p_for < statement.p_against
            verdict = "supported" if holds else "not supported"
        rows.append(statement.row(verdict, levels.get(id(statement), alpha)))
    return pd.DataFrame(rows, columns=COLUMNS)


@dataclass(frozen=True)
class Evidence:
    """A study's runs and masks, by figure.

    Attributes:
        runs: the study's table of runs.
        run_grids, mask_grids: completed grids per figure (`claims`: the runs for the claims alone).
        masks, data: folders of the mask files and of the fetched data.
        error: the column of test errors.
        validation_share: as in the configuration, to find a run's pruning example.
        margins: per claim.
    """

    runs: pd.DataFrame
    run_grids: Mapping[str, list[dict]]
    mask_grids: Mapping[str, list[dict]]
    masks: Path
    data: Path
    error: str
    validation_share: float
    margins: Mapping[str, float]
    _read: dict[MaskSet, tuple[list[float], np.ndarray]] = field(
        default_factory=dict, init=False, repr=False
    )

    def runs_of(self, figure: str, criterion: str = "snip", **fixed) -> pd.DataFrame:
        """Return the rows of a figure's runs under a criterion, and of its references.

        Raises:
            TableError: the table lacks one of the figure's runs.
        """
        wanted = pd.DataFrame([run.key for run in expand_runs(self.run_grids[figure])])
        if not len(wanted):
            return self.runs[:0]
        found = wanted.merge(self.runs, on=KEY, how="left")
        if found["parameters"].isna().any():
            missing = found[found["parameters"].isna()][KEY].iloc[0].to_dict()
            raise TableError(f"the table of runs lacks {missing}, which figure {figure} needs")
        found = found[(found["criterion"] == criterion) | (found["sparsity"] == 0)]
        for column, value in fixed.items():
            found = found[found[column] == value]
        # One data set, as it stands first in the grid.
        return found[found["dataset"] == found["dataset"].iloc[0]] if len(found) else found

    def images_of(self, figure: str, criterion: str, dataset: str) -> dict[int, np.ndarray]:
        """Return per seed the mask images (classes, sparsities, 784) that a figure has."""
        images: dict[int, dict[int, np.ndarray]] = {}
        for masks, sparsities in expand_masks(figure, self.mask_grids[figure]).items():
            if masks.criterion == criterion and masks.dataset == dataset:
                # Figures share masks, and reading takes longer than all the rest.
                if masks not in self._read:
                    file = read_mask_file(self.masks / f"{masks.path}.npz")
                    self._read[masks] = list(file.sparsities), file.images
                stored, found = self._read[masks]
                chosen = [stored.index(float(sparsity)) for sparsity in sparsities]
                flat = found[chosen].reshape(len(chosen), -1)
                images.setdefault(masks.seed, {})[int(masks.class_)] = flat
        return {
            seed: np.stack([by_class[number] for number in range(CLASSES)])
            for seed, by_class in sorted(images.items())
        }

    def sparsities_of(self, figure: str) -> list[str]:
        """Return the sparsities of a figure's masks, in the order of `images_of`."""
        return next(iter(expand_masks(figure, self.mask_grids[figure]).values()))

    def datasets_of(self, figure: str) -> list[str]:
        """Return the data sets of a figure's masks that are not inverted."""
        names = dict.fromkeys(m.dataset for m in expand_masks(figure, self.mask_grids[figure]))
        return [name for name in names if not parse_dataset(name).inverted]


def by_seed(runs: pd.DataFrame, column: str, value: str) -> pd.DataFrame:
    """Return one row per seed, one column per setting; seeds that lack a setting are left out."""
    return runs.pivot_table(index="seed", columns=column, values=value).dropna()


def correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation over the last axis; 0 where one side is constant."""
    one = one - one.mean(-1, keepdims=True)
    other = other - other.mean(-1, keepdims=True)
    scale = np.sqrt((one**2).sum(-1) * (other**2).sum(-1))
    return np.divide((one * other).sum(-1), scale, out=np.zeros_like(scale), where=scale > 0)


def excess_similarity(
    these: Mapping[int, np.ndarray], those: Mapping[int, np.ndarray]
) -> np.ndarray:
    """Return how much more like each other two kinds of masks are than two seeds of the first are.

    Args:
        these, those: per seed the mask images (classes, sparsities, 784).

    Returns:
        Per seed the correlation of its two images less the mean correlation of the first with
        those of the other seeds, averaged over classes and sparsities.
    """
    seeds = [seed for seed in these if seed in those]
    if len(seeds) < 2:
        return np.array([])
    result = []
    for seed in seeds:
        pairs = [correlation(these[seed], these[other]).mean() for other in seeds if other != seed]
        result.append(correlation(these[seed], those[seed]).mean() - np.mean(pairs))
    return np.array(result)


def statements(evidence: Evidence) -> list[Statement]:
    """Return every statement of every claim, with its samples."""
    kinds = (
        equal_errors,
        class_images,
        batch_sizes,
        fitting,
        inverted_masks,
        gradient_masks,
        rising,
    )
    found = [statement for kind in kinds for statement in kind(evidence)]
    return sorted(found, key=lambda statement: statement.claim)


def equal_errors(evidence: Evidence) -> Iterator[Statement]:
    """Claims 1a and 1b: up to 90 % sparsity the error is the reference's."""
    for claim, network in (("1a", "lenet-300-100"), ("1b", "lenet-5-caffe")):
        runs = evidence.runs_of("fig1", network=network)
        errors = by_seed(runs[runs["sparsity"] <= 90], "sparsity", evidence.error)
        margin = evidence.margins[claim]
        comparisons = [
            Comparison(
                (errors[sparsity] - errors[0]).to_numpy(), -margin, margin, f"{sparsity:g} %"
            )
            for sparsity in errors.columns
            if sparsity > 0 and 0 in errors.columns
        ]
        shown = [c.where for c in comparisons]
        to = shown[-1] if len(shown) == 1 else "up to 90 %"
        if len(shown) > 1:
            to = f"{shown[0].removesuffix(' %')} to {shown[-1]}"
        yield Statement(
            claim,
            "fig1",
            f"{network_name(network)} pruned to {to} has the test error of the reference.",
            "difference of the mean test error from the reference's, percentage points",
            f"within ±{margin:g} at each sparsity",
            comparisons,
        )


def class_images(evidence: Evidence) -> Iterator[Statement]:
    """Claims 2a and 2b: the masks of a class show it, the more so the sparser."""
    sparsities = evidence.sparsities_of("fig2")
    for dataset in evidence.datasets_of("fig2"):
        means = mean_images(dataset, evidence.data)[:CLASSES].reshape(CLASSES, -1)
        images = evidence.images_of("fig2", "snip", dataset)
        # Per seed: (classes scored, sparsities, classes compared with).
        likeness = [correlation(i[:, :, None], means[None, None]) for i in images.values()]
        own = [np.diagonal(each, axis1=0, axis2=2).T for each in likeness]
        lead = [
            mine - np.where(np.eye(CLASSES, dtype=bool)[:, None], -np.inf, each).max(2)
            for mine, each in zip(own, likeness, strict=True)
        ]
        told = min((int((each > 0).sum(0).min()) for each in lead), default=0)
        margin = evidence.margins["2a"]
        yield Statement(
            "2a",
            "fig2",
            f"{dataset_name(dataset)}: the mask image of a class resembles the class.",
            "correlation with the class's mean image, mean over classes and sparsities",
            f"at least {margin:g}",
            [Comparison(np.array([each.mean() for each in own]), low=margin)],
        )
        yield Statement(
            "2a",
            "fig2",
            f"{dataset_name(dataset)}: "
            "the class can be told from the mask image (nearest mean image), "
            f"10 of 10 at each sparsity.",
            "smallest lead in correlation of the own class over the next; "
            f"fewest classes told at a sparsity: {told} of {CLASSES}",
            "above 0",
            [Comparison(np.array([each.min() for each in lead]), low=0)],
        )
        strokes = means > means.max(1, keepdims=True) / 2
        shares = [
            ((i * strokes[:, None]).sum(2) / i.sum(2)).mean(0) for i in images.values()
        ]  # per seed: (sparsities,)
        yield Statement(
            "2b",
            "fig2",
            f"{dataset_name(dataset)}: "
            "the sparser the mask, the larger the share of its connections that "
            "lie on the strokes of the class.",
            "smallest increase of the share from one sparsity to the next, mean over classes",
            "above 0",
            [
                Comparison(
                    np.array([share[i + 1] - share[i] for share in shares]),
                    low=0,
                    where=f"{sparsities[i]} to {sparsities[i + 1]} %",
                )
                for i in range(len(sparsities) - 1)
                if shares
            ],
        )


def batch_sizes(evidence: Evidence) -> Iterator[Statement]:
    """Claims 3a, 3b, 3c: what a larger pruning batch does."""
    runs = evidence.runs_of("fig3")
    errors = by_seed(runs[runs["sparsity"] > 0], "batch_size", evidence.error)
    masks = expand_masks("fig3", evidence.mask_grids["fig3"])
    masks = {mask: sparsities for mask, sparsities in masks.items() if mask.criterion == "snip"}
    dataset = next(iter(masks)).dataset if masks else evidence.mask_grids["fig3"][0]["datasets"][0]
    sizes = sorted({mask.batch_size for mask in masks})
    first, last = (sizes[0], sizes[-1]) if sizes else (1, 1)
    average = mean_images(dataset, evidence.data)[-1].reshape(-1)
    images = {}
    for mask, sparsities in masks.items():
        if mask.dataset == dataset:
            file = read_mask_file(evidence.masks / f"{mask.path}.npz", list(map(float, sparsities)))
            [images[mask.batch_size, mask.seed]] = file.images
    likeness = {key: float(correlation(i.reshape(-1), average)) for key, i in images.items()}
    seeds = sorted({seed for _, seed in images})
    yield Statement(
        "3a",
        "fig3",
        "The mask image approaches the mean training image as the pruning batch grows "
        f"(from {first:,} to {last:,} examples).",
        "increase of the correlation of the two images",
        "above 0",
        [Comparison(np.array([likeness[last, s] - likeness[first, s] for s in seeds]), low=0)]
        if last > first
        else [],
    )
    pairs = [(first, last)] + [(100, last)] * (first < 100 < last and 100 in sizes)
    for small, large in pairs:
        yield Statement(
            "3b",
            "fig3",
            "The test error falls as the pruning batch grows "
            f"from {small:,} to {large:,} examples.",
            "decrease of the mean test error, percentage points",
            "above 0",
            [Comparison((errors[small] - errors[large]).to_numpy(), low=0)]
            if small < large and {small, large} <= set(errors.columns)
            else [],
        )
    margin = evidence.margins["3c"]
    yield Statement(
        "3c",
        "fig3",
        "With a pruning batch of one example, the mask image resembles that example.",
        "correlation of the two images",
        f"at least {margin:g}",
        [
            Comparison(
                _example_likeness(evidence, dataset, {s: images[1, s] for s in seeds}), low=margin
            )
        ]
        if first == 1
        else [],
    )


def _example_likeness(
    evidence: Evidence, dataset: str, images: Mapping[int, np.ndarray]
) -> np.ndarray:
    """Return per seed the correlation of its mask image with the one example it was pruned on."""
    data = load_dataset(dataset, evidence.data)
    sign = -1 if data.variant.inverted else 1
    result = []
    for seed, image in images.items():
        training, _ = data.split(seed, evidence.validation_share)
        [example] = draw_pruning_batch(data.train_labels, training, 1, seed)
        pixels = sign * data.train_images[example].astype(float)
        result.append(correlation(image.reshape(-1), pixels.reshape(-1)))
    return np.array(result)


def fitting(evidence: Evidence) -> Iterator[Statement]:
    """Claim 4 and its control: which networks fit random labels."""
    runs = evidence.runs_of("fig4")
    sparsities = (s for grid in evidence.run_grids["fig4"] for s in grid["sparsities"])
    sparsest = max(map(float, sparsities))
    threshold = evidence.margins["4"]

    def losses(table: pd.DataFrame, labels: str, sparsity: float, decayed: bool) -> pd.Series:
        chosen = (table["labels"] == labels) & (table["sparsity"] == sparsity)
        chosen &= (table["weight_decay"] > 0) == decayed
        return np.log10(table[chosen].set_index("seed")["train_loss"])

    for labels, sparsity, decayed, fits in (
        ("true", 0, True, True),
        ("true", sparsest, True, True),
        ("random", 0, True, True),
        ("random", 0, False, True),
        ("random", sparsest, True, False),
    ):
        what = "reference" if sparsity == 0 else f"network pruned to {sparsity:g} %"
        what += "" if decayed else " without weight decay"
        limit = math.log10(threshold)
        samples = losses(runs, labels, sparsity, decayed).to_numpy()
        yield Statement(
            "4",
            "fig4",
            f"The {what} {'fits' if fits else 'does not fit'} {labels} labels.",
            "final training loss, geometric mean",
            f"{'below' if fits else 'above'} {threshold:g}",
            [Comparison(samples, high=limit) if fits else Comparison(samples, low=limit)],
            lambda value: float(10**value),
        )
    control = losses(evidence.runs_of("claims", "snip-shuffled"), "random", sparsest, True)
    ratio = (losses(runs, "random", sparsest, True) - control).dropna()
    yield Statement(
        "4-control",
        "fig4",
        "A random mask with the same density in every layer fits random labels better than the "
        f"mask of connection sensitivity does ({sparsest:g} %): the mask, not the number of "
        "parameters, prevents it.",
        "ratio of the final training losses, sensitivity's to random mask's, geometric mean",
        "above 1",
        [Comparison(ratio.to_numpy(), low=0)],
        lambda value: float(10**value),
    )


def inverted_masks(evidence: Evidence) -> Iterator[Statement]:
    """Claim 5: inverting the images leaves the masks."""
    margin = evidence.margins["5"]
    for dataset in evidence.datasets_of("fig2"):
        original = evidence.images_of("fig2", "snip", dataset)
        inverted = evidence.images_of("fig5", "snip", _inverted(dataset))
        yield Statement(
            "5",
            "fig5",
            f"{dataset_name(dataset)}: "
            "the masks of inverted images are as like the originals' as those "
            "of two seeds are like each other.",
            "correlation of the mask images, original with inverted less seed with seed",
            f"above −{margin:g}",
            [Comparison(excess_similarity(original, inverted), low=-margin)],
        )


def gradient_masks(evidence: Evidence) -> Iterator[Statement]:
    """Claims 6a, 6b, 6c: the gradient's masks differ, and are less consistent."""
    for dataset in evidence.datasets_of("fig6"):
        snip = evidence.images_of("fig2", "snip", dataset)
        gradient = evidence.images_of("fig6", "gradient", dataset)
        inverted = evidence.images_of("fig6", "gradient", _inverted(dataset))
        means = mean_images(dataset, evidence.data)[:CLASSES].reshape(CLASSES, -1)
        yield Statement(
            "6a",
            "fig6",
            f"{dataset_name(dataset)}: "
            "the gradient's masks differ from the sensitivity's by more than "
            "those of two seeds differ.",
            "correlation of the mask images, sensitivity with gradient less seed with seed",
            "below 0",
            [Comparison(excess_similarity(snip, gradient), high=0)],
        )
        seeds = [seed for seed in snip if seed in gradient]
        for what, consistency in (
            ("across sparsities", lambda images: _across_sparsities(images)),
            (
                "across classes (the least clear class)",
                lambda images, means=means: correlation(images, means[:, None]).mean(1).min(),
            ),
        ):
            yield Statement(
                "6b",
                "fig6",
                f"{dataset_name(dataset)}: the gradient's masks are less consistent than the "
                f"sensitivity's {what}.",
                "correlation of a class's mask images with one another, sensitivity less gradient"
                if what == "across sparsities"
                else "correlation with the class's mean image, sensitivity less gradient",
                "above 0",
                [
                    Comparison(
                        np.array([consistency(snip[s]) - consistency(gradient[s]) for s in seeds]),
                        low=0,
                    )
                ],
            )
        yield Statement(
            "6c",
            "fig6",
            f"{dataset_name(dataset)}: "
            "the gradient's masks differ between original and inverted images "
            "by more than those of two seeds differ.",
            "correlation of the mask images, original with inverted less seed with seed",
            "below 0",
            [Comparison(excess_similarity(gradient, inverted), high=0)],
        )


def rising(evidence: Evidence) -> Iterator[Statement]:
    """Claim 7: on random labels the final loss rises with sparsity."""
    runs = evidence.runs_of("fig7", labels="random")
    losses = by_seed(runs[runs["weight_decay"] > 0], "sparsity", "train_loss")
    shown = ", ".join(f"{sparsity:g}" for sparsity in losses.columns)
    yield Statement(
        "7",
        "fig7",
        f"The final training loss on random labels rises with sparsity ({shown} %).",
        "Kendall's rank correlation of loss and sparsity, mean over seeds (Page's test)",
        "above 0",
        [Trend(losses.to_numpy())] if len(losses) and losses.shape[1] > 2 else [],
    )


def _across_sparsities(images: np.ndarray) -> float:
    """Return the mean correlation of a class's mask images between sparsities, over classes."""
    pairs = itertools.combinations(range(images.shape[1]), 2)
    return float(np.mean([correlation(images[:, i], images[:, j]).mean() for i, j in pairs]))


def _inverted(dataset: str) -> str:
    """Return the name of the inverted variant."""
    variant = replace(parse_dataset(dataset), inverted=True)
    examples = f"-{variant.examples}" if variant.examples else ""
    return f"{variant.source}-inverted{examples}"


def readable(table: pd.DataFrame, study: str, alpha: float) -> str:
    """Return the table of claims as Markdown."""
    lines = [
        f"# Claims of the paper, tested on study {study}",
        "",
        f"Verdicts are corrected for testing {len(table)} statements (Holm; {alpha:g} for any",
        "wrong verdict). In brackets: limits of the confidence that this takes. n: seeds.",
        "",
        "| claim | statement | statistic | found | needed | n | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in table.itertuples():
        cells = [row.claim, row.statement, row.statistic, found(row), row.criterion]
        lines.append("| " + " | ".join([*cells, str(row.n), f"**{row.verdict}**"]) + " |")
    return "\n".join(lines) + "\n"


def found(row) -> str:
    """Return `0.45 [0.3, 0.6]` for a row of the table, or as much of it as there is."""
    if math.isnan(row.value):
        return "–"
    if math.isnan(row.lower):
        return f"{row.value:.3g}"
    return f"{row.value:.3g} [{row.lower:.3g}, {row.upper:.3g}]"
