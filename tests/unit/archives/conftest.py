from pathlib import Path

import pytest

from snip.archives.create import create
from tar_files import FILES, lay


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """An archive of FILES; they lie beside it."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        lay(FILES)
        create("study", Path("study.tar"))
    return folder / "study.tar"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, which is the present one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
