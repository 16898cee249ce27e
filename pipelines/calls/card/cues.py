"""Cues: short word patterns that are looked for in a call, exactly, by stem, or as a telephone garbles them.

A pattern is words apart by spaces. `слов*` is a stem, `а|б` are alternatives, `не_едет|стоит` one of
two words among them, `..` stands for up to three words.
Words are compared folded (`text.fold`). A word unknown to the Russian dictionary may differ from a cue's word of
five letters by one letter, of eight by two: what a recogniser writes when it did not hear well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from core.call_records import LegName
from core.errors import ConfigurationError
from pipelines.calls.card.russian import is_russian_word
from pipelines.calls.card.text import CallText, fold

_GAP = ".."
_GAP_WORDS = 3
_FUZZY_FROM = 5  # letters
_TWO_ERRORS_FROM = 8
_NEGATIONS = frozenset(
    ["не", "ни", "нет", "никто", "никого", "никому", "ничего", "никаких", "никакой", "без", "ложный", "ложная"]
)
_NEGATIONS_AFTER = frozenset(["нет", "нету", "жок", "емес"])
_SUPPOSITIONS = frozenset(
    [
        "если",
        "вдруг",
        "может",
        "могут",
        "можете",
        "чуть",
        "якобы",
        "будто",
        "словно",
        "вроде_как",
        "егер",
        "как_будто",
        "бы",
        "могла",
        "мог",
    ]
)


@dataclass(frozen=True)
class Hit:
    """A cue found at tokens [start, end)."""

    cue: str
    start: int
    end: int
    leg: LegName
    negated: bool
    supposed: bool  # said as a possibility
    asked: bool
    exact: bool

    @property
    def holds(self) -> bool:
        """Said as a fact."""
        return not (self.negated or self.supposed)


@dataclass(frozen=True)
class _Pattern:
    name: str
    parts: tuple[frozenset[str] | None, ...]  # None: a gap
    negative: bool  # the pattern itself says "no"; a negation before it is not looked for


class CueSet:
    """Patterns compiled for one pass over a call."""

    def __init__(self, patterns: Mapping[str, Sequence[str]]) -> None:
        """Compile `patterns`: name of a cue -> its patterns. Raises ConfigurationError on an empty or broken one."""
        compiled = [p for name, texts in patterns.items() for text in texts for p in _compile(name, text)]
        self._by_first: dict[str, list[_Pattern]] = {}
        words: set[str] = set()
        for pattern in compiled:
            first = pattern.parts[0]
            for option in first or ():
                self._by_first.setdefault(option, []).append(pattern)
            for part in pattern.parts:
                words |= part or frozenset()
        self._words = frozenset(word for word in words if not word.endswith("*"))
        self._stems = frozenset(word for word in words if word.endswith("*"))
        self._fuzzy: dict[int, list[str]] = {}
        for word in words:
            length = len(word.rstrip("*"))
            if length >= _FUZZY_FROM:
                self._fuzzy.setdefault(length, []).append(word)
        self._options = lru_cache(maxsize=8192)(self._find_options)

    def find(self, text: CallText) -> tuple[Hit, ...]:
        """Return every cue found, in the order of the call; a cue's nested matches count once."""
        options = [self._options(token.text) for token in text.tokens]
        hits: dict[tuple[str, int], Hit] = {}
        for start, (exact, near) in enumerate(options):
            for option in exact | near:
                for pattern in self._by_first.get(option, ()):
                    if (pattern.name, start) in hits:
                        continue
                    end = _match(pattern, text, options, start)
                    if end is not None:
                        hits[pattern.name, start] = self._hit(pattern, text, options, start, end)
        return tuple(sorted(hits.values(), key=lambda h: (h.start, h.cue)))

    def _hit(
        self,
        pattern: _Pattern,
        text: CallText,
        options: Sequence[tuple[frozenset[str], frozenset[str]]],
        start: int,
        end: int,
    ) -> Hit:
        first = pattern.parts[0] or frozenset()
        return Hit(
            cue=pattern.name,
            start=start,
            end=end,
            leg=text.tokens[start].leg,
            negated=not pattern.negative and is_negated(text, start, end),
            supposed=_is_supposed(text, start),
            asked=text.is_question(start),
            exact=bool(first & options[start][0]),
        )

    def _find_options(self, word: str) -> tuple[frozenset[str], frozenset[str]]:
        exact = {word} & self._words
        for length in range(2, len(word) + 1):
            stem = word[:length] + "*"
            if stem in self._stems:
                exact.add(stem)
        near: set[str] = set()
        if not exact and len(word) >= _FUZZY_FROM and not word.isdigit() and not is_russian_word(word):
            for length, known in self._fuzzy.items():
                allowed = 2 if length >= _TWO_ERRORS_FROM else 1
                whole = [w for w in known if not w.endswith("*")]
                stems = [w for w in known if w.endswith("*")]
                near |= _near(word, whole, allowed)
                near |= _near(word[:length], stems, allowed)
        return frozenset(exact), frozenset(near)


