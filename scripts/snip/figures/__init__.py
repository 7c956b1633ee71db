"""The figures, one module per kind.

Each has `plot`, which makes the figure of tables, and `show`, which reads the tables of a study and
saves the figure.
"""
