"""Reads our own dialogues into segments: two seconds a turn, words spread evenly."""

import csv
from dataclasses import dataclass
from pathlib import Path

import yaml

from core.call_records import LegName, Segment, Word

_LEGS = {"о": LegName.OPERATOR, "з": LegName.CALLER}


@dataclass(frozen=True)
class Dialogue:
    """A call with what its card and review should say."""

    id: str
    segments: tuple[Segment, ...]
    expect: dict[str, object]
    did: tuple[str, ...]
    did_not: tuple[str, ...]


def say(*turns: str) -> tuple[Segment, ...]:
    """Return segments of turns written as "о: …" (operator) and "з: …" (caller)."""
    segments = []
    for number, turn in enumerate(turns):
        who, _, text = turn.partition(":")
        words = text.split()
        start, step = number * 3.0, 2.0 / len(words)
        segments.append(
            Segment(
                _LEGS[who],
                start,
                start + 2.0,
                tuple(Word(w, start + i * step, start + (i + 1) * step) for i, w in enumerate(words)),
            )
        )
    return tuple(segments)


def read_dialogues() -> list[Dialogue]:
    """Return the dialogues of dialogues.yaml."""
    rows = yaml.safe_load(Path(__file__).with_name("dialogues.yaml").read_text(encoding="utf-8"))
    return [
        Dialogue(
            row["id"],
            say(*row["turns"]),
            row["expect"],
            tuple(row.get("did", ())),
            tuple(row.get("did_not", ())),
        )
        for row in rows
    ]


def read_openings() -> list[tuple[str, str, str]]:
    """Return the callers' first words of openings.csv with the type of incident and the lead service ("" for any)."""
    with Path(__file__).with_name("openings.csv").open(encoding="utf-8") as file:
        return [(row["incident_type"], row["lead"], row["words"]) for row in csv.DictReader(file)]
