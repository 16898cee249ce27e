"""The index the settings ask for."""

from core.errors import ConfigurationError
from core.settings import Settings
from knowledge_base.index.place import index_folder, index_version
from knowledge_base.index.port import DIMENSION, ClauseIndex


def open_index(settings: Settings, *, dimension: int = DIMENSION) -> ClauseIndex:
    """Open the index of the settings' embedder; `dimension` is the length of that embedder's vectors.

    Where `needs_rebuild` is true of the result, it must be filled from the records before it is searched.
    Raises `ConfigurationError`, `Unavailable` (open elsewhere, or no server), `StorageError`.
    """
    chosen = settings.index
    version = index_version(settings.models.embedder)
    if chosen.backend == "edge":
        from knowledge_base.index.edge import EdgeIndex

        return EdgeIndex(
            index_folder(settings),
            version=version,
            dimension=dimension,
            hnsw_ef=chosen.hnsw_ef,
            exact_points=chosen.exact_points,
        )
    if not chosen.url:
        raise ConfigurationError(
            "the backend `qdrant` has no address", advice="set QORGAN_INDEX__URL, or QORGAN_INDEX__BACKEND=edge"
        )
    from knowledge_base.index.client import ClientIndex

    return ClientIndex(
        chosen.url,
        version=version,
        api_key=chosen.api_key.get_secret_value(),
        collection=chosen.collection,
        dimension=dimension,
        hnsw_ef=chosen.hnsw_ef,
        exact_points=chosen.exact_points,
    )
