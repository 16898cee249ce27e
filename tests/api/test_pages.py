"""The pages without a browser: catalogues, escaping, redirects, the form without scripts."""

import re
import string
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.contract import Services
from api.middleware import safe_local_path
from api.pages.answering import shown_citations
from api.pages.messages import Messages, catalogue
from api.pages.source import marked_parts
from api.pages.wording import lines, lines_of_parts, place
from core.errors import QorganError
from core.languages import Language
from core.records import Abstention, Citation, Clause, Level, RedactionStatus, Verification
from tests.api.conftest import ACT, PASSWORD, REDACTION, clause_id

PAGES = Path(__file__).parents[2] / "api" / "pages"


def test_the_catalogues_have_the_same_keys_and_places() -> None:
    places = {
        language: {
            key: sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)
            for key, text in catalogue(language).items()
        }
        for language in Language
    }
    assert places[Language.RU] == places[Language.KK] == places[Language.EN]


def test_every_key_the_templates_use_is_in_the_catalogues() -> None:
    used = set()
    for template in (PAGES / "templates").glob("*.html"):
        used |= set(re.findall(r"""\bt\(\s*["']([\w.]+)["']\s*[,)]""", template.read_text()))
    assert len(used) > 50
    assert used <= set(catalogue(Language.RU))


def test_every_value_that_names_a_key_is_in_the_catalogues() -> None:
    keys = set(catalogue(Language.RU))
    assert {f"abstention.{reason.value}" for reason in Abstention} <= keys
    assert {f"status.{status.value}" for status in RedactionStatus} <= keys
    assert {f"language.{language.value}" for language in Language} <= keys
    assert {f"level.{level.value}" for level in Level} <= keys
    assert {f"problem.{code}" for code in _codes(QorganError)} <= keys


def _codes(kind: type[QorganError]) -> set[str]:
    return {kind.code}.union(*(_codes(inner) for inner in kind.__subclasses__()))


def test_an_error_is_said_in_the_language_of_the_page(inspector: TestClient) -> None:
    for code, sentence in (("ru", "Такой страницы"), ("kk", "Мұндай бет"), ("en", "There is no such page")):
        inspector.get(f"/language/{code}")
        missing = inspector.get("/acts/x/clauses/y", headers={"Accept": "text/html"}).text
        assert sentence in missing
        assert "no clause" in missing, "the detail stands beneath"


def test_an_act_opens_at_its_beginning(inspector: TestClient) -> None:
    opened = inspector.get(f"/acts/{ACT.id}")
    assert opened.status_code == 200
    assert "Глава 1. Пути выхода" in opened.text
    assert inspector.get("/acts/none").status_code == 404


def _save_table(services: Services) -> list[Clause]:
    heads = ("№", "Помещение", "Площадь, м2")
    cells = [("1", "Склад", "300"), ("2", "Архив", "200"), ("Примечание к строкам: считают по полу.", "", "")]
    table = _clause("table-1", "Таблица 1", Level.TABLE)
    rows = [
        replace(
            _clause(f"row-{n}", " | ".join(row), Level.ROW), ordinal=n, parent_id="table-1", cells=row, columns=heads
        )
        for n, row in enumerate(cells, start=1)
    ]
    whole = replace(table, text="Таблица 1 | " + " | ".join(row.text for row in rows), heading="Таблица 1")
    redaction = replace(REDACTION, id="r", act_id="a")
    services.acts.save_redaction(replace(ACT, id="a", number="Т 1"), redaction, [whole, *rows], {})
    return [whole, *rows]


def test_a_row_is_shown_under_its_columns_and_a_note_across_them(services: Services, inspector: TestClient) -> None:
    table, *rows = _save_table(services)
    shown = inspector.get("/acts/a/clauses/row-1").text
    assert shown.count('<th scope="col">') == 3
    assert 'data-column="Площадь, м2">300</td>' in shown
    assert '<tr class="this" id="here">' in shown
    across = inspector.get("/acts/a/clauses/row-3").text
    assert 'colspan="3">Примечание к строкам: считают по полу.</td>' in across
    citations = [_cited(clause) for clause in (rows[0], rows[2], table)]
    first, note, whole = shown_citations(services, citations)
    assert (first.columns, first.rows) == (rows[0].columns, (rows[0].cells,))
    assert note.rows == ()
    assert whole.rows == tuple(row.cells for row in rows)


def _cited(clause: Clause) -> Citation:
    return Citation(
        clause.id, "a", "Т 1", "", "", "r", None, clause.language, clause.text, 0, len(clause.text), Verification.EXACT
    )


