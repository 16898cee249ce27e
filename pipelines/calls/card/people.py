"""What a call says of people: hurt, dead, unable to get out, children among them; with counts where said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from core.call_records import CardField, Evidence, LegName
from pipelines.calls.card.counting import count_near, count_persons
from pipelines.calls.card.cues import CueSet, Hit
from pipelines.calls.card.tables import people_cues
from pipelines.calls.card.text import CallText

_ANSWER_WORDS = 45
_NO = frozenset(["нет", "не", "нету", "жок", "никого", "никто", "неа", "вроде_нет"])
_YES = frozenset(["да", "есть", "иа", "ия", "бар", "ага", "угу", "конечно"])


@dataclass(frozen=True)
class Finding:
    """Whether something holds of people, how many, and the words it stands on."""

    holds: bool
    count: int | None
    evidence: tuple[Evidence, ...]
    confidence: float


@dataclass(frozen=True)
class People:
    """All that is read of people in a call."""

    hurt: Finding
    dead: Finding
    trapped: Finding
    children: Finding


@lru_cache(maxsize=1)
def _cues() -> CueSet:
    cues = people_cues()
    named: dict[str, tuple[str, ...]] = {
        "hurt": cues.hurt,
        "hurt_not": cues.hurt_not,
        "dead": cues.dead,
        "dead_not": cues.dead_not,
        "trapped": cues.trapped,
        "trapped_not": cues.trapped_not,
        "minor": cues.minor,
        "child": cues.child,
        "child_not": cues.child_not,
        "child_danger": cues.child_danger,
    }
    named.update({f"?{name}": patterns for name, patterns in cues.questions.items()})
    return CueSet(named)


@dataclass(frozen=True)
class _Heard:
    text: CallText
    hits: tuple[Hit, ...]
    safe: frozenset[tuple[str, int]]  # (cue, sentence) where it is denied

    def told(self, cue: str) -> list[Hit]:
        """Return what the caller states of `cue`, denials taken away."""
        found = []
        for hit in self.hits:
            if hit.cue != cue or hit.leg is LegName.OPERATOR or not hit.holds:
                continue
            if hit.leg is LegName.MIXED and hit.asked:
                continue
            sentence = self.text.tokens[hit.start].sentence
            if any(name == f"{cue}_not" and at == sentence for name, at in self.safe):
                continue
            found.append(hit)
        return found

    def answers(self, question: str) -> list[tuple[int, int]]:
        """Return the caller's words after each of the operator's questions of this kind, as [start, end)."""
        found = []
        for hit in self.hits:
            if hit.cue == f"?{question}" and hit.leg is not LegName.CALLER and (hit.asked or not _has_marks(self.text)):
                span = answer_after(self.text, hit.end)
                if span is not None and span not in found:
                    found.append(span)
        return found


def _has_marks(text: CallText) -> bool:
    return bool(text.questions)


def answer_after(text: CallText, position: int) -> tuple[int, int] | None:
    """Return the next words of the other side after `position`, up to the operator's next turn, or None."""
    leg = text.tokens[position - 1].leg
    sentence = text.tokens[position - 1].sentence
    start = next(
        (
            i
            for i in range(position, len(text.tokens))
            if text.tokens[i].leg is not leg or (leg is LegName.MIXED and text.tokens[i].sentence != sentence)
        ),
        None,
    )
    if start is None:
        return None
    end = start
    while end < len(text.tokens) and end - start < _ANSWER_WORDS and text.tokens[end].leg is text.tokens[start].leg:
        if leg is LegName.MIXED and text.tokens[end].sentence > text.tokens[start].sentence + 1:
            break
        end += 1
    return start, end


def read_people(text: CallText, *, patient: bool = False, victims: bool = False) -> People:
    """Return what is said of people. `patient`: the incident itself is someone's illness or injury.

    `victims`: those spoken of in such an incident are in danger (drowning, violence at home), children too.
    """
    hits = _cues().find(text)
    safe = frozenset((h.cue, text.tokens[h.start].sentence) for h in hits if h.cue.endswith("_not"))
    heard = _Heard(text, hits, safe)
    hurt = _read_hurt(heard, patient)
    trapped = _read_trapped(heard)
    return People(
        hurt=hurt,
        dead=_read_dead(heard),
        trapped=trapped,
        children=_read_children(heard, victims=victims),
    )


def nobody() -> People:
    """Return that nobody is hurt, dead or in danger."""
    none = Finding(False, 0, (), 0.3)
    return People(none, none, none, none)


def in_no_danger(people: People) -> People:
    """Return people of a call that is no emergency: hurt perhaps (a dog's bite), but not trapped."""
    none = nobody()
    return replace(people, trapped=none.trapped, children=people.children if people.hurt.holds else none.children)


def _read_hurt(heard: _Heard, patient: bool) -> Finding:
    text = heard.text
    told = heard.told("hurt")
    for start, end in reversed(heard.answers("injured")):
        first = [t for t in text.tokens[start:end] if t.sentence <= text.tokens[start].sentence + 1]
        words = [t.text for t in first]
        denies = bool(words and words[0] in _NO) or (not told and _denies(heard, start))
        if denies and not any(h.start >= start for h in told) and not patient:
            return Finding(False, 0, (text.evidence(start, min(end, start + 6)),), 0.8)
        said_first = [t for t in first if t.sentence == text.tokens[start].sentence]
        count = count_near(text, start, start + len(said_first), bare=True)
        if (words and words[0] in _YES) or told:
            count = count or count_near(text, start, end, bare=True)
        if count:
            return Finding(True, count, _evidence(text, told) or (text.evidence(start, end),), 0.8)
    if told:
        return Finding(True, _count_hurt(heard, told), _evidence(text, told), 0.75)
    if patient:
        return Finding(True, 1, (), 0.6)
    return Finding(False, 0, (), 0.3)


