"""What to do to learn a fact: what to look at and whom to ask, or which examination to order; as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from pydantic import Field

from core.errors import ConfigurationError
from core.languages import Language
from pipelines.cases.data_files import Row, read_yaml
from pipelines.cases.schema import FactSchema, Stage, shipped_schema

CheckKind = Literal["check", "examination"]


class _Row(Row):
    kind: CheckKind
    ru: str = Field(min_length=5)
    kk: str = Field(min_length=5)
    en: str = Field(min_length=5)
    source: str = Field(min_length=4)


class _File(Row):
    stages: dict[Stage, _Row]
    facts: dict[str, _Row]


@dataclass(frozen=True)
class Check:
    """How a fact is learnt; `texts` by language."""

    kind: CheckKind
    texts: Mapping[Language, str]
    source: str


@dataclass(frozen=True)
class Checks:
    """How each fact is learnt: by its own row, else by when such facts are known."""

    facts: Mapping[str, Check]
    stages: Mapping[Stage, Check]

    def of(self, fact: str, schema: FactSchema) -> Check:
        """Return how a fact is learnt; one that is not in the schema is looked for at the scene."""
        if (own := self.facts.get(fact)) is not None:
            return own
        known = schema.facts.get(fact)
        usual = self.stages[known.stage if known else Stage.SCENE]
        names = known.names if known else dict.fromkeys(Language, fact)
        texts = {language: text.format(name=names[language]) for language, text in usual.texts.items()}
        return Check(usual.kind, texts, usual.source)


@lru_cache(maxsize=1)
def shipped_checks() -> Checks:
    """Return the checks that come with the product."""
    return read_checks(files("agents.investigator").joinpath("checks.yaml").read_text(encoding="utf-8"), "checks.yaml")


def read_checks(text: str, name: str) -> Checks:
    """Return checks written in YAML. Raises `InvalidInput` naming the line; `ConfigurationError` for a wrong fact."""
    read = read_yaml(text, _File, name)
    if missing := sorted(set(Stage) - set(read.stages)):
        raise ConfigurationError(f"{name}: no check for the stage {missing[0]}", advice="add it under `stages`")
    if strange := sorted(set(read.facts) - set(shipped_schema().facts)):
        raise ConfigurationError(f"{name}: there is no fact {strange[0]!r}", advice="take it from facts.yaml")
    return Checks(
        {fact: _check(row) for fact, row in read.facts.items()},
        {stage: _check(row) for stage, row in read.stages.items()},
    )


def _check(row: _Row) -> Check:
    return Check(row.kind, {Language.RU: row.ru, Language.KK: row.kk, Language.EN: row.en}, row.source)
