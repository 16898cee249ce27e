"""Keeps what suggestions need between requests: the model in use and the index of past cases."""

import heapq
import logging
import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from agents.investigator.determining import Limits
from agents.investigator.past_cases import PastCases
from agents.investigator.suggesting import suggest
from core.case_records import CauseSuggestion, FireCase
from core.cases import CaseModelVersion
from core.errors import Conflict, QorganError
from pipelines.cases.model.port import CaseModel

log = logging.getLogger(__name__)

MOST_PAST_CASES = 200_000
"""Past cases kept in the index, the latest: about 25 MB and 40 ms a suggestion."""


@dataclass(frozen=True)
class Sources:
    """Where the adviser takes its model and past cases from.

    `model`: the one in use, None before the first training (cheap: asked with every suggestion). `closed`: closed
    cases, the latest first, at most so many. `stamp`: changes when closed cases do.
    """

    model: Callable[[], CaseModel | None]
    closed: Callable[[int], Sequence[FireCase]]
    stamp: Callable[[], Hashable]


class ModelInUse:
    """Gives the model of the active version; its weights are read once for each version."""

    def __init__(
        self,
        active: Callable[[], CaseModelVersion | None],
        read: Callable[[CaseModelVersion], CaseModel],
    ) -> None:
        self._active, self._read = active, read
        self._reading = threading.Lock()
        self._held: CaseModel | None = None

    def __call__(self) -> CaseModel | None:
        """Return the model, None before the first training. Raises what reading it raises."""
        version = self._active()
        if version is None:
            return None
        with self._reading:
            if self._held is None or self._held.version != version.version:
                self._held = self._read(version)
            return self._held


class CauseAdviser:
    """Suggests causes with the model in use. Safe to call from several threads."""

    def __init__(self, sources: Sources, limits: Limits | None = None) -> None:
        self._sources = sources
        self._limits = limits or Limits()
        self._building = threading.Lock()
        self._index: tuple[Hashable, PastCases] | None = None

    def suggest(self, case: FireCase, sees: Callable[[str | None], bool] | None = None) -> CauseSuggestion:
        """Return the suggestion for a case. Raises `Conflict` before a model is trained.

        `sees`: tells by its territory whether a past case may be shown beside this one; None: every one.
        """
        past = self.past_cases()
        visible = _visible(past, sees) if sees else None
        return suggest(case, self.model(), past, limits=self._limits, visible=visible)

    def model(self) -> CaseModel:
        """Return the model in use. Raises `Conflict` before one is trained."""
        model = self._sources.model()
        if model is None:
            raise Conflict("no model of causes is trained yet", advice="load closed cases and run `qorgan cases train`")
        return model

    def past_cases(self) -> PastCases:
        """Return the index of closed cases; while a newer one is built in a thread, the one before serves."""
        stamp = self._sources.stamp()
        held = self._index
        if held is None:
            with self._building:
                return self._index[1] if self._index else self._build(stamp)
        if held[0] != stamp and self._building.acquire(blocking=False):
            threading.Thread(target=self._renew, args=(stamp,), name="index past cases", daemon=True).start()
        return held[1]

    def _build(self, stamp: Hashable) -> PastCases:
        index = PastCases(self._sources.closed(MOST_PAST_CASES))
        self._index = (stamp, index)
        return index

    def _renew(self, stamp: Hashable) -> None:
        try:
            self._build(stamp)
        except QorganError as error:
            log.error("indexing past cases failed: %s", error.code)
        finally:
            self._building.release()


def latest(cases: Iterable[FireCase], most: int) -> list[FireCase]:
    """Return the `most` latest cases, the latest first; memory does not grow with the others."""
    return heapq.nlargest(most, cases, key=lambda case: (case.occurred_on or date.min, case.id))


def _visible(past: PastCases, sees: Callable[[str | None], bool]) -> NDArray[np.bool_]:
    codes, territories = past.territories
    return np.array([sees(territory) for territory in territories], dtype=np.bool_)[codes]
