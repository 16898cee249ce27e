"""Frames of audio as they come over the wire, and their order.

The layout is docs/live-calls.md's: magic, leg, zero, seq, number of the first sample, samples.
"""

import struct
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.call_records import LegName
from core.errors import InvalidInput

HEADER = struct.Struct("<BBHII")
MAGIC = 0x51
LEG_CODES: dict[int, LegName] = {0: LegName.CALLER, 1: LegName.OPERATOR, 2: LegName.MIXED}
_CODE_OF = {leg: code for code, leg in LEG_CODES.items()}
_MOST_HELD = 256
"""Frames of one leg that wait for an earlier one: bounds memory when frames are tiny."""


@dataclass(frozen=True)
class Frame:
    """One frame of one leg. `at`: number of its first sample, at the rate of the call."""

    leg: LegName
    seq: int
    at: int
    payload: bytes


def parse_frame(data: bytes, legs: Collection[LegName], sample_bytes: int) -> Frame:
    """Return the frame in `data`; raise `InvalidInput` that names what is wrong with it."""
    if len(data) < HEADER.size:
        raise InvalidInput(f"a frame of {len(data)} bytes has no header", advice=f"begin it with {HEADER.size} bytes")
    magic, code, zero, seq, at = HEADER.unpack_from(data)
    if magic != MAGIC or zero != 0:
        raise InvalidInput("the bytes are not a frame of audio", advice=f"begin it with 0x{MAGIC:02X}, leg, 0, 0")
    leg = LEG_CODES.get(code)
    if leg is None or leg not in legs:
        raise InvalidInput(f"the call has no leg with the code {code}", advice="name the legs in call.start")
    if (len(data) - HEADER.size) % sample_bytes:
        raise InvalidInput("a frame ends within a sample", advice="send whole samples in each frame")
    return Frame(leg, seq, at, data[HEADER.size :])


def write_frame(frame: Frame) -> bytes:
    """Return the bytes of a frame."""
    return HEADER.pack(MAGIC, _CODE_OF[frame.leg], 0, frame.seq, frame.at) + frame.payload


@dataclass(frozen=True)
class Arranged:
    """What is next of a leg: samples, after a gap of `missing` samples that never came (0: none)."""

    at: int
    missing: int
    payload: bytes


class Arranger:
    """Puts the frames of one leg in order: holds early ones for a while, drops repeated and late ones."""

    def __init__(self, *, sample_bytes: int, most_ahead: int, most_missing: int) -> None:
        """`most_ahead`: samples that wait for an earlier frame; `most_missing`: the longest gap believed, samples."""
        self._sample_bytes = sample_bytes
        self._most_ahead = most_ahead
        self._most_missing = most_missing
        self._held: dict[int, Frame] = {}
        self.next_seq = 0
        self.next_at = 0

    def take(self, frame: Frame) -> list[Arranged]:
        """Take a frame and return what is now in order; raise `InvalidInput` for one far outside the call."""
        if frame.seq < self.next_seq or frame.seq in self._held:
            return []
        if frame.at - self.next_at > self._most_missing or frame.seq - self.next_seq > 0x10000:
            raise InvalidInput(
                f"frame {frame.seq} begins {frame.at - self.next_at} samples after what came before",
                advice="count `at` in samples of the leg and `seq` in frames, from 0",
            )
        self._held[frame.seq] = frame
        out = self._in_order()
        while self._held and self._too_far():
            self.next_seq = min(self._held)
            out += self._in_order()
        return out

    def copy(self) -> "Arranger":
        """Return another in the same state: what it is given changes nothing here."""
        twin = Arranger(sample_bytes=self._sample_bytes, most_ahead=self._most_ahead, most_missing=self._most_missing)
        twin._held, twin.next_seq, twin.next_at = dict(self._held), self.next_seq, self.next_at
        return twin

    def finish(self) -> list[Arranged]:
        """Return what still waits for a frame that will not come."""
        out: list[Arranged] = []
        while self._held:
            self.next_seq = min(self._held)
            out += self._in_order()
        return out

    def _too_far(self) -> bool:
        ahead = max(f.at + len(f.payload) // self._sample_bytes for f in self._held.values()) - self.next_at
        return ahead > self._most_ahead or len(self._held) > _MOST_HELD

    def _in_order(self) -> list[Arranged]:
        out: list[Arranged] = []
        while (frame := self._held.pop(self.next_seq, None)) is not None:
            self.next_seq += 1
            known = max(0, self.next_at - frame.at) * self._sample_bytes
            payload = frame.payload[known:]
            if payload:
                missing = max(0, frame.at - self.next_at)
                self.next_at = max(frame.at, self.next_at) + len(payload) // self._sample_bytes
                out.append(Arranged(self.next_at - len(payload) // self._sample_bytes, missing, payload))
        return out


def acceptable(
    frames: Sequence[bytes], arrangers: Mapping[LegName, Arranger], sample_bytes: int
) -> tuple[Sequence[bytes], InvalidInput | None]:
    """Return the frames up to the first that is not of the call, and why that one is not. Changes no arranger."""
    trial = {leg: arranger.copy() for leg, arranger in arrangers.items()}
    for index, data in enumerate(frames):
        try:
            frame = parse_frame(data, trial, sample_bytes)
            trial[frame.leg].take(frame)
        except InvalidInput as error:
            return frames[:index], error
    return frames, None


def arranged_of_log(
    frames: Iterable[bytes], arrangers: Mapping[LegName, Arranger], sample_bytes: int
) -> Iterator[tuple[LegName, Arranged]]:
    """Yield, in order, the audio of frames that are on disk.

    One that is not of the call is left out: a frame of a log must never cost the others, and logs may hold such ones.
    """
    for data in frames:
        try:
            frame = parse_frame(data, arrangers, sample_bytes)
            in_order = arrangers[frame.leg].take(frame)
        except InvalidInput:
            continue
        for arranged in in_order:
            yield frame.leg, arranged
