"""`qorgan eval calls`: what is made of a set's calls, on their true transcripts and on what is really heard."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.call_records import Analysis, Segment
from core.errors import InvalidInput
from core.settings import Settings
from eval.calls.cards import FLAGS, QUALITY_ITEMS, CardScore, Tally, score_card
from eval.calls.dataset import CallCase, read_calls, spoken
from eval.calls.distress import measure_arousal
from eval.calls.keywords import measure_keywords
from eval.calls.places import ExpectedAddress, address_f1
from eval.calls.sounds import measure_sounds
from eval.calls.transcription import Heard, hear, measure_transcription
from eval.metrics import Measure, mean, statistic
from pipelines.calls.analysis import analyse

Say = Callable[[str], None]
ORACLE = "_oracle"


@dataclass(frozen=True)
class Understood:
    """One call with a card: its truth and what was made of some transcript of it."""

    case: CallCase
    segments: tuple[Segment, ...]
    analysis: Analysis
    score: CardScore


def run(
    data: Path,
    settings: Settings,
    out: Path | None = None,
    say: Say = lambda _: None,
    *,
    listen: bool = True,
    live: Sequence[str] = (),
) -> dict[str, object]:
    """Measure a set and return the result that is also written to `out`.

    `listen` False leaves out everything that needs a model; `live`: ids of calls that are also played in real time.
    Sounds and emotions are measured where their sets stand beside `data` (`../sounds/esc10`, `../speech`,
    `../emotion`).
    Raises InvalidInput when the folder is not in the format of `docs/eval-formats.md`.
    """
    cases = read_calls(data)
    with_card = [case for case in cases if case.has_card]
    say(f"reading the true transcripts of {len(with_card)} calls")
    true = [understand(case, spoken(case)) for case in with_card]
    metrics = measure_understanding(true, ORACLE, by_text=True)
    heard: dict[str, Heard] = {}
    versions: dict[str, str] = {}
    if listen:
        from pipelines.calls.transcribers import build_transcriber

        transcriber = build_transcriber(settings)
        versions["transcriber"] = transcriber.name
        heard = hear(cases, transcriber, settings, say)
        metrics |= measure_transcription(cases, heard)
        told = [understand(case, heard[case.id].segments) for case in with_card]
        metrics |= measure_understanding(told, "")
        metrics |= _signals(data, settings, say)
        if live:
            metrics |= _live(data, cases, live, heard, settings, say)
    result: dict[str, object] = {
        "task": "calls",
        "metrics": {name: round(m.value, 4) for name, m in metrics.items()},
        "intervals": {name: m.as_json() for name, m in metrics.items()},
        "versions": versions,
        "cases": [_case_json(u, heard) for u in true],
    }
    if out is not None:
        out.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    return result


def understand(case: CallCase, segments: tuple[Segment, ...]) -> Understood:
    """Return what the product makes of a transcript, scored."""
    analysis = analyse(segments)
    return Understood(case, segments, analysis, score_card(analysis, case.truth))


def measure_understanding(calls: Sequence[Understood], suffix: str, *, by_text: bool = False) -> dict[str, Measure]:
    """Return keywords, addresses, types, services, flags and quality; `suffix` ends every name.

    Intervals are over calls, except those of keywords, which are over phrases.
    """
    keywords = measure_keywords(
        [call.case.truth for call in calls],
        {call.case.id: call.analysis.tags for call in calls},
        {call.case.id: call.segments for call in calls},
        by_text=by_text,
    )
    found: dict[str, Measure] = dict(keywords)
    for field in ("incident_type", "services", "urgency", "call_class", "callback_phone", "caller_name"):
        found[f"{field}_exact"] = mean([float(call.score.exact[field]) for call in calls])
    found["incident_type"] = found.pop("incident_type_exact")
    found["address_f1"] = statistic(calls, lambda some: _address(some)[0])
    found["address_settlement_street_f1"] = statistic(calls, lambda some: _address(some)[1])
    found["flags_f1"] = statistic(calls, lambda some: _tallied([c.score.flags for c in some], FLAGS).f1)
    found["qa_f1"] = statistic(calls, lambda some: _tallied([c.score.quality for c in some], QUALITY_ITEMS).f1)
    for item in QUALITY_ITEMS:
        found[f"qa_{item}_f1"] = statistic(calls, partial(_quality_f1, item))
    found["false_call_precision"] = statistic(
        calls, lambda some: sum((c.score.false_call for c in some), Tally()).precision
    )
    found["false_call_recall"] = statistic(calls, lambda some: sum((c.score.false_call for c in some), Tally()).recall)
    found["most_frequent_type"] = mean(_most_frequent(calls))
    return {f"{name}{suffix}": measure for name, measure in found.items()}


def _address(calls: Sequence[Understood]) -> tuple[float, float]:
    expected, said = [], []
    for call in calls:
        card = call.case.truth["card"]
        assert isinstance(card, Mapping)
        address = dict(card["address"])
        evidence = address.pop("evidence", {})
        expected.append(ExpectedAddress(address, evidence))
        said.append({f.name: str(f.value) for f in call.analysis.card.fields})
    score = address_f1(expected, said)
    return score.f1, score.settlement_street_f1


def _quality_f1(item: str, calls: Sequence[Understood]) -> float:
    return _tallied([call.score.quality for call in calls], (item,)).f1


def _tallied(found: Sequence[Mapping[str, Tally]], names: Sequence[str]) -> Tally:
    return sum((tallies[name] for tallies in found for name in names if name in tallies), Tally())


def _most_frequent(calls: Sequence[Understood]) -> list[float]:
    """The baseline of incident types: always the commonest one of the set."""
    types = [str(_card(call).get("incident_type")) for call in calls]
    commonest = max(sorted(set(types)), key=types.count, default="")
    return [float(name == commonest) for name in types]


def _card(call: Understood) -> Mapping[str, object]:
    card = call.case.truth["card"]
    assert isinstance(card, Mapping)
    return card


def _signals(data: Path, settings: Settings, say: Say) -> dict[str, Measure]:
    """Measure sounds and emotions on the sets beside `data`; one that is absent or in another format is said."""
    beside = data.resolve().parent
    found: dict[str, Measure] = {}
    for name, measure in (("sounds", _sounds), ("arousal", _arousal)):
        say(f"measuring {name}")
        try:
            found |= measure(beside, settings)
        except (InvalidInput, FileNotFoundError) as error:
            say(f"{name} not measured: {error}")
    return found


def _sounds(beside: Path, settings: Settings) -> dict[str, Measure]:
    from core.models import require
    from pipelines.calls.sounds import MODEL_NAME, YamnetTagger

    tagger = YamnetTagger(require(settings, MODEL_NAME), threads=settings.models.threads)
    return measure_sounds(beside / "sounds" / "esc10", beside / "speech", tagger).metrics


def _arousal(beside: Path, settings: Settings) -> dict[str, Measure]:
    return measure_arousal(beside / "emotion")


def _live(
    data: Path,
    cases: Sequence[CallCase],
    live: Sequence[str],
    heard: Mapping[str, Heard],
    settings: Settings,
    say: Say,
) -> dict[str, Measure]:
    """Play calls in real time; a figure's `n` is that of its words or tags."""
    from eval.calls.live import measure_live

    ids = [case.id for case in cases] if "all" in live else list(live)
    say(f"playing {len(ids)} calls in real time")
    figures = measure_live(data, ids, settings, recordings={name: h.segments for name, h in heard.items()})
    counts = {"lag": "n_live_words", "chip": "n_chips"}
    return {
        name: Measure(value, int(figures.get(counts.get(name.split("_")[0], ""), len(ids))), value, value)
        for name, value in figures.items()
        if not name.startswith("n_")
    }


def _case_json(call: Understood, heard: Mapping[str, Heard]) -> dict[str, object]:
    sound = heard.get(call.case.id)
    return {
        "id": call.case.id,
        "exact_oracle": dict(call.score.exact),
        "card_oracle": {field.name: field.value for field in call.analysis.card.fields},
        "heard": [f"{s.leg.value}: {s.text}" for s in sound.segments] if sound else [],
    }
