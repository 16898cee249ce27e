"""Accounts of people, their browser sessions, and the keys of systems."""

import re
import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotFound
from core.security.passwords import hash_password
from core.security.permissions import Role
from core.security.principal import Account, ApiKey, Principal
from core.security.tokens import digest, new_key, new_token
from core.storage.database import Database
from core.storage.tables import AccountRow, ApiKeyRow, SessionRow

_LOGIN = re.compile(r"[\w][\w.@-]{1,63}")
_LAST_USE_EVERY = timedelta(minutes=5)
Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


def fold_login(login: str) -> str:
    """Return the form in which logins are stored and compared; raise `InvalidInput` for what cannot be one."""
    folded = unicodedata.normalize("NFKC", login).strip().casefold()
    if not _LOGIN.fullmatch(folded):
        raise InvalidInput(
            "the login is malformed", advice="use 2 to 64 letters, digits, dots, hyphens, underscores or @"
        )
    return folded


class Accounts:
    """People who may log in."""

    def __init__(self, database: Database, clock: Clock = _now) -> None:
        self._database = database
        self._clock = clock

    def add(
        self, login: str, password: str, role: Role, *, display_name: str = "", territory: str | None = None
    ) -> Account:
        """Make an account. Raises `Conflict` when the login is taken, `InvalidInput` for a weak password."""
        if role is Role.SERVICE:
            raise InvalidInput("the role 'service' is for API keys", advice="choose a person's role")
        row = AccountRow(
            id=str(uuid.uuid4()),
            login=fold_login(login),
            display_name=display_name.strip() or login.strip(),
            role=role.value,
            territory=territory,
            password_hash=hash_password(password),
            active=True,
            created_at=self._clock(),
        )
        try:
            with self._database.session() as session:
                session.add(row)
        except IntegrityError as error:
            raise Conflict("an account with this login exists", advice="choose another login") from error
        return _account(row)

    def list(self) -> tuple[Account, ...]:
        """Return all accounts by login."""
        with self._database.reading() as session:
            return tuple(_account(row) for row in session.scalars(select(AccountRow).order_by(AccountRow.login)))

    def find(self, login: str) -> Account:
        """Return the account with this login; raises `NotFound`."""
        with self._database.reading() as session:
            return _account(_by_login(session, login))

    def credentials(self, login: str) -> tuple[Account, str] | None:
        """Return the account and its password hash, `None` when there is none."""
        with self._database.reading() as session:
            row = session.scalars(select(AccountRow).where(AccountRow.login == login)).first()
            return (_account(row), row.password_hash) if row else None

    def disable(self, login: str) -> Account:
        """Bar an account and end its sessions. Raises `Conflict` for the last active administrator."""
        with self._database.session() as session:
            self._database.lock(session, "accounts")
            row = _by_login(session, login)
            others = session.scalar(
                select(func.count())
                .select_from(AccountRow)
                .where(AccountRow.role == Role.ADMINISTRATOR.value, AccountRow.active, AccountRow.id != row.id)
            )
            if row.active and row.role == Role.ADMINISTRATOR.value and not others:
                raise Conflict("this is the last active administrator", advice="make another administrator first")
            row.active = False
            session.execute(delete(SessionRow).where(SessionRow.account_id == row.id))
            return _account(row)

    def set_password(self, login: str, password: str) -> Account:
        """Change the password and end the account's sessions."""
        password_hash = hash_password(password)
        with self._database.session() as session:
            row = _by_login(session, login)
            row.password_hash = password_hash
            session.execute(delete(SessionRow).where(SessionRow.account_id == row.id))
            return _account(row)


@dataclass(frozen=True)
class NewSession:
    """A session just made: the only moment its token is known."""

    token: str
    principal: Principal
    expires_at: datetime


