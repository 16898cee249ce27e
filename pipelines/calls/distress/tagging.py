"""Signs of distress in a call: shown to a person, used for nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.call_records import Evidence, LegName, Segment, Tag, TagKind
from pipelines.calls.distress.arousal import arousal, own_start
from pipelines.calls.distress.prosody import Prosody, measure_prosody
from pipelines.calls.distress.signs import Signs, load_signs
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

CALM, ANXIOUS, PANIC, AGGRESSIVE = "calm", "anxious", "panic", "aggressive"

_GAP_S = 4.0  # stretches of one state so near to each other are shown as one
_SIGN_ONLY = 0.55  # confidence where a word or a sound stands alone
_BOTH = 0.75
_SOUND_STRONG = 0.8


@dataclass(frozen=True)
class _Stretch:
    segment: Segment
    prosody: Prosody | None


def tag_distress(
    legs: Mapping[LegName, Samples],
    segments: Sequence[Segment],
    sounds: Sequence[Tag],
    *,
    legal_basis: str,
) -> tuple[Tag, ...]:
    """Return states of the caller over time: anxious, panic or aggressive stretches, or one calm tag for the whole.

    Nothing without a `legal_basis` (setting `calls.distress_legal_basis`): the law on AI of Kazakhstan (230-VIII)
    restricts determining emotions. Only the caller is judged, never the operator; a mixed recording tells no one from
    the other, so it gives nothing. Prosody counts from the end of the caller's own start on.
    Confidence is no probability; what it is worth is measured by `qorgan eval calls`.
    """
    samples = legs.get(LegName.CALLER)
    if not legal_basis.strip() or samples is None:
        return ()
    signs = load_signs()
    spoken = [
        _Stretch(segment, _prosody(samples, segment))
        for segment in segments
        if segment.leg is LegName.CALLER and segment.committed
    ]
    if not spoken:
        return ()
    measured = [(s.segment.end_s - s.segment.start_s, s.prosody) for s in spoken if s.prosody is not None]
    start = own_start(measured, signs.start_s)
    heard = [tag for tag in sounds if tag.evidence.leg is LegName.CALLER]
    found = [tag for stretch in spoken if (tag := _judge(stretch, start, heard, signs)) is not None]
    if found:
        return tuple(_joined(found))
    first, last = spoken[0].segment, spoken[-1].segment
    whole = Evidence(LegName.CALLER, first.start_s, last.end_s, "")
    return (Tag(TagKind.DISTRESS, CALM, whole, _BOTH if start is not None else 0.5),)


def _prosody(samples: Samples, segment: Segment) -> Prosody | None:
    return measure_prosody(samples[round(segment.start_s * SAMPLE_RATE) : round(segment.end_s * SAMPLE_RATE)])


def _judge(stretch: _Stretch, start: Prosody | None, sounds: Sequence[Tag], signs: Signs) -> Tag | None:
    """Return the state of one stretch of speech, or None where it is calm."""
    segment = stretch.segment
    raised = arousal(stretch.prosody, start, signs.scale) if start and stretch.prosody else 0.5
    text = f" {' '.join(_bare(word.text) for word in segment.words)} "
    pleads = any(f" {begin}" in text for begin in signs.starts("plea"))
    abuses = any(f" {begin}" in text for begin in signs.starts("abuse"))
    near = [tag for tag in sounds if tag.evidence.start_s < segment.end_s and segment.start_s < tag.evidence.end_s]
    loud = max((t.confidence for t in near if t.label in signs.sounds.panic), default=0.0)
    uneasy = max((t.confidence for t in near if t.label in signs.sounds.anxious), default=0.0)
    evidence = Evidence(LegName.CALLER, segment.start_s, segment.end_s, segment.text)

    def tag(label: str, confidence: float) -> Tag:
        return Tag(TagKind.DISTRESS, label, evidence, round(confidence, 2))

    if abuses:
        return tag(AGGRESSIVE, _BOTH if raised >= signs.aroused else _SIGN_ONLY)
    if loud >= _SOUND_STRONG or (raised >= signs.strongly_aroused and (pleads or loud > 0)):
        return tag(PANIC, _BOTH if raised >= signs.aroused else _SIGN_ONLY)
    if raised >= signs.aroused:
        return tag(ANXIOUS, _BOTH if pleads or uneasy > 0 else raised * _BOTH)
    if pleads or loud > 0 or uneasy >= _SOUND_STRONG:
        return tag(ANXIOUS, _SIGN_ONLY)
    return None


def _joined(tags: Sequence[Tag]) -> list[Tag]:
    """Join stretches of one state that are near to each other; the surest keeps its words as evidence."""
    found: list[Tag] = []
    for tag in tags:
        last = found[-1] if found else None
        if last and last.label == tag.label and tag.evidence.start_s - last.evidence.end_s <= _GAP_S:
            surer = max(last, tag, key=lambda t: t.confidence)
            span = replace(surer.evidence, start_s=last.evidence.start_s, end_s=tag.evidence.end_s)
            found[-1] = replace(surer, evidence=span)
        else:
            found.append(tag)
    return found


def _bare(word: str) -> str:
    return "".join(c for c in word.lower().replace("ё", "е") if c.isalpha())
