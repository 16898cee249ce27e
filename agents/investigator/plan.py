"""The plan for checking the hypotheses of a case, as a document (DOCX): every statement refers to a numbered fact."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from agents.investigator.checks import shipped_checks
from agents.investigator.messages import message
from agents.investigator.wording import Wording
from core.case_records import Argument, CauseHypothesis, CauseSuggestion, FactValue, NextCheck, SimilarCase
from core.errors import ConfigurationError
from core.languages import Language
from pipelines.cases.schema import FactSchema

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table

_ORDER = (Language.RU, Language.KK, Language.EN)
_FONT = "Times New Roman"
MARK = {Language.RU: "Ф", Language.KK: "Д", Language.EN: "F"}
"""Letter before the number of a fact."""


@dataclass(frozen=True)
class TracedFact:
    """A fact of the case and where it is known from."""

    fact: str
    value: FactValue
    source: str  # file and row, or what the person named as the source; empty: entered by hand
    entered_by: str
    entered_at: datetime | None  # None: it follows from the date of the fire


@dataclass(frozen=True)
class PlanOfCase:
    """What the plan is drawn from."""

    case_id: str
    title: str
    occurred_on: date | None
    facts: Sequence[TracedFact]
    suggestion: CauseSuggestion
    drawn_up_at: datetime


def plan_document(plan: PlanOfCase, schema: FactSchema, language: Language) -> bytes:
    """Return the plan as a DOCX file."""
    from docx import Document

    document = Document()
    writer = _Writer(document, plan, Wording(schema, language), schema)
    writer.write()
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


class _Writer:
    def __init__(self, document: "Document", plan: PlanOfCase, words: Wording, schema: FactSchema) -> None:
        self._document, self._plan, self._words, self._schema = document, plan, words, schema
        self._t = _texts(words.language)
        mark = MARK[words.language]
        self._marks = {traced.fact: f"{mark}{number}" for number, traced in enumerate(plan.facts, start=1)}

    def write(self) -> None:
        self._frame()
        self._head()
        self._facts()
        self._versions()
        self._checks()
        self._document.add_paragraph()
        self._document.add_paragraph(self._t["signature"])

    def _frame(self) -> None:
        from docx.oxml.ns import qn
        from docx.shared import Cm, Pt, RGBColor

        section = self._document.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin, section.right_margin = Cm(2.5), Cm(1.5)
        section.top_margin = section.bottom_margin = Cm(2)
        for name, size in (("Normal", 12), ("Title", 16), ("Heading 1", 14), ("Heading 2", 12)):
            style = self._document.styles[name]
            style.font.name, style.font.size = _FONT, Pt(size)
            style.font.color.rgb = RGBColor(0, 0, 0)
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
                fonts.attrib.pop(qn(f"w:{theme}"), None)
            for script in ("ascii", "hAnsi", "eastAsia", "cs"):
                fonts.set(qn(f"w:{script}"), _FONT)
        self._document.core_properties.title = self._t["title"]
        self._document.core_properties.author = ""
        self._document.core_properties.comments = ""

    def _head(self) -> None:
        plan, t = self._plan, self._t
        self._document.add_paragraph(t["title"], style="Title")
        lines = [(t["case"], f"{plan.title} ({plan.case_id})" if plan.title else plan.case_id)]
        if plan.occurred_on:
            lines.append((t["occurred"], f"{plan.occurred_on:%d.%m.%Y}"))
        lines.append((t["drawn_up"], f"{plan.drawn_up_at:%d.%m.%Y %H:%M}"))
        lines.append((t["model"], plan.suggestion.model_version))
        for label, text in lines:
            paragraph = self._document.add_paragraph()
            paragraph.paragraph_format.space_after = 0
            paragraph.add_run(f"{label}: ").bold = True
            paragraph.add_run(text)
        paragraph = self._document.add_paragraph()
        paragraph.add_run(t["notice"]).italic = True

    def _facts(self) -> None:
        self._document.add_heading(f"1. {self._t['facts']}", level=1)
        if not self._plan.facts:
            self._document.add_paragraph(self._t["no_facts"])
            return
        table = self._table(("№", self._t["fact"], self._t["value"], self._t["traced"]), (1.3, 5.0, 5.2, 5.5))
        for traced in self._plan.facts:
            self._row(
                table,
                self._marks[traced.fact],
                self._words.fact(traced.fact),
                self._words.value(traced.fact, traced.value),
                self._origin(traced),
            )

    def _origin(self, traced: TracedFact) -> str:
        at = f"{traced.entered_at:%d.%m.%Y %H:%M}" if traced.entered_at else ""
        entered = self._t["entered"].format(at=at, by=traced.entered_by).strip(" ,") if traced.entered_by else ""
        return "; ".join(part for part in (traced.source, entered) if part) or self._t["occurred"]

    def _versions(self) -> None:
        suggestion, t = self._plan.suggestion, self._t
        self._document.add_heading(f"2. {t['versions']}", level=1)
        if suggestion.status == "undetermined":
            paragraph = self._document.add_paragraph()
            paragraph.add_run(f"{t['undetermined']} ").bold = True
            paragraph.add_run(message(suggestion.message_id, self._words.language))
        self._document.add_paragraph(t["set_note"].format(coverage=f"{suggestion.coverage * 100:g}"))
        for number, hypothesis in enumerate(suggestion.hypotheses, start=1):
            self._version(number, hypothesis)

    def _version(self, number: int, hypothesis: CauseHypothesis) -> None:
        t = self._t
        mark = " ●" if hypothesis.in_set else ""
        self._document.add_heading(f"2.{number}. {self._words.cause(hypothesis.cause)}{mark}", level=2)
        shares = {"percent": _percent(hypothesis.probability), "base": _percent(hypothesis.base_rate)}
        self._document.add_paragraph(t["probability"].format(**shares))
        self._labelled(t["for"], self._argued(hypothesis.arguments_for))
        self._labelled(t["against"], self._argued(hypothesis.arguments_against))
        if hypothesis.in_set:
            self._labelled(t["like"], [self._similar(one, named=False) for one in hypothesis.like])
            self._labelled(t["unlike"], [self._similar(one, named=True) for one in hypothesis.unlike])

    def _argued(self, held: Sequence[Argument]) -> list[str]:
        return [
            f"[{self._marks[a.fact]}] {self._words.fact(a.fact)}: {self._words.value(a.fact, a.value)}"
            for a in held
            if a.fact in self._marks
        ]

    def _similar(self, similar: SimilarCase, *, named: bool) -> str:
        parts = [similar.case_id]
        if named:
            parts.append(self._words.cause(similar.cause))
        if similar.different:
            different = ", ".join(self._words.fact(fact) for fact in similar.different[:4])
            parts.append(self._t["differs"].format(facts=different))
        return " — ".join(parts)

    def _labelled(self, label: str, lines: Sequence[str]) -> None:
        paragraph = self._document.add_paragraph()
        paragraph.add_run(f"{label}: ").bold = True
        if not lines:
            paragraph.add_run(self._t["none"])
        for line in lines:
            self._document.add_paragraph(line, style="List Bullet")

    def _checks(self) -> None:
        t = self._t
        self._document.add_heading(f"3. {t['checks']}", level=1)
        if not self._plan.suggestion.next_checks:
            self._document.add_paragraph(t["none"])
            return
        table = self._table(("№", t["check"], t["tells"], t["basis"], t["who"]), (1.0, 5.6, 5.2, 2.7, 2.5))
        for number, check in enumerate(self._plan.suggestion.next_checks, start=1):
            how = shipped_checks().of(check.fact, self._schema)
            text = how.texts[self._words.language]
            if how.kind == "examination":
                text = f"{t['examination']}. {text}"
            self._row(table, str(number), text, self._told(check), how.source, "")

    def _told(self, check: NextCheck) -> str:
        lead = self._t["leads"]
        return "\n".join(
            lead.format(
                value=self._words.value(check.fact, outcome.value),
                percent=_percent(outcome.probability),
                cause=self._words.cause(outcome.cause),
            )
            for outcome in check.outcomes[:3]
        )

    def _table(self, titles: Sequence[str], widths_cm: Sequence[float]) -> "Table":
        from docx.shared import Cm

        table: Table = self._document.add_table(rows=1, cols=len(titles), style="Table Grid")
        table.autofit = False
        for cell, title, width in zip(table.rows[0].cells, titles, widths_cm, strict=True):
            cell.width = Cm(width)
            cell.paragraphs[0].add_run(title).bold = True
        return table

    def _row(self, table: "Table", *texts: str) -> None:
        from docx.shared import Pt

        added = table.add_row()  # type: ignore[no-untyped-call]
        for cell, head, text in zip(added.cells, table.rows[0].cells, texts, strict=True):
            cell.width = head.width
            cell.paragraphs[0].add_run(text).font.size = Pt(11)


def _percent(share: float) -> str:
    if 0 < share < 0.01:
        return "<1"
    return ">99" if 0.995 <= share < 1 else f"{share * 100:.0f}"


@lru_cache(maxsize=3)
def _texts(language: Language) -> Mapping[str, str]:
    raw = yaml.safe_load(files("agents.investigator").joinpath("plan_texts.yaml").read_text(encoding="utf-8"))
    for key, texts in raw.items():
        if not isinstance(texts, list) or len(texts) != len(_ORDER):
            raise ConfigurationError(f"plan_texts.yaml: {key} has no three texts", advice="write ru, kk and en")
    return {key: texts[_ORDER.index(language)] for key, texts in raw.items()}
