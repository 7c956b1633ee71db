"""Independent random streams for one run.

Every random choice of a run comes from a stream named after its purpose and seeded by the run's
seed. Two runs with one seed therefore share their split, their initial weights and their order of
examples whatever else differs (criterion, sparsity, batch size), which pairs them, and a stream
can be opened anywhere without replaying the others.
"""

import contextlib
import zlib
from collections.abc import Iterator

import numpy as np


def stream(seed: int, purpose: str, *index: int) -> np.random.Generator:
    """Return the generator of `purpose` for `seed`; `index` tells its repetitions apart."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), *index])


def torch_seed(seed: int, purpose: str) -> int:
    """Return a 63-bit seed for a torch generator of the same purpose."""
    return int(stream(seed, purpose).integers(2**63))


@contextlib.contextmanager
def module_draws(seed: int) -> Iterator[None]:
    """Seed torch's own generator, from which modules draw, for a while."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
