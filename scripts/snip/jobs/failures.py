"""Failures that a user can cause and mend."""

# What a failed tool's last line begins with.
ERROR = "error: "


class SnipError(Exception):
    """An expected failure. Its message is one sentence that names what was found and expected."""


class ConfigError(SnipError):
    """A configuration cannot be run. The message names the key, its value, and what is allowed."""
