"""Any folder that sentence-transformers reads, run by sentence-transformers: for models `bert` does not compute."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class SentenceTransformersModel:
    """A `LocalModel` whose import alone takes some ten seconds of CPU."""

    def __init__(self, folder: Path, *, bfloat16: bool) -> None:
        """Load the folder; with `bfloat16` the linear layers compute in it, what passes between them stays float32.

        Raises:
            OSError, ValueError, KeyError, RuntimeError: the folder is not one of sentence-transformers'.
        """
        import torch
        import transformers
        from sentence_transformers import SentenceTransformer

        transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        self._model = SentenceTransformer(
            str(folder),
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"dtype": torch.float32},
        )
        self._model.eval()
        if bfloat16:
            self._use_bfloat16()

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self._model.get_embedding_dimension() or 0)

    @property
    def pad_token(self) -> int:
        """What fills the ends of shorter texts."""
        return int(self._model.tokenizer.pad_token_id or 0)

    def windows(self, texts: Sequence[str]) -> list[tuple[int, Sequence[int]]]:
        """Return the tokens of each text, cut where the model can take no more, with the text's number."""
        encoded = self._model.tokenizer(
            list(texts),
            truncation=True,
            max_length=self._model.max_seq_length or 512,
            return_overflowing_tokens=True,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        return [
            (int(text), tokens)
            for text, tokens in zip(encoded["overflow_to_sample_mapping"], encoded["input_ids"], strict=True)
        ]

    def encode(self, tokens: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return vectors, float32 of shape (n, dimensions); `mask` (n, length) is 1 where `tokens` has a token."""
        import torch

        given = {"input_ids": torch.from_numpy(tokens), "attention_mask": torch.from_numpy(mask)}
        with torch.inference_mode():
            vectors = self._model(given)["sentence_embedding"]
        return np.asarray(vectors.float().numpy(), np.float32)

    def _use_bfloat16(self) -> None:
        """Let the linear layers compute in bfloat16; sums with float32 residuals make their results float32 again.

        `torch.autocast` gives the same but casts all weights at every call, which a single question pays for.
        """
        import torch

        def narrow(_: torch.nn.Module, arguments: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
            return tuple(argument.to(torch.bfloat16) for argument in arguments)

        for module in self._model.modules():
            if isinstance(module, torch.nn.Linear):
                module.to(torch.bfloat16)
                module.register_forward_pre_hook(narrow)
