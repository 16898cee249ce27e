"""From scores of frames to tags of a call."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.call_records import Evidence, LegName, Tag, TagKind
from pipelines.calls.sounds.labels import LabelColumns, SoundLabel, load_labels, place_labels
from pipelines.calls.sounds.tagger import SoundTagger
from pipelines.calls.transcriber import SAMPLE_RATE, Samples

_LEG_ORDER = (LegName.CALLER, LegName.MIXED, LegName.OPERATOR)
_GO_ON = 0.5  # a sound that began goes on while it scores this share of its threshold
_GAP_S = 1.0  # pauses of a bark or an alarm


def tag_sounds(
    legs: Mapping[LegName, Samples],
    tagger: SoundTagger,
    *,
    start_s: float = 0.0,
    labels: Sequence[SoundLabel] | None = None,
) -> tuple[Tag, ...]:
    """Return the sounds heard on the legs (16 kHz), the caller's first, each leg in order of time.

    `start_s` is where the samples begin in the call. A tag's confidence is s / (s + threshold) of its highest score s:
    half at the threshold, near 1 far over it, and no probability. What the other leg has at the same time, surer, is
    left out: it is crosstalk.

    Raises:
        ModelError: the model cannot be run.
        ConfigurationError: the labels do not fit the tagger.
    """
    placed = place_labels(load_labels() if labels is None else labels, tagger.classes)
    columns, ends_s = {}, {}
    for leg, samples in legs.items():
        scores = tagger.score(samples)
        columns[leg] = np.stack([scores[:, list(item.columns)].max(axis=1) for item in placed], axis=1)
        ends_s[leg] = start_s + len(samples) / SAMPLE_RATE
    return tags_of_scores(columns, ends_s, placed, tagger, start_s=start_s)


def tags_of_scores(
    columns: Mapping[LegName, NDArray[np.float32]],
    ends_s: Mapping[LegName, float],
    placed: Sequence[LabelColumns],
    tagger: SoundTagger,
    *,
    start_s: float = 0.0,
) -> tuple[Tag, ...]:
    """Return the tags of legs whose labels are scored: float32 (frames, labels), the legs' ends in seconds."""
    found: list[Tag] = []
    for leg in sorted(columns, key=_LEG_ORDER.index):
        tags = []
        for item, column in zip(placed, columns[leg].T, strict=True):
            for first, last in _stretches(column, item.label.threshold, round(_GAP_S / tagger.hop_s)):
                begin = start_s + first * tagger.hop_s
                finish = min(start_s + last * tagger.hop_s + tagger.frame_s, ends_s[leg])
                if finish - begin >= item.label.least_s:
                    evidence = Evidence(leg, round(begin, 2), round(finish, 2), "")
                    best = float(column[first : last + 1].max())
                    confidence = round(best / (best + item.label.threshold), 3)
                    tags.append(Tag(TagKind.SOUND, item.label.label, evidence, confidence))
        found += sorted(tags, key=lambda tag: (tag.evidence.start_s, tag.label))
    unless = {item.label.label: item.label.unless for item in placed}
    return tuple(
        tag
        for tag in found
        if not any(_is_crosstalk(tag, other) or _says_it_better(other, tag, unless[tag.label]) for other in found)
    )


def _stretches(scores: NDArray[np.float32], threshold: float, gap: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last frame of each stretch: it reaches the threshold; falls are at most `gap` frames."""
    held = np.flatnonzero(scores >= threshold * _GO_ON)
    if not len(held):
        return
    cuts = np.flatnonzero(np.diff(held) > gap + 1)
    for stretch in np.split(held, cuts + 1):
        if (scores[stretch] >= threshold).any():
            yield int(stretch[0]), int(stretch[-1])


def _is_crosstalk(tag: Tag, other: Tag) -> bool:
    mine, theirs = tag.evidence, other.evidence
    return (
        tag.label == other.label
        and mine.leg != theirs.leg
        and _overlap(mine, theirs)
        and (tag.confidence, mine.leg.value) < (other.confidence, theirs.leg.value)
    )


def _says_it_better(other: Tag, tag: Tag, unless: Sequence[str]) -> bool:
    return other.label in unless and other.evidence.leg == tag.evidence.leg and _overlap(other.evidence, tag.evidence)


def _overlap(one: Evidence, other: Evidence) -> bool:
    return one.start_s < other.end_s and other.start_s < one.end_s
