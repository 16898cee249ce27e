"""People, jobs, models, the audit, the switches, the state of the service."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from core.jobs.records import JobState
from core.security.permissions import Permission, Role
from core.storage.switches import Capability


class _OfRecord(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class LoginIn(BaseModel):
    """A local account's credentials."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"login": "a.inspector", "password": "correct horse battery"}]}
    )

    login: str = Field(max_length=200)
    password: str = Field(max_length=1000, repr=False)


class PrincipalOut(BaseModel):
    """Who makes the request."""

    kind: str = Field(description="account or key")
    id: str
    login: str
    name: str
    role: Role
    territory: str | None = Field(description="КАТО code; null: the whole country")
    permissions: list[Permission]


class LoginOut(BaseModel):
    """A session just opened; its cookie is set by the response."""

    principal: PrincipalOut
    csrf_token: str = Field(description="Send it as X-CSRF-Token with every POST, PUT, PATCH and DELETE")
    expires_at: datetime


class JobProblemOut(_OfRecord):
    """Why a job failed."""

    code: str
    detail: str
    advice: str


class JobOut(_OfRecord):
    """Long work."""

    id: str
    name: str = Field(description="Of the pipeline", examples=["acts.load"])
    state: JobState
    step: str | None = Field(description="The one that runs, or failed")
    steps: tuple[str, ...]
    progress: float = Field(ge=0, le=1)
    created_at: datetime
    updated_at: datetime
    result: dict[str, object] | None
    error: JobProblemOut | None


class JobPage(BaseModel):
    """A page of jobs, newest first."""

    items: list[JobOut]
    next_cursor: str | None


class JobAccepted(BaseModel):
    """Work taken on; follow it at `url`."""

    job_id: str
    url: str = Field(examples=["/v1/jobs/0c0f6c1e"])


class ModelOut(_OfRecord):
    """A model of the manifest and how it is on this machine."""

    name: str
    role: str
    source: str
    revision: str
    licence: str
    languages: tuple[str, ...]
    state: str = Field(description="ready, missing, altered or endpoint")
    detail: str
    optional: bool
    size_bytes: int


class AuditEntryOut(_OfRecord):
    """One thing that was done."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, object]
    mac: str


class AuditPage(BaseModel):
    """A page of the audit, newest first."""

    items: list[AuditEntryOut]
    next_cursor: str | None


class SwitchOut(_OfRecord):
    """Whether a capability is on."""

    capability: Capability
    on: bool
    reason: str
    set_by: str
    set_at: datetime | None


class SwitchIn(BaseModel):
    """The new state of a switch."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"on": False, "reason": "Acts are being reloaded until 18:00"}]}
    )

    on: bool
    reason: str = Field(default="", description="Shown to people; needed to turn off")


class Readiness(BaseModel):
    """State of each part: "ready", or why not."""

    ready: bool
    parts: dict[str, str]
