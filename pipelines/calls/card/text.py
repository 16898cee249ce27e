"""The words of a call in the order spoken, with who said them, in which sentence and clause, and whether asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from core.call_records import Evidence, LegName, Segment

_FOLDED = str.maketrans("ёәғқңөұүһі", "еагкноуухи")
_EDGES = " \t\n.,!?…;:«»\"'“”„()[]–—-"
_PAUSE_S = 1.2  # a longer silence between segments of one leg ends a sentence, whatever the punctuation says


@lru_cache(maxsize=16_384)
def fold(word: str) -> str:
    """Return a word as cues are compared: lower case, no punctuation, Kazakh letters as a Russian ear writes them."""
    return word.lower().strip(_EDGES).translate(_FOLDED)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the call; `turn`, `sentence` and `clause` are running numbers over the whole call."""

    text: str  # folded
    raw: str
    leg: LegName
    segment: int
    start_s: float
    end_s: float
    turn: int
    sentence: int
    clause: int
    opens_sentence: bool


@dataclass(frozen=True)
class CallText:
    """All words of a call. `questions` holds the numbers of the sentences that end with a question mark."""

    tokens: tuple[Token, ...]
    questions: frozenset[int]

    def evidence(self, start: int, end: int) -> Evidence:
        """Return tokens [start, end) as evidence; they must be of one leg."""
        chosen = self.tokens[start:end]
        return Evidence(
            leg=chosen[0].leg,
            start_s=chosen[0].start_s,
            end_s=chosen[-1].end_s,
            text=" ".join(token.raw for token in chosen),
        )

    def is_question(self, position: int) -> bool:
        """Tell whether the token stands in a sentence that ends with a question mark."""
        return self.tokens[position].sentence in self.questions

    def spans(self, leg: LegName | None = None) -> list[tuple[int, int]]:
        """Return the sentences as [start, end) positions, in order; of one leg where given (mixed counts as both)."""
        found: list[tuple[int, int]] = []
        start = 0
        for position in range(1, len(self.tokens) + 1):
            ended = position == len(self.tokens) or self.tokens[position].sentence != self.tokens[start].sentence
            if ended:
                if leg is None or self.tokens[start].leg in (leg, LegName.MIXED):
                    found.append((start, position))
                start = position
        return found


def read_text(segments: Iterable[Segment]) -> CallText:
    """Return the words of the committed segments in the order of their start."""
    tokens: list[Token] = []
    questions: set[int] = set()
    turn = sentence = clause = -1
    last: Segment | None = None
    broken = True
    ordered: Sequence[Segment] = sorted((s for s in segments if s.committed), key=lambda s: (s.start_s, s.leg.value))
    for number, segment in enumerate(ordered):
        changed = last is None or last.leg is not segment.leg
        if changed:
            turn += 1
        if changed or (last is not None and segment.start_s - last.end_s > _PAUSE_S):
            broken = True
        for word in segment.words:
            for piece in word.text.split():
                if broken:
                    sentence, clause, broken = sentence + 1, clause + 1, False
                text = fold(piece)
                if piece.startswith("-") and text.isalpha() and tokens and tokens[-1].segment == number:
                    tokens[-1] = replace(tokens[-1], text=f"{tokens[-1].text}-{text}", raw=tokens[-1].raw + piece)
                elif text:
                    opens = not tokens or tokens[-1].sentence != sentence
                    place = (turn, sentence, clause, opens)
                    tokens.append(Token(text, piece, segment.leg, number, word.start_s, word.end_s, *place))
                ending = piece.rstrip("»\"')”")[-1:]
                if ending in {".", "!", "?", "…"}:
                    if ending == "?":
                        questions.add(sentence)
                    broken = True
                elif ending in {",", ";", ":", "—", "–"}:
                    clause += 1
        last = segment
    return CallText(tuple(tokens), frozenset(questions))
