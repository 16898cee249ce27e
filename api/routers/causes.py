"""Causes of a fire: the suggestion, those made before, the plan for checking it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.access import Needs, ServicesDep
from api.cause_desk import CauseDesk
from api.schemas.causes import CausesOut, SuggestionMadeOut
from core.languages import Language
from core.security.permissions import Permission
from core.security.principal import Principal

router = APIRouter(tags=["cases"])
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
Reader = Annotated[Principal, Depends(Needs(Permission.READ_CASES))]
InLanguage = Annotated[Language, Query(description="Language of names and texts")]


@router.post("/v1/cases/{case_id}/causes")
def suggest_causes(
    case_id: str,
    services: ServicesDep,
    principal: Annotated[Principal, Depends(Needs(Permission.SUGGEST_CAUSES))],
    language: InLanguage = Language.RU,
) -> CausesOut:
    """Return the hypotheses of a case with evidence and what to check next, or that the facts do not carry one.

    Kept with the model's version, and scored when the case is closed.
    """
    return CauseDesk(services, principal).suggest(case_id, language)


@router.get("/v1/cases/{case_id}/causes")
def list_suggestions(case_id: str, services: ServicesDep, principal: Reader) -> list[SuggestionMadeOut]:
    """List the suggestions made for a case, the latest last; with their score once the cause is established."""
    return [SuggestionMadeOut.model_validate(made) for made in CauseDesk(services, principal).made(case_id)]


@router.get(
    "/v1/cases/{case_id}/plan",
    response_class=Response,
    responses={200: {"content": {DOCX: {}}}},
)
def export_plan(
    case_id: str,
    services: ServicesDep,
    principal: Annotated[Principal, Depends(Needs(Permission.SUGGEST_CAUSES))],
    language: InLanguage = Language.RU,
) -> Response:
    """Return the plan for checking the hypotheses as a DOCX file; every fact says where it is known from."""
    content = CauseDesk(services, principal).plan(case_id, language)
    headers = {"Content-Disposition": f'attachment; filename="plan-{language.value}.docx"'}
    return Response(content, media_type=DOCX, headers=headers)
