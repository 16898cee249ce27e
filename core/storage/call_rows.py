"""A call's records as rows and back."""

from typing import Literal, cast

from core.call_records import (
    CardField,
    Evidence,
    FieldValue,
    IncidentCard,
    LegName,
    MissingQuestion,
    QualityItem,
    Segment,
    Tag,
    TagKind,
    Word,
)
from core.calls import Call, CallDecision, CallFailure, CallSource, CallState, CardChange
from core.languages import Language
from core.storage.call_tables import (
    CallDecisionRow,
    CallQualityRow,
    CallQuestionRow,
    CallRow,
    CallSegmentRow,
    CallTagRow,
    CardChangeRow,
    JsonList,
)

_MILLISECONDS = 3
"""Digits kept of a time in seconds."""


def to_call(row: CallRow) -> Call:
    """Return the call of a row."""
    failure = row.failure
    return Call(
        id=row.id,
        source=CallSource(row.source),
        state=CallState(row.state),
        started_at=row.started_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        created_by=row.created_by,
        territory=row.territory,
        audio_sha256=row.audio_sha256,
        sound_sha256=row.sound_sha256,
        file_name=row.file_name,
        size_bytes=row.size_bytes,
        job_id=row.job_id,
        duration_s=row.duration_s,
        legs=tuple(LegName(leg) for leg in row.legs),
        language=Language(row.language) if row.language else None,
        versions=dict(row.versions),
        notes=tuple(row.notes),
        failure=CallFailure(str(failure["code"]), str(failure["detail"]), str(failure["advice"])) if failure else None,
        call_class=row.call_class,
        incident_type=row.incident_type,
        urgency=row.urgency,
        place=row.place,
        reviewed_at=row.reviewed_at,
    )


def from_segment(call_id: str, ordinal: int, segment: Segment) -> CallSegmentRow:
    """Return the row of a segment."""
    words: JsonList = [
        [word.text, round(word.start_s, _MILLISECONDS), round(word.end_s, _MILLISECONDS), round(word.probability, 3)]
        for word in segment.words
    ]
    return CallSegmentRow(
        call_id=call_id,
        ordinal=ordinal,
        leg=segment.leg.value,
        start_s=round(segment.start_s, _MILLISECONDS),
        end_s=round(segment.end_s, _MILLISECONDS),
        words=words,
    )


def to_segment(row: CallSegmentRow) -> Segment:
    """Return the segment of a row."""
    words = tuple(Word(text, start, end, probability) for text, start, end, probability in _word_rows(row.words))
    return Segment(LegName(row.leg), row.start_s, row.end_s, words)


def _word_rows(words: JsonList) -> list[tuple[str, float, float, float]]:
    return [cast("tuple[str, float, float, float]", tuple(cast("list[object]", word))) for word in words]


def from_tag(call_id: str, ordinal: int, tag: Tag) -> CallTagRow:
    """Return the row of a tag."""
    return CallTagRow(
        call_id=call_id,
        ordinal=ordinal,
        kind=tag.kind.value,
        label=tag.label,
        phrase=tag.phrase,
        asserted=tag.asserted,
        confidence=tag.confidence,
        evidence=_from_evidence(tag.evidence),
    )


def to_tag(row: CallTagRow) -> Tag:
    """Return the tag of a row."""
    return Tag(
        TagKind(row.kind), row.label, _to_evidence(row.evidence), row.confidence, row.asserted, phrase=row.phrase
    )


def from_question(call_id: str, ordinal: int, question: MissingQuestion) -> CallQuestionRow:
    """Return the row of a missing question."""
    return CallQuestionRow(
        call_id=call_id, ordinal=ordinal, question=question.id, field=question.field, urgent=question.urgent
    )


def to_question(row: CallQuestionRow) -> MissingQuestion:
    """Return the missing question of a row."""
    return MissingQuestion(row.question, row.field, row.urgent)


def from_quality(call_id: str, ordinal: int, item: QualityItem) -> CallQualityRow:
    """Return the row of a quality item."""
    evidence: JsonList = [_from_evidence(one) for one in item.evidence]
    return CallQualityRow(call_id=call_id, ordinal=ordinal, item=item.id, done=item.done, evidence=evidence)


def to_quality(row: CallQualityRow) -> QualityItem:
    """Return the quality item of a row."""
    return QualityItem(row.item, row.done, _to_evidences(row.evidence))


def from_change(call_id: str, change: CardChange) -> CardChangeRow:
    """Return the row of a change of the card."""
    value = list(change.value) if isinstance(change.value, tuple) else change.value
    return CardChangeRow(
        call_id=call_id,
        ordinal=change.ordinal,
        name=change.name,
        set_by=change.set_by,
        value=value,
        confidence=change.confidence,
        evidence=[_from_evidence(one) for one in change.evidence],
        note=change.note,
        actor=change.actor,
        at=change.at,
        undone_at=change.undone_at,
        undone_by=change.undone_by,
    )


def to_change(row: CardChangeRow) -> CardChange:
    """Return the change of a row."""
    value = tuple(str(part) for part in row.value) if isinstance(row.value, list) else row.value
    return CardChange(
        ordinal=row.ordinal,
        name=row.name,
        set_by=cast("Literal['model', 'person']", row.set_by),
        value=cast("FieldValue | None", value),
        confidence=row.confidence,
        evidence=_to_evidences(row.evidence),
        note=row.note,
        actor=row.actor,
        at=row.at,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
    )


def to_decision(row: CallDecisionRow) -> CallDecision:
    """Return the decision of a row."""
    return CallDecision(tuple(row.services), row.note, row.actor, row.at, row.ordinal)


def same_suggestion(change: CardChange | None, field: CardField | None) -> bool:
    """Tell whether the model's last change of a field says what it says now; None: says nothing of it."""
    if change is None or change.value is None or field is None:
        return (change is None or change.value is None) and field is None
    # As stored: what differs only by rounding is not a change.
    return (
        change.value == field.value
        and change.confidence == field.confidence
        and change.note == field.note
        and [_from_evidence(one) for one in change.evidence] == [_from_evidence(one) for one in field.evidence]
    )


def summarise(row: CallRow, card: IncidentCard) -> None:
    """Repeat in the call's row what lists show of its card."""
    call_class, incident, urgency = card.value("call_class"), card.value("incident_type"), card.value("urgency")
    row.call_class = str(call_class) if call_class is not None else None
    row.incident_type = str(incident) if incident is not None else None
    row.urgency = urgency if isinstance(urgency, int) else None
    parts = [card.value(name) for name in ("settlement", "street", "house")]
    place = ", ".join(str(part) for part in parts if part)
    row.place = place or str(card.value("landmark") or "")


def _from_evidence(evidence: Evidence) -> JsonList:
    return [
        evidence.leg.value,
        round(evidence.start_s, _MILLISECONDS),
        round(evidence.end_s, _MILLISECONDS),
        evidence.text,
    ]


def _to_evidence(values: JsonList) -> Evidence:
    leg, start_s, end_s, text = values
    return Evidence(LegName(str(leg)), float(cast("float", start_s)), float(cast("float", end_s)), str(text))


def _to_evidences(values: JsonList) -> tuple[Evidence, ...]:
    return tuple(_to_evidence(cast("list[object]", one)) for one in values)
