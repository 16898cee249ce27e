"""Decides whether what was found answers the question: a wrong answer costs more than none."""

import re
from collections.abc import Mapping, Sequence

from agents.assistant.context import Abstained, Ask
from agents.assistant.intents import Intent
from agents.assistant.messages import message
from core.languages import Language
from core.records import Abstention
from knowledge_base.search.query import Idea, Query, credit
from knowledge_base.search.ranking import analysed
from knowledge_base.search.search import Found

# Set on half of the dev questions; see docs/adr/0011-answers-and-abstention.md.
LEAST_CONFIDENCE = 0.30
LEAST_CONFIDENCE_ACROSS = 0.25
"""The same where the best clause is in another language than the question: translated words say less of it."""

NOTHING_IN_COMMON = 0.12
COVERAGE, CLOSENESS, PHRASES = 0.6, 0.25, 0.15
DEFINED = 0.25
"""Added where a term's meaning is asked for and the clause defines a term that the question says."""

_HOW_MANY = {
    Language.RU: re.compile(r"(?:сколько|скока|скольки)\s+(?:раз\s+в\s+|всего\s+)?(\w+)", re.IGNORECASE),
    Language.KK: re.compile(r"(?:неше|қанша)\s+(\w+)", re.IGNORECASE),
    Language.EN: re.compile(r"how\s+(?:many|much)\s+(\w+)", re.IGNORECASE),
}
_MEASURES = re.compile(
    r"(?:тенге|теңге|tenge|год|лет|жыл|year|месяц|ай(?:да|ға)?$|month|дн[яей]|день|күн|day|сут|тәулік|час|сағат|hour|минут|minute|секунд|second"
    r"|процент|пайыз|percent|литр|градус|рубл|доллар)",
    re.IGNORECASE,
)
_NUMBER_BEFORE = 3
"""Words within which a number stands before its unit («в течение 10 рабочих дней»)."""

_NOT_ASKED_FOR = 0.45
"""What remains of the confidence when no clause found says the unit asked for («сколько тенге»)."""


def judge(ask: Ask) -> Ask:
    """Pass on what is sure enough; abstain otherwise, showing the nearest."""
    if ask.referenced and ask.intent is Intent.QUOTE:
        return ask
    if not ask.found:
        raise Abstained(Abstention.NO_SOURCE, message("no_source.nothing_found", ask.spoken))
    assert ask.query is not None
    best, sure = max(
        ((confidence(ask.query, f, definition=ask.intent is Intent.DEFINE), f) for f in ask.found[:3]),
        key=lambda pair: pair[0],
    )
    least = LEAST_CONFIDENCE if sure.clause.language is ask.spoken else LEAST_CONFIDENCE_ACROSS
    nearest = [f.clause for f in ask.found[:2]]
    if best < NOTHING_IN_COMMON and not ask.referenced:
        raise Abstained(Abstention.NO_SOURCE, message("no_source.nothing_found", ask.spoken))
    if best < least:
        raise Abstained(Abstention.LOW_CONFIDENCE, message("low_confidence.default", ask.spoken), nearest)
    return ask


def confidence(query: Query, found: Found, *, definition: bool = False) -> float:
    """Return how sure we are, 0..1, that a found clause speaks of the question."""
    signals = found.signals
    value = COVERAGE * signals.coverage + CLOSENESS * signals.dense + PHRASES * signals.phrases
    if definition:
        value += DEFINED * signals.title
    if not _says_what_is_counted(query, found):
        value *= _NOT_ASKED_FOR
    return min(value, 1.0)


def _says_what_is_counted(query: Query, found: Found) -> bool:
    """Tell whether a clause holds what «how many …» asks for: for a unit of measure, the unit with a number."""
    match = _HOW_MANY[query.language].search(query.text)
    word = match[1].lower() if match else ""
    counted = next((i for i in query.ideas if word and word in i.surface.split()), None)
    if counted is None:
        return True
    places = analysed(found.clause).places
    if credit(counted, found.clause.language, dict.fromkeys(places, 1.0)) < _SAID:
        return False
    return not _MEASURES.match(word) or _number_beside(counted, found.clause.language, places)


_SAID = 0.3


def _number_beside(counted: Idea, language: Language, places: Mapping[str, Sequence[int]]) -> bool:
    numbers = [at for term, spots in places.items() if term.startswith("n:") for at in spots]
    units = [
        at
        for wording in counted.wordings.get(language, ())
        for word in wording.words
        for term in word
        for at in places.get(term, ())
    ]
    return any(0 < unit - number <= 2 * _NUMBER_BEFORE for unit in units for number in numbers)
