"""The composition root: builds everything from `Settings`, and nothing else does."""

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from agents.assistant.assistant import QuoteAssistant
from agents.assistant.context import Knowledge
from agents.assistant.language import language_of
from api.advising import build_adviser
from api.case_imports import FileImports
from api.contract import FoundClause, JsonObject, Services
from api.live_calls import build_desk
from api.recordings import CallRecordings
from core.blobs import FolderBlobs
from core.errors import Conflict, QorganError, TooLarge
from core.jobs.records import State, Step
from core.jobs.service import Jobs, system_database_url
from core.languages import Language
from core.models.runtime import go_offline
from core.models.store import list_models
from core.security.office import build_office
from core.settings import Settings
from core.storage.acts import ActStore
from core.storage.calls import CallStore
from core.storage.cases import CaseStore
from core.storage.database import Database
from knowledge_base.embedding import Embedder, build_embedder
from knowledge_base.index.factory import open_index
from knowledge_base.index.port import ClauseIndex
from knowledge_base.search.base import NormativeBase
from knowledge_base.search.indexing import index_redaction
from knowledge_base.search.search import Scope
from pipelines.acts.loading import PIPELINE, ActLoading
from pipelines.calls import recording
from pipelines.calls.engines import Once, build_engines, call_models
from pipelines.calls.transcribers.factory import build_transcriber
from pipelines.cases import loading as cases_loading

log = logging.getLogger(__name__)

_AGAIN_AFTER_S = 5.0
"""Pause before a preparation that may pass (an embedding server that starts later) is tried again."""


def build_services(settings: Settings, *, serve_live: bool = False) -> Services:
    """Open the records, index, models and jobs of a deployment and return what serves requests.

    `serve_live`: also take live calls, and go on with those that a killed server left.
    Fills an index that was lost from the records. Raises ConfigurationError, ModelError (weights missing or altered),
    StorageError or Unavailable, each with what to do.
    """
    go_offline()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url)
    database.upgrade()
    store = ActStore(database)
    embedder = build_embedder(settings)
    index = open_index(settings, dimension=embedder.dimensions)
    models = _Preparation("models", partial(_load_models, embedder))
    rebuild_index(store, index, embedder)
    base = NormativeBase(store, index, embedder, settings.data_dir / "index" / "terms")
    blobs = FolderBlobs(settings.data_dir / "blobs")
    call_blobs = FolderBlobs(settings.data_dir / "calls" / "blobs")  # deleting a call deletes no act's source
    loading = ActLoading(blobs, store, index, embedder, settings.uploads)
    jobs = Jobs(
        settings.jobs.database_url or system_database_url(settings.database_url),
        concurrency=settings.jobs.concurrency,
        poll_s=settings.jobs.poll_s,
    )
    jobs.register(PIPELINE, (*loading.steps(), Step("learn_terms", partial(_learn_terms, base))))
    calls = CallStore(database)
    engines = build_engines(settings, Once(partial(build_transcriber, settings)))
    jobs.register(recording.PIPELINE, recording.CallTranscription(call_blobs, calls, engines, settings.calls).steps())
    cases = CaseStore(database)
    jobs.register(cases_loading.PIPELINE, cases_loading.CaseLoading(blobs, cases, settings.cases).steps())
    jobs.launch()
    recordings = CallRecordings(settings.calls, call_blobs, calls, jobs)
    recordings.resume()
    live = build_desk(settings, calls, call_blobs, jobs, engines) if serve_live else None
    if live is not None:
        _Preparation("live calls", live.calls.prepare)
    assistant = QuoteAssistant(
        lambda: Knowledge.of(
            base.current(), store, home=settings.search.jurisdiction, embedder=embedder.name, index=index.version
        ),
        max_chars=settings.search.max_question_chars,
        today=_today,
    )
    first = _Preparation("search", partial(_prepare_search, assistant))

    def close() -> None:
        if live is not None:
            live.close()
        jobs.shutdown()
        index.close()
        database.close()

    return Services(
        settings=settings,
        database=database,
        acts=store,
        security=build_office(settings, database),
        jobs=jobs,
        assistant=assistant,
        search=NormSearch(base, store),
        loader=ActLoader(settings, blobs, jobs),
        calls=calls,
        recordings=recordings,
        cases=cases,
        case_imports=FileImports(settings, blobs, jobs),
        causes=build_adviser(database, cases, blobs),
        blobs=blobs,
        call_blobs=call_blobs,
        live=live,
        models=lambda: list_models(settings),
        readiness=lambda: _readiness(database, index, settings, (models, first)),
        close=close,
    )


