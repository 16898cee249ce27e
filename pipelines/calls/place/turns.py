"""A call as turns of tokens: each word with what it is in an address, and where its segment is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from core.call_records import Evidence, LegName, Segment, Word
from pipelines.calls.place.word_lists import Role, WordUse, address_words, garbled_word
from pipelines.calls.spoken_numbers import NumberSpan, clean_word, find_numbers, phones

_JOINS_WITHIN_S = 3.0
"""Segments of one leg closer than this, with nobody between, are one turn: a transcriber cuts within an address."""
CERTAIN = 0.75
"""Probability of a word under which it may be another word that sounds alike."""
ANSWERED_WITHIN = 3
"""Turns for which a question about the address is being answered."""
_GIVING_ADDRESS: tuple[Role, ...] = ("street", "house", "settlement", "district", "flat", "km")
_PARTING = frozenset(",.!?…:;—–")


@dataclass(frozen=True)
class Token:
    """A word of a call. `segment` counts in the call; `closes` when punctuation after it parts phrases."""

    raw: str
    text: str
    segment: int
    use: WordUse | None
    closes: bool
    asks: bool
    probability: float = 1.0

    @property
    def role(self) -> Role | None:
        """What the word is in an address, or None."""
        return self.use.role if self.use else None

    @property
    def capital(self) -> bool:
        """Whether it is written with a capital letter."""
        return self.raw.lstrip("«\"'(—-")[:1].isupper()


@dataclass(frozen=True)
class Turn:
    """What one side says without a break."""

    index: int
    leg: LegName
    tokens: tuple[Token, ...]
    numbers: tuple[NumberSpan, ...]

    def number_at(self, position: int) -> NumberSpan | None:
        """Return the number that starts at a token."""
        return self._starts.get(position)

    @cached_property
    def _starts(self) -> dict[int, NumberSpan]:
        return {number.start: number for number in self.numbers}

    def has(self, role: Role) -> bool:
        """Tell whether a word of this role is said."""
        return any(token.role == role for token in self.tokens)

    @property
    def asks_address(self) -> bool:
        """Whether an address or a part of one is asked for."""
        return self.has("ask") or (self.asks and any(self.has(role) for role in _GIVING_ADDRESS))

    @property
    def asks(self) -> bool:
        """Whether a question is put."""
        return any(token.asks for token in self.tokens)


def read_turns(segments: Sequence[Segment]) -> tuple[Turn, ...]:
    """Return the turns of a call in the order they were said."""
    order = sorted(range(len(segments)), key=lambda index: (segments[index].start_s, segments[index].end_s))
    groups: list[list[int]] = []
    for index in order:
        last = segments[groups[-1][-1]] if groups else None
        here = segments[index]
        joins = last is not None and last.leg is here.leg and here.start_s - last.end_s <= _JOINS_WITHIN_S
        if joins and here.leg is not LegName.MIXED:
            groups[-1].append(index)
        else:
            groups.append([index])
    turns = [_turn(number, [(index, segments[index]) for index in group]) for number, group in enumerate(groups)]
    asked = [turn.index for turn in turns if turn.asks_address]
    return tuple(
        _with_garbled(turn) if any(0 <= turn.index - index <= ANSWERED_WITHIN for index in asked) else turn
        for turn in turns
    )


def _with_garbled(turn: Turn) -> Turn:
    """Take what sounds like a word of addresses for it, where an address is being given."""
    tokens = tuple(
        replace(token, use=garbled_word(token.text)) if token.use is None and token.probability < CERTAIN else token
        for token in turn.tokens
    )
    return replace(turn, tokens=tokens)


def evidence(segments: Sequence[Segment], turn: Turn, start: int, end: int) -> tuple[Evidence, ...]:
    """Return the words of tokens `start` to `end` (exclusive), one evidence for each segment they lie in."""
    found: list[Evidence] = []
    for index in dict.fromkeys(token.segment for token in turn.tokens[start:end]):
        before = sum(1 for token in turn.tokens[:start] if token.segment == index)
        count = sum(1 for token in turn.tokens[start:end] if token.segment == index)
        words = segments[index].words[before : before + count]
        text = " ".join(word.text for word in words)
        found.append(Evidence(segments[index].leg, words[0].start_s, words[-1].end_s, text))
    return tuple(found)


def _turn(number: int, members: Sequence[tuple[int, Segment]]) -> Turn:
    pairs = [(index, word) for index, segment in members for word in segment.words]
    words = [word.text for _, word in pairs]
    dialled = phones(words)
    numbers = tuple(n for n in find_numbers(words) if not any(p.start <= n.start < p.end for p in dialled))
    return Turn(number, members[0][1].leg, tuple(_token(index, word) for index, word in pairs), numbers)


def _token(segment: int, word: Word) -> Token:
    raw = word.text
    text, bare, uses = clean_word(raw), raw.rstrip("»\")'"), address_words()
    shortened = uses.get(text + ".") if bare.endswith(".") else None
    closes = shortened is None and bare[-1:] in _PARTING
    return Token(raw, text, segment, shortened or uses.get(text), closes, bare.endswith("?"), word.probability)
