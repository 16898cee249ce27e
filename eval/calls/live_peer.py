"""The streaming of another program, `whisper-streaming` 0.1.0 (MIT, Apache-2.0), on the same calls and virtual clock.

Optional, and not a dependency: its receivers want ALSA's headers. What is measured needs neither, with DIR in
PYTHONPATH after `pip install --no-deps --target DIR whisper-streaming==0.1.0 opus-fast-mosestokenizer==0.0.8.11`.
"""

import importlib
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Protocol, cast

import numpy as np
import orjson

from core.errors import Unavailable
from core.models import require
from core.settings import Settings
from eval.calls.dataset import CallCase
from eval.calls.live_figures import Played
from pipelines.calls.audio import decode_recording
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

_CHUNK_S = 1.0  # its authors' default for the least audio between two readings
_BUFFER_S = 15.0  # theirs too


class _PeerWord(Protocol):
    word: str
    start: float
    end: float


class _Buffer(Protocol):
    _transcriptions_committed: list[_PeerWord]

    @property
    def transcriptions_in_limbo(self) -> list[_PeerWord]: ...


class _Processor(Protocol):
    _transcription_buffer: _Buffer

    def _process(self, audio: Samples) -> object: ...


def play_peer(cases: Sequence[CallCase], settings: Settings) -> list[Played]:
    """Play each leg by the peer with a core of its own; what has come meanwhile is read at once.

    Raises Unavailable where the peer is not installed, ModelError where our model is not.
    """
    return [_play(case, settings) for case in cases]


def _play(case: CallCase, settings: Settings) -> Played:
    legs = decode_recording(case.audio, settings.calls).legs
    played = Played(case, length_s=max(len(samples) for samples in legs.values()) / SAMPLE_RATE)
    for leg, samples in legs.items():
        processor = _processor(settings)
        buffer = processor._transcription_buffer
        done, now_s, told, end_s = 0, 0.0, 0, len(samples) / SAMPLE_RATE
        while done < len(samples):
            now_s = max(now_s, min(done / SAMPLE_RATE + _CHUNK_S, end_s))
            upto = min(round(now_s * SAMPLE_RATE), len(samples))
            began = time.process_time()
            processor._process(np.ascontiguousarray(samples[done:upto], np.float32))
            cost_s = time.process_time() - began
            done, now_s, played.cpu_s = upto, now_s + cost_s, played.cpu_s + cost_s
            words = buffer._transcriptions_committed
            played.note(_event(leg.value, words[told:]), now_s)
            told = len(words)
        played.note(_event(leg.value, buffer.transcriptions_in_limbo), now_s)
        played.late_end_s = max(played.late_end_s, now_s - end_s)
    return played


def _event(leg: str, words: Sequence[_PeerWord]) -> bytes:
    said = [{"text": word.word.strip(), "start_s": float(word.start), "end_s": float(word.end)} for word in words]
    return orjson.dumps({"type": "transcript.committed", "leg": leg, "words": said})


def _processor(settings: Settings) -> _Processor:
    folder: Path = require(settings, settings.calls.transcriber)
    try:
        peer = importlib.import_module("whisper_streaming.processor")
        base = importlib.import_module("whisper_streaming.base")
        backend = importlib.import_module("whisper_streaming.backend.faster_whisper_backend")
    except ImportError as error:
        raise Unavailable("whisper-streaming is not installed", advice="see eval/calls/live_peer.py") from error
    made = peer.ASRProcessor(
        peer.ASRProcessor.ProcessorConfig(
            sampling_rate=SAMPLE_RATE,
            prompt_size=200,
            audio_receiver_timeout=1.0,
            audio_trimming=peer.TimeTrimming(seconds=_BUFFER_S),
            language=settings.calls.language.value,
        ),
        SimpleNamespace(),
        [],
        base.Backend.FASTER_WHISPER,
        backend.FasterWhisperModelConfig(
            str(folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
        ),
        backend.FasterWhisperTranscribeConfig(temperature=[0.0], no_repeat_ngram_size=3),
        backend.FasterWhisperFeatureExtractorConfig(),
    )
    return cast(_Processor, made)
