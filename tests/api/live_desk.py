"""Live calls on a plain reader: half a second is a word. Fixtures of the tests of the WebSocket."""

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from api.contract import Services
from api.realtime.desk import LiveDesk
from core.call_records import Analysis, CardField, Evidence, IncidentCard, Segment, Tag, TagKind, Word
from core.languages import Language
from core.settings import LiveSettings
from pipelines.calls.live.calls import LiveCalls, LiveTuning
from pipelines.calls.live.decoding import Manner
from pipelines.calls.live.keeping import RecordKeeper
from pipelines.calls.live.session import Limits
from pipelines.calls.transcriber import Samples


class CountingReader:
    """Says a word for each half second it is given."""

    def read(self, samples: Samples, language: Language | None, manner: Manner) -> tuple[Word, ...]:
        texts = ("горит", "дом", "на", "улице", "приезжайте", "скорее")
        count = min(len(samples) // 8000, len(texts))
        return tuple(Word(texts[n], 0.5 * n, 0.5 * n + 0.4) for n in range(count))


def plain_analysis(segments: Sequence[Segment], noticed: Sequence[Tag]) -> Analysis:
    """Takes the word «горит» for a fire."""
    for segment in segments:
        for word in segment.words:
            if word.text == "горит":
                seen = Evidence(segment.leg, word.start_s, word.end_s, word.text)
                field = CardField("incident_type", "fire_residential", 0.8, (seen,))
                tag = Tag(TagKind.KEYWORD, "fire", seen, 0.9, phrase="гореть")
                return Analysis((tag,), IncidentCard((field, CardField("services", ("101",), 0.8, (seen,)))))
    return Analysis()


@contextmanager
def desk_of(services: Services, live: LiveSettings) -> Iterator[Services]:
    keeper = RecordKeeper(
        services.calls, services.call_blobs, lambda pipeline, state, key: key, services.settings.calls, Limits()
    )
    tuning = LiveTuning(max_calls=live.max_calls, resume_s=live.resume_s, power_safe=False)
    folder = services.settings.data_dir / "live"
    calls = LiveCalls(folder, CountingReader(), keeper, plain_analysis, lambda: frozenset({Language.RU}), tuning)
    settings = services.settings.model_copy(update={"live": live})
    try:
        yield dataclasses.replace(services, settings=settings, live=LiveDesk(calls, live))
    finally:
        calls.close()


@pytest.fixture
def live_services(services: Services) -> Iterator[Services]:
    with desk_of(services, LiveSettings(max_sockets=50, idle_s=30, resume_s=30)) as made:
        yield made
