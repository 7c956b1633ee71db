import pytest

from snip.figures import style


@pytest.fixture(autouse=True)
def closed():
    """No figure stays open."""
    yield
    style.plt.close("all")
