"""A whole application on a real database and real security; the assistant and the search are small and plain."""

import contextlib
import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.contract import CallUpload, FoundClause, JsonObject, Services, TakenCall
from core.blobs import FolderBlobs
from core.calls import CallSource, CallState, NewCall
from core.errors import Conflict, NotFound, QorganError
from core.jobs.records import Job, JobError, JobPage, JobState
from core.languages import Language
from core.records import (
    Abstention,
    Act,
    Answer,
    Citation,
    Claim,
    Clause,
    Level,
    PathStep,
    Redaction,
    RedactionStatus,
    Verification,
    stable_id,
)
from core.security.office import build_office
from core.security.permissions import Role
from core.settings import CallSettings, Settings, UploadSettings
from core.storage.accounts import Accounts
from core.storage.acts import ActStore
from core.storage.calls import CallStore
from core.storage.cases import CaseStore
from core.storage.database import Database
from pipelines.calls.recording import CallTranscription
from pipelines.cases.loading import PIPELINE as LOAD_CASES
from pipelines.cases.loading import CaseLoading
from pipelines.cases.mapping import read_mapping
from tests.call_samples import plain_engines
from tests.cause_samples import plain_adviser

PASSWORD = "a phrase of several words"
RU_TEXTS = {
    "1": "1. Настоящая инструкция показывает, как сервис приводит положения акта.",
    "2": "2. Выход из помещения, где одновременно находится более пятидесяти человек, делают шириной не менее 1,2 м.\n"
    "1) дверь открывается по направлению выхода;\n2) порог на пути выхода не устраивают.",
    "3": "3. Огнетушитель осматривают раз в квартал и отмечают это в журнале.",
    "4": "4. Пути выхода освещают, пока в здании находятся люди.",
}
KK_TEXTS = {
    "1": "1. Осы нұсқаулық сервистің акт ережелерін қалай келтіретінін көрсетеді.",
    "2": "2. Бір мезгілде елуден астам адам болатын үй-жайдан шығатын жолдың ені кемінде 1,2 м болады.",
    "3": "3. Өрт сөндіргіш тоқсанына бір рет қаралады және бұл журналда белгіленеді.",
    "4": "4. Ғимаратта адамдар болған кезде шығу жолдары жарықтандырылады.",
}
ACT = Act(
    id=Act.make_id("KZ", "instruction", "ДЕМО 1-2026"),
    jurisdiction="KZ",
    kind="instruction",
    number="ДЕМО 1-2026",
    titles={
        Language.RU: "Инструкция о путях выхода (демонстрационный акт)",
        Language.KK: "Шығу жолдары туралы нұсқаулық (көрсетілім актісі)",
    },
    issuer="Демонстрационный орган",
    adopted_on=date(2026, 1, 10),
)
REDACTION = Redaction(
    id="redaction-1",
    act_id=ACT.id,
    valid_from=date(2026, 2, 1),
    valid_to=None,
    status=RedactionStatus.IN_FORCE,
    languages=(Language.RU, Language.KK),
    source_name="demo.txt",
    source_sha256="0" * 64,
)


def clause_id(language: Language, number: str) -> str:
    return Clause.make_id(REDACTION.id, language, (PathStep(Level.CLAUSE, number),))


def sample_clauses() -> list[Clause]:
    made: list[Clause] = []
    for language, other, texts in ((Language.RU, Language.KK, RU_TEXTS), (Language.KK, Language.RU, KK_TEXTS)):
        heading = "Глава 1. Пути выхода" if language is Language.RU else "1-тарау. Шығу жолдары"
        chapter = Clause.make_id(REDACTION.id, language, (PathStep(Level.CHAPTER, "1"),))
        made.append(
            Clause(
                chapter,
                ACT.id,
                REDACTION.id,
                language,
                Level.CHAPTER,
                "1",
                (PathStep(Level.CHAPTER, "1"),),
                (),
                heading,
                heading,
                len(made),
            )
        )
        for number, text in texts.items():
            own = clause_id(language, number)
            path = (PathStep(Level.CLAUSE, number),)
            made.append(
                Clause(
                    own,
                    ACT.id,
                    REDACTION.id,
                    language,
                    Level.CLAUSE,
                    number,
                    path,
                    (heading,),
                    "",
                    text,
                    len(made),
                    parent_id=chapter,
                    page=1,
                    twin_id=clause_id(other, number),
                )
            )
            for part in text.split("\n")[1:]:
                step = PathStep(Level.SUBCLAUSE, part[:2])
                made.append(
                    Clause(
                        Clause.make_id(REDACTION.id, language, (*path, step)),
                        ACT.id,
                        REDACTION.id,
                        language,
                        Level.SUBCLAUSE,
                        part[:2],
                        (*path, step),
                        (heading,),
                        "",
                        part,
                        len(made),
                        parent_id=own,
                        page=1,
                    )
                )
    return made


