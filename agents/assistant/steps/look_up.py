"""Follows references to clauses («п. 5.2.12 СП РК 2.02-101»)."""

from dataclasses import replace

from agents.assistant.context import Abstained, Ask
from agents.assistant.intents import Intent
from agents.assistant.messages import message
from core.languages import Language
from core.records import Abstention, Act, Clause
from knowledge_base.clauses.labels import act_name
from knowledge_base.clauses.references import Reference
from knowledge_base.search.lookup import Wanted, nearest_number, resolve

TITLE_SAID = 0.5
"""Share of an act's title words a question must say to be taken to name the act."""


def look_up(ask: Ask) -> Ask:
    """Set the clauses referred to. Abstain where there is no such clause, or its text says that it has lapsed."""
    if ask.quote is not None or not ask.references:
        return ask
    found: list[Clause] = []
    for reference in ask.references:
        candidates = _candidate_acts(ask, reference)
        clauses = [
            c for act in candidates for c in resolve(Wanted(reference.steps, act), ask.knowledge.norms, ask.spoken)
        ]
        clauses = _in_redaction(ask, clauses)
        if not clauses and ask.acts:
            raise _missing(ask, reference, candidates)
        found.extend(clauses)
    if not found and ask.intent is Intent.QUOTE:
        raise _missing(ask, ask.references[0], [])
    found = _preferred(ask, found)
    if found and all(c.repealed for c in found):
        act = ask.knowledge.norms.act(found[0].act_id)
        text = message(
            "not_in_force.clause_repealed",
            ask.spoken,
            act=act_name(act, ask.spoken),
            clause=_written(ask, ask.references[0]),
        )
        raise Abstained(Abstention.NOT_IN_FORCE, text, found[:1])
    return replace(ask, referenced=tuple(found))


def _candidate_acts(ask: Ask, reference: Reference) -> list[Act]:
    if ask.acts:
        return list(ask.acts)
    home = [a for a in ask.knowledge.names.acts if a.jurisdiction == ask.knowledge.home]
    titled = [a for a, _ in ask.knowledge.names.by_title(ask.question, ask.spoken, TITLE_SAID) if a in home]
    with_it = [a for a in titled if resolve(Wanted(reference.steps, a), ask.knowledge.norms, ask.spoken)]
    return with_it or home


def _in_redaction(ask: Ask, clauses: list[Clause]) -> list[Clause]:
    """Keep clauses of the redaction that answers on the day: the one in force, else the last before it."""
    kept = []
    for clause in clauses:
        redactions = ask.knowledge.norms.redactions(clause.act_id)
        in_force = [r for r in redactions if r.in_force_on(ask.as_of)]
        begun = [r for r in redactions if r.valid_from is None or r.valid_from <= ask.as_of]
        answering = in_force or begun or list(redactions)
        newest = max(answering, key=lambda r: (r.valid_from is not None, r.valid_from), default=None)
        if newest is not None and clause.redaction_id == newest.id:
            kept.append(clause)
    return kept


def _preferred(ask: Ask, clauses: list[Clause]) -> list[Clause]:
    """One language for each place: the question's where it is there."""
    chosen: dict[tuple[object, ...], Clause] = {}
    for clause in clauses:
        key = (clause.act_id, clause.path)
        if key not in chosen or _rank(ask, clause) < _rank(ask, chosen[key]):
            chosen[key] = clause
    return list(chosen.values())


def _rank(ask: Ask, clause: Clause) -> tuple[bool, bool]:
    return (clause.language is not ask.spoken, clause.language is not Language.RU)


def _written(ask: Ask, reference: Reference) -> str:
    return ask.question[reference.span[0] : reference.span[1]].strip(" .,;:?!")


def _missing(ask: Ask, reference: Reference, acts: list[Act]) -> Abstained:
    written = _written(ask, reference)
    near = [c for a in acts if (c := nearest_number(Wanted(reference.steps, a), ask.knowledge.norms, ask.spoken))]
    if len(acts) == 1:
        text = message("no_source.clause_missing", ask.spoken, act=act_name(acts[0], ask.spoken), clause=written)
    else:
        text = message("no_source.clause_missing_anywhere", ask.spoken, clause=written)
    return Abstained(Abstention.NO_SOURCE, text, near[:1])
