"""The tables. Rows never leave `core.storage`: repositories turn them into records.

A change here needs a migration in `core/storage/migrations/versions`; a test compares the two.
"""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.storage.types import UtcDateTime

Json = dict[str, object]


class Base(DeclarativeBase):
    """Root of the tables; constraints are named by rule so that migrations can drop them on any database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    # JSON as text, not PostgreSQL's jsonb: key order and number forms come back as they were written,
    # which the audit chain's digest relies on.
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy's own attribute)
        str: Text,
        datetime: UtcDateTime,
        Json: JSON,
        dict[str, str]: JSON,
        list[str]: JSON,
        list[list[str]]: JSON,
        list[float]: JSON(none_as_null=True),
    }


class ActRow(Base):
    """A normative act."""

    __tablename__ = "acts"

    id: Mapped[str] = mapped_column(primary_key=True)
    jurisdiction: Mapped[str]
    kind: Mapped[str]
    number: Mapped[str] = mapped_column(index=True)
    titles: Mapped[dict[str, str]]  # language -> title
    aliases: Mapped[list[str]]
    issuer: Mapped[str | None]
    adopted_on: Mapped[date | None]


class RedactionRow(Base):
    """One wording of an act."""

    __tablename__ = "redactions"

    id: Mapped[str] = mapped_column(primary_key=True)
    act_id: Mapped[str] = mapped_column(ForeignKey("acts.id", ondelete="CASCADE"), index=True)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    status: Mapped[str]
    languages: Mapped[list[str]]
    source_name: Mapped[str]
    source_sha256: Mapped[str] = mapped_column(index=True)
    replaced_by: Mapped[str | None]


class ClauseRow(Base):
    """A clause of one redaction in one language.

    The parent and the twin are checked at commit, so that rows can be written and deleted in any order.
    """

    __tablename__ = "clauses"
    __table_args__ = (
        Index(None, "redaction_id", "language", "ordinal"),
        Index(None, "act_id", "number"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    act_id: Mapped[str] = mapped_column(ForeignKey("acts.id", ondelete="CASCADE"))
    redaction_id: Mapped[str] = mapped_column(ForeignKey("redactions.id", ondelete="CASCADE"))
    language: Mapped[str]
    level: Mapped[str]
    number: Mapped[str] = mapped_column(index=True)
    path: Mapped[list[list[str]]]  # [level, number] of each step
    breadcrumb: Mapped[list[str]]
    heading: Mapped[str]
    text: Mapped[str]
    ordinal: Mapped[int]
    parent_id: Mapped[str | None] = mapped_column(
        ForeignKey("clauses.id", deferrable=True, initially="DEFERRED"), index=True
    )
    page: Mapped[int | None]
    box: Mapped[list[float] | None]  # x0, y0, x1, y1 in PDF points
    cells: Mapped[list[str]]
    columns: Mapped[list[str]]
    twin_id: Mapped[str | None] = mapped_column(
        ForeignKey("clauses.id", deferrable=True, initially="DEFERRED"), index=True
    )
    repealed: Mapped[bool]


class LoadReportRow(Base):
    """What the last load of a redaction found and left out."""

    __tablename__ = "load_reports"

    redaction_id: Mapped[str] = mapped_column(ForeignKey("redactions.id", ondelete="CASCADE"), primary_key=True)
    report: Mapped[Json]
    loaded_at: Mapped[datetime]


class AccountRow(Base):
    """A person who may log in."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    role: Mapped[str]
    territory: Mapped[str | None]  # КАТО code; none: the whole country
    password_hash: Mapped[str]
    active: Mapped[bool]
    created_at: Mapped[datetime]


class SessionRow(Base):
    """A browser's session; the token itself is never stored."""

    __tablename__ = "sessions"

    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    csrf_token: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ApiKeyRow(Base):
    """A system's key; `prefix` is its public part, the secret is stored as a digest."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    prefix: Mapped[str] = mapped_column(index=True)
    key_sha256: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    territory: Mapped[str | None]
    label: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class AuditRow(Base):
    """One entry of the audit chain. Append-only: triggers of the migration refuse UPDATE and DELETE."""

    __tablename__ = "audit"

    # The writer gives `seq` (last + 1, under `Database.lock`): a sequence would leave gaps.
    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(index=True)
    subject: Mapped[str]
    detail: Mapped[Json]
    prev_mac: Mapped[str]
    mac: Mapped[str]


class SwitchRow(Base):
    """A capability an administrator turned off or on, and why."""

    __tablename__ = "switches"

    capability: Mapped[str] = mapped_column(primary_key=True)
    on: Mapped[bool]
    reason: Mapped[str]
    set_by: Mapped[str]
    set_at: Mapped[datetime]