class Sessions:
    """Browser sessions, stored by the digest of their token."""

    def __init__(self, database: Database, hours: float, clock: Clock = _now) -> None:
        self._database = database
        self._life = timedelta(hours=hours)
        self._clock = clock

    def start(self, account: Account) -> NewSession:
        """Open a session for an account and forget those that have expired."""
        now = self._clock()
        token = new_token()
        row = SessionRow(
            token_sha256=digest(token),
            account_id=account.id,
            csrf_token=new_token(),
            created_at=now,
            expires_at=now + self._life,
        )
        with self._database.session() as session:
            session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))
            session.add(row)
        return NewSession(token, _session_principal(account, row.csrf_token), row.expires_at)

    def find(self, token: str) -> Principal | None:
        """Return whose session this is, `None` when there is none, it has expired or the account is barred."""
        query = (
            select(SessionRow, AccountRow)
            .join(AccountRow, AccountRow.id == SessionRow.account_id)
            .where(SessionRow.token_sha256 == digest(token), SessionRow.expires_at > self._clock(), AccountRow.active)
        )
        with self._database.reading() as session:
            found = session.execute(query).first()
            return _session_principal(_account(found[1]), found[0].csrf_token) if found else None

    def end(self, token: str) -> None:
        """Close the session, if there is one."""
        with self._database.session() as session:
            session.execute(delete(SessionRow).where(SessionRow.token_sha256 == digest(token)))


class ApiKeys:
    """Keys of systems, stored by their digest."""

    def __init__(self, database: Database, clock: Clock = _now) -> None:
        self._database = database
        self._clock = clock

    def create(self, label: str, role: Role, *, days: float | None, territory: str | None = None) -> tuple[str, ApiKey]:
        """Make a key that expires in `days` (`None`: never). The key itself is returned here and never again."""
        if not label.strip():
            raise InvalidInput("a key needs a label", advice="name the system that will use it")
        if days is not None and days <= 0:
            raise InvalidInput("the key would have expired already", advice="give a positive number of days")
        secret, prefix = new_key()
        now = self._clock()
        row = ApiKeyRow(
            id=str(uuid.uuid4()),
            prefix=prefix,
            key_sha256=digest(secret),
            role=role.value,
            territory=territory,
            label=label.strip(),
            created_at=now,
            expires_at=None if days is None else now + timedelta(days=days),
            revoked_at=None,
            last_used_at=None,
        )
        with self._database.session() as session:
            session.add(row)
        return secret, _key(row)

    def list(self) -> tuple[ApiKey, ...]:
        """Return all keys, newest first."""
        query = select(ApiKeyRow).order_by(ApiKeyRow.created_at.desc(), ApiKeyRow.id)
        with self._database.reading() as session:
            return tuple(_key(row) for row in session.scalars(query))

    def find(self, secret: str) -> Principal | None:
        """Return which system this key is, `None` when it is unknown, revoked or expired."""
        now = self._clock()
        with self._database.reading() as session:
            row = session.scalars(select(ApiKeyRow).where(ApiKeyRow.key_sha256 == digest(secret))).first()
            if row is None or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
                return None
            principal = Principal("key", row.id, Role(row.role), row.label, territory=row.territory)
            stale = row.last_used_at is None or now - row.last_used_at > _LAST_USE_EVERY
        if stale:
            with self._database.session() as session:
                used = session.get(ApiKeyRow, principal.id)
                if used is not None:
                    used.last_used_at = now
        return principal

    def revoke(self, prefix_or_id: str) -> ApiKey:
        """End a key, named by its id or its public prefix. Raises `NotFound`."""
        with self._database.session() as session:
            query = select(ApiKeyRow).where((ApiKeyRow.id == prefix_or_id) | (ApiKeyRow.prefix == prefix_or_id))
            row = session.scalars(query).first()
            if row is None:
                raise NotFound("no such API key", advice="`qorgan keys list` shows the prefixes")
            row.revoked_at = row.revoked_at or self._clock()
            return _key(row)


def _by_login(session: Session, login: str) -> AccountRow:
    row = session.scalars(select(AccountRow).where(AccountRow.login == fold_login(login))).first()
    if row is None:
        raise NotFound("no account with this login", advice="`qorgan accounts list` shows the accounts")
    return row


def _session_principal(account: Account, csrf_token: str) -> Principal:
    return Principal(
        "account", account.id, account.role, account.display_name, account.login, account.territory, csrf_token
    )


def _account(row: AccountRow) -> Account:
    return Account(row.id, row.login, row.display_name, Role(row.role), row.territory, row.active, row.created_at)


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        prefix=row.prefix,
        label=row.label,
        role=Role(row.role),
        territory=row.territory,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
