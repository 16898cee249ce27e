"""Facts as rows of numbers: a known value by itself, a rare or new one by the known values whose names are like its."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.case_records import FactValue

Facts = Mapping[str, FactValue]
Codes = NDArray[np.int64]
Matrix = NDArray[np.float64]

MONTH = "month"
"""The fact that tells the season; a calendar month from 1 to 12."""

LEAST_CASES = 2  # a value of fewer cases is known by values alike alone
WORD_LETTERS = 6  # a stem good enough for the names of categories: the words of one object type decline alike
_MOST_ALIKE = 3
MOST_STEPS = 12  # thresholds of a number
_WORD = re.compile(r"[^\W\d_]{4,}")
_COLDEST_MONTH = 1.0
_STEP = 0.5  # how much of a token each threshold that a number reaches adds


def season_of(facts: Facts) -> float:
    """Return how wintry the month is, from 1 (January) to -1 (July); 0 when the month is not known.

    A cosine of the year lets a model that saw January to August judge December as a winter month.
    """
    try:
        month = float(facts.get(MONTH, "nan"))
    except ValueError:
        return 0.0
    return float(np.cos(2 * np.pi * (month - _COLDEST_MONTH) / 12)) if 1 <= month <= 12 else 0.0


def key_of(value: FactValue) -> str:
    """Return a value as the text it is kept by; 3.0 and 3 are one value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | int):
        return f"{value:g}"
    return " ".join(value.split()).casefold()


def words_of(value: FactValue) -> tuple[str, ...]:
    """Return the stems of a category's name, each once."""
    if not isinstance(value, str):
        return ()
    return tuple(sorted({word[:WORD_LETTERS] for word in _WORD.findall(value.casefold())}))


@dataclass(frozen=True)
class FactCode:
    """How one fact is turned into numbers, as learnt from past cases.

    `rows`: value -> its row. `own`: value -> its token (column). A row is a weighted sum of tokens.
    """

    fact: str
    names: Mapping[str, str]  # value as kept -> as written
    rows: Mapping[str, int]
    own: Mapping[str, int]
    steps: tuple[float, ...] = ()
    step_tokens: tuple[int, ...] = ()

    @property
    def is_number(self) -> bool:
        """Whether the values have an order."""
        return bool(self.steps)

    def key(self, value: FactValue) -> str:
        """Return what the value is kept by: for a number, the last threshold it reaches."""
        if self.is_number and isinstance(value, float | int):
            return f"{sum(value >= step for step in self.steps)}"
        return key_of(value)

    def weights(self, key: str, value: FactValue | None) -> dict[int, float]:
        """Return the tokens of a value, and how much of each; none for a value of which nothing is known."""
        if self.is_number:
            tokens = dict.fromkeys(self.step_tokens[: int(key) if key.isdigit() else 0], _STEP)
            return tokens | ({self.own[key]: 1.0} if key in self.own else {})
        if key in self.own:
            return {self.own[key]: 1.0}
        return self._by_words(words_of(self.names.get(key, key) if value is None else value))

    def _by_words(self, words: Sequence[str]) -> dict[int, float]:
        """Return the known values whose names share most words with these, each by its share of common words."""
        given = set(words)
        alike = [
            (len(given & spoken) / len(given | spoken), key) for key, spoken in self._spoken.items() if given & spoken
        ]
        nearest = sorted(alike, key=lambda pair: (-pair[0], pair[1]))[:_MOST_ALIKE]
        total = sum(share for share, _ in nearest)
        return {self.own[key]: share / total * nearest[0][0] for share, key in nearest}

    @cached_property
    def _spoken(self) -> Mapping[str, frozenset[str]]:
        return {key: frozenset(words_of(self.names[key])) for key in self.own if key in self.names}


