"""A call that a killed process left on disk, and the folder it is in."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import numpy as np
import orjson

from core.call_records import LegName, Segment, Word
from core.languages import Language
from pipelines.calls.audio import Encoding, StreamResampler, decode_samples
from pipelines.calls.live.frames import Arranged, Arranger, arranged_of_log
from pipelines.calls.live.journal import read_frames
from pipelines.calls.live.session import CallStart, Limits, Told
from pipelines.calls.transcriber import Samples

START, AUDIO, EVENTS = "call.json", "audio.log", "events.jsonl"


def write_start(folder: Path, start: CallStart) -> None:
    """Make the call's folder with how it began; whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{START}"
    partial.write_bytes(orjson.dumps(asdict(start)))
    partial.replace(folder / START)


def read_start(folder: Path) -> CallStart | None:
    """Return how the call in `folder` began; None when the folder holds no call."""
    try:
        given = orjson.loads((folder / START).read_bytes())
        return CallStart(
            call_id=given["call_id"],
            sample_rate=given["sample_rate"],
            encoding=Encoding(given["encoding"]),
            legs=tuple(LegName(leg) for leg in given["legs"]),
            language=Language(given["language"]),
            started_at=datetime.fromisoformat(given["started_at"]),
            actor=given["actor"],
            territory=given["territory"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_told(path: Path) -> tuple[Told, list[tuple[LegName, int]], bool]:
    """Return what a log of events says was committed, the segments it leaves open, and whether the call had ended."""
    words: dict[tuple[LegName, int], list[Word]] = {}
    order: list[tuple[LegName, int]] = []
    ended = False
    for event in _events(path):
        if event["type"] == "call.ended":
            ended = True
        if event["type"] != "transcript.committed":
            continue
        key = (LegName(str(event["leg"])), int(str(event["segment"])))
        given = event["words"]
        assert isinstance(given, list)
        words.setdefault(key, []).extend(Word(**word) for word in given)
        if event["final"]:
            order.append(key)
    left_open = [key for key in words if key not in set(order)]
    segments = tuple(_segment(key[0], words[key]) for key in [*order, *left_open] if words[key])
    numbers: Mapping[LegName, int] = {
        leg: 1 + max(number for name, number in words if name is leg) for leg in {name for name, _ in words}
    }
    return Told(segments, numbers), left_open, ended


def read_sound(path: Path, start: CallStart, limits: Limits) -> Iterator[tuple[LegName, Samples]]:
    """Yield the legs of a log of audio at `SAMPLE_RATE`, piece by piece, as the call heard them."""
    rate = start.sample_rate
    ahead, missing = round(limits.reorder_s * rate), round(limits.most_gap_s * rate)
    arrangers = {
        leg: Arranger(sample_bytes=start.sample_bytes, most_ahead=ahead, most_missing=missing) for leg in start.legs
    }
    resamplers = {leg: StreamResampler(rate) for leg in start.legs}

    def sound(leg: LegName, arranged: Arranged) -> tuple[LegName, Samples]:
        silence = np.zeros(arranged.missing, np.float32)
        samples = np.concatenate([silence, decode_samples(arranged.payload, start.encoding)])
        return leg, resamplers[leg].push(samples)

    for leg, arranged in arranged_of_log(read_frames(path), arrangers, start.sample_bytes):
        yield sound(leg, arranged)
    for leg, arranger in arrangers.items():
        for arranged in arranger.finish():
            yield sound(leg, arranged)
        yield leg, resamplers[leg].flush()


def _events(path: Path) -> Iterator[dict[str, object]]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                event = orjson.loads(line)
            except ValueError:
                return
            yield event


def _segment(leg: LegName, words: list[Word]) -> Segment:
    return Segment(leg, words[0].start_s, words[-1].end_s, tuple(words))
