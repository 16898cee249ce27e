"""Audio and events are on disk; who resumes from any seq gets exactly the rest."""

from pathlib import Path

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.calls.live.events import Lag
from pipelines.calls.live.journal import AudioLog, EventLog, read_frames

LAX = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@LAX
@given(st.lists(st.integers(1, 900), min_size=1, max_size=6), st.data())
def test_resuming_from_any_seq_gives_the_same_stream(tmp_path: Path, batches: list[int], data: st.DataObject) -> None:
    total = sum(batches)
    killed, seen, step = data.draw(st.booleans()), data.draw(st.integers(0, total)), data.draw(st.integers(1, 500))
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.jsonl"
    log = EventLog(path)
    for batch in batches:
        log.append(1.0, [Lag(float(number), ()) for number in range(batch)])
    if killed:
        log.close()
        log = EventLog(path)
    got: list[int] = []
    while lines := log.after(got[-1] if got else seen, step):
        got += [orjson.loads(line)["seq"] for line in lines]
    log.close()
    assert got == list(range(seen + 1, total + 1))


@LAX
@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=8), st.integers(0, 400))
def test_a_log_cut_anywhere_keeps_its_whole_frames(tmp_path: Path, frames: list[bytes], cut: int) -> None:
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.log"
    log = AudioLog(path, power_safe=False)
    log.append(frames)
    log.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: min(cut, len(whole))])
    kept = list(read_frames(path))
    assert kept == frames[: len(kept)]
    again = AudioLog(path, power_safe=True)
    again.append([b"after"])
    again.sync()
    again.close()
    assert list(read_frames(path)) == [*kept, b"after"]


def test_a_half_written_event_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    log = EventLog(path)
    log.append(0.0, [Lag(1.0, ()), Lag(2.0, ())])
    log.close()
    path.write_bytes(path.read_bytes()[:-5])
    log = EventLog(path)
    assert log.last_seq == 1
    log.append(0.0, [Lag(3.0, ())])
    assert [orjson.loads(line)["seq"] for line in log.after(0)] == [1, 2]
    log.close()
