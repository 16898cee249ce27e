"""The incident card from a call's words: what happened, who goes, the people, what to ask yet, how the operator did."""

from pipelines.calls.card.callers import note_people
from pipelines.calls.card.incident import classify_incident
from pipelines.calls.card.operator import review_operator
from pipelines.calls.card.questions import list_missing_questions, question_text
from pipelines.calls.card.tables import type_names

__all__ = [
    "classify_incident",
    "list_missing_questions",
    "note_people",
    "question_text",
    "review_operator",
    "type_names",
]
