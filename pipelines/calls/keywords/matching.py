"""Where patterns occur among the tokens of a segment."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.calls.keywords.patterns import MAX_GAP, Pattern, Slot
from pipelines.calls.keywords.phonetics import fold_letters
from pipelines.calls.keywords.vocabulary import Fits, Vocabulary, keep
from pipelines.calls.keywords.words import Token

KAZAKH_SHARE = 0.2
"""Share of words with Kazakh letters from which a segment is Kazakh and is read as written only."""


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


@dataclass(frozen=True)
class _Reading:
    """What a word may be: atoms it fits, and patterns of which it is the only, the first or the second word."""

    fits: Fits
    only: frozenset[int]
    first: frozenset[int]
    second: frozenset[int]


class Matcher:
    """Finds a fixed set of patterns. `by_sound`: mishearings count too. Safe to share between threads."""

    def __init__(self, patterns: Sequence[Pattern], *, by_sound: bool) -> None:
        self._vocabulary = Vocabulary(atom for p in patterns for slot in p for atom in slot.atoms)
        self._by_sound = by_sound
        self._slots = [[self._numbers(slot) for slot in pattern] for pattern in patterns]
        self._gaps = [[slot.gap for slot in pattern] for pattern in patterns]
        self._only: defaultdict[int, set[int]] = defaultdict(set)
        self._first: defaultdict[int, set[int]] = defaultdict(set)
        self._second: defaultdict[int, set[int]] = defaultdict(set)
        for number, slots in enumerate(self._slots):
            for atom in slots[0]:
                (self._first if len(slots) > 1 else self._only)[atom].add(number)
            for atom in slots[1] if len(slots) > 1 else ():
                self._second[atom].add(number)
        self._readings: dict[tuple[str, bool], _Reading] = {}

    def _numbers(self, slot: Slot) -> frozenset[int]:
        return frozenset(self._vocabulary.number[atom] for atom in slot.atoms)

    def find(self, tokens: Sequence[Token]) -> Iterator[Match]:
        """Yield every match; a pattern never runs past the end of a sentence."""
        kazakh = sum(fold_letters(t.text) != t.text for t in tokens) > KAZAKH_SHARE * len(tokens)
        readings = [self._read(token.text, kazakh) for token in tokens]
        for place in range(len(tokens)):
            yield from self._begun_at(place, tokens, readings)
            if self._by_sound:
                yield from self._joined(place, tokens, readings)

    def _read(self, word: str, kazakh: bool) -> _Reading:
        held = self._readings.get((word, kazakh))
        if held is None:
            heard = self._vocabulary.heard(word) if self._by_sound and not kazakh else {}
            held = self._reading({**heard, **self._vocabulary.written(word)})
            keep(self._readings, (word, kazakh), held)
        return held

    def _reading(self, fits: Fits) -> _Reading:
        only, first, second = (
            frozenset(number for atom in fits for number in index.get(atom, ()))
            for index in (self._only, self._first, self._second)
        )
        return _Reading(fits, only, first, second)

    def _begun_at(self, place: int, tokens: Sequence[Token], readings: Sequence[_Reading]) -> Iterator[Match]:
        reading = readings[place]
        for number in reading.only:
            score = max(reading.fits.get(atom, 0.0) for atom in self._slots[number][0])
            yield Match(number, (place,), place + 1, score)
        if not reading.first:
            return
        for after in range(place + 1, min(place + 2 + MAX_GAP, len(tokens))):
            if tokens[after].sentence != tokens[place].sentence:
                return
            for number in reading.first & readings[after].second:
                if after - place - 1 <= self._gaps[number][1]:
                    found = self._follow(number, (place, after), tokens, readings)
                    if found is not None:
                        yield found

    def _follow(
        self, number: int, places: tuple[int, ...], tokens: Sequence[Token], readings: Sequence[_Reading]
    ) -> Match | None:
        slots = self._slots[number]
        slot = len(places)
        if slot == len(slots):
            score = min(max(readings[p].fits.get(a, 0.0) for a in s) for p, s in zip(places, slots, strict=True))
            return Match(number, places, places[-1] + 1, score)
        after = places[-1] + 1
        for place in range(after, min(after + self._gaps[number][slot] + 1, len(tokens))):
            if tokens[place].sentence != tokens[places[0]].sentence:
                break
            if not slots[slot].isdisjoint(readings[place].fits):
                found = self._follow(number, (*places, place), tokens, readings)
                if found is not None:
                    return found
        return None

    def _joined(self, place: int, tokens: Sequence[Token], readings: Sequence[_Reading]) -> Iterator[Match]:
        if place + 1 >= len(tokens) or readings[place].only or readings[place + 1].only:
            return
        left, right = tokens[place], tokens[place + 1]
        if left.sentence != right.sentence:
            return
        for atom, score in self._vocabulary.joined(left.text, right.text).items():
            for number in self._only.get(atom, ()):
                yield Match(number, (place,), place + 2, score)
