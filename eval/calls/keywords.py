"""Keyword tags against marked phrases: recall by noise, false alarms, facts told apart; word for word beside them."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.call_records import Segment, Tag, TagKind
from core.errors import InvalidInput
from eval.metrics import Measure, mean

TOLERANCE_S = 1.5
"""Seconds by which a tag may miss the marked phrase; recognised words are timed by attention, not aligned."""
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Marked:
    """A phrase marked in a call; `asserted` False: denied, asked, supposed or figurative (a hard negative)."""

    phrase: str
    category: str
    channel: str
    start_s: float
    end_s: float
    asserted: bool


def measure_keywords(
    calls: Sequence[Mapping[str, object]],
    tags_by_call: Mapping[str, Sequence[Tag]],
    segments_by_call: Mapping[str, Sequence[Segment]],
    *,
    by_text: bool = False,
) -> dict[str, Measure]:
    """Return the figures of a set; `calls` are lines of calls.jsonl, the others are keyed by their `id`.

    A marked phrase is found by a tag of its category and channel within `TOLERANCE_S`; with `by_text` (true
    transcripts, whose words have no times of their own) also by one that shares its words in the same turn or nearby.

    - `keyword_recall`, `keyword_recall_<20>db` (the caller's phrases by noise), `keyword_recall_operator`;
    - `keyword_word_for_word...`: the same where a phrase counts when the text holds it letter for letter;
    - `keyword_false_per_hour`: asserted tags that find no marked phrase, an upper bound (not every mention is
      marked); `keyword_false_category_per_hour`: those of a category that the call has nowhere; Poisson intervals;
    - `keyword_asserted_facts`, `keyword_asserted_negatives`: share of found facts tagged as asserted and of found
      hard negatives tagged as not.

    Raises InvalidInput when a call is not in the format.
    """
    found: defaultdict[str, list[float]] = defaultdict(list)
    false = false_category = 0
    seconds = 0.0
    for call in calls:
        name = str(call["id"])
        marks = read_marks(call)
        tags = [tag for tag in tags_by_call.get(name, ()) if tag.kind is TagKind.KEYWORD]
        texts = _texts(segments_by_call.get(name, ()))
        seconds += _number(call, "duration_s")
        used: set[int] = set()
        for mark in marks:
            hits = [n for n, tag in enumerate(tags) if finds(tag, mark, by_text=by_text)]
            used.update(hits)
            literal = float(_folded(mark.phrase) in texts.get(mark.channel, " "))
            for suffix in ("", _group(call, mark)):
                found[f"keyword_recall{suffix}"].append(float(bool(hits)))
                found[f"keyword_word_for_word{suffix}"].append(literal)
            if hits:
                said = _is_asserted([tags[n] for n in hits], mark, by_text=by_text)
                kind = "facts" if mark.asserted else "negatives"
                found[f"keyword_asserted_{kind}"].append(float(said == mark.asserted))
        categories = {mark.category for mark in marks}
        loud = [tag for n, tag in enumerate(tags) if n not in used and tag.asserted]
        false += len(loud)
        false_category += sum(tag.label not in categories for tag in loud)
    figures = {name: mean(values) for name, values in sorted(found.items())}
    figures["keyword_false_per_hour"] = rate_per_hour(false, seconds)
    figures["keyword_false_category_per_hour"] = rate_per_hour(false_category, seconds)
    return figures


def finds(tag: Tag, mark: Marked, *, by_text: bool = False) -> bool:
    """Tell whether a tag finds a marked phrase."""
    evidence = tag.evidence
    if tag.label != mark.category or evidence.leg.value != mark.channel:
        return False
    if _apart_s(tag, mark) <= TOLERANCE_S:
        return True
    return by_text and _apart_s(tag, mark) <= 4 * TOLERANCE_S and _shares_words(tag, mark)


def rate_per_hour(count: int, seconds: float) -> Measure:
    """Return events an hour with the exact Poisson 95 % interval (Garwood 1936); `n` is the count."""
    from scipy.stats import chi2

    hours = seconds / 3600
    if hours <= 0:
        return Measure(float("nan"), count, float("nan"), float("nan"))
    low = float(chi2.ppf(0.025, 2 * count)) / 2 if count else 0.0
    high = float(chi2.ppf(0.975, 2 * count + 2)) / 2
    return Measure(count / hours, count, low / hours, high / hours)


def read_marks(call: Mapping[str, object]) -> tuple[Marked, ...]:
    """Return the marked phrases of a call, none where the set gives none. Raises InvalidInput naming the call."""
    listed = call.get("keywords") or []
    if not isinstance(listed, Sequence):
        raise InvalidInput(f"call {call.get('id')}: keywords are no list", advice="see docs/eval-formats.md")
    try:
        return tuple(
            Marked(
                str(k["phrase"]),
                str(k["category"]),
                str(k["channel"]),
                float(k["start_s"]),
                float(k["end_s"]),
                bool(k["asserted"]),
            )
            for k in listed
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            f"call {call.get('id')}: a keyword lacks {error}", advice="see docs/eval-formats.md"
        ) from error


def _is_asserted(tags: Sequence[Tag], mark: Marked, *, by_text: bool) -> bool:
    """Return what the tag nearest in words (then in time) says of the phrase."""
    nearest = min(tags, key=lambda tag: (by_text and not _shares_words(tag, mark), _apart_s(tag, mark)))
    return nearest.asserted


def _apart_s(tag: Tag, mark: Marked) -> float:
    return max(tag.evidence.start_s - mark.end_s, mark.start_s - tag.evidence.end_s, 0.0)


def _shares_words(tag: Tag, mark: Marked) -> bool:
    return not set(_folded(tag.evidence.text).split()).isdisjoint(_folded(mark.phrase).split())


def _group(call: Mapping[str, object], mark: Marked) -> str:
    audio = call.get("audio")
    if mark.channel != "caller":
        return f"_{mark.channel}"
    noise = audio.get("caller_snr_db") if isinstance(audio, Mapping) else None
    return f"_{noise:g}db" if isinstance(noise, int | float) else "_unknown_noise"


def _texts(segments: Sequence[Segment]) -> dict[str, str]:
    texts: defaultdict[str, str] = defaultdict(str)
    for segment in sorted(segments, key=lambda s: s.start_s):
        texts[segment.leg.value] += f" {segment.text}"
    return {leg: _folded(text) for leg, text in texts.items()}


def _folded(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.lower().replace('ё', 'е')))} "


def _number(call: Mapping[str, object], name: str) -> float:
    value = call.get(name)
    if not isinstance(value, int | float):
        raise InvalidInput(f"call {call.get('id')}: {name} is no number", advice="see docs/eval-formats.md")
    return float(value)
