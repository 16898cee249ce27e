import io
import re
from datetime import UTC, date, datetime

import pytest
from docx import Document

from agents.investigator.checks import read_checks, shipped_checks
from agents.investigator.determining import Undetermined
from agents.investigator.messages import message
from agents.investigator.past_cases import PastCases
from agents.investigator.plan import MARK, PlanOfCase, TracedFact, plan_document
from agents.investigator.suggesting import suggest
from agents.investigator.wording import Wording
from core.case_records import FactValue, FireCase
from core.errors import QorganError
from core.languages import Language
from pipelines.cases.schema import shipped_schema
from tests.cause_samples import PlainCauseModel, past_fires

_PAST = past_fires(600)
_FACTS: dict[str, FactValue] = {
    "object": "1.2",
    "place_of_origin": "Печь",
    "heating": "stove",
    "power": "live",
    "smoking": False,
    "object_area": 64.0,
}


def _plan(facts: dict[str, FactValue]) -> PlanOfCase:
    suggestion = suggest(FireCase("new", facts), PlainCauseModel(_PAST), PastCases(_PAST))
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    traced = [TracedFact(f, v, "осмотр" if f == "object" else "", "следователь", at) for f, v in facts.items()]
    return PlanOfCase("case-1", "Пожар бани", date(2026, 3, 1), traced, suggestion, at)


def _text(content: bytes) -> str:
    document = Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


@pytest.mark.parametrize("language", list(Language))
def test_the_plan_names_versions_facts_and_checks_and_traces_each(language: Language) -> None:
    plan = _plan(_FACTS)
    text = _text(plan_document(plan, shipped_schema(), language))
    words = Wording(shipped_schema(), language)
    for hypothesis in plan.suggestion.hypotheses:
        assert words.cause(hypothesis.cause) in text
    for check in plan.suggestion.next_checks:
        assert shipped_checks().of(check.fact, shipped_schema()).texts[language] in text
    marks = {traced.fact: f"{MARK[language]}{number}" for number, traced in enumerate(plan.facts, start=1)}
    cited = re.findall(rf"\[({MARK[language]}\d+)\] ([^\n]*)", text)
    assert cited
    for mark, said in cited:
        fact = next(fact for fact, own in marks.items() if own == mark)
        assert said == f"{words.fact(fact)}: {words.value(fact, _FACTS[fact])}"
    assert text.count("02.03.2026 09:30") == len(_FACTS) + 1
    assert "{" not in text


def test_the_plan_of_a_case_without_facts_says_that_nothing_is_determined() -> None:
    text = _text(plan_document(_plan({}), shipped_schema(), Language.RU))
    assert message(Undetermined.TOO_FEW_FACTS, Language.RU) in text
    assert "Фактов не внесено" in text


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("reason", list(Undetermined))
def test_every_reason_has_its_text(reason: Undetermined, language: Language) -> None:
    assert len(message(reason, language)) > 40


def test_every_fact_of_the_schema_has_a_check() -> None:
    schema = shipped_schema()
    for fact in schema.facts:
        how = shipped_checks().of(fact, schema)
        assert how.kind == "examination" or schema.facts[fact].stage != "found_source"
        assert all("{" not in text and len(text) > 5 for text in how.texts.values())
    assert shipped_checks().of("own_fact", schema).texts[Language.EN].endswith("own_fact")


def test_checks_that_make_no_sense_are_refused() -> None:
    with pytest.raises(QorganError, match=r"mine\.yaml, line 1"):
        read_checks("stages: {scene: {kind: guess}}\nfacts: {}\n", "mine.yaml")
    row = "{kind: check, ru: осмотреть, kk: қарау керек, en: inspect, source: own list}"
    stages = ", ".join(f"{stage}: {row}" for stage in ("scene", "documents", "found_source", "late"))
    with pytest.raises(QorganError, match="no fact 'colour_of_socks'"):
        read_checks(f"stages: {{{stages}}}\nfacts: {{colour_of_socks: {row}}}\n", "mine.yaml")


def test_values_are_written_as_people_write_them() -> None:
    words = Wording(shipped_schema(), Language.RU)
    assert words.value("object_area", 64.0) == "64 м²"
    assert words.value("storeys", 2.0) == "2"
    assert words.value("smoking", False) == "нет"
    assert words.value("heating", "stove") == "Печное"
    assert words.cause("3.1").startswith("Короткое замыкание")
    assert words.cause("Своя причина") == "Своя причина"
