"""Reads a set of calls with their ground truth (`docs/eval-formats.md`)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.call_records import LegName, Segment, Word
from core.errors import InvalidInput

_REQUIRED = ("id", "files", "duration_s", "channels", "dialogue")


@dataclass(frozen=True)
class CallCase:
    """One call of the set; `truth` is its line of calls.jsonl."""

    id: str
    audio: Path
    truth: Mapping[str, object]

    @property
    def has_card(self) -> bool:
        """Whether keywords, card and the operator's items are given, or only the text."""
        return isinstance(self.truth.get("card"), Mapping)

    @property
    def language(self) -> str:
        """The code the set gives: "ru", "kk", "ru+kk", ..."""
        return str(self.truth.get("language") or "ru")


def read_calls(folder: Path) -> list[CallCase]:
    """Return the calls of the set. Raises InvalidInput, naming file and line, when the format is another."""
    source = folder / "calls.jsonl"
    if not source.exists():
        raise InvalidInput(f"{folder} has no calls.jsonl", advice="see docs/eval-formats.md for the format")
    cases = []
    for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            truth = json.loads(line)
            missing = [name for name in _REQUIRED if name not in truth]
        except (ValueError, TypeError) as error:
            raise InvalidInput(f"{source.name} line {number} is not a JSON object") from error
        if missing:
            raise InvalidInput(f"{source.name} line {number} has no {', '.join(missing)}")
        cases.append(CallCase(str(truth["id"]), folder / str(next(iter(truth["files"].values()))), truth))
    return cases


def spoken(case: CallCase) -> tuple[Segment, ...]:
    """Return the true transcript as segments, each turn's words spread evenly over its time."""
    turns = case.truth["dialogue"]
    assert isinstance(turns, list)
    segments = []
    for turn in turns:
        texts = str(turn["text"]).split()
        start, end = float(turn["start_s"]), float(turn["end_s"])
        step = (end - start) / max(len(texts), 1)
        words = tuple(Word(text, start + i * step, start + (i + 1) * step) for i, text in enumerate(texts))
        if words:
            segments.append(Segment(LegName(turn["channel"]), start, end, words))
    return tuple(sorted(segments, key=lambda s: (s.start_s, s.end_s)))
