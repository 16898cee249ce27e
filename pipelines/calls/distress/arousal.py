"""How raised a voice is, against where it began."""

from collections.abc import Sequence
from math import exp
from statistics import median

from pipelines.calls.distress.prosody import Prosody
from pipelines.calls.distress.signs import Scale


def own_start(measured: Sequence[tuple[float, Prosody]], start_s: float) -> Prosody | None:
    """Return the middle of the first `start_s` seconds of a caller's speech; None until there is so much.

    `measured`: length in seconds and prosody of each stretch, in order.
    """
    first: list[Prosody] = []
    heard = 0.0
    for seconds, prosody in measured:
        if heard >= start_s:
            break
        first.append(prosody)
        heard += seconds
    return middle(first) if heard >= start_s else None


def middle(measured: Sequence[Prosody]) -> Prosody:
    """Return the median of each measure."""
    return Prosody(
        level_db=median(p.level_db for p in measured),
        pitch=median(p.pitch for p in measured),
        tilt_db=median(p.tilt_db for p in measured),
        voiced_share=median(p.voiced_share for p in measured),
    )


def arousal(prosody: Prosody, start: Prosody, scale: Scale) -> float:
    """Return 0..1: one half where the voice is as it began; louder, higher and brighter raise it.

    The logistic function of the mean of the steps; a measure to compare by, not a probability.
    """
    steps = (
        (prosody.level_db - start.level_db) / scale.level_db,
        (prosody.pitch - start.pitch) / scale.pitch,
        (prosody.tilt_db - start.tilt_db) / scale.tilt_db,
    )
    held = [max(-3.0, min(3.0, step)) for step in steps]
    return 1 / (1 + exp(-sum(held) / len(held) * 1.5))
