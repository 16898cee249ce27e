"""Acts, their redactions and clauses; search."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.access import Needs, ServicesDep
from api.asking import check_question
from api.contract import Services
from api.reading import clause_in_context
from api.schemas.norms import (
    ActPage,
    ActWithRedactions,
    ClauseInContextOut,
    FoundOut,
    RedactionOut,
    SearchOut,
    act_out,
    clause_out,
    redaction_out,
)
from core.errors import InvalidInput
from core.languages import Language
from core.records import Act, Redaction
from core.security.permissions import Permission
from core.storage.switches import Capability

router = APIRouter(tags=["norms"])
_READ = Depends(Needs(Permission.READ_NORMS))


@router.get("/v1/acts", dependencies=[_READ])
def list_acts(
    services: ServicesDep,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ActPage:
    """List the acts that are loaded, by jurisdiction and number."""
    acts = acts_with_redactions(services)
    first = 0
    if cursor is not None:
        places = [place for place, (act, _) in enumerate(acts) if act.id == cursor]
        if not places:
            raise InvalidInput("the cursor names no act", advice="begin again without a cursor")
        first = places[0] + 1
    shown = acts[first : first + limit]
    more = first + limit < len(acts)
    return ActPage(
        items=[
            ActWithRedactions(
                **act_out(act).model_dump(), redactions=[redaction_out(redaction) for redaction in redactions]
            )
            for act, redactions in shown
        ],
        next_cursor=shown[-1][0].id if more else None,
    )


def acts_with_redactions(services: Services) -> list[tuple[Act, tuple[Redaction, ...]]]:
    """Return all acts, each with its redactions, newest first."""
    by_act: dict[str, list[Redaction]] = {}
    for redaction in services.acts.redactions():
        by_act.setdefault(redaction.act_id, []).append(redaction)
    return [(act, tuple(reversed(by_act.get(act.id, [])))) for act in services.acts.acts()]


@router.get("/v1/acts/{act_id}/redactions", dependencies=[_READ])
def list_redactions(act_id: str, services: ServicesDep) -> list[RedactionOut]:
    """List the redactions of an act, newest first."""
    act = services.acts.act(act_id)
    return [redaction_out(redaction) for redaction in reversed(services.acts.redactions(act.id))]


@router.get("/v1/redactions/{redaction_id}/report", dependencies=[Depends(Needs(Permission.READ_REPORTS))])
def load_report(redaction_id: str, services: ServicesDep) -> dict[str, object]:
    """Return what the last load of this redaction found and left out."""
    return services.acts.report(redaction_id)


@router.get("/v1/clauses/{clause_id}", dependencies=[_READ])
def read_clause(
    clause_id: str,
    services: ServicesDep,
    neighbours: Annotated[int, Query(ge=0, le=20, description="Clauses shown on either side")] = 3,
) -> ClauseInContextOut:
    """Return a clause in its place: its act and redaction, its neighbours, its twin in the other language."""
    found = clause_in_context(services, clause_id, neighbours=neighbours)
    return ClauseInContextOut(
        clause=clause_out(found.clause),
        whole=clause_out(found.whole),
        act=act_out(found.act),
        redaction=redaction_out(found.redaction),
        before=[clause_out(clause) for clause in found.before],
        after=[clause_out(clause) for clause in found.after],
        table=clause_out(found.table) if found.table else None,
        twin=clause_out(found.twin) if found.twin else None,
    )


@router.get("/v1/search", dependencies=[_READ])
def search(
    services: ServicesDep,
    q: Annotated[str, Query(description="What to look for", examples=["ширина эвакуационного выхода"])],
    language: Annotated[Language | None, Query(description="Only clauses in this language")] = None,
    act: Annotated[list[str] | None, Query(description="Only these acts (ids)")] = None,
    as_of: Annotated[date | None, Query(description="In force on this day; today unless given")] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> SearchOut:
    """Find clauses, best first."""
    services.security.switches.require_on(Capability.SEARCH)
    query = check_question(services, q)
    found = services.search.find(query, language=language, act_ids=tuple(act or ()), as_of=as_of, limit=limit)
    return SearchOut(
        items=[FoundOut(score=hit.score, act=act_out(hit.act), clause=clause_out(hit.clause)) for hit in found]
    )
