"""Embedding in this process with a sentence-transformers folder."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.models.manifest import Prefixes
from core.models.runtime import go_offline, has_bfloat16, limit_threads
from knowledge_base.embedding import Progress

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Precision = Literal["auto", "float32", "bfloat16"]


class SentenceTransformersEmbedder:
    """An `Embedder` over a local folder; it is loaded at the first text.

    A text longer than the model's window is cut into windows, and its vector is the mean of theirs weighted by their
    tokens, so that no part of a long clause is lost.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        dimensions: int,
        prefixes: Prefixes,
        threads: int = 1,
        batch: int = 32,
        precision: Precision = "auto",
    ) -> None:
        self._folder = folder
        self._name = name
        self._dimensions = dimensions
        self._prefixes = prefixes
        self._threads = threads
        self._batch = batch
        self._precision = precision
        self._model: SentenceTransformer | None = None
        self._loading = threading.Lock()

    @property
    def name(self) -> str:
        """Model and revision."""
        return self._name

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Return vectors of texts to be found, (len(texts), dimensions), unit length."""
        return self._embed([self._prefixes.passage + text for text in texts], progress)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of texts that are looked for, (len(texts), dimensions), unit length."""
        return self._embed([self._prefixes.query + text for text in texts], None)

    def _embed(self, texts: list[str], progress: Progress | None) -> NDArray[np.float32]:
        sums = np.zeros((len(texts), self._dimensions), np.float32)
        if not texts:
            return sums
        model = self._load()
        windows = [
            (number, window, tokens)
            for number, text in enumerate(texts)
            for window, tokens in self._windows(model, text)
        ]
        # Longest first: batches of like lengths waste no padding, and memory is at its peak at once.
        windows.sort(key=lambda w: (-len(w[1]), w[0]))
        left = np.zeros(len(texts), np.int64)
        np.add.at(left, [number for number, _, _ in windows], 1)
        for start in range(0, len(windows), self._batch):
            part = windows[start : start + self._batch]
            numbers = np.array([number for number, _, _ in part])
            vectors = self._encode(model, [window for _, window, _ in part])
            weights = np.array([[tokens] for _, _, tokens in part], np.float32)
            np.add.at(sums, numbers, vectors * weights)
            np.subtract.at(left, numbers, 1)
            if progress is not None:
                progress(int((left == 0).sum()), len(texts))
        return unit_length(sums)

    def _encode(self, model: "SentenceTransformer", texts: list[str]) -> NDArray[np.float32]:
        # The limit is per thread that calls torch for the first time, hence here and not at loading.
        limit_threads(self._threads)
        vectors = model.encode(
            texts, batch_size=len(texts), show_progress_bar=False, convert_to_numpy=False, convert_to_tensor=True
        )
        return np.asarray(vectors.float().numpy(), np.float32)

    def _windows(self, model: "SentenceTransformer", text: str) -> list[tuple[str, int]]:
        """Cut a text that is longer than the model's window; returns pieces and their weights in tokens."""
        most = (model.max_seq_length or 512) - 2
        if len(text) <= most:  # a token has at least one character
            return [(text, 1)]
        offsets = model.tokenizer(
            text, add_special_tokens=False, truncation=False, return_offsets_mapping=True, verbose=False
        )["offset_mapping"]
        if len(offsets) <= most:
            return [(text, 1)]
        pieces = []
        for start in range(0, len(offsets), most):
            part = offsets[start : start + most]
            pieces.append((text[part[0][0] : part[-1][1]], len(part)))
        return pieces

    def _load(self) -> "SentenceTransformer":
        with self._loading:
            if self._model is None:
                self._model = _load_model(self._folder, self._dimensions, self._precision)
            return self._model


def unit_length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows divided by their lengths; a row of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, np.float32(1)), np.float32)


def _load_model(folder: Path, dimensions: int, precision: Precision) -> "SentenceTransformer":
    go_offline()
    import torch
    import transformers
    from sentence_transformers import SentenceTransformer

    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    bfloat16 = precision == "bfloat16" or (precision == "auto" and has_bfloat16())
    try:
        model = SentenceTransformer(
            str(folder),
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"dtype": torch.bfloat16 if bfloat16 else torch.float32},
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"the embedder in {folder} cannot be loaded: {type(error).__name__}",
            advice="It must be a sentence-transformers folder; run `qorgan models verify`.",
        ) from error
    found = model.get_embedding_dimension()
    if found != dimensions:
        raise ModelError(
            f"the embedder in {folder} has {found} dimensions, the manifest says {dimensions}",
            advice="Correct `dimensions` in the manifest of models.",
        )
    model.eval()
    return model
