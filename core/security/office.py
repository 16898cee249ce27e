"""Everything about who may come in, built from the settings."""

from dataclasses import dataclass

from core.errors import InvalidInput, NotAuthenticated, TooManyRequests
from core.security.head import SealedHead, audit_key, key_directory
from core.security.passwords import decoy_hash, verify_password
from core.security.principal import Principal
from core.security.throttle import LoginThrottle
from core.security.tokens import digest
from core.settings import Settings
from core.storage.accounts import Accounts, ApiKeys, NewSession, Sessions, fold_login
from core.storage.audit import AuditLog
from core.storage.database import Database
from core.storage.switches import Switches

NOBODY = "nobody"
"""The actor of what was done before anyone was known."""


@dataclass(frozen=True)
class SecurityOffice:
    """Accounts, sessions, keys, the audit chain and the switches."""

    accounts: Accounts
    sessions: Sessions
    keys: ApiKeys
    audit: AuditLog
    switches: Switches
    throttle: LoginThrottle

    def log_in(self, login: str, password: str, address: str) -> NewSession:
        """Open a session. Raises `NotAuthenticated`, or `TooManyRequests` after repeated failures; audits both ways."""
        try:
            folded = fold_login(login)
        except InvalidInput:
            folded = ""
        try:
            self.throttle.check(folded, address)
        except TooManyRequests:
            self.audit.append(actor=NOBODY, action="login.refused", subject=digest(folded))
            raise
        found = self.accounts.credentials(folded)
        right = verify_password(found[1] if found else decoy_hash(), password)
        if found is None or not right or not found[0].active:
            self.throttle.failed(folded, address)
            self.audit.append(actor=NOBODY, action="login.failed", subject=digest(folded))
            raise NotAuthenticated(
                "the login or the password is wrong", advice="check both and the keyboard's language"
            )
        self.throttle.succeeded(folded, address)
        started = self.sessions.start(found[0])
        self.audit.append(actor=started.principal.actor, action="login", subject=started.principal.id)
        return started

    def log_out(self, token: str, principal: Principal) -> None:
        """Close the session."""
        self.sessions.end(token)
        self.audit.append(actor=principal.actor, action="logout", subject=principal.id)


def build_office(settings: Settings, database: Database) -> SecurityOffice:
    """Return the office on a database whose schema is up to date. Makes the audit key at the first call."""
    key = audit_key(settings)
    return SecurityOffice(
        accounts=Accounts(database),
        sessions=Sessions(database, settings.security.session_hours),
        keys=ApiKeys(database),
        audit=AuditLog(database, key, SealedHead(key_directory(settings), key)),
        switches=Switches(database),
        throttle=LoginThrottle(settings.security.login_attempts, settings.security.login_window_s),
    )
