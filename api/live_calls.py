"""Live calls of a deployment, built from its settings."""

import fcntl
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from api.realtime.desk import LiveDesk
from core.blobs import BlobStore
from core.call_records import LegName
from core.jobs.service import Jobs
from core.settings import LiveSettings, Settings
from core.storage.calls import CallStore
from core.telemetry.log import get_logger
from pipelines.calls.engines import Once, sound_tagger
from pipelines.calls.live.calls import LiveCalls, LiveTuning
from pipelines.calls.live.decoding import LazyReader, ShortReader, build_reader
from pipelines.calls.live.keeping import RecordKeeper
from pipelines.calls.live.leg_stream import Tuning
from pipelines.calls.live.pool import PoolTuning
from pipelines.calls.live.session import Limits
from pipelines.calls.recording import CallEngines
from pipelines.calls.sounds import SoundStream

_log = get_logger(__name__)


def build_desk(
    settings: Settings, store: CallStore, blobs: BlobStore, jobs: Jobs, engines: CallEngines
) -> LiveDesk | None:
    """Return live calls on the given records; those that a killed process left go on. Loads no model yet.

    None when another process on this data directory has them.
    """
    folder = settings.data_dir / "live"
    release = _take(folder)
    if release is None:
        _log.warning("live_calls_elsewhere")
        return None

    def make() -> ShortReader:
        return build_reader(settings)

    tuning = tuning_of(settings.live)
    keeper = RecordKeeper(
        store,
        blobs,
        lambda pipeline, state, key: jobs.enqueue(pipeline, state, key=key),
        settings.calls,
        tuning.limits,
    )
    tagger = Once(partial(sound_tagger, settings))

    def listen(legs: Sequence[LegName]) -> SoundStream | None:
        heard_by = tagger()
        return SoundStream(heard_by, legs) if heard_by is not None and legs else None

    calls = LiveCalls(folder, LazyReader(Once(make)), keeper, engines.analyse, engines.reliable, tuning, listen)
    return LiveDesk(calls, settings.live, release)


def _take(folder: Path) -> Callable[[], None] | None:
    """Make the folder this process's own as long as it runs; return what gives it back, None when it is another's."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock.close


def tuning_of(settings: LiveSettings) -> LiveTuning:
    """Return what the settings say."""
    return LiveTuning(
        max_calls=settings.max_calls,
        resume_s=settings.resume_s,
        power_safe=settings.durability == "power",
        leg=Tuning(),
        pool=PoolTuning(settings.workers, settings.beam, settings.draft_beam, settings.shed_after_s),
        limits=Limits(reorder_s=settings.reorder_s, max_call_s=settings.max_call_s),
    )
