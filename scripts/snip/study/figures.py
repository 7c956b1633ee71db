"""The table of figures: what each shows, which axes it can tell apart, and its caption.

This table is the only home of these facts. The rules, the specifications that decide
each figure, its schema, its captions and the report follow from it. A new figure is one entry here
and the module that draws it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        title: in the report's menu, below `category`.
        module: the module of `snip.figures` that draws it.
        apart: the axes that it draws separately, besides seeds; a grid may sweep no others.
        caption: in the report: one paragraph.
        trained: whether it shows trained networks, and so has tables.
        masks: the classes of the masks it shows: `each`, `all`, or None.
        criterion: the one that it is about.
        image: whether it shows masks as images, which takes a first layer that sees the image.
        errors: whether it shows test errors, and so the configuration's `reported_error`.
        at_level: whether it draws intervals at the level of the claims, and their margins.
        grids: its default grids; without them the configuration must have some.
        claimed: whether claims are about it.
        every_criterion: whether a grid without criteria takes all there are, not the study's.
        pruned: whether it needs a sparsity above 0.
        one_each: whether it shows at most one sparsity and one weight decay above 0.
        extra: whether it is a target of its own: `figures/all`, the study's tables and its claims
            leave it out.
        judged: whether statements of its own are judged: by the module of `snip.claims` that has
            the name of its drawer.
        by_reading: whether it judges other figures' claims under several readings. Its grids say
            which figure's; it may sweep what that figure may.
    """

    title: str
    category: str
    module: str
    apart: tuple[str, ...]
    caption: str
    trained: bool = False
    masks: str | None = None
    criterion: str = "snip"
    image: bool = False
    errors: bool = False
    at_level: bool = False
    grids: tuple[Mapping[str, Any], ...] = ()
    claimed: bool = True
    every_criterion: bool = False
    pruned: bool = False
    one_each: bool = False
    extra: bool = False
    judged: bool = False
    by_reading: bool = False


_IMAGES = ("datasets", "criteria", "sparsities")

