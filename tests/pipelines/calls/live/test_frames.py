"""Frames may come twice, out of order or never: the audio is what was sent, with silence for what was lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.call_records import LegName
from core.errors import InvalidInput
from pipelines.calls.live.frames import HEADER, Arranged, Arranger, Frame, parse_frame, write_frame

LEGS = (LegName.CALLER, LegName.OPERATOR)


def arranger(ahead: int = 400) -> Arranger:
    return Arranger(sample_bytes=1, most_ahead=ahead, most_missing=10_000)


def frames(sizes: list[int]) -> list[Frame]:
    made, at = [], 0
    for seq, size in enumerate(sizes):
        made.append(Frame(LegName.CALLER, seq, at, bytes((at + n) % 251 for n in range(size))))
        at += size
    return made


def sound(pieces: list[Arranged]) -> bytes:
    return b"".join(b"\0" * piece.missing + piece.payload for piece in pieces)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_disordered_and_doubled_frames_give_the_sound_that_was_sent(sizes: list[int], random: object) -> None:
    sent = frames(sizes)
    # Shuffled within four places, some twice: nothing is further ahead than the window.
    keys = [(index + random.uniform(0, 4), frame) for index, frame in enumerate(sent)]  # type: ignore[attr-defined]
    keys += [(index + random.uniform(0, 9), f) for index, f in enumerate(sent) if random.random() < 0.3]  # type: ignore[attr-defined]
    order = [frame for _, frame in sorted(keys, key=lambda pair: pair[0])]
    leg, out = arranger(), []
    for frame in order:
        out += leg.take(frame)
        assert leg.next_at == len(sound(out))
    assert sound([*out, *leg.finish()]) == b"".join(frame.payload for frame in sent)
    assert leg.next_seq == len(sent)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=40), st.sets(st.integers(0, 38)))
def test_lost_frames_become_silence_of_their_length(sizes: list[int], lost: set[int]) -> None:
    sent = frames(sizes)
    kept = [frame for frame in sent if frame.seq not in lost or frame.seq == len(sent) - 1]
    leg, out = arranger(ahead=90), []
    for frame in kept:
        out += leg.take(frame)
    heard = sound([*out, *leg.finish()])
    expected = bytearray(sum(sizes))
    for frame in kept:
        expected[frame.at : frame.at + len(frame.payload)] = frame.payload
    assert heard == bytes(expected)


def test_a_frame_after_its_gap_was_filled_is_left_out() -> None:
    leg = arranger(ahead=10)
    first, late, third = frames([20, 20, 20])
    out = [*leg.take(first), *leg.take(third), *leg.take(late)]
    assert [piece.missing for piece in out] == [0, 20]
    assert leg.next_seq == 3


def test_a_frame_far_outside_the_call_is_refused() -> None:
    leg = arranger()
    for wild in (Frame(LegName.CALLER, 1, 4_000_000_000, b"x"), Frame(LegName.CALLER, 1_000_000, 0, b"x")):
        with pytest.raises(InvalidInput):
            leg.take(wild)


@pytest.mark.parametrize(
    "data",
    [b"", b"Q" * 5, HEADER.pack(0x52, 0, 0, 0, 0), HEADER.pack(0x51, 2, 0, 0, 0), HEADER.pack(0x51, 9, 0, 0, 0),
     HEADER.pack(0x51, 0, 0, 0, 0) + b"odd"],
)  # fmt: skip
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse_frame(data, LEGS, 2)


def test_a_frame_is_read_as_it_was_written() -> None:
    frame = Frame(LegName.OPERATOR, 7, 11_200, b"\1\2\3\4")
    assert parse_frame(write_frame(frame), LEGS, 2) == frame
