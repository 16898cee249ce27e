"""The one documented tree of settings. Nothing else reads the environment.

Every setting is an environment variable `QORGAN_<GROUP>__<NAME>` or a line of the file named by `QORGAN_ENV_FILE`;
`docs/settings.md` lists them all and a test keeps it complete.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.languages import Language


class StorageSettings(BaseModel):
    """Where records and blobs are kept."""

    database_url: str = Field(
        default="",
        description="SQLAlchemy URL of the records; empty: SQLite in the data directory. PostgreSQL: postgresql+psycopg://",
    )


class JobSettings(BaseModel):
    """Long work: durable jobs."""

    database_url: str = Field(
        default="",
        description="SQLAlchemy URL of the jobs; empty: `jobs.sqlite3` beside the records, or their PostgreSQL",
    )
    concurrency: int = Field(default=1, ge=1, description="Jobs one process runs at once")
    poll_s: float = Field(default=0.25, gt=0, description="How often a free worker looks for the next job, seconds")


class UploadSettings(BaseModel):
    """Limits on files and on what parsing one may cost."""

    max_bytes: int = Field(default=64 * 1024 * 1024, description="Largest file accepted, bytes")
    max_pages: int = Field(default=2000, description="Most pages of a document")
    max_page_pixels: int = Field(
        default=60_000_000,
        description="Most pixels a page is rendered to for OCR; over A3 at 300 dpi it gets fewer dpi",
    )
    max_unpacked_bytes: int = Field(default=512 * 1024 * 1024, description="Most bytes a packed file may unpack to")
    parse_timeout_s: float = Field(default=900.0, description="Longest time the parsing process may take, seconds")
    parse_memory_bytes: int = Field(
        default=4 * 1024**3, description="Most memory (address space) of the parsing process, bytes"
    )
    ocr: bool = Field(default=True, description="Read pages without a text layer by OCR")


class ModelSettings(BaseModel):
    """Models: where their weights come from and what they may use."""

    threads: int = Field(default=2, ge=1, description="CPU threads a model may use")
    embedder: str = Field(default="multilingual-e5-small", description="Name of the manifest's model that embeds text")
    embed_batch: int = Field(default=32, ge=1, description="Texts embedded at once")
    manifest: Path | None = Field(
        default=None, description="Operator's manifest of models (YAML), laid over the one that is shipped"
    )
    embed_precision: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto",
        description="Arithmetic of the embedder; `auto`: bfloat16 where the processor has it, else float32",
    )
    endpoint_api_key: SecretStr = Field(
        default=SecretStr(""), description="Bearer token sent to models whose source is an endpoint"
    )
    endpoint_timeout_s: float = Field(default=60.0, gt=0, description="Longest wait for a model endpoint, seconds")


class IndexSettings(BaseModel):
    """The vector store."""

    backend: Literal["edge", "qdrant"] = Field(
        default="edge", description="`edge`: in process, in the data directory; `qdrant`: a server or cluster by `url`"
    )
    url: str = Field(default="", description="Qdrant server, for the backend `qdrant`; `:memory:` for local mode")
    api_key: SecretStr = Field(default=SecretStr(""), description="Qdrant API key")
    collection: str = Field(default="clauses", description="Name of the collection on a Qdrant server")
    hnsw_ef: int = Field(default=128, ge=16, description="Candidates kept while searching the vector graph")
    exact_points: int = Field(
        default=10_000,
        ge=1000,
        description="Up to this many points, all or those a filter leaves, are compared exactly",
    )


class SearchSettings(BaseModel):
    """How clauses are found."""

    jurisdiction: str = Field(
        default="KZ", description="Acts of this jurisdiction answer unless the question names another (ISO 3166-1)"
    )
    max_question_chars: int = Field(default=4000, ge=100, description="Longest question, characters")


class CallSettings(BaseModel):
    """Emergency calls: recordings, live calls, and what is recognised in them."""

    max_bytes: int = Field(default=512 * 1024 * 1024, ge=1024, description="Largest recording accepted, bytes")
    max_seconds: float = Field(default=10_800.0, gt=0, description="Longest recording accepted, seconds")
    channels: Literal["caller-operator", "operator-caller"] = Field(
        default="caller-operator", description="Whose leg is the left channel and whose the right one"
    )
    transcriber: str = Field(default="whisper-base", description="Name of the manifest's model that transcribes")
    fallback_transcriber: str = Field(
        default="", description="Model that transcribes where the first one cannot be run; empty: none"
    )
    language: Language = Field(default=Language.RU, description="Language spoken unless a call says otherwise")
    beam: int = Field(default=5, ge=1, le=20, description="Beams of the transcriber on recordings")
    hints: bool = Field(
        default=False,
        description="Give the transcriber place names to expect; Whisper base reads worse with them (ADR 0013)",
    )
    distress_legal_basis: str = Field(
        default="",
        max_length=500,
        description="Legal basis on which signs of distress in a caller's voice are noted; empty: they are not "
        "(law 230-VIII on AI restricts determining emotions)",
    )


class LiveSettings(BaseModel):
    """Live calls: the WebSocket, and the workers that read what is said."""

    workers: int = Field(default=2, ge=1, le=64, description="Readers of all live calls together")
    threads: int = Field(default=1, ge=1, description="CPU threads of each reader")
    beam: int = Field(default=5, ge=1, le=20, description="Beams of a reading at the end of an utterance")
    draft_beam: int = Field(default=3, ge=1, le=20, description="Beams of a reading while somebody speaks")
    shed_after_s: float = Field(
        default=3.0,
        gt=0,
        description="Speech that waits longer to be read makes the service leave out the tail, seconds",
    )
    max_calls: int = Field(default=20, ge=1, description="Live calls at once in one process")
    max_sockets: int = Field(default=100, ge=1, description="WebSockets of live calls at once in one process")
    max_call_s: float = Field(default=21_600.0, gt=0, description="Longest live call, seconds")
    max_frame_bytes: int = Field(default=65_536, ge=1024, description="Largest WebSocket message, bytes")
    ticket_s: float = Field(default=30.0, gt=0, description="Life of a ticket that opens a WebSocket, seconds")
    idle_s: float = Field(default=30.0, gt=0, description="A source that sends nothing so long is dropped, seconds")
    resume_s: float = Field(default=60.0, gt=0, description="A call without its source waits so long for it, seconds")
    slow_reader_s: float = Field(
        default=10.0, gt=0, description="A client that takes no event so long is dropped, seconds"
    )
    reorder_s: float = Field(
        default=1.0, gt=0, description="Audio that waits for an earlier frame before that counts as lost, seconds"
    )
    durability: Literal["power", "process"] = Field(
        default="power",
        description="What acknowledged audio survives: `power`: a loss of power (written through to the disk "
        "before each acknowledgement); `process`: a killed process only",
    )


class CaseSettings(BaseModel):
    """Fire cases: files of past fires, and what may be entered."""

    max_bytes: int = Field(default=2 * 1024**3, ge=1024, description="Largest file of cases accepted, bytes")
    max_unpacked_bytes: int = Field(
        default=16 * 1024**3, ge=1024, description="Most bytes a packed file of cases may unpack to"
    )
    mappings: Path | None = Field(
        default=None,
        description="Directory of saved mappings (NAME.yaml); empty: `mappings` in the data directory",
    )


class SecuritySettings(BaseModel):
    """Accounts, keys and the audit chain."""

    audit_key: SecretStr = Field(
        default=SecretStr(""),
        description="HMAC key of the audit chain, hexadecimal; empty: made once and kept in the key directory",
    )
    key_dir: Path | None = Field(
        default=None,
        description="Directory of generated keys, apart from the database; empty: `keys` in the data directory",
    )
    session_hours: float = Field(default=12.0, gt=0, description="Life of a browser session, hours")
    cookie_secure: bool = Field(
        default=False, description="Send the session cookie over HTTPS only; turn on behind a TLS proxy"
    )
    login_attempts: int = Field(
        default=5, ge=1, description="Failed logins allowed for a login from one address within the window"
    )
    login_window_s: float = Field(default=300.0, gt=0, description="Window of the login limit, seconds")
    key_days: float = Field(default=365.0, gt=0, description="Life of a new API key unless said otherwise, days")


class ServerSettings(BaseModel):
    """The HTTP server."""

    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on")
    max_json_bytes: int = Field(default=256 * 1024, ge=1024, description="Largest request body without a file, bytes")
    trusted_proxies: str = Field(
        default="127.0.0.1", description="Proxies whose X-Forwarded-For and -Proto are believed, comma-separated"
    )


class TelemetrySettings(BaseModel):
    """Logs and metrics; neither ever holds personal data or content."""

    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged")
    log_format: Literal["json", "text"] = Field(default="json", description="Shape of a log line")


class Settings(BaseSettings):
    """All settings. Tests pass their own; the composition root builds everything from it."""

    model_config = SettingsConfigDict(env_prefix="QORGAN_", env_nested_delimiter="__", extra="forbid")

    data_dir: Path = Field(
        default=Path("data"), description="Everything the service keeps: records, blobs, index, models"
    )
    storage: StorageSettings = StorageSettings()
    jobs: JobSettings = JobSettings()
    uploads: UploadSettings = UploadSettings()
    models: ModelSettings = ModelSettings()
    index: IndexSettings = IndexSettings()
    search: SearchSettings = SearchSettings()
    calls: CallSettings = CallSettings()
    live: LiveSettings = LiveSettings()
    cases: CaseSettings = CaseSettings()
    security: SecuritySettings = SecuritySettings()
    server: ServerSettings = ServerSettings()
    telemetry: TelemetrySettings = TelemetrySettings()

    @property
    def database_url(self) -> str:
        """The records' SQLAlchemy URL, with the default filled in."""
        return self.storage.database_url or f"sqlite:///{self.data_dir.absolute() / 'qorgan.sqlite3'}"
