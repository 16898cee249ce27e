"""Calls in both databases: what is kept, what is never overwritten, what is forgotten."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.call_records import (
    Analysis,
    CardField,
    Evidence,
    IncidentCard,
    LegName,
    MissingQuestion,
    QualityItem,
    Segment,
    Tag,
    TagKind,
    Word,
)
from core.calls import CallFailure, CallFilter, CallSource, CallState, NewCall
from core.errors import Conflict, InvalidInput, NotFound
from core.languages import Language
from core.storage.calls import CallStore
from core.storage.database import Database

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
HEARD = Evidence(LegName.CALLER, 1.0, 2.5, "горит дом")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    database.upgrade()
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> CallStore:
    return CallStore(database)


def new_call(call_id: str = "call-1", territory: str | None = None, minutes: int = 0) -> NewCall:
    return NewCall(
        call_id,
        CallSource.RECORDING,
        START + timedelta(minutes=minutes),
        "account:1",
        territory,
        audio_sha256="a" * 64,
        file_name="call.wav",
        size_bytes=10,
    )


def segment(text: str, start_s: float = 0.0, leg: LegName = LegName.CALLER) -> Segment:
    words = tuple(Word(w, start_s + i, start_s + i + 0.5, 0.9) for i, w in enumerate(text.split()))
    return Segment(leg, start_s, start_s + len(words), words)


def analysis(**values: str | int | bool | tuple[str, ...]) -> Analysis:
    fields = IncidentCard()
    for name, value in values.items():
        fields = fields.with_edit(CardField(name, value, 0.8, (HEARD,)))
    return Analysis(
        tags=(Tag(TagKind.KEYWORD, "fire", HEARD, 0.9, phrase="горит"),),
        card=fields,
        missing=(MissingQuestion("callback", "callback_phone", False),),
        quality=(QualityItem("greeted", True, (HEARD,)), QualityItem("asked_phone", False)),
    )


def test_a_call_comes_back_as_it_was_kept(store: CallStore) -> None:
    store.create(new_call())
    store.update(
        "call-1",
        state=CallState.DONE,
        sound_sha256="b" * 64,
        duration_s=40.5,
        legs=(LegName.CALLER, LegName.OPERATOR),
        language=Language.RU,
        versions={"transcriber": "whisper-base"},
        notes=("silent-leg", "silent-leg"),
    )
    said = (segment("горит дом"), segment("какой адрес", 3.0, LegName.OPERATOR))
    store.replace_segments("call-1", said)
    given_analysis = analysis(incident_type="fire", services=("101", "103"), settlement="Кокшетау", street="Абая")
    store.replace_analysis("call-1", given_analysis)
    call = store.call("call-1")
    assert (call.state, call.duration_s, call.notes) == (CallState.DONE, 40.5, ("silent-leg",))
    assert call.versions == {"transcriber": "whisper-base"}
    assert (call.incident_type, call.place) == ("fire", "Кокшетау, Абая")
    assert store.segments("call-1") == said
    assert store.tags("call-1") == given_analysis.tags
    assert store.card("call-1").card == given_analysis.card
    assert store.missing("call-1") == given_analysis.missing
    assert store.quality("call-1") == given_analysis.quality


def test_taking_in_twice_gives_one_call(store: CallStore) -> None:
    first = store.create(new_call())
    assert store.create(new_call()) == first
    with pytest.raises(Conflict):
        store.create(replace(new_call(), audio_sha256="c" * 64))


def test_a_failure_is_kept_until_the_call_is_worked_on_again(store: CallStore) -> None:
    store.create(new_call())
    store.update("call-1", state=CallState.FAILED, failure=CallFailure("not-readable", "no audio", "send audio"))
    assert store.call("call-1").failure == CallFailure("not-readable", "no audio", "send audio")
    store.update("call-1", state=CallState.WORKING)
    assert store.call("call-1").failure is None


def test_appending_is_idempotent_by_number_and_committed_text_never_changes(store: CallStore) -> None:
    store.create(new_call(), CallState.LIVE)
    one, two, three = (segment(words, at) for words, at in (("алло", 0), ("горит дом", 2), ("быстрее", 5)))
    assert store.append_segments("call-1", 0, (one, two)) == 2
    assert store.append_segments("call-1", 0, (one, two)) == 0
    assert store.append_segments("call-1", 1, (two, three)) == 1
    with pytest.raises(Conflict):
        store.append_segments("call-1", 2, (segment("медленнее", 5),))
    assert store.segments("call-1") == (one, two, three)


def test_the_model_never_overwrites_a_person_and_both_are_kept(store: CallStore) -> None:
    store.create(new_call())
    store.replace_analysis("call-1", analysis(street="Абая", house="5"))
    store.edit_field("call-1", "street", "Абылай хана", "account:7")
    store.replace_analysis("call-1", analysis(street="Обоя", house="15"))
    history = store.card("call-1")
    assert history.card.value("street") == "Абылай хана"
    assert history.card.value("house") == "15"
    suggested = history.suggested("street")
    assert suggested is not None
    assert suggested.value == "Обоя"
    assert [(c.set_by, c.value) for c in history.changes if c.name == "street"] == [
        ("model", "Абая"),
        ("person", "Абылай хана"),
        ("model", "Обоя"),
    ]


def test_an_undo_brings_back_what_stood_before(store: CallStore) -> None:
    store.create(new_call())
    store.replace_analysis("call-1", analysis(house="5"))
    store.edit_field("call-1", "house", "6", "account:7")
    store.edit_field("call-1", "house", None, "account:7")
    assert store.card("call-1").card.value("house") is None
    assert store.undo_edit("call-1", "house", "account:8").card.value("house") == "6"
    assert store.undo_edit("call-1", "house", "account:8").card.value("house") == "5"
    assert [c.undone_by for c in store.card("call-1").changes] == ["", "account:8", "account:8"]
    with pytest.raises(Conflict):
        store.undo_edit("call-1", "house", "account:8")


def test_what_the_model_no_longer_says_leaves_the_card(store: CallStore) -> None:
    store.create(new_call())
    store.replace_analysis("call-1", analysis(house="5", flat="1"))
    store.replace_analysis("call-1", analysis(house="5"))
    assert store.card("call-1").card.value("flat") is None
    before = store.card("call-1").changes
    store.replace_analysis("call-1", analysis(house="5"))
    assert store.card("call-1").changes == before


def test_an_edit_of_no_field_is_refused(store: CallStore) -> None:
    store.create(new_call())
    with pytest.raises(InvalidInput):
        store.edit_field("call-1", "password", "x", "account:7")


def test_tags_of_a_kind_are_replaced_and_others_stay(store: CallStore) -> None:
    store.create(new_call())
    siren = Tag(TagKind.SOUND, "siren", Evidence(LegName.CALLER, 0.5, 4.0, ""), 0.7)
    store.replace_analysis("call-1", analysis())
    store.replace_tags("call-1", {TagKind.SOUND}, (siren,))
    store.replace_tags("call-1", {TagKind.SOUND}, (siren,))
    assert [tag.label for tag in store.tags("call-1")] == ["siren", "fire"]


def test_the_list_is_paged_filtered_and_limited_to_a_territory(store: CallStore) -> None:
    for number, territory in enumerate(("110000000", "111010000", "710000000", None, "100000000")):
        store.create(new_call(f"call-{number}", territory, minutes=number // 2))
    found, cursor = [], None
    while True:
        page = store.calls(limit=2, cursor=cursor)
        found += [call.id for call in page.calls]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == ["call-4", "call-3", "call-2", "call-1", "call-0"]
    assert {call.id for call in store.calls(territory="110000000").calls} == {"call-0", "call-1"}
    assert [call.id for call in store.calls(territory="100000000").calls] == ["call-4"]
    assert [call.id for call in store.calls(territory="111010000").calls] == ["call-1"]
    assert store.calls(territory="%").calls == ()
    with pytest.raises(NotFound):
        store.call("call-2", territory="110000000")
    assert [call.id for call in store.calls(CallFilter(since=START + timedelta(minutes=2))).calls] == ["call-4"]
    store.decide("call-0", ("101",), "", "account:7")
    assert [call.id for call in store.calls(CallFilter(reviewed=True)).calls] == ["call-0"]
    for wrong in ("", "x", "1", "x:call-1", "-" + "9" * 17 + ":c"):
        with pytest.raises(InvalidInput):
            store.calls(cursor=wrong)


def test_decisions_are_all_kept(store: CallStore) -> None:
    store.create(new_call())
    store.decide("call-1", ("101",), "", "account:7")
    store.decide("call-1", ("101", "103"), "есть пострадавший", "account:8")
    assert [(d.ordinal, d.services, d.actor) for d in store.decisions("call-1")] == [
        (0, ("101",), "account:7"),
        (1, ("101", "103"), "account:8"),
    ]


def test_deleting_leaves_no_trace_and_keeps_audio_another_call_needs(store: CallStore, database: Database) -> None:
    for call_id in ("call-1", "call-2"):
        store.create(new_call(call_id))
        store.update(call_id, sound_sha256="b" * 64)
    store.replace_segments("call-1", (segment("горит дом"),))
    store.replace_analysis("call-1", analysis(house="5"))
    store.decide("call-1", (), "", "account:7")
    assert store.delete("call-1") == ()
    with database.reading() as session:
        tables = (
            "call_segments",
            "call_tags",
            "call_card_changes",
            "call_questions",
            "call_quality",
            "call_decisions",
        )
        assert [session.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables] == [0] * len(tables)
    assert store.delete("call-2") == ("a" * 64, "b" * 64)
    with pytest.raises(NotFound):
        store.delete("call-2")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["model", "person", "undo"]), st.sampled_from(["5", "6", None])), max_size=8))
def test_a_persons_word_stands_until_it_is_undone(tmp_path_factory, moves) -> None:  # type: ignore[no-untyped-def]
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('calls') / 'records.sqlite3'}")
    database.upgrade()
    store = CallStore(database)
    store.create(new_call())
    model: str | None = None
    edits: list[str | None] = []
    for move, value in moves:
        if move == "model":
            model = value
            store.replace_analysis("call-1", analysis(**({"house": value} if value else {})))
        elif move == "person":
            edits.append(value)
            store.edit_field("call-1", "house", value, "account:7")
        elif edits:
            edits.pop()
            store.undo_edit("call-1", "house", "account:7")
    assert store.card("call-1").card.value("house") == (edits[-1] if edits else model)
    database.close()
