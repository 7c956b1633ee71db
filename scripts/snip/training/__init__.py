"""Training: one run, from its seed to its result."""
