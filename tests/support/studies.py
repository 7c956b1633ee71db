"""The project's own studies."""

from helpers import REPOSITORY
from snip.study.config import load_config

CONFIG = REPOSITORY / "config"


def load(name):
    """A study of the project, checked."""
    overlays = [] if name == "default" else [CONFIG / f"{name}.yaml"]
    return load_config(CONFIG / "default.yaml", *overlays)
