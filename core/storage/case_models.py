"""Versions of the model of causes: which one answers, what the others were."""

from sqlalchemy import select, update

from core.cases import CaseModelVersion, ModelState
from core.errors import Conflict, NotFound
from core.storage import case_rows
from core.storage.case_tables import CaseModelRow
from core.storage.database import Database


class CaseModelStore:
    """Versions as rows; at most one is active."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, model: CaseModelVersion) -> CaseModelVersion:
        """Keep a version; one that is active retires the one before. The same version again is a `Conflict`."""
        with self._database.session() as session:
            self._database.lock(session, "case models")
            if session.get(CaseModelRow, model.version) is not None:
                raise Conflict(f"the model {model.version!r} is kept already", advice="train again for a new version")
            if model.state is ModelState.ACTIVE:
                active = update(CaseModelRow).where(CaseModelRow.state == ModelState.ACTIVE.value)
                session.execute(active.values(state=ModelState.RETIRED.value, note=f"replaced by {model.version}"))
            session.add(
                CaseModelRow(
                    version=model.version,
                    state=model.state.value,
                    created_at=model.created_at,
                    created_by=model.created_by,
                    data_sha256=model.data_sha256,
                    cases=model.cases,
                    metrics=dict(model.metrics),
                    card=model.card,
                    blob=model.blob,
                    note=model.note,
                    parameters=dict(model.parameters),
                )
            )
        return model

    def activate(self, version: str) -> CaseModelVersion:
        """Let a version answer again; the active one is retired. Raises `NotFound`, `Conflict` for a refused one."""
        with self._database.session() as session:
            self._database.lock(session, "case models")
            row = session.get(CaseModelRow, version)
            if row is None:
                raise NotFound(f"no model {version[:80]!r}", advice="list the models of causes")
            if row.state == ModelState.REFUSED.value:
                raise Conflict("the model was refused as worse", advice="train another one")
            active = update(CaseModelRow).where(CaseModelRow.state == ModelState.ACTIVE.value)
            session.execute(active.values(state=ModelState.RETIRED.value))
            row.state, row.note = ModelState.ACTIVE.value, ""
            session.flush()
            session.refresh(row)
            return case_rows.to_model(row)

    def active(self) -> CaseModelVersion | None:
        """Return the version that answers, if there is one."""
        with self._database.reading() as session:
            query = select(CaseModelRow).where(CaseModelRow.state == ModelState.ACTIVE.value)
            row = session.scalars(query).one_or_none()
            return case_rows.to_model(row) if row else None

    def all(self) -> tuple[CaseModelVersion, ...]:
        """Return every version, the newest first."""
        query = select(CaseModelRow).order_by(CaseModelRow.created_at.desc(), CaseModelRow.version)
        with self._database.reading() as session:
            return tuple(case_rows.to_model(row) for row in session.scalars(query))
