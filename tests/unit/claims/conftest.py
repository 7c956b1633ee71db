import pytest

from paper_study import configuration, make_evidence


@pytest.fixture
def paper(tmp_path, generated):
    """Makes evidence of runs and masks that do exactly what the paper says, with some noise."""

    def make(**changed):
        return make_evidence(configuration(**changed), tmp_path, generated)

    return make
