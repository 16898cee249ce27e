"""Reading of strangers' files in a process of its own, with limits, that can be killed.

The child (`python -m pipelines.acts.isolation DIR`) takes its request from DIR and leaves its answer there, both as
JSON: an answer of a process that read a hostile file is data, so it is validated and never unpickled.
"""

import os
import resource
import signal
import subprocess  # nosec: the only program started is this Python
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from core.errors import ConfigurationError, NotReadable, QorganError, TooLarge, Unavailable
from core.settings import UploadSettings
from knowledge_base.source import SourceDocument

_REQUEST, _ANSWER = "request.json", "answer.json"
_RAISED: dict[str, type[QorganError]] = {
    error.code: error for error in (NotReadable, TooLarge, ConfigurationError, Unavailable)
}
_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR", "TESSDATA_PREFIX")
_CRASH_ADVICE = "The file may be damaged on purpose or by accident: get it again, or print it to a new PDF."
_DOCUMENT = TypeAdapter(SourceDocument)


@dataclass(frozen=True)
class _Request:
    path: str
    name: str
    limits: UploadSettings


@dataclass(frozen=True)
class _Failure:
    code: str
    detail: str
    advice: str


@dataclass(frozen=True)
class _Answer:
    document: SourceDocument | None = None
    failure: _Failure | None = None


def read_isolated(path: Path, name: str, limits: UploadSettings) -> SourceDocument:
    """Read a file of an act in a child process.

    Raises what `pipelines.acts.readers.read` raises, and NotReadable when the child takes longer than
    `parse_timeout_s`, more memory than `parse_memory_bytes`, or dies. The child and all it started are gone by then.
    """
    if path.stat().st_size > limits.max_bytes:
        raise TooLarge(
            f"The file has {path.stat().st_size} bytes, over the limit of {limits.max_bytes}.",
            advice="Load it in parts, or raise the setting uploads.max_bytes.",
        )
    with tempfile.TemporaryDirectory(prefix="qorgan-read-") as folder:
        request = _Request(str(path.absolute()), name, limits)
        (Path(folder) / _REQUEST).write_bytes(TypeAdapter(_Request).dump_json(request))
        status = _run(folder, limits)
        return _take_answer(Path(folder) / _ANSWER, status)


def _run(folder: str, limits: UploadSettings) -> int:
    environment = {key: os.environ[key] for key in _KEPT_ENVIRONMENT if key in os.environ}
    environment |= {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "OMP_THREAD_LIMIT": "1",
        "OMP_NUM_THREADS": "1",
    }
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "pipelines.acts.isolation", folder],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return child.wait(timeout=limits.parse_timeout_s)
    except subprocess.TimeoutExpired as error:
        raise NotReadable(
            f"Reading took longer than {limits.parse_timeout_s:g} s and was stopped.",
            advice="Load it in parts, or raise the setting uploads.parse_timeout_s.",
        ) from error
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # also what the child started: Tesseract
        child.wait()


def _take_answer(path: Path, status: int) -> SourceDocument:
    try:
        answer = TypeAdapter(_Answer).validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError) as error:
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        raise NotReadable(f"The process that read the file {how}.", advice=_CRASH_ADVICE) from error
    if answer.document is not None:
        return answer.document
    failure = answer.failure or _Failure(NotReadable.code, "The file could not be read.", _CRASH_ADVICE)
    raise _RAISED.get(failure.code, NotReadable)(failure.detail, advice=failure.advice)


def _serve(folder: Path) -> None:
    """Read the file of the request in `folder` and leave the answer; the child's whole life."""
    request = TypeAdapter(_Request).validate_json((folder / _REQUEST).read_bytes())
    _limit(request.limits)
    try:
        answer = _Answer(document=_read(request))
    except QorganError as error:
        answer = _Answer(failure=_Failure(error.code, error.detail, error.advice))
    except MemoryError:
        answer = _Answer(
            failure=_Failure(
                NotReadable.code,
                f"Reading needs more memory than {request.limits.parse_memory_bytes} bytes.",
                "Load it in parts, or raise the setting uploads.parse_memory_bytes.",
            )
        )
    except Exception as error:  # whatever a parser raises on a hostile file: the file is not readable
        detail = f"The file could not be read ({type(error).__name__})."
        answer = _Answer(failure=_Failure(NotReadable.code, detail, _CRASH_ADVICE))
    unfinished = folder / f"{_ANSWER}.part"
    unfinished.write_bytes(orjson.dumps(answer, option=orjson.OPT_NON_STR_KEYS))
    unfinished.rename(folder / _ANSWER)


def _limit(limits: UploadSettings) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.parse_memory_bytes, limits.parse_memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(request: _Request) -> SourceDocument:
    from pipelines.acts.readers import read
    from vision.ocr.tesseract import TesseractEngine

    ocr = TesseractEngine() if request.limits.ocr else None
    return read(Path(request.path), request.name, request.limits, ocr)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
