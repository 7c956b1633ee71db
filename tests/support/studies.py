"""The project's own studies."""

from helpers import REPOSITORY
from snip.study.config import load_config
from snip.study.settings import FIELDS

CONFIG = REPOSITORY / "config"


def load(name):
    """A study of the project, checked."""
    overlays = [] if name == "default" else [CONFIG / f"{name}.yaml"]
    return load_config(CONFIG / "default.yaml", *overlays)


# The values that a setting made of text may have.
CHOICES = {
    name: field.metadata["limits"]["enum"]
    for name, field in FIELDS.items()
    if "enum" in field.metadata["limits"]
}
