"""Emergency calls in the database: recordings and live calls alike.

Holds personal data: what people said, who they are, where they live. None of it goes to a log or the audit.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.call_records import (
    CARD_FIELDS,
    Analysis,
    FieldValue,
    IncidentCard,
    LegName,
    MissingQuestion,
    QualityItem,
    Segment,
    Tag,
    TagKind,
)
from core.calls import (
    Call,
    CallDecision,
    CallFailure,
    CallFilter,
    CallPage,
    CallState,
    CardChange,
    CardHistory,
    NewCall,
)
from core.errors import Conflict, InvalidInput
from core.languages import Language
from core.storage import call_queries, call_rows
from core.storage.call_tables import (
    CallDecisionRow,
    CallQualityRow,
    CallQuestionRow,
    CallRow,
    CallSegmentRow,
    CallTagRow,
    CardChangeRow,
)
from core.storage.database import Database

MODEL = "model"
"""The actor of what the service itself put in a card."""


class CallStore:
    """Calls as rows. Every method is one transaction; safe to use from many threads.

    `territory` of a reader (КАТО code; None: the whole country) limits inside the query what is found: a call of
    another territory is `NotFound`, like one that does not exist.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- taking in and following -------------------------------------------------------------------------------------

    def create(self, new: NewCall, state: CallState = CallState.WAITING) -> Call:
        """Keep a new call and return it; the same id again returns what is kept.

        Raises `Conflict` when the id is kept with other audio, under another file name or from someone else.
        """
        now = datetime.now(UTC)
        row = CallRow(
            id=new.id,
            source=new.source.value,
            state=state.value,
            started_at=new.started_at,
            created_at=now,
            updated_at=now,
            created_by=new.created_by,
            territory=new.territory,
            audio_sha256=new.audio_sha256,
            sound_sha256=None,
            file_name=new.file_name,
            size_bytes=new.size_bytes,
            job_id=new.job_id,
            duration_s=None,
            legs=[],
            language=new.language.value if new.language else None,
            versions={},
            notes=[],
            failure=None,
            call_class=None,
            incident_type=None,
            urgency=None,
            place="",
            reviewed_at=None,
        )
        try:
            with self._database.session() as session:
                session.add(row)
                session.flush()
                return call_rows.to_call(row)
        except IntegrityError:
            kept = self.call(new.id)
        if (kept.audio_sha256, kept.file_name, kept.created_by) != (new.audio_sha256, new.file_name, new.created_by):
            raise Conflict(
                "this call was taken in before with another file or file name",
                advice="send a new Idempotency-Key with a new request",
            )
        return kept

    def update(
        self,
        call_id: str,
        *,
        state: CallState | None = None,
        sound_sha256: str | None = None,
        duration_s: float | None = None,
        legs: Sequence[LegName] | None = None,
        language: Language | None = None,
        versions: dict[str, str] | None = None,
        notes: Sequence[str] | None = None,
        failure: CallFailure | None = None,
    ) -> None:
        """Change what is given; `versions` are added to those known. Any state but FAILED clears the failure."""
        with self._writing(call_id) as (_, row):
            if state is not None:
                row.state = state.value
                row.failure = None
            if failure is not None:
                row.failure = {"code": failure.code, "detail": failure.detail, "advice": failure.advice}
            row.sound_sha256 = sound_sha256 or row.sound_sha256
            row.duration_s = duration_s if duration_s is not None else row.duration_s
            row.legs = [leg.value for leg in legs] if legs is not None else row.legs
            row.language = language.value if language is not None else row.language
            row.versions = {**row.versions, **(versions or {})}
            row.notes = list(dict.fromkeys(notes)) if notes is not None else row.notes

    def call(self, call_id: str, territory: str | None = None) -> Call:
        """Return the call; raise `NotFound`."""
        query = select(CallRow).where(CallRow.id == call_id, *call_queries.within(territory))
        with self._database.reading() as session:
            row = session.scalars(query).one_or_none()
            if row is None:
                raise call_queries.no_call()
            return call_rows.to_call(row)

    def calls(
        self,
        wanted: CallFilter | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
        territory: str | None = None,
    ) -> CallPage:
        """Return the latest calls, or those after `cursor`; raise `InvalidInput` when the cursor is not ours."""
        conditions = [*call_queries.matching(wanted or CallFilter()), *call_queries.within(territory)]
        if cursor is not None:
            conditions.append(call_queries.after(cursor))
        query = select(CallRow).where(*conditions).order_by(CallRow.started_at.desc(), CallRow.id.desc())
        with self._database.reading() as session:
            rows = session.scalars(query.limit(limit + 1)).all()
            calls = tuple(call_rows.to_call(row) for row in rows[:limit])
        return CallPage(calls, call_queries.cursor_of(calls[-1]) if len(rows) > limit else None)

    def unfinished(self, source: str) -> tuple[Call, ...]:
        """Return the calls of a source that wait, are worked on or are under way, the earliest first."""
        states = [CallState.WAITING.value, CallState.WORKING.value, CallState.LIVE.value]
        query = select(CallRow).where(CallRow.source == source, CallRow.state.in_(states)).order_by(CallRow.created_at)
        with self._database.reading() as session:
            return tuple(call_rows.to_call(row) for row in session.scalars(query))

    # --- what was said -----------------------------------------------------------------------------------------------

    def append_segments(self, call_id: str, first_ordinal: int, segments: Sequence[Segment]) -> int:
        """Keep committed segments numbered from `first_ordinal`; return how many of them are new.

        Those kept already under their number are left alone, so that a repeated call changes nothing. Raises `Conflict`
        when a kept one says something else: committed text never changes.
        """
        rows = [call_rows.from_segment(call_id, first_ordinal + i, segment) for i, segment in enumerate(segments)]
        with self._writing(call_id) as (session, _):
            numbers = range(first_ordinal, first_ordinal + len(rows))
            query = select(CallSegmentRow).where(
                CallSegmentRow.call_id == call_id,
                CallSegmentRow.ordinal >= numbers.start,
                CallSegmentRow.ordinal < numbers.stop,
            )
            kept = {row.ordinal: row for row in session.scalars(query)}
            new = [row for row in rows if row.ordinal not in kept]
            for row in rows:
                held = kept.get(row.ordinal)
                if held is not None and call_rows.to_segment(held) != call_rows.to_segment(row):
                    raise Conflict(
                        f"segment {row.ordinal} of the call is committed with other words",
                        advice="number new segments after the last one kept",
                    )
            session.add_all(new)
            return len(new)

    def replace_segments(self, call_id: str, segments: Sequence[Segment]) -> None:
        """Make the transcript equal to what is given: a recording that is transcribed (again)."""
        with self._writing(call_id) as (session, _):
            session.execute(delete(CallSegmentRow).where(CallSegmentRow.call_id == call_id))
            session.add_all(call_rows.from_segment(call_id, i, segment) for i, segment in enumerate(segments))

    def segments(self, call_id: str) -> tuple[Segment, ...]:
        """Return the committed segments by number."""
        query = select(CallSegmentRow).where(CallSegmentRow.call_id == call_id).order_by(CallSegmentRow.ordinal)
        with self._database.reading() as session:
            return tuple(call_rows.to_segment(row) for row in session.scalars(query))

    # --- what was noticed --------------------------------------------------------------------------------------------

    def replace_tags(self, call_id: str, kinds: Collection[TagKind], tags: Sequence[Tag]) -> None:
        """Make the tags of these kinds equal to what is given; others stay."""
        with self._writing(call_id) as (session, _):
            chosen = [kind.value for kind in kinds]
            session.execute(delete(CallTagRow).where(CallTagRow.call_id == call_id, CallTagRow.kind.in_(chosen)))
            last = session.scalar(select(func.max(CallTagRow.ordinal)).where(CallTagRow.call_id == call_id))
            first = 0 if last is None else last + 1
            session.add_all(call_rows.from_tag(call_id, first + i, tag) for i, tag in enumerate(tags))

    def replace_analysis(self, call_id: str, analysis: Analysis) -> None:
        """Make tags, questions and quality equal to the analysis, and add what it changes in the card to its history.

        All tags are replaced, whoever noticed them. What a person set in the card stays. The same analysis again
        changes nothing.
        """
        now = datetime.now(UTC)
        with self._writing(call_id) as (session, row):
            for table in (CallTagRow, CallQuestionRow, CallQualityRow):
                session.execute(delete(table).where(table.call_id == call_id))
            session.add_all(call_rows.from_tag(call_id, i, tag) for i, tag in enumerate(analysis.tags))
            session.add_all(call_rows.from_question(call_id, i, one) for i, one in enumerate(analysis.missing))
            session.add_all(call_rows.from_quality(call_id, i, one) for i, one in enumerate(analysis.quality))
            changes = _changes(session, call_id)
            for change in _suggestions(changes, analysis.card, now):
                session.add(call_rows.from_change(call_id, change))
                changes.append(change)
            call_rows.summarise(row, CardHistory(tuple(changes)).card)

    def tags(self, call_id: str) -> tuple[Tag, ...]:
        """Return the tags in the order of the call."""
        query = select(CallTagRow).where(CallTagRow.call_id == call_id).order_by(CallTagRow.ordinal)
        with self._database.reading() as session:
            tags = [call_rows.to_tag(row) for row in session.scalars(query)]
        return tuple(sorted(tags, key=lambda tag: tag.evidence.start_s))

    def missing(self, call_id: str) -> tuple[MissingQuestion, ...]:
        """Return the questions that were not asked, in the order of the analysis."""
        query = select(CallQuestionRow).where(CallQuestionRow.call_id == call_id).order_by(CallQuestionRow.ordinal)
        with self._database.reading() as session:
            return tuple(call_rows.to_question(row) for row in session.scalars(query))

    def quality(self, call_id: str) -> tuple[QualityItem, ...]:
        """Return the quality of the operator's conversation."""
        query = select(CallQualityRow).where(CallQualityRow.call_id == call_id).order_by(CallQualityRow.ordinal)
        with self._database.reading() as session:
            return tuple(call_rows.to_quality(row) for row in session.scalars(query))

    # --- the card, and what people do --------------------------------------------------------------------------------

    def card(self, call_id: str) -> CardHistory:
        """Return the card with its history."""
        with self._database.reading() as session:
            return CardHistory(tuple(_changes(session, call_id)))

    def edit_field(self, call_id: str, name: str, value: FieldValue | None, actor: str) -> CardHistory:
        """Put a person's value in a field (None: empty it) and return the card. The model never overwrites it.

        Raises `InvalidInput` for a name that no card has. Whether the value suits the field is the caller's to check.
        """
        _check_name(name)
        with self._writing(call_id) as (session, row):
            changes = _changes(session, call_id)
            now = datetime.now(UTC)
            change = CardChange(_next(changes), name, "person", value, 1.0, (), "", actor, now)
            session.add(call_rows.from_change(call_id, change))
            return _settled(row, [*changes, change])

    def undo_edit(self, call_id: str, name: str, actor: str) -> CardHistory:
        """Take a person's last change of the field back and return the card: what stood before it stands again.

        Raises `Conflict` when there is nothing to undo.
        """
        _check_name(name)
        with self._writing(call_id) as (session, row):
            changes = _changes(session, call_id)
            last = CardHistory(tuple(changes)).undoable(name)
            if last is None:
                raise Conflict(f"no person's change of the field {name!r} is left to undo", advice="reload the card")
            undone = replace(last, undone_at=datetime.now(UTC), undone_by=actor)
            session.merge(call_rows.from_change(call_id, undone))
            return _settled(row, [undone if change is last else change for change in changes])

    def decide(self, call_id: str, services: Sequence[str], note: str, actor: str) -> CallDecision:
        """Keep what a person decided; earlier decisions stay in the history."""
        with self._writing(call_id) as (session, row):
            query = select(func.max(CallDecisionRow.ordinal)).where(CallDecisionRow.call_id == call_id)
            last = session.scalar(query)
            at = datetime.now(UTC)
            decision = CallDecisionRow(
                call_id=call_id,
                ordinal=0 if last is None else last + 1,
                services=list(services),
                note=note,
                actor=actor,
                at=at,
            )
            session.add(decision)
            row.reviewed_at = at
            return call_rows.to_decision(decision)

    def decisions(self, call_id: str) -> tuple[CallDecision, ...]:
        """Return every decision, the latest last."""
        query = select(CallDecisionRow).where(CallDecisionRow.call_id == call_id).order_by(CallDecisionRow.ordinal)
        with self._database.reading() as session:
            return tuple(call_rows.to_decision(row) for row in session.scalars(query))

    def delete(self, call_id: str) -> tuple[str, ...]:
        """Forget the call and all that belongs to it; return the digests of blobs that no other call needs.

        Raises `NotFound`.
        """
        with self._writing(call_id) as (session, row):
            blobs = {digest for digest in (row.audio_sha256, row.sound_sha256) if digest}
            session.delete(row)
            session.flush()
            query = select(CallRow).where(or_(CallRow.audio_sha256.in_(blobs), CallRow.sound_sha256.in_(blobs)))
            for other in session.scalars(query):
                blobs -= {other.audio_sha256, other.sound_sha256}
            return tuple(sorted(blobs))

    def holds(self, digest: str) -> bool:
        """Tell whether the blob is the file or the sound of a call."""
        query = select(CallRow.id).where(or_(CallRow.audio_sha256 == digest, CallRow.sound_sha256 == digest)).limit(1)
        with self._database.reading() as session:
            return session.scalar(query) is not None

    def _writing(self, call_id: str) -> AbstractContextManager[tuple[Session, CallRow]]:
        return call_queries.writing(self._database, call_id)


