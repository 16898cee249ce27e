"""Finds what the question names (acts, clauses, a quoted text) and says in which acts to look."""

from dataclasses import replace

from agents.assistant.context import Abstained, Ask
from agents.assistant.intents import Intent
from agents.assistant.messages import message
from core.records import Abstention, Act
from knowledge_base.clauses.references import ActDesignator, find_act_designators, find_references
from knowledge_base.search.naming import number_key
from knowledge_base.search.quoting import quoted
from knowledge_base.search.search import Scope


def understand(ask: Ask) -> Ask:
    """Set references, named acts, quote and scope. Abstain where the named act is not loaded."""
    designators = find_act_designators(ask.question)
    references = find_references(ask.question)
    quote = quoted(ask.question) if ask.intent is Intent.FIND_CLAUSE or ask.intent is Intent.ASK else None
    named: dict[str, Act] = {}
    for designator in designators:
        loaded = ask.knowledge.names.by_number(_written(designator))
        if not loaded and quote is None:
            raise _not_loaded(ask, designator)
        named.update((act.id, act) for act in loaded)
    jurisdictions = frozenset({ask.knowledge.home, *(a.jurisdiction for a in named.values())})
    return replace(
        ask,
        designators=designators,
        references=references,
        quote=quote,
        acts=tuple(named.values()),
        scope=Scope(as_of=ask.as_of, jurisdictions=jurisdictions),
    )


def _written(designator: ActDesignator) -> str:
    return f"{designator.kind} {designator.number}".strip()


def _not_loaded(ask: Ask, designator: ActDesignator) -> Abstained:
    written = ask.question[designator.span[0] : designator.span[1]].strip()
    key = number_key(designator.number)
    for replacement in ask.knowledge.replaced:
        if key and key in number_key(replacement.number):
            by = replacement.by
            text = message("not_in_force.act_replaced", ask.spoken, act=replacement.number, by=by.number)
            return Abstained(Abstention.NOT_IN_FORCE, text)
    return Abstained(Abstention.NO_SOURCE, message("no_source.act_not_loaded", ask.spoken, act=written))
