"""Makes queries from questions.

An idea is a word, a number, a class code or a phrase of the glossary. Its wordings come from the question itself, the
glossary (synonyms, other languages), the list of informal words, the learnt term tables and, for a word no clause
knows, the nearest spelling that some clause has.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rapidfuzz import fuzz, process

from core.languages import Language
from knowledge_base.search.analysis import base_form, is_question_word, tokens, word_terms
from knowledge_base.search.lexicon import Lexicon
from knowledge_base.search.query import Idea, Kind, Query, Wording
from knowledge_base.search.terminology import Phrases, Terminology, base_sequence
from knowledge_base.search.translation import TermTable

SYNONYM_WEIGHT = 0.7
INFORMAL_WEIGHT = 0.8
GLOSSARY_TRANSLATION_WEIGHT = 0.9
SPELLING_WEIGHT = 0.7
MIN_SPELLING_SCORE = 80
UNKNOWN_IDF = 6.5
UNTRANSLATED_IDF = 3.0
"""Importance of a word that no clause of its language says, where few clauses are in that language."""
MAX_IDEAS = 80


@dataclass
class QueryBuilder:
    """Makes queries with what is known now: lexicons, term tables, glossary, informal words."""

    lexicons: Mapping[Language, Lexicon]
    tables: Sequence[TermTable] = ()
    terminology: Terminology = field(default_factory=Terminology.of)
    _vocabulary: dict[Language, list[str]] = field(default_factory=dict, init=False)

    def build(self, text: str, language: Language) -> Query:
        """Analyse a question written in `language`."""
        known = self.terminology
        found = list(tokens(text))
        bases = [base_form(t, language) if kind == "word" else t for kind, t in found]
        ideas: list[Idea] = []
        at = 0
        while at < len(found) and len(ideas) < MAX_IDEAS:
            kind, token = found[at]
            informal = self._match(known.informal_phrases[language], bases, at)
            phrase = self._match(known.glossary_phrases[language], bases, at)
            if informal is not None and (phrase is None or informal[1] >= phrase[1]):
                ideas.append(self._informal_idea(informal[0], found[at : at + informal[1]], language))
                at += informal[1]
            elif phrase is not None and (phrase[1] > 1 or not is_question_word(token, language)):
                ideas.append(self._phrase_idea(phrase[0], found[at : at + phrase[1]], language))
                at += phrase[1]
            else:
                if kind != "word" or not (is_question_word(token, language) or len(token) < 2):
                    ideas.append(self._plain_idea(kind, token, language))
                at += 1
        return Query(text, language, tuple(self._weigh(_merge(ideas), language)))

    def _match(self, phrases: Phrases, bases: Sequence[str], at: int) -> tuple[int, int] | None:
        for length in range(min(phrases.longest, len(bases) - at), 0, -1):
            row = phrases.entries.get(tuple(bases[at : at + length]))
            if row is not None:
                return row, length
        return None

    def _informal_idea(self, row: int, found: Sequence[tuple[str, str]], language: Language) -> Idea:
        own = _wording(found, language, 1.0)
        normative = self.terminology.informal[language][row][1]
        said = Wording(_words(normative, language), INFORMAL_WEIGHT)
        inner = self.terminology.glossary_phrases[language].entries.get(base_sequence(normative, language))
        idea = Idea(" ".join(t for _, t in found), "phrase", {language: (own, said)})
        return self._with_row(idea, inner, language) if inner is not None else self._with_tables(idea, said, language)

    def _phrase_idea(self, row: int, found: Sequence[tuple[str, str]], language: Language) -> Idea:
        own = _wording(found, language, 1.0)
        kind: Kind = "phrase" if len(found) > 1 else "word"
        idea = Idea(" ".join(t for _, t in found), kind, {language: (own,)})
        return self._with_tables(self._with_row(idea, row, language), own, language)

    def _with_row(self, idea: Idea, row: int, language: Language) -> Idea:
        wordings = dict(idea.wordings)
        for other, variants in self.terminology.glossary[row].wordings.items():
            weight = SYNONYM_WEIGHT if other is language else GLOSSARY_TRANSLATION_WEIGHT
            more = tuple(Wording(_words(v, other), weight) for v in variants if _words(v, other))
            wordings[other] = (*wordings.get(other, ()), *more)
        return replace(idea, wordings=wordings)

    def _with_tables(self, idea: Idea, own: Wording, language: Language) -> Idea:
        wordings = dict(idea.wordings)
        for table in self.tables:
            if table.source is not language:
                continue
            words = [table.translate(word[-1]) for word in own.words]
            if len(words) == 1:
                more = tuple(Wording(((t,),), p**0.5) for t, p in words[0])
            else:
                best = tuple((w[0][0],) for w in words if w)
                more = (Wording(best, 0.8 * len(best) / len(words)),) if best else ()
            wordings[table.target] = (*wordings.get(table.target, ()), *more)
        return replace(idea, wordings=wordings)

    def _plain_idea(self, kind: str, token: str, language: Language) -> Idea:
        if kind == "number":
            return Idea(token, "number", {other: (Wording(((f"n:{token}",),), 1.0),) for other in self.lexicons})
        if kind == "code":
            return Idea(token, "code", {other: (Wording(((f"c:{token}",),), 1.0),) for other in self.lexicons})
        own = Wording((word_terms(token, language),), 1.0)
        wordings: dict[Language, tuple[Wording, ...]] = {language: (own,)}
        lexicon = self.lexicons.get(language)
        if lexicon is not None and lexicon.documents and not any(lexicon.knows(t) for t in own.words[0]):
            near = self._nearest(token, language)
            if near is not None:
                own = Wording((word_terms(near, language),), SPELLING_WEIGHT)
                wordings[language] = (*wordings[language], own)
        return self._with_tables(Idea(token, "word", wordings), own, language)

    def _nearest(self, word: str, language: Language) -> str | None:
        """Return the known base form spelt nearest to an unknown word, if near enough to be a slip of the keys."""
        if len(word) < 5:
            return None
        vocabulary = self._vocabulary.get(language)
        if vocabulary is None:
            frequency = self.lexicons[language].frequency
            vocabulary = [t[2:] for t, n in frequency.items() if t.startswith("l:") and n > 1 and len(t) > 6]
            self._vocabulary[language] = vocabulary
        base = base_form(word, language)
        near = [v for v in vocabulary if v[0] == base[0] and abs(len(v) - len(base)) <= 2]
        found = process.extractOne(base, near, scorer=fuzz.ratio, score_cutoff=MIN_SPELLING_SCORE)
        return found[0] if found else None

    def _weigh(self, ideas: Iterable[Idea], language: Language) -> Iterable[Idea]:
        """Set each idea's importance: how rare its own words are, or else those of its translations."""
        for idea in ideas:
            own = self._rarity(idea, language, first_only=True)
            across = [self._rarity(idea, other) for other in self.lexicons if other is not language]
            known = own is not None or any(a is not None for a in across)
            candidates = [x for x in across if x is not None]
            importance = own if own is not None else min(candidates) if candidates else self._unknown(language)
            scale = {"number": 0.5, "code": 0.9}.get(idea.kind, 1.0)
            yield replace(idea, importance=importance * scale, known=known)

    def _unknown(self, language: Language) -> float:
        own = self.lexicons[language].documents if language in self.lexicons else 0
        most = max((lexicon.documents for lexicon in self.lexicons.values()), default=0)
        return UNKNOWN_IDF if own > 0.5 * most else UNTRANSLATED_IDF

    def _rarity(self, idea: Idea, language: Language, *, first_only: bool = False) -> float | None:
        lexicon = self.lexicons.get(language)
        if lexicon is None or not lexicon.documents:
            return None
        for wording in idea.wordings.get(language, ())[: 1 if first_only else None]:
            rare = [
                max(lexicon.idf(t) for t in word if lexicon.knows(t))
                for word in wording.words
                if any(lexicon.knows(t) for t in word)
            ]
            if rare:
                return min(max(rare) * (1 + 0.25 * (len(rare) - 1)), 1.5 * UNKNOWN_IDF)
        return self._rarity(idea, language) if first_only and len(idea.wordings.get(language, ())) > 1 else None


def _words(text: str, language: Language) -> tuple[tuple[str, ...], ...]:
    return _wording(list(tokens(text)), language, 1.0).words


def _wording(found: Sequence[tuple[str, str]], language: Language, weight: float) -> Wording:
    words = tuple(
        word_terms(t, language) if kind == "word" else ((f"n:{t}",) if kind == "number" else (f"c:{t}",))
        for kind, t in found
        if kind != "word" or len(found) == 1 or len(t) > 2
    )
    return Wording(words, weight)


def _merge(ideas: Sequence[Idea]) -> list[Idea]:
    """Drop repetitions of the same idea."""
    seen: dict[str, Idea] = {}
    for idea in ideas:
        seen.setdefault(idea.surface, idea)
    return list(seen.values())
