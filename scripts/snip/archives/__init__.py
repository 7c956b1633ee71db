"""Archives: a study in one tar file, with the records by which Snakemake knows its results.

The first member, MANIFEST.json, contains the study's name and the size and SHA-256 of every file.
Nothing in an archive is trusted: it may restore files below results/datasets and results/STUDY and
Snakemake's records of these files, and nothing elsewhere, where it could become code that runs.
"""
