"""The contract of the embedder that every adapter passes, and what is each one's own."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import SecretStr

from core.errors import ConfigurationError, ModelError, StorageError, Unavailable
from core.models import find_model, pull, require
from core.models.manifest import Prefixes
from core.settings import ModelSettings, Settings
from knowledge_base.embedders.cached import CachedEmbedder
from knowledge_base.embedders.endpoint import EndpointEmbedder
from knowledge_base.embedders.local import LocalEmbedder, Window, pack
from knowledge_base.embedding import Embedder, Progress, build_embedder

PREFIXES = Prefixes(query="query: ", passage="passage: ")
DOORS = "Двери эвакуационных выходов открываются по направлению выхода из здания."
HYDRANT = "Пожарный гидрант проверяют на водоотдачу весной и осенью."
PASSAGES = (DOORS, HYDRANT, "Өрт сөндіргіш көрінетін жерде тұрады.", "Fire doors close by themselves.", "", "1,2 м")


class LettersEmbedder:
    """A deterministic stand-in for a model: counts of hashed letter triples."""

    def __init__(self, dimensions: int = 384, name: str = "letters@1") -> None:
        self.name = name
        self.dimensions = dimensions
        self.embedded = 0  # texts that reached the "model"
        self.breaks_after: int | None = None

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        if self.breaks_after is not None and self.embedded >= self.breaks_after:
            raise ModelError("the model broke")
        self.embedded += len(texts)
        if progress is not None and texts:
            progress(len(texts), len(texts))
        return self._vectors([PREFIXES.passage + text for text in texts])

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += len(texts)
        return self._vectors([PREFIXES.query + text for text in texts])

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for at in range(max(1, len(text) - 2)):
                digest = hashlib.sha256(text[at : at + 3].encode()).digest()
                vectors[row, int.from_bytes(digest[:4], "big") % self.dimensions] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Server:
    """A tiny `/v1/embeddings` over an embedder; `script` holds answers given before the right ones."""

    def __init__(self, embedder: Embedder) -> None:
        self.script: list[tuple[int, bytes]] = []
        self.keys: set[str | None] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.keys.add(self.headers.get("Authorization"))
                if outer.script:
                    status, answer = outer.script.pop(0)
                else:
                    rows = [outer.row(embedder, text) for text in body["input"]]
                    data = [{"object": "embedding", "index": n, "embedding": row} for n, row in enumerate(rows)]
                    status, answer = 200, json.dumps({"object": "list", "data": data[::-1]}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._http.serve_forever)
        self._thread.start()

    @staticmethod
    def row(embedder: Embedder, text: str) -> list[float]:
        """The client puts the prefix; the embedder behind puts it again, so take it off here."""
        if text.startswith(PREFIXES.query):
            return [float(x) for x in embedder.embed_queries([text.removeprefix(PREFIXES.query)])[0]]
        return [float(x) for x in embedder.embed_passages([text.removeprefix(PREFIXES.passage)])[0]]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> LocalEmbedder:
    """The default model, from the checkout's data directory or pulled now; skips where it cannot be had."""
    settings = Settings()
    name = settings.models.embedder
    try:
        folder = require(settings, name)
    except ModelError:
        settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
        try:
            pull(settings, [name])
        except ModelError as error:
            pytest.skip(f"the embedder cannot be had here: {error.detail}")
        folder = require(settings, name)
    model = find_model(settings, name)
    return LocalEmbedder(folder, name=name, dimensions=384, prefixes=model.prefixes)


def endpoint(server: Server, dimensions: int = 384) -> EndpointEmbedder:
    return EndpointEmbedder(
        url=server.url,
        model="letters",
        revision="1",
        dimensions=dimensions,
        prefixes=PREFIXES,
        batch=4,
        api_key=SecretStr("a key"),
    )


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(LettersEmbedder())
    yield server
    server.close()


@pytest.fixture(
    params=[
        "cached",
        "endpoint",
        pytest.param("local", marks=pytest.mark.slow),
        pytest.param("endpoint over local", marks=pytest.mark.slow),
    ]
)
def embedder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Embedder]:
    if request.param == "cached":
        yield CachedEmbedder(LettersEmbedder(), tmp_path / "vectors.sqlite3", PREFIXES)
        return
    local = request.getfixturevalue("real") if "local" in request.param else LettersEmbedder()
    if request.param == "local":
        yield local
        return
    server = Server(local)
    client = endpoint(server)
    yield client
    client.close()
    server.close()


