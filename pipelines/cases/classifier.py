"""The official classifier of causes and objects of fires: codes, names, groups, as data.

Source: the reporting forms 3-СПВП (causes) and 4-СОВП (objects) of order № 928 of the Minister of Internal Affairs,
16 November 2015, in the redaction of 27 September 2022. A code is the line of the form, then the item in it. The
Kazakh and English names are ours: the order was at hand in Russian.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import Field, StringConstraints

from core.errors import InvalidInput
from core.languages import Language
from pipelines.cases.data_files import Row, packaged, read_csv

_CODE = re.compile(r"\d{1,2}(\.\d{1,2}){0,2}")
_Name = Annotated[str, StringConstraints(min_length=2, max_length=200, strip_whitespace=True)]

NOT_ESTABLISHED = "16"
"""Code of the causes that were not established: such a case is open, it teaches nothing of causes."""


class _CodeRow(Row):
    code: str = Field(pattern=_CODE.pattern)
    parent: str
    ru: _Name
    kk: _Name
    en: _Name
    source: str = Field(min_length=10)


@dataclass(frozen=True)
class Code:
    """A line of the classifier; `parent`: the code of its group, empty for a group itself."""

    code: str
    parent: str
    names: Mapping[Language, str]
    source: str

    @property
    def group(self) -> str:
        """The code of the line of the form it belongs to."""
        return self.code.partition(".")[0]


@dataclass(frozen=True)
class Classifier:
    """Codes in the order of the form."""

    name: str
    codes: Mapping[str, Code]

    def find(self, value: str) -> Code | None:
        """Return the code written so, or named so in any of the three languages (case and spaces aside)."""
        return self.codes.get(value) or _by_name(self.name).get(folded(value))


def folded(name: str) -> str:
    """Return a name as it is compared: lower case, one space between words, `ё` as `е`."""
    return " ".join(name.lower().replace("ё", "е").split())


def looks_like_code(value: str) -> bool:
    """Tell whether a value is written as a code of the classifier, whether there is such a one or not."""
    return bool(_CODE.fullmatch(value))


def causes() -> Classifier:
    """Return the causes of fires (form 3-СПВП)."""
    return classifier("causes")


def objects() -> Classifier:
    """Return the objects of fires (form 4-СОВП)."""
    return classifier("objects")


@lru_cache(maxsize=2)
def classifier(name: str) -> Classifier:
    """Return the classifier `causes` or `objects`."""
    return read_classifier(packaged(f"{name}_928.csv"), name)


def read_classifier(text: str, name: str) -> Classifier:
    """Return a classifier written as CSV. Raises `InvalidInput` naming the line: a code twice, a group missing."""
    codes: dict[str, Code] = {}
    for number, row in enumerate(read_csv(text, _CodeRow, f"{name}_928.csv"), start=2):
        if row.code in codes:
            raise InvalidInput(f"{name}_928.csv, line {number}: {row.code} stands twice", advice="take one out")
        if row.code.rpartition(".")[0] != row.parent or (row.parent and row.parent not in codes):
            raise InvalidInput(f"{name}_928.csv, line {number}: no group {row.parent!r} above", advice="add it")
        names = {Language.RU: row.ru, Language.KK: row.kk, Language.EN: row.en}
        codes[row.code] = Code(row.code, row.parent, names, row.source)
    return Classifier(name, codes)


@lru_cache(maxsize=2)
def _by_name(name: str) -> Mapping[str, Code]:
    found: dict[str, Code] = {}
    for code in classifier(name).codes.values():
        for spoken in code.names.values():
            found.setdefault(folded(spoken), code)
    return found
