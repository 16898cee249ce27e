"""The pages without a browser: catalogues, escaping, redirects, the form without scripts."""

import re
import string
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.middleware import safe_local_path
from api.pages.messages import Messages, catalogue
from api.pages.source import marked_parts
from api.pages.wording import lines, place
from core.errors import QorganError
from core.languages import Language
from core.records import Abstention, Clause, Level, RedactionStatus
from tests.api.conftest import ACT, PASSWORD, clause_id

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


@given(st.text(alphabet="аб:;.-1) <&\n", max_size=60))
def test_lists_are_set_in_lines_without_changing_a_character(text: str) -> None:
    assert unescape(str(lines(text)).replace("<br>", "")) == text


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


def _clause(own: str, text: str) -> Clause:
    return Clause(own, "a", "r", Language.RU, Level.CLAUSE, "1", (), (), "", text, 0)


@given(
    st.text(max_size=30), st.text(min_size=1, max_size=10), st.text(max_size=30), st.integers(0, 12), st.integers(0, 12)
)
def test_marking_loses_nothing(before: str, inner: str, after: str, start: int, end: int) -> None:
    whole = _clause("whole", before + inner + after)
    parts = marked_parts(whole, _clause("part", inner), start, end)
    assert "".join(parts) == whole.text
    if 0 <= start < end <= len(inner):
        assert parts[1] == inner[start:end]