# --- the contract -----------------------------------------------------------------------------------------------------


def test_rows_are_unit_vectors_in_the_order_of_the_texts(embedder: Embedder) -> None:
    vectors = embedder.embed_passages(PASSAGES)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(PASSAGES), embedder.dimensions) == (6, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    turned = embedder.embed_passages(PASSAGES[::-1])[::-1]
    assert (vectors * turned).sum(axis=1).min() > 0.9999


def test_nothing_in_nothing_out(embedder: Embedder) -> None:
    assert embedder.embed_passages([]).shape == (0, 384)
    assert embedder.embed_queries([]).shape == (0, 384)


def test_a_question_is_nearest_to_its_passage(embedder: Embedder) -> None:
    question = embedder.embed_queries(["В какую сторону открываются двери эвакуационных выходов?"])
    assert int((embedder.embed_passages(PASSAGES) @ question[0]).argmax()) == 0


def test_questions_and_passages_have_their_own_prefixes(embedder: Embedder) -> None:
    assert (embedder.embed_queries([DOORS]) * embedder.embed_passages([DOORS])).sum() < 0.9999


def test_all_of_a_long_text_counts(embedder: Embedder) -> None:
    long = f"{DOORS} " * 60
    vectors = embedder.embed_passages([long + HYDRANT * 60, long, DOORS])
    assert np.isfinite(vectors).all()
    assert vectors[0] @ vectors[1] < 0.9999
    assert vectors[1] @ vectors[2] > 0.9


def test_progress_grows_and_ends_at_all(embedder: Embedder) -> None:
    told: list[tuple[int, int]] = []
    texts = [f"{DOORS} {n}" for n in range(20)] + [DOORS, DOORS]
    embedder.embed_passages(texts, lambda done, of: told.append((done, of)))
    assert told == sorted(told)
    assert told[-1] == (22, 22)
    assert {of for _, of in told} == {22}


def test_threads_may_share_it(embedder: Embedder) -> None:
    expected = embedder.embed_passages(PASSAGES)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: embedder.embed_passages(PASSAGES), range(8)):
            assert (vectors * expected).sum(axis=1).min() > 0.9999


# --- the cache --------------------------------------------------------------------------------------------------------


def test_a_text_is_embedded_once(tmp_path: Path) -> None:
    inner = LettersEmbedder()
    first = CachedEmbedder(inner, tmp_path / "v.sqlite3").embed_passages([*PASSAGES, DOORS])
    assert inner.embedded == len(PASSAGES)
    again = CachedEmbedder(inner, tmp_path / "v.sqlite3").embed_passages([DOORS, *PASSAGES])
    assert inner.embedded == len(PASSAGES)
    np.testing.assert_array_equal(again, np.concatenate([first[-1:], first[:-1]]))
    assert (first * np.concatenate([inner.embed_passages(PASSAGES), first[:1]])).sum(axis=1).min() > 0.999999


def test_another_model_or_prefix_shares_nothing(tmp_path: Path) -> None:
    one, other = LettersEmbedder(), LettersEmbedder(name="letters@2")
    path = tmp_path / "v.sqlite3"
    CachedEmbedder(one, path, PREFIXES).embed_passages([DOORS])
    CachedEmbedder(other, path, PREFIXES).embed_passages([DOORS])
    CachedEmbedder(one, path, Prefixes(passage="text: ")).embed_passages([DOORS])
    assert (one.embedded, other.embedded) == (2, 1)


def test_what_was_embedded_before_a_failure_is_kept(tmp_path: Path) -> None:
    inner = LettersEmbedder(dimensions=8)
    cached = CachedEmbedder(inner, tmp_path / "v.sqlite3")
    texts = [str(n) for n in range(600)]
    inner.breaks_after = 512
    with pytest.raises(ModelError):
        cached.embed_passages(texts)
    inner.breaks_after = None
    cached.embed_passages(texts)
    assert inner.embedded == 600


def test_questions_are_not_written_down(tmp_path: Path) -> None:
    inner = LettersEmbedder()
    cached = CachedEmbedder(inner, tmp_path / "v.sqlite3")
    one = cached.embed_queries(["Где ключ?", "Где ключ?"])
    two = cached.embed_queries(["Где ключ?"])
    assert inner.embedded == 1
    np.testing.assert_array_equal(one, np.concatenate([two, two]))
    assert not (tmp_path / "v.sqlite3").exists()


