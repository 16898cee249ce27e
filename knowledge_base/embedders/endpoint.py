"""Embedding by an OpenAI-compatible server: `POST {url}/embeddings`."""

import time
from collections.abc import Sequence

import httpx
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, SecretStr, ValidationError

from core.errors import ModelError, Unavailable
from core.models.manifest import Prefixes
from knowledge_base.embedding import Progress

_ATTEMPTS = 4
_FIRST_PAUSE_S = 0.25
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504})


class _Item(BaseModel):
    index: int
    embedding: list[float]


class _Reply(BaseModel):
    data: list[_Item]


class EndpointEmbedder:
    """An `Embedder` over a server (vLLM, TEI, ...); `url` ends before `/embeddings`, as in `http://host:8080/v1`."""

    def __init__(
        self,
        *,
        url: str,
        model: str,
        revision: str,
        dimensions: int,
        prefixes: Prefixes,
        batch: int = 32,
        api_key: SecretStr | None = None,
        timeout_s: float = 60.0,
    ) -> None:
        self._url = url.rstrip("/") + "/embeddings"
        self._model = model
        self._name = f"{model}@{revision}"
        self._dimensions = dimensions
        self._prefixes = prefixes
        self._batch = batch
        key = api_key.get_secret_value() if api_key else ""
        self._client = httpx.Client(
            timeout=timeout_s, headers={"Authorization": f"Bearer {key}"} if key else {}, trust_env=False
        )

    @property
    def name(self) -> str:
        """Model and revision."""
        return self._name

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Return vectors of texts to be found, (len(texts), dimensions), unit length.

        Raises:
            Unavailable: the server does not answer, or not in time.
            ModelError: it refuses, or answers with something else than it should.
        """
        return self._embed([self._prefixes.passage + text for text in texts], progress)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of texts that are looked for; raises as `embed_passages`."""
        return self._embed([self._prefixes.query + text for text in texts], None)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _embed(self, texts: list[str], progress: Progress | None) -> NDArray[np.float32]:
        result = np.zeros((len(texts), self._dimensions), np.float32)
        for start in range(0, len(texts), self._batch):
            part = texts[start : start + self._batch]
            result[start : start + len(part)] = self._vectors(part)
            if progress is not None:
                progress(start + len(part), len(texts))
        return result

    def _vectors(self, texts: list[str]) -> NDArray[np.float32]:
        response = self._post({"model": self._model, "input": texts, "encoding_format": "float"})
        try:
            items = sorted(_Reply.model_validate_json(response.content).data, key=lambda item: item.index)
            vectors = np.array([item.embedding for item in items], np.float32)
        except (ValidationError, ValueError) as error:
            raise self._wrong("an answer that is not a list of embeddings") from error
        if [item.index for item in items] != list(range(len(texts))) or vectors.shape != (len(texts), self._dimensions):
            raise self._wrong(f"shape {vectors.shape} instead of {(len(texts), self._dimensions)}")
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not (lengths > 0).all():
            raise self._wrong("vectors without a length")
        return np.asarray(vectors / lengths, np.float32)

    def _post(self, body: dict[str, object]) -> httpx.Response:
        pause_s = _FIRST_PAUSE_S
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                response = self._client.post(self._url, json=body)
                if response.is_success:
                    return response
                problem = f"HTTP {response.status_code}"
                if response.status_code not in _PASSING:
                    raise self._wrong(problem)
            except httpx.HTTPError as error:
                problem = type(error).__name__
            if attempt < _ATTEMPTS:
                time.sleep(pause_s)
                pause_s *= 2
        raise Unavailable(
            f"the embedding server {self._url} does not answer: {problem}",
            advice="Check that it runs and that `source` in the manifest of models names it.",
        )

    def _wrong(self, what: str) -> ModelError:
        return ModelError(
            f"the embedding server {self._url} gave {what} for model {self._model}",
            advice="Check `name`, `dimensions` and `source` in the manifest of models.",
        )
