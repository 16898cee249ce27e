"""Files of cases: encodings, separators, workbooks, bad rows; every row is a case or stands in the report."""

import csv
import gzip
import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput, NotReadable, TooLarge
from pipelines.cases.importing import CaseImport, read_cases
from pipelines.cases.mapping import CaseMapping, read_mapping
from pipelines.cases.personal_data import MASK, mask_personal
from pipelines.cases.report import RowIssue, csv_of, issue_object

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MAPPING = """
name: cards
language: ru
id: [номер]
date: {column: дата}
cause: {column: причина, open: [не установлена], groups: {печи: ["6.1", Своя]}}
title: заметка
missing: [не указано]
values: {cause: {печное: "6.1", пусто: ""}, floor: {901: -1}}
exclude: [{column: объект, contains: [мусор], reason: rubbish}]
facts:
  object: объект
  storeys: {column: этажей, missing: [0]}
  floor: этаж
  heating: отопление
  description: заметка
  month: {from_date: month}
  season: {from_date: season}
  hour: {from_date: hour}
"""
HEADER = ("номер", "дата", "объект", "этажей", "этаж", "отопление", "причина", "заметка")
ROW = ("1", "2026-01-05 13:40", "Частный сектор", "2", "901", "Печное", "печное", "Баня, көше")


def mapping(**changes: str) -> CaseMapping:
    return read_mapping(MAPPING + "".join(f"{name}: {value}\n" for name, value in changes.items()))


def table(*rows: tuple[str, ...], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([HEADER, *rows])
    return text.getvalue()


def kept(path: Path, content: bytes | str, name: str = "cards.csv") -> Path:
    made = path / name
    made.write_bytes(content.encode() if isinstance(content, str) else content)
    return made


def workbook(path: Path, *rows: tuple[object, ...]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (HEADER, *rows):
        sheet.append(row)
    book.save(path / "cards.xlsx")
    return path / "cards.xlsx"


def test_a_row_becomes_a_case(tmp_path: Path) -> None:
    (case,), report = read_cases(kept(tmp_path, table(ROW)), mapping(), now=NOW)
    assert case.facts == {
        "object": "14.4",
        "storeys": 2.0,
        "floor": -1.0,
        "heating": "stove",
        "description": "Баня, көше",
        "month": "1",
        "season": "winter",
        "hour": 13.0,
    }
    assert (case.cause, case.occurred_on, case.source) == ("6.1", date(2026, 1, 5), "cards.csv, row 2")
    assert (report.rows, report.cases, report.issues) == (1, 1, {})


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251", "kz1048"])
def test_encodings_and_separators_are_found(tmp_path: Path, encoding: str, delimiter: str) -> None:
    row = ROW if encoding != "cp1251" else (*ROW[:-1], "Баня")
    (case,), report = read_cases(kept(tmp_path, table(row, delimiter=delimiter).encode(encoding)), mapping(), now=NOW)
    assert case.facts["description"] == row[-1]
    assert (report.encoding, report.delimiter) == (encoding.removesuffix("-sig"), delimiter)


def test_packed_files_are_read_and_limited(tmp_path: Path) -> None:
    rows = [(str(n), *ROW[1:]) for n in range(3000)]
    path = kept(tmp_path, gzip.compress(table(*rows).encode()), "cards.csv.gz")
    assert len(read_cases(path, mapping(), now=NOW)[0]) == 3000
    with pytest.raises(TooLarge):
        list(CaseImport(path, mapping(), max_unpacked_bytes=100_000))
    kept(tmp_path, path.read_bytes()[:-500], "cards.csv.gz")
    with pytest.raises(NotReadable):
        list(CaseImport(path, mapping()))


def test_a_workbook_gives_its_values_and_runs_nothing(tmp_path: Path) -> None:
    moment = datetime(2026, 1, 5, 13, 40)  # noqa: DTZ001 (as a workbook holds it)
    path = workbook(
        tmp_path,
        (1, moment, "Частный сектор", 2, 901, "Печное", "печное", "Баня"),
        (2, moment, "Частный сектор", "=1+1", 1, None, None, "Дом"),
        (),
        (3, moment, "Частный сектор", "#N/A", 1, None, 6.1, '=HYPERLINK("http://x")'),
    )
    cases, report = read_cases(path, mapping(), now=NOW)
    assert [case.facts["object"] for case in cases] == ["14.4"]
    assert cases[0].facts["hour"] == 13.0
    assert [(issue.row, issue.kind) for issue in report.first_issues] == [(3, "wrong-cells"), (5, "wrong-cells")]
    assert (report.kind, report.blank, report.refused) == ("xlsx", 1, 2)


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    for content, error in (
        (b"\xd0\xcf\x11\xe0" + bytes(600), NotReadable),
        (b"PK\x03\x04" + bytes(100), NotReadable),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), NotReadable),
        (b" \n", InvalidInput),
        ("номер;дата\n1;2".encode(), InvalidInput),
        (table(ROW).replace("этажей", "этаж").encode(), InvalidInput),
    ):
        with pytest.raises(error) as raised:
            list(CaseImport(kept(tmp_path, content), mapping()))
        assert raised.value.advice
    with zipfile.ZipFile(tmp_path / "evil.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    with pytest.raises(NotReadable):
        list(CaseImport(tmp_path / "evil.xlsx", mapping()))
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(5_000_000))
    with pytest.raises(TooLarge):
        list(CaseImport(tmp_path / "bomb.xlsx", mapping(), max_unpacked_bytes=1_000_000))