def rebuild_index(store: ActStore, index: ClauseIndex, embedder: Embedder) -> None:
    """Fill an index that was made anew from the records; embeddings come from their cache. Nothing to do otherwise."""
    if not index.needs_rebuild:
        return
    for redaction in store.redactions():
        clauses = store.clauses(redaction.id)
        act, siblings = store.act(redaction.act_id), store.redactions(redaction.act_id)
        index_redaction(index, embedder, act, redaction, siblings, clauses)
    index.mark_rebuilt()


class NormSearch:
    """Search over the current base."""

    def __init__(self, base: NormativeBase, store: ActStore) -> None:
        self._base = base
        self._store = store

    def find(
        self, query: str, *, language: Language | None, act_ids: tuple[str, ...], as_of: date | None, limit: int
    ) -> tuple[FoundClause, ...]:
        """Return the best clauses first, of any jurisdiction."""
        base = self._base.current()
        built = base.builder.build(query, language or language_of(query) or Language.RU)
        scope = Scope(as_of or _today(), act_ids=frozenset(act_ids) or None)
        found = base.search.find(built, scope, limit)
        return tuple(FoundClause(f.clause, self._store.act(f.clause.act_id), f.score) for f in found)


class ActLoader:
    """Keeps an uploaded file and starts its load."""

    def __init__(self, settings: Settings, blobs: FolderBlobs, jobs: Jobs) -> None:
        self._settings = settings
        self._blobs = blobs
        self._jobs = jobs

    def submit(self, path: Path, name: str, sidecar: JsonObject | None, key: str | None) -> str:
        """Keep the file and return the job that loads it. Raises TooLarge; Conflict when the key came with another."""
        size = path.stat().st_size
        if size > self._settings.uploads.max_bytes:
            raise TooLarge(
                f"the file has {size} bytes, the limit is {self._settings.uploads.max_bytes}",
                advice="split the document, or raise uploads.max_bytes",
            )
        with path.open("rb") as stream:
            source = self._blobs.put_stream(stream)
        state: dict[str, object] = {"source": source, "name": name}
        if sidecar:
            state["sidecar"] = json.loads(json.dumps(sidecar))
        job_id = self._jobs.enqueue(PIPELINE, state, key=key or uuid.uuid4().hex)
        # What the job was first given is on disk with it: of two that come at once, one finds the other's.
        if key and self._jobs.given(job_id) != state:
            raise Conflict(
                "this Idempotency-Key came with another file, file name or sidecar before",
                advice="send a new key with a new request",
            )
        return job_id


class _Preparation:
    """Something the first question would otherwise wait for, done in a thread while the server starts."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        self.name = name
        self.state = "loading"
        threading.Thread(target=self._run, args=(work,), name=f"prepare {name}", daemon=True).start()

    def _run(self, work: Callable[[], object]) -> None:
        while self.state != "ready":
            try:
                work()
                self.state = "ready"
            except QorganError as error:
                log.error("preparing %s failed: %s", self.name, error.code)
                self.state = error.code
                if not error.retryable:
                    return
                time.sleep(_AGAIN_AFTER_S)


def _load_models(embedder: Embedder) -> None:
    embedder.embed_queries(["пожар"])


def _prepare_search(assistant: QuoteAssistant) -> None:
    """Load what finds out languages, then what questions need: the base, the dictionary, patterns."""
    language_of("how wide is the emergency exit of the school")
    assistant.answer("Какой ширины эвакуационный выход?")


def _learn_terms(base: NormativeBase, state: State) -> State:
    """Renew what search derives from the clauses, so that no question after the load waits for it."""
    base.prepare()
    return state


def _readiness(
    database: Database, index: ClauseIndex, settings: Settings, preparations: tuple[_Preparation, ...]
) -> Mapping[str, str]:
    parts = {preparation.name: preparation.state for preparation in preparations}
    try:
        database.check()
        parts["database"] = "ready"
    except QorganError as error:
        parts["database"] = error.code
    try:
        index.count()
        parts["index"] = "rebuild needed" if index.needs_rebuild else "ready"
    except QorganError as error:
        parts["index"] = error.code
    usable = {row.name for row in list_models(settings) if row.state in ("ready", "endpoint")}
    if settings.models.embedder not in usable:
        parts["models"] = "missing or altered"
    lacking = [name for name in call_models(settings) if name not in usable]
    parts["calls"] = f"missing or altered: {', '.join(lacking)}" if lacking else "ready"
    return parts


def _today() -> date:
    return datetime.now(UTC).astimezone().date()
