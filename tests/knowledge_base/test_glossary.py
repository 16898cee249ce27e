"""The glossary and the paraphrases: what is shipped is sound, and what is not is refused with its line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.languages import Language
from knowledge_base.terms.glossary import load_glossary, load_paraphrases

HEADER = "ru,kk,en,domain,source\n"
GOOD = "огнетушитель|ОП,өрт сөндіргіш,fire extinguisher|extinguisher,extinguishers,standard terminology\n"
PARA_HEADER = "language,informal,normative\n"


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "words.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped_glossary_covers_the_field() -> None:
    entries = load_glossary()
    assert len(entries) >= 1500
    by_first = {entry.ru[0]: entry for entry in entries}
    assert "өрт сөндіргіш" in by_first["огнетушитель"].kk
    assert "MCI" in by_first["месячный расчетный показатель"].terms(Language.EN)
    assert "ЛВЖ" in by_first["легковоспламеняющаяся жидкость"].terms(Language.RU)


def test_every_language_of_an_entry_has_terms() -> None:
    assert all(entry.terms(language) for entry in load_glossary() for language in Language)


def test_shipped_paraphrases_are_of_both_languages() -> None:
    paraphrases = load_paraphrases()
    assert len(paraphrases) >= 300
    assert {p.language for p in paraphrases} == {Language.RU, Language.KK}
    assert any("ступенька" in p.informal and "ступень" in p.normative for p in paraphrases)


def test_line_of_an_entry_is_its_line_in_the_file(tmp_path: Path) -> None:
    second = "пожар,өрт,fire,fire,standard terminology\n"
    assert [entry.line for entry in load_glossary(_write(tmp_path, HEADER + GOOD + second))] == [2, 3]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("пожар,өрт,fire,fire\n", "4 columns"),
        (",өрт,fire,fire,standard terminology\n", "empty: ru"),
        ("  ,өрт,fire,fire,standard terminology\n", "empty: ru"),
        ("пожар,өрт,fire,fire,\n", "empty: source"),
        ("пожар||огонь,өрт,fire,fire,standard terminology\n", "empty synonym in ru"),
        ("пожар|Пожар,өрт,fire,fire,standard terminology\n", "twice in ru"),
        ("өрт,өрт,fire,fire,standard terminology\n", "Kazakh letters in ru"),
        ("fire,өрт,fire,fire,standard terminology\n", "Latin letters in ru"),
        ("пожаp,өрт,fire,fire,standard terminology\n", "Latin letters in ru"),  # a Latin look-alike of р
        ("пожар,fire,fire,fire,standard terminology\n", "Latin letters in kk"),
        ("пожар,өрт,пожар,fire,standard terminology\n", "Cyrillic letters in en"),
        ("Огнетушитель,от сөндіргіш,extinguisher,Extinguishers,standard terminology\n", "already stands on line 2"),
    ],
)
def test_nonsense_is_refused_with_its_line(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_glossary(_write(tmp_path, HEADER + GOOD + row))
    assert "words.csv, line 3" in caught.value.detail
    assert says in caught.value.detail
    assert caught.value.advice


def test_same_words_in_another_domain_are_another_notion(tmp_path: Path) -> None:
    rows = HEADER + GOOD + "огнетушитель,өрт сөндіргіш,extinguisher,transport,standard terminology\n"
    assert len(load_glossary(_write(tmp_path, rows))) == 2


def test_missing_column_is_named_on_the_first_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="line 1"):
        load_glossary(_write(tmp_path, "ru,kk,en,domain\n"))


@pytest.mark.parametrize("load", [load_glossary, load_paraphrases])
def test_unreadable_file_is_a_configuration_error(tmp_path: Path, load: Callable[[Path], object]) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path / "absent.csv")
    broken = tmp_path / "broken.csv"
    broken.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(broken)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("de,Knopf,Taste\n", "no such language"),
        ("ru,өрт,пожар\n", "Kazakh letters"),
        ("ru,кнопка,КНОПКА\n", "stands for itself"),
        ("ru,ступеньки,саты баспалдақ\n", "Kazakh letters"),
        ("ru,ступенька,проступь\n", "already stands on line 2"),
        ("ru,ступеньки\n", "2 columns"),
    ],
)
def test_nonsense_paraphrase_is_refused_with_its_line(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_paraphrases(_write(tmp_path, PARA_HEADER + "ru,ступенька,ступень\n" + row))
    assert "line 3" in caught.value.detail
    assert says in caught.value.detail