@dataclass(frozen=True)
class Encoded:
    """Cases as codes of rows, shape (n, facts); `rows`: tokens of every row, shape (rows, tokens). Row 0: not known.

    Rows past those of the encoder are values that were never seen, made of their words. `season`: shape (n,).
    """

    codes: Codes
    rows: Matrix
    season: Matrix

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True)
class FactEncoder:
    """Facts of cases -> codes."""

    facts: tuple[FactCode, ...]
    n_rows: int
    n_tokens: int
    seasonal: bool

    @cached_property
    def rows(self) -> Matrix:
        """Tokens of every known value, shape (rows, tokens)."""
        rows = np.zeros((self.n_rows, self.n_tokens))
        for code in self.facts:
            for key, row in code.rows.items():
                for token, weight in code.weights(key, None).items():
                    rows[row, token] = weight
        return rows

    def encode(self, cases: Sequence[Facts]) -> Encoded:
        """Return the codes of cases. What is absent and what is quite unknown is row 0."""
        codes = np.zeros((len(cases), len(self.facts)), dtype=np.int64)
        extra: dict[tuple[str, str], int] = {}
        added: list[Matrix] = []
        for column, code in enumerate(self.facts):
            for line, facts in enumerate(cases):
                value = facts.get(code.fact)
                if value is None:
                    continue
                key = code.key(value)
                row = code.rows.get(key) or extra.get((code.fact, key))
                if row is None:
                    row = self._unseen(code, key, value, added)
                    extra[code.fact, key] = row
                codes[line, column] = row
        rows = np.vstack([self.rows, *added]) if added else self.rows
        season = np.array([season_of(facts) if self.seasonal else 0.0 for facts in cases])
        return Encoded(codes, rows, season)

    def _unseen(self, code: FactCode, key: str, value: FactValue, added: list[Matrix]) -> int:
        tokens = code.weights(key, value)
        if not tokens:
            return 0
        row = np.zeros((1, self.n_tokens))
        for token, weight in tokens.items():
            row[0, token] = weight
        added.append(row)
        return self.n_rows + len(added) - 1

    def known_values(self, fact: str) -> frozenset[str]:
        """Return the categories seen in training, as they were written; empty for a number and for a fact not used."""
        for code in self.facts:
            if code.fact == fact and not code.is_number:
                return frozenset(code.names.values())
        return frozenset()

    def as_json(self) -> dict[str, object]:
        """Return all that is needed to make this encoder again."""
        return {
            "n_rows": self.n_rows,
            "n_tokens": self.n_tokens,
            "seasonal": self.seasonal,
            "facts": [
                {
                    "fact": c.fact,
                    "names": dict(c.names),
                    "rows": dict(c.rows),
                    "own": dict(c.own),
                    "steps": list(c.steps),
                    "step_tokens": list(c.step_tokens),
                }
                for c in self.facts
            ],
        }


def learn_encoder(cases: Sequence[Facts], facts: Sequence[str]) -> FactEncoder:
    """Return the encoder of these facts, learnt from past cases; facts that none of them has are left out."""
    seasonal = MONTH in facts and any(season_of(case) for case in cases)
    counter = _Counter()
    codes = []
    for fact in facts:
        values = [case[fact] for case in cases if fact in case]
        if not values or (fact == MONTH and not _whole_year(values)):
            continue
        codes.append(_number(fact, values, counter) if _is_number(values) else _category(fact, values, counter))
    return FactEncoder(tuple(codes), counter.rows, counter.tokens, seasonal)


@dataclass
class _Counter:
    rows: int = 1
    tokens: int = 0

    def row(self) -> int:
        self.rows += 1
        return self.rows - 1

    def token(self) -> int:
        self.tokens += 1
        return self.tokens - 1


def _whole_year(values: Sequence[FactValue]) -> bool:
    """Tell whether each month was seen: only then may a month speak for itself and not as a season alone."""
    return len({key_of(value) for value in values}) >= 12


def _is_number(values: Sequence[FactValue]) -> bool:
    return all(isinstance(value, float | int) and not isinstance(value, bool) for value in values)


def _number(fact: str, values: Sequence[FactValue], counter: _Counter) -> FactCode:
    data = np.array([float(value) for value in values])
    distinct = np.unique(data)
    steps = (
        distinct[1:]
        if len(distinct) <= 2 * MOST_STEPS
        else np.unique(np.quantile(data, np.linspace(0, 1, MOST_STEPS + 2)[1:-1]))
    )
    steps = steps if len(steps) else distinct
    tokens = tuple(counter.token() for _ in steps)
    counts = Counter(int((value >= steps).sum()) for value in data)
    rows = {str(reached): counter.row() for reached in range(len(steps) + 1)}
    own = {str(reached): counter.token() for reached in sorted(counts) if counts[reached] >= LEAST_CASES}
    return FactCode(fact, {}, rows, own, tuple(float(s) for s in steps), tokens)


def _category(fact: str, values: Sequence[FactValue], counter: _Counter) -> FactCode:
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    for value in values:
        key = key_of(value)
        counts[key] += 1
        names.setdefault(key, value if isinstance(value, str) else key)
    keys = sorted(counts)
    rows = {key: counter.row() for key in keys}
    own = {key: counter.token() for key in keys if counts[key] >= LEAST_CASES}
    return FactCode(fact, names, rows, own)


def read_encoder(data: Mapping[str, object]) -> FactEncoder:
    """Return the encoder written by `FactEncoder.as_json`. Raises KeyError, TypeError, ValueError on other data."""
    listed = data["facts"]
    if not isinstance(listed, list):
        raise TypeError("`facts` is not a list")
    codes = tuple(
        FactCode(
            str(row["fact"]),
            dict(row["names"]),
            dict(row["rows"]),
            dict(row["own"]),
            tuple(row["steps"]),
            tuple(row["step_tokens"]),
        )
        for row in listed
    )
    return FactEncoder(codes, int(str(data["n_rows"])), int(str(data["n_tokens"])), bool(data["seasonal"]))
