"""A study: its configuration, the table of figures, and the runs and masks that figures need.

Imports no torch: the Snakefile is parsed again by every job on a cluster.
"""
