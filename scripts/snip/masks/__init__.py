"""Masks: scoring connections, keeping the best, and what that leaves of a network."""
