"""What a question asks for, from the patterns of `intents.yaml`."""

import re
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

import yaml

from core.errors import ConfigurationError


class Intent(StrEnum):
    """What is asked for; `ASK` where nothing else is recognised."""

    ASK = "ask"
    QUOTE = "quote"
    FIND_CLAUSE = "find_clause"
    DEFINE = "define"
    INJECTION = "injection"
    SELF = "self"


@lru_cache(maxsize=1)
def _patterns() -> dict[Intent, re.Pattern[str]]:
    text = files("agents.assistant").joinpath("intents.yaml").read_text(encoding="utf-8")
    return load_patterns(text)


def load_patterns(text: str) -> dict[Intent, re.Pattern[str]]:
    """Read intent patterns from YAML. Raises ConfigurationError naming the intent and pattern that is wrong."""
    compiled = {}
    for name, by_language in yaml.safe_load(text).items():
        if name not in [str(i) for i in Intent]:
            raise ConfigurationError(f"intents.yaml: unknown intent {name!r}", advice=f"use one of {[*Intent]}")
        for language, patterns in by_language.items():
            for pattern in patterns:
                try:
                    re.compile(pattern)
                except re.error as error:
                    raise ConfigurationError(
                        f"intents.yaml: {name}.{language}: {pattern!r} is not a regular expression: {error}",
                        advice="mend or remove the pattern",
                    ) from error
        joined = "|".join(f"(?:{p})" for patterns in by_language.values() for p in patterns)
        compiled[Intent(name)] = re.compile(joined, re.IGNORECASE | re.MULTILINE)
    return compiled


def intent_of(question: str) -> Intent:
    """Return the intent; attempts to change the rules go before all else."""
    patterns = _patterns()
    outside = re.sub(r"[«\"“„].*?[»\"”]", " ", question, flags=re.DOTALL)
    for intent in (Intent.INJECTION, Intent.SELF):
        if patterns[intent].search(question):
            return intent
    for intent in (Intent.FIND_CLAUSE, Intent.QUOTE, Intent.DEFINE):
        if patterns[intent].search(outside):
            return intent
    return Intent.ASK