@dataclass
class PlainAssistant:
    """Quotes the second clause to whoever asks about an exit, abstains otherwise, breaks when told to."""

    store: ActStore

    def answer(self, question: str, *, language: Language | None, as_of: date | None) -> Answer:
        if "сломайся" in question:
            raise RuntimeError(f"secret inside: {question}")
        spoken = language or Language.RU
        day = as_of or date(2026, 3, 1)
        clause = self.store.clause(clause_id(spoken if spoken in KK_TEXTS or spoken != "en" else Language.RU, "2"))
        quote = clause.text.split("\n")[0]
        citation = Citation(
            clause_id=clause.id,
            act_id=ACT.id,
            act_number=ACT.number,
            act_title=ACT.titles[clause.language],
            clause_label="п. 2" if clause.language is Language.RU else "2-тармақ",
            redaction_id=REDACTION.id,
            valid_from=REDACTION.valid_from,
            language=clause.language,
            quote=quote,
            start=0,
            end=len(quote),
            verified=Verification.EXACT,
            page=1,
        )
        if "выход" not in question and "шығу" not in question.lower():
            return Answer(
                "abstained",
                spoken,
                (),
                (),
                day,
                {"index": "1"},
                Abstention.NO_SOURCE,
                "В загруженных актах такого положения нет. Уточните вопрос или загрузите нужный акт.",
                (citation,),
            )
        return Answer(
            "answered",
            spoken,
            (Claim(quote, (citation,)),),
            ("Акт носит демонстрационный характер.",),
            day,
            {"index": "1"},
        )


@dataclass
class PlainSearch:
    store: ActStore

    def find(
        self, query: str, *, language: Language | None, act_ids: tuple[str, ...], as_of: date | None, limit: int
    ) -> tuple[FoundClause, ...]:
        words = query.lower().split()
        clauses = [c for c in self.store.clauses(REDACTION.id, language) if all(w in c.text.lower() for w in words)]
        return tuple(FoundClause(c, ACT, 1.0 / (rank + 1)) for rank, c in enumerate(clauses[:limit]))


@dataclass
class PlainJobs:
    """Loads of the tests: three readings of a job take it to its end."""

    reads: dict[str, int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    taken: dict[str, tuple[str, bytes, JsonObject | None]] = field(default_factory=dict)
    fails: bool = False
    ended: dict[str, Job] = field(default_factory=dict)

    def submit(self, path: Path, name: str, sidecar: JsonObject | None, key: str | None) -> str:
        content = path.read_bytes()
        if key in self.keys:
            job_id = self.keys[key]
            if self.taken[job_id][1] != content:
                raise Conflict("this Idempotency-Key came with another file", advice="use a new key")
            return job_id
        job_id = f"job-{len(self.taken) + 1}"
        self.taken[job_id] = (name, content, sidecar)
        self.reads[job_id] = 0
        if key:
            self.keys[key] = job_id
        return job_id

    def jobs(self, limit: int = 50, cursor: str | None = None) -> JobPage:
        return JobPage(tuple(self._job(job_id) for job_id in self.taken)[:limit], None)

    def job(self, job_id: str) -> Job:
        if job_id in self.ended:
            return self.ended[job_id]
        if job_id not in self.taken:
            raise NotFound("no such job", advice="list /v1/jobs")
        self.reads[job_id] += 1
        return self._job(job_id)

    def _job(self, job_id: str) -> Job:
        done = min(self.reads[job_id] / 3, 1.0)
        ended = JobState.FAILED if self.fails else JobState.DONE
        return Job(
            id=job_id,
            name="acts.load",
            state=ended if done == 1 else JobState.RUNNING,
            step=None if done == 1 else "read",
            steps=("read", "parse", "index"),
            progress=done,
            error=None,
            result={"act_id": ACT.id, "redaction_id": REDACTION.id} if done == 1 and not self.fails else None,
            created_at=datetime(2026, 3, 1, tzinfo=UTC),
            updated_at=datetime(2026, 3, 1, tzinfo=UTC),
        )


@dataclass
class PlainRecordings:
    """Recordings of the tests, taken through the real steps at once; what is said in them is the tests' own."""

    calls: CallStore
    blobs: FolderBlobs
    jobs: PlainJobs
    settings: Settings

    def submit(self, path: Path, upload: CallUpload, *, actor: str, key: str | None) -> TakenCall:
        audio = self.blobs.put(path.read_bytes())
        call_id = stable_id("call", actor, key or uuid.uuid4().hex)
        job_id = self.jobs.submit(path, upload.name, None, call_id)
        new = NewCall(
            call_id,
            CallSource.RECORDING,
            upload.started_at,
            actor,
            upload.territory,
            audio,
            upload.name,
            path.stat().st_size,
            job_id,
            upload.language,
        )
        if self.calls.create(new).state is CallState.WAITING:
            state: JsonObject = {"call_id": call_id, "audio": audio}
            with contextlib.suppress(QorganError):
                for step in CallTranscription(self.blobs, self.calls, plain_engines(), self.settings.calls).steps():
                    state = step.run(state)
        return TakenCall(call_id, job_id)

    def delete(self, call_id: str) -> None:
        for digest in self.calls.delete(call_id):
            self.blobs.delete(digest)


@dataclass
class PlainImports:
    """Files of cases of the tests, taken through the real steps at once."""

    cases: CaseStore
    blobs: FolderBlobs
    jobs: PlainJobs
    settings: Settings

    def submit(self, path: Path, name: str, mapping: str, *, actor: str, territory: str | None, key: str | None) -> str:
        read_mapping(mapping)
        job_id = self.jobs.submit(path, name, {"mapping": mapping}, key)
        state: JsonObject = {
            "source": self.blobs.put(path.read_bytes()),
            "mapping": self.blobs.put(mapping.encode()),
            "name": name,
            "actor": actor,
            "territory": territory,
            "import_id": job_id,
        }
        error = None
        try:
            for step in CaseLoading(self.blobs, self.cases, self.settings.cases).steps():
                state = step.run(state)
        except QorganError as failed:
            error = JobError(failed.code, failed.detail, failed.advice)
        self.jobs.ended[job_id] = Job(
            id=job_id,
            name=LOAD_CASES,
            state=JobState.FAILED if error else JobState.DONE,
            step=None,
            steps=("import_cases",),
            progress=1.0,
            error=error,
            result=None if error else state,
            created_at=datetime(2026, 3, 1, tzinfo=UTC),
            updated_at=datetime(2026, 3, 1, tzinfo=UTC),
        )
        return job_id


@pytest.fixture
def api_settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data", uploads=UploadSettings(max_bytes=100_000), calls=CallSettings(max_bytes=1_000_000)
    )


