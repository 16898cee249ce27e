"""Landmarks, floors, entrances: how to find the place once there  # ориентир."""

import re
from collections.abc import Iterator, Sequence

from core.call_records import CardField, Evidence, LegName, Segment
from pipelines.calls.place.mentions import Mention
from pipelines.calls.place.turns import Turn, evidence
from pipelines.calls.place.word_lists import landmark_words

_PARTS = {"floor": "{} этаж", "entrance": "{} подъезд", "corner": "угол: {}"}
_CONFIDENCE = 0.7
_MOST = 4


def read_landmarks(segments: Sequence[Segment], turns: Sequence[Turn], mentions: Sequence[Mention]) -> CardField | None:
    """Return the landmark field: floor, entrance, and the phrases of the caller that lead to the place."""
    parts: dict[str, tuple[Evidence, ...]] = {}
    for slot, text in _PARTS.items():
        said = [m for m in mentions if m.slot == slot]
        if said:
            parts[text.format(said[-1].value)] = evidence(segments, said[-1].turn, said[-1].start, said[-1].end)
    for turn in turns:
        if turn.leg is LegName.OPERATOR:
            continue
        taken = {p for m in mentions if m.turn is turn and m.strength > 0.2 for p in range(m.start, m.end)}
        for start, end in _phrases(turn):
            if taken.isdisjoint(range(start, end)) and len(parts) < _MOST:
                phrase = re.sub(r"[.,!?…:;]+$", "", " ".join(token.raw for token in turn.tokens[start:end])).lower()
                parts.setdefault(phrase, evidence(segments, turn, start, end))
    if not parts:
        return None
    return CardField("landmark", ", ".join(parts), _CONFIDENCE, tuple(e for found in parts.values() for e in found))


def _phrases(turn: Turn) -> Iterator[tuple[int, int]]:
    things, leads = landmark_words()
    position = 0
    while position < len(turn.tokens):
        token = turn.tokens[position]
        if token.text in leads and not token.closes:
            for end in range(position + 1, min(len(turn.tokens), position + 5)):
                if turn.tokens[end].text in things or (token.text == "в" and turn.tokens[end].text == "сторону"):
                    last = end + 1
                    if turn.tokens[end].text == "сторону" and last < len(turn.tokens) and not turn.tokens[end].closes:
                        last += 1
                    yield position, last
                    position = last - 1
                    break
                if turn.tokens[end].closes:
                    break
        elif token.role == "doorphone":
            end = position + 1
            while end < len(turn.tokens) and end - position < 5 and not turn.tokens[end - 1].closes:
                end += 1
            yield position, end
            position = end - 1
        position += 1
