"""Transcription by an OpenAI-compatible server: `POST {url}/audio/transcriptions`."""

import io
import math

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from core.call_records import Word
from core.errors import ModelError, Unavailable
from core.languages import Language
from pipelines.calls.transcriber import SAMPLE_RATE, Hints, Samples, Transcript, Utterance

_SHORTEST = SAMPLE_RATE // 10  # servers refuse less than 0.1 s
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504})


class _Word(BaseModel):
    word: str
    start: float
    end: float
    probability: float = 1.0


class _Segment(BaseModel):
    start: float
    end: float
    text: str = ""
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    words: list[_Word] | None = None


class _Reply(BaseModel):
    """The `verbose_json` answer: words in the segments, or apart from them, or segments alone."""

    segments: list[_Segment] = []
    words: list[_Word] | None = None


class EndpointTranscriber:
    """A `Transcriber` over a server (speaches, vLLM, ...); `url` ends before `/audio`, as in `http://host:8000/v1`."""

    def __init__(
        self,
        *,
        url: str,
        name: str,
        languages: frozenset[Language],
        default: Language,
        api_key: SecretStr | None = None,
        timeout_s: float = 60.0,
    ) -> None:
        self._url = url.rstrip("/") + "/audio/transcriptions"
        self._name = name
        self._languages = languages
        self._default = default
        key = api_key.get_secret_value() if api_key else ""
        self._client = httpx.Client(
            timeout=timeout_s, headers={"Authorization": f"Bearer {key}"} if key else {}, trust_env=False
        )

    @property
    def name(self) -> str:
        """The model's name in the manifest, and the server's name of it."""
        return self._name

    @property
    def languages(self) -> frozenset[Language]:
        """Languages it writes reliably."""
        return self._languages

    def transcribe(self, samples: Samples, hints: Hints) -> Transcript:
        """Return what is said in `samples`. Raises Unavailable where the server does not answer, else ModelError."""
        language = hints.language or self._default
        if len(samples) < _SHORTEST:
            return Transcript((), language)
        fields: dict[str, str | list[str]] = {
            "model": self._name,
            "language": language.value,
            "response_format": "verbose_json",
            "temperature": "0",
            "timestamp_granularities[]": ["word", "segment"],
            "vad_filter": str(hints.skip_silence).lower(),  # of speaches; others ignore what they do not know
        }
        if hints.hot_words:
            fields["prompt"] = " ".join(hints.hot_words)
        try:
            response = self._client.post(
                self._url, data=fields, files={"file": ("leg.wav", _wav(samples), "audio/wav")}
            )
        except httpx.HTTPError as error:
            raise self._silent(type(error).__name__) from error
        if response.status_code in _PASSING:
            raise self._silent(f"HTTP {response.status_code}")
        if not response.is_success:
            raise self._wrong(f"HTTP {response.status_code}")
        try:
            reply = _Reply.model_validate_json(response.content)
        except ValidationError as error:
            raise self._wrong("an answer that is not a verbose_json transcript") from error
        return Transcript(tuple(_utterances(reply, len(samples) / SAMPLE_RATE)), language)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _silent(self, problem: str) -> Unavailable:
        return Unavailable(
            f"the transcription server {self._url} does not answer: {problem}",
            advice="Check that it runs and that `source` in the manifest of models names it.",
        )

    def _wrong(self, what: str) -> ModelError:
        return ModelError(
            f"the transcription server {self._url} gave {what} for model {self._name}",
            advice="Check `name` and `source` in the manifest of models.",
        )


def _wav(samples: Samples) -> bytes:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, samples, SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()


def _utterances(reply: _Reply, longest_s: float) -> list[Utterance]:
    apart = reply.words or []
    if not reply.segments and apart:
        return [Utterance(tuple(_word(word, longest_s) for word in apart))]
    utterances = []
    for segment in reply.segments:
        rows = segment.words or [w for w in apart if segment.start <= (w.start + w.end) / 2 < segment.end]
        if not rows and not apart:  # a server without word times
            parts = segment.text.split()
            step = (segment.end - segment.start) / max(1, len(parts))
            rows = [
                _Word(word=part, start=segment.start + n * step, end=segment.start + (n + 1) * step)
                for n, part in enumerate(parts)
            ]
        words = tuple(_word(row, longest_s) for row in rows if row.word.strip())
        if words:
            utterances.append(Utterance(words, segment.avg_logprob, segment.no_speech_prob))
    return utterances


def _word(row: _Word, longest_s: float) -> Word:
    start_s = min(max(row.start, 0.0), longest_s)
    end_s = min(max(row.end, start_s), longest_s)
    probability = row.probability if math.isfinite(row.probability) else 0.0
    return Word(row.word.strip(), start_s, end_s, min(max(probability, 0.0), 1.0))
