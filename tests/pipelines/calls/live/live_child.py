"""A process to be killed: a live call that takes frames from its standard input and acknowledges them.

Usage: live_child.py FOLDER. Each line of the input is a frame in hexadecimal, or "end"; each line of the output is
"ready CALL_ID", "ack N" or "over STATE".
"""

import sys
import time
from pathlib import Path

from core.blobs import FolderBlobs
from core.call_records import Analysis, LegName, Word
from core.languages import Language
from core.settings import CallSettings
from core.storage.calls import CallStore
from core.storage.database import Database
from pipelines.calls.audio import Encoding
from pipelines.calls.live.calls import LiveCalls, LiveTuning
from pipelines.calls.live.decoding import Manner
from pipelines.calls.live.keeping import RecordKeeper
from pipelines.calls.live.session import Limits
from pipelines.calls.transcriber import SAMPLE_RATE, Samples


class CountingReader:
    """Says a word for each half second it is given."""

    def read(self, samples: Samples, language: Language | None, manner: Manner) -> tuple[Word, ...]:
        texts = ("горит", "дом", "на", "улице", "приезжайте", "скорее")
        return tuple(Word(text, 0.5 * n, 0.5 * n + 0.4) for n, text in enumerate(texts[: len(samples) // 8000]))


def main(folder: Path) -> None:
    database = Database(f"sqlite:///{folder / 'records.sqlite3'}")
    database.upgrade()
    store = CallStore(database)
    keeper = RecordKeeper(store, FolderBlobs(folder / "blobs"), lambda *job: "job", CallSettings(), Limits())
    tuning = LiveTuning(resume_s=60.0)
    calls = LiveCalls(
        folder / "live", CountingReader(), keeper, lambda s, n: Analysis(), lambda: frozenset({Language.RU}), tuning
    )
    call = next(iter(calls.going_on()), None) or calls.begin(
        sample_rate=SAMPLE_RATE,
        encoding=Encoding.PCM16,
        legs=(LegName.CALLER,),
        language=Language.RU,
        actor="test",
        territory=None,
    )
    print("ready", call.start.call_id, flush=True)  # noqa: T201
    for line in sys.stdin:
        if line.strip() == "end":
            break
        acks = call.accept([bytes.fromhex(line.strip())])
        print("ack", acks[LegName.CALLER], flush=True)  # noqa: T201
    call.end("ended")
    while not call.events.finished:
        time.sleep(0.02)
    print("over", store.call(call.start.call_id).state.value, flush=True)  # noqa: T201
    calls.close()
    database.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
