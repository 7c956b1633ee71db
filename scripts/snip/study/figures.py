"""The table of figures: what each shows, and which axes it can tell apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        title: in the report's menu, below `category`.
        module: the module of `snip.figures` that draws it.
        apart: the axes whose values it tells apart, beside seeds; a grid may sweep no other.
        trained: whether it shows trained networks, and so has tables.
        masks: the classes of the masks it shows: `each`, `all`, or None.
        image: whether it shows masks as images, which takes a first layer that sees the image.
    """

    title: str
    category: str
    module: str
    apart: tuple[str, ...]
    trained: bool = False
    masks: str | None = None
    image: bool = False


_IMAGES = ("datasets", "criteria", "sparsities")

FIGURES = {
    "fig1": Figure(
        "Figure 1: test error against sparsity",
        "Test error",
        "errors",
        ("datasets", "networks", "criteria", "sparsities"),
        trained=True,
    ),
    "fig2": Figure(
        "Figure 2: masks by class and sparsity", "Masks", "masks", _IMAGES, masks="each", image=True
    ),
    "fig3": Figure(
        "Figure 3: size of the pruning batch",
        "Test error",
        "batch_sizes",
        ("criteria", "batch_sizes"),
        trained=True,
        masks="all",
        image=True,
    ),
    "fig4": Figure(
        "Figure 4: true and random labels",
        "Random labels",
        "losses",
        ("criteria", "sparsities", "labels", "weight_decays"),
        trained=True,
    ),
    "fig5": Figure(
        "Figure 5: inverted images", "Masks", "masks", _IMAGES, masks="each", image=True
    ),
    "fig6": Figure(
        "Figure 6: gradient instead of sensitivity",
        "Masks",
        "masks",
        _IMAGES,
        masks="each",
        image=True,
    ),
    "fig7": Figure(
        "Figure 7: random labels by sparsity",
        "Random labels",
        "losses",
        ("criteria", "sparsities"),
        trained=True,
    ),
    "anatomy": Figure(
        "Density of each layer by criterion",
        "Mask anatomy",
        "anatomy",
        ("networks", "criteria", "sparsities"),
        masks="all",
    ),
}
TRAINED = tuple(name for name, figure in FIGURES.items() if figure.trained)
MASKED = tuple(name for name, figure in FIGURES.items() if figure.masks)


def spoken(figure: str) -> str:
    """Return how a figure is called in a sentence: `Figure 3`, `the anatomy`."""
    return f"Figure {figure[3:]}" if figure.startswith("fig") else f"the {figure}"
