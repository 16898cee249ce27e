"""A live call survives kill -9: nothing that was acknowledged is lost, no event changes, the recording is read anew."""

import itertools
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import orjson
import pytest

from api.realtime.client import pcm16
from core.blobs import FolderBlobs
from core.call_records import LegName
from core.storage.calls import CallStore
from core.storage.database import Database
from pipelines.calls.live.frames import Frame, write_frame
from tests.pipelines.calls.live.voice_like import murmur

ROOT = Path(__file__).resolve().parents[4]
CHILD = Path(__file__).with_name("live_child.py")


class Child:
    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(CHILD), str(folder)],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self, word: str) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().split()
        assert line[:1] == [word], line
        return line[1]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                continue


@pytest.mark.slow
def test_killed_in_the_middle_of_a_call(tmp_path: Path) -> None:
    sound = murmur(4.0)
    sent = [
        write_frame(Frame(LegName.CALLER, seq, at, pcm16(sound[at : at + 1600]))).hex()
        for seq, at in enumerate(range(0, len(sound), 1600))
    ]
    streams: list[list[bytes]] = []
    acknowledged = 0
    call_id = ""
    for kill_at in (13, 27, None):
        child = Child(tmp_path)
        try:
            call_id = child.hear("ready")
            for frame in sent[acknowledged:kill_at]:
                child.say(frame)
                acknowledged = int(child.hear("ack"))
            if kill_at is None:
                child.say("end")
                assert child.hear("over") == "waiting"  # its recording is to be read anew
        finally:
            child.kill()
        streams.append((tmp_path / "live" / call_id / "events.jsonl").read_bytes().splitlines())
    assert acknowledged == len(sent)
    for before, after in itertools.pairwise(streams):
        assert after[: len(before)] == before
    assert [orjson.loads(line)["seq"] for line in streams[-1]] == list(range(1, len(streams[-1]) + 1))
    database = Database(f"sqlite:///{tmp_path / 'records.sqlite3'}")
    call = CallStore(database).call(call_id)
    words = [word for s in CallStore(database).segments(call_id) for word in s.words]
    assert [w.start_s for w in words] == sorted({w.start_s for w in words})
    assert call.sound_sha256 is not None
    with FolderBlobs(tmp_path / "blobs").open(call.sound_sha256) as blob, wave.open(blob) as kept:
        heard = np.frombuffer(kept.readframes(kept.getnframes()), "<i2")
    assert np.array_equal(heard, np.frombuffer(pcm16(sound), "<i2"))
    assert call.duration_s == pytest.approx(4.0)
    database.close()
