"""Finds the clauses that speak of the question."""

from dataclasses import replace

from agents.assistant.context import Abstained, Ask
from agents.assistant.intents import Intent
from agents.assistant.messages import message
from core.records import Abstention

READ = 12


def search(ask: Ask) -> Ask:
    """Set the query and the clauses found, best first."""
    assert ask.scope is not None
    if not ask.knowledge.names.acts:
        raise Abstained(Abstention.NO_SOURCE, message("no_source.nothing_loaded", ask.spoken))
    query = ask.knowledge.builder.build(_without_names(ask), ask.spoken)
    acts = frozenset(a.id for a in ask.acts) if ask.acts else None
    scope = replace(
        ask.scope, act_ids=acts, places=tuple(r.steps for r in ask.references), definition=ask.intent is Intent.DEFINE
    )
    found = ask.knowledge.search.find(query, scope, READ)
    return replace(ask, query=query, found=tuple(found))


def _without_names(ask: Ask) -> str:
    """Return the question without the acts it names: they say where to look, not what for."""
    text = ask.question
    for start, end in sorted((d.span for d in ask.designators), reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return text if any(c.isalpha() for c in text) else ask.question
