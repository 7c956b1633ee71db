import pytest

from own_networks import NETWORKS, register


@pytest.fixture(params=NETWORKS)
def network(request, monkeypatch):
    """Each of the networks in turn, registered as `own`: its name in `NETWORKS`."""
    register(monkeypatch, NETWORKS[request.param])
    return request.param
