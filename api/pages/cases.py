"""The pages of fire cases: the list, and one case with what past fires say of its causes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse, Response

from agents.investigator.wording import Wording
from api.access import Needs, ServicesDep
from api.cause_desk import CauseDesk
from api.contract import Services
from api.pages.case_facts import fact_sheet
from api.pages.render import messages_for, page
from api.schemas.causes import CausesOut
from core.cases import CAUSE, CaseFilter, CaseState
from core.errors import Conflict
from core.languages import Language
from core.security.permissions import Permission, allows
from core.security.principal import Principal
from core.storage.switches import Capability
from pipelines.cases.classifier import NOT_ESTABLISHED, causes
from pipelines.cases.model.port import CaseModel
from pipelines.cases.schema import shipped_schema

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_Reader = Annotated[Principal, Depends(Needs(Permission.READ_CASES))]
_PAGE = 50
_LINES = 5


@router.get("/cases")
def cases_page(
    request: Request,
    services: ServicesDep,
    principal: _Reader,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    state: CaseState | None = None,
) -> Response:
    """List the cases; those who may can open a new one."""
    services.security.switches.require_on(Capability.CASES)
    t = messages_for(request)
    words = Wording(shipped_schema(), t.language)
    found = services.cases.cases(CaseFilter(state=state), limit=_PAGE, cursor=cursor, territory=principal.territory)
    values = {
        "section": "cases",
        "cases": found.cases,
        "next_cursor": found.next_cursor,
        "state": state.value if state else "",
        "words": words,
        "objects": list(_objects(t.language)),
    }
    return page(request, "cases.html", principal, values)


@router.get("/cases/{case_id}")
def case_page(request: Request, case_id: str, services: ServicesDep, principal: _Reader) -> Response:
    """Show one case: its facts, the ranking, the evidence, cases beside it, what to check."""
    services.security.switches.require_on(Capability.CASES)
    t = messages_for(request)
    stored = services.cases.case(case_id, principal.territory)
    advice = _advice(services, principal, case_id, t.language)
    words = Wording(shipped_schema(), t.language)
    changes = services.cases.changes(case_id)
    sheet = fact_sheet(
        stored.case,
        changes,
        shipped_schema(),
        t,
        _model(services),
        advice.next_checks if advice else (),
        advice.unknown_values if advice else {},
    )
    values = {
        "section": "cases",
        "stored": stored,
        "case": stored.case,
        "sheet": sheet,
        "advice": advice,
        "lines": [hypothesis.cause for hypothesis in advice.hypotheses[:_LINES]] if advice else [],
        "history": [change for change in reversed(changes) if change.fact != CAUSE],
        "people": CauseDesk(services, principal).people(),
        "made": list(reversed(services.cases.suggestions(case_id))),
        "words": words,
        "causes": _causes(services, t.language),
    }
    return page(request, "case.html", principal, values)


def _advice(services: Services, principal: Principal, case_id: str, language: Language) -> CausesOut | None:
    """Return the suggestion, None where the reader may not ask for one or no model is trained."""
    if not allows(principal.role, Permission.SUGGEST_CAUSES):
        return None
    try:
        return CauseDesk(services, principal).suggest(case_id, language)
    except Conflict:
        return None


def _model(services: Services) -> CaseModel | None:
    try:
        return services.causes.model()
    except Conflict:
        return None


def _causes(services: Services, language: Language) -> list[tuple[str, str]]:
    """Return the causes a case can be closed with: those of the model, then the classifier's others."""
    words = Wording(shipped_schema(), language)
    model = _model(services)
    known = model.causes if model else ()
    codes = [code for code in causes().codes if code not in known and code.partition(".")[0] != NOT_ESTABLISHED]
    first = sorted(((cause, words.cause(cause)) for cause in known), key=lambda pair: pair[1])
    return [*first, *((code, words.cause(code)) for code in codes)]


def _objects(language: Language) -> list[tuple[str, str]]:
    kinds = shipped_schema().facts["object"].classifier
    return [(code.code, code.names[language]) for code in kinds.codes.values()] if kinds else []
