"""Whether the facts of a case carry a suggestion, and if not, why."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.case_records import CauseHypothesis, FactValue

OBJECT = "object"
"""The fact that names the kind of object, for base rates and for objects that no past fire had."""


class Undetermined(StrEnum):
    """Why no cause is suggested; the value is the id of the text people are shown."""

    TOO_FEW_FACTS = "too-few-facts"
    UNKNOWN_OBJECT = "unknown-object"
    SET_TOO_WIDE = "set-too-wide"
    BY_ELIMINATION = "by-elimination"


@dataclass(frozen=True)
class Limits:
    """When facts are taken to carry a suggestion."""

    least_facts: int = 3  # known facts that the model uses
    widest_share: float = 0.8  # of the set that no fact at all gives; a wider one: the facts tell too little


def why_undetermined(
    known: int,
    unknown_values: Mapping[str, FactValue],
    set_size: int,
    size_of_nothing: int,
    first: CauseHypothesis | None,
    limits: Limits,
) -> Undetermined | None:
    """Return why the facts do not carry a suggestion, None where they do.

    `known`: facts the model uses; `size_of_nothing`: causes in the set when no fact is known; `first`: the most
    probable hypothesis. A cause that no fact speaks for leads only because others fell away or because it is frequent:
    it is not named (NFPA 921, determination of the cause: no cause by elimination alone).
    """
    if known < limits.least_facts or first is None:
        return Undetermined.TOO_FEW_FACTS
    if OBJECT in unknown_values:
        return Undetermined.UNKNOWN_OBJECT
    if set_size > max(limits.widest_share * size_of_nothing, 1):
        return Undetermined.SET_TOO_WIDE
    return None if first.arguments_for else Undetermined.BY_ELIMINATION
