"""Every statement that is judged, in the order of the claims."""

from snip.claims import batch_sizes, errors, kinds, losses, masks
from snip.claims.evidence import Evidence, of_family
from snip.claims.verdicts import Statement, level_of_each
from snip.study.spec import Spec


def statements(evidence: Evidence) -> list[Statement]:
    """Return every statement of every claim."""
    groups = (errors, masks, batch_sizes, losses, kinds)
    unsorted = [statement for group in groups for statement in group.statements(evidence)]
    return sorted(unsorted, key=lambda statement: statement.claim)


def family_level(spec: Spec) -> float:
    """Return the level at which each claim of a study is judged, for one figure of it."""
    return level_of_each(spec.judging.alpha, len(statements(of_family(spec))))
