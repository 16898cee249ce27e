"""Sounds of a call that goes on: samples come in pieces, tags are those of all of it so far."""

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.call_records import LegName, Tag
from pipelines.calls.sounds.labels import SoundLabel, load_labels, place_labels
from pipelines.calls.sounds.tagger import SoundTagger
from pipelines.calls.sounds.tagging import tags_of_scores
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

_WINDOW_REST_S = 0.015  # a frame's last window is 25 ms at a hop of 10 ms
_FRAMES_AT_ONCE = 4  # fewer are not worth a run of the model
_MOST_WAITING_S = 120.0


class SoundStream:
    """Listens to the legs of one call. `push` is cheap; `listen` runs the model; each may have a thread of its own.

    What is kept grows by a number per label and frame: a megabyte an hour. Of samples that wait to be listened to, the
    last two minutes are kept; what was before them counts as quiet.
    """

    def __init__(
        self, tagger: SoundTagger, legs: Sequence[LegName], labels: Sequence[SoundLabel] | None = None
    ) -> None:
        """`labels`: those of the data file unless given. Raises ConfigurationError where they do not fit the tagger."""
        self._tagger = tagger
        self._placed = place_labels(load_labels() if labels is None else labels, tagger.classes)
        self._waiting: dict[LegName, list[Samples]] = {leg: [] for leg in legs}
        self._scores: dict[LegName, list[NDArray[np.float32]]] = {leg: [] for leg in legs}
        self._received = dict.fromkeys(legs, 0)
        self._lock = threading.Lock()

    def push(self, leg: LegName, samples: Samples) -> None:
        """Take the next samples of a leg (16 kHz); a leg that is not listened to is let be."""
        if leg not in self._waiting:
            return
        with self._lock:
            self._waiting[leg].append(samples)
            self._received[leg] += len(samples)
            if sum(map(len, self._waiting[leg])) > _MOST_WAITING_S * SAMPLE_RATE:
                self._let_go(leg)

    def _let_go(self, leg: LegName) -> None:
        """Count the older half of what waits as quiet."""
        waiting = np.concatenate(self._waiting[leg])
        hop = round(self._tagger.hop_s * SAMPLE_RATE)
        frames = len(waiting) // 2 // hop
        self._scores[leg].append(np.zeros((frames, len(self._placed)), np.float32))
        self._waiting[leg] = [waiting[frames * hop :]]

    def listen(self, *, to_the_end: bool = False) -> tuple[Tag, ...]:
        """Score what has come and return the tags of the call so far, as `tag_sounds` gives them.

        `to_the_end`: also what does not fill a frame. Raises ModelError.
        """
        for leg in self._waiting:
            self._score(leg, to_the_end)
        columns = {leg: self._columns(leg) for leg in self._scores}
        ends_s = {leg: count / SAMPLE_RATE for leg, count in self._received.items()}
        return tags_of_scores(columns, ends_s, self._placed, self._tagger)

    def _score(self, leg: LegName, to_the_end: bool) -> None:
        with self._lock:
            waiting = np.concatenate([np.zeros(0, np.float32), *self._waiting[leg]])
            self._waiting[leg] = []
            received = self._received[leg]
        hop = round(self._tagger.hop_s * SAMPLE_RATE)
        frame = round((self._tagger.frame_s + _WINDOW_REST_S) * SAMPLE_RATE)
        whole = max(0, (len(waiting) - frame) // hop + 1)
        if whole >= _FRAMES_AT_ONCE or (to_the_end and whole):
            scores = self._tagger.score(waiting[: (whole - 1) * hop + frame])[:whole]
            self._keep(leg, scores)
            waiting = waiting[whole * hop :]
        heard = sum(map(len, self._scores[leg])) * hop
        if to_the_end and len(waiting) and (heard == 0 or received > heard - hop + frame):
            self._keep(leg, self._tagger.score(waiting)[:1])
            waiting = waiting[:0]
        with self._lock:
            self._waiting[leg].insert(0, waiting)

    def _keep(self, leg: LegName, scores: NDArray[np.float32]) -> None:
        held = [scores[:, list(item.columns)].max(axis=1) for item in self._placed]
        self._scores[leg].append(np.stack(held, axis=1))

    def _columns(self, leg: LegName) -> NDArray[np.float32]:
        return np.concatenate([np.zeros((0, len(self._placed)), np.float32), *self._scores[leg]])
