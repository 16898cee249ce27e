"""How well addresses are found: each field of a card against the expected one, after folding spelling."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

ADDRESS_FIELDS: tuple[str, ...] = ("region", "district", "settlement", "street", "house", "flat", "kato")
"""Fields that are scored one by one; `landmark` is scored apart, by shared words."""

_SCORED_EVIDENCE = frozenset({"spoken", "gazetteer"})
_TYPE_WORDS = re.compile(
    r"\b(?:улица|ул|проспект|пр-т|пр-кт|пр|микрорайон|мкр|переулок|пер|бульвар|шоссе|трасса|город|г|село|с|посёлок|поселок|"
    r"пос|п|аул|район|р-н|область|обл|имени|им|дом|д|квартира|кв|көшесі|даңғылы|қаласы|ауданы|облысы|ауылы)\b\.?"
)
_LETTERS = str.maketrans("ёәғқңөұүһі", "еагкноуухи")
_STEM = 4  # letters of a word that must be shared by two landmarks


@dataclass(frozen=True)
class ExpectedAddress:
    """An address as labelled: values by field (None: not known from the call) and where each follows from."""

    values: Mapping[str, str | None]
    evidence: Mapping[str, str] = field(default_factory=dict)

    def scored(self, name: str) -> bool:
        """Whether a field counts: not where it needs knowledge from outside the call.

        The code follows from the settlement, or where none is known from the district, so it counts where those do.
        """
        if name == "kato":
            bases = [base for base in ("settlement", "district", "region") if self.values.get(base) is not None]
            return not bases or self.evidence.get(bases[0], "spoken") in _SCORED_EVIDENCE
        return self.values.get(name) is None or self.evidence.get(name, "spoken") in _SCORED_EVIDENCE


@dataclass(frozen=True)
class AddressScore:
    """Micro-averaged over calls and fields; 1.0 where there was nothing to find and nothing was found."""

    f1: float
    precision: float
    recall: float
    settlement_street_f1: float
    landmark_f1: float
    by_field: Mapping[str, tuple[int, int, int]]  # right, wrong or surplus, missed


def normalise(value: str) -> str:
    """Return the value without case, «ё», Kazakh letters, type words and punctuation."""
    bare = _TYPE_WORDS.sub(" ", value.lower()).translate(_LETTERS)
    return " ".join(re.sub(r"[^\w/]+", " ", bare).split())


def address_f1(expected: Sequence[ExpectedAddress], predicted: Sequence[Mapping[str, str]]) -> AddressScore:
    """Return the score of `predicted` (field -> value, absent where unknown) against `expected`, call by call.

    A wrong value counts as one surplus and one missed. Raises ValueError when the two are not as many.
    """
    counts = {name: [0, 0, 0] for name in (*ADDRESS_FIELDS, "landmark")}
    for truth, guess in zip(expected, predicted, strict=True):
        for name, tally in counts.items():
            if not truth.scored(name):
                continue
            wanted, given = truth.values.get(name), guess.get(name)
            if wanted is None and name == "landmark":
                continue  # a landmark that the labeller left out does no harm
            right = wanted is not None and given is not None and _same(name, wanted, given)
            tally[0] += right
            tally[1] += given is not None and not right
            tally[2] += wanted is not None and not right
    found = {name: (tally[0], tally[1], tally[2]) for name, tally in counts.items()}
    f1, precision, recall = _micro(found, ADDRESS_FIELDS)
    return AddressScore(
        f1=f1,
        precision=precision,
        recall=recall,
        settlement_street_f1=_micro(found, ("settlement", "street"))[0],
        landmark_f1=_micro(found, ("landmark",))[0],
        by_field=found,
    )


def _same(name: str, wanted: str, given: str) -> bool:
    if name == "landmark":
        return bool(_stems(wanted) & _stems(given))
    return normalise(wanted) == normalise(given)


def _stems(text: str) -> set[str]:
    words = normalise(text).split()
    return {word[:_STEM] for word in words if len(word) >= _STEM or word.isdigit()}


def _micro(found: Mapping[str, tuple[int, int, int]], names: Collection[str]) -> tuple[float, float, float]:
    right, surplus, missed = (sum(found[name][part] for name in names) for part in range(3))
    precision = right / (right + surplus) if right + surplus else 1.0
    recall = right / (right + missed) if right + missed else 1.0
    f1 = 2 * right / (2 * right + surplus + missed) if right + surplus + missed else 1.0
    return f1, precision, recall
