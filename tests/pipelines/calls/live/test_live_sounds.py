"""Sounds of a live call are told as they are heard; a sound model that fails takes nothing else down."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from core.call_records import Analysis, FieldValue, LegName, Segment
from core.errors import ModelError
from core.languages import Language
from pipelines.calls.audio import Encoding
from pipelines.calls.live.differences import PersonFields
from pipelines.calls.live.frames import Frame, write_frame
from pipelines.calls.live.journal import AudioLog, EventLog
from pipelines.calls.live.leg_stream import Tuning
from pipelines.calls.live.session import CallStart, Limits, LiveCall
from pipelines.calls.sounds import SoundLabel, SoundStream
from pipelines.calls.transcriber import Samples

RATE = 16_000


class Loudness:
    """What is loud is a siren."""

    name = "loudness"
    classes = ("Siren",)
    hop_s = 0.48
    frame_s = 0.96

    def __init__(self, *, works: bool = True) -> None:
        self.works = works

    def score(self, samples: Samples) -> NDArray[np.float32]:
        if not self.works:
            raise ModelError("the model is broken", advice="mend it")
        count = 1 + -(-max(0, len(samples) - 15_600) // 7_680)
        levels = [np.abs(samples[i * 7_680 : i * 7_680 + 15_360]).max(initial=0.0) for i in range(count)]
        return np.asarray(levels, np.float32)[:, None]


class KeepsNothing:
    """A keeper without a store."""

    def begin(self, start: CallStart) -> None: ...
    def knows(self, call_id: str) -> bool:
        return True

    def commit(self, call_id: str, first: int, segments: Sequence[Segment]) -> None: ...
    def analysed(self, call_id: str, analysis: Analysis) -> None: ...
    def people(self, call_id: str) -> PersonFields:
        return {}

    def edit(self, call_id: str, name: str, value: FieldValue | None, actor: str) -> None: ...
    def undo(self, call_id: str, name: str, actor: str) -> None: ...
    def finish(self, start: CallStart, audio: Path, *, again: bool) -> str | None:
        return None


def begun(folder: Path, tagger: Loudness) -> LiveCall:
    label = SoundLabel(label="siren", classes=("Siren",), threshold=0.3, source="a test")
    start = CallStart("c", RATE, Encoding.PCM16, (LegName.CALLER,), Language.RU, datetime.now(UTC), "a test")
    return LiveCall(
        start,
        AudioLog(folder / "audio", power_safe=False),
        EventLog(folder / "events"),
        KeepsNothing(),
        lambda segments, noticed: Analysis(tags=tuple(noticed)),
        Tuning(),
        Limits(),
        sounds=SoundStream(tagger, [LegName.CALLER], [label]),
    )


@pytest.fixture(params=[True, False], ids=["works", "broken"])
def call(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LiveCall]:
    made = begun(tmp_path, Loudness(works=request.param))
    yield made
    made.close()


def send(call: LiveCall, seconds: float, level: float, first: int) -> int:
    """Send frames of 100 ms from number `first`; return the number after the last."""
    piece = np.full(RATE // 10, round(level * 32767), "<i2").tobytes()
    count = round(seconds * 10)
    call.accept([write_frame(Frame(LegName.CALLER, n, n * RATE // 10, piece)) for n in range(first, first + count)])
    return first + count


def test_a_siren_is_told_while_the_call_goes_on(call: LiveCall, request: pytest.FixtureRequest) -> None:
    number = send(call, 4.0, 0.0, 0)
    call.analyse(anyway=True)
    number = send(call, 4.0, 0.9, number)
    call.analyse(anyway=True)
    send(call, 6.0, 0.0, number)
    call.analyse(anyway=True)
    events = [orjson.loads(line) for line in call.events.after(0)]
    tags = [event["tag"] for event in events if event["type"] == "tag.raised"]
    errors = [event["code"] for event in events if event["type"] == "error"]
    if "broken" in request.node.name:
        assert (tags, errors) == ([], ["model-error"])  # said once
        return
    assert errors == []
    assert {tag["id"] for tag in tags} == {tags[0]["id"]}  # one siren that goes on, not many
    last = tags[-1]["evidence"]
    assert (tags[-1]["kind"], tags[-1]["label"]) == ("sound", "siren")
    assert last["start_s"] == pytest.approx(4.0, abs=1.0)
    assert last["end_s"] == pytest.approx(8.0, abs=1.0)
