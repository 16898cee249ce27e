"""Live calls of a deployment, built from its settings."""

from api.realtime.desk import LiveDesk
from core.blobs import BlobStore
from core.jobs.service import Jobs
from core.settings import LiveSettings, Settings
from core.storage.calls import CallStore
from pipelines.calls.engines import Once
from pipelines.calls.live.calls import LiveCalls, LiveTuning
from pipelines.calls.live.decoding import LazyReader, ShortReader, build_reader
from pipelines.calls.live.keeping import RecordKeeper
from pipelines.calls.live.leg_stream import Tuning
from pipelines.calls.live.pool import PoolTuning
from pipelines.calls.live.session import Limits
from pipelines.calls.recording import CallEngines


def build_desk(settings: Settings, store: CallStore, blobs: BlobStore, jobs: Jobs, engines: CallEngines) -> LiveDesk:
    """Return live calls on the given records; those that a killed process left go on. Loads no model yet."""

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
    calls = LiveCalls(
        settings.data_dir / "live", LazyReader(Once(make)), keeper, engines.analyse, engines.reliable, tuning
    )
    return LiveDesk(calls, settings.live)


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