@pytest.fixture(scope="session")
def loaded_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that holds the act and an account of each role; tests work on copies."""
    path = tmp_path_factory.mktemp("records") / "qorgan.sqlite3"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    report: JsonObject = {"clauses": {"chapter": 2, "clause": 8}, "coverage": 0.991, "left_out": [], "missing": []}
    ActStore(database).save_redaction(ACT, REDACTION, sample_clauses(), report)
    for role in set(Role) - {Role.SERVICE}:
        Accounts(database).add(f"the.{role.value}", PASSWORD, role, display_name=role.value.title())
    database.close()  # the last connection folds the write-ahead log into the file
    return path


@pytest.fixture
def services(api_settings: Settings, loaded_records: Path) -> Iterator[Services]:
    api_settings.data_dir.mkdir()
    shutil.copy(loaded_records, api_settings.data_dir / "qorgan.sqlite3")
    database = Database(api_settings.database_url)
    store = ActStore(database)
    jobs = PlainJobs()
    cases = CaseStore(database)
    calls, blobs = CallStore(database), FolderBlobs(api_settings.data_dir / "blobs")
    call_blobs = FolderBlobs(api_settings.data_dir / "calls" / "blobs")
    made = Services(
        settings=api_settings,
        database=database,
        acts=store,
        security=build_office(api_settings, database),
        jobs=jobs,
        assistant=PlainAssistant(store),
        search=PlainSearch(store),
        loader=jobs,
        calls=calls,
        recordings=PlainRecordings(calls, call_blobs, jobs, api_settings),
        cases=cases,
        case_imports=PlainImports(cases, blobs, jobs, api_settings),
        causes=plain_adviser(cases),
        blobs=blobs,
        call_blobs=call_blobs,
        models=lambda: (),
        readiness=lambda: {"database": "ready", "index": "ready", "models": "ready"},
        close=database.close,
    )
    yield made
    database.close()


@pytest.fixture
def anonymous(services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(services), client=("10.0.0.1", 1)) as client:
        yield client


def log_in(client: TestClient, role: str) -> TestClient:
    """Log the client in by cookie, with its CSRF token in a header."""
    answer = client.post("/v1/auth/login", json={"login": f"the.{role}", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return client


@pytest.fixture
def inspector(services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(services)) as client:
        yield log_in(client, "inspector")


@pytest.fixture
def administrator(services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(services)) as client:
        yield log_in(client, "administrator")


def events(text: str) -> list[tuple[str, dict[str, object]]]:
    """Return the name and the data of each server-sent event."""
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found
