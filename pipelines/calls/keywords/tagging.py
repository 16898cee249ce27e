"""The step that tags keywords."""

import string
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from core.call_records import Evidence, LegName, Segment, Tag, TagKind
from pipelines.calls.keywords.assertion import Reading
from pipelines.calls.keywords.contexts import Contexts, load_contexts
from pipelines.calls.keywords.lexicon import Entry, load_lexicon
from pipelines.calls.keywords.matching import Match, Matcher
from pipelines.calls.keywords.words import Token, read_tokens

LONGEST_SEGMENT = 2_000
"""Tokens read at a time; a longer segment is read in parts."""
DENIALS = frozenset({"не", "нет", "нету", "без", "жоқ"})
"""Words that deny when they are no part of the phrase itself."""
_PUNCTUATION = string.punctuation + "«»„“”…–— "


@dataclass(frozen=True)
class _Found:
    """A phrase of one category at tokens start..end."""

    match: Match
    entry: Entry
    asserted: bool


class KeywordTagger:
    """Tags the phrases of a lexicon. Safe to share between threads."""

    def __init__(self, entries: Sequence[Entry], contexts: Contexts) -> None:
        self._contexts = contexts
        self._entries = [entry for entry in entries for _ in entry.patterns]
        self._matcher = Matcher([pattern for entry in entries for pattern in entry.patterns], by_sound=True)

    def tag(self, segment: Segment) -> tuple[Tag, ...]:
        """Return the tags of one segment in the order of speech."""
        tokens = read_tokens(segment.words)
        tags: list[Tag] = []
        for start in range(0, len(tokens), LONGEST_SEGMENT):
            part = tokens[start : start + LONGEST_SEGMENT]
            tags.extend(self._tag(found, part, segment) for found in self._find(part, segment.leg))
        return tuple(tags)

    def _find(self, tokens: Sequence[Token], leg: LegName) -> Iterable[_Found]:
        matches = [match for match in self._matcher.find(tokens) if not _denies_across(match, tokens)]
        if not matches:
            return ()
        reading = Reading(tokens, leg, self._contexts)
        by_category: defaultdict[str, list[_Found]] = defaultdict(list)
        denying = [
            (self._entries[m.pattern].category, m) for m in matches if any(tokens[p].text in DENIALS for p in m.places)
        ]
        for match in matches:
            entry = self._entries[match.pattern]
            denies = any(c == entry.category and m.start < match.end and match.start < m.end for c, m in denying)
            asserted = reading.is_asserted(match, entry.category, denies=denies)
            by_category[entry.category].append(_Found(match, entry, asserted))
        kept = [found for group in by_category.values() for found in _merged(group)]
        return sorted(kept, key=lambda f: (f.match.start, f.match.end, f.entry.category))

    def _tag(self, found: _Found, tokens: Sequence[Token], segment: Segment) -> Tag:
        words = segment.words[tokens[found.match.start].word : tokens[found.match.end - 1].word + 1]
        evidence = Evidence(segment.leg, words[0].start_s, words[-1].end_s, " ".join(w.text for w in words))
        confidence = round(found.entry.confidence * found.match.score, 3)
        phrase = found.entry.phrase or evidence.text.strip(_PUNCTUATION).lower()
        return Tag(TagKind.KEYWORD, found.entry.category, evidence, confidence, found.asserted, phrase)


def _denies_across(match: Match, tokens: Sequence[Token]) -> bool:
    """Tell whether a denial and what it would deny stand in two clauses: «не умер, дышит» is no «не дышит»."""
    return any(
        tokens[left].text in DENIALS and tokens[left].clause != tokens[right].clause and right - left > 1
        for left, right in zip(match.places, match.places[1:], strict=False)
    )


def _merged(group: Sequence[_Found]) -> Iterable[_Found]:
    """Return one phrase for each run of overlapping ones: the surest and longest, widened over the run."""
    kept: list[_Found] = []
    for found in sorted(group, key=lambda f: (f.match.start, f.match.end)):
        if kept and found.match.start < kept[-1].match.end:
            kept[-1] = _joined(kept[-1], found)
        else:
            kept.append(found)
    return kept


def _joined(left: _Found, right: _Found) -> _Found:
    def rank(found: _Found) -> tuple[float, int, float]:
        return found.match.score, len(found.match.places), found.entry.confidence

    best = max(left, right, key=rank)
    places = tuple(sorted({*left.match.places, *right.match.places}))
    match = Match(best.match.pattern, places, max(left.match.end, right.match.end), best.match.score)
    return replace(best, match=match)


@lru_cache(maxsize=1)
def default_tagger() -> KeywordTagger:
    """Return the tagger of the lexicon that ships, made on first use (about a second)."""
    return KeywordTagger(load_lexicon(), load_contexts())


def tag_keywords(segments: Sequence[Segment]) -> tuple[Tag, ...]:
    """Return the keywords of a call, segment by segment; each tag depends on its own segment only.

    `label` is the category, `phrase` the dictionary form that was found or, where the lexicon gives only a beginning, a
    choice or words in any order, the words said in lower case, `evidence` the words as transcribed and their times,
    `asserted` whether they state a fact. Words that sound like a phrase are found with a lower `confidence`.
    """
    tagger = default_tagger()
    return tuple(tag for segment in segments for tag in tagger.tag(segment))
