"""A recording through the steps: what is kept of it, what a bad one gives, a real model on the sample call."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from core.blobs import FolderBlobs
from core.call_records import LegName
from core.calls import Call, CallSource, CallState, NewCall
from core.errors import ModelError, NotFound, QorganError
from core.jobs.records import State
from core.settings import CallSettings, Settings
from core.storage.calls import CallStore
from core.storage.database import Database
from pipelines.calls.engines import Once, build_engines
from pipelines.calls.recording import STEP_NAMES, CallEngines, CallTranscription
from pipelines.calls.sound_file import read_sound, write_sound
from pipelines.calls.transcribers import build_transcriber
from tests.call_samples import plain_engines, tone, two_legs, wav

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def store(tmp_path: Path) -> CallStore:
    database = Database(f"sqlite:///{tmp_path / 'records.sqlite3'}")
    database.upgrade()
    return CallStore(database)


def run(
    store: CallStore,
    folder: Path,
    content: bytes,
    settings: CallSettings | None = None,
    engines: CallEngines | None = None,
) -> tuple[Call, State]:
    blobs = FolderBlobs(folder / "blobs")
    transcription = CallTranscription(blobs, store, engines or plain_engines(), settings or CallSettings())
    audio = blobs.put(content)
    store.create(NewCall("call", CallSource.RECORDING, datetime(2026, 3, 1, tzinfo=UTC), "tests", audio_sha256=audio))
    state: State = {"call_id": "call", "audio": audio}
    for step in transcription.steps():
        state = step.run(state)
        state = step.run(state) if step.name == STEP_NAMES[-1] else state
    assert blobs.exists(audio)
    return store.call("call"), state


def test_the_result_of_the_job_holds_numbers_only(store: CallStore, tmp_path: Path) -> None:
    call, state = run(store, tmp_path, two_legs())
    assert call.state is CallState.DONE
    assert state["segments"] == 4
    assert set(state) == {"call_id", "duration_s", "segments", "tags", "card_fields", "cpu_s"}


def test_a_recording_of_hours_is_refused_before_it_is_decoded(store: CallStore, tmp_path: Path) -> None:
    six_hours = wav(np.zeros(6 * 3600 * 4000, np.float32), rate=4000)
    with pytest.raises(QorganError) as raised:
        run(store, tmp_path, six_hours)
    assert raised.value.code == "recording-too-long"
    call = store.call("call")
    assert call.failure is not None
    assert (call.state, call.failure.code) == (CallState.FAILED, "recording-too-long")
    assert "calls.max_seconds" in call.failure.advice


def test_a_step_that_breaks_leaves_the_call_failed_without_its_words(store: CallStore, tmp_path: Path) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("said: горит квартира")

    from dataclasses import replace

    with pytest.raises(RuntimeError):
        run(store, tmp_path, two_legs(), engines=replace(plain_engines(), transcribe=broken))  # type: ignore[arg-type]
    failure = store.call("call").failure
    assert failure is not None
    assert (failure.code, "горит" in failure.detail) == ("internal-error", False)


def test_a_call_deleted_while_it_is_decoded_leaves_no_sound(store: CallStore, tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "blobs")

    class Deleting(CallStore):
        def update(self, call_id: str, **changes: object) -> None:
            if "sound_sha256" in changes:
                for digest in store.delete(call_id):
                    blobs.delete(digest)
            store.update(call_id, **changes)  # type: ignore[arg-type]

    deleting = Deleting(store._database)
    step = CallTranscription(blobs, deleting, plain_engines(), CallSettings()).steps()[0]
    audio = blobs.put(two_legs())
    store.create(NewCall("call", CallSource.RECORDING, datetime(2026, 3, 1, tzinfo=UTC), "tests", audio_sha256=audio))
    with pytest.raises(NotFound):
        step.run({"call_id": "call", "audio": audio})
    assert list(blobs.digests()) == []


def test_no_speech_is_a_note(store: CallStore, tmp_path: Path) -> None:
    call, _ = run(store, tmp_path, wav(tone(0.3), np.roll(tone(0.3, level=0.1), 5)))
    assert call.state is CallState.DONE
    assert "no-speech" in call.notes


def test_the_kept_sound_is_what_was_written(tmp_path: Path) -> None:
    legs = {LegName.CALLER: tone(1.0, 16_000), LegName.OPERATOR: tone(0.5, 16_000)}
    write_sound(tmp_path / "sound.wav", legs)
    back = read_sound(tmp_path / "sound.wav", tuple(legs))
    assert back.duration_s == 1.0
    assert np.abs(back.legs[LegName.CALLER] - legs[LegName.CALLER]).max() < 1e-4
    assert np.abs(back.legs[LegName.OPERATOR][8000:]).max() == 0


@pytest.mark.slow
def test_the_sample_call_is_read_and_its_card_filled(store: CallStore, tmp_path: Path) -> None:
    settings = Settings(data_dir=ROOT / "data")
    try:
        build_transcriber(settings)
    except ModelError:
        pytest.skip("the transcriber's weights are not here (qorgan models pull)")
    engines = build_engines(settings, Once(partial(build_transcriber, settings)))
    sample = (ROOT / "samples" / "calls" / "barn-fire.ogg").read_bytes()
    call, _ = run(store, tmp_path, sample, engines=engines)
    assert (call.call_class, call.urgency) == ("emergency", 1)
    card = store.card("call").card
    assert (card.value("settlement"), card.value("street"), card.value("house")) == ("Алматы", "улица Гоголя", "15")
    services = card.value("services")
    assert isinstance(services, tuple)
    assert services[0] == "101"
    assert {"fire", "gas"} <= {tag.label for tag in store.tags("call")}