def is_negated(text: CallText, start: int, end: int) -> bool:
    """Tell whether the words before (in the clause) or right after [start, end) deny what it says."""
    here = text.tokens[start]
    for token in text.tokens[max(0, start - 3) : start]:
        if token.clause == here.clause and token.sentence == here.sentence and token.text in _NEGATIONS:
            return True
    after = text.tokens[end : end + 2]
    return any(t.sentence == here.sentence and t.clause == here.clause and t.text in _NEGATIONS_AFTER for t in after)


def _is_supposed(text: CallText, start: int) -> bool:
    here = text.tokens[start]
    before = text.tokens[max(0, start - 4) : start]
    return any(t.sentence == here.sentence and t.clause == here.clause and t.text in _SUPPOSITIONS for t in before)


def _match(
    pattern: _Pattern, text: CallText, options: Sequence[tuple[frozenset[str], frozenset[str]]], start: int
) -> int | None:
    """Return the end of the pattern's match at `start`, within one sentence, or None."""
    position = start
    skip = 0
    sentence = text.tokens[start].sentence
    for part in pattern.parts:
        if part is None:
            skip = _GAP_WORDS
            continue
        for at in range(position, min(position + skip, len(text.tokens) - 1) + 1):
            if at >= len(text.tokens) or text.tokens[at].sentence != sentence:
                return None
            exact, near = options[at]
            if part & exact or part & near:
                position, skip = at + 1, 0
                break
        else:
            return None
    return position


def _near(word: str, known: list[str], allowed: int) -> set[str]:
    if not known:
        return set()
    stems = [w.rstrip("*") for w in known]
    found = process.extract(word, stems, scorer=Levenshtein.distance, score_cutoff=allowed, limit=8)
    return {known[index] for _, _, index in found}


def _compile(name: str, pattern: str) -> list[_Pattern]:
    """Return the pattern as patterns of single words: an alternative of several words makes one of its own."""
    spread = [""]
    for piece in pattern.split():
        options = piece.split("|")
        single = "|".join(o for o in options if "_" not in o)
        ways = [w for w in (single, *(o.replace("_", " ") for o in options if "_" in o)) if w]
        spread = [f"{head} {way}" for head in spread for way in ways]
    return [_compile_words(name, text) for text in spread]


def _compile_words(name: str, pattern: str) -> _Pattern:
    parts: list[frozenset[str] | None] = []
    for piece in pattern.split():
        if piece == _GAP:
            parts.append(None)
            continue
        words = frozenset(fold(w.rstrip("*")) + ("*" if w.endswith("*") else "") for w in piece.split("|"))
        if any(len(w.rstrip("*")) == 0 or (w.endswith("*") and len(w) < 3) for w in words):
            raise ConfigurationError(
                f"cue {name!r}: {pattern!r} has an empty word or a stem shorter than two letters",
                advice="Write words apart by spaces, `стем*`, `а|б`, `..`.",
            )
        parts.append(words)
    if not parts or parts[0] is None or parts[-1] is None:
        raise ConfigurationError(f"cue {name!r}: {pattern!r} must begin and end with a word", advice="Mend the file.")
    words_of = frozenset[str]().union(*(p for p in parts if p))
    return _Pattern(name, tuple(parts), bool(words_of & (_NEGATIONS | _NEGATIONS_AFTER)))
