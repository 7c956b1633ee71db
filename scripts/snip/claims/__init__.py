"""The claims of the paper's captions and text, each judged on the runs and masks of a study.

`evidence` reads tables and mask files, one module per group of statements says what is measured
(`errors` 1, `masks` 2, 5 and 6, `batch_sizes` 3, `losses` 4 and 7), `verdicts` judges, `readable`
prints. docs/claims.md explains each statement.
"""
