"""The caller's name: said after «меня зовут», in answer to a question for it, or by the operator who addresses him."""

import csv
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

from rapidfuzz.distance import Levenshtein

from core.call_records import CardField, LegName
from core.errors import ConfigurationError
from pipelines.calls.card.cues import CueSet
from pipelines.calls.card.people import answer_after
from pipelines.calls.card.russian import NamePart, in_nominative, is_russian_word, name_part
from pipelines.calls.card.text import CallText, Token, fold
from pipelines.calls.spoken_numbers import find_numbers

_CUES = {
    "says": (
        "меня зовут", "зовут меня", "мое имя", "имя мое", "фамилия", "фамилия моя", "моя фамилия",
        "меня звать", "менің атым", "атым", "есімім", "менің есімім", "аты-жөнім",
    ),
    "after": ("меня зовут", "меня звать"),
    "calls": ("звонит", "беспокоит", "вас беспокоит", "вам звонит"),
    "asks": (
        "как .. зовут|звать", "зовут .. как", "ваше .. имя|фамили*", "ваша .. фамилия", "имя .. ваше", "имя и",
        "и имя", "имя", "фамили*", "представьтесь", "представь*", "кто .. звонит|вызывает|вызвал|говорит",
        "как .. обращаться", "атыңыз|есіміңіз", "аты-жөніңіз", "сіздің .. атыңыз|есіміңіз", "к вам обращаться",
    ),
}  # fmt: skip
_OWN = frozenset(["оператор", "диспетчер", "операторы", "старший", "инспектор", "специалист", "зовут", "меня"])
_STREETS = (
    "улиц",
    "проспект",
    "переулок",
    "переулк",
    "бульвар",
    "микрорайон",
    "площад",
    "шоссе",
    "көшес",
    "кошес",
    "мкр",
)
_LOOSE_WITHIN = 4  # words of an answer among which a word that is no known name may be one
_LONGEST = 3
_FUZZY_FROM = 5  # letters
_NOT_NAMES = frozenset(
    [
        "да",
        "нет",
        "алло",
        "ага",
        "угу",
        "иа",
        "ия",
        "жок",
        "это",
        "там",
        "тут",
        "вот",
        "ну",
        "я",
        "мы",
        "он",
        "она",
        "меня",
        "мой",
        "моя",
        "зовут",
        "номер",
        "телефон",
        "восемь",
        "плюс",
        "девушка",
        "женщина",
        "мужчина",
        "служба",
        "скорая",
        "пожар",
        "абай",
        "сто",
        "здравствуйте",
        "спасибо",
        "рахмет",
        "звать",
        "имя",
        "фамилия",
        "пожалуйста",
        "оператор",
        "боже",
        "господи",
        "аллах",
        "слава",
        "вера",
        "надежда",
        "любовь",
        "роман",
    ]
)
_AMBIGUOUS = frozenset(["слава", "вера", "надежда", "любовь", "роман", "абай"])


@lru_cache(maxsize=1)
def _cues() -> CueSet:
    return CueSet(_CUES)


@lru_cache(maxsize=1)
def given_names() -> frozenset[str]:
    """Return common Kazakh given names, folded, in Russian and Kazakh spelling. Raises ConfigurationError by line."""
    names: set[str] = set()
    with files("pipelines.calls.card").joinpath("given_names.csv").open(encoding="utf-8") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            if not (row.get("ru") and row.get("kk") and row.get("source")):
                raise ConfigurationError(
                    f"given_names.csv, line {line}: columns ru, kk, source must be filled", advice="Mend the line."
                )
            names |= {fold(row["ru"]), fold(row["kk"])}
    return frozenset(names)


def find_name(text: CallText) -> CardField | None:
    """Return the caller's name in the nominative, or None."""
    addressed = _addressed(text)
    told = _told(text)
    if told is not None:
        start, end, confidence = told
        value = _value(text.tokens[start:end])
        if addressed is not None and (confidence < 0.8 or addressed[1] - addressed[0] > end - start):
            start, end = addressed
            value, confidence = _value(text.tokens[start:end]), 0.8
        return CardField("caller_name", value, confidence, (text.evidence(start, end),))
    if addressed is not None:
        start, end = addressed
        return CardField("caller_name", _value(text.tokens[start:end]), 0.75, (text.evidence(start, end),))
    return None