def test_a_damaged_cache_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "v.sqlite3").write_bytes(b"not a database, but long enough to look like a file of one" * 20)
    with pytest.raises(StorageError, match=r"v\.sqlite3") as error:
        CachedEmbedder(LettersEmbedder(), tmp_path / "v.sqlite3").embed_passages([DOORS])
    assert "delete" in error.value.advice


# --- the endpoint -----------------------------------------------------------------------------------------------------


@pytest.fixture
def client(server: Server) -> Iterator[EndpointEmbedder]:
    client = endpoint(server)
    yield client
    client.close()


def test_a_server_that_is_busy_is_asked_again(server: Server, client: EndpointEmbedder) -> None:
    server.script = [(503, b""), (429, b"")]
    assert client.embed_queries([DOORS]).shape == (1, 384)
    assert server.keys == {"Bearer a key"}


def test_a_server_that_stays_away_is_unavailable(server: Server, client: EndpointEmbedder) -> None:
    server.script = [(503, b"")] * 4
    with pytest.raises(Unavailable, match="HTTP 503"):
        client.embed_queries([DOORS])


ODD_ANSWERS: list[tuple[int, bytes]] = [
    (400, b"{}"),
    (200, b"<html>"),
    (200, b'{"data": []}'),
    (200, b'{"data": [{"index": 0, "embedding": [1.0, 2.0]}]}'),
    (200, json.dumps({"data": [{"index": 0, "embedding": [0.0] * 384}]}).encode()),
    (200, json.dumps({"data": [{"index": n, "embedding": [1.0] * (384 - n)} for n in (0, 1)]}).encode()),
]


@pytest.mark.parametrize("answer", ODD_ANSWERS)
def test_an_odd_answer_is_a_model_error(server: Server, client: EndpointEmbedder, answer: tuple[int, bytes]) -> None:
    server.script = [answer]
    with pytest.raises(ModelError, match="embedding server") as error:
        client.embed_queries([DOORS])
    assert DOORS not in error.value.detail


# --- the local model --------------------------------------------------------------------------------------------------


@given(lengths=st.lists(st.integers(1, 512), max_size=80), most=st.integers(1, 32))
def test_packing_loses_nothing_and_hardly_pads(lengths: list[int], most: int) -> None:
    windows = [Window(number, range(length)) for number, length in enumerate(lengths)]
    groups = list(pack(windows, most))
    assert sorted(window.text for group in groups for window in group) == list(range(len(lengths)))
    for group in groups:
        area = max(len(window.tokens) for window in group) * len(group)
        assert len(group) <= most
        assert len(group) == 1 or area <= 2048
        assert area <= 1.1 * sum(len(window.tokens) for window in group)


@pytest.mark.slow
def test_bfloat16_keeps_the_vectors(real: LocalEmbedder) -> None:
    texts = [f"{DOORS} " * n for n in (1, 5, 40)] + list(PASSAGES)
    wide, narrow = (
        LocalEmbedder(real.folder, name="x", dimensions=384, prefixes=PREFIXES, precision=precision)
        for precision in ("float32", "bfloat16")
    )
    assert (wide.embed_passages(texts) * narrow.embed_passages(texts)).sum(axis=1).min() >= 0.999


