"""The claims of the paper's captions and text, each judged on a study's runs and masks.

`evidence` reads tables and mask files, `likeness` compares masks. One module per group of
statements says what is measured: `errors` (claim 1), `masks` (2), `batch_sizes` (3), `losses` (4,
7), `kinds` (5, 6), `controls` (beyond the paper). `verdicts` judges, `readable` prints, `readings`
judges again under each reading of the protocol. docs/claims.md lists the statements by name.
"""
