"""SNIP as docs/protocol.md reads it, in plain PyTorch: from the files of MNIST to a trained LeNet.

Nothing of the project is imported, so that its runs can be compared with it. How a seed draws is
copied from it: the random streams, the split, the pruning batch and the order of the examples.
"""

import math
import zlib
from functools import partial

import numpy as np
import torch
from torch.nn import functional as F

LAYERS = {
    "lenet-300-100": {"fc1": (300, 784), "fc2": (100, 300), "fc3": (10, 100)},
    "lenet-5-caffe": {
        "conv1": (20, 1, 5, 5),
        "conv2": (50, 20, 5, 5),
        "fc1": (500, 800),
        "fc2": (10, 500),
    },
}


def draws(seed, purpose, *index):
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), *index])


def examples(folder):
    """All training images, standardised (60000, 1, 28, 28), and their labels."""
    images, labels = (
        np.frombuffer((folder / f"train-{name}-ubyte").read_bytes(), np.uint8, offset=header)
        for name, header in (("images-idx3", 16), ("labels-idx1", 8))
    )
    images = (images - images.mean()) / images.std()
    images = torch.tensor(images.reshape(-1, 1, 28, 28), dtype=torch.float32)
    return images, torch.tensor(labels).long()


def initial(network, seed, purpose, gain=lambda fan_in, fan_out: 1 / fan_in):
    """Weights of a truncated normal distribution whose variance is the gain; biases of zero."""
    generator = torch.Generator().manual_seed(int(draws(seed, purpose).integers(2**63)))
    parameters = {}
    for layer, shape in LAYERS[network].items():
        field = math.prod(shape[2:])
        deviation = math.sqrt(gain(shape[1] * field, shape[0] * field)) / 0.87962566103423978
        weight, limit = torch.empty(shape), 2 * deviation
        torch.nn.init.trunc_normal_(weight, 0, deviation, -limit, limit, generator=generator)
        parameters |= {f"{layer}.weight": weight, f"{layer}.bias": torch.zeros(shape[0])}
    return {name: parameter.requires_grad_() for name, parameter in parameters.items()}


def logits(network, parameters, images):
    for layer in LAYERS[network]:
        weight, bias = parameters[f"{layer}.weight"], parameters[f"{layer}.bias"]
        if layer.startswith("conv"):
            images = F.max_pool2d(F.conv2d(images, weight, bias), 2)
        else:
            images = F.linear(images.flatten(1), weight, bias)
            images = images if len(weight) == 10 else F.relu(images)
    return images


def training_examples(seed):
    """54,000 of the 60,000."""
    return draws(seed, "split").permutation(60_000)[6_000:]


def sensitivities(network, seed, batch_size, data, **gain):
    """|w ∂L/∂w| of each parameter."""
    parameters = initial(network, seed, "initial weights", **gain)
    batch = draws(seed, "pruning batch").permutation(training_examples(seed))
    batch = batch[: None if batch_size == "all" else batch_size]
    for part in torch.tensor(batch).split(1000):
        images, labels = (each[part] for each in data)
        loss = F.cross_entropy(logits(network, parameters, images), labels, reduction="sum")
        (loss / len(batch)).backward()
    return {name: (each * each.grad).abs().detach() for name, each in parameters.items()}


def masks(scores, sparsity):
    """1 for the highest scores of all layers together, else 0."""
    joined = torch.cat([each.flatten() for each in scores.values()])
    ranked = joined.argsort(descending=True, stable=True)
    kept = torch.zeros(len(joined))
    kept[ranked[: round(len(joined) * (1 - sparsity / 100))]] = 1
    parts = kept.split([each.numel() for each in scores.values()])
    return {name: part.view_as(scores[name]) for name, part in zip(scores, parts, strict=True)}


def order(seed, steps):
    """The indices of so many training batches (steps, 100): epochs of 540, joined end to end."""
    training = training_examples(seed)
    epochs = [draws(seed, "order", n).permutation(training) for n in range(1 + steps // 540)]
    return np.concatenate(epochs).reshape(-1, 100)[:steps]


def losses(network, seed, kept, learning_rate, steps, data):
    """Of each step of stochastic gradient descent at a constant rate, from weights drawn anew."""
    parameters = initial(network, seed, "redrawn weights")
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter *= kept[name]
            parameter.register_hook(partial(torch.mul, kept[name]))
    optimizer = torch.optim.SGD(
        parameters.values(), learning_rate, momentum=0.9, weight_decay=0.0005
    )
    found = []
    for batch in torch.tensor(order(seed, steps)):
        images, labels = (each[batch] for each in data)
        loss = F.cross_entropy(logits(network, parameters, images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return np.array(found)
