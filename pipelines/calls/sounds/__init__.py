"""Sounds of a call: an alarm, a siren, glass, a crying child, heard on each leg."""

from pipelines.calls.sounds.labels import SoundLabel, load_labels, parse_labels
from pipelines.calls.sounds.streaming import SoundStream
from pipelines.calls.sounds.tagger import Scores, SoundTagger
from pipelines.calls.sounds.tagging import tag_sounds
from pipelines.calls.sounds.yamnet import MODEL_NAME, YamnetTagger

__all__ = [
    "MODEL_NAME",
    "Scores",
    "SoundLabel",
    "SoundStream",
    "SoundTagger",
    "YamnetTagger",
    "load_labels",
    "parse_labels",
    "tag_sounds",
]
