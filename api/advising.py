"""Builds the investigator's adviser from the records and the blobs."""

import time
from collections.abc import Hashable

from agents.investigator.advising import CauseAdviser, ModelInUse, Sources, latest
from core.blobs import BlobStore
from core.cases import CaseFilter, CaseModelVersion, CaseState
from core.errors import ModelError
from core.storage.case_models import CaseModelStore
from core.storage.cases import CaseStore
from core.storage.database import Database
from pipelines.cases.model.packing import unpack
from pipelines.cases.model.port import CaseModel

_LOOK_AGAIN_S = 10.0
"""How long the number of closed cases is taken to stand: counting millions takes a second."""


def build_adviser(database: Database, cases: CaseStore, blobs: BlobStore) -> CauseAdviser:
    """Return the adviser on the active model and the closed cases; both are read when first asked for."""

    def read(version: CaseModelVersion) -> CaseModel:
        if version.blob is None:
            raise ModelError(f"the model {version.version} has no weights", advice="train again: qorgan cases train")
        return unpack(blobs.get(version.blob))

    return CauseAdviser(
        Sources(
            model=ModelInUse(CaseModelStore(database).active, read),
            closed=lambda most: latest(cases.closed_cases(), most),
            stamp=_ClosedCases(cases).stamp,
        )
    )


class _ClosedCases:
    def __init__(self, cases: CaseStore) -> None:
        self._cases = cases
        self._counted_at = float("-inf")
        self._count = 0

    def stamp(self) -> Hashable:
        """Return what changes when cases are closed or opened again."""
        if time.monotonic() - self._counted_at > _LOOK_AGAIN_S:
            self._count = self._cases.count(CaseFilter(state=CaseState.CLOSED))
            self._counted_at = time.monotonic()
        return self._count
