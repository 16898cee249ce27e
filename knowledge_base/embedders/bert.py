"""The encoder of BERT and XLM-RoBERTa, read straight from a sentence-transformers folder.

Of the models in such folders most are of these two families (e5, bge-m3, LaBSE, paraphrase-multilingual). To run them
takes torch and a tokenizer; importing sentence-transformers and transformers for it costs a start four times as much
CPU (docs/adr/0012-embedder-runtime.md). What a folder holds is checked against what this module computes; anything
else (another family, another pooling, a projection on top, sharded or pickled weights) is `Foreign`, and is left to
sentence-transformers.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, TypeAdapter, ValidationError

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

_KNOWN_MODULES = (("Transformer", "Pooling"), ("Transformer", "Pooling", "Normalize"))
_WEIGHTS = "model.safetensors"
_PREFIXES = ("", "bert.", "roberta.")
"""What stands before the names of tensors, by the class that saved them."""


class Foreign(Exception):
    """The folder holds something that this module does not compute, or not exactly."""


class _Module(BaseModel):
    path: str
    type: str


class _Config(BaseModel):
    """Of `config.json`, what the arithmetic depends on; another value of a `Literal` is another arithmetic."""

    model_type: Literal["bert", "roberta", "xlm-roberta"]
    hidden_act: Literal["gelu"]
    position_embedding_type: Literal["absolute"] = "absolute"
    is_decoder: Literal[False] = False
    num_hidden_layers: int
    num_attention_heads: int
    max_position_embeddings: int
    layer_norm_eps: float
    pad_token_id: int = 0


class _Text(BaseModel):
    method: Literal["forward"]
    method_output_name: Literal["last_hidden_state"]


class _Inputs(BaseModel):
    text: _Text


class _Sentence(BaseModel):
    """`sentence_bert_config.json`, in the form of any release."""

    max_seq_length: int | None = None
    do_lower_case: Literal[False] = False
    transformer_task: Literal["feature-extraction"] = "feature-extraction"
    modality_config: _Inputs | None = None
    module_output_name: Literal["token_embeddings"] = "token_embeddings"


class _Tokens(BaseModel):
    """`tokenizer_config.json`."""

    model_max_length: int | float = math.inf


class _Pooling(BaseModel):
    """`1_Pooling/config.json`, in the form of any release."""

    pooling_mode: Literal["mean", "cls"] | None = None
    pooling_mode_mean_tokens: bool = False
    pooling_mode_cls_token: bool = False
    pooling_mode_max_tokens: Literal[False] = False
    pooling_mode_mean_sqrt_len_tokens: Literal[False] = False
    pooling_mode_weightedmean_tokens: Literal[False] = False
    pooling_mode_lasttoken: Literal[False] = False

    @property
    def by_mean(self) -> bool:
        if self.pooling_mode is not None:
            return self.pooling_mode == "mean"
        if self.pooling_mode_mean_tokens == self.pooling_mode_cls_token:
            raise Foreign("both or neither of mean and first-token pooling")
        return self.pooling_mode_mean_tokens


@dataclass(frozen=True)
class _Layer:
    """Weights and biases of one layer; query, key and value are one matrix, one below the other."""

    attention_in: "tuple[torch.Tensor, torch.Tensor]"
    attention_out: "tuple[torch.Tensor, torch.Tensor]"
    attention_norm: "tuple[torch.Tensor, torch.Tensor]"
    inner: "tuple[torch.Tensor, torch.Tensor]"
    outer: "tuple[torch.Tensor, torch.Tensor]"
    norm: "tuple[torch.Tensor, torch.Tensor]"


class BertModel:
    """A model in memory; safe to call from several threads."""

    def __init__(self, folder: Path, *, bfloat16: bool) -> None:
        """Read the folder; with `bfloat16` the linear layers compute in it, what passes between them stays float32.

        Raises:
            Foreign: the folder holds another kind of model.
            OSError, ValueError, SafetensorError: a file cannot be read.
        """
        self._config, self._length, self._by_mean, self._normalized = _read_configuration(folder)
        self._tokenizer = _read_tokenizer(folder, self._length)
        tensors = _read_weights(folder)
        self._words = tensors["embeddings.word_embeddings.weight"]
        self._places = _places(tensors, self._config, self._length)
        self._norm = _pair(tensors, "embeddings.LayerNorm")
        self._layers = [_layer(tensors, number, bfloat16) for number in range(self._config.num_hidden_layers)]

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self._words.shape[1])

    @property
    def pad_token(self) -> int:
        """What fills the ends of shorter texts."""
        return self._config.pad_token_id

    def windows(self, texts: Sequence[str]) -> list[tuple[int, Sequence[int]]]:
        """Return the tokens of each text, cut where the model can take no more, with the text's number."""
        return [
            (number, window.ids)
            for number, encoding in enumerate(self._tokenizer.encode_batch(list(texts)))
            for window in (encoding, *encoding.overflowing)
        ]

    def encode(self, tokens: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return vectors, float32 of shape (n, dimensions); `mask` (n, length) is 1 where `tokens` has a token."""
        import torch
        from torch.nn.functional import layer_norm, normalize

        with torch.inference_mode():
            ids, present = torch.from_numpy(tokens), torch.from_numpy(mask)
            hidden = self._words[ids] + self._places[: ids.shape[1]]
            hidden = layer_norm(hidden, self._norm[0].shape, *self._norm, eps=self._config.layer_norm_eps)
            seen = None if bool(present.all()) else present[:, None, None, :].bool()
            for layer in self._layers:
                hidden = self._pass(layer, hidden, seen)
            if self._by_mean:
                weights = present[:, :, None].to(hidden.dtype)
                vectors = (hidden * weights).sum(1) / weights.sum(1)
            else:
                vectors = hidden[:, 0]
            if self._normalized:
                vectors = normalize(vectors, dim=1)
            return np.asarray(vectors.numpy(), np.float32)

    def _pass(self, layer: _Layer, hidden: "torch.Tensor", seen: "torch.Tensor | None") -> "torch.Tensor":
        """Return the hidden states, float32 of shape (n, length, dimensions), after one layer."""
        from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention

        n, length, width = hidden.shape
        heads = self._config.num_attention_heads
        arithmetic = layer.inner[0].dtype
        mixed = linear(hidden.to(arithmetic), *layer.attention_in).view(n, length, 3, heads, width // heads)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)
        attended = scaled_dot_product_attention(query, key, value, attn_mask=seen)
        attended = linear(attended.transpose(1, 2).reshape(n, length, width), *layer.attention_out)
        hidden = layer_norm(hidden + attended, (width,), *layer.attention_norm, eps=self._config.layer_norm_eps)
        inner = gelu(linear(hidden.to(arithmetic), *layer.inner))
        return layer_norm(hidden + linear(inner, *layer.outer), (width,), *layer.norm, eps=self._config.layer_norm_eps)


def _read_configuration(folder: Path) -> tuple[_Config, int, bool, bool]:
    """Return the configuration, the most tokens of a text, whether vectors are means, whether they are normalised."""
    try:
        modules = TypeAdapter(list[_Module]).validate_json((folder / "modules.json").read_bytes())
        kinds = tuple(module.type.rpartition(".")[2] for module in modules)
        if kinds not in _KNOWN_MODULES or modules[0].path:
            raise Foreign(f"modules {', '.join(kinds)}")
        config = _Config.model_validate_json((folder / "config.json").read_bytes())
        by_mean = _Pooling.model_validate_json((folder / modules[1].path / "config.json").read_bytes()).by_mean
        sentence = _Sentence.model_validate_json((folder / "sentence_bert_config.json").read_bytes())
        tokens = _Tokens.model_validate_json((folder / "tokenizer_config.json").read_bytes())
    except (ValidationError, ValueError, FileNotFoundError) as error:
        raise Foreign(f"configuration: {type(error).__name__}") from error
    length = min(
        sentence.max_seq_length or tokens.model_max_length, config.max_position_embeddings - _first_place(config)
    )
    return config, int(length), by_mean, "Normalize" in kinds


def _read_tokenizer(folder: Path, length: int) -> "Tokenizer":
    from tokenizers import Tokenizer

    if not (folder / "tokenizer.json").is_file():
        raise Foreign("no tokenizer.json")
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # the library has no type of its own for what it cannot read
        raise ValueError("tokenizer.json cannot be read") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(length)
    return tokenizer


def _read_weights(folder: Path) -> "Mapping[str, torch.Tensor]":
    """Return the tensors in float32; those that are so in the file stay on the disk until they are used."""
    from safetensors.torch import load_file

    if not (folder / _WEIGHTS).is_file():
        raise Foreign(f"no {_WEIGHTS}")
    stored = load_file(folder / _WEIGHTS)
    for prefix in _PREFIXES:
        if f"{prefix}embeddings.word_embeddings.weight" in stored:
            return {name.removeprefix(prefix): tensor.float() for name, tensor in stored.items()}
    raise Foreign("tensors of other names")


def _first_place(config: _Config) -> int:
    """Return the row of the first token in the table of places: RoBERTa counts from the padding token's number on."""
    return 0 if config.model_type == "bert" else config.pad_token_id + 1


def _places(tensors: "Mapping[str, torch.Tensor]", config: _Config, length: int) -> "torch.Tensor":
    """Return what is added to a token by its place, (length, dimensions); all tokens are of the first type."""
    first = _first_place(config)
    places = tensors["embeddings.position_embeddings.weight"][first : first + length]
    return places + tensors["embeddings.token_type_embeddings.weight"][0]


def _layer(tensors: "Mapping[str, torch.Tensor]", number: int, bfloat16: bool) -> _Layer:
    import torch

    name = f"encoder.layer.{number}"
    arithmetic = torch.bfloat16 if bfloat16 else torch.float32

    def linear(*parts: str) -> tuple[torch.Tensor, torch.Tensor]:
        weights, biases = zip(*(_pair(tensors, f"{name}.{part}") for part in parts), strict=True)
        return torch.cat(weights).to(arithmetic), torch.cat(biases).to(arithmetic)

    return _Layer(
        attention_in=linear("attention.self.query", "attention.self.key", "attention.self.value"),
        attention_out=linear("attention.output.dense"),
        attention_norm=_pair(tensors, f"{name}.attention.output.LayerNorm"),
        inner=linear("intermediate.dense"),
        outer=linear("output.dense"),
        norm=_pair(tensors, f"{name}.output.LayerNorm"),
    )


def _pair(tensors: "Mapping[str, torch.Tensor]", name: str) -> "tuple[torch.Tensor, torch.Tensor]":
    try:
        return tensors[f"{name}.weight"], tensors[f"{name}.bias"]
    except KeyError as error:
        raise Foreign(f"no tensor {error}") from error
