"""What parts of an address a turn names: places, streets, numbers."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from pipelines.calls.place.gazetteer import Gazetteer, Match
from pipelines.calls.place.turns import Token, Turn
from pipelines.calls.place.word_lists import Gender, StreetMatch, WordUse, match_street
from pipelines.calls.spoken_numbers import NumberSpan

Slot = Literal["region", "district", "settlement", "street", "house", "flat", "floor", "entrance", "doorphone"]
_MOST_NAME_WORDS = 3
_TYPED_CLOSENESS = 0.72
_BARE_CLOSENESS = 0.84
_FROM = frozenset(("из", "с", "со"))
_TOWARDS = frozenset(("сторону", "направлении", "направлению", "до", "через", "между", "мимо"))
_BESIDE = frozenset(("под", "возле", "рядом", "недалеко", "около", "жанында", "маңында", "вблизи", "маңы"))
_HOUSE_LETTERS = frozenset("абвгдежз")


@dataclass(frozen=True)
class Mention:
    """A part of an address named in tokens `start` to `end` (exclusive) of a turn.

    `strength`: 0..1, how surely this is where it happens, not some other place. `score`: 0..1, how surely it was heard.
    `corrects`: said as a correction of what was said before.
    """

    slot: Slot
    value: str
    turn: Turn
    start: int
    end: int
    strength: float
    score: float = 1.0
    corrects: bool = False
    places: tuple[Match, ...] = ()


class _LookUp(Protocol):
    def __call__(self, said: str, *, closeness: float = 1.0) -> tuple[Match, ...]: ...


@dataclass
class _Reader:
    """Reads one turn; `taken` tokens already belong to a mention."""

    turn: Turn
    asked: Turn | None
    gazetteer: Gazetteer
    taken: set[int] = field(default_factory=set)
    found: list[Mention] = field(default_factory=list)

    @property
    def tokens(self) -> tuple[Token, ...]:
        return self.turn.tokens

    @property
    def in_context(self) -> bool:
        """Whether an address is being given: it was just asked for, or the turn names parts of one."""
        asked = self.asked is not None and self.asked.has("ask") and self.asked.asks
        return asked or bool(self.found)

    def add(self, mention: Mention) -> None:
        self.found.append(replace(mention, corrects=mention.corrects or self.corrected_before(mention.start)))
        self.taken.update(range(mention.start, mention.end))

    def corrected_before(self, position: int) -> bool:
        return any(token.role == "correct" for token in self.tokens[:position])

    # -- names -------------------------------------------------------------------------------------------------------

    def right_of(self, position: int) -> Iterator[tuple[int, int]]:
        """Spans of one to three words after `position` that may be a name, the longest first."""
        end = position + 1
        if self.tokens[position].closes:
            return
        while end < len(self.tokens) and end - position <= _MOST_NAME_WORDS and self._may_name(end):
            end += 1
            if self.tokens[end - 1].closes:
                break
        for last in range(end, position + 1, -1):
            yield position + 1, last

    def left_of(self, position: int) -> Iterator[tuple[int, int]]:
        """Spans of one to three words before `position` that may be a name, the longest first."""
        start = position
        while start > 0 and position - start < _MOST_NAME_WORDS and self._may_name(start - 1):
            if self.tokens[start - 1].closes:
                break
            start -= 1
        for first in range(start, position):
            yield first, position

    def _may_name(self, position: int) -> bool:
        token = self.tokens[position]
        return (
            position not in self.taken
            and (token.role in (None, "ask") or token.text == "мира")
            and self.turn.number_at(position) is None
            and len(token.text) > 1
        )

    def said(self, start: int, end: int) -> str:
        return " ".join(token.text for token in self.tokens[start:end])

    # -- places ------------------------------------------------------------------------------------------------------

    def read_typed_places(self) -> None:
        for position, token in enumerate(self.tokens):
            if position in self.taken or token.use is None:
                continue
            if token.role == "region":
                self._read_typed(position, "region", self.gazetteer.regions)
            elif token.role == "district" and not self._is_quarter(position):
                self._read_typed(position, "district", self.gazetteer.districts)
            elif token.role == "settlement":
                self._read_typed(position, "settlement", self.gazetteer.settlements)

    def _is_quarter(self, position: int) -> bool:
        return position > 0 and self.tokens[position - 1].text in ("шағын", "шагын", "ықшам")

    def _read_typed(self, position: int, slot: Slot, look_up: _LookUp) -> None:
        spans = [*self.left_of(position), *self.right_of(position)]
        if slot == "settlement" and _is_russian(self.tokens[position]):
            spans = [*self.right_of(position)]
        for closeness in (1.0, _TYPED_CLOSENESS):
            best: tuple[float, int, tuple[int, int], tuple[Match, ...]] | None = None
            for start, end in spans:
                matches = look_up(self.said(start, end), closeness=closeness)
                if matches and (best is None or (matches[0].score, end - start) > best[:2]):
                    best = (matches[0].score, end - start, (start, end), matches)
            if best is not None:
                score, _, (start, end), matches = best
                first, last = min(start, position), max(end, position + 1)
                self.add(self.place(slot, matches, first, last, 0.8, score))
                return

    def place(
        self, slot: Slot, matches: tuple[Match, ...], start: int, end: int, strength: float, score: float
    ) -> Mention:
        value = matches[0].place.written
        return Mention(slot, value, self.turn, start, end, self.strength_at(start, strength), score, places=matches)

    def strength_at(self, start: int, strength: float) -> float:
        """Lower the strength of a place that somebody comes from, goes to or is beside."""
        before = self.tokens[max(0, start - 3) : start]
        near = [token.text for token in before if not token.closes]
        if any(word in _TOWARDS for word in near):
            return 0.0
        if any(word in _BESIDE for word in near) or (
            len(self.tokens) > start + 1 and any(t.text in _BESIDE for t in self.tokens[start + 1 : start + 3])
        ):
            return 0.15
        if any(token.role == "origin" for token in self.tokens[max(0, start - 5) : start]) and (
            near and near[-1] in (*_FROM, "в")
        ):
            return 0.0 if self.turn.leg == "operator" else 0.1
        return strength

    def read_bare_places(self) -> None:
        position = 0
        while position < len(self.tokens):
            token = self.tokens[position]
            if position in self.taken or not token.capital or token.role not in (None, "ask"):
                position += 1
                continue
            position = self._read_bare(position) or position + 1

    def _read_bare(self, position: int) -> int | None:
        for end in range(min(len(self.tokens), position + _MOST_NAME_WORDS), position, -1):
            inner = self.tokens[position:end]
            if any(t.closes for t in inner[:-1]) or any(p in self.taken for p in range(position, end)):
                continue
            if not all(self._may_name(p) for p in range(position, end)):
                continue
            said = self.said(position, end)
            if matches := self.gazetteer.cities(said):
                self.add(
                    self.place("settlement", matches, position, end, 0.7 if self.in_context else 0.5, matches[0].score)
                )
                return end
            if self.in_context and len(said) >= 4:
                if end == position + 1 and said.endswith(("ский", "ском", "ского", "скому", "ская", "ской")):
                    if matches := self.gazetteer.districts(said):
                        self.add(self.place("district", matches, position, end, 0.6, matches[0].score))
                        return end
                matches = tuple(
                    m for m in self.gazetteer.settlements(said) if m.place.kind in ("township", "village", "station")
                )
                if matches and matches[0].score >= 0.98 and not self._is_first_name(position):
                    self.add(self.place("settlement", matches, position, end, 0.4, matches[0].score * 0.8))
                    return end
                if end == position + 1 and len(said) >= 6 and position not in self.taken:
                    matches = self.gazetteer.cities(said, closeness=_BARE_CLOSENESS)
                    if matches:
                        self.add(self.place("settlement", matches, position, end, 0.5, matches[0].score))
                        return end
        return None

    def _is_first_name(self, position: int) -> bool:
        """«меня зовут Абай», «Сауле, выносите детей»: a village bears almost every first name."""
        words = {token.text for token in self.tokens}
        asked = {token.text for token in self.asked.tokens} if self.asked else set()
        return bool((words | asked) & {"зовут", "имя", "аты", "атыңыз", "фамилия", "представьтесь", "атым"})

    # -- streets -----------------------------------------------------------------------------------------------------

    def read_typed_streets(self) -> None:
        for position, token in enumerate(self.tokens):
            if position in self.taken or token.use is None:
                continue
            if token.role == "street" and token.use.value == "трасса":
                self._read_road(position)
            elif token.role == "street":
                self._read_street(position, token.use)
            elif token.role == "district" and self._is_quarter(position):
                self._read_street(position, WordUse("street", "микрорайон", "m"), position - 1)

    def _read_street(self, position: int, use: WordUse, first: int | None = None) -> None:
        at = position if first is None else first
        sides = [self.right_of(position), self.left_of(at)]
        if not _is_russian(self.tokens[position]) or first is not None:
            sides.reverse()
        for side in sides:
            spans = list(side)
            if not spans:
                continue
            chosen = self._choose_street(spans)
            if chosen is None:
                continue
            start, end, name, score = chosen
            name, end = self._with_number(use, name, end, position)
            self._add_street(use, name, min(start, at), max(end, position + 1), score)
            return
        if use.value in ("микрорайон", "квартал"):
            self._read_numbered(position, use)

    def _choose_street(self, spans: list[tuple[int, int]]) -> tuple[int, int, str, float] | None:
        best: tuple[float, int, int, int, str] | None = None
        for closeness in (1.0, _TYPED_CLOSENESS):
            for start, end in spans:
                match = match_street(self.said(start, end), closeness=closeness)
                if match is not None and (best is None or (match.score, end - start) > best[:2]):
                    best = (match.score, end - start, start, end, match.name)
            if best is not None:
                return best[2], best[3], best[4], best[0]
        start, end = self._heard_name(spans)
        if start == end:
            return None
        return start, end, " ".join(_as_written(t) for t in self.tokens[start:end]), 0.6

    def _heard_name(self, spans: list[tuple[int, int]]) -> tuple[int, int]:
        """The words written with a capital, or the one beside the type word."""
        longest = max(spans, key=lambda span: span[1] - span[0])
        for start, end in spans:
            if all(token.capital for token in self.tokens[start:end]):
                return start, end
        words = self.tokens[longest[0] : longest[1]]
        return (longest[0], longest[0] + 1) if words and len(words[0].text) >= 4 and words[0].capital else (0, 0)

    def _with_number(self, use: WordUse, name: str, end: int, position: int) -> tuple[str, int]:
        """«микрорайон Самал два, дом пять» -> Самал-2."""
        if use.value != "микрорайон" or self.tokens[end - 1].closes or end <= position:
            return name, end
        number = self.turn.number_at(end)
        return (name, end) if number is None else (f"{name}-{number.digits}", number.end)

    def _read_numbered(self, position: int, use: WordUse) -> None:
        """«пятый микрорайон», «микрорайон двенадцать»."""
        before = next((n for n in self.turn.numbers if n.end == position and not self.tokens[n.end - 1].closes), None)
        number = before or (None if self.tokens[position].closes else self.turn.number_at(position + 1))
        if number is not None and number.start not in self.taken:
            start, end = min(number.start, position), max(number.end, position + 1)
            value = f"{number.digits} {use.value}"
            self.add(Mention("street", value, self.turn, start, end, 0.7))

    def _add_street(self, use: WordUse, name: str, start: int, end: int, score: float) -> None:
        value = f"{use.value} {_agree(name, use.gender)}"
        self.add(Mention("street", value, self.turn, start, end, 0.8, score))

    def _read_road(self, position: int) -> None:
        names: list[str] = []
        end = position + 1
        if not self.tokens[position].closes:
            while end < len(self.tokens) and len(names) < 3 and end not in self.taken:
                token = self.tokens[end]
                parts = [p for p in token.raw.replace("–", "-").replace("—", "-").split("-") if p.strip(",.!?…")]
                whole = self.gazetteer.cities(token.text)
                hits = (
                    [whole[0].name]
                    if whole
                    else [m[0].name for p in parts if (m := self.gazetteer.cities(p, closeness=0.75))]
                )
                if not hits and token.raw not in ("—", "–", "-"):
                    break
                names.extend(hits)
                end += 1
                if token.closes and token.raw.strip() not in ("—", "–"):
                    break
        if names:
            self.add(Mention("street", "трасса " + "–".join(names), self.turn, position, end, 0.8))
            return
        if (
            position > 0
            and self.tokens[position - 1].text.endswith(("ой", "ая", "ую"))
            and self.tokens[position - 1].role is None
        ):
            name = self.tokens[position - 1].text[:-2] + "ая"
            if name.endswith("ская"):
                self.add(Mention("street", f"{name.capitalize()} трасса", self.turn, position - 1, position + 1, 0.7))

    def read_bare_streets(self) -> None:
        """«на Абая сто двадцать», «Шакарима шестьдесят»: a name and the number of a house."""
        for number in self.turn.numbers:
            if number.start in self.taken or not self._may_be_house(number):
                continue
            last = number.start
            while last > 0 and self.tokens[last - 1].text in ("дом", "номер", "үй", "д"):
                last -= 1
            best: tuple[int, int, StreetMatch] | None = None
            for start in range(max(0, last - _MOST_NAME_WORDS), last):
                if not all(self._may_name(p) for p in range(start, last)):
                    continue
                if any(t.closes for t in self.tokens[start : last - 1]) or not self.tokens[start].capital:
                    continue
                closeness = 0.8 if self.in_context or last < number.start else 0.88
                match = match_street(self.said(start, last), closeness=closeness)
                if match is not None and (best is None or match.score > best[2].score):
                    best = (start, last, match)
            if best is not None:
                start, end, match = best
                self._add_bare_street(match.name, start, end, match.score)
            elif self.in_context and last > 0 and self._may_name(last - 1) and self.tokens[last - 1].capital:
                token = self.tokens[last - 1]
                if token.text.endswith(_GENITIVES) and not self.gazetteer.cities(token.text):
                    self._add_bare_street(_as_written(token), last - 1, last, 0.55)

    def _add_bare_street(self, name: str, start: int, end: int, score: float) -> None:
        self.add(Mention("street", f"улица {_agree(name, 'f')}", self.turn, start, end, 0.6, score * 0.95))

    def _may_be_house(self, number: NumberSpan) -> bool:
        following = self.tokens[number.end] if number.end < len(self.tokens) else None
        if following is None or self.tokens[number.end - 1].closes:
            return number.kind != "collective"
        return number.kind != "collective" and following.role not in ("unit", "floor", "km", "entrance", "flat")

    # -- numbers -----------------------------------------------------------------------------------------------------

    def read_numbers(self) -> None:
        last: Mention | None = None
        after_street = {m.end: m for m in self.found if m.slot == "street"}
        for number in self.turn.numbers:
            if number.start in self.taken or number.kind == "collective":
                continue
            slot, start, end = self._slot_of(number, after_street)
            negated = number.start > 0 and self.tokens[number.start - 1].text in ("не", "емес")
            if slot is None and last is not None and self._is_correction(last.end, number.start):
                slot = last.slot
            if slot is None and last is None:
                slot = self._expected(number)
            if slot is None:
                continue
            value, end = self._written(slot, number, end)
            kilometre = slot == "house" and self._is_kilometre(number, last)
            mention = Mention(slot, f"{number.digits} км" if kilometre else value, self.turn, start, end, 0.8)
            last = mention
            if not negated:
                self.add(mention)

    def _slot_of(self, number: NumberSpan, after_street: dict[int, Mention]) -> tuple[Slot | None, int, int]:
        before = number.start - 1
        while before >= 0 and self.tokens[before].text == "номер":
            before -= 1
        led = _slot(self.tokens[before]) if before >= 0 else None
        follows = number.end < len(self.tokens) and not self.tokens[number.end - 1].closes
        named = _slot(self.tokens[number.end]) if follows else None
        if named and (number.kind == "ordinal" or not led or not _is_russian(self.tokens[number.end])):
            if not (named == "house" and led):
                return named, number.start, number.end + 1
        if led:
            return led, before, number.end
        gap = number.start
        while gap > 0 and self.tokens[gap - 1].role == "filler" and gap not in after_street:
            gap -= 1
        if gap in after_street and self._may_be_house(number):
            return "house", number.start, number.end
        return None, number.start, number.end

    def _is_kilometre(self, number: NumberSpan, last: Mention | None) -> bool:
        around = self.tokens[max(0, number.start - 1) : number.end + 1]
        if any(token.role == "km" for token in around):
            return True
        if last is not None:
            return last.value.endswith(" км")
        return self._asked_for() == "km"

    def _is_correction(self, since: int, until: int) -> bool:
        between = self.tokens[since:until]
        if not 0 < len(between) <= 8:
            return False
        if any(token.role in ("house", "flat", "street", "floor", "entrance", "km") for token in between):
            return False
        words = [token.text for token in between]
        return any(token.role == "correct" for token in between) or words[-1] in ("не", "а")

    def _asked_for(self) -> str | None:
        """What kind of number the other side last asked for."""
        if self.asked is None:
            return None
        roles = [t.role for t in self.asked.tokens if t.role in ("house", "flat", "km", "floor", "entrance", "street")]
        return roles[-1] if roles and self.asked.asks else None

    def _expected(self, number: NumberSpan) -> Slot | None:
        """The number that answers «какой дом?», or puts right what was read back: «Нет, тридцать два!»."""
        lead = self.tokens[: number.start]
        if len(lead) > 5 or not all(token.role in ("correct", "filler", "house", "flat", "km") for token in lead):
            return None
        if not self._may_be_house(number):
            return None
        asked = self._asked_for()
        if asked in _ASKED:
            return _ASKED[asked]
        corrects = any(token.role == "correct" for token in lead)
        if self.asked is not None and (asked == "street" or corrects) and self.asked.numbers:
            return "house"
        return None

    def _written(self, slot: Slot, number: NumberSpan, end: int) -> tuple[str, int]:
        """Return the number with the letter or block that follows it, and where that ends."""
        if slot != "house":
            return number.digits, end
        value, at = number.digits, max(end, number.end)
        if at < len(self.tokens) and self.tokens[at].role == "letter":
            at += 1
        if at < len(self.tokens) and len(self.tokens[at].text) == 1 and self.tokens[at].text in _HOUSE_LETTERS:
            lone = at > max(end, number.end) or at + 1 >= len(self.tokens) or self.tokens[at].closes
            if lone and value.isdigit() and not (self.tokens[at].text == "а" and self._continues(at)):
                value, at = value + self.tokens[at].text, at + 1
        elif at > max(end, number.end):
            at -= 1
        if at + 1 < len(self.tokens) and self.tokens[at].role == "block" and (block := self.turn.number_at(at + 1)):
            value, at = f"{value} корпус {block.digits}", block.end
        return value, max(at, end)

    def _continues(self, position: int) -> bool:
        """Whether «а» is the conjunction: something follows it in the phrase."""
        return not self.tokens[position].closes and position + 1 < len(self.tokens)


_ASKED: dict[str | None, Slot] = {
    "house": "house",
    "km": "house",
    "flat": "flat",
    "floor": "floor",
    "entrance": "entrance",
}
_GENITIVES = ("ова", "ева", "ина", "ина", "ого", "ой", "бая", "бека", "хана", "улы", "ұлы")


def read_mentions(turn: Turn, asked: Turn | None, gazetteer: Gazetteer) -> tuple[Mention, ...]:
    """Return the parts of an address that a turn names, in the order they are said. `asked`: the other side's turn before."""
    reader = _Reader(turn, asked, gazetteer)
    reader.read_typed_streets()
    reader.read_typed_places()
    reader.read_bare_streets()
    reader.read_bare_places()
    reader.read_bare_streets()
    reader.read_numbers()
    return tuple(sorted(reader.found, key=lambda mention: mention.start))


def _slot(token: Token) -> Slot | None:
    if token.role == "km":
        return "house"
    if token.role in ("house", "flat", "floor", "entrance", "doorphone"):
        return token.role
    return None


def _is_russian(token: Token) -> bool:
    return not any(letter in "әғқңөұүһі" for letter in token.text) and not token.text.endswith(("шесі", "сының"))


def _as_written(token: Token) -> str:
    word = token.raw.strip("«»\"'()[]…—–-.,:;!?")
    return word[:1].upper() + word[1:]


def _agree(name: str, gender: Gender) -> str:
    """Put an adjective («Садовой», «Школьном») into the nominative of the street's own word."""
    first, _, rest = name.partition(" ")
    soft = first[:-2].endswith(("г", "к", "х", "ж", "ш", "щ", "ч"))
    if (
        rest
        or len(first) < 6
        or not first.endswith(("ная", "ной", "ную", "ном", "ный", "ское", "ская", "ской", "скую", "ский", "ском"))
    ):
        return name
    return first[:-2] + {"f": "ая", "m": "ий" if soft else "ый", "n": "ое"}[gender]
