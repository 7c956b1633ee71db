"""Masks: how connections are scored, what is kept, what that leaves of a network."""