def small_folder(folder: Path, *, family: str, pooling: str, normalized: bool) -> Path:
    """Write a sentence-transformers folder of random weights."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Normalize
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=specials, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(PASSAGES, trainer)
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", None, [("<s>", 0), ("</s>", 2)])
    raw = folder / "raw"
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(raw)
    torch.manual_seed(7)
    config = AutoConfig.for_model(
        family,
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        max_position_embeddings=66,
        pad_token_id=1,
        initializer_range=0.5,
    )
    AutoModel.from_config(config).save_pretrained(raw)
    words = Transformer(str(raw), max_seq_length=64)
    modules = [words, Pooling(48, pooling), *([Normalize()] if normalized else [])]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "model"))
    return folder / "model"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "pooling", "normalized", "ours"),
    [
        ("bert", "cls", False, True),
        ("bert", "mean", True, True),
        ("xlm-roberta", "mean", False, True),
        ("xlm-roberta", "cls", True, True),
        ("xlm-roberta", "max", True, False),
        ("electra", "mean", True, False),
    ],
)
def test_any_folder_gives_what_sentence_transformers_gives(
    tmp_path: Path, family: str, pooling: str, normalized: bool, ours: bool
) -> None:
    from sentence_transformers import SentenceTransformer

    from knowledge_base.embedders.bert import BertModel, Foreign

    folder = small_folder(tmp_path, family=family, pooling=pooling, normalized=normalized)
    if ours:
        BertModel(folder, bfloat16=False)
    else:
        with pytest.raises(Foreign):
            BertModel(folder, bfloat16=False)
    texts = [text for text in PASSAGES if text]
    theirs = SentenceTransformer(str(folder), device="cpu").encode([PREFIXES.passage + text for text in texts])
    theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
    vectors = LocalEmbedder(folder, name="x", dimensions=48, prefixes=PREFIXES, precision="float32").embed_passages(
        texts
    )
    assert (vectors * theirs).sum(axis=1).min() > 0.99999


@pytest.mark.slow
def test_the_default_model_is_computed_as_sentence_transformers_computes_it(real: LocalEmbedder) -> None:
    from sentence_transformers import SentenceTransformer

    texts = [text for text in PASSAGES if text] + [f"{DOORS} {HYDRANT} " * n for n in (2, 10)]
    theirs = SentenceTransformer(str(real.folder), device="cpu").encode([PREFIXES.passage + text for text in texts])
    wide = LocalEmbedder(real.folder, name="x", dimensions=384, prefixes=PREFIXES, precision="float32")
    assert (wide.embed_passages(texts) * theirs).sum(axis=1).min() > 0.999999


@pytest.mark.slow
def test_the_default_model_needs_no_heavy_library(real: LocalEmbedder) -> None:
    code = (
        "import sys; from pathlib import Path; from core.models.manifest import Prefixes;"
        "from knowledge_base.embedders.local import LocalEmbedder;"
        "LocalEmbedder(Path(sys.argv[1]), name='x', dimensions=384, prefixes=Prefixes()).embed_queries(['a']);"
        "print(*sorted({'transformers', 'sentence_transformers', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(real.folder)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.slow
def test_a_damaged_file_is_a_model_error(real: LocalEmbedder, tmp_path: Path) -> None:
    for name in ("tokenizer.json", "model.safetensors"):
        folder = tmp_path / name
        shutil.copytree(real.folder, folder, copy_function=os.link)
        (folder / name).unlink()
        (folder / name).write_text("{")
        with pytest.raises(ModelError, match="cannot be loaded"):
            LocalEmbedder(folder, name="x", dimensions=384, prefixes=PREFIXES).embed_queries(["a"])


@pytest.mark.slow
def test_a_folder_of_something_else_is_a_model_error(real: LocalEmbedder, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="cannot be loaded"):
        LocalEmbedder(tmp_path, name="x", dimensions=384, prefixes=PREFIXES).embed_queries(["a"])
    with pytest.raises(ModelError, match="384 dimensions"):
        LocalEmbedder(real.folder, name="x", dimensions=8, prefixes=PREFIXES).embed_queries(["a"])


# --- the factory ------------------------------------------------------------------------------------------------------


def with_manifest(tmp_path: Path, text: str, name: str) -> Settings:
    (tmp_path / "models.yaml").write_text(text)
    return Settings(data_dir=tmp_path, models=ModelSettings(manifest=tmp_path / "models.yaml", embedder=name))


def test_the_factory_builds_what_the_settings_name(tmp_path: Path, server: Server) -> None:
    row = f"name: far, role: embedder, source: 'endpoint:{server.url}', revision: '1', licence: x, dimensions: 384"
    built = build_embedder(with_manifest(tmp_path, f"models: [{{{row}}}]", "far"))
    assert (built.name, built.dimensions) == ("far@1", 384)
    built.embed_passages([DOORS])
    assert (tmp_path / "embeddings.sqlite3").exists()


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("nonesuch", ConfigurationError, "nonesuch"),
        ("talk", ConfigurationError, "not an embedder"),
        ("multilingual-e5-small", ModelError, "is not in"),
    ],
)
def test_a_wrong_setting_or_missing_weights_stop_the_start(
    tmp_path: Path, name: str, error: type[Exception], says: str
) -> None:
    row = "models: [{name: talk, role: chat, source: 'endpoint:http://127.0.0.1:9', revision: '1', licence: x}]"
    with pytest.raises(error, match=says):
        build_embedder(with_manifest(tmp_path, row, name))
