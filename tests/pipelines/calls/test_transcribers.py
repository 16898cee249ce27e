"""One contract for every transcriber: Whisper with its real weights, onnx-asr with a tiny model made here, a server."""

import io
import json
import re
import threading
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

from core.call_records import LegName
from core.errors import ConfigurationError, ModelError, Unavailable
from core.languages import Language
from core.models import pull, require
from core.settings import CallSettings, ModelSettings, Settings
from pipelines.calls.spoken_numbers import find_numbers
from pipelines.calls.transcriber import SAMPLE_RATE, Hints, Samples, Transcriber, Transcript
from pipelines.calls.transcribers import build_transcriber
from pipelines.calls.transcribers.endpoint import EndpointTranscriber
from pipelines.calls.transcribers.fallback import FallbackTranscriber
from pipelines.calls.transcribers.onnx import OnnxTranscriber
from pipelines.calls.transcribers.whisper import WhisperTranscriber

RUSSIAN = frozenset({Language.RU})
ALL = Hints(skip_silence=False)
MOST_WRONG = 0.45
"""Word errors allowed on a recorded prompt: Whisper base makes 0.2 on the mean of six; half is no longer Russian."""


def bursts(*levels: float, seconds: float = 0.6) -> Samples:
    """A tone at each level (of 16-bit samples), one after the other."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.concatenate([level / 32768 * 1.57 * np.sin(2 * np.pi * 500 * time) for level in levels]).astype(
        np.float32
    )


# --- the three of them ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> WhisperTranscriber:
    """The default model, from the checkout's data directory or pulled now; skips where it cannot be had."""
    settings = Settings()
    name = settings.calls.transcriber
    try:
        folder = require(settings, name)
    except ModelError:
        settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
        try:
            pull(settings, [name])
        except ModelError as error:
            pytest.skip(f"the transcriber cannot be had here: {error.detail}")
        folder = require(settings, name)
    # One hypothesis: most tests are of the contract, and it is several times cheaper on sound that holds no words.
    return WhisperTranscriber(folder, name=name, languages=RUSSIAN, default=Language.RU, threads=1, beam=1)


