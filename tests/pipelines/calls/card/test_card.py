"""The incident card and the review of the operator, on dialogues of our own and on the dev calls."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.call_records import Analysis, Evidence, IncidentCard, LegName, Segment, Tag, TagKind, Word
from core.errors import ConfigurationError, InvalidInput
from core.languages import Language
from eval.calls.cards import score_card, summarise
from eval.calls.dataset import read_calls, spoken
from pipelines.calls.analysis import analyse
from pipelines.calls.card import classify_incident, list_missing_questions, note_people, question_text, review_operator
from pipelines.calls.card.cues import CueSet
from pipelines.calls.card.tables import (
    Dispatch,
    Incidents,
    check_dispatch,
    dispatch,
    false_calls,
    hazards,
    incidents,
    questions,
    read_table,
    type_names,
)
from pipelines.calls.card.text import read_text
from tests.pipelines.calls.card.dialogues import Dialogue, read_dialogues, read_openings, say

DIALOGUES = read_dialogues()


def card_of(segments: tuple[Segment, ...]) -> dict[str, object]:
    return {f.name: f.value for f in (*classify_incident(segments, ()), *note_people(segments, ()))}


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda d: d.id)
def test_card_of_our_own_calls(dialogue: Dialogue) -> None:
    card = card_of(dialogue.segments)
    wanted = {k: tuple(v) if isinstance(v, list) else v for k, v in dialogue.expect.items()}
    assert {name: card.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(("kind", "lead", "words"), read_openings())
def test_first_words_tell_the_type_and_who_leads(kind: str, lead: str, words: str) -> None:
    card = card_of(say("о: Сто двенадцать, здравствуйте, что случилось?", f"з: {words}", "о: Назовите адрес."))
    assert card.get("incident_type") == kind
    services = card.get("services")
    assert isinstance(services, tuple)
    assert not lead or services[0] == lead


@pytest.mark.parametrize("dialogue", [d for d in DIALOGUES if d.did or d.did_not], ids=lambda d: d.id)
def test_review_of_our_own_calls(dialogue: Dialogue) -> None:
    done = {item.id: item.done for item in review_operator(dialogue.segments)}
    assert [name for name in dialogue.did if not done[name]] == []
    assert [name for name in dialogue.did_not if done[name]] == []


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda d: d.id)
def test_every_piece_of_evidence_is_said_in_the_call(dialogue: Dialogue) -> None:
    analysis = analyse(dialogue.segments)
    spoken_by = {leg: " ".join(s.text for s in dialogue.segments if s.leg is leg) for leg in LegName}
    pieces = [e for f in analysis.card.fields for e in f.evidence] + [e for q in analysis.quality for e in q.evidence]
    for piece in pieces:
        assert piece.text in spoken_by[piece.leg]
        assert piece.start_s <= piece.end_s


def test_a_voice_or_a_sound_changes_nothing_of_the_card() -> None:
    segments = DIALOGUES[0].segments
    heard = Evidence(LegName.CALLER, 0.0, 1.0, "")
    noticed = (Tag(TagKind.DISTRESS, "panic", heard, 0.99), Tag(TagKind.SOUND, "siren", heard, 0.9))
    plain, with_tags = analyse(segments), analyse(segments, noticed)
    assert (plain.card, plain.missing, plain.quality) == (with_tags.card, with_tags.missing, with_tags.quality)
    assert set(noticed) <= set(with_tags.tags)


def test_the_tail_of_a_live_call_is_not_read() -> None:
    segments = say("о: Сто двенадцать, здравствуйте.", "з: Пожар, горит квартира!")
    tail = Segment(segments[1].leg, segments[1].start_s, segments[1].end_s, segments[1].words, committed=False)
    assert analyse((segments[0], tail)) == analyse((segments[0],))


def test_nothing_said_gives_an_empty_card() -> None:
    assert analyse(()) == Analysis(quality=analyse(()).quality)
    assert not any(item.done for item in analyse(()).quality)


@pytest.mark.parametrize(
    ("turns", "name"),
    [
        (("з: Меня зовут Оспан Рахимович, тут пожар.",), "Оспан Рахимович"),
        (("о: Как к вам обращаться?", "з: Зухра."), "Зухра"),
        (("о: Ваша фамилия?", "з: Петренко."), "Петренко"),
        (("о: Понятно. Перизат, оставайтесь на линии.",), "Перизат"),
        (("о: Сто двенадцать, оператор Майра, здравствуйте.", "з: Здравствуйте, дочка."), None),
        (("о: Есіміңіз кім?", "з: Менің атым Ерасыл."), "Ерасыл"),
    ],
)
def test_callers_name(turns: tuple[str, ...], name: str | None) -> None:
    assert card_of(say(*turns)).get("caller_name") == name


@pytest.mark.parametrize(
    ("turns", "phone"),
    [
        (("з: Плюс семь семьсот семьдесят один триста четыре сорок пять шестьдесят.",), "+77713044560"),
        (("з: 8 707 111 22 33",), "+77071112233"),
        (
            (
                "з: Восемь семьсот один, сто, десять, одиннадцать.",
                "о: Восемь семьсот один, сто, десять, двенадцать?",
            ),
            "+77011001012",
        ),
        (("о: Номер?", "з: Семьсот сорок семь, двести, тридцать, сорок."), "+77472003040"),
        (("о: Звоните восемь семьсот один, сто, десять, одиннадцать.",), None),
    ],
)
def test_callback_phone(turns: tuple[str, ...], phone: str | None) -> None:
    assert card_of(say(*turns)).get("callback_phone") == phone


@pytest.mark.parametrize(
    ("turns", "injured", "trapped", "children"),
    [
        (("о: Пострадавшие есть?", "з: Нет, все вышли."), 0, False, False),
        (("о: Раненые есть?", "з: Трое."), 3, False, False),
        (("з: Горит дом, внутри остался ребёнок!",), 0, True, True),
        (("з: Пожар, но детей вывели, никто не пострадал.",), 0, False, False),
        (("з: Если кто-то пострадает, вы ответите!",), 0, False, False),
        (("о: В доме есть кто?", "з: Никого нет, дом пустой. Горит сильно."), 0, False, False),
    ],
)
def test_people_in_question_and_answer(turns: tuple[str, ...], injured: int, trapped: bool, children: bool) -> None:
    card = card_of(say(*turns))
    assert (card["injured_count"], card["people_trapped"], card["children_involved"]) == (injured, trapped, children)


def missing(*turns: str) -> list[str]:
    segments = say(*turns)
    return [question.id for question in analyse(segments).missing]


def test_questions_go_away_as_they_are_answered() -> None:
    first = missing("з: Газом пахнет в подъезде!")
    assert {"where", "gas_shut", "phone", "name"} <= set(first)
    assert "consciousness" not in first  # not of a gas leak
    later = missing(
        "з: Газом пахнет в подъезде!",
        "о: Газ перекрыли? Пострадавшие есть?",
        "з: Да, перекрыли, никто не пострадал. Меня зовут Нурай.",
    )
    assert not {"gas_shut", "injured", "name"} & set(later)
    assert "phone" in later


def test_urgent_questions_come_first_and_a_false_call_has_none() -> None:
    found = analyse(say("з: Пожар, горит квартира!")).missing
    assert [q.urgent for q in found] == sorted((q.urgent for q in found), reverse=True)
    assert missing("з: Ха-ха-ха, пожар на луне!", "о: Ложный вызов, не балуйтесь.") == []
    assert list_missing_questions(IncidentCard(), ()) == ()


def test_every_question_type_and_hazard_has_its_words() -> None:
    for question in questions().questions:
        assert all(question_text(question.id, language) for language in Language)
    with pytest.raises(InvalidInput):
        question_text("nonsense", Language.RU)
    assert len(type_names()) == len(incidents().types) >= 50
    assert hazards().hazards
    assert false_calls().signs
    assert dispatch().rules


@pytest.mark.parametrize(
    ("read", "place"),
    [
        (lambda: read_table("source: [", Incidents, "incidents.yaml"), "incidents.yaml"),
        (lambda: read_table("source: a test of ours\nfamilies: {}\ntypes: []", Incidents, "x.yaml"), "types"),
        (lambda: CueSet({"gap": [".. пожар"]}), "gap"),
        (lambda: CueSet({"short": ["п*"]}), "short"),
        (
            lambda: check_dispatch(
                Dispatch.model_validate(
                    {
                        "source": "a test of ours",
                        "circumstances": {},
                        "rules": {"fight": {"services": [{"id": "102", "when": ["rain"]}], "urgency": [{"is": 1}]}},
                    }
                ),
                set(),
            ),
            "rain",
        ),
        (
            lambda: check_dispatch(
                Dispatch.model_validate({"source": "a test of ours", "circumstances": {}, "rules": {}}), {"flood"}
            ),
            "flood",
        ),
    ],
)
def test_nonsense_in_the_data_is_refused_with_its_place(read: Callable[[], object], place: str) -> None:
    with pytest.raises(ConfigurationError, match=place):
        read()


def test_cues_are_found_garbled_but_not_in_other_words() -> None:
    cues = CueSet({"explosion": ["взорвал*"], "drown": ["утонул*"]})
    garbled = cues.find(read_text(say("з: у соседей взарвалось что-то")))
    assert [(h.cue, h.exact) for h in garbled] == [("explosion", False)]
    assert cues.find(read_text(say("з: мы утащили диван и взвесили его"))) == ()


@settings(max_examples=30)
@given(st.lists(st.text(alphabet="абвгдежзиклмнопрстуфхцшыяі ,.!?-0123456789", min_size=1, max_size=40), max_size=12))
def test_any_words_give_a_card_and_the_same_again(texts: list[str]) -> None:
    segments = tuple(
        Segment(
            LegName.CALLER if number % 3 else LegName.OPERATOR,
            float(number),
            number + 0.9,
            tuple(Word(w, float(number), number + 0.9) for w in text.split()),
        )
        for number, text in enumerate(texts)
    )
    first = analyse(segments)
    assert first == analyse(segments)
    assert len({f.name for f in first.card.fields}) == len(first.card.fields)


def test_one_channel_for_both_voices_is_read() -> None:
    both = say("о: Сто двенадцать, здравствуйте.", "з: Пожар, горит квартира!", "о: Назовите адрес.")
    mixed = tuple(Segment(LegName.MIXED, s.start_s, s.end_s, s.words) for s in both)
    card = card_of(mixed)
    assert (card["incident_type"], card["call_class"]) == ("fire_residential", "emergency")
    assert {i.id for i in review_operator(mixed) if i.done} >= {"greeted", "asked_address"}


@pytest.mark.slow
def test_dev_calls(shared_data: Path) -> None:
    """The floor of the order on true transcripts, all dialogues."""
    cases = [case for case in read_calls(shared_data / "calls") if case.has_card]
    figures = summarise([score_card(analyse(spoken(case)), case.truth) for case in cases])
    assert figures["incident_type_accuracy"] >= 0.9
    assert figures["services_accuracy"] >= 0.85
    assert figures["flags_f1"] >= 0.85
    assert figures["quality_f1"] >= 0.9
    assert figures["false_call_precision"] == 1


def test_five_minutes_take_a_blink() -> None:
    """Card and review of a long call: this package's share of an analysis."""
    segments = tuple(
        Segment(s.leg, s.start_s + 130 * i, s.end_s + 130 * i, s.words)
        for i, dialogue in enumerate(DIALOGUES[:14])
        for s in dialogue.segments
    )
    classify_incident(segments, ())
    best = 9.0
    for _ in range(3):
        started = time.perf_counter()
        classify_incident(segments, ())
        best = min(best, time.perf_counter() - started)
    assert best < 0.25
