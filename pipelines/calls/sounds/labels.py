"""The sounds a call is tagged with: our labels, the AudioSet classes each stands for, and when it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import ConfigurationError

_NAME = "labels.yaml"
_ADVICE = f"Correct pipelines/calls/sounds/{_NAME}."


class SoundLabel(BaseModel):
    """One line of the data file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str = Field(pattern=r"^[a-z][a-z_]*$")
    classes: tuple[str, ...] = Field(min_length=1)  # AudioSet display names; the highest score counts
    threshold: float = Field(gt=0, lt=1)
    least_s: float = Field(default=0.0, ge=0)  # shorter stretches are not shown
    unless: tuple[str, ...] = ()  # labels that say the same more exactly
    source: str = Field(min_length=1)  # how the threshold was set


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: Annotated[tuple[SoundLabel, ...], Field(min_length=1)]


@dataclass(frozen=True)
class LabelColumns:
    """A label and where its classes stand among a tagger's scores."""

    label: SoundLabel
    columns: tuple[int, ...]


@cache
def load_labels() -> tuple[SoundLabel, ...]:
    """Return the labels of the data file.

    Raises:
        ConfigurationError: the file is malformed; the label and key are named.
    """
    return parse_labels(resources.files("pipelines.calls.sounds").joinpath(_NAME).read_text("utf-8"))


def parse_labels(text: str) -> tuple[SoundLabel, ...]:
    """Return the labels written in `text` (YAML).

    Raises:
        ConfigurationError: it is malformed; the line is named.
    """
    try:
        labels = _File.model_validate(yaml.safe_load(text)).labels
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{_NAME} is not YAML: {error}", advice=_ADVICE) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = first["loc"]
        number = place[1] if len(place) > 1 and isinstance(place[1], int) else 0
        raise ConfigurationError(
            f"{_NAME}, line {_line(text, number)}: {'.'.join(map(str, place[2:] or place))}: {first['msg']}",
            advice=_ADVICE,
        ) from error
    seen: set[str] = set()
    for number, label in enumerate(labels):
        if label.label in seen:
            raise ConfigurationError(f"{_NAME}, line {_line(text, number)}: {label.label} stands twice", advice=_ADVICE)
        seen.add(label.label)
    for number, label in enumerate(labels):
        if unknown := set(label.unless) - seen:
            raise ConfigurationError(
                f"{_NAME}, line {_line(text, number)}: unless: there is no label {sorted(unknown)[0]}", advice=_ADVICE
            )
    return labels


def place_labels(labels: Sequence[SoundLabel], classes: Sequence[str]) -> tuple[LabelColumns, ...]:
    """Return the labels with the columns of their classes.

    Raises:
        ConfigurationError: a label names a class that the tagger does not know.
    """
    index = {name: number for number, name in enumerate(classes)}
    for label in labels:
        for name in label.classes:
            if name not in index:
                raise ConfigurationError(
                    f"{_NAME}: {label.label}: the sound model has no class {name!r}", advice=_ADVICE
                )
    return tuple(LabelColumns(label, tuple(index[name] for name in label.classes)) for label in labels)


def _line(text: str, number: int) -> int:
    """Return the 1-based line where label `number` begins."""
    starts = [i for i, line in enumerate(text.splitlines(), 1) if line.lstrip().startswith("- label:")]
    return starts[number] if number < len(starts) else 1
