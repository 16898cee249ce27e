"""Finds what the question names (acts, clauses, a quoted text) and says in which acts to look."""

import re
from dataclasses import replace

from agents.assistant.context import Abstained, Ask
from agents.assistant.intents import Intent
from agents.assistant.messages import message
from core.records import Abstention, Act, Level
from knowledge_base.clauses.designators import ActDesignator, find_act_designators
from knowledge_base.clauses.labels import act_name
from knowledge_base.clauses.references import Reference, find_references
from knowledge_base.search.naming import digits_key
from knowledge_base.search.quoting import quoted
from knowledge_base.search.search import Scope

MOSTLY_QUOTE = 0.6
"""Share of a question's characters from which a quote is what it is about."""

_FORM_SAID = re.compile(r"форм|нысан|form", re.IGNORECASE)

COUNTRY = "jurisdiction"
"""Kind of a designator that names a country instead of an act."""


def understand(ask: Ask) -> Ask:
    """Set references, named acts, quote and scope. Abstain where the named act is not loaded."""
    designators = find_act_designators(ask.question)
    references, numbered = _without_acts(ask, find_references(ask.question))
    intent, quote = _quoted(ask)
    named = {act.id: act for act in numbered}
    countries: set[str] = set()
    unknown: list[ActDesignator] = []
    for designator in designators:
        if designator.kind == COUNTRY:
            if quote is None and not _has_acts_of(ask, designator.jurisdiction_hint):
                raise _not_loaded(ask, designator)
            countries.add(designator.jurisdiction_hint or ask.knowledge.home)
            continue
        loaded = ask.knowledge.names.by_number(designator.number)
        if not loaded:
            unknown.append(designator)
        named.update((act.id, act) for act in loaded)
    if unknown and not named and quote is None:
        raise _not_loaded(ask, unknown[0])
    jurisdictions = frozenset({ask.knowledge.home, *countries, *(a.jurisdiction for a in named.values())})
    return replace(
        ask,
        intent=intent,
        designators=designators,
        references=references,
        quote=quote,
        acts=tuple(named.values()),
        scope=Scope(as_of=ask.as_of, jurisdictions=jurisdictions),
    )


def _without_acts(ask: Ask, references: tuple[Reference, ...]) -> tuple[tuple[Reference, ...], list[Act]]:
    """Take for an act what looks like a form's number («п. 1 8-ПР») where an act so numbered is loaded."""
    kept: list[Reference] = []
    acts: list[Act] = []
    for reference in references:
        if _FORM_SAID.search(ask.question[slice(*reference.span)]):
            kept.append(reference)
            continue
        steps = []
        for step in reference.steps:
            named = ask.knowledge.names.by_number(step.number) if step.level is Level.FORM else []
            acts.extend(named)
            if not named:
                steps.append(step)
        if steps:
            kept.append(replace(reference, steps=tuple(steps)))
    return tuple(kept), acts


def _quoted(ask: Ask) -> tuple[Intent, str | None]:
    """Return the quote whose clause is wanted; a question that is hardly more than a quote asks for its clause."""
    quote = quoted(ask.question)
    if quote is None or ask.intent is Intent.FIND_CLAUSE:
        return ask.intent, quote
    if ask.intent is Intent.ASK and len(quote) >= MOSTLY_QUOTE * len(ask.question):
        return Intent.FIND_CLAUSE, quote
    return ask.intent, None


def _has_acts_of(ask: Ask, jurisdiction: str | None) -> bool:
    return any(act.jurisdiction == jurisdiction for act in ask.knowledge.names.acts)


def _not_loaded(ask: Ask, designator: ActDesignator) -> Abstained:
    written = ask.question[designator.span[0] : designator.span[1]].strip()
    digits = digits_key(designator.number)
    for replacement in ask.knowledge.replaced:
        if digits and digits == digits_key(replacement.number):
            by = replacement.by
            text = message("not_in_force.act_replaced", ask.spoken, act=replacement.number, by=act_name(by, ask.spoken))
            return Abstained(Abstention.NOT_IN_FORCE, text)
    return Abstained(Abstention.NO_SOURCE, message("no_source.act_not_loaded", ask.spoken, act=written))
