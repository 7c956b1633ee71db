"""The pruning criteria, one file each.

A file `NAME.py` here (with `_` for `-`) defines `score(problem)`, which maps a
`snip.masks.problem.PruningProblem` to one score per prunable parameter, a tensor (m,). The
parameters with the highest scores are kept. Its first line may begin with the printed name and a
colon. With `ROUNDS = 100` at its top it is scored for each
sparsity separately, in that many rounds, and gets a `PruningRound`; with `REVIVES = True` a round
may keep what an earlier one pruned.
"""
