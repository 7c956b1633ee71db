"""Single-shot pruning by connection sensitivity (SNIP), the library behind the scripts.

The Snakefile imports `study`, `datasets` and `jobs`, which import no torch, and reads criteria and
networks without importing them: a cluster parses the Snakefile once per job, and importing torch
takes seconds.
"""
