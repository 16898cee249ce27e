"""Whether a mention states a fact, or is denied, asked, supposed, advised about, unreal or figurative.

Only the segment itself is read, so what is said later never changes the tags of what was said before.
"""

from collections.abc import Sequence

from core.call_records import LegName
from knowledge_base.search.analysis import grammemes_ru
from pipelines.calls.keywords.contexts import Contexts
from pipelines.calls.keywords.matching import Match
from pipelines.calls.keywords.words import Token

_NEAR = 5
"""Tokens before a phrase within which a denial reaches it; recognised speech often has no commas to end it."""
_SENTENCE_NEAR = 9
"""The same for suppositions, which govern a whole sentence."""
CONDITIONS = frozenset({"если", "егер", "чтобы", "чтоб"})
"""Words that suppose also what follows the next comma."""


class Reading:
    """The cues of one segment, asked about each of its phrases."""

    def __init__(self, tokens: Sequence[Token], leg: LegName, contexts: Contexts) -> None:
        self._tokens = tokens
        self._leg = leg
        self._contexts = contexts
        self._cues = contexts.find(tokens)

    def is_asserted(self, phrase: Match, category: str, *, denies: bool) -> bool:
        """Tell whether the phrase is said as a fact. `denies`: a denial is part of it («света нет», «не дышит»)."""
        announced = category in self._contexts.announced and self._has(phrase, "VERB", "INFN")
        return not (
            self._is_figurative(phrase)
            or (self._is_twice_denied(phrase) if denies else self._is_denied(phrase))
            or self._is_unreal(phrase)
            or self._is_asked(phrase)
            or self._is_advised(phrase)
            or (self._is_supposed(phrase, denies=denies) and not announced)
            or (self._is_future(phrase) and category not in self._contexts.pleaded)
        )

    def _is_figurative(self, phrase: Match) -> bool:
        return any(
            c.start < phrase.end and phrase.start < c.end and self._same_clause(c.start, c.end - 1)
            for c in self._cues["figurative"]
        )

    def _is_denied(self, phrase: Match) -> bool:
        own = set(phrase.places)
        for cue in self._cues["denied_right_before"]:
            inside = phrase.start < cue.start < phrase.end and cue.start not in own
            if cue.end == phrase.start and self._same_clause(cue.start, phrase.start):
                return True
            if inside:
                return True
        return any(
            cue.end <= phrase.start
            and phrase.start - cue.end <= _NEAR
            and self._same_clause(cue.start, phrase.start)
            and not self._another_verb(cue.end, phrase.start)
            and not self._has(phrase, "nomn")
            for cue in self._cues["denied_before"]
        ) or any(
            0 <= cue.start - phrase.end <= 1 and self._same_clause(cue.start, phrase.end - 1)
            for cue in self._cues["denied_after"]
        )

    def _is_twice_denied(self, phrase: Match) -> bool:
        """Tell whether a phrase that denies is denied itself: «он не без сознания»."""
        before = phrase.start - 1
        return before >= 0 and (self._tokens[before].text, self._tokens[phrase.start].text) == ("не", "без")

    def _is_supposed(self, phrase: Match, *, denies: bool) -> bool:
        past = self._has(phrase, "past")
        return (
            any(
                cue.end <= phrase.start
                and phrase.start - cue.end <= _SENTENCE_NEAR
                and self._same_sentence(cue.start, phrase.start)
                and self._governs(cue, phrase)
                for cue in self._cues["supposed_before"]
            )
            or any(
                not past and abs(cue.start - phrase.start) <= _NEAR and self._in_its_clause(cue.start, phrase)
                for cue in self._cues["supposed_beside"]
                if not (phrase.start <= cue.start < phrase.end and (denies or cue.start in phrase.places))
                and self._has(phrase, "INFN", "futr")
            )
            or any(
                0 <= cue.start - phrase.end <= 1 and self._same_clause(cue.start, phrase.end - 1)
                for cue in self._cues["supposed_after"]
            )
        )

    def _is_unreal(self, phrase: Match) -> bool:
        return any(
            self._same_sentence(cue.start, phrase.start) and not set(cue.places) <= set(phrase.places)
            for cue in self._cues["unreal"]
        )

    def _is_asked(self, phrase: Match) -> bool:
        asked = any(self._tokens[p].asked for p in phrase.places)
        kind = "asks_of_caller" if self._leg is LegName.CALLER else "asks"
        cued = any(
            self._same_sentence(cue.start, phrase.start) and not set(cue.places) <= set(phrase.places)
            for cue in self._cues[kind]
        )
        if self._leg is LegName.CALLER:
            return asked and cued
        return asked or (cued and self._leg is LegName.OPERATOR)

    def _is_advised(self, phrase: Match) -> bool:
        if self._leg is not LegName.OPERATOR:
            return False
        clause = self._tokens[phrase.start].clause
        near = [
            t
            for place, t in enumerate(self._tokens)
            if t.clause == clause and phrase.start - _NEAR <= place < phrase.end + _NEAR
        ]
        return any("impr" in grammemes_ru(t.text) for t in near) or any(
            self._same_clause(cue.start, phrase.start) for cue in self._cues["advises"]
        )

    def _is_future(self, phrase: Match) -> bool:
        return self._has(phrase, "futr")

    def _has(self, phrase: Match, *grammemes: str) -> bool:
        return any(not grammemes_ru(self._tokens[p].text).isdisjoint(grammemes) for p in phrase.places)

    def _another_verb(self, start: int, end: int) -> bool:
        return any("VERB" in grammemes_ru(self._tokens[p].text) for p in range(start, end))

    def _governs(self, cue: Match, phrase: Match) -> bool:
        """Tell whether a supposition reaches a phrase: «боюсь, что рванёт», not «боюсь выйти, он с ножом»."""
        clauses = self._tokens[phrase.start].clause - self._tokens[cue.end - 1].clause
        if clauses != 1 or self._tokens[cue.start].text in CONDITIONS:
            return clauses <= 1
        between = range(cue.end, phrase.end)
        return any(not grammemes_ru(self._tokens[p].text).isdisjoint(("futr", "INFN")) for p in between)

    def _in_its_clause(self, place: int, phrase: Match) -> bool:
        return self._same_clause(place, phrase.start) or self._same_clause(place, phrase.end - 1)

    def _same_clause(self, left: int, right: int) -> bool:
        return self._tokens[left].clause == self._tokens[right].clause

    def _same_sentence(self, left: int, right: int) -> bool:
        return self._tokens[left].sentence == self._tokens[right].sentence
