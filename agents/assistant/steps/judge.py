"""Decides whether what was found answers the question: a wrong answer costs more than none."""

import re
from dataclasses import replace

from agents.assistant.context import Abstained, Ask
from agents.assistant.intents import Intent
from agents.assistant.messages import message
from core.languages import Language
from core.records import Abstention
from knowledge_base.search.query import Idea, Query, credit
from knowledge_base.search.ranking import analysed
from knowledge_base.search.search import Found

# Thresholds set on the tuning half of the dev questions; see docs/adr/0011-answers-and-abstention.md.
LEAST_CONFIDENCE = 0.30
NOTHING_IN_COMMON = 0.16

_HOW_MANY = {
    Language.RU: re.compile(r"(?:сколько|скока|скольки)\s+(?:(?:раз|всего)\s+в\s+)?(\w+)", re.IGNORECASE),
    Language.KK: re.compile(r"(?:неше|қанша)\s+(\w+)", re.IGNORECASE),
    Language.EN: re.compile(r"how\s+(?:many|much)\s+(\w+)", re.IGNORECASE),
}
_NOT_ASKED_FOR = 0.6
"""What remains of the confidence when no clause found says the unit asked for («сколько тенге»)."""


def judge(ask: Ask) -> Ask:
    """Pass on what is sure enough; abstain otherwise, showing the nearest."""
    if ask.referenced and ask.intent is Intent.QUOTE:
        return ask
    if not ask.found:
        raise Abstained(Abstention.NO_SOURCE, message("low_confidence.default", ask.spoken))
    assert ask.query is not None
    best = max(confidence(ask.query, f) for f in ask.found[:3])
    nearest = [f.clause for f in ask.found[:2]]
    if best < NOTHING_IN_COMMON and not ask.referenced:
        raise Abstained(Abstention.OUT_OF_SCOPE, message("out_of_scope.default", ask.spoken))
    if best < LEAST_CONFIDENCE:
        raise Abstained(Abstention.LOW_CONFIDENCE, message("low_confidence.default", ask.spoken), nearest)
    return replace(ask, found=ask.found)


def confidence(query: Query, found: Found) -> float:
    """Return how sure we are, 0..1, that a found clause speaks of the question."""
    present = analysed(found.clause).present
    value = 0.75 * found.signals.coverage + 0.25 * found.signals.dense
    asked = _counted(query)
    if asked is not None and credit(asked, found.clause.language, present) < 0.3:
        value *= _NOT_ASKED_FOR
    return min(value, 1.0)


def _counted(query: Query) -> Idea | None:
    """Return the idea whose number is asked for («сколько тенге» -> тенге), or None."""
    match = _HOW_MANY[query.language].search(query.text)
    if match is None:
        return None
    word = match[1].lower()
    return next((i for i in query.ideas if word in i.surface.split()), None)
