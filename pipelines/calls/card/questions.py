"""What the operator has not learnt yet, the urgent first: by the type of incident and what was said already."""

from collections.abc import Iterable
from functools import lru_cache

from core.call_records import IncidentCard, LegName, MissingQuestion, Segment
from core.errors import InvalidInput
from core.languages import Language
from pipelines.calls.card.cues import CueSet
from pipelines.calls.card.people import answer_after
from pipelines.calls.card.tables import Question, dispatch, incidents, people_cues, questions
from pipelines.calls.card.text import CallText, read_text


@lru_cache(maxsize=1)
def _cues() -> CueSet:
    people = people_cues()
    shared = {
        "?hurt": (*people.hurt, *people.hurt_not),
        "?trapped": (*people.trapped, *people.trapped_not),
        "?child": people.child,
        "?fuel": dispatch().circumstances["fuel"],
    }
    named: dict[str, tuple[str, ...]] = {}
    for question in questions().questions:
        named[f"asked/{question.id}"] = question.asked
        named[f"told/{question.id}"] = tuple(
            pattern for cue in question.answered for pattern in shared.get(cue, (cue,))
        )
    return CueSet(named)


def list_missing_questions(card: IncidentCard, segments: Iterable[Segment]) -> tuple[MissingQuestion, ...]:
    """Return the questions neither answered nor asked and answered; none while the type is not known but the place."""
    return missing_in(card, read_text(segments))


def missing_in(card: IncidentCard, text: CallText) -> tuple[MissingQuestion, ...]:
    """Return the missing questions for a text already read."""
    if not text.tokens or card.value("call_class") == "false":
        return ()
    kind = card.value("incident_type")
    groups = {str(kind)} | {t.family for t in incidents().types if t.id == kind and t.family is not None}
    asked, told = _heard(text)
    missing = []
    for question in questions().questions:
        if not _concerns(question, groups):
            continue
        if any(card.get(name) is not None for name in question.filled_by):
            continue
        if question.id in told or (question.id in asked and not question.filled_by):
            continue
        missing.append(MissingQuestion(question.id, question.field, question.urgent))
    if any(q.id == "where" for q in missing):
        missing = [q for q in missing if q.id not in {"settlement", "street", "house", "road_km"}]
    return tuple(sorted(missing, key=lambda q: not q.urgent))


def _concerns(question: Question, groups: set[str]) -> bool:
    if question.types:
        return bool(groups & set(question.types))
    return not groups & set(question.not_types)


def _heard(text: CallText) -> tuple[set[str], set[str]]:
    """Return the ids asked by the operator and answered with anything, and the ids answered unasked."""
    asked: set[str] = set()
    told: set[str] = set()
    for hit in _cues().find(text):
        way, _, name = hit.cue.partition("/")
        if way == "asked" and hit.leg is not LegName.CALLER and answer_after(text, hit.end) is not None:
            asked.add(name)
        elif way == "told" and hit.leg is not LegName.OPERATOR:
            told.add(name)
    return asked, told


def question_text(question_id: str, language: Language) -> str:
    """Return a question's words in a language. Raises InvalidInput on an id that is not in the table."""
    found = next((q for q in questions().questions if q.id == question_id), None)
    if found is None:
        raise InvalidInput(f"no question {question_id!r}", advice="Take the id from the list of missing questions.")
    return str(getattr(found.texts, language.value))
