"""Which atoms of patterns a spoken word fits: as written, as an inflected form, or as the ear may mistake it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeVar

from core.languages import Language
from knowledge_base.search.analysis import forms_ru, is_inflected_kk, is_known_ru
from pipelines.calls.keywords.patterns import Atom, Form
from pipelines.calls.keywords.phonetics import fold_letters, sound_key

_K = TypeVar("_K")
_T = TypeVar("_T")
Fits = dict[int, float]
"""Atom number -> how well the word fits it, 0..1; 1 is as written."""

SHORTEST_HEARD = 5
"""Letters of the shortest form that may be recognised by sound; shorter ones fall together with too many words."""
LONG_STEM = 5
"""Letters of a Kazakh stem that any ending may follow."""
MIDDLE_KEY = 7
"""Sounds of a key from which one of them may differ."""
LONG_KEY = 10
"""Sounds of a key from which two of them may differ."""
_KNOWN_KEPT = 50_000

SAME_SOUND = 0.9
ONE_SOUND_OFF = 0.75
TWO_SOUNDS_OFF = 0.65
"""Scores of fits by sound."""


class Vocabulary:
    """The atoms of a set of patterns, looked up by word. Answers are kept; safe to share between threads."""

    def __init__(self, atoms: Iterable[Atom]) -> None:
        self.atoms = tuple(dict.fromkeys(atoms))
        self.number = {atom: n for n, atom in enumerate(self.atoms)}
        self._forms: defaultdict[str, set[int]] = defaultdict(set)
        self._prefixes: defaultdict[str, set[int]] = defaultdict(set)
        self._stems: defaultdict[str, set[int]] = defaultdict(set)
        for number, atom in enumerate(self.atoms):
            self._enter(number, atom)
        self._folded: defaultdict[str, set[int]] = defaultdict(set)
        self._sounds: defaultdict[str, set[int]] = defaultdict(set)
        for form, numbers in [*self._forms.items(), *self._stems.items()]:
            if fold_letters(form) != form:
                self._folded[fold_letters(form)] |= numbers
            if len(form) >= SHORTEST_HEARD:
                self._sounds[sound_key(form)] |= numbers
        self._keys: defaultdict[int, list[str]] = defaultdict(list)
        for key in self._sounds:
            self._keys[len(key)].append(key)
        self._written: dict[str, Fits] = {}
        self._heard: dict[str, Fits] = {}

    def _enter(self, number: int, atom: Atom) -> None:
        if atom.form is Form.EXACT:
            self._forms[atom.text].add(number)
        elif atom.form is Form.PREFIX:
            self._prefixes[atom.text].add(number)
        elif atom.language is Language.KK:
            self._stems[atom.text].add(number)
        else:
            for form in forms_ru(atom.text):
                self._forms[form].add(number)

    def written(self, word: str) -> Fits:
        """Return the atoms that a lower-case word fits as it is written."""
        held = self._written.get(word)
        if held is None:
            held = keep(self._written, word, self._look_up(word))
        return held

    def heard(self, word: str) -> Fits:
        """Return the atoms that a word may be a mishearing of; none for a word of the dictionary."""
        held = self._heard.get(word)
        if held is None:
            held = keep(self._heard, word, self._compare(word))
        return held

    def joined(self, left: str, right: str) -> Fits:
        """Return the atoms that two words make together, which a recogniser cut apart («по жар»)."""
        whole = left + right
        if (
            len(whole) < SHORTEST_HEARD
            or whole not in self._forms
            or (is_known_ru(left) and is_known_ru(right) and min(len(left), len(right)) > 2)
        ):
            return {}
        return dict.fromkeys(self._forms.get(whole, ()), SAME_SOUND)

    def _look_up(self, word: str) -> Fits:
        numbers = set(self._forms.get(word, ()))
        for end in range(1, len(word) + 1):
            head = word[:end]
            numbers |= self._prefixes.get(head, set())
            if head in self._stems and (is_inflected_kk(word, head) or (end >= LONG_STEM and not is_known_ru(word))):
                numbers |= self._stems[head]
        return dict.fromkeys(numbers, 1.0)

    def _compare(self, word: str) -> Fits:
        if len(word) < SHORTEST_HEARD - 1 or fold_letters(word) != word or is_known_ru(word) or self.written(word):
            return {}
        key = sound_key(word)
        fits: Fits = dict.fromkeys(self._folded.get(word, ()), SAME_SOUND)
        for near, distance in self._near(key, 1 if len(key) < LONG_KEY else 2):
            score = _score(key, near, distance)
            for number in self._sounds[near] if score else ():
                if not distance or self.atoms[number].language is not Language.KK:
                    fits[number] = max(fits.get(number, 0.0), score)
        return fits

    def _near(self, key: str, most: int) -> list[tuple[str, int]]:
        from rapidfuzz import process
        from rapidfuzz.distance import Levenshtein

        found: list[tuple[str, int]] = []
        for length in range(len(key) - most, len(key) + most + 1):
            if length in self._keys:
                found.extend(
                    (near, int(distance))
                    for near, distance, _ in process.extract(
                        key, self._keys[length], scorer=Levenshtein.distance, score_cutoff=most, limit=None
                    )
                )
        return found


def _score(key: str, near: str, distance: int) -> float:
    """Return how well a word that is no Russian word fits a form by sound; 0 where it must not stand alone."""
    shorter = min(len(key), len(near))
    if distance == 0:
        return SAME_SOUND if shorter >= SHORTEST_HEARD else 0.0
    if key[:2] != near[:2] and key[-3:] != near[-3:]:
        return 0.0
    if distance == 1 and len(key) == len(near) - 1 and shorter >= SHORTEST_HEARD and key[-4:] == near[-4:]:
        return ONE_SOUND_OFF  # a sound was lost: «врыва» for «взрыва»
    if key[0] != near[0]:
        return 0.0
    if distance == 1:
        return ONE_SOUND_OFF if shorter >= MIDDLE_KEY else 0.0
    return TWO_SOUNDS_OFF if shorter >= LONG_KEY else 0.0


def keep(kept: dict[_K, _T], word: _K, value: _T) -> _T:
    """Put an answer into a store that is emptied when it is full, and return it."""
    if len(kept) >= _KNOWN_KEPT:
        kept.clear()
    kept[word] = value
    return value
