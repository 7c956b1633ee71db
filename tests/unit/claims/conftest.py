import pytest

from paper_study import configuration, evidence_of
from snip.study.spec import spec_of


@pytest.fixture
def paper(generated):
    """Makes evidence of runs and masks that do exactly what the paper says, with some noise."""

    def make(**changed):
        return evidence_of(spec_of(configuration(**changed), "claims"), generated)

    return make
