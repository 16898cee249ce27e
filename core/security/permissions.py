"""The one table of who may do what. Whatever is not in it is refused.

A route names the permission it needs (`api.access.needs`); a test walks through every route of the application and
fails for one that names none and is not listed as public.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from core.errors import NotAllowed


class Role(StrEnum):
    """What a person or a system is here."""

    INSPECTOR = "inspector"
    INVESTIGATOR = "investigator"
    DISPATCHER = "dispatcher"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"
    SERVICE = "service"  # another system, by an API key


class Permission(StrEnum):
    """One thing that can be done."""

    ASK = "ask"  # questions to the norms, answers
    READ_NORMS = "read-norms"  # acts, clauses, search
    LOAD_ACTS = "load-acts"  # upload an act
    READ_REPORTS = "read-reports"  # load reports
    READ_JOBS = "read-jobs"
    UPLOAD_CALLS = "upload-calls"  # recordings
    READ_CALLS = "read-calls"  # transcripts, cards
    LISTEN_CALLS = "listen-calls"  # their sound
    EDIT_CALLS = "edit-calls"  # cards, decisions
    DELETE_CALLS = "delete-calls"
    LIVE_CALLS = "live-calls"  # send and follow calls that go on
    READ_CASES = "read-cases"  # fires: facts, suggestions made
    LOAD_CASES = "load-cases"  # import files of past fires
    EDIT_CASES = "edit-cases"  # enter cases and facts, close them
    SUGGEST_CAUSES = "suggest-causes"  # ask the model of causes, draw up plans
    READ_MODELS = "read-models"
    READ_AUDIT = "read-audit"
    READ_SWITCHES = "read-switches"
    SET_SWITCHES = "set-switches"


_READER = frozenset({Permission.ASK, Permission.READ_NORMS, Permission.READ_SWITCHES})
_DISPATCHER = frozenset(
    {
        Permission.UPLOAD_CALLS,
        Permission.READ_CALLS,
        Permission.LISTEN_CALLS,
        Permission.EDIT_CALLS,
        Permission.LIVE_CALLS,
    }
)

_INVESTIGATOR = frozenset(
    {Permission.READ_CASES, Permission.LOAD_CASES, Permission.EDIT_CASES, Permission.SUGGEST_CAUSES}
)

TABLE: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.INSPECTOR: _READER,
        Role.INVESTIGATOR: _READER | _INVESTIGATOR,
        Role.DISPATCHER: _READER | _DISPATCHER,
        Role.MANAGER: _READER
        | {
            Permission.READ_REPORTS,
            Permission.READ_JOBS,
            Permission.READ_CALLS,
            Permission.LISTEN_CALLS,
            Permission.READ_CASES,
        },
        Role.ADMINISTRATOR: frozenset(Permission),
        Role.SERVICE: frozenset(
            {
                Permission.ASK,
                Permission.READ_NORMS,
                Permission.UPLOAD_CALLS,
                Permission.READ_CALLS,
                Permission.LIVE_CALLS,
            }
        ),
    }
)


def allows(role: Role, permission: Permission) -> bool:
    """Tell whether `role` may do it; a role missing from the table may do nothing."""
    return permission in TABLE.get(role, frozenset())


def require(role: Role, permission: Permission) -> None:
    """Raise `NotAllowed` unless `role` may do it."""
    if not allows(role, permission):
        raise NotAllowed(
            f"the role {role.value!r} lacks the permission {permission.value!r}",
            advice="ask an administrator for another role",
        )
