"""The claims of the paper's captions and text, each judged on a study's runs and masks.

`evidence` reads tables and mask files. One module per group of statements says what is measured:
`errors` (claim 1), `masks` (2), `batch_sizes` (3), `losses` (4, 7), `kinds` (5, 6). `verdicts`
judges, `readable` prints. docs/claims.md explains each statement.
"""
