"""Makes the answer: verbatim sentences of the best clauses."""

from dataclasses import replace

from agents.assistant.context import Ask
from agents.assistant.intents import Intent
from agents.assistant.quotes import expand, quote_claims, warnings_for
from core.records import Clause

MAX_CLAUSES = 4
CLOSE_BEHIND = 0.86
"""A further clause is shown when its score is at least this share of the best one's."""


def compose(ask: Ask) -> Ask:
    """Set the claims and warnings."""
    if ask.intent is Intent.QUOTE and ask.referenced:
        clauses = [c for clause in ask.referenced[:MAX_CLAUSES] for c in expand(ask, clause)]
        claims = quote_claims(ask, clauses, whole=True)
    else:
        claims = quote_claims(ask, _best(ask))
    return replace(ask, claims=claims, warnings=warnings_for(ask, claims))


def _best(ask: Ask) -> list[Clause]:
    top = ask.found[0].score
    return [f.clause for f in ask.found[:MAX_CLAUSES] if f.score >= CLOSE_BEHIND * top]
