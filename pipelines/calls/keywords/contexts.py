"""What turns a mention into something other than a fact, read from `contexts.yaml`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files

import yaml

from core.errors import ConfigurationError
from core.languages import Language
from pipelines.calls.keywords.lexicon import CATEGORIES
from pipelines.calls.keywords.matching import Match, Matcher
from pipelines.calls.keywords.patterns import Pattern, parse_pattern
from pipelines.calls.keywords.words import Token

_NAME = "contexts.yaml"


@dataclass(frozen=True)
class Cues:
    """Patterns of each kind of cue, as in the file."""

    denied_right_before: tuple[Pattern, ...]
    denied_before: tuple[Pattern, ...]
    denied_after: tuple[Pattern, ...]
    supposed_before: tuple[Pattern, ...]
    supposed_beside: tuple[Pattern, ...]
    supposed_after: tuple[Pattern, ...]
    unreal: tuple[Pattern, ...]
    asks: tuple[Pattern, ...]
    asks_of_caller: tuple[Pattern, ...]
    advises: tuple[Pattern, ...]
    figurative: tuple[Pattern, ...]


_CATEGORY_LISTS = ("announced", "pleaded")
KINDS: tuple[str, ...] = tuple(f.name for f in fields(Cues))


class Contexts:
    """Finds cues in the tokens of a segment."""

    def __init__(self, cues: Cues, announced: frozenset[str], pleaded: frozenset[str]) -> None:
        patterns: list[Pattern] = []
        self._kinds: list[str] = []
        for kind in KINDS:
            own: tuple[Pattern, ...] = getattr(cues, kind)
            patterns.extend(own)
            self._kinds.extend([kind] * len(own))
        self._matcher = Matcher(patterns, by_sound=False)
        self.announced = announced
        self.pleaded = pleaded

    def find(self, tokens: Sequence[Token]) -> dict[str, list[Match]]:
        """Return the cues found, by kind; every kind is a key."""
        found: dict[str, list[Match]] = {kind: [] for kind in KINDS}
        for match in self._matcher.find(tokens):
            found[self._kinds[match.pattern]].append(match)
        return found


def read_contexts(text: str, name: str = _NAME) -> Contexts:
    """Return the contexts of a YAML file. Raises ConfigurationError naming the list that cannot be read."""
    advice = "see docs/calls-keywords.md for the lists"
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{name}: {error}", advice=advice) from error
    if not isinstance(raw, dict) or set(raw) != {*KINDS, *_CATEGORY_LISTS}:
        raise ConfigurationError(f"{name}: the lists are not {(*KINDS, *_CATEGORY_LISTS)}", advice=advice)
    for kind in _CATEGORY_LISTS:
        if not isinstance(raw[kind], list) or not set(raw[kind]) <= set(CATEGORIES):
            raise ConfigurationError(f"{name}, {kind}: not a list of categories", advice=advice)
    cues = Cues(**{kind: tuple(_patterns(raw[kind], f"{name}, {kind}")) for kind in KINDS})
    return Contexts(cues, frozenset(raw["announced"]), frozenset(raw["pleaded"]))


def _patterns(listed: object, where: str) -> Iterator[Pattern]:
    if not isinstance(listed, dict) or set(listed) != {"ru", "kk"}:
        raise ConfigurationError(f"{where}: not two lists, ru and kk", advice="see docs/calls-keywords.md")
    for language in (Language.RU, Language.KK):
        for text in listed[language]:
            try:
                yield from parse_pattern(text, language)
            except (ValueError, AttributeError) as error:
                raise ConfigurationError(f"{where}: {error}", advice="see docs/calls-keywords.md") from error


@lru_cache(maxsize=1)
def load_contexts() -> Contexts:
    """Return the contexts of `contexts.yaml`, read once. Raises ConfigurationError naming a bad list."""
    return read_contexts(files(__package__).joinpath(_NAME).read_text(encoding="utf-8"))
