"""The pruning criteria, one file each.

A file `NAME.py` here (with `_` for `-`) defines `score(problem)`, which maps a
`snip.masks.scoring.PruningProblem` to one score per prunable parameter, a tensor (m,). The
parameters with the highest scores are kept.
"""
