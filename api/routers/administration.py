"""Models, the audit, the switches."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.access import Needs, ServicesDep
from api.schemas.operations import AuditEntryOut, AuditPage, ModelOut, SwitchIn, SwitchOut
from core.security.permissions import Permission
from core.security.principal import Principal
from core.storage.switches import Capability
from core.telemetry import request_id

router = APIRouter(tags=["administration"])


@router.get("/v1/models", dependencies=[Depends(Needs(Permission.READ_MODELS))])
def list_models(services: ServicesDep) -> list[ModelOut]:
    """List the models and whether their weights are here and unaltered."""
    return [ModelOut.model_validate(model) for model in services.models()]


@router.get("/v1/audit", dependencies=[Depends(Needs(Permission.READ_AUDIT))])
def read_audit(
    services: ServicesDep,
    cursor: Annotated[int | None, Query(description="`next_cursor` of the page before", ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    action: Annotated[str | None, Query(max_length=100, examples=["login.failed"])] = None,
) -> AuditPage:
    """Read the audit, newest first."""
    entries = services.security.audit.page(before=cursor, limit=limit, action=action)
    more = len(entries) == limit and entries[-1].seq > 1
    return AuditPage(
        items=[AuditEntryOut.model_validate(entry) for entry in entries],
        next_cursor=str(entries[-1].seq) if more else None,
    )


@router.get("/v1/switches", dependencies=[Depends(Needs(Permission.READ_SWITCHES))])
def list_switches(services: ServicesDep) -> list[SwitchOut]:
    """List the capabilities and whether they are on."""
    return [SwitchOut.model_validate(switch) for switch in services.security.switches.all()]


@router.get("/v1/switches/{capability}", dependencies=[Depends(Needs(Permission.READ_SWITCHES))])
def read_switch(capability: Capability, services: ServicesDep) -> SwitchOut:
    """Tell whether a capability is on."""
    return SwitchOut.model_validate(services.security.switches.get(capability))


@router.put("/v1/switches/{capability}")
def set_switch(
    capability: Capability,
    wanted: SwitchIn,
    services: ServicesDep,
    principal: Annotated[Principal, Depends(Needs(Permission.SET_SWITCHES))],
) -> SwitchOut:
    """Turn a capability on or off, with a reason that people are shown."""
    switch = services.security.switches.set(capability, on=wanted.on, reason=wanted.reason, actor=principal.actor)
    services.security.audit.append(
        actor=principal.actor,
        action="switch.on" if wanted.on else "switch.off",
        subject=capability.value,
        detail={"request_id": request_id.current()},
    )
    return SwitchOut.model_validate(switch)
