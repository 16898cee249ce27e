"""The data file of distress: how much of a change counts, which sounds and words are signs."""

from functools import cache
from importlib import resources
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import ConfigurationError

_NAME = "signs.yaml"
_ADVICE = f"Correct pipelines/calls/distress/{_NAME}."

Sign = Literal["plea", "abuse"]
Step = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0.5, lt=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Scale(_Part):
    """How much over the caller's own start counts as one step."""

    level_db: Step
    pitch: Step
    tilt_db: Step


class SoundSigns(_Part):
    """Labels of sounds that are signs by themselves."""

    panic: tuple[str, ...]
    anxious: tuple[str, ...]


class WordSigns(_Part):
    """Beginnings of words or phrases."""

    kind: Sign
    language: Literal["ru", "kk"]
    source: str = Field(min_length=1)
    starts: tuple[Annotated[str, Field(pattern=r"^[а-яәғқңөұүһі ]+$")], ...] = Field(min_length=1)


class Signs(_Part):
    """The whole file."""

    scale: Scale
    start_s: Step
    aroused: Share
    strongly_aroused: Share
    sounds: SoundSigns
    words: tuple[WordSigns, ...]

    def starts(self, kind: Sign) -> tuple[str, ...]:
        """Return the beginnings of all languages."""
        return tuple(start for words in self.words if words.kind == kind for start in words.starts)


@cache
def load_signs() -> Signs:
    """Return what the data file holds.

    Raises:
        ConfigurationError: it is malformed; the key is named.
    """
    return parse_signs(resources.files("pipelines.calls.distress").joinpath(_NAME).read_text("utf-8"))


def parse_signs(text: str) -> Signs:
    """Return the signs written in `text` (YAML).

    Raises:
        ConfigurationError: it is malformed; line and key are named.
    """
    try:
        return Signs.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{_NAME} is not YAML: {error}", advice=_ADVICE) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        line = next(
            (i for i, line in enumerate(text.splitlines(), 1) if line.startswith(f"{next(iter(first['loc']), '')}:")), 1
        )
        raise ConfigurationError(f"{_NAME}, line {line}: {where}: {first['msg']}", advice=_ADVICE) from error
