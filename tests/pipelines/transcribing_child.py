"""A process to be killed: transcribes one recording through the real steps, each held back once its work is done.

Usage: transcribing_child.py RECORDS_URL FOLDER
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from core.blobs import FolderBlobs
from core.calls import CallSource, NewCall
from core.jobs.records import JobState, State
from core.jobs.service import Jobs, system_database_url
from core.settings import CallSettings
from core.storage.calls import CallStore
from core.storage.database import Database
from pipelines.calls.recording import PIPELINE, CallTranscription
from tests.call_samples import plain_engines, two_legs
from tests.pipelines.loading_child import held, note


def main(url: str, folder: Path) -> None:
    database = Database(url)
    database.upgrade()
    blobs, store = FolderBlobs(folder / "blobs"), CallStore(database)
    jobs = Jobs(system_database_url(url), poll_s=0.05)
    transcription = CallTranscription(blobs, store, plain_engines(), CallSettings())
    jobs.register(PIPELINE, tuple(held(step, folder) for step in transcription.steps()))
    jobs.launch()
    audio = blobs.put(two_legs())
    store.create(NewCall("call", CallSource.RECORDING, datetime(2026, 3, 1, tzinfo=UTC), "tests", audio_sha256=audio))
    state: State = {"call_id": "call", "audio": audio}
    job = jobs.wait(jobs.enqueue(PIPELINE, state, key="call"), 120)
    jobs.shutdown()
    if job.state is not JobState.DONE:
        sys.exit(f"{job.state}: {job.error}")
    note(folder, f"result {job.result}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
