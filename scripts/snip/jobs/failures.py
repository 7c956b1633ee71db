"""The base of the failures that a user can cause and mend."""


class SnipError(Exception):
    """An expected failure. Its message is one sentence that names what, found and expected."""


class ConfigError(SnipError):
    """A configuration that cannot be run: the key's path, the value found, what is allowed."""