def _changes(session: Session, call_id: str) -> list[CardChange]:
    query = select(CardChangeRow).where(CardChangeRow.call_id == call_id).order_by(CardChangeRow.ordinal)
    return [call_rows.to_change(row) for row in session.scalars(query)]


def _suggestions(changes: Sequence[CardChange], card: IncidentCard, now: datetime) -> list[CardChange]:
    """Return the changes that bring the model's side of the history to `card`."""
    last = {change.name: change for change in changes if change.set_by == "model"}
    made: list[CardChange] = []
    for name in CARD_FIELDS:
        field, before = card.get(name), last.get(name)
        if call_rows.same_suggestion(before, field):
            continue
        ordinal = _next([*changes, *made])
        if field is None:
            made.append(CardChange(ordinal, name, "model", None, 0.0, (), "", MODEL, now))
        else:
            values = (field.value, field.confidence, field.evidence, field.note)
            made.append(CardChange(ordinal, name, "model", *values, MODEL, now))
    return made


def _next(changes: Sequence[CardChange]) -> int:
    return max((change.ordinal for change in changes), default=-1) + 1


def _settled(row: CallRow, changes: Sequence[CardChange]) -> CardHistory:
    history = CardHistory(tuple(changes))
    call_rows.summarise(row, history.card)
    return history


def _check_name(name: str) -> None:
    if name not in CARD_FIELDS:
        raise InvalidInput("a card has no such field", advice=f"name one of {', '.join(CARD_FIELDS)}")
