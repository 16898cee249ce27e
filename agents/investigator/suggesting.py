"""What past fires say about the causes of this one: a set of hypotheses to check, never one answer."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from agents.investigator.determining import OBJECT, Limits, why_undetermined
from agents.investigator.evidence import arguments, without_each
from agents.investigator.next_checks import next_checks
from agents.investigator.past_cases import Neighbours, PastCases
from core.case_records import CauseHypothesis, CauseSuggestion, FactValue, FireCase, SimilarCase
from core.records import Abstention
from pipelines.cases.model.port import CaseModel, Probabilities

NEAR = 2000
"""Past cases that tell what a check may find."""

_LEAST_HYPOTHESES = 5
_MOST_HYPOTHESES = 10
_MOST_ARGUMENTS = 6
_MOST_SIMILAR = 3
_MOST_CHECKS = 8


def suggest(
    case: FireCase,
    model: CaseModel,
    past_cases: PastCases,
    *,
    limits: Limits | None = None,
    visible: NDArray[np.bool_] | None = None,
) -> CauseSuggestion:
    """Return the hypotheses of a case with their evidence, or that the facts do not carry one.

    `visible`: which past cases may be shown beside it, shape (len(past_cases),); None: all. With `undetermined` the
    hypotheses are those of the model all the same, to be shown as what they are, and what to check matters most.
    """
    used = {fact: value for fact, value in case.facts.items() if fact in model.facts}
    names = sorted(used)
    answers = model.predict_many([used, {}, *without_each(used, names)])
    whole, nothing, removed = answers[0], answers[1], answers[2:]
    in_set = model.prediction_set(whole)
    similarities = past_cases.similarities(case.facts, without=case.id)
    near = past_cases.nearest(similarities, NEAR)
    rates = past_cases.base_rates(OBJECT, case.facts.get(OBJECT))
    beside = _Beside(case, past_cases, similarities, visible)
    hypotheses = tuple(
        _hypothesis(model.causes[number], number, used, names, whole, removed, in_set, rates, beside)
        for number in _shown(whole, model.causes, in_set)
    )
    unknown = _unknown_values(used, model)
    reason = why_undetermined(
        len(used) - len(unknown),
        unknown,
        len(in_set),
        len(model.prediction_set(nothing)),
        hypotheses[0] if hypotheses else None,
        limits or Limits(),
    )
    return CauseSuggestion(
        status="undetermined" if reason else "suggested",
        hypotheses=hypotheses,
        coverage=model.coverage,
        next_checks=next_checks(used, whole, model, past_cases, near, _MOST_CHECKS),
        model_version=model.version,
        unknown_values=unknown,
        abstention=Abstention.UNDETERMINED if reason else None,
        message_id=reason.value if reason else "",
    )


class _Beside:
    """Past cases beside the one worked on."""

    def __init__(
        self, case: FireCase, past: PastCases, similarities: NDArray[np.float32], visible: NDArray[np.bool_] | None
    ) -> None:
        self._facts, self._past, self._visible = case.facts, past, visible
        self._similarities = similarities
        shown = similarities if visible is None else np.where(visible, similarities, np.float32(-1))
        self._nearest = past.nearest(shown, 200)
        self._causes = past.cause_codes[self._nearest.rows]

    def like(self, cause: str) -> tuple[SimilarCase, ...]:
        return self._records(self._past.with_cause(self._similarities, cause, _MOST_SIMILAR, self._visible))

    def unlike(self, cause: str) -> tuple[SimilarCase, ...]:
        code = self._past.causes.index(cause) if cause in self._past.causes else -1
        other = np.flatnonzero(self._causes != code)[:_MOST_SIMILAR]
        return self._records(Neighbours(self._nearest.rows[other], self._nearest.similarities[other]))

    def _records(self, found: Neighbours) -> tuple[SimilarCase, ...]:
        pairs = zip(found.rows.tolist(), found.similarities.tolist(), strict=True)
        return tuple(self._past.beside(self._facts, row, similarity) for row, similarity in pairs if similarity > 0)


def _shown(whole: Probabilities, causes: Sequence[str], in_set: frozenset[str]) -> list[int]:
    """Return the causes to show: those of the set, and more where it is small; the most probable first."""
    ranked = [int(number) for number in np.argsort(-whole, kind="stable")]
    least = min(_LEAST_HYPOTHESES, len(ranked))
    return [n for place, n in enumerate(ranked) if place < least or causes[n] in in_set][:_MOST_HYPOTHESES]


def _hypothesis(
    cause: str,
    number: int,
    facts: Mapping[str, FactValue],
    names: Sequence[str],
    whole: Probabilities,
    removed: Probabilities,
    in_set: frozenset[str],
    rates: Mapping[str, float],
    beside: _Beside,
) -> CauseHypothesis:
    speaking_for, against = arguments(facts, names, whole, removed, number, _MOST_ARGUMENTS)
    return CauseHypothesis(
        cause=cause,
        probability=float(whole[number]),
        base_rate=rates.get(cause, 0.0),
        in_set=cause in in_set,
        arguments_for=speaking_for,
        arguments_against=against,
        like=beside.like(cause),
        unlike=beside.unlike(cause),
    )


def _unknown_values(facts: Mapping[str, FactValue], model: CaseModel) -> dict[str, FactValue]:
    return {
        fact: value
        for fact, value in facts.items()
        if isinstance(value, str) and (known := model.known_values(fact)) and value not in known
    }


def ranking_history(entered: Sequence[Mapping[str, FactValue]], model: CaseModel) -> tuple[dict[str, float], ...]:
    """Return the probabilities of all causes after each state of the facts, in the order they were entered."""
    if not entered:
        return ()
    answers = model.predict_many([dict(facts) for facts in entered])
    return tuple(dict(zip(model.causes, row.tolist(), strict=True)) for row in answers)
