"""Every statement that is judged, in the order of the claims."""

from snip.claims import batch_sizes, errors, kinds, losses, masks
from snip.claims.evidence import Evidence
from snip.claims.verdicts import Statement


def statements(evidence: Evidence) -> list[Statement]:
    """Return every statement of every claim."""
    groups = (errors, masks, batch_sizes, losses, kinds)
    unsorted = [statement for group in groups for statement in group.statements(evidence)]
    return sorted(unsorted, key=lambda statement: statement.claim)
