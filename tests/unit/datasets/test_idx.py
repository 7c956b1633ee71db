import numpy as np
import pytest

from helpers import idx
from snip.datasets.idx import open_idx
from snip.datasets.sources import TRAIN_IMAGES, DatasetError


def test_headers_are_checked(tmp_path):
    path = tmp_path / "file"
    array = np.arange(12).reshape(3, 4)
    path.write_bytes(idx(array))
    assert (open_idx(path) == array).all()
    path.write_bytes(idx(array)[:-1])
    with pytest.raises(DatasetError, match="has 23 bytes, expected 24 by its header"):
        open_idx(path)
    path.write_bytes(b"\x89PNG")
    with pytest.raises(DatasetError, match=r"not an IDX file .* begins with b'\\x89PNG'"):
        open_idx(path)


def test_writing_to_a_mapped_array_does_not_change_the_file(generated):
    path = generated / "generated" / TRAIN_IMAGES
    before = path.read_bytes()
    open_idx(path)[:] = 7
    assert path.read_bytes() == before
