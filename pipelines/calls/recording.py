"""A recorded call: a durable pipeline from a kept file to a transcript, tags and a card.

Each step is idempotent and its state small: the sound is a blob, everything else a record of the call. A kill at any
point loses nothing, and a finished step is not run again.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.blobs import BlobStore
from core.call_records import Analysis, LegName, Segment, Tag, TagKind
from core.calls import Call, CallFailure, CallNote, CallState
from core.errors import NotFound, QorganError
from core.jobs.records import State, Step
from core.languages import Language
from core.settings import CallSettings
from core.storage.calls import CallStore
from core.telemetry import metrics
from pipelines.calls.audio import Recording, decode_recording
from pipelines.calls.sound_file import read_sound, write_sound

PIPELINE = "calls.transcribe"
STEP_NAMES = ("decode_audio", "transcribe_legs", "tag_sounds", "tag_distress", "analyse", "store_call")
_NOTICED = (TagKind.SOUND, TagKind.DISTRESS, TagKind.SPEAKER)


@dataclass(frozen=True)
class CallEngines:
    """What listens to a recording; models are loaded at the first use.

    `transcribe` takes the language spoken; `tag_distress` is given the sounds and returns nothing where the deployment
    states no legal basis; `analyse` returns the tags it is given among
    its own; `versions` names the models and rules that were used; `reliable` are the languages that are
    written well.
    """

    transcribe: Callable[[Recording, Language], tuple[Segment, ...]]
    tag_sounds: Callable[[Recording], tuple[Tag, ...]]
    tag_distress: Callable[[Recording, Sequence[Segment], Sequence[Tag]], tuple[Tag, ...]]
    analyse: Callable[[Sequence[Segment], Sequence[Tag]], Analysis]
    versions: Callable[[], Mapping[str, str]]
    reliable: Callable[[], frozenset[Language]]


@dataclass(frozen=True)
class CallTranscription:
    """The steps from a recording to a card and what they work with."""

    blobs: BlobStore
    store: CallStore
    engines: CallEngines
    settings: CallSettings

    def steps(self) -> tuple[Step, ...]:
        """Return the pipeline, in order."""
        runs = (
            self.decode_audio,  # file -> two legs at 16 kHz
            self.transcribe_legs,  # legs -> segments
            self.tag_sounds,  # sirens, alarms, explosions, crying
            self.tag_distress,  # only with a stated legal basis
            self.analyse,  # keywords, place, card, missing questions, operator's quality
            self.store_call,  # the call is done
        )
        return tuple(Step(name, partial(self._follow, run)) for name, run in zip(STEP_NAMES, runs, strict=True))

    def decode_audio(self, call: Call, state: State) -> State:
        """Decode the kept file; keep the legs as a WAV blob."""
        began = time.process_time()
        with self._file(str(state["audio"])) as path, tempfile.TemporaryDirectory(prefix="qorgan-") as folder:
            recording = decode_recording(path, self.settings)
            sound = Path(folder) / "sound.wav"
            write_sound(sound, recording.legs)
            with sound.open("rb") as stream:
                digest = self.blobs.put_stream(stream)
        notes = [problem.kind.value for problem in recording.problems]
        if LegName.MIXED in recording.legs:
            notes.append(CallNote.ONE_CHANNEL.value)
        try:
            self.store.update(
                call.id, sound_sha256=digest, duration_s=recording.duration_s, legs=tuple(recording.legs), notes=notes
            )
        except NotFound:  # deleted meanwhile: nothing of it stays
            if not self.store.holds(digest):
                self.blobs.delete(digest)
            raise
        return {**state, "sound": digest, "cpu_s": time.process_time() - began}

    def transcribe_legs(self, call: Call, state: State) -> State:
        """Write down what each leg says."""
        began, began_cpu = time.monotonic(), time.process_time()
        language = call.language or self.settings.language
        with self._sound(call, state) as recording:
            segments = self.engines.transcribe(recording, language)
        self.store.replace_segments(call.id, segments)
        notes = [note for note in call.notes if note not in set(_TRANSCRIPT_NOTES)]
        if not segments:
            notes.append(CallNote.NO_SPEECH.value)
        if language not in self.engines.reliable():
            notes.append(CallNote.LANGUAGE_NOT_RELIABLE.value)
        self.store.update(call.id, language=language, versions=dict(self.engines.versions()), notes=notes)
        metrics.CALL_TRANSCRIBE_SECONDS.inc(time.monotonic() - began)
        return _spent(state, began_cpu)

    def tag_sounds(self, call: Call, state: State) -> State:
        """Note what is heard behind the speech."""
        began = time.process_time()
        with self._sound(call, state) as recording:
            self.store.replace_tags(call.id, {TagKind.SOUND}, self.engines.tag_sounds(recording))
        return _spent(state, began)

    def tag_distress(self, call: Call, state: State) -> State:
        """Note signs of distress, where the deployment may."""
        began = time.process_time()
        sounds = [tag for tag in self.store.tags(call.id) if tag.kind is TagKind.SOUND]
        with self._sound(call, state) as recording:
            tags = self.engines.tag_distress(recording, self.store.segments(call.id), sounds)
        self.store.replace_tags(call.id, {TagKind.DISTRESS}, tags)
        return _spent(state, began)

    def analyse(self, call: Call, state: State) -> State:
        """Find keywords and the place, fill the card, list what was not asked, review the operator's conversation."""
        began = time.process_time()
        noticed = tuple(tag for tag in self.store.tags(call.id) if tag.kind in _NOTICED)
        found = self.engines.analyse(self.store.segments(call.id), noticed)
        self.store.replace_analysis(call.id, found)
        return _spent(state, began)

    def store_call(self, call: Call, state: State) -> State:
        """Mark the call as done. The result names numbers only: it stays in the list of jobs."""
        self.store.update(call.id, state=CallState.DONE)
        cpu_s = float(str(state.get("cpu_s", 0.0)))
        duration_s = call.duration_s or 0.0
        if call.state is not CallState.DONE:  # once, also where the step is run again
            metrics.CALLS.labels(call.source.value, "done").inc()
            metrics.CALL_AUDIO_SECONDS.inc(duration_s)
            metrics.CALL_CPU_SECONDS.inc(cpu_s)
            if duration_s:
                metrics.CALL_REAL_TIME_FACTOR.observe(cpu_s / duration_s)
        return {
            "call_id": call.id,
            "duration_s": round(duration_s, 3),
            "segments": len(self.store.segments(call.id)),
            "tags": len(self.store.tags(call.id)),
            "card_fields": len(self.store.card(call.id).card.fields),
            "cpu_s": round(cpu_s, 3),
        }

    def _follow(self, run: Callable[[Call, State], State], state: State) -> State:
        """Run a step on the call of the state; keep in the call's record that it is worked on, or why it failed."""
        call = self.store.call(str(state["call_id"]))
        if call.state in (CallState.WAITING, CallState.FAILED):
            self.store.update(call.id, state=CallState.WORKING)
        try:
            return run(call, state)
        except Exception as error:
            self._fail(call, error)
            raise

    def _fail(self, call: Call, error: Exception) -> None:
        failure = CallFailure("internal-error", "the call could not be processed", "tell the administrator its id")
        if isinstance(error, QorganError):
            failure = CallFailure(error.code, error.detail, error.advice)
        metrics.CALLS.labels(call.source.value, "failed").inc()
        try:
            self.store.update(call.id, state=CallState.FAILED, failure=failure)
        except NotFound:
            return  # deleted while it was worked on

    @contextmanager
    def _file(self, digest: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="qorgan-") as folder:
            path = Path(folder) / "audio"
            with self.blobs.open(digest) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
            yield path

    @contextmanager
    def _sound(self, call: Call, state: State) -> Iterator[Recording]:
        with self._file(str(state["sound"])) as path:
            yield read_sound(path, call.legs)


_TRANSCRIPT_NOTES = (CallNote.NO_SPEECH.value, CallNote.LANGUAGE_NOT_RELIABLE.value)


def _spent(state: State, began: float) -> State:
    return {**state, "cpu_s": float(str(state.get("cpu_s", 0.0))) + time.process_time() - began}
