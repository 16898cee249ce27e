"""One leg of a live call: its audio is cut at pauses, and each stretch of speech is read while it grows.

Nothing here waits or runs a model of speech: `work` says what is worth reading now, whoever has the time reads it and
gives the words to `apply`. Not safe for threads: the session's lock guards it.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from core.call_records import LegName, Segment, Word
from pipelines.calls.invented import without_invented
from pipelines.calls.live.local_agreement import LocalAgreement
from pipelines.calls.live.voice import FRAME, FRAME_S, VoiceDetector, loudness_db
from pipelines.calls.transcriber import SAMPLE_RATE, Samples


@dataclass(frozen=True)
class Tuning:
    """How a leg is cut and read; seconds unless said otherwise. Chosen by replaying calls, see ADR 0014."""

    speech_starts: float = 0.5  # probability
    speech_ends: float = 0.35  # probability
    pause_s: float = 0.55  # silence that ends a stretch of speech
    hush_s: float = 0.2  # silence after which the stretch is read whole, in case it is over
    step_s: float = 0.6  # new speech that makes another reading worth while
    first_s: float = 1.4  # speech before the first reading
    hold_s: float = 0.7  # agreed words so near the end of a reading wait for another
    settle_s: float = 2.3  # speech so far before the end of a reading is committed without agreement
    padding_s: float = 0.25  # kept before and after speech
    least_speech_s: float = 0.13  # shorter bursts are clicks
    window_s: float = 10.0  # longest audio read at once, besides its context
    context_s: float = 5.0  # of a noisy leg's speech before it that is read once more with it
    noisy_db: float = 20.0  # a leg is noisy when its loud frames are less than this over its quiet ones
    backlog_s: float = 120.0  # longest audio kept for reading
    crosstalk_db: float = 14.0  # a leg this much quieter than the other only hears it


@dataclass(frozen=True)
class Work:
    """A stretch of audio that is worth reading."""

    utterance: int
    start: int  # sample of the leg
    samples: Samples
    whole: bool  # the speaker has paused: read with care, this may be committed
    waiting_since_s: float  # end of the earliest speech that is not read yet, seconds of the call


@dataclass(frozen=True)
class Heard:
    """What a reading brought."""

    segment: int
    committed: tuple[Word, ...]
    tail: tuple[Word, ...]
    final: bool
    spoken: bool  # the segment has committed words


@dataclass
class _Utterance:
    number: int
    start: int  # sample
    speech_end: int  # sample after the last frame of speech
    speech_frames: int = 0
    over: bool = False
    read_from: int = 0
    read_to: int = 0  # sample to which the last reading went
    whole: bool = False  # the last reading was a careful one
    reading: tuple[Word, ...] = ()
    agreement: LocalAgreement = field(default_factory=LocalAgreement)


class LegStream:
    """The audio of one leg and what is read of it. Times are seconds of the call."""

    def __init__(
        self,
        leg: LegName,
        tuning: Tuning | None = None,
        *,
        after: Sequence[Segment] = (),
        first_number: int = 0,
        read_before_s: float = 0.0,
    ) -> None:
        """After a restart: segments committed `after` which to go on, the next one's number, what need not be read."""
        self.leg = leg
        self._tuning = tuning or Tuning()
        self._detector = VoiceDetector()
        self._chunks: deque[tuple[int, Samples]] = deque()
        self._rest = np.zeros(0, np.float32)  # less than a frame
        self._received = 0  # samples before the rest, a multiple of FRAME
        self._judged = 0
        self._read_before = round(read_before_s / FRAME_S) * FRAME
        self._loudness: deque[float] = deque(maxlen=round(self._tuning.backlog_s / FRAME_S))
        self._open: _Utterance | None = None
        self._waiting: deque[_Utterance] = deque()  # in order; the open one is the last
        self._finished: list[Segment] = list(after)
        self._count = first_number
        self._before = np.zeros(0, np.float32)  # the end of the speech that was settled last
        self._closed = False
        self.skipped: list[tuple[float, float]] = []  # speech that was not read: the backlog was full

    # --- audio in ------------------------------------------------------------------------------------------------

    @property
    def received_s(self) -> float:
        """Audio received."""
        return (self._received + len(self._rest)) / SAMPLE_RATE

    def push(self, samples: Samples) -> None:
        """Take the next samples, at `SAMPLE_RATE`."""
        joined = np.concatenate([self._rest, samples]) if len(self._rest) else samples
        whole = len(joined) - len(joined) % FRAME
        self._rest = joined[whole:].copy()
        if whole:
            piece = joined[:whole].astype(np.float32, copy=True)
            self._chunks.append((self._received, piece))
            self._received += whole
            self._loudness.extend(float(level) for level in loudness_db(piece))

    def close(self) -> None:
        """Say that no more audio comes; what is left is judged and read to its end."""
        if len(self._rest):
            self.push(np.zeros(FRAME - len(self._rest), np.float32))
        self._closed = True

    def judge(self, other: "LegStream | None") -> list[Heard]:
        """Find speech in what was pushed; `other` is the other side, whose crosstalk is not speech of this one."""
        heard: list[Heard] = []
        start = self._judged = max(self._judged, min(self._read_before, self._received))
        if start < self._received:
            probabilities = self._detector.probabilities(self._audio(start, self._received))
            for index, probability in enumerate(probabilities):
                self._judged += FRAME
                self._hear_frame(start + index * FRAME, float(probability), other, heard)
        if self._closed and self._open is not None:
            self._end_utterance(heard)
        self._forget()
        return heard

    def _hear_frame(self, at: int, probability: float, other: "LegStream | None", heard: list[Heard]) -> None:
        tuning, current = self._tuning, self._open
        threshold = tuning.speech_starts if current is None else tuning.speech_ends
        speech = probability >= threshold and not self._is_crosstalk(at, other)
        if speech and current is None:
            self._open = current = self._begin_utterance(at)
        if current is None:
            return
        if speech:
            current.speech_end = at + FRAME
            current.speech_frames += 1
        elif at + FRAME - current.speech_end >= tuning.pause_s * SAMPLE_RATE:
            self._end_utterance(heard)

    def _begin_utterance(self, at: int) -> _Utterance:
        earliest = self._waiting[-1].speech_end if self._waiting else 0
        start = max(at - round(self._tuning.padding_s * SAMPLE_RATE), earliest, self._first_sample())
        utterance = _Utterance(self._count, start, at + FRAME, read_from=start)
        self._count += 1
        self._waiting.append(utterance)
        return utterance

    def _end_utterance(self, heard: list[Heard]) -> None:
        ended, self._open = self._open, None
        assert ended is not None
        ended.over = True
        if ended.speech_frames * FRAME_S < self._tuning.least_speech_s and not ended.agreement.committed:
            self._waiting.remove(ended)
        elif ended is self._waiting[0] and _is_read(ended):
            heard.append(self._settle(ended))

    def _is_crosstalk(self, at: int, other: "LegStream | None") -> bool:
        if other is None:
            return False
        theirs, ours = other.loudness_at(at), self.loudness_at(at)
        return theirs is not None and ours is not None and theirs - ours > self._tuning.crosstalk_db

    def loudness_at(self, sample: int) -> float | None:
        """Return the loudness of the frame of `sample`, dB; None where it is not known."""
        index = sample // FRAME - (self._received // FRAME - len(self._loudness))
        return self._loudness[index] if 0 <= index < len(self._loudness) else None

    # --- reading -------------------------------------------------------------------------------------------------

    def work(self, *, drafts: bool = True) -> Work | None:
        """Return what is most worth reading now, None when nothing is; `drafts`: also before a pause."""
        if not self._waiting:
            return None
        first, tuning = self._waiting[0], self._tuning
        paused = first.over or self._judged - first.speech_end >= tuning.hush_s * SAMPLE_RATE
        if paused:
            if _is_read(first) or first.speech_frames * FRAME_S < tuning.least_speech_s:
                return None
            return self._work(first, min(first.speech_end + self._padding(), self._judged), whole=True)
        unread_s = (first.speech_end - max(first.read_to, first.start)) / SAMPLE_RATE
        full = first.speech_end - first.read_from >= tuning.window_s * SAMPLE_RATE
        if full or (drafts and unread_s >= (tuning.step_s if first.read_to else tuning.first_s)):
            return self._work(first, first.speech_end, whole=False)
        return None

    def _work(self, utterance: _Utterance, end: int, *, whole: bool) -> Work:
        end = min(end, utterance.read_from + round((self._tuning.window_s + 2) * SAMPLE_RATE))
        since = max(utterance.read_to, utterance.start) / SAMPLE_RATE
        context = self._context(utterance)
        samples = np.concatenate([context, self._audio(utterance.read_from, end)])
        return Work(utterance.number, utterance.read_from - len(context), samples, whole, since)

    def _context(self, utterance: _Utterance) -> Samples:
        """Return speech that came before what is read: Whisper reads a short noisy stretch badly without."""
        if not self.is_noisy:
            return np.zeros(0, np.float32)
        most = round(self._tuning.context_s * SAMPLE_RATE)
        own = self._audio(max(utterance.start, utterance.read_from - most), utterance.read_from)
        before = self._before[len(self._before) - min(most - len(own), len(self._before)) :]
        return np.concatenate([before, own])

    def apply(self, work: Work, words: Sequence[Word], other: "LegStream | None" = None) -> Heard | None:
        """Take the words of a reading, times from its start; None when the stretch was settled meanwhile."""
        utterance = self._waiting[0] if self._waiting else None
        if utterance is None or utterance.number != work.utterance:
            return None
        offset = work.start / SAMPLE_RATE
        moved = [_moved(word, offset) for word in without_invented(words)]
        fresh = [word for word in moved if (word.start_s + word.end_s) / 2 * SAMPLE_RATE >= utterance.read_from]
        utterance.reading = tuple(word for word in fresh if not self._of_other(word, other))
        utterance.read_to = work.start + len(work.samples)
        utterance.whole = work.whole
        if utterance.over and _is_read(utterance):
            return self._settle(utterance)
        end_s = utterance.read_to / SAMPLE_RATE
        committed = utterance.agreement.hear(utterance.reading, end_s - self._tuning.hold_s)
        committed += utterance.agreement.settle_before(end_s - self._tuning.settle_s)
        if utterance.read_to - utterance.read_from >= self._tuning.window_s * SAMPLE_RATE:
            committed += self._cut(utterance)
        agreement = utterance.agreement
        return Heard(utterance.number, committed, agreement.tail, False, bool(agreement.committed))

    def _cut(self, utterance: _Utterance) -> tuple[Word, ...]:
        """Let go of audio whose words are committed; where none are, commit the reading as it is."""
        committed: tuple[Word, ...] = ()
        done = utterance.agreement.committed
        half = utterance.read_from + round(self._tuning.window_s / 2 * SAMPLE_RATE)
        if not done or done[-1].end_s * SAMPLE_RATE < half:
            committed = utterance.agreement.settle(utterance.reading)
            done = utterance.agreement.committed
        end = round(done[-1].end_s * SAMPLE_RATE) if done else utterance.read_to
        utterance.read_from = min(max(end, half), utterance.read_to)
        return committed

    def _settle(self, utterance: _Utterance) -> Heard:
        committed = utterance.agreement.settle(utterance.reading)
        self._waiting.popleft()
        words = utterance.agreement.committed
        if words:
            self._keep_context(utterance)
            self._finished.append(Segment(self.leg, words[0].start_s, words[-1].end_s, words))
        self._forget()
        return Heard(utterance.number, committed, (), True, bool(words))

    @property
    def is_noisy(self) -> bool:
        """Whether speech stands out little from the leg's own noise."""
        if not self._loudness:
            return False
        quiet, loud = np.percentile(np.fromiter(self._loudness, np.float32), (20, 95))
        return bool(loud - quiet < self._tuning.noisy_db)

    def _keep_context(self, utterance: _Utterance) -> None:
        most = round(self._tuning.context_s * SAMPLE_RATE)
        end = utterance.speech_end + self._padding()
        heard = self._audio(max(utterance.start, end - most), end)
        self._before = np.concatenate([self._before, heard])[-most:] if most else heard[:0]

    def _of_other(self, word: Word, other: "LegStream | None") -> bool:
        """Tell whether the word was spoken on the other leg: there it is louder by far."""
        if other is None:
            return False
        frames = range(round(word.start_s * SAMPLE_RATE), round(word.end_s * SAMPLE_RATE) + 1, FRAME)
        pairs = [(self.loudness_at(at), other.loudness_at(at)) for at in frames]
        levels = [(ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None]
        if not levels:
            return False
        loudest = [max(side) for side in zip(*levels, strict=True)]
        difference: float = loudest[1] - loudest[0]
        return difference > self._tuning.crosstalk_db

    # --- what is there -------------------------------------------------------------------------------------------

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All committed text, a segment for each stretch of speech."""
        unfinished = []
        for utterance in self._waiting:
            if words := utterance.agreement.committed:
                unfinished.append(Segment(self.leg, words[0].start_s, words[-1].end_s, words))
        return (*self._finished, *unfinished)

    @property
    def finished(self) -> tuple[Segment, ...]:
        """The segments that are over, in order."""
        return tuple(self._finished)

    @property
    def late_s(self) -> float:
        """How long speech that is over, or fills the window, has waited to be read; 0 when none waits."""
        if not self._waiting:
            return 0.0
        first = self._waiting[0]
        if first.over or first is not self._open:
            return 0.0 if _is_read(first) else (self._judged - first.speech_end) / SAMPLE_RATE
        unread_s = (first.speech_end - max(first.read_to, first.start)) / SAMPLE_RATE
        return max(0.0, unread_s - self._tuning.window_s)

    @property
    def behind_s(self) -> float:
        """Age of the earliest speech whose text is not committed; 0 when there is none."""
        if not self._waiting:
            return 0.0
        first = self._waiting[0]
        done = first.agreement.committed
        since = max(first.start, round(done[-1].end_s * SAMPLE_RATE) if done else 0)
        return max(0.0, (self._judged - since) / SAMPLE_RATE)

    @property
    def idle(self) -> bool:
        """Whether everything that was heard is read and settled."""
        return not self._waiting

    # --- the buffer ----------------------------------------------------------------------------------------------

    def _padding(self) -> int:
        return round(self._tuning.padding_s * SAMPLE_RATE)

    def _first_sample(self) -> int:
        return self._chunks[0][0] if self._chunks else self._received

    def _audio(self, start: int, end: int) -> Samples:
        parts = [
            piece[max(start - at, 0) : max(end - at, 0)]
            for at, piece in self._chunks
            if at < end and at + len(piece) > start
        ]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _forget(self) -> None:
        """Let go of audio that will not be read again, and of the oldest speech when too much waits."""
        limit = self._judged - round(self._tuning.backlog_s * SAMPLE_RATE)
        while self._waiting and self._waiting[0].read_from < limit and self._waiting[0].over:
            lost = self._waiting.popleft()
            self.skipped.append((lost.start / SAMPLE_RATE, lost.speech_end / SAMPLE_RATE))
            if words := lost.agreement.committed:
                self._finished.append(Segment(self.leg, words[0].start_s, words[-1].end_s, words))
        needed = self._judged - 2 * self._padding()
        if self._waiting:
            first = self._waiting[0]
            needed = max(first.start, first.read_from - round(self._tuning.context_s * SAMPLE_RATE))
        while self._chunks and self._chunks[0][0] + len(self._chunks[0][1]) <= min(needed, self._judged):
            self._chunks.popleft()


def _moved(word: Word, offset_s: float) -> Word:
    """Return the word at its time in the call, to the millisecond: as it is told, kept and read back."""
    start_s, end_s = round(offset_s + word.start_s, 3), round(offset_s + word.end_s, 3)
    return Word(word.text, start_s, end_s, round(word.probability, 3))


def _is_read(utterance: _Utterance) -> bool:
    return utterance.whole and utterance.read_to >= utterance.speech_end
