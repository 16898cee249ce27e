"""What a model of causes is measured against: one-hot logistic regression, and the most frequent causes."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.case_records import FireCase
from pipelines.cases.model.calibration import set_threshold
from pipelines.cases.model.encoding import Matrix, key_of

_PERIODS = 2


def one_hot_regression(
    train: Sequence[FireCase], test: Sequence[FireCase], facts: Sequence[str]
) -> tuple[Matrix, float]:
    """Return the probabilities a one-hot multinomial logistic regression gives (C = 1), and its 90 % set's threshold.

    Shape (n, causes), the causes of `causes_of(train)`. Its sets are made as ours: by what it says of periods it was
    not trained on.
    """
    labels = labels_of(train, causes_of(train))
    chances = _fitted(train, labels, test, facts)
    judged = np.zeros((len(train), chances.shape[1]))
    order = sorted(range(len(train)), key=lambda i: (train[i].occurred_on is None, train[i].occurred_on, train[i].id))
    for part in np.array_split(np.array(order), _PERIODS):
        rest = np.setdiff1d(np.arange(len(train)), part)
        known = [train[i] for i in rest]
        some = _fitted(known, labels[rest], [train[i] for i in part], facts)
        judged[part, : some.shape[1]] = some
    return chances, set_threshold(judged, labels, 0.9)


def _fitted(
    train: Sequence[FireCase], labels: NDArray[np.int64], test: Sequence[FireCase], facts: Sequence[str]
) -> Matrix:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import OneHotEncoder

    encoder = OneHotEncoder(handle_unknown="ignore")
    known = encoder.fit_transform(_table(train, facts))
    model = LogisticRegression(C=1.0, max_iter=300).fit(known, labels)
    chances = np.zeros((len(test), int(labels.max()) + 1))
    chances[:, model.classes_] = model.predict_proba(encoder.transform(_table(test, facts)))
    return chances


def _table(cases: Sequence[FireCase], facts: Sequence[str]) -> list[list[str]]:
    return [[key_of(case.facts[fact]) if fact in case.facts else "" for fact in facts] for case in cases]


def causes_of(cases: Sequence[FireCase]) -> tuple[str, ...]:
    """Return the causes of closed cases, in order."""
    return tuple(sorted({case.cause for case in cases if case.cause is not None}))


def labels_of(cases: Sequence[FireCase], causes: Sequence[str]) -> NDArray[np.int64]:
    """Return the number of each case's cause; -1 where it is not among `causes`."""
    place = {cause: number for number, cause in enumerate(causes)}
    return np.array([place.get(case.cause or "", -1) for case in cases], dtype=np.int64)


def most_frequent(train: Sequence[FireCase], test: Sequence[FireCase], fact: str | None = None) -> Matrix:
    """Return the shares of causes among past cases, or among those of the same value of a fact where there are any."""
    causes = causes_of(train)
    labels = labels_of(train, causes)
    overall = np.bincount(labels, minlength=len(causes)).astype(np.float64) / len(labels)
    if fact is None:
        return np.tile(overall, (len(test), 1))
    by_value: dict[str, Counter[int]] = {}
    for case, label in zip(train, labels, strict=True):
        if fact in case.facts:
            by_value.setdefault(key_of(case.facts[fact]), Counter())[int(label)] += 1
    chances: Matrix = np.tile(overall * 1e-3, (len(test), 1))
    for line, case in enumerate(test):
        counts = by_value.get(key_of(case.facts[fact])) if fact in case.facts else None
        for label, count in (counts or {}).items():
            chances[line, label] += count
    chances /= chances.sum(axis=1, keepdims=True)
    return chances
