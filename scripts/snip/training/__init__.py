"""Training one masked network: one run."""
