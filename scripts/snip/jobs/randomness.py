"""Independent random streams for one run.

Every random choice of a run comes from a stream that is named after its purpose and seeded by the
run's seed. Two runs with one seed are therefore paired: they share their split, initial weights and
order of examples, whatever else differs (criterion, sparsity, batch size). And code can open a
stream anywhere without replaying the others.
"""

import contextlib
import zlib
from collections.abc import Iterator

import numpy as np


def stream(seed: int, purpose: str, *index: int) -> np.random.Generator:
    """Return the generator for one purpose; `index` numbers repetitions of the purpose."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), *index])


def torch_seed(seed: int, purpose: str) -> int:
    """Return a 63-bit seed for a torch generator that serves one purpose."""
    return int(stream(seed, purpose).integers(2**63))


@contextlib.contextmanager
def module_draws(seed: int) -> Iterator[None]:
    """Seed torch's global generator, from which modules draw; restore its state afterwards."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
