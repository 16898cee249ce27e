"""What the operator did in the conversation: greeted, asked, read back, instructed, closed — each with its words."""

from collections.abc import Iterable
from functools import lru_cache

from core.call_records import Evidence, LegName, QualityItem, Segment
from pipelines.calls.card.cues import CueSet, Hit
from pipelines.calls.card.readback import find_read_back
from pipelines.calls.card.tables import QualityCues, quality
from pipelines.calls.card.text import CallText, read_text

_TELLS = (
    "выех", "выезж", "едет", "едут", "направ", "отправ", "скорая", "бригад", "если", "ждите", "перед", "помощ",
    "положи", "выйдите", "чтоб", "пусть", "окажут", "поняла", "понял", "ясно",
)  # fmt: skip
_ORDERS = frozenset(
    ["назовите", "скажите", "говорите", "уточните", "диктуйте", "продиктуйте", "ответьте", "расскажите", "айтыныз"]
)


@lru_cache(maxsize=1)
def _cues() -> CueSet:
    named: dict[str, tuple[str, ...]] = {}
    for item in quality().items:
        named[item.id] = item.cues
        named[f"!{item.id}"] = item.not_cues
    return CueSet(named)


def review_operator(segments: Iterable[Segment]) -> tuple[QualityItem, ...]:
    """Return each item of the conversation, done or not, with the operator's words where it was done."""
    return review_text(read_text(segments))


def review_text(text: CallText) -> tuple[QualityItem, ...]:
    """Return the items for a text already read."""
    hits = [h for h in _cues().find(text) if h.leg is not LegName.CALLER]
    items = []
    for item in quality().items:
        found = _said(text, hits, item)
        items.append(QualityItem(item.id, bool(found), found))
        if item.id == "asked_address":
            read_back = find_read_back(text)
            items.append(QualityItem("confirmed_address", bool(read_back), read_back))
    return tuple(items)


def _said(text: CallText, hits: list[Hit], item: QualityCues) -> tuple[Evidence, ...]:
    annulled = [h for h in hits if h.cue == f"!{item.id}"]
    turns = list(dict.fromkeys(t.turn for t in text.tokens if t.leg is not LegName.CALLER))
    if item.first_turns is not None:
        turns = turns[: item.first_turns]
    if item.last_turns is not None:
        turns = turns[-item.last_turns :]
    found = []
    for hit in hits:
        token = text.tokens[hit.start]
        if hit.cue != item.id or token.turn not in turns:
            continue
        if any(token.clause == text.tokens[a.start].clause for a in annulled):
            continue
        if item.asked_only and not _asks(text, hit):
            continue
        found.append(text.evidence(hit.start, hit.end))
    return tuple(found[:4])


def _asks(text: CallText, hit: Hit) -> bool:
    """Tell whether the words ask. A recogniser often drops the question mark: then all that tells nothing asks."""
    if hit.asked:
        return True
    sentence = [t.text for t in text.tokens if t.sentence == text.tokens[hit.start].sentence]
    return any(word in _ORDERS for word in sentence) or not any(word.startswith(_TELLS) for word in sentence)
