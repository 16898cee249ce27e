"""What the page shows of an answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.contract import Services
from api.schemas.answers import CitationOut, citation_url
from core.records import Answer, Citation, Level


@dataclass(frozen=True)
class ShownCitation:
    """A citation with what its chips and its table need."""

    citation: Citation
    url: str
    jurisdiction: str
    columns: tuple[str, ...]  # of a table row quoted whole
    cells: tuple[str, ...]


def shown_citations(services: Services, citations: Sequence[Citation]) -> list[ShownCitation]:
    """Return the citations with the jurisdiction of their act, and cells where a whole table row is quoted."""
    clauses = services.acts.clauses_by_id([citation.clause_id for citation in citations])
    jurisdictions = {act_id: services.acts.act(act_id).jurisdiction for act_id in {c.act_id for c in citations}}
    shown = []
    for citation in citations:
        clause = clauses.get(citation.clause_id)
        row = clause is not None and clause.level is Level.ROW and citation.quote == clause.text
        shown.append(
            ShownCitation(
                citation,
                citation_url(CitationOut.model_validate(citation)),
                jurisdictions[citation.act_id],
                clause.columns if clause and row else (),
                clause.cells if clause and row else (),
            )
        )
    return shown


def answer_values(services: Services, question: str, answer: Answer) -> dict[str, object]:
    """Return the values of the template `answer.html`."""
    quotes = [citation for claim in answer.claims for citation in claim.citations]
    return {
        "question": question,
        "answer": answer,
        "quotes": shown_citations(services, quotes),
        "nearest": shown_citations(services, answer.nearest),
    }
