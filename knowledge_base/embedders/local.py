"""Embedding in this process with a sentence-transformers folder."""

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.models.manifest import Prefixes
from core.models.runtime import go_offline, has_bfloat16, limit_threads
from knowledge_base.embedding import Progress

log = logging.getLogger(__name__)

Precision = Literal["auto", "float32", "bfloat16"]
"""`bfloat16`: in the linear layers only; what passes from layer to layer stays float32. With all of the model in
bfloat16 the cosine to float32 falls to .9966 on some texts, with int8 weights to .957 (docs/adr/0003-embedder.md)."""

_TOKENS_AT_ONCE = 2048
_PADDING_AT_MOST = 1.1


class LocalModel(Protocol):
    """A model in memory: `bert.BertModel` where it computes what the folder holds, else sentence-transformers' own."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    @property
    def pad_token(self) -> int:
        """What fills the ends of shorter texts."""
        ...

    def windows(self, texts: Sequence[str]) -> list[tuple[int, Sequence[int]]]:
        """Return the tokens of each text, cut where the model can take no more, with the text's number."""
        ...

    def encode(self, tokens: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return vectors, float32 of shape (n, dimensions); `mask` (n, length) is 1 where `tokens` has a token."""
        ...


@dataclass(frozen=True)
class Window:
    """A stretch of a text that the model takes at once."""

    text: int  # its number
    tokens: Sequence[int]


class LocalEmbedder:
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
        self._bfloat16 = precision == "bfloat16" or (precision == "auto" and has_bfloat16())
        self._model: LocalModel | None = None
        self._loading = threading.Lock()

    @property
    def folder(self) -> Path:
        """Where the model lies."""
        return self._folder

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
        windows = [Window(number, tokens) for number, tokens in model.windows(texts)]
        left = np.bincount([window.text for window in windows], minlength=len(texts))
        for group in pack(windows, most_texts=self._batch):
            numbers = np.array([window.text for window in group])
            weights = np.array([[len(window.tokens)] for window in group], np.float32)
            np.add.at(sums, numbers, self._encode(model, group) * weights)
            np.subtract.at(left, numbers, 1)
            if progress is not None:
                progress(int((left == 0).sum()), len(texts))
        return unit_length(sums)

    def _encode(self, model: LocalModel, group: Sequence[Window]) -> NDArray[np.float32]:
        # The limit is kept per calling thread, hence here and not at loading.
        limit_threads(self._threads)
        shape = (len(group), max(len(window.tokens) for window in group))
        tokens, mask = np.full(shape, model.pad_token, np.int64), np.zeros(shape, np.int64)
        for row, window in enumerate(group):
            tokens[row, : len(window.tokens)] = window.tokens
            mask[row, : len(window.tokens)] = 1
        return model.encode(tokens, mask)

    def _load(self) -> LocalModel:
        with self._loading:
            if self._model is None:
                self._model = _load_model(self._folder, self._dimensions, self._bfloat16)
            return self._model


def pack(windows: Sequence[Window], most_texts: int) -> Iterator[list[Window]]:
    """Yield groups to embed together, longest first: at most `most_texts`, few tokens, and hardly any padding.

    Padding is what costs: 32 clauses in the order of length, one of 450 tokens among them, took twice the time of the
    same in groups of like lengths.
    """
    group: list[Window] = []
    tokens = 0
    for window in sorted(windows, key=lambda w: (-len(w.tokens), w.text)):
        if group:
            area = len(group[0].tokens) * (len(group) + 1)
            padded = area > _PADDING_AT_MOST * (tokens + len(window.tokens))
            if padded or area > _TOKENS_AT_ONCE or len(group) == most_texts:
                yield group
                group, tokens = [], 0
        group.append(window)
        tokens += len(window.tokens)
    if group:
        yield group


def unit_length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows divided by their lengths; a row of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, np.float32(1)), np.float32)


def _load_model(folder: Path, dimensions: int, bfloat16: bool) -> LocalModel:
    go_offline()
    from safetensors import SafetensorError

    from knowledge_base.embedders.bert import BertModel, Foreign

    model: LocalModel
    try:
        try:
            model = BertModel(folder, bfloat16=bfloat16)
        except Foreign as reason:
            log.info("sentence-transformers runs the embedder in %s: %s", folder, reason)
            from knowledge_base.embedders.any_folder import SentenceTransformersModel

            model = SentenceTransformersModel(folder, bfloat16=bfloat16)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"the embedder in {folder} cannot be loaded: {type(error).__name__}",
            advice="It must be a sentence-transformers folder; run `qorgan models verify`.",
        ) from error
    if model.dimensions != dimensions:
        raise ModelError(
            f"the embedder in {folder} has {model.dimensions} dimensions, the manifest says {dimensions}",
            advice="Correct `dimensions` in the manifest of models.",
        )
    return model
