"""The error of a network on images."""

from functools import partial

import numpy as np
import torch
from torch import nn

from snip.datasets.dataset import Dataset
from snip.layers.chain import Chain

# A batch this small stays in the processor's cache.
EVALUATION_BATCH = 100


def evaluate(
    network: nn.Module,
    images: np.ndarray,
    labels: np.ndarray,
    dataset: Dataset,
    chain: Chain | None = None,
) -> float:
    """Return the error in percent: the share of images whose largest logit is not the label's.

    The network is put into evaluation mode meanwhile: no dropout, and batch normalisation by the
    statistics gathered in training.

    Args:
        network: maps standardised images (examples, 1, 28, 28) to logits (examples, 10).
        images: raw bytes, (examples, 28, 28).
        labels: (examples,).
        dataset: standardises the images.
        chain: the network's, which computes the logits in its place; None if it is none.
    """
    wrong = 0
    predict = partial(chain.forward, training=False) if chain else network
    mode = network.training
    network.eval()
    device = next(network.parameters()).device
    with torch.no_grad():  # inference mode would spoil tensors that a network remembers
        for start in range(0, len(images), EVALUATION_BATCH):
            batch = torch.as_tensor(images[start : start + EVALUATION_BATCH], device=device)
            predicted = predict(dataset.standardise(batch)).argmax(1).cpu().numpy()
            wrong += int((predicted != labels[start : start + EVALUATION_BATCH]).sum())
    network.train(mode)
    return 100 * wrong / len(images)
