"""What a person does with fire cases: within their territory, under the switch, audited."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

from api.contract import Services
from api.schemas.cases import CaseIn, CaseOut, ImportOut, IssueOut, case_out
from core.case_records import FactValue, FireCase
from core.cases import CAUSE, CaseFilter, CasePage
from core.errors import InvalidInput, NotFound
from core.jobs.records import Job
from core.languages import Language
from core.records import stable_id
from core.security.permissions import Role
from core.security.principal import Principal
from core.storage.switches import Capability
from core.telemetry import request_id
from core.territories import is_inside, is_kato
from pipelines.cases.classifier import NOT_ESTABLISHED, causes
from pipelines.cases.contradictions import contradictions_in
from pipelines.cases.loading import PIPELINE
from pipelines.cases.schema import shipped_schema
from pipelines.cases.values import BadValue, checked, checked_cause, cleaned, in_future


class CaseDesk:
    """Cases as one principal may see and change them."""

    def __init__(self, services: Services, principal: Principal) -> None:
        self._services = services
        self._principal = principal
        self._store = services.cases

    def list(self, wanted: CaseFilter, limit: int, cursor: str | None) -> CasePage:
        """Return the cases of the territory; raises `InvalidInput` for a wrong cursor."""
        self._require_on()
        return self._store.cases(wanted, limit=limit, cursor=cursor, territory=self._principal.territory)

    def read(self, case_id: str) -> CaseOut:
        """Return the whole case; raises `NotFound`."""
        self._require_on()
        return case_out(self._store.case(case_id, self._principal.territory), self._store.changes(case_id))

    def create(self, given: CaseIn, key: str) -> CaseOut:
        """Enter a case. The same key gives the same case. Raises `InvalidInput`, `Conflict`."""
        self._require_on()
        facts = self._checked(given.facts)
        known = {fact: value for fact, value in facts.items() if value is not None}
        _refuse_contradictions(known)
        if given.occurred_on is not None and in_future(given.occurred_on, datetime.now(UTC)):
            raise InvalidInput("`occurred_on` is in the future", advice="give the day of the fire")
        actor = self._principal.actor
        case = FireCase(
            id=stable_id("case", actor, key),
            facts=known,
            occurred_on=given.occurred_on,
            title=cleaned(given.title),
            source=actor,
            territory=self._territory(given.territory),
        )
        made = self._store.create(case, actor)
        self._audit("cases.create", case.id, {"facts": ",".join(known)})
        return case_out(made, self._store.changes(case.id))

    def edit(self, case_id: str, values: Mapping[str, object], undo: Sequence[str]) -> CaseOut:
        """Put values in facts and undo changes; all of it is checked before any of it is done."""
        self._require_on()
        facts = self._checked(values)
        if not facts and not undo:
            raise InvalidInput("there is nothing to change", advice="give facts in `set`, or names in `undo`")
        for name in undo:
            if name != CAUSE and name not in shipped_schema().facts:
                raise InvalidInput(f"`undo` names {name[:40]!r}, no fact", advice="GET /v1/cases/schema lists them")
        stands = self._store.case(case_id, self._principal.territory).case.facts
        after = {fact: value for fact, value in {**stands, **facts}.items() if value is not None}
        if not undo:
            _refuse_contradictions(after, among=set(facts))
        stored, changes = self._store.edit(case_id, facts, tuple(dict.fromkeys(undo)), self._principal.actor)
        self._audit("cases.edit", case_id, {"set": ",".join(facts), "undo": ",".join(undo)})
        return case_out(stored, changes)

    def close(self, case_id: str, cause: str) -> CaseOut:
        """Establish the cause; scores what was suggested. Raises `InvalidInput`, `NotFound`, `Conflict`."""
        self._require_on()
        self._store.case(case_id, self._principal.territory)
        try:
            known = str(checked_cause(causes(), cause).value)
        except BadValue as bad:
            raise InvalidInput("`cause` cannot be this", advice=f"give {bad.detail}") from None
        if known == NOT_ESTABLISHED:
            raise InvalidInput("a cause that is not established closes no case", advice="leave the case open")
        stored = self._store.close(case_id, known, self._principal.actor)
        self._audit("cases.close", case_id, {"cause": known if known in causes().codes else "own category"})
        return case_out(stored, self._store.changes(case_id))

    def import_of(self, import_id: str, offset: int, limit: int) -> ImportOut:
        """Return an import with a page of its issues; raises `NotFound` for another person's."""
        job = self._job(import_id)
        result = job.result or {}
        page = list(islice(self._issues(job), offset, offset + limit + 1))
        report, saved = result.get("report"), result.get("saved")
        return ImportOut(
            id=job.id,
            state=job.state,
            progress=job.progress,
            error=None
            if job.error is None
            else {"code": job.error.code, "detail": job.error.detail, "advice": job.error.advice},
            report=report if isinstance(report, dict) else None,
            saved=saved if isinstance(saved, dict) else None,
            issues=[IssueOut.model_validate(issue) for issue in page[:limit]],
            next_offset=offset + limit if len(page) > limit else None,
        )

    def issues_of(self, import_id: str) -> Iterator[dict[str, str | int]]:
        """Give every issue of an import; raises `NotFound`."""
        return self._issues(self._job(import_id))

    def _job(self, import_id: str) -> Job:
        self._require_on()
        job = self._services.jobs.job(import_id)
        actor = (job.result or {}).get("actor", self._principal.actor)
        if job.name != PIPELINE or (actor != self._principal.actor and self._principal.role is not Role.ADMINISTRATOR):
            raise NotFound("no such import, or none you may see", advice="use the `import_id` of POST /v1/cases")
        return job

    def _issues(self, job: Job) -> Iterator[dict[str, str | int]]:
        digest = (job.result or {}).get("issues")
        if isinstance(digest, str):
            with self._services.blobs.open(digest) as lines:
                for line in lines:
                    yield json.loads(line)

    def _checked(self, values: Mapping[str, object]) -> dict[str, FactValue | None]:
        found: dict[str, FactValue | None] = {}
        for name, value in values.items():
            fact = shipped_schema().get(name)
            try:
                found[name] = None if value is None else checked(fact, value).value
            except BadValue as bad:
                raise InvalidInput(f"the fact {name!r} cannot have this value", advice=f"give {bad.detail}") from None
        return found

    def _territory(self, given: str | None) -> str | None:
        own = self._principal.territory
        if given is None:
            return own
        if not is_kato(given):
            raise InvalidInput("`territory` is not a КАТО code", advice="give its nine digits")
        if own is not None and not is_inside(given, own):
            raise InvalidInput("`territory` is outside your own", advice="leave it out, or give a place inside yours")
        return given

    def _require_on(self) -> None:
        self._services.security.switches.require_on(Capability.CASES)

    def _audit(self, action: str, case_id: str, detail: Mapping[str, str]) -> None:
        self._services.security.audit.append(
            actor=self._principal.actor,
            action=action,
            subject=case_id,
            detail={**detail, "request_id": request_id.current()},
        )


def _refuse_contradictions(facts: Mapping[str, FactValue], among: set[str] | None = None) -> None:
    """Raise `InvalidInput` for facts that cannot all be true; `among`: only rules that one of these facts breaks."""
    for rule in contradictions_in(facts):
        if among is None or rule.uses & among:
            raise InvalidInput(
                f"contradictory facts {', '.join(sorted(rule.uses))}: {rule.names[Language.EN]}",
                advice="mend or empty one of them in the same request",
            )
