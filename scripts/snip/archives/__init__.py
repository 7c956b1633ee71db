"""Archives: a study in one tar file, a BagIt bag (RFC 8493) that other tools can open and check.

Nothing in an archive is trusted: it may restore files below results/datasets and results/STUDY, and
nothing elsewhere, where it could become code that runs.
"""
