import pytest
import yaml

from helpers import generated_files, write_source
from snip.datasets import sources


@pytest.fixture
def data_folder(generated, tmp_path):
    """A data folder without any file of the registered data set `generated`."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@pytest.fixture
def output(tmp_path):
    """Where to fetch to; the folder does not exist yet."""
    return tmp_path / "output"


@pytest.fixture
def place(data_folder):
    """Writes the files of `generated`, or changed ones by name, into the data folder."""

    def place(**changed):
        (data_folder / "generated").mkdir()
        for name, content in (generated_files() | changed).items():
            (data_folder / "generated" / name).write_bytes(content)

    return place


@pytest.fixture
def describe(generated):
    """Registers other files, or further keys, as the source `generated`."""

    def describe(files=None, **keys):
        write_source(files or generated_files(), sources.SOURCE_FOLDER, 600)
        with (sources.SOURCE_FOLDER / "generated.yaml").open("a") as file:
            file.write(yaml.safe_dump(keys) if keys else "")
        sources.load_source.cache_clear()

    return describe
