"""Capabilities an administrator can turn off, with a reason that people are shown."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import select

from core.errors import InvalidInput, SwitchedOff
from core.storage.database import Database
from core.storage.tables import SwitchRow

MAX_REASON_CHARS = 500


class Capability(StrEnum):
    """What can be turned off by itself."""

    ASSISTANT = "assistant"  # answering questions
    SEARCH = "search"
    ACTS_LOADING = "acts-loading"
    CALLS = "calls"  # recordings and live calls
    CASES = "cases"  # fires and their causes


@dataclass(frozen=True)
class Switch:
    """Whether a capability is on; on with no reason until someone sets it."""

    capability: Capability
    on: bool = True
    reason: str = ""
    set_by: str = ""  # actor, as in the audit
    set_at: datetime | None = None


class Switches:
    """The stored switches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[Switch, ...]:
        """Return every capability's switch."""
        with self._database.reading() as session:
            stored = {row.capability: _switch(row) for row in session.scalars(select(SwitchRow)) if _known(row)}
        return tuple(stored.get(capability, Switch(capability)) for capability in Capability)

    def get(self, capability: Capability) -> Switch:
        """Return one switch."""
        with self._database.reading() as session:
            row = session.get(SwitchRow, capability.value)
            return _switch(row) if row else Switch(capability)

    def require_on(self, capability: Capability) -> None:
        """Raise `SwitchedOff` with the administrator's reason when the capability is off."""
        switch = self.get(capability)
        if not switch.on:
            raise SwitchedOff(switch.reason, advice="ask an administrator when it will be turned on again")

    def set(self, capability: Capability, *, on: bool, reason: str, actor: str) -> Switch:
        """Turn a capability on or off. Turning off needs a reason; raises `InvalidInput` without one."""
        reason = reason.strip()
        if not on and not reason:
            raise InvalidInput("turning a capability off needs a reason", advice="say in `reason` why it is turned off")
        if len(reason) > MAX_REASON_CHARS:
            raise InvalidInput("the reason is too long", advice=f"use at most {MAX_REASON_CHARS} characters")
        switch = Switch(capability, on, reason, actor, datetime.now(UTC))
        with self._database.session() as session:
            session.merge(
                SwitchRow(capability=capability.value, on=on, reason=reason, set_by=actor, set_at=switch.set_at)
            )
        return switch


def _known(row: SwitchRow) -> bool:
    return row.capability in set(Capability)


def _switch(row: SwitchRow) -> Switch:
    return Switch(Capability(row.capability), row.on, row.reason, row.set_by, row.set_at)
