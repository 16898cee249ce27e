"""Makes `calls/barn-fire.ogg` from `source/barn-fire.ru.txt`: a call of two legs, read by Festival.

Usage: python samples/make_call.py      needs Festival and its Russian voice (Debian: festival festvox-ru)

Each line of the text is a turn: who speaks, `caller` or `operator`, a colon, the words. The voice is
msu_ru_nsh_clunits (N. V. Shmyrev, 2005; free to use, modify and distribute); the operator's is the same, raised.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, resample_poly, sosfilt

SAMPLES = Path(__file__).resolve().parent
TEXT = SAMPLES / "source" / "barn-fire.ru.txt"
CALL = SAMPLES / "calls" / "barn-fire.ogg"
RATE = 8_000
PAUSE_S = 0.45
BAND_HZ = (200, 3_500)  # about what a telephone passes
NOISE = 0.0008  # of full scale: a line is never silent
LEGS = ("caller", "operator")


VOICE = "(voice_msu_ru_nsh_clunits)"
RAISED = {"caller": (1, 1), "operator": (8, 9)}  # samples kept of how many: a higher and quicker voice


def main() -> int:
    """Make the recording; returns the exit code."""
    rng = np.random.default_rng(112)
    pieces: dict[str, list[NDArray[np.float64]]] = {leg: [] for leg in LEGS}
    for leg, words in turns(TEXT.read_text("utf-8")):
        spoken = telephone(say(words), RAISED[leg])
        for own in LEGS:
            pieces[own].append(spoken if own == leg else np.zeros(len(spoken)))
            pieces[own].append(np.zeros(round(PAUSE_S * RATE)))
    legs = [np.concatenate(pieces[leg]) for leg in LEGS]
    sound = np.stack([leg + rng.normal(0, NOISE, len(leg)) for leg in legs], axis=1)
    CALL.parent.mkdir(exist_ok=True)
    soundfile.write(CALL, np.clip(sound, -1, 1), RATE, format="OGG", subtype="VORBIS")
    sys.stdout.write(f"{CALL.name}: {len(sound) / RATE:.1f} s, {CALL.stat().st_size / 1000:.0f} kB\n")
    return 0


def turns(text: str) -> list[tuple[str, str]]:
    """Return who says what, in order."""
    found = []
    for line in text.splitlines():
        if line.strip():
            leg, _, words = line.partition(":")
            found.append((leg.strip(), words.strip()))
    return found


def say(words: str) -> tuple[NDArray[np.float64], int]:
    """Return the words as read aloud, and the sample rate."""
    with tempfile.TemporaryDirectory() as folder:
        text, sound = Path(folder) / "text", Path(folder) / "sound.wav"
        text.write_text(words, "utf-8")
        subprocess.run(["text2wave", "-eval", VOICE, "-o", str(sound), str(text)], check=True)  # noqa: S603, S607
        samples, rate = soundfile.read(sound)
        return samples, rate


def telephone(sound: tuple[NDArray[np.float64], int], raised: tuple[int, int]) -> NDArray[np.float64]:
    """Return the sound at the rate and in the band of a telephone, at an even level."""
    samples, rate = sound
    narrow = resample_poly(resample_poly(samples, *raised), RATE, rate)
    passed = sosfilt(butter(3, BAND_HZ, "bandpass", fs=RATE, output="sos"), narrow)
    return np.asarray(0.5 * passed / np.abs(passed).max())


if __name__ == "__main__":
    sys.exit(main())
