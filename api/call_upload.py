"""The form a recording is sent in."""

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path, PurePath

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from api.contract import CallUpload, Services, TakenCall
from api.problems import BodyTooLarge
from core.errors import InvalidInput, TooLarge
from core.languages import Language
from core.security.principal import Principal
from core.security.tokens import digest
from core.storage.switches import Capability
from core.telemetry import metrics, request_id
from core.territories import is_inside, is_kato

MAX_KEY_CHARS = 200
_MAX_FIELD_BYTES = 4096
FORM: dict[str, object] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "wav, flac, mp3 or ogg; one channel, or the caller's and the operator's",
                        },
                        "started_at": {
                            "type": "string",
                            "format": "date-time",
                            "description": "When the call began, with a time zone; now unless given",
                            "examples": ["2026-03-01T08:15:00+05:00"],
                        },
                        "language": {
                            "type": "string",
                            "enum": [language.value for language in Language],
                            "description": "Language spoken; the setting calls.language unless given",
                        },
                        "territory": {
                            "type": "string",
                            "description": "КАТО code of the centre that received the call; the sender's unless given",
                            "examples": ["711010000"],
                        },
                    },
                }
            }
        },
    }
}


async def taken_in(request: Request, services: Services, principal: Principal, key: str | None) -> TakenCall:
    """Read the form, keep the recording and start its job.

    Raises `InvalidInput`, `TooLarge`, `Conflict`, `SwitchedOff`.
    """
    await run_in_threadpool(services.security.switches.require_on, Capability.CALLS)
    try:
        form = await request.form(max_files=1, max_fields=4, max_part_size=_MAX_FIELD_BYTES)
    except BodyTooLarge:
        raise
    except HTTPException as error:
        raise InvalidInput(f"the form cannot be read: {error.detail}", advice="send multipart/form-data") from error
    try:
        return await run_in_threadpool(_submit, services, principal, form, key)
    finally:
        await form.close()


def _submit(services: Services, principal: Principal, form: FormData, key: str | None) -> TakenCall:
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise InvalidInput("the form has no file", advice="send the recording in the part named `file`, with its name")
    size, limit = file.size or 0, services.settings.calls.max_bytes
    if size > limit:
        raise TooLarge(f"the recording has {size} bytes", advice=f"the limit is {limit} bytes (calls.max_bytes)")
    if size == 0:
        raise InvalidInput("the recording is empty: it has 0 bytes", advice="choose the file again")
    upload = CallUpload(
        name=PurePath(file.filename.replace("\\", "/")).name[:200],
        started_at=_moment(_field(form, "started_at")),
        territory=_territory(_field(form, "territory"), principal),
        language=_language(_field(form, "language")),
    )
    incoming = services.settings.data_dir / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=incoming) as kept:
        shutil.copyfileobj(file.file, kept)
        kept.flush()
        own_key = digest(f"{principal.actor}\x1f{key}") if key else None
        taken = services.recordings.submit(Path(kept.name), upload, actor=principal.actor, key=own_key)
    metrics.UPLOADED_BYTES.inc(size)
    services.security.audit.append(
        actor=principal.actor,
        action="calls.upload",
        subject=taken.call_id,
        detail={"bytes": size, "request_id": request_id.current()},
    )
    return taken


def _field(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _moment(given: str) -> datetime:
    if not given:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInput(
            "`started_at` is not a moment with a time zone", advice="write it as 2026-03-01T08:15:00+05:00"
        )
    return moment


def _language(given: str) -> Language | None:
    try:
        return Language(given) if given else None
    except ValueError:
        raise InvalidInput("the language is not one of ru, kk, en", advice="choose it from the list") from None


def _territory(given: str, principal: Principal) -> str | None:
    if not given:
        return principal.territory
    if not is_kato(given):
        raise InvalidInput("`territory` is not a КАТО code", advice="give its nine digits")
    if principal.territory is not None and not is_inside(given, principal.territory):
        raise InvalidInput("`territory` is outside your own", advice="leave it out, or give a place inside yours")
    return given
