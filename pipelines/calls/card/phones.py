"""The telephone to call back: as dictated, corrected or read back; the last one said wins."""

from collections.abc import Sequence

from core.call_records import CardField, LegName
from pipelines.calls.card.text import CallText, Token
from pipelines.calls.spoken_numbers import find_numbers, phones

_CORRECTIONS = frozenset(
    ["нет", "ой", "точнее", "вернее", "ошибся", "ошиблась", "извините", "простите", "неправильно", "жок", "кате"]
)
_AFTER = 7  # words after a number within which its end may be corrected
_REFERENCE = frozenset(["позвоните", "обращайтесь", "звоните", "перезвоните", "запишите", "доверия", "справочная"])


def find_phone(text: CallText) -> CardField | None:
    """Return the caller's telephone (+7XXXXXXXXXX), or None where none was said whole."""
    found: list[tuple[float, CardField]] = []
    for leg in (LegName.CALLER, LegName.OPERATOR, LegName.MIXED):
        positions = [i for i, t in enumerate(text.tokens) if t.leg is leg]
        tokens = [text.tokens[i] for i in positions]
        for start, end, number in _numbers(tokens):
            if leg is LegName.OPERATOR and _is_reference(tokens, start):
                continue
            confidence = 0.95 if number in {f.value for _, f in found} else 0.85
            evidence = text.evidence(positions[start], positions[start] + 1)
            evidence = type(evidence)(
                leg, tokens[start].start_s, tokens[end - 1].end_s, " ".join(t.raw for t in tokens[start:end])
            )
            found.append((tokens[start].start_s, CardField("callback_phone", number, confidence, (evidence,))))
    if not found:
        return None
    return max(found, key=lambda pair: pair[0])[1]


def _numbers(tokens: Sequence[Token]) -> list[tuple[int, int, str]]:
    words = [t.raw for t in tokens]
    found = [(p.start, p.end, p.number) for p in phones(words)]
    if not found:
        found = _without_prefix(words)
    return [_corrected(words, *each) for each in found]


def _without_prefix(words: list[str]) -> list[tuple[int, int, str]]:
    """Ten digits from «семьсот…» on, said without the eight."""
    for span in find_numbers(words):
        if len(span.digits) in (3, 10) and span.digits.startswith("7"):
            whole = [p for p in phones(["восемь", *words[span.start :]]) if p.start == 0]
            if whole:
                return [(span.start, span.start + whole[0].end - 1, whole[0].number)]
    return []


def _corrected(words: list[str], start: int, end: int, number: str) -> tuple[int, int, str]:
    """Return the number with its last group said anew, where a correction follows."""
    after = words[end : end + _AFTER]
    for position, word in enumerate(after):
        if word.lower().strip(".,!?…-—") in _CORRECTIONS:
            spans = [s for s in find_numbers(after) if s.start > position and s.digits.isdigit()]
            if spans and len(spans[0].digits) in (2, 3) and len(spans) == 1:
                group = spans[0]
                return start, end + group.end, number[: -len(group.digits)] + group.digits
    return start, end, number


def _is_reference(tokens: Sequence[Token], start: int) -> bool:
    """A number the operator gives, not one he reads back."""
    return any(t.text in _REFERENCE for t in tokens[max(0, start - 8) : start])
