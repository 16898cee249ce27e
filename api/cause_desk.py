"""What an investigator asks of the model of causes: within their territory, under the switch, kept and audited."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal, Protocol

from agents.investigator.advising import CauseAdviser
from agents.investigator.plan import PlanOfCase, TracedFact, plan_document
from agents.investigator.suggesting import ranking_history
from agents.investigator.wording import Wording
from api.schemas.causes import CausesOut, CausesView, RankingStep
from core.case_records import CauseSuggestion, FactValue, FireCase
from core.cases import CAUSE, CaseState, FactChange, StoredCase, SuggestionMade
from core.languages import Language
from core.security.office import SecurityOffice
from core.security.principal import Principal
from core.storage.cases import CaseStore
from core.storage.switches import Capability
from core.telemetry import request_id
from core.territories import is_inside
from pipelines.cases.columns import part_of
from pipelines.cases.model.port import CaseModel
from pipelines.cases.schema import shipped_schema

_OF_THE_DAY: tuple[Literal["month", "season", "weekday"], ...] = ("month", "season", "weekday")


class Sources(Protocol):
    """What the desk needs of the service; `Services` has it, and so has a command."""

    @property
    def cases(self) -> CaseStore:
        """The cases."""
        ...

    @property
    def causes(self) -> CauseAdviser:
        """Who suggests."""
        ...

    @property
    def security(self) -> SecurityOffice:
        """Switches and the audit."""
        ...


class CauseDesk:
    """Suggestions of causes as one principal may ask for them."""

    def __init__(self, services: Sources, principal: Principal) -> None:
        self._services, self._principal = services, principal

    def suggest(self, case_id: str, language: Language) -> CausesOut:
        """Return the suggestion for a case as it stands. Raises `NotFound`; `Conflict` before a model is trained.

        Kept and audited once for the same facts and model: reading it again is not another suggestion.
        """
        stored = self._case(case_id)
        dated = with_date_facts(stored.case, self._services.causes.model())
        suggestion = self._suggest(dated)
        made = self._kept(stored, suggestion)
        changes = self._services.cases.changes(case_id)
        view = CausesView(
            shipped_schema(), Wording(shipped_schema(), language), self._services.causes.past_cases(), dated.facts
        )
        ranking = self._ranking(stored, changes, {f: v for f, v in dated.facts.items() if f not in stored.case.facts})
        return view.of(
            suggestion, ranking, case_id=case_id, suggestion_id=f"{case_id}:{made.ordinal}" if made else None
        )

    def made(self, case_id: str) -> tuple[SuggestionMade, ...]:
        """Return every suggestion made for a case, the latest last. Raises `NotFound`."""
        self._case(case_id)
        return self._services.cases.suggestions(case_id)

    def plan(self, case_id: str, language: Language) -> bytes:
        """Return the plan for checking the hypotheses of a case, DOCX. Raises as `suggest`."""
        stored = self._case(case_id)
        dated = with_date_facts(stored.case, self._services.causes.model())
        suggestion = self._suggest(dated)
        self._kept(stored, suggestion)
        traced = _traced(stored, self._services.cases.changes(case_id), self.people())
        traced += [TracedFact(f, v, "", "", None) for f, v in dated.facts.items() if f not in stored.case.facts]
        plan = PlanOfCase(
            stored.case.id,
            stored.case.title,
            stored.case.occurred_on,
            traced,
            suggestion,
            datetime.now(UTC).astimezone(),
        )
        document = plan_document(plan, shipped_schema(), language)
        self._audit("cases.plan", case_id, {"model": suggestion.model_version, "language": language.value})
        return document

    def people(self) -> dict[str, str]:
        """Return how people and systems are called, by the actors of the audit."""
        security = self._services.security
        named = {f"account:{account.id}": account.display_name or account.login for account in security.accounts.list()}
        return {**named, **{f"key:{key.id}": key.label for key in security.keys.list()}}

    def _case(self, case_id: str) -> StoredCase:
        self._services.security.switches.require_on(Capability.CASES)
        return self._services.cases.case(case_id, self._principal.territory)

    def _suggest(self, case: FireCase) -> CauseSuggestion:
        return self._services.causes.suggest(case, self._sees if self._principal.territory else None)

    def _sees(self, territory: str | None) -> bool:
        own = self._principal.territory
        return own is None or (territory is not None and is_inside(territory, own))

    def _kept(self, stored: StoredCase, suggestion: CauseSuggestion) -> SuggestionMade | None:
        """Keep a suggestion, once; of a closed case nothing is: its cause is known, and scores would flatter."""
        case = stored.case
        if stored.state is CaseState.CLOSED:
            return None
        before = self._services.cases.suggestions(case.id)
        if before and before[-1].model_version == suggestion.model_version and before[-1].facts == dict(case.facts):
            return before[-1]
        made = self._services.cases.add_suggestion(case.id, case.facts, suggestion, self._principal.actor)
        self._audit("cases.causes", case.id, {"model": suggestion.model_version, "status": suggestion.status})
        return made

    def _ranking(
        self, stored: StoredCase, changes: Sequence[FactChange], of_date: Mapping[str, FactValue]
    ) -> list[RankingStep]:
        standing = [change for change in changes if change.fact != CAUSE and change.undone_at is None]
        facts = _as_entered(stored.case.facts, standing)
        states = [dict(facts)]
        for change in standing:
            facts = {name: held for name, held in facts.items() if name != change.fact}
            if change.value is not None:
                facts[change.fact] = change.value
            states.append(facts)
        moved = ranking_history([{**of_date, **state} for state in states], self._services.causes.model())
        first = RankingStep("", None, stored.created_at, moved[0])
        after = zip(standing, moved[1:], strict=True)
        return [first, *(RankingStep(change.fact, change.value, change.at, chances) for change, chances in after)]

    def _audit(self, action: str, case_id: str, detail: Mapping[str, str]) -> None:
        self._services.security.audit.append(
            actor=self._principal.actor,
            action=action,
            subject=case_id,
            detail={**detail, "request_id": request_id.current()},
        )


def with_date_facts(case: FireCase, model: CaseModel) -> FireCase:
    """Return the case with what its day tells, where the model uses that and nobody entered it."""
    if case.occurred_on is None:
        return case
    told: dict[str, FactValue] = {}
    for part in _OF_THE_DAY:
        if part in model.facts and part not in case.facts and (value := part_of(case.occurred_on, part)) is not None:
            told[part] = str(value)
    return replace(case, facts={**case.facts, **told})


def _as_entered(facts: Mapping[str, FactValue], standing: Sequence[FactChange]) -> dict[str, FactValue]:
    """Return the facts before the first of the changes that stand."""
    before = dict(facts)
    for change in reversed(standing):
        before.pop(change.fact, None)
        if change.before is not None:
            before[change.fact] = change.before
    return before


def _traced(stored: StoredCase, changes: Sequence[FactChange], people: Mapping[str, str]) -> list[TracedFact]:
    last = {change.fact: change for change in changes if change.undone_at is None}
    imported = stored.case.source if stored.import_id else ""
    traced = []
    for fact, value in stored.case.facts.items():
        change = last.get(fact)
        by = change.actor if change else stored.created_by
        at = change.at if change else stored.created_at
        traced.append(TracedFact(fact, value, "" if change else imported, people.get(by, by), at.astimezone()))
    return traced
