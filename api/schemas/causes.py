"""Causes of a fire: hypotheses with their evidence, cases beside it, what to check next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.investigator.checks import shipped_checks
from agents.investigator.messages import message
from agents.investigator.past_cases import PastCases
from agents.investigator.wording import Wording
from core.case_records import (
    Argument,
    CauseHypothesis,
    CauseSuggestion,
    CheckOutcome,
    FactValue,
    NextCheck,
    SimilarCase,
)
from core.records import Abstention
from pipelines.cases.schema import FactSchema

Value = bool | float | str


class ArgumentOut(BaseModel):
    """A fact of the case that speaks for a cause or against it."""

    fact: str = Field(examples=["place_of_origin"])
    name: str
    value: Value
    shown: str = Field(description="The value as people write it")
    log_odds: float = Field(
        description="What knowing the fact adds to the natural log-odds of the cause, by the model that was used"
    )


class DifferenceOut(BaseModel):
    """A fact that is known in both cases and differs."""

    fact: str
    name: str
    here: str
    there: str


class SimilarCaseOut(BaseModel):
    """A past case beside this one."""

    case_id: str
    title: str
    occurred_on: date | None
    cause: str
    cause_name: str
    similarity: float = Field(ge=0, le=1)
    shared: list[str] = Field(description="Names of the facts that are equal, the weightiest first")
    different: list[DifferenceOut]


class HypothesisOut(BaseModel):
    """One possible cause, arguable."""

    cause: str = Field(examples=["3.1"])
    name: str
    probability: float = Field(ge=0, le=1, description="Calibrated")
    base_rate: float = Field(ge=0, le=1, description="Share of this cause among past fires at such objects")
    in_set: bool = Field(description="Whether it belongs to the set that holds the true cause as often as `coverage`")
    arguments_for: list[ArgumentOut]
    arguments_against: list[ArgumentOut]
    like: list[SimilarCaseOut] = Field(description="The most similar past cases with this cause")
    unlike: list[SimilarCaseOut] = Field(description="The most similar past cases with another")


class OutcomeOut(BaseModel):
    """What a check may find, and the most probable cause then."""

    value: Value
    shown: str
    probability: float = Field(ge=0, le=1)
    cause: str
    cause_name: str
    cause_probability: float = Field(ge=0, le=1)


class NextCheckOut(BaseModel):
    """A fact not known yet that would tell the hypotheses apart."""

    fact: str
    name: str
    kind: Literal["check", "examination"]
    text: str = Field(description="What to check, or which examination to order")
    source: str
    gain_bits: float = Field(description="Expected information about the cause, bits")
    outcomes: list[OutcomeOut]


class RankingStepOut(BaseModel):
    """The ranking after a fact was entered, changed or taken back."""

    fact: str
    name: str
    shown: str = Field(description="The value as people write it; empty: taken back")
    at: datetime | None
    probabilities: dict[str, float] = Field(description="By the present model, of the hypotheses shown")


class CausesOut(BaseModel):
    """What past fires say about the causes of this one: always a set, or that the facts do not carry one."""

    suggestion_id: str | None = Field(description="null: the case is closed, nothing is kept")
    case_id: str
    status: Literal["suggested", "undetermined"]
    abstention: Abstention | None
    message: str = Field(description="With `undetermined`: why, and what to do")
    coverage: float = Field(description="Stated share of cases whose cause is in the set", examples=[0.9])
    hypotheses: list[HypothesisOut] = Field(description="The most probable first")
    next_checks: list[NextCheckOut] = Field(description="The most telling first")
    unknown_values: dict[str, Value] = Field(description="Facts whose value no past fire had")
    ranking: list[RankingStepOut] = Field(description="How the ranking moved, a step for each fact entered")
    model_version: str
    past_cases: int = Field(description="Closed cases it was compared with")


class RankedCauseOut(BaseModel):
    """A cause of a suggestion that was made."""

    model_config = ConfigDict(from_attributes=True)

    cause: str
    probability: float
    in_set: bool


class SuggestionScoreOut(BaseModel):
    """How a suggestion fared once the cause was established."""

    model_config = ConfigDict(from_attributes=True)

    rank: int | None = Field(description="Place of the established cause, from 1; null: it was not shown")
    probability: float
    in_set: bool


class SuggestionMadeOut(BaseModel):
    """A suggestion as it was made."""

    model_config = ConfigDict(from_attributes=True)

    ordinal: int
    at: datetime
    actor: str
    model_version: str
    status: str
    coverage: float
    facts: dict[str, Value]
    ranking: list[RankedCauseOut]
    score: SuggestionScoreOut | None


@dataclass(frozen=True)
class RankingStep:
    """A change of the facts and the probabilities after it; `value` None: taken back."""

    fact: str
    value: FactValue | None
    at: datetime | None
    probabilities: Mapping[str, float]


class CausesView:
    """Draws a suggestion in one language."""

    def __init__(self, schema: FactSchema, words: Wording, past: PastCases, facts: Mapping[str, FactValue]) -> None:
        self._schema, self._words, self._past, self._facts = schema, words, past, facts

    def of(
        self, suggestion: CauseSuggestion, ranking: Sequence[RankingStep], *, case_id: str, suggestion_id: str | None
    ) -> CausesOut:
        """Return the suggestion with everything named."""
        shown = [hypothesis.cause for hypothesis in suggestion.hypotheses]
        return CausesOut(
            suggestion_id=suggestion_id,
            case_id=case_id,
            status=suggestion.status,
            abstention=suggestion.abstention,
            message=message(suggestion.message_id, self._words.language) if suggestion.message_id else "",
            coverage=suggestion.coverage,
            hypotheses=[self._hypothesis(hypothesis) for hypothesis in suggestion.hypotheses],
            next_checks=[self._check(check) for check in suggestion.next_checks],
            unknown_values=dict(suggestion.unknown_values),
            ranking=[self._step(step, shown) for step in ranking],
            model_version=suggestion.model_version,
            past_cases=len(self._past),
        )

    def _hypothesis(self, held: CauseHypothesis) -> HypothesisOut:
        return HypothesisOut(
            cause=held.cause,
            name=self._words.cause(held.cause),
            probability=held.probability,
            base_rate=held.base_rate,
            in_set=held.in_set,
            arguments_for=[self._argument(argument) for argument in held.arguments_for],
            arguments_against=[self._argument(argument) for argument in held.arguments_against],
            like=[self._similar(one) for one in held.like],
            unlike=[self._similar(one) for one in held.unlike],
        )

    def _argument(self, held: Argument) -> ArgumentOut:
        return ArgumentOut(
            fact=held.fact,
            name=self._words.fact(held.fact),
            value=held.value,
            shown=self._words.value(held.fact, held.value),
            log_odds=held.log_odds,
        )

    def _similar(self, held: SimilarCase) -> SimilarCaseOut:
        past = self._past.find(held.case_id)
        there = past.facts if past else {}
        return SimilarCaseOut(
            case_id=held.case_id,
            title=past.title if past else "",
            occurred_on=past.occurred_on if past else None,
            cause=held.cause,
            cause_name=self._words.cause(held.cause),
            similarity=held.similarity,
            shared=[self._words.fact(fact) for fact in held.shared],
            different=[self._difference(fact, there) for fact in held.different if fact in there],
        )

    def _difference(self, fact: str, there: Mapping[str, FactValue]) -> DifferenceOut:
        return DifferenceOut(
            fact=fact,
            name=self._words.fact(fact),
            here=self._words.value(fact, self._facts[fact]),
            there=self._words.value(fact, there[fact]),
        )

    def _check(self, held: NextCheck) -> NextCheckOut:
        how = shipped_checks().of(held.fact, self._schema)
        return NextCheckOut(
            fact=held.fact,
            name=self._words.fact(held.fact),
            kind=how.kind,
            text=how.texts[self._words.language],
            source=how.source,
            gain_bits=held.gain_bits,
            outcomes=[self._outcome(held.fact, outcome) for outcome in held.outcomes],
        )

    def _outcome(self, fact: str, held: CheckOutcome) -> OutcomeOut:
        return OutcomeOut(
            value=held.value,
            shown=self._words.value(fact, held.value),
            probability=min(held.probability, 1.0),
            cause=held.cause,
            cause_name=self._words.cause(held.cause),
            cause_probability=held.cause_probability,
        )

    def _step(self, held: RankingStep, shown: Sequence[str]) -> RankingStepOut:
        return RankingStepOut(
            fact=held.fact,
            name=self._words.fact(held.fact),
            shown="" if held.value is None else self._words.value(held.fact, held.value),
            at=held.at,
            probabilities={cause: held.probabilities.get(cause, 0.0) for cause in shown},
        )
