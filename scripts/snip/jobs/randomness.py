"""Independent random streams for one run.

Every random choice of a run comes from a stream that is named after its purpose and seeded by the
run's seed. Two runs with one seed are therefore paired: they share their split, initial weights and
order of examples, whatever else differs (criterion, sparsity, batch size). And code can open a
stream anywhere without replaying the others.
"""

import contextlib
import random
import zlib
from collections.abc import Iterator

import numpy as np


def stream(seed: int, purpose: str, *index: int) -> np.random.Generator:
    """Return the generator for one purpose; `index` numbers repetitions of the purpose."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), *index])


def torch_seed(seed: int, purpose: str) -> int:
    """Return a 63-bit seed for a torch generator that serves one purpose."""
    return int(stream(seed, purpose).integers(2**63))


def seed_globals(seed: int) -> None:
    """Seed the global generators of torch, numpy and Python, from which users' code may draw."""
    import torch

    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)


@contextlib.contextmanager
def module_draws(seed: int) -> Iterator[None]:
    """Seed the global generators; restore their states afterwards."""
    import torch

    numpys, pythons = np.random.get_state(), random.getstate()
    with torch.random.fork_rng(devices=[]):
        seed_globals(seed)
        try:
            yield
        finally:
            np.random.set_state(numpys)
            random.setstate(pythons)
