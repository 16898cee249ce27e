"""Calls of the tests: sounds made on the spot, and engines that hear a dialogue of ours in any of them."""

import io
import wave

import numpy as np
from numpy.typing import NDArray

from core.call_records import Evidence, LegName, Segment, Tag, TagKind, Word
from core.languages import Language
from pipelines.calls.analysis import analyse
from pipelines.calls.audio import Recording
from pipelines.calls.recording import CallEngines

DIALOGUE = (
    (LegName.OPERATOR, 0.5, "Служба спасения сто двенадцать, что у вас случилось?"),
    (LegName.CALLER, 4.0, "Пожар, горит квартира на третьем этаже, в комнате дети."),
    (LegName.OPERATOR, 9.0, "Назовите адрес."),
    (LegName.CALLER, 11.0, "Город Кокшетау, улица Абая, дом пятнадцать."),
)


def tone(seconds: float, rate: int = 8000, level: float = 0.3) -> NDArray[np.float32]:
    moments = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * 300 * moments)).astype(np.float32)


def wav(*channels: NDArray[np.float32], rate: int = 8000) -> bytes:
    """Return the channels as a wav file."""
    frames = (np.stack(channels, axis=1) * 32767).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(frames.tobytes())
    return buffer.getvalue()


def two_legs(seconds: float = 16.0) -> bytes:
    return wav(tone(seconds), np.roll(tone(seconds, level=0.2), 7))


def segment(leg: LegName, start_s: float, text: str) -> Segment:
    words = tuple(Word(word, start_s + 0.3 * i, start_s + 0.3 * i + 0.25, 0.9) for i, word in enumerate(text.split()))
    return Segment(leg, start_s, words[-1].end_s, words)


def dialogue() -> tuple[Segment, ...]:
    return tuple(segment(*turn) for turn in DIALOGUE)


def plain_engines() -> CallEngines:
    def transcribe(recording: Recording, language: Language) -> tuple[Segment, ...]:
        legs = set(recording.legs)
        heard = (turn if turn.leg in legs else segment(LegName.MIXED, turn.start_s, turn.text) for turn in dialogue())
        return tuple(turn for turn in heard if turn.start_s < recording.duration_s)

    siren = Tag(TagKind.SOUND, "siren", Evidence(LegName.CALLER, 2.0, 5.0, ""), 0.7)
    return CallEngines(
        transcribe=transcribe,
        tag_sounds=lambda recording: (siren,),
        tag_distress=lambda recording, segments, sounds: (),
        analyse=analyse,
        versions=lambda: {"transcriber": "tests", "sounds": "tests"},
        reliable=lambda: frozenset({Language.RU}),
    )