def test_an_open_quote_and_foreign_bytes_cost_only_their_rows(tmp_path: Path) -> None:
    good = table(ROW, ("2", *ROW[1:])).encode()
    bad = good + b"3,2026-01-05,\xff\xfe\xfa,1,1,,1,x\r\n" + b'4,2026-01-05,"' + b"a" * 200_000 + b"\r\n"
    foreign, found = read_cases(kept(tmp_path, bad), mapping(encoding="utf-8"), now=NOW)
    assert len(foreign) == 3
    assert "bad-encoding" in found.issues
    assert found.refused >= 1


_CELLS = st.one_of(
    st.sampled_from(["", "1", "2", "0", "x", "14.4", "99.9", "мусор", "2026-01-05", "2999-01-01", "да", "=1", "\x00"]),
    st.text(max_size=12),
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(*[_CELLS] * len(HEADER)), max_size=8))
def test_every_row_is_a_case_or_in_the_report(tmp_path: Path, rows: list[tuple[str, ...]]) -> None:
    text = table(*rows).encode("utf-8", "replace")
    issues: list[RowIssue] = []
    reading = CaseImport(kept(tmp_path, text), mapping(encoding="utf-8"), now=NOW, on_issue=issues.append)
    cases = list(reading)
    found = reading.report
    assert found.rows == found.cases + found.refused + found.duplicates + found.blank + sum(found.excluded.values())
    assert found.cases == len(cases) == len({case.id for case in cases})
    assert sum(found.issues.values()) == len(issues)
    refused = {issue.row for issue in issues if issue.outcome == "row refused"}
    assert len(refused) == found.refused + found.duplicates
    assert all(case.facts for case in cases)
    assert sum(case.cause is None for case in cases) == found.open_cases
    assert all("\x00" not in str(value) for case in cases for value in case.facts.values())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("x: 1", "x"),
        ("facts: {nothing: a}", "nothing"),
        ("facts: {object: a}\nvalues: {floor: {1: 2}}", "floor"),
        ("facts: {object: a}\nlists: {scene: [floor]}", "floor"),
        ("facts: {month: {from_date: month}}", "date"),
        ("facts: {object: a}\nexclude: [{column: a, reason: why}]", "any_of"),
        ("facts: {object: a}\ndate: {column: a, timezone: Nowhere/Land}", "zone"),
        ("facts: {object: a}\nvalues: {object: {yes: a}}", "quotes"),
        ("facts: &a {object: a}\nvalues: *a", "aliases"),
        ("facts: [", "YAML"),
    ],
)
def test_a_wrong_mapping_is_refused_by_what_is_wrong(wrong: str, said: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        read_mapping(f"name: n\nlanguage: ru\n{wrong}\n", "m.yaml")
    assert "m.yaml" in raised.value.detail
    assert said in raised.value.detail


def test_lists_and_groups_of_a_mapping() -> None:
    made = mapping()
    assert made.list_of("scene") == ("object", "storeys", "floor", "heating", "month", "season", "hour")
    assert (made.group_of("6.1"), made.group_of("3.1"), made.group_of("Прочее")) == ("печи", "3", "Прочее")
    with pytest.raises(InvalidInput):
        made.list_of("other")


@pytest.mark.parametrize(
    "text",
    [
        "Сообщил Иванов Иван Иванович",
        "Иванов И.И. курил",
        "ИИН 850101300123",
        "тел. +7 (701) 123-45-67",
        "87011234567 звонить",
        "почта a.b@mail.kz",
        "ул. Абая, д. 5, кв. 12",
        "Серіков Асқар Ерланұлы",
        "машина 123 ABC 02",
    ],
)
def test_personal_data_is_masked_and_facts_are_not(text: str) -> None:
    assert MASK in mask_personal(text)
    assert mask_personal("Печь в бане, 2 этаж, 14.4") == "Печь в бане, 2 этаж, 14.4"


def test_a_report_masks_people_and_defuses_formulas(tmp_path: Path) -> None:
    row = ("1", "Иванов Иван Иванович 87011234567", *ROW[2:])
    _, report = read_cases(kept(tmp_path, table(row, ("2", "=cmd()", *ROW[2:]))), mapping(), now=NOW)
    exported = "".join(csv_of(map(issue_object, report.first_issues)))
    assert "Иванов" not in exported
    assert "8701" not in exported
    assert "'=cmd()" in exported