FIGURES = {
    "fig1": Figure(
        "Figure 1: test error against sparsity",
        "Test error",
        "errors",
        ("datasets", "networks", "criteria", "sparsities"),
        "Test error against sparsity. Lines join the means, single runs stand beside them; bars "
        "are the 95 % interval of each mean, rings the errors that the paper publishes, joined "
        "with our mean of their sparsity. The network without pruning is dashed, with its "
        "interval. Below, up to 90 %: the difference from the unpruned network of the same seed, "
        "in percentage points, with bars for all of a criterion at once, at the level of the "
        "claims; where a band is, differences within it count as none.",
        trained=True,
        errors=True,
        at_level=True,
    ),
    "fig2": Figure(
        "Figure 2: masks by class and sparsity",
        "Masks",
        "masks",
        _IMAGES,
        "Masks of the first layer of LeNet-300-100, scored at initialisation on a pruning batch "
        "of one class (column), at several sparsities (row). A pixel is as bright as the share of "
        "the 300 units that keep their connection to it. Above, all masks have one scale; below, "
        "each is stretched from its lowest to its highest share. Shown is one seed; the claims are "
        "tested on all.",
        masks="each",
        image=True,
    ),
    "fig3": Figure(
        "Figure 3: size of the pruning batch",
        "Test error",
        "batch_sizes",
        ("criteria", "batch_sizes"),
        "Top: mask images by the size of the pruning batch, on one scale, with their correlation "
        "r with the mean training image (right, on its own scale). Bottom: test error less that "
        "with a pruning batch of 100 examples, seed by seed: means, 95 % intervals and single "
        "runs; rings, beside runs of the paper's own setting, are the published errors.",
        trained=True,
        masks="all",
        image=True,
        errors=True,
        pruned=True,
    ),
    "fig4": Figure(
        "Figure 4: correct and random labels",
        "Random labels",
        "losses",
        ("criteria", "sparsities", "labels", "weight_decays"),
        "Training loss of LeNet-5-Caffe on MNIST with correct and with random labels, unpruned and "
        "pruned. Strong lines, with their names at their ends, are geometric means, thin ones "
        "single runs. Guessing has the loss of equal probabilities.",
        trained=True,
        one_each=True,
    ),
    "fig5": Figure(
        "Figure 5: inverted images",
        "Masks",
        "masks",
        _IMAGES,
        "As Figure 2, for images with dark and bright swapped, which are standardised by their "
        "own mean and deviation.",
        masks="each",
        image=True,
    ),
    "fig6": Figure(
        "Figure 6: gradient instead of sensitivity",
        "Masks",
        "masks",
        _IMAGES,
        "As Figures 2 and 5, with the gradient ∂L/∂w as the criterion instead of the connection "
        "sensitivity: of its values, sign and all, the largest are kept.",
        masks="each",
        criterion="gradient-signed",
        image=True,
    ),
    "fig7": Figure(
        "Figure 7: random labels by sparsity",
        "Random labels",
        "losses",
        ("criteria", "sparsities"),
        "Training loss of LeNet-5-Caffe on MNIST with random labels, by sparsity. Strong lines, "
        "with their names at their ends, are geometric means, thin ones single runs. Guessing has "
        "the loss of equal probabilities.",
        trained=True,
    ),
    "gradient": Figure(
        "The other reading of Figure 6: the size of the gradient",
        "Masks",
        "masks",
        _IMAGES,
        "As Figure 6, with the size |∂L/∂w| of the gradient as the criterion: whether large "
        "values or values far from 0 are kept, the paper's caption leaves open.",
        masks="each",
        criterion="gradient",
        image=True,
    ),
    "anatomy": Figure(
        "Density of each layer by criterion",
        "Mask anatomy",
        "anatomy",
        ("networks", "criteria", "sparsities"),
        "Beyond the paper: what each criterion leaves of each layer: the share of its connections "
        "that are kept (upper row of a network), and that lie on a path from input to output "
        "(lower row). Dotted: an equal share of every layer.",
        masks="all",
        claimed=False,
        every_criterion=True,
    ),
    "readings": Figure(
        "Verdicts by reading of the protocol",
        "Beyond the captions",
        "readings",
        ("readings",),
        "Each statement (row) judged under each reading of what the paper leaves open (column). "
        "Marker and colour are the verdict. The baseline is the study's own settings, on the runs "
        "of this figure. A box marks another verdict than the baseline's, a solid box one whose "
        "numbers differ for certain. Small and grey: the baseline's numbers.",
        trained=True,
        claimed=False,
        extra=True,
        judged=True,
        by_reading=True,
    ),
    "criteria": Figure(
        "Test error by criterion",
        "Beyond the captions",
        "criteria",
        ("networks", "criteria", "sparsities"),
        "Test error of every criterion, against the sparsity that was asked for (left) and against "
        "the effective sparsity, which counts as removed what is on no path from input to output "
        "(right). Lines join the means, with 95 % intervals and single runs. The network without "
        "pruning is dashed, with its interval. A cross: in at least one run the network has no "
        "such path, so its output is a constant.",
        trained=True,
        errors=True,
        claimed=False,
        every_criterion=True,
        pruned=True,
        extra=True,
    ),
    "controls": Figure(
        "Controls: the mask, or how many per layer?",
        "Beyond the captions",
        "controls",
        ("networks", "criteria", "sparsities", "controls", "readings"),
        "Test error of each mask as it is, with its weights redrawn, with its connections shuffled "
        "within each input or within each layer, and of the lowest scores. A cross: networks "
        "without a path from input to output. Below: how much higher the error is than that of the "
        "mask as it is, and than that under redrawn weights, whose weights no score selected "
        "either; paired by seed, a hollow point's interval contains 0.",
        trained=True,
        errors=True,
        claimed=False,
        pruned=True,
        extra=True,
        judged=True,
    ),
}
EXTRAS = tuple(name for name, figure in FIGURES.items() if figure.extra)
# What `figures/all` draws, and of that the figures of trained networks and of masks.
DRAWN = tuple(name for name in FIGURES if name not in EXTRAS)
TRAINED = tuple(name for name in DRAWN if FIGURES[name].trained)
MASKED = tuple(name for name in DRAWN if FIGURES[name].masks)
# The figures whose masks are tabulated, and those that claims are about.
SCORED = tuple(name for name in MASKED if FIGURES[name].masks == "all")
CLAIMED = (*(name for name in DRAWN if FIGURES[name].claimed), "claims")
# What has grids of runs, and all that has grids: `claims` has runs that no figure shows.
STUDIED = (*TRAINED, "claims")
SECTIONS = (*FIGURES, "claims")


def spoken(figure: str) -> str:
    """Return how a figure is called in a sentence: `Figure 3`, `the anatomy`."""
    return f"Figure {figure[3:]}" if figure.startswith("fig") else f"the figure {figure}"
