"""A part of an address that a turn names, and the turn while it is being read."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from pipelines.calls.place.gazetteer import Gazetteer, Match
from pipelines.calls.place.turns import CERTAIN, Token, Turn

Slot = Literal["region", "district", "settlement", "street", "corner", "house", "flat", "floor", "entrance"]
MOST_NAME_WORDS = 3
_KAZAKH = frozenset("әғқңөұүһі")


@dataclass(frozen=True)
class Mention:
    """A part of an address named in tokens `start` to `end` (exclusive) of a turn.

    `strength`: 0..1, how surely this is where it happens, not some other place. `score`: 0..1, how surely it was heard.
    `corrects`: said as a correction of what was said before.
    """

    slot: Slot
    value: str
    turn: Turn
    start: int
    end: int
    strength: float
    score: float = 1.0
    corrects: bool = False
    places: tuple[Match, ...] = ()


@dataclass
class Reading:
    """One turn being read: `taken` tokens already belong to a mention; `asked` is the other side's turn before.

    `read_back` is what that turn named.
    """

    turn: Turn
    asked: Turn | None
    gazetteer: Gazetteer
    read_back: tuple[Mention, ...] = ()
    just_asked: bool = False  # an address was asked for within the last few turns, by either side
    taken: set[int] = field(default_factory=set)
    found: list[Mention] = field(default_factory=list)

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The words of the turn."""
        return self.turn.tokens

    @property
    def in_context(self) -> bool:
        """Whether an address is being given: it was just asked for, or the turn asks for one or names parts of one."""
        return self.just_asked or bool(self.found) or self.turn.asks_address

    def add(self, mention: Mention) -> None:
        """Keep a mention; it corrects when words of correction stand before it in the turn."""
        corrected = any(token.role == "correct" for token in self.tokens[: mention.start])
        self.found.append(replace(mention, corrects=mention.corrects or corrected))
        self.taken.update(range(mention.start, mention.end))

    def said(self, start: int, end: int) -> str:
        """Return the words of a span, without punctuation."""
        return " ".join(token.text for token in self.tokens[start:end])

    def closeness(self, start: int, end: int, *, sure: float, unsure: float) -> float:
        """How like a known name a span must be to be taken for it: less where the transcriber itself was unsure."""
        certain = all(token.probability >= CERTAIN for token in self.tokens[start:end])
        return sure if certain else unsure

    def may_name(self, position: int) -> bool:
        """Whether the token may be a word of a name: free, not a word of addresses, not a number."""
        token = self.turn.tokens[position]
        if token.use is not None or len(token.text) < 2 or position in self.taken:
            return False
        return self.turn.number_at(position) is None

    def right_of(self, position: int) -> Iterator[tuple[int, int]]:
        """Spans of one to three words after `position` that may be a name, the longest first."""
        end = position + 1
        if not self.tokens[position].closes:
            while end < len(self.tokens) and end - position <= MOST_NAME_WORDS and self.may_name(end):
                end += 1
                if self.tokens[end - 1].closes:
                    break
        for last in range(end, position + 1, -1):
            yield position + 1, last

    def left_of(self, position: int) -> Iterator[tuple[int, int]]:
        """Spans of one to three words before `position` that may be a name, the longest first."""
        start = position
        while start > 0 and position - start < MOST_NAME_WORDS and self.may_name(start - 1):
            if self.tokens[start - 1].closes:
                break
            start -= 1
        for first in range(start, position):
            yield first, position


def is_kazakh(token: Token) -> bool:
    """Tell whether a word of addresses is Kazakh, and so follows the name."""
    return not _KAZAKH.isdisjoint(token.text) or token.text in ("аулы", "аулында", "каласы", "кошеси", "дангылы")


def as_written(token: Token) -> str:
    """Return the word as heard, with a capital and without punctuation."""
    word = token.raw.strip("«»\"'()[]…—–-.,:;!?")
    return word[:1].upper() + word[1:]
