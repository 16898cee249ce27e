"""Passwords, permissions, accounts, sessions, keys, the brake, the switches."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.errors import Conflict, InvalidInput, NotAllowed, NotAuthenticated, NotFound, SwitchedOff, TooManyRequests
from core.security.office import build_office
from core.security.passwords import MIN_CHARS, hash_password, random_password, verify_password
from core.security.permissions import TABLE, Permission, Role, allows, require
from core.security.throttle import LoginThrottle
from core.settings import Settings
from core.storage.accounts import Accounts, ApiKeys, Sessions, fold_login
from core.storage.database import Database
from core.storage.switches import Capability, Switches

PASSWORD = "a phrase of several words"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    opened.upgrade()
    yield opened
    opened.close()


@settings(max_examples=5, deadline=None)
@given(st.text(min_size=MIN_CHARS, max_size=40).filter(lambda word: len(set(word)) >= 4), st.text(max_size=40))
def test_only_the_password_itself_verifies(password: str, other: str) -> None:
    hashed = hash_password(password)
    assert password not in hashed
    assert verify_password(hashed, password)
    assert verify_password(hashed, other) is (other == password)


def test_weak_passwords_are_refused() -> None:
    for weak in ("", "short", "x" * 50, "ab" * 20, "y" * 10_000):
        with pytest.raises(InvalidInput):
            hash_password(weak)
    assert not verify_password("not a hash", PASSWORD)
    assert random_password() != random_password()
    hash_password(random_password())


@given(st.sampled_from(Role), st.sampled_from(Permission))
def test_the_table_decides(role: Role, permission: Permission) -> None:
    if permission in TABLE[role]:
        require(role, permission)
    else:
        assert not allows(role, permission)
        with pytest.raises(NotAllowed):
            require(role, permission)


@given(st.text(max_size=30))
def test_a_folded_login_folds_to_itself(login: str) -> None:
    try:
        folded = fold_login(login)
    except InvalidInput:
        return
    assert fold_login(folded) == folded


def test_accounts_are_unique_by_folded_login(database: Database) -> None:
    accounts = Accounts(database)
    made = accounts.add("А.Инспектор", PASSWORD, Role.INSPECTOR)
    assert made.login == "а.инспектор"
    with pytest.raises(Conflict):
        accounts.add(" а.ИНСПЕКТОР ", PASSWORD, Role.MANAGER)
    with pytest.raises(InvalidInput):
        accounts.add("two words", PASSWORD, Role.MANAGER)
    with pytest.raises(InvalidInput):
        accounts.add("machine", PASSWORD, Role.SERVICE)
    assert accounts.find("А.инспектор").id == made.id
    with pytest.raises(NotFound):
        accounts.find("nobody")


def test_the_last_administrator_cannot_be_barred(database: Database) -> None:
    accounts = Accounts(database)
    accounts.add("first", PASSWORD, Role.ADMINISTRATOR)
    with pytest.raises(Conflict):
        accounts.disable("first")
    accounts.add("second", PASSWORD, Role.ADMINISTRATOR)
    assert not accounts.disable("first").active
    with pytest.raises(Conflict):
        accounts.disable("second")


def test_a_session_lives_its_hours_and_its_token_is_not_stored(database: Database) -> None:
    clock = Clock()
    accounts, sessions = Accounts(database), Sessions(database, 12, clock)
    account = accounts.add("person", PASSWORD, Role.DISPATCHER)
    started = sessions.start(account)
    with database.reading() as session:
        assert started.token not in str(session.execute(text("SELECT * FROM sessions")).all())
    found = sessions.find(started.token)
    assert found is not None
    assert (found.id, found.role, found.csrf_token) == (account.id, Role.DISPATCHER, started.principal.csrf_token)
    assert sessions.find(started.token + "x") is None
    clock.now += timedelta(hours=12)
    assert sessions.find(started.token) is None
    again = sessions.start(account)
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM sessions")).scalar() == 1
    accounts.set_password("person", PASSWORD + "!")
    assert sessions.find(again.token) is None


def test_a_key_expires(database: Database) -> None:
    clock = Clock()
    keys = ApiKeys(database, clock)
    secret, key = keys.create("system", Role.SERVICE, days=10)
    with database.reading() as session:
        assert secret not in str(session.execute(text("SELECT * FROM api_keys")).all())
    assert keys.find(secret) is not None
    assert keys.find(key.prefix) is None
    clock.now += timedelta(days=10)
    assert keys.find(secret) is None
    with pytest.raises(InvalidInput):
        keys.create("system", Role.SERVICE, days=0)
    with pytest.raises(InvalidInput):
        keys.create(" ", Role.SERVICE, days=1)
    with pytest.raises(NotFound):
        keys.revoke("qk_none")


def test_the_brake_holds_for_its_window_and_one_address() -> None:
    now = [0.0]
    brake = LoginThrottle(3, 60.0, lambda: now[0])
    for _ in range(3):
        brake.check("a", "1")
        brake.failed("a", "1")
    with pytest.raises(TooManyRequests) as refused:
        brake.check("a", "1")
    assert "60 seconds" in refused.value.advice
    brake.check("a", "2")
    brake.check("b", "1")
    now[0] = 61.0
    brake.check("a", "1")
    brake.failed("a", "1")
    brake.succeeded("a", "1")
    brake.check("a", "1")


def test_every_way_to_log_in_is_audited_without_the_login(database: Database, tmp_path: Path) -> None:
    office = build_office(Settings(data_dir=tmp_path), database)
    office.accounts.add("person", PASSWORD, Role.INSPECTOR)
    for login, password in (("person", "wrong"), ("ghost", PASSWORD), ("bad login!", PASSWORD)):
        with pytest.raises(NotAuthenticated):
            office.log_in(login, password, "10.0.0.1")
    started = office.log_in("Person", PASSWORD, "10.0.0.1")
    office.log_out(started.token, started.principal)
    assert office.sessions.find(started.token) is None
    entries = office.audit.page(before=None, limit=9)[::-1]
    assert [entry.action for entry in entries] == ["login.failed"] * 3 + ["login", "logout"]
    assert not any(word in repr(entries) for word in ("person", "ghost", "bad login"))
    assert office.audit.verify().ok
    for file in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_switch_is_on_until_it_is_turned_off_with_a_reason(database: Database) -> None:
    switches = Switches(database)
    assert all(switch.on for switch in switches.all())
    with pytest.raises(InvalidInput):
        switches.set(Capability.SEARCH, on=False, reason="  ", actor="a")
    with pytest.raises(InvalidInput):
        switches.set(Capability.SEARCH, on=False, reason="x" * 501, actor="a")
    switches.set(Capability.SEARCH, on=False, reason="индекс перестраивается", actor="account:1")
    with pytest.raises(SwitchedOff, match="индекс"):
        switches.require_on(Capability.SEARCH)
    switches.require_on(Capability.ASSISTANT)
    switches.set(Capability.SEARCH, on=True, reason="", actor="account:1")
    switches.require_on(Capability.SEARCH)
