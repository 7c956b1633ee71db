import gzip

import pytest

from helpers import generated_files, write_source
from snip.datasets import sources


@pytest.fixture
def data_folder(generated, tmp_path):
    """A data folder without any file of the registered data set `generated`."""
    folder = tmp_path / "elsewhere"
    (folder / "generated").mkdir(parents=True)
    return folder


@pytest.fixture
def output(tmp_path):
    """Where to fetch to; the folder does not exist yet."""
    return tmp_path / "output"


@pytest.fixture
def place(data_folder):
    """Writes the files of `generated`, or changed ones by name, into the data folder."""

    def place(compress=False, **changed):
        for name, content in (generated_files() | changed).items():
            if compress:
                path = data_folder / "generated" / f"{name}.gz"
                path.write_bytes(gzip.compress(content))
            else:
                (data_folder / "generated" / name).write_bytes(content)

    return place


@pytest.fixture
def describe(generated):
    """Registers other files as the data set `generated`."""

    def describe(files):
        write_source(files, sources.SOURCE_FOLDER, 600)
        sources.load_source.cache_clear()

    return describe
