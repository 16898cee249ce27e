"""Models: what there is, where it comes from, whether it is what it should be.

`pull` brings the models of the manifest into the data directory, `list_models` and `verify` tell their standing,
`require` gives a model's folder or stops with a clear message.
"""

from core.models.manifest import Model, find_model, load_manifest
from core.models.pull import PullProgress, pull
from core.models.store import ModelRow, list_models, require, verify

__all__ = [
    "Model",
    "ModelRow",
    "PullProgress",
    "find_model",
    "list_models",
    "load_manifest",
    "pull",
    "require",
    "verify",
]
