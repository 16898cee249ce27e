"""Whether a question is about what the service is for, by the words of `topics.yaml`."""

import re
from functools import lru_cache
from importlib.resources import files

import yaml

from core.errors import ConfigurationError


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    raw = yaml.safe_load(files("agents.assistant").joinpath("topics.yaml").read_text(encoding="utf-8"))
    return _compiled(raw, "outside"), _compiled(raw, "inside")


def _compiled(raw: dict[str, dict[str, list[str]]], name: str) -> re.Pattern[str]:
    joined = "|".join(f"(?:{p})" for patterns in raw[name].values() for p in patterns)
    try:
        return re.compile(rf"(?<![^\W\d_])(?:{joined})", re.IGNORECASE)
    except re.error as error:
        raise ConfigurationError(f"topics.yaml: {name}: {error}", advice="mend the pattern") from error


def is_outside(question: str) -> bool:
    """Tell whether a question names a topic the assistant does not answer on and none that it is for."""
    outside, inside = _patterns()
    return outside.search(question) is not None and inside.search(question) is None
