"""The clauses an answer would be made from, in order: what the search of the assistant as a whole is measured by."""

from datetime import UTC, datetime

from agents.assistant.context import Abstained, Answered, Ask, Knowledge
from agents.assistant.intents import Intent
from agents.assistant.steps.find_quote import find_quote
from agents.assistant.steps.guard import guard
from agents.assistant.steps.look_up import look_up
from agents.assistant.steps.search import search
from agents.assistant.steps.understand import understand
from core.records import Clause


def ranked(question: str, knowledge: Knowledge, limit: int) -> list[Clause]:
    """Return up to `limit` clauses, best first, without judging whether they answer; none after a refusal."""
    ask = Ask(" ".join(question.split()), knowledge, datetime.now(UTC).date())
    direct: list[str] = []
    try:
        for step in (guard, understand, look_up):
            ask = step(ask)
        if ask.intent is Intent.QUOTE:
            direct = [c.id for c in ask.referenced]
        ask = find_quote(ask)
    except Answered as outcome:
        direct = [c.clause_id for claim in outcome.ask.claims for c in claim.citations]
    except Abstained:
        return []
    ask = search(ask)
    ids = list(dict.fromkeys([*direct, *(f.clause.id for f in ask.found)]))[:limit]
    clauses = knowledge.norms.clauses_by_id(ids)
    return [clauses[i] for i in ids]
