"""Signs of distress in a caller's voice, words and cries. Off unless the deployment states its legal basis."""

from pipelines.calls.distress.arousal import arousal, middle, own_start
from pipelines.calls.distress.prosody import Prosody, measure_prosody
from pipelines.calls.distress.signs import Signs, load_signs, parse_signs
from pipelines.calls.distress.tagging import tag_distress

__all__ = [
    "Prosody",
    "Signs",
    "arousal",
    "load_signs",
    "measure_prosody",
    "middle",
    "own_start",
    "parse_signs",
    "tag_distress",
]