def _told(text: CallText) -> tuple[int, int, float] | None:
    tokens = text.tokens
    hits = _cues().find(text)
    for hit in hits:
        if hit.leg is LegName.OPERATOR or hit.asked:
            continue
        if hit.cue == "says":
            span = _run(tokens, hit.end, loose=True)
            if span is not None:
                return *span, 0.9
        if hit.cue == "after" and hit.start > 0:
            start = hit.start - 1
            while start > 0 and _is_name(tokens[start - 1], loose=False) and tokens[start - 1].leg is hit.leg:
                start -= 1
            span = _run(tokens, start, loose=False)
            if span is not None and span[1] == hit.start:
                return *span, 0.9
        if hit.cue == "calls":
            for start in (hit.end, hit.start - 2, hit.start - 1):
                if 0 <= start < len(tokens) and tokens[start].leg is hit.leg:
                    span = _run(tokens, start, loose=False)
                    if span is not None:
                        return *span, 0.8
    for hit in hits:
        if hit.cue != "asks" or hit.leg is LegName.CALLER:
            continue
        answer = answer_after(text, hit.end)
        if answer is None:
            continue
        for loose in (False, True):
            for position in range(answer[0], min(answer[1], answer[0] + (_LOOSE_WITHIN if loose else 25))):
                span = _run(tokens[: answer[1]], position, loose=loose and tokens[position].raw[:1].isupper())
                if span is not None:
                    return *span, 0.6 if loose else 0.9
    return None


def _addressed(text: CallText) -> tuple[int, int] | None:
    """Return the name with which the operator addresses the caller, set off by a comma, or None."""
    tokens = text.tokens
    for start, end in text.spans(LegName.OPERATOR):
        for position in range(start, end):
            opens = position == start or tokens[position].clause != tokens[position - 1].clause
            if not opens or (position > start and tokens[position - 1].text in _OWN):
                continue
            span = _run(tokens[:end], position, loose=False)
            if span is None:
                continue
            closes = span[1] == end or tokens[span[1]].clause != tokens[position].clause
            closes = closes or (tokens[position].opens_sentence and tokens[position].text in given_names())
            if closes and not _is_own(tokens, position):
                return span
    return None


def _is_own(tokens: Sequence[Token], position: int) -> bool:
    return any(t.text in _OWN for t in tokens[max(0, position - 2) : position] if t.turn == tokens[position].turn)


def _run(tokens: Sequence[Token], start: int, *, loose: bool) -> tuple[int, int] | None:
    """Return the stretch of a name's words that begins at `start`, or None."""
    end = start
    while (
        end < len(tokens)
        and end - start < _LONGEST
        and tokens[end].turn == tokens[start].turn
        and tokens[end].sentence == tokens[start].sentence
        and _is_name(tokens[end], loose=loose and end == start)
    ):
        end += 1
        if tokens[end - 1].raw[-1:] in ",.!?" and not (
            end < len(tokens) and tokens[end - 1].raw[-1:] == "," and _part(tokens[end].text) == "Patr"
        ):
            break
    return (start, end) if end > start and not _is_address(tokens, start, end) else None


def _is_address(tokens: Sequence[Token], start: int, end: int) -> bool:
    """«улица Гоголя», «Гоголя десять»: a name of a street, not of the caller."""
    before = tokens[start - 1] if start and tokens[start - 1].clause == tokens[start].clause else None
    if before is not None and before.text.startswith(_STREETS):
        return True
    after = tokens[end] if end < len(tokens) and tokens[end].clause == tokens[end - 1].clause else None
    if after is None or after.turn != tokens[start].turn:
        return False
    if after.text.startswith(_STREETS):
        return True
    named = tokens[end - 1].text
    return bool(find_numbers([after.raw])) and in_nominative(named) != named and named not in given_names()


def _part(word: str) -> NamePart | None:
    return "Name" if word in given_names() or _nearest_name(word) else name_part(word)


@lru_cache(maxsize=8192)
def _nearest_name(word: str) -> str | None:
    """Return the one given name that a word unknown to the dictionary differs from by a letter, or None."""
    if len(word) < _FUZZY_FROM or is_russian_word(word) or word in given_names():
        return None
    near = [n for n in given_names() if n[0] == word[0] and Levenshtein.distance(word, n, score_cutoff=1) <= 1]
    return near[0] if len(near) == 1 else None


def _is_name(token: Token, *, loose: bool) -> bool:
    word = token.text
    capital = token.raw.lstrip("«\"'(")[:1].isupper()
    if word in _AMBIGUOUS:
        return capital and loose
    if word in _NOT_NAMES or len(word) < 2 or not word.replace("-", "").isalpha():
        return False
    if _part(word) is not None:
        return capital or word in given_names() or _part(word) == "Patr"
    return loose and len(word) > 2 and not is_russian_word(word)


def _value(tokens: Sequence[Token]) -> str:
    words = []
    for token in tokens:
        raw = token.raw.strip(".,!?…;:«»\"'()")
        base = raw.lower() if token.text in given_names() else _nearest_name(token.text) or in_nominative(raw.lower())
        words.append("-".join(piece[:1].upper() + piece[1:] for piece in base.split("-")))
    return " ".join(words)
