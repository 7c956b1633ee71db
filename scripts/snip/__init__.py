"""Single-shot pruning by connection sensitivity (SNIP), the library behind the scripts.

Modules that the Snakefile reads (`study`, `datasets`, `criteria`, `networks`) import no torch at
start-up: a cluster parses the Snakefile once per job, and torch alone costs seconds.
"""
