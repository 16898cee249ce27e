"""Words of a segment as the tagger reads them: lower case, one token a word, with their sentences and clauses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.call_records import Word

_PIECE = re.compile(r"[^\W_]+")
_SENTENCE_END = re.compile(r"[.!?…]")
_CLAUSE_END = re.compile(r"[,;:—–]|\s-\s?$")


@dataclass(frozen=True)
class Token:
    """A word in lower case without punctuation (ё as е); `word` is its place among the segment's words."""

    text: str
    word: int
    sentence: int
    clause: int
    asked: bool  # its sentence ends with a question mark
    probability: float


def read_tokens(words: Sequence[Word]) -> tuple[Token, ...]:
    """Return the tokens of a segment in order; a word may hold several («кто-нибудь») or none («—»)."""
    pieces: list[tuple[str, int, int, int, float]] = []
    asked: list[bool] = [False]
    sentence = clause = 0
    for place, word in enumerate(words):
        found = list(_PIECE.finditer(word.text.replace("\u00ad", "")))
        for match in found:
            pieces.append((match[0].lower().replace("ё", "е"), place, sentence, clause, word.probability))
        tail = word.text[found[-1].end() :] if found else word.text
        if _SENTENCE_END.search(tail):
            asked[sentence] = "?" in tail
            asked.append(False)
            sentence += 1
            clause += 1
        elif _CLAUSE_END.search(tail):
            clause += 1
    return tuple(Token(text, place, s, c, asked[s], p) for text, place, s, c, p in pieces)
