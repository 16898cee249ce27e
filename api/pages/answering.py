"""What the page shows of an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from api.contract import Services
from api.pages.wording import said
from api.schemas.answers import CitationOut, citation_url
from core.records import Answer, Citation, Clause, Level
from core.storage.neighbours import stretch

_REACH = 60
"""Positions looked through for the rows of a table that is quoted whole."""


@dataclass(frozen=True)
class ShownCitation:
    """A citation with what is shown around its quote."""

    citation: Citation
    url: str
    jurisdiction: str
    foreign: bool
    breadcrumb: tuple[str, ...]
    cut_before: bool  # the clause begins before the quote
    cut_after: bool
    columns: tuple[str, ...]  # of a table row quoted whole
    rows: tuple[tuple[str, ...], ...]  # of a row or a table quoted whole, when cells say more than a line of text


def shown_citations(services: Services, citations: Sequence[Citation]) -> list[ShownCitation]:
    """Return the citations with their place and, where a table or a row of it is quoted whole, with its cells."""
    clauses = services.acts.clauses_by_id([citation.clause_id for citation in citations])
    jurisdictions = {act_id: services.acts.act(act_id).jurisdiction for act_id in {c.act_id for c in citations}}
    shown = []
    for citation in citations:
        clause = clauses.get(citation.clause_id)
        columns, rows = _cells(services, clause) if clause and citation.quote == clause.text else ((), ())
        jurisdiction = jurisdictions[citation.act_id]
        shown.append(
            ShownCitation(
                citation,
                citation_url(CitationOut.model_validate(citation)),
                jurisdiction,
                jurisdiction != services.settings.search.jurisdiction,
                clause.breadcrumb if clause else (),
                citation.start > 0,
                clause is not None and citation.end < len(clause.text),
                columns,
                rows,
            )
        )
    return shown


def _cells(services: Services, clause: Clause) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return columns and rows; none of a text, of a row with one thing to say, or of a table whose text is not these.

    A row that goes across the whole table says what it says as a line of text.
    """
    if clause.level is Level.ROW and len(said(clause.cells)) > 1:
        return clause.columns, (clause.cells,)
    if clause.level is Level.TABLE:
        near = stretch(services.database, clause, _REACH)
        rows = [row for row in near if row.parent_id == clause.id and row.level is Level.ROW]
        if rows and all(cell in clause.text for row in rows for cell in row.cells):
            return rows[0].columns, tuple(row.cells for row in rows)
    return (), ()


def _clause_id(shown: ShownCitation) -> str:
    return shown.citation.clause_id


def answer_values(services: Services, question: str, answer: Answer) -> dict[str, object]:
    """Return the values of the template `answer.html`."""
    quotes = [citation for claim in answer.claims for citation in claim.citations]
    return {
        "question": question,
        "answer": answer,
        "count": len(quotes),
        "clauses": [list(group) for _, group in groupby(shown_citations(services, quotes), _clause_id)],
        "nearest": shown_citations(services, answer.nearest),
    }
