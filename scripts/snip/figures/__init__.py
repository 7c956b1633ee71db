"""The figures, one module per kind.

In each, `plot` makes a figure from tables, and `show` reads the tables of a study and saves it. The
forest plot has no `show`: the script that judges the claims draws it.
"""
