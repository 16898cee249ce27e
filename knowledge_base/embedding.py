"""The port that turns text into vectors, and the one place that builds what serves it.

Adapters: `embedders.local` (a sentence-transformers folder in this process), `embedders.endpoint` (an OpenAI-compatible
server), `embedders.cached` (either, with a cache by content hash). One contract test holds for all.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.errors import ConfigurationError, NotFound
from core.models import find_model, require
from core.models.manifest import Model
from core.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

Progress = Callable[[int, int], None]
"""Called with the number of texts done and the number of all."""


class Embedder(Protocol):
    """Text to vectors whose dot product is their likeness.

    Both methods return float32 of shape (len(texts), dimensions), rows of unit length, in the order of `texts`; a text
    may be of any length. An empty sequence gives shape (0, dimensions). Safe to call from several threads.
    """

    @property
    def name(self) -> str:
        """Model and revision; vectors of different names must not be compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> "Vectors":
        """Return vectors of texts to be found.

        Raises:
            ModelError: the weights are missing, altered or unusable.
            Unavailable: an endpoint does not answer.
        """
        ...

    def embed_queries(self, texts: Sequence[str]) -> "Vectors":
        """Return vectors of texts that are looked for; raises as `embed_passages`."""
        ...


def build_embedder(settings: Settings) -> Embedder:
    """Return the configured embedder behind its cache; weights are checked now and loaded at the first text.

    Raises:
        ModelError: the weights are missing or differ from the manifest.
        ConfigurationError: the setting names no embedder.
    """
    return cached_in(settings.data_dir / "embeddings.sqlite3", bare_embedder(settings), settings)


def cached_in(path: Path, embedder: Embedder, settings: Settings) -> Embedder:
    """Return the configured embedder behind a cache of its vectors in the file `path`."""
    from knowledge_base.embedders.cached import CachedEmbedder

    return CachedEmbedder(embedder, path, _model(settings).prefixes)


def bare_embedder(settings: Settings) -> Embedder:
    """Return the configured embedder without a cache; raises as `build_embedder`."""
    from knowledge_base.embedders.endpoint import EndpointEmbedder
    from knowledge_base.embedders.local import LocalEmbedder

    model = _model(settings)
    if model.kind == "endpoint":
        return EndpointEmbedder(
            url=model.location,
            model=model.name,
            revision=model.revision,
            dimensions=model.dimensions or 0,
            prefixes=model.prefixes,
            batch=settings.models.embed_batch,
            api_key=settings.models.endpoint_api_key,
            timeout_s=settings.models.endpoint_timeout_s,
        )
    return LocalEmbedder(
        folder=require(settings, model.name),
        name=f"{model.name}@{model.revision}",
        dimensions=model.dimensions or 0,
        prefixes=model.prefixes,
        threads=settings.models.threads,
        batch=settings.models.embed_batch,
        precision=settings.models.embed_precision,
    )


def _model(settings: Settings) -> Model:
    try:
        model = find_model(settings, settings.models.embedder)
    except NotFound as error:
        raise ConfigurationError(f"QORGAN_MODELS__EMBEDDER: {error.detail}", advice=error.advice) from error
    if model.role != "embedder" or model.dimensions is None:
        raise ConfigurationError(
            f"QORGAN_MODELS__EMBEDDER: {model.name} is a {model.role}, not an embedder",
            advice="Name a model of the role `embedder`; `qorgan models list` shows them.",
        )
    return model
