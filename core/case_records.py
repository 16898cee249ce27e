"""Records of fire investigation: a case with its facts, and hypotheses of its cause.

Facts and causes are named by the ids of the schema and of the classifier (`pipelines.cases`); what they are called
in each language stands there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from core.records import Abstention

FactValue = str | float | bool
"""A category (as the classifier or the source writes it), a number in the unit of the schema, or yes/no."""


@dataclass(frozen=True)
class FireCase:
    """A fire as it is known so far  # карточка учёта пожара, материалы дела. A fact that is not known is absent."""

    id: str
    facts: Mapping[str, FactValue]
    occurred_on: date | None = None
    cause: str | None = None  # established; None while it is open
    title: str = ""
    source: str = ""  # file and row of an import, or who entered it
    territory: str | None = None  # КАТО code


@dataclass(frozen=True)
class Argument:
    """A fact of the case and how it moves a hypothesis.

    `log_odds`: what knowing the fact adds to the natural log-odds of the cause, by the model that was used, against
    not knowing it.
    """

    fact: str
    value: FactValue
    log_odds: float


@dataclass(frozen=True)
class SimilarCase:
    """A past case beside this one."""

    case_id: str
    cause: str
    similarity: float  # 0..1
    shared: tuple[str, ...]  # facts that are equal
    different: tuple[str, ...]  # facts known in both that differ


@dataclass(frozen=True)
class CauseHypothesis:
    """One possible cause, arguable."""

    cause: str
    probability: float  # calibrated
    base_rate: float  # of this cause among past cases of such objects
    in_set: bool  # belongs to the set that holds the true cause as often as stated
    arguments_for: tuple[Argument, ...] = ()
    arguments_against: tuple[Argument, ...] = ()
    like: tuple[SimilarCase, ...] = ()  # the most similar with this cause
    unlike: tuple[SimilarCase, ...] = ()  # the most similar with another


@dataclass(frozen=True)
class CheckOutcome:
    """What a check may find, as often as in past fires like this one, and where that would lead."""

    value: FactValue
    probability: float
    cause: str  # the most probable one then
    cause_probability: float


@dataclass(frozen=True)
class NextCheck:
    """A fact not known yet that would tell the hypotheses apart."""

    fact: str
    gain_bits: float  # expected information gain about the cause
    outcomes: tuple[CheckOutcome, ...] = ()  # the most likely first


@dataclass(frozen=True)
class CauseSuggestion:
    """What an investigator is shown: never one cause, always a set, or that the facts do not carry one."""

    status: Literal["suggested", "undetermined"]
    hypotheses: tuple[CauseHypothesis, ...]  # most probable first
    coverage: float  # stated share of cases whose cause is in the set, e.g. 0.9
    next_checks: tuple[NextCheck, ...]
    model_version: str
    unknown_values: Mapping[str, FactValue] = field(default_factory=dict)  # given, but never seen in training
    abstention: Abstention | None = None
    message_id: str = ""  # with `undetermined`: why, by the id of its text
