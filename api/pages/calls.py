"""The pages of calls: the list with the upload, and one call."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse, Response

from api.access import Needs, ServicesDep
from api.call_desk import CallDesk
from api.pages.call_wording import hazard_names
from api.pages.messages import Messages
from api.pages.render import messages_for, page
from api.schemas.calls import CallOut, CardFieldOut, EvidenceOut
from core.call_records import CARD_FIELDS, FieldValue, TagKind
from core.calls import CallFilter
from core.security.permissions import Permission
from core.security.principal import Principal
from pipelines.calls.card import question_text, type_names
from pipelines.calls.card.tables import SERVICES
from pipelines.calls.card_values import CALL_CLASSES
from pipelines.calls.recording import STEP_NAMES

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_Reader = Annotated[Principal, Depends(Needs(Permission.READ_CALLS))]
_FLAGS = ("people_trapped", "children_involved")
_NUMBERS = ("injured_count", "dead_count", "trapped_count")
_LISTS = ("services", "hazards")
_PAGE = 50
GROUPS = {
    "what": ("call_class", "incident_type", "urgency", "services", "hazards"),
    "where": ("region", "district", "settlement", "street", "house", "flat", "landmark", "kato"),
    "people": ("injured_count", "dead_count", "people_trapped", "trapped_count", "children_involved"),
    "caller": ("callback_phone", "caller_name"),
}
"""Fields of the card as the page groups them."""


@dataclass(frozen=True)
class ShownField:
    """A field of the card as a control; `kind`: text, number, flag, choice or several."""

    name: str
    kind: str
    value: str  # as the control holds it; of several: names with commas
    options: tuple[tuple[str, str], ...]  # value and label
    set_by: str  # model, person; empty: not known
    percent: int
    evidence: tuple[EvidenceOut, ...]
    suggested: str
    undoable: bool


@router.get("/calls")
def calls_page(
    request: Request,
    services: ServicesDep,
    principal: _Reader,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List the calls; those who may can send a recording."""
    found = CallDesk(services, principal).list(CallFilter(), _PAGE, cursor)
    values = {
        "section": "calls",
        "calls": found.calls,
        "next_cursor": found.next_cursor,
        "types": incident_names(messages_for(request)),
        "steps": STEP_NAMES,
        "max_size": f"{services.settings.calls.max_bytes / 2**20:.3g}",
    }
    return page(request, "calls.html", principal, values)


@router.get("/calls/{call_id}")
def call_page(request: Request, call_id: str, services: ServicesDep, principal: _Reader) -> Response:
    """Show one call: what was said and noticed, the card, what was not asked."""
    t = messages_for(request)
    call = CallDesk(services, principal).read(call_id)
    tags = {kind.value: [tag for tag in call.tags if tag.kind is kind] for kind in TagKind}
    values = {
        "section": "calls",
        "call": call,
        "tags": tags,
        "fields": {group: [shown_field(call, name, t) for name in names] for group, names in GROUPS.items()},
        "questions": [(one, question_text(one.id, t.language)) for one in call.missing],
        "services": SERVICES,
        "decided": call.decisions[-1] if call.decisions else None,
        "suggested_services": next((f.value for f in call.card.fields if f.name == "services"), None) or [],
        "types": incident_names(t),
    }
    return page(request, "call.html", principal, values)


def incident_names(t: Messages) -> dict[str, str]:
    """Return the names of incident types in the language of the page."""
    return {name: str(getattr(texts, t.language.value)) for name, texts in type_names().items()}


def shown_field(call: CallOut, name: str, t: Messages) -> ShownField:
    """Return a field of the card ready to be drawn, known or not."""
    held = next((field for field in call.card.fields if field.name == name), None)
    options = _options(name, t)
    if name == "hazards" and held and isinstance(held.value, list | tuple):  # a person may have named others
        options += tuple((value, value) for value in held.value if value not in dict(options))
    return ShownField(
        name=name,
        kind=_kind(name),
        value=_held(held.value) if held else "",
        options=options,
        set_by=held.set_by if held else "",
        percent=round(held.confidence * 100) if held else 0,
        evidence=held.evidence if held else (),
        suggested=_said(held, options),
        undoable=bool(held and held.undoable),
    )


def _kind(name: str) -> str:
    if name in _FLAGS:
        return "flag"
    if name in _NUMBERS:
        return "number"
    if name in _LISTS:
        return "several"
    return "choice" if name in ("call_class", "incident_type", "urgency") else "text"


def _options(name: str, t: Messages) -> tuple[tuple[str, str], ...]:
    if name in _FLAGS:
        return (("true", t("card.yes")), ("false", t("card.no")))
    if name == "call_class":
        return tuple((value, t(f"class.{value}")) for value in CALL_CLASSES)
    if name == "urgency":
        return tuple((value, t(f"urgency.{value}")) for value in ("1", "2", "3", "4"))
    if name == "incident_type":
        return tuple(sorted(incident_names(t).items(), key=lambda item: item[1]))
    if name == "services":
        return tuple((value, f"{value} {t(f'service.{value}')}") for value in SERVICES)
    if name == "hazards":
        return tuple(hazard_names(t).items())
    return ()


def _held(value: FieldValue | list[str] | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, list | tuple) else str(value)


def _said(field: CardFieldOut | None, options: tuple[tuple[str, str], ...]) -> str:
    if field is None or field.suggested is None:
        return ""
    labels = dict(options)
    return ", ".join(labels.get(value, value) for value in _held(field.suggested).split(","))


assert {name for names in GROUPS.values() for name in names} == set(CARD_FIELDS)
