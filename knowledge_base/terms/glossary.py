"""Words of the field in Russian, Kazakh and English, and how people say them when they do not speak like a norm.

Two files stand beside this module, for a specialist to edit:

- `glossary.csv` (`ru,kk,en,domain,source`): one notion a row; synonyms, abbreviations and colloquial forms in a
  cell are separated by `|`, the first is the preferred one;
- `paraphrases.csv` (`language,informal,normative`): what people say -> what norms say, in the same language.

A malformed row stops the load with the file, the line and what to mend.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigurationError
from core.languages import Language

GLOSSARY_PATH = Path(__file__).with_name("glossary.csv")
PARAPHRASES_PATH = Path(__file__).with_name("paraphrases.csv")

_GLOSSARY_COLUMNS = ("ru", "kk", "en", "domain", "source")
_PARAPHRASE_COLUMNS = ("language", "informal", "normative")
_LATIN = re.compile(r"[A-Za-z]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_KAZAKH_ONLY = re.compile(r"[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class GlossaryEntry:
    """One notion; each language holds at least one term, the preferred one first."""

    ru: tuple[str, ...]
    kk: tuple[str, ...]
    en: tuple[str, ...]
    domain: str
    source: str
    line: int  # in the file, from 1

    def terms(self, language: Language) -> tuple[str, ...]:
        """Return the terms in one language, the preferred one first."""
        return {Language.RU: self.ru, Language.KK: self.kk, Language.EN: self.en}[language]


@dataclass(frozen=True)
class Paraphrase:
    """Colloquial forms and the forms norms use for the same thing, in one language."""

    language: Language
    informal: tuple[str, ...]
    normative: tuple[str, ...]
    line: int  # in the file, from 1


def load_glossary(path: Path = GLOSSARY_PATH) -> tuple[GlossaryEntry, ...]:
    """Read and check the glossary, in the order of the file.

    Raises `ConfigurationError`, naming the line, for: a missing column, an empty cell, a term in the wrong script
    (Latin in `ru` or `kk`, Kazakh letters in `ru`, Cyrillic in `en`), a term twice in a cell, two rows of one domain
    with the same first Russian term.
    """
    entries: list[GlossaryEntry] = []
    first_seen: dict[tuple[str, str], int] = {}
    for line, row in _rows(path, _GLOSSARY_COLUMNS):
        ru, kk, en = (_terms(path, line, column, row[column]) for column in ("ru", "kk", "en"))
        for term in ru:
            _check_script(path, line, "ru", term, Language.RU)
        for term in kk:
            _check_script(path, line, "kk", term, Language.KK)
        for term in en:
            _check_script(path, line, "en", term, Language.EN)
        key = (row["domain"].casefold(), ru[0].casefold())
        if key in first_seen:
            raise _wrong(path, line, f"«{ru[0]}» already stands on line {first_seen[key]}", "merge the two rows")
        first_seen[key] = line
        entries.append(GlossaryEntry(ru, kk, en, row["domain"], row["source"], line))
    return tuple(entries)


def load_paraphrases(path: Path = PARAPHRASES_PATH) -> tuple[Paraphrase, ...]:
    """Read and check the paraphrases, in the order of the file.

    Raises `ConfigurationError`, naming the line, for: a missing column, an empty cell, an unknown language, a
    Kazakh letter in a Russian row, an informal form twice in one language, a form said to stand for itself.
    Kazakh rows may hold Russian words: people mix them.
    """
    found: list[Paraphrase] = []
    first_seen: dict[tuple[Language, str], int] = {}
    for line, row in _rows(path, _PARAPHRASE_COLUMNS):
        try:
            language = Language(row["language"])
        except ValueError:
            known = ", ".join(Language)
            raise _wrong(path, line, f"no such language: «{row['language']}»", f"use one of: {known}") from None
        informal = _terms(path, line, "informal", row["informal"])
        normative = _terms(path, line, "normative", row["normative"])
        for column, terms in (("informal", informal), ("normative", normative)):
            for term in terms:
                _check_script(path, line, column, term, language)
        same = {t.casefold() for t in informal} & {t.casefold() for t in normative}
        if same:
            raise _wrong(path, line, f"«{min(same)}» stands for itself", "keep it on one side only")
        for term in informal:
            key = (language, term.casefold())
            if key in first_seen:
                raise _wrong(path, line, f"«{term}» already stands on line {first_seen[key]}", "merge the two rows")
            first_seen[key] = line
        found.append(Paraphrase(language, informal, normative, line))
    return tuple(found)


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, cells by column) of a CSV file; every cell is present and not blank."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = tuple(cell.strip() for cell in next(reader, []))
            if header != columns:
                raise _wrong(
                    path, 1, f"columns are {','.join(header)!r}", f"the first line must be {','.join(columns)}"
                )
            for cells in reader:
                if len(cells) != len(columns):
                    raise _wrong(
                        path, reader.line_num, f"{len(cells)} columns, not {len(columns)}", "add what is missing"
                    )
                row = {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
                empty = [column for column, cell in row.items() if not cell]
                if empty:
                    raise _wrong(path, reader.line_num, f"empty: {', '.join(empty)}", "fill the cell or remove the row")
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path.name} cannot be read: {error}", advice="give a UTF-8 CSV file") from error


def _terms(path: Path, line: int, column: str, cell: str) -> tuple[str, ...]:
    """Split a cell into its synonyms."""
    terms = tuple(term.strip() for term in cell.split("|"))
    if not all(terms):
        raise _wrong(path, line, f"an empty synonym in {column}", "remove the extra «|»")
    if len({term.casefold() for term in terms}) < len(terms):
        raise _wrong(path, line, f"a synonym twice in {column}", "keep one of them")
    return terms


def _check_script(path: Path, line: int, column: str, term: str, language: Language) -> None:
    """Refuse a term whose letters are not those of its language, down to a look-alike letter within a word."""
    if language is Language.EN:
        if _CYRILLIC.search(term):
            raise _wrong(path, line, f"Cyrillic letters in {column}: «{term}»", "write it in English")
        return
    if language is Language.RU and _KAZAKH_ONLY.search(term):
        raise _wrong(path, line, f"Kazakh letters in {column}: «{term}»", "write it in Russian")
    for word in _WORD.findall(term):
        if _LATIN.search(word):
            raise _wrong(path, line, f"Latin letters in {column}: «{term}»", "write it in Cyrillic")


def _wrong(path: Path, line: int, what: str, advice: str) -> ConfigurationError:
    return ConfigurationError(f"{path.name}, line {line}: {what}", advice=advice)
