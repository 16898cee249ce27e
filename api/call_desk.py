"""What a person does with calls: within their territory, under the switch, with a line of the audit for each act."""

import time
from collections.abc import Mapping, Sequence

from api.call_reading import call_out
from api.contract import Services
from api.schemas.calls import CallOut
from core.calls import CallDecision, CallFilter, CallPage, CardHistory
from core.errors import Conflict, InvalidInput, NotFound
from core.security.principal import Principal
from core.storage.switches import Capability
from core.telemetry import request_id
from pipelines.calls.card.tables import SERVICES
from pipelines.calls.card_values import checked_value

_SAME_LISTENING_S = 600.0
_MOST_LISTENINGS = 10_000


class CallDesk:
    """Calls as one principal may see and change them."""

    def __init__(self, services: Services, principal: Principal) -> None:
        self._services = services
        self._principal = principal
        self._store = services.calls

    def list(self, wanted: CallFilter, limit: int, cursor: str | None) -> CallPage:
        """Return the calls of the territory. Raises `InvalidInput` for a moment without a time zone, a wrong cursor."""
        self._require_on()
        for moment in (wanted.since, wanted.until):
            if moment is not None and moment.tzinfo is None:
                raise InvalidInput("a moment has no time zone", advice="write it as 2026-03-01T08:00:00+05:00")
        return self._store.calls(wanted, limit=limit, cursor=cursor, territory=self._principal.territory)

    def read(self, call_id: str) -> CallOut:
        """Return the whole call; raises `NotFound`."""
        self._require_on()
        call = self._store.call(call_id, self._principal.territory)
        return call_out(self._store, call)

    def job_of(self, call_id: str) -> str:
        """Return the id of the call's job; raises `NotFound`."""
        self._require_on()
        job_id = self._store.call(call_id, self._principal.territory).job_id
        if job_id is None:
            raise NotFound("the call has no job: it came live", advice="read the call itself")
        return job_id

    def edit(self, call_id: str, values: Mapping[str, object], undo: Sequence[str]) -> CardHistory:
        """Put values in the card and undo changes; all of it is checked before any of it is done."""
        self._require_on()
        checked = {name: None if value is None else checked_value(name, value) for name, value in values.items()}
        self._store.call(call_id, self._principal.territory)
        if not checked and not undo:
            raise InvalidInput("there is nothing to change", advice="give fields in `set`, or names in `undo`")
        for name in undo:
            self._store.undo_edit(call_id, name, self._principal.actor)
        for name, value in checked.items():
            self._store.edit_field(call_id, name, value, self._principal.actor)
        detail = {"set": ",".join(checked), "undo": ",".join(undo)}  # names only: values are personal
        self._audit("calls.card", call_id, {name: listed for name, listed in detail.items() if listed})
        return self._store.card(call_id)

    def decide(self, call_id: str, services: Sequence[str], note: str) -> CallDecision:
        """Keep a decision. Raises `InvalidInput` for a service there is not."""
        self._require_on()
        unknown = [service for service in services if service not in SERVICES]
        if unknown:
            raise InvalidInput("`services` names a service there is not", advice=f"choose of {', '.join(SERVICES)}")
        self._store.call(call_id, self._principal.territory)
        made = self._store.decide(call_id, tuple(dict.fromkeys(services)), note.strip(), self._principal.actor)
        self._audit("calls.review", call_id, {"services": ",".join(made.services)})
        return made

    def sound_of(self, call_id: str) -> str:
        """Return the digest of the call's sound, and audit that it is listened to; raises `NotFound`."""
        self._require_on()
        call = self._store.call(call_id, self._principal.territory)
        if call.sound_sha256 is None:
            raise NotFound("the call has no sound yet", advice="wait until its job has decoded the recording")
        if _listenings.begins(self._principal.actor, call_id):
            self._audit("calls.listen", call_id, {})
        return call.sound_sha256

    def delete(self, call_id: str) -> None:
        """Forget the call; works with the switch off too: the law does not wait.

        Raises `NotFound`; `Conflict` while it goes on: what is written after would stay.
        """
        self._store.call(call_id, self._principal.territory)
        live = self._services.live
        if live is not None and live.holds(call_id):
            wait = self._services.settings.live.resume_s
            raise Conflict(
                "the call is going on, or has only just ended", advice=f"delete it {wait:.0f} s after its end"
            )
        self._services.recordings.delete(call_id)
        self._audit("calls.delete", call_id, {})

    def _require_on(self) -> None:
        self._services.security.switches.require_on(Capability.CALLS)

    def _audit(self, action: str, call_id: str, detail: Mapping[str, str]) -> None:
        self._services.security.audit.append(
            actor=self._principal.actor,
            action=action,
            subject=call_id,
            detail={**detail, "request_id": request_id.current()},
        )


class Listenings:
    """Tells one listening from the many requests a player makes for it."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], float] = {}

    def begins(self, actor: str, call_id: str) -> bool:
        """Tell whether this request begins a listening: none of the same person and call came for ten minutes."""
        now = time.monotonic()
        if len(self._last) > _MOST_LISTENINGS:
            self._last = {key: at for key, at in self._last.items() if now - at < _SAME_LISTENING_S}
        last = self._last.get((actor, call_id))
        self._last[(actor, call_id)] = now
        return last is None or now - last >= _SAME_LISTENING_S


_listenings = Listenings()
