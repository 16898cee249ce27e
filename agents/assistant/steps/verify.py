"""The last look before a person sees it: every quote is at its place in the stored source."""

from dataclasses import replace

from agents.assistant.context import Ask
from core.records import Claim


def verify(ask: Ask) -> Ask:
    """Drop every citation whose quote is not the span it names of the stored clause, and claims left without any."""
    stored = ask.knowledge.norms.clauses_by_id([c.clause_id for claim in ask.claims for c in claim.citations])
    claims = []
    for claim in ask.claims:
        kept = tuple(
            c
            for c in claim.citations
            if c.clause_id in stored and stored[c.clause_id].text[c.start : c.end] == c.quote and c.quote
        )
        if kept:
            claims.append(Claim(" … ".join(c.quote for c in kept), kept))
    return replace(ask, claims=tuple(claims))
