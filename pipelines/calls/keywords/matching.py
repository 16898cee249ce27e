"""Where patterns occur among the tokens of a segment."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.languages import Language
from pipelines.calls.keywords.patterns import Pattern, Slot
from pipelines.calls.keywords.phonetics import fold_letters
from pipelines.calls.keywords.vocabulary import Fits, Vocabulary
from pipelines.calls.keywords.words import Token

KAZAKH_SHARE = 0.2
"""Share of words with Kazakh letters from which a segment is Kazakh: its words are then no misheard Russian ones."""
UNSURE = 0.7
"""Probability under which a word may be taken for another that its neighbours suggest."""


@dataclass(frozen=True)
class Match:
    """A pattern (its number) found at tokens; `places` are those of its slots, `end` is after the last one."""

    pattern: int
    places: tuple[int, ...]
    end: int
    score: float  # 0..1: 1 as written, less by sound

    @property
    def start(self) -> int:
        """The first token."""
        return self.places[0]


class Matcher:
    """Finds a fixed set of patterns. `by_sound`: mishearings count too."""

    def __init__(self, patterns: Sequence[Pattern], *, by_sound: bool) -> None:
        self._vocabulary = Vocabulary(atom for p in patterns for slot in p for atom in slot.atoms)
        self._by_sound = by_sound
        self._slots = [[self._numbers(slot) for slot in pattern] for pattern in patterns]
        self._gaps = [[slot.gap for slot in pattern] for pattern in patterns]
        self._starting: defaultdict[int, list[int]] = defaultdict(list)
        for number, slots in enumerate(self._slots):
            for atom in slots[0]:
                self._starting[atom].append(number)

    def _numbers(self, slot: Slot) -> frozenset[int]:
        return frozenset(self._vocabulary.number[atom] for atom in slot.atoms)

    def find(self, tokens: Sequence[Token]) -> Iterator[Match]:
        """Yield every match; a pattern never runs past the end of a sentence."""
        written = [self._vocabulary.written(t.text) for t in tokens]
        heard = self._heard(tokens)
        fits = [{**h, **w} if h else w for h, w in zip(heard, written, strict=True)]
        for place in range(len(tokens)):
            for number in self._begun_by(fits[place]):
                found = self._follow(number, 1, (place,), tokens, fits)
                if found is not None:
                    yield found
            if self._by_sound:
                yield from self._loose(place, tokens, written, fits)
                yield from self._joined(place, tokens, fits)

    def _heard(self, tokens: Sequence[Token]) -> Sequence[Fits]:
        if not self._by_sound:
            return [{}] * len(tokens)
        kazakh = sum(fold_letters(t.text) != t.text for t in tokens) > KAZAKH_SHARE * len(tokens)
        return [self._vocabulary.heard(t.text, Language.KK if kazakh else None) for t in tokens]

    def _begun_by(self, fits: Fits) -> set[int]:
        return {number for atom in fits for number in self._starting.get(atom, ())}

    def _follow(
        self, number: int, slot: int, places: tuple[int, ...], tokens: Sequence[Token], fits: Sequence[Fits]
    ) -> Match | None:
        slots = self._slots[number]
        if slot == len(slots):
            score = min(max(fits[p].get(a, 0.0) for a in s) for p, s in zip(places, slots, strict=True))
            return Match(number, places, places[-1] + 1, score)
        after = places[-1] + 1
        for place in range(after, min(after + self._gaps[number][slot] + 1, len(tokens))):
            if tokens[place].sentence != tokens[places[0]].sentence:
                break
            if not slots[slot].isdisjoint(fits[place]):
                found = self._follow(number, slot + 1, (*places, place), tokens, fits)
                if found is not None:
                    return found
        return None

    def _loose(
        self, place: int, tokens: Sequence[Token], written: Sequence[Fits], fits: Sequence[Fits]
    ) -> Iterator[Match]:
        """Yield patterns of neighbours of which one word at `place` is far from its sound and the others as written."""
        if tokens[place].probability >= UNSURE:
            return
        guess = self._vocabulary.loosely_heard(tokens[place].text)
        if not guess:
            return
        trial = list(written)
        trial[place] = {**guess, **fits[place]}
        for start in range(max(0, place - 2), place + 1):
            for number in self._begun_by(trial[start]):
                found = self._follow(number, 1, (start,), tokens, trial)
                if found is None or place not in found.places:
                    continue
                if len(found.places) > 1 and found.end - found.start == len(found.places):
                    yield found

    def _joined(self, place: int, tokens: Sequence[Token], fits: Sequence[Fits]) -> Iterator[Match]:
        if place + 1 >= len(tokens) or fits[place] or fits[place + 1]:
            return
        left, right = tokens[place], tokens[place + 1]
        if left.sentence != right.sentence:
            return
        for atom, score in self._vocabulary.joined(left.text, right.text).items():
            for number in self._starting.get(atom, ()):
                if len(self._slots[number]) == 1:
                    yield Match(number, (place,), place + 2, score)
