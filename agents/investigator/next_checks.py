"""What to find out next: the facts not known yet, by the information about the cause they are expected to give.

What a check would find is taken from the past cases most like this one, weighed so that their causes are as probable
as the model says: P(v) = sum over causes of P(cause) P(v | cause, such fires). The gain is the mutual information of
the fact and the cause under the model: the Jensen-Shannon divergence of its predictions for each value (Lin, 1991).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from agents.investigator.past_cases import Neighbours, PastCases
from core.case_records import CheckOutcome, FactValue, NextCheck
from pipelines.cases.model.port import CaseModel, Probabilities

_MOST_FACTS = 10  # asked of the model: those that tell most of the cause among all past cases
_MOST_VALUES = 5
_LEAST_SHARE = 0.02
_LEAST_GAIN_BITS = 1e-5
_SHARPNESS = 8.0
_OUTCOMES_SHOWN = 4


def next_checks(
    facts: Mapping[str, FactValue],
    probabilities: Probabilities,
    model: CaseModel,
    past: PastCases,
    near: Neighbours,
    most: int,
) -> tuple[NextCheck, ...]:
    """Return at most `most` facts to find out, the most telling first; `probabilities` of the case, (n_causes,)."""
    if not len(near.rows):
        return ()
    weights = _weights(probabilities, model.causes, past, near)
    questions: list[tuple[str, list[tuple[FactValue, float]]]] = []
    telling = sorted((f for f in model.facts if f not in facts), key=lambda f: (-past.weights.get(f, 0.0), f))
    for fact in telling[:_MOST_FACTS]:
        if likely := _likely(past.found_values(fact, near, weights)):
            questions.append((fact, likely))
    supposed = [{**facts, fact: value} for fact, likely in questions for value, _ in likely]
    if not supposed:
        return ()
    answers = model.predict_many(supposed)
    checks = []
    start = 0
    for fact, likely in questions:
        check = _check(fact, likely, answers[start : start + len(likely)], model.causes)
        start += len(likely)
        if check.gain_bits >= _LEAST_GAIN_BITS:
            checks.append(check)
    return tuple(sorted(checks, key=lambda check: (-check.gain_bits, check.fact))[:most])


def _weights(
    probabilities: Probabilities, causes: Sequence[str], past: PastCases, near: Neighbours
) -> NDArray[np.float64]:
    """Return a weight for each near case: the nearer the heavier, each cause together as heavy as it is probable."""
    believed = dict(zip(causes, probabilities.tolist(), strict=True))
    of_cause = np.array([believed.get(cause, 0.0) for cause in past.causes])
    codes = past.cause_codes[near.rows]
    nearness = np.exp(_SHARPNESS * (near.similarities.astype(np.float64) - float(near.similarities[0])))
    shares = np.bincount(codes, weights=nearness, minlength=len(past.causes))
    return np.asarray(of_cause[codes] * nearness / shares[codes], dtype=np.float64)


def _likely(found: Mapping[FactValue, float]) -> list[tuple[FactValue, float]]:
    ranked = sorted(((value, share) for value, share in found.items() if share >= _LEAST_SHARE), key=lambda x: -x[1])
    return ranked[:_MOST_VALUES]


def _check(
    fact: str, likely: Sequence[tuple[FactValue, float]], answers: Probabilities, causes: Sequence[str]
) -> NextCheck:
    shares = np.array([share for _, share in likely])
    mass = float(shares.sum())  # what the rarer values would tell is not counted
    gain = mass * _divergence(answers, shares / mass)
    first = answers.argmax(axis=1)
    outcomes = tuple(
        CheckOutcome(value, float(share), causes[int(first[i])], float(answers[i, first[i]]))
        for i, (value, share) in enumerate(likely[:_OUTCOMES_SHOWN])
    )
    return NextCheck(fact, gain, outcomes)


def _divergence(answers: Probabilities, shares: NDArray[np.float64]) -> float:
    """Return the Jensen-Shannon divergence, bits, of the rows of `answers`, (v, n_causes), weighed by `shares`."""
    mean = shares @ answers
    return max(0.0, float(_entropy_bits(mean) - shares @ np.array([_entropy_bits(row) for row in answers])))


def _entropy_bits(probabilities: NDArray[np.float64]) -> float:
    held = probabilities[probabilities > 0]
    return float(-(held * np.log2(held)).sum())