@given(st.text(alphabet="аб:;.-1) <&\n", max_size=60))
def test_lists_are_set_in_lines_without_changing_a_character(text: str) -> None:
    assert unescape(str(lines(text)).replace("<br>", "")) == text
    parts = (text[:20], text[20:31], text[31:])
    assert "".join(lines_of_parts(parts)) == lines(text)


def test_items_of_a_list_begin_a_line() -> None:
    assert str(lines("ширина: - 1 м; - 2 м - в зале; 1) в доме.")) == (
        "ширина: <br>- 1 м; <br>- 2 м - в зале; <br>1) в доме."
    )


def test_places_in_a_report_are_said_in_words() -> None:
    assert place("ru: chapter:3/article:61/clause:1 subclause: 4", Messages(Language.RU)) == (
        "русский: глава 3, статья 61, пункт 1 подпункт 4"
    )


def test_templates_hold_no_inline_scripts_or_styles() -> None:
    for template in (PAGES / "templates").glob("*.html"):
        text = template.read_text()
        assert not re.search(r"\son\w+=|\sstyle=|<style|<script(?![^>]*src=)|https?://", text), template.name


@pytest.mark.parametrize(
    "given_path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "x", "/a\nb"]
)
def test_a_link_never_leads_to_another_site(anonymous: TestClient, given_path: str) -> None:
    assert safe_local_path(given_path) == "/"
    answer = anonymous.get("/language/kk", params={"next": given_path}, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_a_stranger_is_led_to_the_door_and_back(anonymous: TestClient) -> None:
    path = f"/acts/{ACT.id}/clauses/{clause_id(Language.RU, '2')}?start=0&end=5"
    asked = anonymous.get(path, headers={"Accept": "text/html"}, follow_redirects=False)
    assert asked.status_code == 303
    door = anonymous.get(asked.headers["location"])
    hidden = re.search(r'name="next" value="([^"]+)"', door.text)
    assert hidden
    target = hidden[1].replace("&amp;", "&")
    entered = anonymous.post(
        "/login", data={"login": "the.inspector", "password": PASSWORD, "next": target}, follow_redirects=False
    )
    assert (entered.status_code, entered.headers["location"]) == (303, path)
    assert "<mark>2. Вы</mark>" in anonymous.get(path).text


def test_the_question_form_works_without_scripts_and_escapes(inspector: TestClient) -> None:
    token = inspector.headers.pop("X-CSRF-Token")
    fields = {"question": "выход <script>alert(1)</script>", "language": "ru", "as_of": "2026-03-01"}
    assert inspector.post("/ask", data=fields).status_code == 403
    answer = inspector.post("/ask", data={**fields, "csrf": token})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "01.03.2026" in answer.text
    for wrong in ({"as_of": "завтра"}, {"language": "zz"}, {"question": "  "}):
        refused = inspector.post("/ask", data={**fields, "csrf": token, **wrong}, headers={"Accept": "text/html"})
        assert refused.status_code == 422
        assert "note danger" in refused.text


def test_errors_are_pages_for_browsers(inspector: TestClient) -> None:
    missing = inspector.get("/acts/x/clauses/y", headers={"Accept": "text/html"})
    assert missing.status_code == 404
    assert "Не найдено" in missing.text
    broken = inspector.post("/ask", data={"question": "сломайся"}, headers={"Accept": "text/html", "X-Fragment": "1"})
    assert broken.status_code == 500
    assert "Внутренняя ошибка" in broken.text
    assert "secret" not in broken.text
    huge = inspector.post("/ask", data={"question": "ы" * 200_000}, headers={"Accept": "text/html"})
    assert huge.status_code == 413


def test_the_language_is_the_browsers_until_one_is_chosen(anonymous: TestClient) -> None:
    assert 'lang="kk"' in anonymous.get("/login", headers={"Accept-Language": "kk-KZ,ru;q=0.8"}).text
    assert '<html lang="ru"' in anonymous.get("/login", headers={"Accept-Language": "fr"}).text
    anonymous.get("/language/en")
    assert '<html lang="en"' in anonymous.get("/login", headers={"Accept-Language": "kk"}).text
    assert anonymous.get("/language/zz").status_code == 422


def _clause(own: str, text: str, level: Level = Level.CLAUSE) -> Clause:
    return Clause(own, "a", "r", Language.RU, level, "1", (), (), "", text, 0)


@given(
    st.text(max_size=30), st.text(min_size=1, max_size=10), st.text(max_size=30), st.integers(0, 12), st.integers(0, 12)
)
def test_marking_loses_nothing(before: str, inner: str, after: str, start: int, end: int) -> None:
    whole = _clause("whole", before + inner + after)
    parts = marked_parts(whole, _clause("part", inner), start, end)
    assert "".join(parts) == whole.text
    if 0 <= start < end <= len(inner):
        assert parts[1] == inner[start:end]
