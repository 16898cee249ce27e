"""Takes recorded calls in, forgets them, and goes on with what a stop left unfinished."""

import contextlib
import uuid
from pathlib import Path

from api.contract import CallUpload, TakenCall
from core.blobs import BlobStore
from core.calls import CallFailure, CallSource, CallState, NewCall
from core.errors import InvalidInput, NotFound, TooLarge
from core.jobs.records import State
from core.jobs.service import Jobs
from core.records import stable_id
from core.settings import CallSettings
from core.storage.calls import CallStore
from pipelines.calls.recording import PIPELINE


class CallRecordings:
    """Recordings on their way from a file to a call of the records."""

    def __init__(self, settings: CallSettings, blobs: BlobStore, store: CallStore, jobs: Jobs) -> None:
        self._settings = settings
        self._blobs = blobs
        self._store = store
        self._jobs = jobs

    def submit(self, path: Path, upload: CallUpload, *, actor: str, key: str | None) -> TakenCall:
        """Keep the file and start its transcription.

        Raises `TooLarge`, `InvalidInput` (an empty file), `Conflict` when the key came with another file.
        """
        size = path.stat().st_size
        if size > self._settings.max_bytes:
            raise TooLarge(
                f"the recording has {size} bytes, the limit is {self._settings.max_bytes}",
                advice="cut it into calls, or raise calls.max_bytes",
            )
        if size == 0:
            raise InvalidInput("the recording is empty: it has 0 bytes", advice="choose the file again")
        audio = self._keep(path)
        call_id = stable_id("call", actor, key or uuid.uuid4().hex)
        job_id = self._jobs.id_of(PIPELINE, call_id)
        self._store.create(
            NewCall(
                id=call_id,
                source=CallSource.RECORDING,
                started_at=upload.started_at,
                created_by=actor,
                territory=upload.territory,
                audio_sha256=audio,
                file_name=upload.name,
                size_bytes=size,
                job_id=job_id,
                language=upload.language,
            )
        )
        if not self._blobs.exists(audio):  # its last other call was deleted in between
            self._keep(path)
        self._enqueue(call_id, audio)
        return TakenCall(call_id, job_id)

    def delete(self, call_id: str) -> None:
        """Stop the call's job and forget the call with its sound. Raises `NotFound`."""
        call = self._store.call(call_id)
        if call.job_id and call.state in (CallState.WAITING, CallState.WORKING):
            with contextlib.suppress(NotFound):  # taken in, and not queued yet
                self._jobs.cancel(call.job_id)
        for digest in self._store.delete(call_id):
            self._blobs.delete(digest)

    def resume(self) -> None:
        """Queue what was taken in and never queued; mark what failed without a word, such as by crash after crash."""
        for call in self._store.unfinished(CallSource.RECORDING):
            assert call.job_id is not None
            assert call.audio_sha256 is not None
            try:
                job = self._jobs.job(call.job_id)
            except NotFound:
                self._enqueue(call.id, call.audio_sha256)
                continue
            if job.finished and job.error is not None:
                failure = CallFailure(job.error.code, job.error.detail, job.error.advice)
                self._store.update(call.id, state=CallState.FAILED, failure=failure)

    def _keep(self, path: Path) -> str:
        with path.open("rb") as stream:
            return self._blobs.put_stream(stream)

    def _enqueue(self, call_id: str, audio: str) -> None:
        state: State = {"call_id": call_id, "audio": audio}
        self._jobs.enqueue(PIPELINE, state, key=call_id)
