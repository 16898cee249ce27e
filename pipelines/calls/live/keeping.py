"""Live calls in the records: the keeper that a deployment uses."""

import tempfile
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from core.blobs import BlobStore
from core.call_records import Analysis, CardField, FieldValue, LegName, Segment
from core.calls import CallNote, CallSource, CallState, NewCall
from core.errors import NotFound
from core.jobs.records import State
from core.settings import CallSettings
from core.storage.calls import CallStore
from pipelines.calls.live.differences import PersonFields
from pipelines.calls.live.restoring import read_sound
from pipelines.calls.live.session import CallStart, Limits
from pipelines.calls.recording import PIPELINE
from pipelines.calls.sound_file import write_sound
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

Enqueue = Callable[[str, State, str], str]
"""Pipeline, state, key -> id of the job."""


class RecordKeeper:
    """Keeps live calls in a `CallStore`, their sound as blobs, and has recordings read anew as jobs."""

    def __init__(
        self, store: CallStore, blobs: BlobStore, enqueue: Enqueue, settings: CallSettings, limits: Limits
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._enqueue = enqueue
        self._settings = settings
        self._limits = limits

    def begin(self, start: CallStart) -> None:
        """Keep that the call began."""
        new = NewCall(
            id=start.call_id,
            source=CallSource.LIVE,
            started_at=start.started_at,
            created_by=start.actor,
            territory=start.territory,
            language=start.language,
        )
        self._store.create(new, CallState.LIVE)
        self._store.update(start.call_id, legs=start.legs)

    def knows(self, call_id: str) -> bool:
        """Tell whether the call was begun and is not deleted."""
        try:
            self._store.call(call_id)
        except NotFound:
            return False
        return True

    def commit(self, call_id: str, first: int, segments: Sequence[Segment]) -> None:
        """Keep finished segments."""
        if segments:
            self._store.append_segments(call_id, first, segments)

    def analysed(self, call_id: str, analysis: Analysis) -> None:
        """Keep the latest analysis."""
        self._store.replace_analysis(call_id, analysis)

    def people(self, call_id: str) -> PersonFields:
        """Return what people set in the card."""
        standing = self._store.card(call_id).standing()
        return {
            change.name: None
            if change.value is None
            else CardField(change.name, change.value, 1.0, change.evidence, set_by="person", note=change.note)
            for change in standing
            if change.set_by == "person"
        }

    def edit(self, call_id: str, name: str, value: FieldValue | None, actor: str) -> None:
        """Keep a person's value."""
        self._store.edit_field(call_id, name, value, actor)

    def undo(self, call_id: str, name: str, actor: str) -> None:
        """Take a person's last change back."""
        self._store.undo_edit(call_id, name, actor)

    def finish(self, start: CallStart, audio: Path, *, again: bool) -> str | None:
        """Keep the sound; mark the call as done, or have its recording read anew. Raises `NotFound`: it is deleted."""
        with tempfile.TemporaryDirectory(prefix="qorgan-") as folder:
            legs = _on_disk(Path(folder), start, read_sound(audio, start, self._limits))
            length = max(len(samples) for samples in legs.values())
            if not length:
                self._store.update(start.call_id, state=CallState.DONE, duration_s=0.0, notes=(CallNote.NO_SPEECH,))
                return None
            sound = Path(folder) / "sound.wav"
            write_sound(sound, self._in_order(legs) if again else legs)
            with sound.open("rb") as stream:
                digest = self._blobs.put_stream(stream)
        try:
            self._store.update(start.call_id, sound_sha256=digest, duration_s=length / SAMPLE_RATE)
        except NotFound:  # deleted meanwhile: nothing of it stays
            if not self._store.holds(digest):
                self._blobs.delete(digest)
            raise
        if not again:
            self._store.update(start.call_id, state=CallState.DONE)
            return None
        self._store.update(start.call_id, state=CallState.WAITING, notes=(CallNote.RESTORED,))
        key = uuid.uuid5(uuid.NAMESPACE_URL, f"qorgan:live:{start.call_id}").hex
        return self._enqueue(PIPELINE, {"call_id": start.call_id, "audio": digest}, key)

    def _in_order(self, legs: dict[LegName, Samples]) -> dict[LegName, Samples]:
        """Return the legs as the channels of a recording are expected (setting `calls.channels`)."""
        order = [LegName.CALLER, LegName.OPERATOR, LegName.MIXED]
        if self._settings.channels == "operator-caller":
            order[:2] = reversed(order[:2])
        return {leg: legs[leg] for leg in order if leg in legs}


def _on_disk(folder: Path, start: CallStart, pieces: Iterable[tuple[LegName, Samples]]) -> dict[LegName, Samples]:
    """Lay the legs in files that the system pages in and out: calls may be hours long."""
    paths = {leg: folder / leg.value for leg in start.legs}
    with ExitStack() as stack:
        files = {leg: stack.enter_context(path.open("wb")) for leg, path in paths.items()}
        for leg, piece in pieces:
            files[leg].write(piece.tobytes())
    return {
        leg: np.memmap(path, np.float32, "r") if path.stat().st_size else np.zeros(0, np.float32)
        for leg, path in paths.items()
    }
