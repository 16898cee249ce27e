"""What a command starts from: the settings, and only as much of the service as it needs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.errors import ConfigurationError

if TYPE_CHECKING:
    from api.contract import Services
    from core.security.office import SecurityOffice
    from core.settings import Settings
    from core.storage.calls import CallStore
    from core.storage.cases import CaseStore

ENV_FILE = "QORGAN_ENV_FILE"
ACTOR = "command-line"
"""How the audit names whoever runs commands on the server itself."""


def load_settings() -> "Settings":
    """Return the settings of the environment; raises `ConfigurationError` that names the wrong ones."""
    from pydantic import ValidationError

    from core.settings import Settings

    try:
        return Settings(_env_file=os.environ.get(ENV_FILE))  # type: ignore[call-arg]
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors())
        raise ConfigurationError(f"settings: {wrong}", advice="docs/settings.md describes each setting") from None


def quiet_logs(settings: "Settings") -> None:
    """Log warnings and worse only: a command's own output is what people read."""
    from core.telemetry.log import configure

    configure(settings.telemetry.model_copy(update={"log_level": "warning", "log_format": "text"}))


@contextmanager
def office() -> Iterator["SecurityOffice"]:
    """Give accounts, keys and the audit on a database whose schema is up to date; no models, no index."""
    from core.security.office import build_office
    from core.storage.database import Database

    settings = load_settings()
    quiet_logs(settings)
    database = Database(settings.database_url)
    database.upgrade()
    try:
        yield build_office(settings, database)
    finally:
        database.close()


@contextmanager
def calls_of_records() -> Iterator["CallStore"]:
    """Give the calls on a database whose schema is up to date; no models, no index."""
    from core.storage.calls import CallStore
    from core.storage.database import Database

    settings = load_settings()
    quiet_logs(settings)
    database = Database(settings.database_url)
    database.upgrade()
    try:
        yield CallStore(database)
    finally:
        database.close()


@contextmanager
def cases_of_records() -> Iterator[tuple["CaseStore", "SecurityOffice", "Settings"]]:
    """Give the fire cases and the audit on a database whose schema is up to date; no models, no index."""
    from core.security.office import build_office
    from core.storage.cases import CaseStore
    from core.storage.database import Database

    settings = load_settings()
    quiet_logs(settings)
    database = Database(settings.database_url)
    database.upgrade()
    try:
        yield CaseStore(database), build_office(settings, database), settings
    finally:
        database.close()


@contextmanager
def whole_service() -> Iterator["Services"]:
    """Give everything the server has, in this process.

    Raises `Unavailable`, before anything heavy is loaded, when a server has the index that only one process may open.
    """
    from knowledge_base.index.place import refuse_open_elsewhere

    settings = load_settings()
    quiet_logs(settings)
    refuse_open_elsewhere(settings)
    from api.services import build_services

    services = build_services(settings)
    try:
        yield services
    finally:
        services.close()
