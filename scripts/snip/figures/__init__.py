"""The figures: one module per kind, each with `plot` (makes the figure) and `draw` (saves it)."""
