"""The form a file of cases is sent in."""

import shutil
import tempfile
from pathlib import Path, PurePath

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from api.case_imports import refuse_size, saved_mapping
from api.contract import Services
from api.problems import BodyTooLarge
from core.errors import InvalidInput
from core.security.permissions import Permission, require
from core.security.principal import Principal
from core.security.tokens import digest
from core.storage.switches import Capability
from core.telemetry import metrics, request_id

_MAX_MAPPING_BYTES = 1024 * 1024
FORM: dict[str, object] = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "CSV (also .csv.gz) or XLSX"},
        "mapping": {
            "type": "string",
            "description": "The mapping of its columns, YAML (docs/eval-formats.md)",
            "examples": ["name: cards\nlanguage: ru\ncause: {column: причина}\nfacts: {object: объект}"],
        },
        "mapping_name": {"type": "string", "description": "Instead: the name of a saved mapping"},
    },
}


async def file_taken_in(request: Request, services: Services, principal: Principal, key: str | None) -> str:
    """Read the form, keep the file and return the job of its import.

    Raises `NotAllowed`, `InvalidInput`, `NotFound`, `TooLarge`, `Conflict`, `SwitchedOff`.
    """
    require(principal.role, Permission.LOAD_CASES)
    await run_in_threadpool(services.security.switches.require_on, Capability.CASES)
    try:
        form = await request.form(max_files=2, max_fields=3, max_part_size=_MAX_MAPPING_BYTES)
    except BodyTooLarge:
        raise
    except HTTPException as error:
        raise InvalidInput(f"the form cannot be read: {error.detail}", advice="send multipart/form-data") from error
    try:
        mapping = await _mapping(form, services)
        return await run_in_threadpool(_submit, services, principal, form, mapping, key)
    finally:
        await form.close()


async def _mapping(form: FormData, services: Services) -> str:
    given, name = form.get("mapping"), form.get("mapping_name")
    if isinstance(given, UploadFile):
        content = await given.read(_MAX_MAPPING_BYTES + 1)
        try:
            given = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InvalidInput("the mapping is not UTF-8", advice="save it as UTF-8") from None
    if given and name:
        raise InvalidInput("the form has both `mapping` and `mapping_name`", advice="send one of them")
    if given:
        return str(given)
    if not isinstance(name, str) or not name:
        raise InvalidInput("the form has no mapping", advice="send `mapping` (YAML) or `mapping_name`")
    return await run_in_threadpool(saved_mapping, name, services.settings)


def _submit(services: Services, principal: Principal, form: FormData, mapping: str, key: str | None) -> str:
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise InvalidInput("the form has no file", advice="send the table in the part named `file`, with its name")
    size = file.size or 0
    refuse_size(size, services.settings)
    name = PurePath(file.filename.replace("\\", "/")).name[:200]
    incoming = services.settings.data_dir / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=incoming) as kept:
        shutil.copyfileobj(file.file, kept)
        kept.flush()
        own_key = digest(f"{principal.actor}\x1f{key}") if key else None
        import_id = services.case_imports.submit(
            Path(kept.name), name, mapping, actor=principal.actor, territory=principal.territory, key=own_key
        )
    metrics.UPLOADED_BYTES.inc(size)
    services.security.audit.append(
        actor=principal.actor,
        action="cases.load",
        subject=import_id,
        detail={"bytes": size, "request_id": request_id.current()},
    )
    return import_id
