"""Controls of masks: what of a mask matters to training, and what does not.

Each control keeps as many connections as the criterion does, but other ones. If a network trains
as well under `shuffled`, only the number kept in each layer matters (Su et al., "Sanity-checking
pruning methods", 2020; Frankle et al., "Pruning neural networks at initialization: why are we
missing the mark?", 2021). If it trains as well under `inverted`, the scores do not matter.
"""

import torch
from torch import Tensor


def shuffled(mask: Tensor, generator: torch.Generator) -> Tensor:
    """Permute a parameter's mask at random, so that it keeps as many elements."""
    order = torch.randperm(mask.numel(), generator=generator)
    return mask.flatten()[order].view(mask.shape)


def shuffled_inputs(mask: Tensor, generator: torch.Generator) -> Tensor:
    """Permute a parameter's mask (outputs, ...) at random along the outputs.

    Each index of the other dimensions has a permutation of its own. So each input (a unit or pixel,
    or a channel and position in the kernel) keeps as many connections. A bias is permuted.
    """
    # Double precision, as ties would make some permutations more likely.
    order = torch.rand(mask.shape, generator=generator, dtype=torch.float64).argsort(0)
    return mask.gather(0, order)


# Applied to the mask of each prunable parameter. The third control, `inverted`, keeps the lowest
# scores instead of the highest, in every round (`snip.masks.scoring`).
SHUFFLES = {"shuffled": shuffled, "shuffled-inputs": shuffled_inputs}
