"""Questions and answers."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.norms import BoxOut
from core.languages import Language
from core.records import Abstention, Answer, Verification


class QuestionIn(BaseModel):
    """A question about the norms."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"question": "Какой ширины должен быть эвакуационный выход из помещения на 60 человек?"},
                {"question": "Өрт сөндіргіштерді тексеру мерзімі қандай?", "language": "kk", "as_of": "2026-01-15"},
            ]
        },
    )

    question: str = Field(description="In Russian, Kazakh or English; its length is limited by a setting")
    language: Language | None = Field(default=None, description="Language of the question; null: found out from it")
    as_of: date | None = Field(default=None, description="Norms in force on this day; null: today")


class CitationOut(BaseModel):
    """A verified quote and where it stands."""

    model_config = ConfigDict(from_attributes=True)

    clause_id: str
    act_id: str
    act_number: str
    act_title: str
    clause_label: str = Field(examples=["ст. 410 ч. 1"])
    redaction_id: str
    valid_from: date | None
    language: Language
    quote: str = Field(description="Verbatim text of the source")
    start: int = Field(description="Start of the quote in the clause's text, characters")
    end: int
    verified: Verification
    page: int | None
    box: BoxOut | None
    url: str = Field(default="", description="Page of the service that shows the clause in its place")


class ClaimOut(BaseModel):
    """One statement and the quotes it stands on."""

    text: str
    citations: list[CitationOut]


class AnswerOut(BaseModel):
    """An answer, or a typed abstention."""

    status: Literal["answered", "abstained"]
    question_language: Language
    claims: list[ClaimOut]
    warnings: list[str]
    as_of: date
    versions: dict[str, str] = Field(description="Of the index, the embedder, the prompt")
    abstention: Abstention | None = Field(description="Why there is no answer")
    message: str = Field(description="For people, in the language of the question")
    nearest: list[CitationOut] = Field(description="With an abstention: the nearest thing found")


def citation_url(citation: CitationOut) -> str:
    """Return the address of the page that shows the quote in its place."""
    return f"/acts/{citation.act_id}/clauses/{citation.clause_id}?start={citation.start}&end={citation.end}"


def answer_out(answer: Answer) -> AnswerOut:
    """Return the shape of an answer."""

    def citations(given: tuple[object, ...]) -> list[CitationOut]:
        made = [CitationOut.model_validate(citation) for citation in given]
        return [citation.model_copy(update={"url": citation_url(citation)}) for citation in made]

    return AnswerOut(
        status=answer.status,
        question_language=answer.question_language,
        claims=[ClaimOut(text=claim.text, citations=citations(claim.citations)) for claim in answer.claims],
        warnings=list(answer.warnings),
        as_of=answer.as_of,
        versions=answer.versions,
        abstention=answer.abstention,
        message=answer.message,
        nearest=citations(answer.nearest),
    )
