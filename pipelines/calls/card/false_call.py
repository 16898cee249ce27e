"""Signs of a false call. Precision first: a call is false only where the signs outweigh every sign that it is real."""

from dataclasses import dataclass
from functools import lru_cache

from core.call_records import Evidence, LegName
from pipelines.calls.card.cues import CueSet
from pipelines.calls.card.tables import false_calls
from pipelines.calls.card.text import CallText


@dataclass(frozen=True)
class Falsehood:
    """How much speaks for a false call, whether that is enough, and the words."""

    is_false: bool
    is_silent: bool
    score: float
    evidence: tuple[Evidence, ...]


@lru_cache(maxsize=1)
def _cues() -> CueSet:
    table = false_calls()
    return CueSet({sign.id: sign.cues for sign in (*table.signs, *table.against)})


def read_falsehood(text: CallText) -> Falsehood:
    """Return the weight of signs of a false call; each sign counts once, and half again when repeated."""
    table = false_calls()
    hits = [h for h in _cues().find(text) if h.exact and not h.supposed]
    score = 0.0
    evidence: list[Evidence] = []
    for sign, factor in [(s, 1.0) for s in table.signs] + [(s, -1.0) for s in table.against]:
        other = LegName.OPERATOR if sign.who == "caller" else LegName.CALLER
        found = [h for h in hits if h.cue == sign.id and h.leg is not other and not (h.negated and factor < 0)]
        if not found:
            continue
        score += factor * sign.weight * (1.5 if len(found) > 1 else 1.0)
        if factor > 0:
            evidence.extend(text.evidence(h.start, h.end) for h in found[:2])
    caller = [t for t in text.tokens if t.leg is not LegName.OPERATOR]
    meaningful = [t for t in caller if t.text not in {"алло", "ало", "але", "э", "м", "мм", "эм"}]
    silent = len(meaningful) <= table.unclear_words and len(text.tokens) > len(caller) >= 0
    return Falsehood(score >= table.threshold and not silent, silent, score, tuple(evidence[:4]))