def make_onnx_folder(folder: Path) -> Path:
    """Write a model in T-one's form that writes а for soft, б for loud sound and a space for very soft sound."""
    import onnx
    from onnx import TensorProto, helper

    folder.mkdir(parents=True, exist_ok=True)
    frames, samples, state = 10, 240, 4
    slopes = np.array([[1.0, 2.0, 3.0, 0.0]], np.float32) / 100  # of " ", а, б and the blank
    offsets = np.array([-50.0, -1050.0, -6050.0, 0.0], np.float32) / 100
    constants = {
        "shape": np.array([-1, frames, samples], np.int64),
        "axes": np.array([2], np.int64),
        "slopes": slopes,
        "offsets": offsets,
    }
    nodes = [
        helper.make_node("Cast", ["signal"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["float", "shape"], ["framed"]),
        helper.make_node("Abs", ["framed"], ["level"]),
        helper.make_node("ReduceMean", ["level", "axes"], ["mean"], keepdims=1),
        helper.make_node("MatMul", ["mean", "slopes"], ["scaled"]),
        helper.make_node("Add", ["scaled", "offsets"], ["logits"]),
        helper.make_node("LogSoftmax", ["logits"], ["logprobs"], axis=-1),
        helper.make_node("Identity", ["state"], ["state_next"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info("signal", TensorProto.INT32, ["batch", frames * samples, 1]),
            helper.make_tensor_value_info("state", TensorProto.FLOAT16, ["batch", state]),
        ],
        [
            helper.make_tensor_value_info("logprobs", TensorProto.FLOAT, ["batch", frames, 4]),
            helper.make_tensor_value_info("state_next", TensorProto.FLOAT16, ["batch", state]),
        ],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), folder / "model.onnx"
    )
    config = {
        "model_type": "t-one-ctc",
        "decoder_params": {"vocabulary": [" ", "а", "б"]},
        "encoder_params": {"reduction_kernel_size": 3},
        "pad_token_id": 3,
    }
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    return folder


@pytest.fixture(scope="session")
def onnx_transcriber(tmp_path_factory: pytest.TempPathFactory) -> OnnxTranscriber:
    folder = make_onnx_folder(tmp_path_factory.mktemp("onnx"))
    return OnnxTranscriber(folder, name="tiny", languages=RUSSIAN, default=Language.KK, threads=1)


class Server:
    """A transcription server that hears one word in whatever is not silent."""

    def __init__(self) -> None:
        self.status = 200
        self.reply: bytes | None = None
        self.asked: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                asked = {
                    name.decode(): value.decode()
                    for name, value in re.findall(rb'name="([^"]+)"\r\n\r\n([^\r]*)\r\n', body)
                }
                outer.asked.append(asked | {"authorization": self.headers["Authorization"], "path": self.path})
                with wave.open(io.BytesIO(body[body.index(b"RIFF") :])) as file:
                    sound = np.frombuffer(file.readframes(file.getnframes()), "<i2")
                end = len(sound) / SAMPLE_RATE
                word = {"word": " слово ", "start": -0.1, "end": end + 5, "probability": 1.5}
                loud = bool(len(sound)) and int(np.abs(sound).max()) > 50
                segments = (
                    [{"start": 0, "end": end, "text": "слово", "avg_logprob": -0.2, "words": [word]}] if loud else []
                )
                reply = outer.reply or json.dumps({"text": "", "segments": segments}).encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"
        self._thread = threading.Thread(target=self._http.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def endpoint(server: Server) -> Iterator[EndpointTranscriber]:
    made = EndpointTranscriber(
        url=server.url, name="large", languages=RUSSIAN, default=Language.RU, api_key=SecretStr("a key"), timeout_s=5
    )
    yield made
    made.close()


@pytest.fixture(params=[pytest.param("whisper", marks=pytest.mark.slow), "onnx_transcriber", "endpoint"])
def transcriber(request: pytest.FixtureRequest) -> Transcriber:
    made: Transcriber = request.getfixturevalue(request.param)
    return made


# --- the contract -----------------------------------------------------------------------------------------------------


def words_of(transcript: Transcript) -> list[str]:
    return [word.text for utterance in transcript.utterances for word in utterance.words]


def test_it_says_what_it_is(transcriber: Transcriber) -> None:
    assert transcriber.name
    assert transcriber.languages == RUSSIAN


@pytest.mark.parametrize("length", [0, 1, 100, 400, 5000])
def test_sound_of_any_length_is_taken(transcriber: Transcriber, length: int) -> None:
    assert transcriber.transcribe(np.zeros(length, np.float32), Hints()).utterances == ()


def test_silence_holds_no_words(transcriber: Transcriber) -> None:
    heard = transcriber.transcribe(np.zeros(5 * SAMPLE_RATE, np.float32), Hints())
    assert heard.utterances == ()
    assert heard.language in set(Language)


def assert_in_order(heard: Transcript, length_s: float) -> None:
    for utterance in heard.utterances:
        assert utterance.words
        for word in utterance.words:
            assert word.text == word.text.strip() != ""
            assert 0 <= word.start_s <= word.end_s <= length_s + 0.02
            assert 0 <= word.probability <= 1
        starts = [word.start_s for word in utterance.words]
        assert starts == sorted(starts)


def test_words_lie_within_the_sound_in_order(transcriber: Transcriber) -> None:
    samples = bursts(2000, 300, 8000, 300, 2000)
    assert_in_order(transcriber.transcribe(samples, ALL), len(samples) / SAMPLE_RATE)


def test_the_language_asked_for_is_the_one_answered(transcriber: Transcriber) -> None:
    assert (
        transcriber.transcribe(bursts(100), Hints(Language.KK, hot_words=("өрт", "пожар"), beam=1)).language
        is Language.KK
    )


def test_several_threads_get_what_one_gets(transcriber: Transcriber) -> None:
    samples = [bursts(8000, 300, 2000), bursts(300)]  # each costs Whisper an analysis of 30 s, however short it is
    alone = [words_of(transcriber.transcribe(one, ALL)) for one in samples]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda one: words_of(transcriber.transcribe(one, ALL)), samples))
    assert together == alone