def _denies(heard: _Heard, start: int) -> bool:
    """«Пострадавших нет, …», «Никто не пострадал»: whether the answer's first sentence says that nobody is hurt."""
    sentence = heard.text.tokens[start].sentence
    return any(h.cue == "hurt_not" and heard.text.tokens[h.start].sentence == sentence for h in heard.hits)


def _count_hurt(heard: _Heard, told: Sequence[Hit]) -> int:
    text = heard.text
    counts = [count_near(text, *_sentence_of(text, hit)) for hit in told]
    for start, end in heard.answers("count"):
        counts.append(count_near(text, start, end, bare=True))
    known = [c for c in counts if c]
    return max([*known, count_persons(text, [_sentence_of(text, h) for h in told]), 1])


def _read_dead(heard: _Heard) -> Finding:
    told = heard.told("dead")
    if not told:
        return Finding(False, 0, (), 0.3)
    counts = [
        count_near(heard.text, *_clause_of(heard.text, hit)) or count_near(heard.text, *_sentence_of(heard.text, hit))
        for hit in told
    ]
    return Finding(True, max([c for c in counts if c] or [1]), _evidence(heard.text, told), 0.7)


def _read_trapped(heard: _Heard) -> Finding:
    text = heard.text
    told = heard.told("trapped")
    for start, end in heard.answers("trapped"):
        words = [t.text for t in text.tokens[start:end]][:2]
        if words and words[0] in _NO and not any(h.start >= start for h in told):
            told = [h for h in told if text.tokens[h.start].start_s > text.tokens[start].start_s]
    if not told:
        return Finding(False, 0, (), 0.3)
    counts: list[int] = []
    for hit in told:
        start, end = _sentence_of(text, hit)
        count = count_near(text, start, end) or count_near(text, hit.start, hit.end)
        if count:
            counts.append(count)
    for start, end in heard.answers("count"):
        count = count_near(text, start, end, bare=True)
        if count:
            counts.append(count)
    alone = any(word in t.text for h in told for t in text.tokens[h.start : h.end] for word in ("зажал", "придавил"))
    return Finding(True, (1 if alone else max(counts)) if counts or alone else None, _evidence(text, told), 0.75)


def _read_children(heard: _Heard, *, victims: bool) -> Finding:
    text = heard.text
    near_danger = {
        text.tokens[h.start].sentence for cue in ("hurt", "trapped", "dead", "child_danger") for h in heard.told(cue)
    }
    chosen = []
    for hit in heard.told("child"):
        sentence = text.tokens[hit.start].sentence
        if sentence in near_danger:
            chosen.append(hit)
    for question in ("children", "count", "injured", "trapped"):
        for start, end in heard.answers(question):
            direct = text.tokens[start].sentence + (question in {"children", "count"})
            chosen.extend(
                h
                for h in heard.told("child")
                if start <= h.start < end and h not in chosen and text.tokens[h.start].sentence <= direct
            )
    if victims:
        children = {h.start for h in heard.told("child")}
        chosen.extend(h for h in heard.told("minor") if h.start in children)
    chosen.extend(h for h in heard.hits if h.cue == "child" and _is_order_about_children(text, h))
    if not chosen:
        return Finding(False, None, (), 0.3)
    return Finding(True, None, _evidence(text, chosen), 0.7)


def _is_order_about_children(text: CallText, hit: Hit) -> bool:
    """«Выносите детей», «детям крикните»: the operator has understood that children are there."""
    word = text.tokens[hit.start].text
    return hit.leg is LegName.OPERATOR and hit.holds and not hit.asked and word.startswith(("дет", "ребен", "малыш"))


def _sentence_of(text: CallText, hit: Hit) -> tuple[int, int]:
    sentence = text.tokens[hit.start].sentence
    start, end = hit.start, hit.end
    while start > 0 and text.tokens[start - 1].sentence == sentence:
        start -= 1
    while end < len(text.tokens) and text.tokens[end].sentence == sentence:
        end += 1
    return start, end


def _clause_of(text: CallText, hit: Hit) -> tuple[int, int]:
    clause = text.tokens[hit.start].clause
    start, end = hit.start, hit.end
    while start > 0 and text.tokens[start - 1].clause == clause:
        start -= 1
    while end < len(text.tokens) and text.tokens[end].clause == clause:
        end += 1
    return start, end


def _evidence(text: CallText, hits: Sequence[Hit]) -> tuple[Evidence, ...]:
    return tuple(text.evidence(h.start, h.end) for h in hits[:4])


def people_fields(people: People) -> tuple[CardField, ...]:
    """Return the card's fields about people. With no sign of harm the card says 0 / no, at low confidence."""
    fields = [
        CardField("injured_count", people.hurt.count or 0, people.hurt.confidence, people.hurt.evidence),
        CardField("dead_count", people.dead.count or 0, people.dead.confidence, people.dead.evidence),
        CardField("people_trapped", people.trapped.holds, people.trapped.confidence, people.trapped.evidence),
    ]
    if people.trapped.count is not None:
        fields.append(
            CardField("trapped_count", people.trapped.count, people.trapped.confidence, people.trapped.evidence)
        )
    fields.append(
        CardField("children_involved", people.children.holds, people.children.confidence, people.children.evidence)
    )
    return tuple(fields)
