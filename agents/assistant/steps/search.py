"""Finds the clauses that speak of the question."""

from dataclasses import replace

from agents.assistant.context import Abstained, Ask
from agents.assistant.messages import message
from core.records import Abstention
from knowledge_base.search.search import Scope

READ = 12


def search(ask: Ask) -> Ask:
    """Set the query and the clauses found, best first."""
    assert ask.scope is not None
    if not ask.knowledge.names.acts:
        raise Abstained(Abstention.NO_SOURCE, message("no_source.nothing_loaded", ask.spoken))
    query = ask.knowledge.builder.build(ask.question, ask.spoken)
    scope = ask.scope
    if ask.acts and not ask.referenced:
        scope = Scope(scope.as_of, scope.jurisdictions, frozenset(a.id for a in ask.acts), scope.languages)
    found = ask.knowledge.search.find(query, scope, READ)
    return replace(ask, query=query, found=tuple(found))