def test_a_mapped_or_strided_array_is_taken(transcriber: Transcriber, tmp_path: Path) -> None:
    samples = bursts(2000, 300, 8000)
    samples.tofile(tmp_path / "leg")
    mapped = np.memmap(tmp_path / "leg", np.float32, "r")
    strided = np.stack([samples, samples], axis=1)[:, 0]
    expected = words_of(transcriber.transcribe(samples, ALL))
    assert words_of(transcriber.transcribe(mapped, ALL)) == expected
    assert words_of(transcriber.transcribe(strided, ALL)) == expected


# --- each on its own --------------------------------------------------------------------------------------------------


def normalised(text: str) -> list[str]:
    """The words of `text` as they sound: small letters, ё as е, no punctuation, a digit a word ("восемь", "8" -> 8)."""
    raw = text.lower().replace("ё", "е").replace("-", " ").split()
    numbers = {span.start: span for span in find_numbers(raw)}
    words: list[str] = []
    at = 0
    while at < len(raw):
        number = numbers.get(at)
        words += number.digits if number else re.findall(r"\w+", raw[at])
        at = number.end if number else at + 1
    return words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ещё раз, «взёздочка»!", ["еще", "раз", "взездочка"]),
        ("восемь семь пять.", ["8", "7", "5"]),
        ("квартира 41", ["квартира", "4", "1"]),
        ("сто двенадцать слушает", ["1", "1", "2", "слушает"]),
    ],
)
def test_numbers_are_compared_as_digits(text: str, words: list[str]) -> None:
    assert normalised(text) == words


@pytest.mark.shared
@pytest.mark.slow
def test_whisper_reads_russian_with_times(whisper: WhisperTranscriber, shared_data: Path) -> None:
    from rapidfuzz.distance import Levenshtein

    from pipelines.calls.audio import decode_recording

    rows = (shared_data / "calls" / "calls.jsonl").read_text("utf-8").splitlines()
    call = next(row for row in map(json.loads, rows) if row["kind"] == "real_asterisk_ru")
    turns = [turn for turn in call["dialogue"] if turn["end_s"] < 25]
    end_s = turns[-1]["end_s"] + 0.2
    recording = decode_recording(shared_data / "calls" / call["files"]["stereo"], CallSettings())
    leg = np.array(recording.legs[LegName.CALLER][: round(end_s * SAMPLE_RATE)])
    heard = whisper.transcribe(leg, Hints(beam=5))
    assert_in_order(heard, len(leg) / SAMPLE_RATE)
    said = normalised(" ".join(turn["text"] for turn in turns))
    assert Levenshtein.distance(said, normalised(" ".join(words_of(heard)))) / len(said) < MOST_WRONG
    words = [word for utterance in heard.utterances for word in utterance.words]
    in_turns = [word for word in words if any(t["start_s"] - 1 < word.start_s < t["end_s"] + 0.5 for t in turns)]
    assert len(in_turns) == len(words)
    assert words[0].start_s < turns[0]["end_s"]
    assert words[-1].end_s > turns[-1]["start_s"]
    assert all(-3 < utterance.log_probability < 0 for utterance in heard.utterances)


def test_onnx_joins_tokens_into_words_with_their_times(onnx_transcriber: OnnxTranscriber) -> None:
    heard = onnx_transcriber.transcribe(bursts(2000, 300, 8000), ALL)
    assert words_of(heard) == ["а", "б"]
    first, second = heard.utterances[0].words
    assert first.start_s == pytest.approx(0.0, abs=0.05)
    assert second.start_s == pytest.approx(1.2, abs=0.05)
    assert heard.language is Language.KK
    assert first.probability > 0.5


def test_onnx_reads_long_sound_in_pieces(onnx_transcriber: OnnxTranscriber) -> None:
    heard = onnx_transcriber.transcribe(bursts(2000, 300, seconds=26.0), ALL)
    assert len(heard.utterances) >= 2
    assert set(words_of(heard)) == {"а"}


def test_a_folder_that_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "nothing"}')
    with pytest.raises(ModelError, match="cannot be loaded"):
        OnnxTranscriber(tmp_path, name="x", languages=RUSSIAN, default=Language.RU, threads=1).transcribe(
            bursts(9), ALL
        )
    with pytest.raises(ModelError, match="cannot be loaded"):
        WhisperTranscriber(tmp_path, name="x", languages=RUSSIAN, default=Language.RU, threads=1).transcribe(
            bursts(9), ALL
        )


