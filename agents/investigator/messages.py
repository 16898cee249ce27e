"""Texts of the adviser in the three languages; the only place they stand."""

from functools import lru_cache
from importlib.resources import files

import yaml

from core.errors import ConfigurationError
from core.languages import Language


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, dict[Language, str]]:
    raw = yaml.safe_load(files("agents.investigator").joinpath("messages.yaml").read_text(encoding="utf-8"))
    catalogue = {key: {Language(code): text for code, text in texts.items()} for key, texts in raw.items()}
    for key, texts in catalogue.items():
        if missing := [language for language in Language if language not in texts]:
            raise ConfigurationError(f"messages.yaml: {key} has no text in {missing}", advice="add the translation")
    return catalogue


def message(key: str, language: Language) -> str:
    """Return the text of `key`, a `CauseSuggestion.message_id`. Raises KeyError for a key that is not there."""
    return _catalogue()[key][language]
