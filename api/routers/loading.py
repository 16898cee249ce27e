"""Uploading acts."""

import json
import shutil
import tempfile
from pathlib import Path, PurePath
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from api.access import Needs, ServicesDep
from api.contract import JsonObject, Services
from api.problems import BodyTooLarge
from api.schemas.operations import JobAccepted
from core.errors import InvalidInput, TooLarge
from core.security.permissions import Permission
from core.security.principal import Principal
from core.security.tokens import digest
from core.storage.switches import Capability
from core.telemetry import metrics, request_id
from knowledge_base.clauses.metadata import Sidecar

router = APIRouter(tags=["acts"])
_MAX_SIDECAR_BYTES = 64 * 1024
_MAX_KEY_CHARS = 200
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "PDF, DOCX, HTML or text"},
                        "sidecar": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "description": (
                                "What the file does not say of itself, as a JSON object; all optional: jurisdiction, "
                                "kind, number, title_ru, title_kk, title_en, languages, aliases, issuer, adopted_on, "
                                "valid_from, valid_to (YYYY-MM-DD), status, replaced_by"
                            ),
                            "examples": ['{"number": "ДЕМО 1-2026", "valid_from": "2026-01-01"}'],
                        },
                    },
                }
            }
        },
    }
}


@router.post("/v1/acts", status_code=202, openapi_extra=_FORM)
async def load_act(
    request: Request,
    response: Response,
    services: ServicesDep,
    principal: Annotated[Principal, Depends(Needs(Permission.LOAD_ACTS))],
    idempotency_key: Annotated[str | None, Header(max_length=_MAX_KEY_CHARS)] = None,
) -> JobAccepted:
    """Take a file in and load it as an act. The same Idempotency-Key gives the same job."""
    # The form is read here, after the permission is checked: nobody else's bytes are taken in.
    try:
        form = await request.form(max_files=1, max_fields=2, max_part_size=_MAX_SIDECAR_BYTES)
    except BodyTooLarge:
        raise
    except HTTPException as error:
        raise InvalidInput(f"the form cannot be read: {error.detail}", advice="send multipart/form-data") from error
    try:
        file, sidecar = _parts(form)
        job_id = await run_in_threadpool(_submit, services, principal, file, sidecar, idempotency_key)
    finally:
        await form.close()
    url = f"/v1/jobs/{job_id}"
    response.headers["Location"] = url
    return JobAccepted(job_id=job_id, url=url)


def _parts(form: FormData) -> tuple[UploadFile, JsonObject | None]:
    file, text = form.get("file"), form.get("sidecar")
    if not isinstance(file, UploadFile) or not file.filename:
        raise InvalidInput("the form has no file", advice="send the act in the part named `file`, with a file name")
    if text is None or text == "":
        return file, None
    try:
        sidecar = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        sidecar = None
    if not isinstance(sidecar, dict):
        raise InvalidInput("the part `sidecar` is not a JSON object", advice="send it as text, such as {} ")
    Sidecar.from_mapping(sidecar)
    return file, sidecar


def _submit(
    services: Services, principal: Principal, file: UploadFile, sidecar: JsonObject | None, key: str | None
) -> str:
    services.security.switches.require_on(Capability.ACTS_LOADING)
    limit = services.settings.uploads.max_bytes
    size = file.size or 0
    if size > limit:
        raise TooLarge(f"the file has {size} bytes", advice=f"the limit is {limit} bytes (setting uploads.max_bytes)")
    if size == 0:
        raise InvalidInput("the file is empty", advice="choose the file again")
    name = PurePath((file.filename or "").replace("\\", "/")).name[:200]
    incoming = services.settings.data_dir / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=incoming) as kept:
        shutil.copyfileobj(file.file, kept)
        kept.flush()
        # One caller's key must not reach another's job.
        own_key = digest(f"{principal.actor}\x1f{key}") if key else None
        job_id = services.loader.submit(Path(kept.name), name, sidecar, own_key)
    metrics.UPLOADED_BYTES.inc(size)
    services.security.audit.append(
        actor=principal.actor,
        action="acts.load",
        subject=job_id,
        detail={"bytes": size, "request_id": request_id.current()},
    )
    return job_id