def test_a_server_is_asked_as_openai_has_it(server: Server, endpoint: EndpointTranscriber) -> None:
    heard = endpoint.transcribe(bursts(2000), Hints(Language.KK, hot_words=("өрт",)))
    assert words_of(heard) == ["слово"]
    (asked,) = server.asked
    assert asked["path"] == "/v1/audio/transcriptions"
    assert asked["authorization"] == "Bearer a key"
    assert (asked["model"], asked["language"], asked["response_format"]) == ("large", "kk", "verbose_json")
    assert asked["prompt"] == "өрт"


@pytest.mark.parametrize(
    ("reply", "texts"),
    [
        ({"words": [{"word": "да", "start": 0, "end": 0.2}]}, ["да"]),
        ({"segments": [{"start": 0, "end": 0.5, "text": "два слова"}]}, ["два", "слова"]),
        (
            {
                "segments": [{"start": 0, "end": 0.3, "text": "а"}, {"start": 0.3, "end": 0.6, "text": "б"}],
                "words": [{"word": "а", "start": 0.1, "end": 0.2}, {"word": "б", "start": 0.4, "end": 0.5}],
            },
            ["а", "б"],
        ),
        ({"text": ""}, []),
    ],
)
def test_answers_of_other_servers(
    server: Server, endpoint: EndpointTranscriber, reply: dict[str, object], texts: list[str]
) -> None:
    server.reply = json.dumps(reply).encode()
    assert words_of(endpoint.transcribe(bursts(2000), Hints())) == texts


def test_a_server_that_fails_is_told_from_one_that_refuses(server: Server, endpoint: EndpointTranscriber) -> None:
    server.status = 503
    with pytest.raises(Unavailable, match="503"):
        endpoint.transcribe(bursts(2000), Hints())
    server.status = 401
    with pytest.raises(ModelError, match="401"):
        endpoint.transcribe(bursts(2000), Hints())
    server.status, server.reply = 200, b"<html>"
    with pytest.raises(ModelError, match="verbose_json"):
        endpoint.transcribe(bursts(2000), Hints())


def test_the_next_of_a_chain_is_asked(
    server: Server, endpoint: EndpointTranscriber, onnx_transcriber: OnnxTranscriber
) -> None:
    chain = FallbackTranscriber((endpoint, onnx_transcriber))
    server.status = 503
    assert words_of(chain.transcribe(bursts(2000), ALL)) == ["а"]
    server.status = 200
    assert words_of(chain.transcribe(bursts(2000), ALL)) == ["слово"]
    assert chain.name == "large"


# --- the factory ------------------------------------------------------------------------------------------------------


def test_the_settings_name_the_transcriber(tmp_path: Path) -> None:
    make_onnx_folder(tmp_path / "gigaam")
    manifest = tmp_path / "models.yaml"
    manifest.write_text(
        "models:\n"
        f"  - {{name: gigaam, role: transcriber, source: 'path:{tmp_path / 'gigaam'}', revision: '1', licence: MIT, "
        "languages: [ru, kk, ky]}\n"
        "  - {name: far, role: transcriber, source: 'endpoint:http://127.0.0.1:9/v1', revision: '1', licence: MIT}\n",
        "utf-8",
    )

    def settings(first: str, second: str = "") -> Settings:
        return Settings(
            data_dir=tmp_path / "data",
            models=ModelSettings(manifest=manifest, threads=1),
            calls=CallSettings(transcriber=first, fallback_transcriber=second, language=Language.KK),
        )

    with pytest.raises(ModelError, match="pulled"):
        build_transcriber(settings("gigaam"))
    pull(settings("gigaam"), ["gigaam"])
    made = build_transcriber(settings("far", "gigaam"))
    assert made.name == "far"
    assert words_of(made.transcribe(bursts(2000), ALL)) == ["а"]
    assert build_transcriber(settings("gigaam")).languages == {Language.RU, Language.KK}
    with pytest.raises(ConfigurationError, match="QORGAN_CALLS__TRANSCRIBER"):
        build_transcriber(settings("multilingual-e5-small"))
    with pytest.raises(ConfigurationError, match="QORGAN_CALLS__FALLBACK_TRANSCRIBER"):
        build_transcriber(settings("gigaam", "nothing"))
