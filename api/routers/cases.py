"""Fire cases: entered step by step or imported, closed with the established cause."""

import json
import uuid
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from api.access import Needs, ServicesDep
from api.case_desk import CaseDesk
from api.case_upload import FORM, file_taken_in
from api.schemas.cases import (
    CaseEditIn,
    CaseIn,
    CaseOut,
    CasePageOut,
    CloseIn,
    ImportAccepted,
    ImportOut,
    OptionOut,
    SchemaOut,
    brief_out,
    fact_out,
)
from core.cases import CaseFilter, CaseState
from core.errors import InvalidInput
from core.languages import Language
from core.security.permissions import Permission
from core.security.principal import Principal
from pipelines.cases.classifier import causes
from pipelines.cases.report import csv_of
from pipelines.cases.schema import shipped_schema

router = APIRouter(tags=["cases"])
Reader = Annotated[Principal, Depends(Needs(Permission.READ_CASES))]
Editor = Annotated[Principal, Depends(Needs(Permission.EDIT_CASES))]
Importer = Annotated[Principal, Depends(Needs(Permission.LOAD_CASES))]
_MAX_KEY_CHARS = 200
_BODY: dict[str, object] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": CaseIn.model_json_schema()},
            "multipart/form-data": {"schema": FORM},
        },
    }
}


@router.post(
    "/v1/cases",
    status_code=201,
    response_model=CaseOut,
    openapi_extra=_BODY,
    responses={202: {"model": ImportAccepted, "description": "A file was taken in"}},
)
async def enter_case(
    request: Request,
    response: Response,
    services: ServicesDep,
    principal: Editor,
    idempotency_key: Annotated[str | None, Header(max_length=_MAX_KEY_CHARS)] = None,
) -> CaseOut | Response:
    """Enter a case (JSON), or take in a file of past cases (a form). The same Idempotency-Key gives the same."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        import_id = await file_taken_in(request, services, principal, idempotency_key)
        url = f"/v1/cases/imports/{import_id}"
        accepted = ImportAccepted(import_id=import_id, url=url)
        headers = {"Location": url}
        return Response(accepted.model_dump_json(), 202, headers, media_type="application/json")
    try:
        given = CaseIn.model_validate_json(await request.body())
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)[:5])
        raise InvalidInput(f"the case cannot be read: {where}", advice="the API's description shows its form") from None
    made = await run_in_threadpool(CaseDesk(services, principal).create, given, idempotency_key or uuid.uuid4().hex)
    response.headers["Location"] = f"/v1/cases/{made.id}"
    return made


@router.get("/v1/cases")
def list_cases(
    services: ServicesDep,
    principal: Reader,
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    state: CaseState | None = None,
    cause: Annotated[str | None, Query(max_length=300)] = None,
    import_id: Annotated[str | None, Query(max_length=100)] = None,
    since: Annotated[date | None, Query(description="The fire was on this day or later")] = None,
    until: Annotated[date | None, Query(description="The fire was before this day")] = None,
) -> CasePageOut:
    """List the cases of the caller's territory, the latest changed first."""
    wanted = CaseFilter(state, cause, import_id, since, until)
    page = CaseDesk(services, principal).list(wanted, limit, cursor)
    return CasePageOut(items=[brief_out(case) for case in page.cases], next_cursor=page.next_cursor)


@router.get("/v1/cases/schema", dependencies=[Depends(Needs(Permission.READ_CASES))])
def read_schema(language: Language = Language.RU) -> SchemaOut:
    """Return what facts there are, their values, and the causes of the official classifier."""
    return SchemaOut(
        language=language.value,
        facts=[fact_out(fact, language) for fact in shipped_schema().facts.values()],
        causes=[
            OptionOut(value=code.code, name=code.names[language], group=code.group) for code in causes().codes.values()
        ],
    )


@router.get("/v1/cases/imports/{import_id}")
def read_import(
    import_id: str,
    services: ServicesDep,
    principal: Importer,
    offset: Annotated[int, Query(ge=0, description="`next_offset` of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ImportOut:
    """Return how far an import is and what it found, with a page of its issues."""
    return CaseDesk(services, principal).import_of(import_id, offset, limit)


@router.get(
    "/v1/cases/imports/{import_id}/issues",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}, "application/x-ndjson": {}}}},
)
def export_issues(
    import_id: str,
    services: ServicesDep,
    principal: Importer,
    form: Annotated[Literal["csv", "json"], Query(alias="format")] = "csv",
) -> Response:
    """Return every issue of an import as a file: CSV, or a line of JSON for each. Personal data is masked."""
    issues = CaseDesk(services, principal).issues_of(import_id)
    headers = {"Content-Disposition": f'attachment; filename="issues.{form}"'}
    if form == "csv":
        return StreamingResponse(csv_of(issues), media_type="text/csv; charset=utf-8", headers=headers)

    def lines() -> Iterator[str]:
        for issue in issues:
            yield json.dumps(issue, ensure_ascii=False) + "\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson", headers=headers)


@router.get("/v1/cases/{case_id}")
def read_case(case_id: str, services: ServicesDep, principal: Reader) -> CaseOut:
    """Return a case: its facts as they stand, and every change of them."""
    return CaseDesk(services, principal).read(case_id)


@router.patch("/v1/cases/{case_id}")
def edit_case(case_id: str, edit: CaseEditIn, services: ServicesDep, principal: Editor) -> CaseOut:
    """Enter facts as they become known, empty them, or undo changes; every change is kept."""
    return CaseDesk(services, principal).edit(case_id, edit.set, edit.undo)


@router.post("/v1/cases/{case_id}/close")
def close_case(case_id: str, closing: CloseIn, services: ServicesDep, principal: Editor) -> CaseOut:
    """Record the established cause. Suggestions made for the case are scored by it."""
    return CaseDesk(services, principal).close(case_id, closing.cause)
