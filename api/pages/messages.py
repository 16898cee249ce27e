"""Texts of the pages by key and language, from the catalogues in `messages/`."""

from datetime import date
from functools import cache
from pathlib import Path

import yaml

from core.errors import ConfigurationError
from core.languages import Language

_FOLDER = Path(__file__).parent / "messages"


@cache
def catalogue(language: Language) -> dict[str, str]:
    """Return key -> text. Raises `ConfigurationError` when the file is not a flat mapping of texts."""
    path = _FOLDER / f"{language.value}.yaml"
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(loaded, dict) or not all(
        isinstance(key, str) and isinstance(text, str) for key, text in loaded.items()
    ):
        raise ConfigurationError(f"the catalogue {path.name} is not a mapping of texts", advice="put texts in quotes")
    return loaded


class Messages:
    """The texts of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._texts = catalogue(language)

    def __call__(self, key: str, **values: object) -> str:
        """Return the text; raises `KeyError` for a key that is in no catalogue."""
        return self._texts[key].format(**values)

    def get(self, key: str, default: str) -> str:
        """Return the text, or `default` where there is none: for keys that come from data."""
        return self._texts.get(key, default)

    def starting_with(self, prefixes: tuple[str, ...]) -> dict[str, str]:
        """Return the texts whose key begins with one of `prefixes`, by key: for the scripts of a page."""
        return {key: text for key, text in self._texts.items() if key.startswith(prefixes)}

    def day(self, day: date | None) -> str:
        """Return a date as people of the language write it."""
        if day is None:
            return ""
        if self.language is Language.EN:
            return f"{day.day} {day:%B %Y}"
        return f"{day:%d.%m.%Y}"
